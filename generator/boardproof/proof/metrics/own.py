"""The user's own measure: `metric = "module:function"`, or a function."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.report.quality import Measure

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np
    from numpy.typing import NDArray

    from boardproof.model.samples import Samples
    from boardproof.proof.metrics.measure import Answers

Function = Callable[[Any, Any], Any]

_WHAT = "function(outputs, labels), which gives a number, or numbers by name"


@dataclass(frozen=True, slots=True)
class OwnMetric:
    """A function of outputs and labels, and how reports call it."""

    name: str
    function: Function


def find_metric(given: str | Function | None, model: object) -> OwnMetric | None:
    """The user's measure; None where there is none.

    Args:
        given: `module:function`, or a function. A module is looked for beside the model, then in the current
            directory, then among what is installed; it runs.
        model: What the user gave as the model: if it is a path, the module may be beside it.

    Raises:
        InputError: There is no such module or function, or the module cannot be imported.
    """
    if given is None:
        return None
    if callable(given):
        return OwnMetric(getattr(given, "__name__", type(given).__name__), given)
    module, _, name = str(given).partition(":")
    if not all(part.isidentifier() for part in (*module.split("."), name)):
        raise InputError(
            f"metric = {given!r} is not written as module:function.",
            f"Write for example metrics:f1, where metrics.py beside the model holds f1: a {_WHAT}.",
        )
    folders = [model.parent, Path()] if isinstance(model, Path) else [Path()]
    function = getattr(_imported(module, folders), name, None)
    if not callable(function):
        raise InputError(f"{module} has no function {name}, which metric = {given!r} names.", f"Write it as a {_WHAT}.")
    return OwnMetric(name, function)


def check_metric(metric: OwnMetric | None, samples: Samples | None, count: int) -> None:
    """Raises InputError, before anything is built, where there are no labels that a measure could take.

    Args:
        metric: The user's measure.
        samples: The user's samples.
        count: How many there are.
    """
    if metric is None:
        return
    if samples is None or samples.labels is None:
        where = "random samples have" if samples is None else f"{samples.source} has"
        raise InputError(
            f"The metric {metric.name} needs labels, and {where} none.",
            "Give samples with labels (the array y of an .npz, a pair of arrays), or leave out the metric.",
        )
    if samples.labels.ndim == 0 or len(samples.labels) != count:
        labels = len(samples.labels) if samples.labels.ndim else 1
        raise InputError(
            f"{samples.source} holds {labels} labels for {count} samples.",
            "Save as many labels as samples, in the same order.",
        )


def own_measures(metric: OwnMetric, found: Answers, labels: NDArray[np.generic]) -> tuple[Measure, ...]:
    """The user's measure of float model, host and board.

    Args:
        metric: The user's measure.
        found: The answers, [samples, …].
        labels: As the user's file has them.

    Raises:
        InputError: The function fails, or gives something else than numbers, or other names than before.
    """
    numbers = {who: _numbers(metric, outputs, labels) for who, outputs in found.each().items()}
    board = numbers["board"]
    for who, others in numbers.items():
        if others.keys() != board.keys():
            names = " and ".join(", ".join(sorted(found)) for found in (others, board))
            raise InputError(
                f"The metric {metric.name} gives other numbers for {who.replace('_', ' ')} and board: {names}.",
                "Give the same names whatever the outputs are.",
            )
    floats = numbers.get("float_model", {})
    return tuple(Measure(name, floats.get(name), numbers["host"][name], board[name]) for name in board)


def _numbers(metric: OwnMetric, outputs: NDArray[np.float64], labels: NDArray[np.generic]) -> dict[str, float]:
    try:
        given = metric.function(outputs.copy(), labels.copy())  # it may change them in place
    except (Exception, SystemExit) as error:
        raise InputError(
            f"The metric {metric.name} failed: {type(error).__name__}: {error}",
            f"It got outputs of shape {list(outputs.shape)} ({outputs.dtype}) and labels of shape "
            f"{list(labels.shape)} ({labels.dtype}). Correct it: --resume uses what the board has computed.",
            traceback.format_exc(),
        ) from error
    named = given if isinstance(given, Mapping) else {metric.name: given}
    try:
        numbers = {str(name): float(value) for name, value in named.items()}
    except (TypeError, ValueError):
        numbers = {}
    if not numbers or not all(map(isfinite, numbers.values())):
        raise InputError(
            f"The metric {metric.name} gives {repr(given)[:100]}, which is no finite number.",
            f"Write it as a {_WHAT}.",
        )
    return numbers


def _imported(name: str, folders: list[Path]) -> ModuleType:
    """The module, of a file in one of the folders rather than of an installed package."""
    for folder in folders:
        path = folder.joinpath(*name.split(".")).with_suffix(".py")
        if path.is_file():
            return _of_file(path, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            places = ", ".join(str(folder.resolve()) for folder in folders)
            raise InputError(
                f"There is no module {name} for the metric.",
                f"Save it as {name.replace('.', '/')}.py beside the model; it was looked for in {places} and among "
                "the installed packages.",
            ) from error
        raise _not_imported(name, error) from error
    except (Exception, SystemExit) as error:
        raise _not_imported(name, error) from error


def _of_file(path: Path, folder: Path) -> ModuleType:
    """A file as a module of its own, as other models may have one of the same name; it may import its neighbours."""
    spec = importlib.util.spec_from_file_location(f"_boardproof_metric_{path.stem}", path)
    assert spec is not None  # noqa: S101 it is a .py file
    assert spec.loader is not None  # noqa: S101 likewise
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    if str(folder.resolve()) not in sys.path:
        sys.path.append(str(folder.resolve()))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a script that ends itself must not end us, as if all were well
        raise _not_imported(str(path), error) from error
    return module


def _not_imported(what: str, error: BaseException) -> InputError:
    return InputError(
        f"{what}, which holds the metric, cannot be imported: {type(error).__name__}: {error}",
        "Correct it, or install what it needs in this environment.",
        traceback.format_exc(),
    )
