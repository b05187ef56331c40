"""All stages, in order. Read this first.

load → quantize → read → preflight → render → build → run on the board → compare with the oracle → report
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.claims import claim
from boardproof.device.build.compile import build
from boardproof.device.build.narration import narrate
from boardproof.device.build.workspace import write_project
from boardproof.device.reach.links import require_tools
from boardproof.errors import BoardproofError, InputError
from boardproof.host.files import write_atomically
from boardproof.proof.judge import Case
from boardproof.proof.metrics.own import check_metric, find_metric
from boardproof.proof.prove import check_plan, prove
from boardproof.stages.apart import taken_apart
from boardproof.stages.existing import build_on_disk, flash_on_disk, marker_of, require_project_of
from boardproof.stages.generate import (
    check_form,
    generate,
    generate_library,
    generate_project,
    library_dir,
    require_one_library,
)
from boardproof.stages.hardware import flash_all, require_boards
from boardproof.stages.inspect import inspect
from boardproof.stages.network import choose_inputs, prepare, target_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.device.types import Firmware
    from boardproof.model.samples import Vectors
    from boardproof.progress import Progress
    from boardproof.project.runtimes.base import Generated
    from boardproof.project.subject import Network, Target
    from boardproof.project.types import Project
    from boardproof.report.document import Report
    from boardproof.settings import Settings

__all__ = [
    "build_on_disk",
    "choose_inputs",
    "compare",
    "compile_network",
    "flash_on_disk",
    "generate_to_disk",
    "generated",
    "generated_together",
    "inspect",
    "prepare",
    "quantize_to_file",
    "quantized",
    "run",
    "verify_existing",
]


def run(settings: Settings, progress: Progress) -> Report:
    """Everything: from a model to a verdict. The project's folder is ours all the time.

    Raises:
        InputError: The model, the samples or a setting cannot be used.
        ToolError: A compiler or emulator is missing or failed, or another process uses the folder.
        DeviceError: The board is absent, or stopped answering.
    """
    with claim(settings.project_dir):
        return _run(settings, progress)


def _run(settings: Settings, progress: Progress) -> Report:
    target = target_of(settings)
    require_tools(target.board)
    if not target.board.reach.is_started:
        require_boards(target.board, settings.port)
    metric = find_metric(settings.metric, settings.model)
    network = prepare(settings, progress)
    check_plan(network, settings)
    inputs = choose_inputs(network, settings, progress)  # before the build: wrong samples should not cost one
    check_metric(metric, network.samples, inputs.samples)
    firmware, generated = compile_network(network, target, settings, progress, inputs)
    ports = flash_all(firmware, settings.port, progress) if not target.board.reach.is_started else settings.port
    apart = taken_apart(network, target, settings, progress)
    case = Case(network, target, inputs, firmware, generated, metric=metric, apart=apart)
    return prove(case, ports, settings, progress)


def verify_existing(settings: Settings, progress: Progress) -> Report:
    """Proves firmware that `build` built, or that is on the board already: that needs neither project nor compiler."""
    target = target_of(settings)
    if target.board.reach.is_started:
        require_tools(target.board)
    metric = find_metric(settings.metric, settings.model)
    network = prepare(settings, progress)
    check_plan(network, settings)
    inputs = choose_inputs(network, settings, progress)
    check_metric(metric, network.samples, inputs.samples)
    firmware = arena_how = None
    if target.board.reach.is_started:
        require_project_of(network, settings)
        firmware = build_on_disk(settings.project_dir, progress)
        arena_how = marker_of(settings.project_dir).arena_how
    apart = taken_apart(network, target, settings, progress)
    case = Case(network, target, inputs, firmware, None, arena_how, metric, apart)
    return prove(case, settings.port, settings, progress)


def compare(settings: Settings, runtimes: tuple[str, ...], progress: Progress) -> tuple[Report, ...]:
    """The same network on the same board with several runtimes, each in a project directory of its own."""
    settings = replace(settings, unroll=any(replace(settings, runtime=name).unrolls for name in runtimes))
    try:
        return tuple(
            run(replace(settings, runtime=name, out=settings.out / name if settings.out else None), progress)
            for name in runtimes
        )
    except BoardproofError as error:  # its advice was written for commands with one runtime
        error.hint, error.details = (text.replace("--runtime ", "--runtimes ") for text in (error.hint, error.details))
        raise


def compile_network(
    network: Network, target: Target, settings: Settings, progress: Progress, inputs: Vectors | None = None
) -> tuple[Firmware, Generated]:
    """From a network to built firmware. `inputs`: what the oracle must run later, so that it is asked before."""
    project, generated = generate(network, target, settings, progress, inputs)
    progress.stage(f"building for {target.board.name}")
    return build(project, settings.project_dir, on_line=narrate(progress)), generated


def quantized(settings: Settings, progress: Progress) -> bytes:
    """Quantizes a Keras model: the .tflite."""
    network = prepare(settings, progress, for_board=False)
    if network.scheme is None:
        raise InputError(
            f"{network.model.source} is a .tflite already.", "Give a Keras model or a SavedModel to quantize."
        )
    return network.data


def quantize_to_file(settings: Settings, progress: Progress) -> Path:
    """Quantizes a Keras model and writes the .tflite."""
    path = settings.out or Path(settings.stem + ".tflite")
    write_atomically(path, quantized(settings, progress))
    return path


def generated(settings: Settings, progress: Progress, *, write: bool = True) -> Project:
    """The firmware project, or the library; written to its folder, unless `write` is false.

    Only to measure TensorFlow Lite Micro's arena is anything built.
    """
    if settings.form == "library":
        return generated_together([settings], progress, write=write)
    check_form(settings)
    target = target_of(settings)
    with claim(settings.project_dir):
        project = generate_project(prepare(settings, progress), target, settings, progress)
        if write:
            write_project(project, settings.project_dir)
    return project


def generated_together(settings: Sequence[Settings], progress: Progress, *, write: bool = True) -> Project:
    """Networks as one library, each as its settings say; those of the first one say where it goes."""
    require_one_library(settings)
    for asked in settings:
        check_form(asked)
    target, folder = target_of(settings[0]), library_dir(settings)
    with claim(folder):
        project = generate_library([prepare(asked, progress) for asked in settings], target, settings, progress)
        if write:
            write_project(project, folder)
    return project


def generate_to_disk(settings: Sequence[Settings], progress: Progress) -> Path:
    """Writes the firmware project, or the library of one network or more; returns its folder."""
    if len(settings) == 1:
        generated(settings[0], progress)
        return settings[0].project_dir
    generated_together(settings, progress)
    return library_dir(settings)
