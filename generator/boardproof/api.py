"""What the commands do, for programs: `import boardproof` gives these functions.

A model is a path, the bytes of a `.tflite`, or a Keras model. Samples are a path; an array of inputs (samples along the
first axis), or arrays by the names of a network's inputs; or a pair `(inputs, labels)`.
Keyword arguments are the commands' flags, by the same names (`--arena-bytes` is `arena_bytes`; see `Flags`). Where the
model is a file, `boardproof.toml` beside it gives the defaults, as it does for the commands.

What is wrong raises a `BoardproofError` with `message`, `hint` and `details`; a traceback shows all three. What a user
should know is a `BoardproofWarning`, unless a `Progress` is given, which is then told, and of every stage as well; a
notebook's cell shows both by itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

from boardproof import pipeline
from boardproof.errors import BoardproofWarning, told_in_full
from boardproof.host.notebook import NotebookProgress, in_notebook
from boardproof.progress import Silent
from boardproof.settings import Flags, settings_for

if TYPE_CHECKING:
    from boardproof.model.given import Model, SamplesLike
    from boardproof.progress import Progress
    from boardproof.project.inspection import Inspection
    from boardproof.project.types import Project
    from boardproof.report.document import Report
    from boardproof.settings import Settings


class _Warning(Silent):
    """Listens to warnings alone."""

    def warn(self, text: str) -> None:
        """Warns as Python does."""
        warnings.warn(text, BoardproofWarning, stacklevel=2)


def _told(progress: Progress | None) -> Progress:
    """Who is told what happens: the caller's listener, the notebook's cell, or whoever listens to warnings."""
    return progress or (NotebookProgress() if in_notebook() else _Warning())


def _told_what_is_ignored(flags: Flags, command: str, progress: Progress | None) -> Progress:
    """Who is told what happens, after a warning where nothing comes of a flag."""
    told = _told(progress)
    if flags.get("metric") is not None:
        told.warn(f"metric is ignored: {command} runs nothing that it could measure")
    return told


def run(
    model: Model | str,
    samples: SamplesLike | None = None,
    *,
    progress: Progress | None = None,
    **flags: Unpack[Flags],
) -> Report:
    """Does everything: quantizes, generates, builds, runs on the board, and compares every byte with the host.

    Args:
        model: The model.
        samples: What to verify with; None for random samples, or for those that boardproof.toml names.
        progress: Is told what happens.
        **flags: As the command's flags, such as `board="native"`.

    Returns:
        The report; `report.agrees` says whether every byte is the oracle's.

    Raises:
        InputError: The model, the samples or a flag cannot be used.
        ToolError: A compiler or emulator is missing or failed.
        DeviceError: The board is absent, or stopped answering.
    """
    with told_in_full():
        return pipeline.run(_settings(model, samples, flags), _told(progress))


def verify(
    model: Model | str,
    samples: SamplesLike | None = None,
    *,
    progress: Progress | None = None,
    **flags: Unpack[Flags],
) -> Report:
    """Proves firmware that is built (in the project's folder, `out`), or that is on the board already.

    Args:
        model: The model it was made from.
        samples: What to verify with; None for random samples, or for those that boardproof.toml names.
        progress: Is told what happens.
        **flags: As the command's flags.

    Returns:
        The report.

    Raises:
        InputError: The model, the samples or a flag cannot be used, or the project is of another model.
        ToolError: A compiler or emulator is missing or failed.
        DeviceError: The board is absent, runs another model, or stopped answering.
    """
    with told_in_full():
        return pipeline.verify_existing(_settings(model, samples, flags), _told(progress))


def compare(
    model: Model | str,
    samples: SamplesLike | None = None,
    *,
    runtimes: tuple[str, ...] = ("tflm", "aot"),
    progress: Progress | None = None,
    **flags: Unpack[Flags],
) -> tuple[Report, ...]:
    """Proves the same network with several runtimes.

    Args:
        model: The model.
        samples: What to verify with; None for random samples, or for those that boardproof.toml names.
        runtimes: Which runtimes; `runtime` is not looked at.
        progress: Is told what happens.
        **flags: As the command's flags.

    Returns:
        A report for each runtime.

    Raises:
        InputError: As `run`.
        ToolError: As `run`.
        DeviceError: As `run`.
    """
    with told_in_full():
        return pipeline.compare(_settings(model, samples, flags), runtimes, _told(progress))


def quantize(
    model: Model | str,
    representative: SamplesLike | None = None,
    *,
    scheme: str = "int8",
    unroll: bool = False,
    progress: Progress | None = None,
) -> bytes:
    """Quantizes a Keras model or a SavedModel.

    Args:
        model: The float model.
        representative: Samples that calibrate the ranges of activations; `float32`, `float16` and `dynamic` need none.
        scheme: `int8`, `int16x8`, `int8x4`, `dynamic`, `float16` or `float32`.
        unroll: Write LSTMs out step by step, where `int8` has one operator for all steps.
        progress: Is told what happens.

    Returns:
        The .tflite.

    Raises:
        InputError: The model is a .tflite already, cannot be converted, or the samples do not fit.
    """
    with told_in_full():
        settings = _settings(model, None, Flags(scheme=scheme, unroll=unroll, representative=representative))
        return pipeline.quantized(settings, _told(progress))


def inspect(model: Model | str, *, progress: Progress | None = None, **flags: Unpack[Flags]) -> Inspection:
    """Looks at a network without building anything: operators, arithmetic, memory, and what would not run.

    Args:
        model: The model; a float one is quantized first, which takes `representative`.
        progress: Is told what happens.
        **flags: As the command's flags.

    Returns:
        What was found; `inspection.runnable` says whether nothing keeps it from running.

    Raises:
        InputError: The model or a flag cannot be used.
    """
    with told_in_full():
        return pipeline.inspect(_settings(model, None, flags), _told_what_is_ignored(flags, "inspect", progress))


def generate(
    model: Model | str | Mapping[str, Model | str],
    samples: SamplesLike | None = None,
    *,
    progress: Progress | None = None,
    **flags: Unpack[Flags],
) -> Project:
    """Makes the firmware project, or with `form="library"` a library for any build system.

    Args:
        model: The model; a float one is quantized first, which takes `representative`, or else `samples`. For a
            library, several by the names they get in C: `{"kws": "a.tflite", "hello": "b.tflite"}`.
        samples: A file of samples for the workflow that `ci="github"` adds.
        progress: Is told what happens.
        **flags: As the command's flags. It is written to `out`, if that is given.

    Returns:
        The files, in memory: `project.files` maps paths to contents.

    Raises:
        InputError: The model or a flag cannot be used, or `out` holds something else.
        ToolError: With `tflm`, the library cannot be fetched or built.
    """
    with told_in_full():
        told = _told_what_is_ignored(flags, "generate", progress)
        if not isinstance(model, Mapping):
            return pipeline.generated(_settings(model, samples, flags), told, write="out" in flags)
        named = [_settings(one, samples, {**flags, "name": name}) for name, one in model.items()]
        return pipeline.generated_together(named, told, write="out" in flags)


def _settings(model: Model | str, samples: SamplesLike | None, flags: Flags) -> Settings:
    return settings_for(model, flags if samples is None else {**flags, "samples": samples})
