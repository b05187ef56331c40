"""A user's experiment, loaded and fingerprinted."""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import sys
import traceback
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof import __version__
from boardproof.errors import BoardproofError, InputError
from boardproof.ladder.code import training_code
from boardproof.ladder.data import Checked, Data, Split
from boardproof.ladder.experiment import Entry, Ladder
from boardproof.ladder.variants import Points, Recipe
from boardproof.model.data.options import DataOptions, options_of
from boardproof.model.data.read import read_data, sizes_of
from boardproof.model.load import load_model
from boardproof.model.samples import arrays_for
from boardproof.model.schemes import Scheme

if TYPE_CHECKING:
    from types import ModuleType

    from boardproof.ladder.arrays import Arrays
    from boardproof.model.load import LoadedModel
    from boardproof.model.samples import Samples

_PACKAGES = ("keras", "numpy", "tensorflow", "tflite-micro", "ai-edge-litert")
_NAME = "boardproof_experiment"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A ladder with its data, and what identifies both.

    Attributes:
        name: Of the file, without its suffix; of its folder, where the file is called experiment.py.
        ladder: What is to be measured.
        data: The arrays.
        fingerprint: SHA-256 of what decides every result: code (boardproof's too, as far as it trains), data, versions.
    """

    name: str
    ladder: Ladder
    data: Checked
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where an experiment is: a Python file, or a model's with its samples."""

    path: Path
    representative: Path | None = None
    samples: Path | None = None
    schemes: tuple[str, ...] = ()
    points: Points = ()
    data: DataOptions = field(default_factory=DataOptions)

    def to_json(self) -> str:
        """For another process."""
        paths = (self.path, self.representative, self.samples)
        given = [None if path is None else str(path.absolute()) for path in paths]
        return json.dumps([*given, self.schemes, self.points, asdict(self.data)])

    @staticmethod
    def from_json(text: str) -> Source:
        """What to_json() gave."""
        *paths, schemes, points, data = json.loads(text)
        path, representative, samples = (Path(given) if given else None for given in paths)
        chosen = tuple((name, tuple((key, value) for key, value in point)) for name, point in points)
        return Source(path or Path(), representative, samples, tuple(schemes), chosen, options_of(data))


def load_experiment(source: Source) -> Experiment:
    """The experiment in a file.

    Raises:
        InputError: There is no such file, its code raises, it makes no ladder, or its data do not fit.
    """
    if not source.path.exists():
        raise InputError(f"There is no file {source.path}.", "Give an experiment (.py), or a Keras model.")
    if source.path.suffix == ".py":
        return _of_code(source)
    return _of_model(source)


def _of_code(source: Source) -> Experiment:
    path = source.path
    module = _run(path)
    ladders = {id(value): value for value in vars(module).values() if isinstance(value, Ladder)}
    if len(ladders) != 1:
        raise InputError(
            f"{path.name} makes {len(ladders) or 'no'} ladder{'s' * (len(ladders) > 1)}.",
            "Write ladder = Ladder(data=…, train=…, epochs=…), once, at the top level.",
        )
    (ladder,) = ladders.values()
    for name, point in source.points:
        ladder.add_point(name, point)
    if not ladder.variants and not ladder.searches:
        raise InputError(
            f"The ladder in {path.name} has no variants.", 'Add some: ladder.model(build).quantize("int8").'
        )
    given = _call(ladder.data, path, "data()")
    if not isinstance(given, Data):
        raise InputError(f"data() in {path.name} gave {type(given).__name__}.", "Return boardproof.ladder.Data(…).")
    data = given.checked()
    parts = [_code(path, module), *_local_modules(path.parent), data.digest, *_versions()]
    name = path.resolve().parent.name if path.stem == "experiment" else path.stem
    return Experiment(name, ladder, data, _digest(parts))


def _run(path: Path) -> ModuleType:
    """The experiment's code, run as a module whose folder can be imported from."""
    spec = importlib.util.spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None:
        raise InputError(f"{path} is no Python file.", "Give an experiment (.py), or a Keras model.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = module
    folder = str(path.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    loader = spec.loader
    _call(lambda: loader.exec_module(module), path, "it")
    return module


def _call(function: Any, path: Path, what: str) -> Any:  # noqa: ANN401 the user's own function
    try:
        return function()
    except BoardproofError:
        raise
    except (Exception, SystemExit) as error:  # the user's code raises anything, and may think that it is the program
        raise raised(path.name, what, error) from error


def raised(source: str, what: str, error: BaseException) -> InputError:
    """The error for an exception of the user's own code."""
    return InputError(
        f"In {source}, {what} raised {type(error).__name__}: {error}",
        "Correct it there; where it was raised follows.",
        "".join(traceback.format_exception(error)),
    )


def _code(path: Path, module: ModuleType) -> str:
    """The experiment's code without comments, layout, and the statements that only add variants.

    Those decide which rows there are, not what is in one: adding a line must not make all others anew.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {name for name, value in vars(module).items() if isinstance(value, (Entry, Ladder))}
    tree.body = [statement for statement in tree.body if not _only_adds(statement, names)]
    return ast.dump(tree)


def _only_adds(statement: ast.stmt, names: set[str]) -> bool:
    """Whether a statement consists of calls that begin at a ladder or an entry, perhaps in a loop over constants."""
    match statement:
        case ast.Expr(value=value):
            return _root(value) in names
        case ast.Assign(targets=targets, value=value):
            values = value.elts if isinstance(value, ast.Tuple) else [value]
            bound = [t for target in targets for t in (target.elts if isinstance(target, ast.Tuple) else [target])]
            return all(_root(v) in names for v in values) and all(isinstance(t, ast.Name) for t in bound)
        case ast.For(body=body, orelse=[]):
            return all(_only_adds(inner, names) for inner in body)
        case _:
            return False


def _root(value: ast.expr) -> str | None:
    """The name at which a chain of method calls begins."""
    while isinstance(value, (ast.Call, ast.Attribute)):
        value = value.func if isinstance(value, ast.Call) else value.value
    return value.id if isinstance(value, ast.Name) else None


def _local_modules(folder: Path) -> list[str]:
    """The digests of the modules in the experiment's folder that are imported."""
    found = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if name != _NAME}
    files = {Path(file).resolve() for file in found.values() if file}
    inside = sorted(file for file in files if file.is_relative_to(folder.resolve()))
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in inside if "site-packages" not in file.parts]


def _of_model(source: Source) -> Experiment:
    """A ladder of schemes over one trained model."""
    path = source.path
    if source.representative is None or source.samples is None:
        raise InputError(
            f"A ladder of {path.name} needs data: to calibrate, and to measure.",
            "Give --representative with training samples and --samples with labelled test samples.",
        )
    representative, test = (
        read_data(file, source.data, training=training)
        for file, training in ((source.representative, True), (source.samples, False))
    )
    model = load_model(path, sizes_of(test, source.data))
    if model.tflite is not None:
        raise InputError(
            f"{path.name} is a .tflite, which is not quantized again.", "Give the Keras model it was made from."
        )
    if not (model.network and model.network.interpreter.startswith("keras ")) and not _reads_as_keras_3(path):
        raise InputError(
            f"{path.name} is a {model.kind} model: a ladder writes each variant as a Keras 3 file too, and needs one.",
            "Give the .keras file, or measure this one with boardproof run, in each --scheme.",
        )
    found = test.samples(model.inputs)
    if found.labels is None:
        raise InputError(
            f"{found.source} has no labels: a ladder measures how good each variant is.",
            "Give samples with labels y: class numbers, or real values, such as an autoencoder's inputs.",
        )
    split = Split(_inputs(model, found), np.asarray(found.labels))
    calibrating = _inputs(model, representative.samples(model.inputs))
    ladder = Ladder(data=lambda: Data(split, split, split, calibrating))
    ladder.builders[path.stem] = partial(_read_keras, path)
    for scheme in source.schemes or [scheme.value for scheme in Scheme]:
        ladder.add(Recipe(path.stem, ()), scheme, None)
    data = ladder.data().checked()
    return Experiment(path.stem, ladder, data, _digest([_content(path), data.digest, *_versions()]))


def _inputs(model: LoadedModel, samples: Samples) -> Arrays:
    """The samples as the model takes them: one array, or several by its inputs' names."""
    arrays = arrays_for(model.inputs, samples)
    if len(arrays) == 1:
        return arrays[0]
    return {spec.name: array for spec, array in zip(model.inputs, arrays, strict=True)}


def _reads_as_keras_3(path: Path) -> bool:
    """Whether Keras 3 reads a file that is converted by way of Keras 2."""
    try:
        return bool(_read_keras(path).inputs)
    except Exception:  # it raises anything; that it does not read it is all there is to know
        return False


def _read_keras(path: Path) -> Any:  # noqa: ANN401 a Keras model
    import keras

    return keras.saving.load_model(path, compile=False)


def _content(path: Path) -> str:
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return _digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()])


def _versions() -> list[str]:
    return [__version__, training_code(), *(version(package) for package in _PACKAGES), f"{sys.version_info[:2]}"]


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
