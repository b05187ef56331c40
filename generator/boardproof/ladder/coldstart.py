"""Cold starts: how long a server's fresh process takes from nothing to its first answer, in each form of a model."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from boardproof import __version__
from boardproof.device.process import run
from boardproof.errors import InputError, ToolError
from boardproof.model.given import open_model
from boardproof.model.load import ModelKind
from boardproof.model.quantize import quantize
from boardproof.model.quiet import captured_output
from boardproof.model.schemes import Scheme
from boardproof.report.page import Column, Kind, Page, Paragraph, Picture, Section, Table
from boardproof.report.plots import Axis, Box, axis_for, boxes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.progress import Progress

FORMS = {
    "saved_model": "SavedModel, TensorFlow",
    "keras": ".keras, Keras",
    "tflite": ".tflite, LiteRT",
    "tflite_dynamic": ".tflite dynamic range, LiteRT",
}
_PARTS = ("import", "load", "first inference")
_LATER = 20
_TIMEOUT_S = 300.0
_CHILD = Path(__file__).with_name("coldstart_child.py")

_HOW = (
    "Each start is a process of its own; medians of {repeats}, after one that does not count: files are in the page "
    "cache, so a disk would add its own time. “CPU” is what import, load and first inference together take of it: on a "
    "machine with other work it says more than the time that passes."
)


@dataclass(frozen=True, slots=True)
class ColdStart:
    """One form of one model; times in seconds, medians.

    Attributes:
        model: The file.
        form: A key of FORMS.
        bytes: Of what is loaded.
        import_s: To import what runs it.
        load_s: To load the model.
        first_s: For the first inference.
        later_s: For one of those after it.
        cpu_s: CPU time of import, load and first inference.
        peak_bytes: The most memory it took.
    """

    model: str
    form: str
    bytes: int
    import_s: float
    load_s: float
    first_s: float
    later_s: float
    cpu_s: float
    peak_bytes: int

    @property
    def total_s(self) -> float:
        """From nothing to the first answer."""
        return self.import_s + self.load_s + self.first_s


def measure(models: Sequence[Path], repeats: int, progress: Progress) -> tuple[ColdStart, ...]:
    """Every form of every model.

    Args:
        models: Keras models.
        repeats: Starts of each form that count.
        progress: Is told what happens.

    Raises:
        InputError: A file is not a model of Keras 3.
        ToolError: A process failed.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="boardproof-coldstart-") as scratch:
        for number, model in enumerate(models):
            progress.stage(f"saving {model.name} in each form")
            for form, path in _save(model, Path(scratch, str(number))).items():
                progress.stage(f"starting {model.name} as {FORMS[form]}")
                runs = []
                for repeat in range(repeats + 1):
                    runs.append(_start(form, path))
                    progress.advance(repeat + 1, repeats + 1)
                found.append(_summary(model.name, form, _size(path), runs[1:]))
    return tuple(found)


def _save(model: Path, folder: Path) -> dict[str, Path]:
    loaded = open_model(model)
    if loaded.kind is not ModelKind.KERAS or model.is_dir():
        raise InputError(f"{model} is not a model of Keras 3.", "Give a .keras file: the other forms are made from it.")
    folder.mkdir()
    paths = {form: folder / form for form in FORMS}
    paths["keras"] = folder / "model.keras"
    with captured_output():
        import keras

        model3 = keras.saving.load_model(model, compile=False)
        model3.save(paths["keras"])
        model3.export(paths["saved_model"], verbose=False)
    for form, scheme in (("tflite", Scheme.FLOAT32), ("tflite_dynamic", Scheme.DYNAMIC)):
        paths[form].write_bytes(quantize(loaded, None, scheme))
    return paths


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _start(form: str, path: Path) -> dict[str, Any]:
    ended = run(
        [sys.executable, _CHILD, form, path, str(_LATER)], env={"TF_CPP_MIN_LOG_LEVEL": "3"}, timeout_s=_TIMEOUT_S
    )
    if ended.status != 0:
        raise ToolError(
            f"A fresh process could not run the model as {FORMS[form]}: it ended with status {ended.status}.",
            "What it said follows.",
            ended.output,
        )
    result: dict[str, Any] = json.loads(next(line for line in reversed(ended.lines) if line.startswith("{")))
    return result


def _summary(model: str, form: str, size: int, runs: list[dict[str, Any]]) -> ColdStart:
    import_s, load_s, first_s = (median(run["wall"][i] for run in runs) for i in range(len(_PARTS)))
    return ColdStart(
        model=model,
        form=form,
        bytes=size,
        import_s=import_s,
        load_s=load_s,
        first_s=first_s,
        later_s=median(run["later"] for run in runs),
        cpu_s=median(sum(run["cpu"]) for run in runs),
        peak_bytes=int(median(run["peak_bytes"] for run in runs)),
    )


def to_json(found: Sequence[ColdStart], repeats: int) -> str:
    """The measurements as JSON: docs/smaller.md."""
    rows = [{**asdict(one), "total_s": one.total_s} for one in found]
    return json.dumps({"schema": 1, "boardproof": __version__, "repeats": repeats, "rows": rows}, indent=2)


def page_of(found: Sequence[ColdStart], repeats: int) -> Page:
    """The measurements for people."""
    titles = ("bytes", *(f"{part} ms" for part in _PARTS), "to first answer ms", "CPU ms", "later ms", "memory MB")
    columns = (Column("model"), Column("form"), *(Column(title, Kind.NUMBER) for title in titles))
    rows = tuple(
        (
            one.model,
            FORMS[one.form],
            f"{one.bytes:,}",
            *(f"{1e3 * s:,.1f}" for s in (one.import_s, one.load_s, one.first_s, one.total_s, one.cpu_s, one.later_s)),
            f"{one.peak_bytes / 2**20:,.0f}",
        )
        for one in found
    )
    picture = Picture(_bars(found), "Time from nothing to the first answer: import, load and first inference.")
    how = Paragraph(_HOW.format(repeats=repeats))
    return Page("Cold starts", (Section("", (Table(columns, rows), how, picture), concludes=True),))


def _bars(found: Sequence[ColdStart]) -> str:
    """A bar for each form, from the top, of its three parts."""
    bars = []
    for position, one in enumerate(found):
        y, start = len(found) - position - 1, 0.0
        for colour, (part, seconds) in enumerate(zip(_PARTS, (one.import_s, one.load_s, one.first_s), strict=True), 1):
            label = f"{one.model}, {FORMS[one.form]}: {part} {1e3 * seconds:.1f} ms"
            bars.append(Box((start, start + 1e3 * seconds), (y + 0.1, y + 0.9), label, colour))
            start += 1e3 * seconds
    x = axis_for("ms from nothing to the first answer", [1e3 * one.total_s for one in found], from_zero=True)
    legend = [(part, colour) for colour, part in enumerate(_PARTS, 1)]
    return boxes(bars, x, Axis("in the order of the table", 0, len(found)), legend=legend)
