"""What one process does for a ladder: trains models, and measures variants."""

from __future__ import annotations

import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof import pipeline
from boardproof.errors import BoardproofError, InputError, ToolError
from boardproof.ladder.arrays import each, in_order, named
from boardproof.ladder.checks import check_model
from boardproof.ladder.file_sizes import plain, sizes_of
from boardproof.ladder.loading import raised
from boardproof.ladder.plan import model_key
from boardproof.ladder.results import OnBoard, Result
from boardproof.ladder.score import doubt, of_outputs, others, own_score, score
from boardproof.ladder.techniques import TECHNIQUES
from boardproof.model.affine import dequantize_array
from boardproof.model.given import open_model
from boardproof.model.macs import macs
from boardproof.model.oracle import run_litert, run_oracle
from boardproof.model.quantize import quantize
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.progress import Silent
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.ladder.arrays import Arrays
    from boardproof.ladder.cache import Cache
    from boardproof.ladder.data import Checked
    from boardproof.ladder.loading import Experiment
    from boardproof.ladder.results import Score
    from boardproof.ladder.techniques.base import Made
    from boardproof.ladder.variants import Bench, Recipe, Variant
    from boardproof.model.graph import Graph
    from boardproof.report.document import Report

_SHORT = 2
"""Bytes of the longest type that inputs are quantized to."""
_CLOCK_HZ = 64e6
_CYCLES_PER_INSTRUCTION = 1.5
"""Between 1.4 and 1.6 for convolutional networks: docs/estimates.md."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model out of the cache.

    Attributes:
        model: The Keras model.
        tflite: The int8 .tflite that its technique made; None where quantization comes after.
        seconds: Of all its training.
        note: What its techniques have to say.
    """

    model: Any
    tflite: bytes | None
    seconds: float
    note: str


class Workshop:
    """Trains and measures for one experiment; what is in the cache is taken from there."""

    def __init__(self, experiment: Experiment, bench: Bench, cache: Cache) -> None:
        self._experiment = experiment
        self._bench = bench
        self._cache = cache

    @property
    def data(self) -> Checked:
        """The experiment's data."""
        return self._experiment.data

    def fit(self, model: Any, epochs: int, callbacks: Sequence[Any] = (), data: Checked | None = None) -> None:  # noqa: ANN401
        """Trains a model in place by the user's train().

        Raises:
            InputError: It raised.
        """
        train = self._experiment.ladder.train
        if train is None:
            raise InputError("There is no train function.", "Give one: Ladder(train=…).")
        try:
            train(model, data or self.data, epochs=epochs, callbacks=list(callbacks))
        except BoardproofError:
            raise
        except Exception as error:  # the user's code raises anything
            raise raised(self._experiment.name, "train()", error) from error

    def trained(self, recipe: Recipe) -> Any:  # noqa: ANN401 a Keras model
        """The model of a recipe."""
        return self.obtain(recipe).model

    def fits(self, model: Any, flash: int | None, ticks: int | None) -> bool:  # noqa: ANN401
        """Whether a model's int8 firmware keeps within a budget on the board."""
        report = self._run(self._convert(model, Scheme.INT8.value), samples=1)
        within = report.flash_bytes is None or flash is None or report.flash_bytes <= flash
        return within and (ticks is None or report.ticks.median <= ticks)

    def obtain(self, recipe: Recipe) -> Trained:
        """The model of a recipe, out of the cache, or trained now after all that it goes on from.

        Raises:
            InputError: A technique cannot be applied, or the user's code raised.
        """
        if not recipe.steps:
            return Trained(self._build(recipe), None, 0.0, "")
        key = model_key(self._experiment, recipe, self._bench)
        if (folder := self._cache.model(key)) is None:
            with self._cache.lock(key):
                folder = self._cache.model(key) or self._make(recipe, key)
        return _read(folder)

    def measure(self, variant: Variant) -> Result:
        """Everything about a variant.

        Raises:
            InputError: It cannot be trained or converted, or the data do not fit.
            ToolError: A compiler or emulator is missing or failed.
        """
        trained = self.obtain(variant.recipe)
        data = trained.tflite or self._convert(trained.model, variant.scheme)
        graph = read_tflite(data)
        board, reason = self._on_board(data)
        weights = [np.asarray(weight) for weight in trained.model.weights]
        found, doubts = self._score(data, graph, trained.model)
        return Result(
            label=variant.recipe.label,
            scheme=variant.scheme,
            seed=variant.recipe.seed,
            score=found,
            parameters=sum(weight.size for weight in weights),
            nonzeros=sum(int(np.count_nonzero(weight)) for weight in weights),
            macs=sum(macs(graph, operator) for operator in graph.operators),
            sizes=sizes_of(trained.model, data),
            board=board,
            reason=reason,
            training_seconds=round(trained.seconds, 1),
            sha256=hashlib.sha256(data).hexdigest(),
            note="; ".join(filter(None, (trained.note, doubts))),
        )

    def tflite(self, variant: Variant) -> tuple[Any, bytes]:
        """A variant's Keras model and its .tflite."""
        trained = self.obtain(variant.recipe)
        return trained.model, trained.tflite or self._convert(trained.model, variant.scheme)

    def _make(self, recipe: Recipe, key: str) -> Path:
        import keras

        step, parent = recipe.steps[-1], recipe.parent
        before = self.obtain(parent) if parent is not None else None
        keras.utils.set_random_seed(recipe.seed)
        model = before.model if before is not None else self._build(recipe)
        start = time.perf_counter()
        made = TECHNIQUES[step.technique](model, step, self)
        if before is not None and made.tflite is None:
            self._settle(made.model, recipe.seed)
        seconds = time.perf_counter() - start + (before.seconds if before else 0.0)
        notes = "; ".join(filter(None, (before.note if before else "", made.note)))
        return self._cache.keep_model(key, lambda folder: _write(folder, made, seconds, notes))

    def _settle(self, model: Any, seed: int) -> None:  # noqa: ANN401 a Keras model
        """Fine-tuning is too short for moving averages to get there, a technique's or its control's."""
        from boardproof.compress import recalibrate_batch_norm

        samples = in_order(self.data.train.x, [str(tensor.name) for tensor in model.inputs])
        recalibrate_batch_norm(model, samples, seed=seed)

    def _build(self, recipe: Recipe) -> Any:  # noqa: ANN401 a Keras model
        import keras

        keras.utils.set_random_seed(recipe.seed)
        try:
            model = self._experiment.ladder.builders[recipe.model](**dict(recipe.point))
        except BoardproofError:
            raise
        except Exception as error:  # the user's code raises anything
            raise raised(self._experiment.name, f"{recipe.model}()", error) from error
        check_model(f"{recipe.model}()", model, self.data.sample_shapes)
        return model

    def _convert(self, model: Any, scheme: str) -> bytes:  # noqa: ANN401
        samples, unroll = _samples(self.data.representative), self._bench.runtime == "tflm"
        return quantize(open_model(model), samples, Scheme(scheme), unroll=unroll)

    def _score(self, data: bytes, graph: Graph, model: Any) -> tuple[Score, str]:  # noqa: ANN401
        """On all test samples, by the exact oracle; by LiteRT where that has no kernels for the scheme. And a doubt."""
        test, ladder = self.data.test, self._experiment.ladder
        inputs = vectors_for(graph, _samples(test.x))
        try:
            outputs, by = run_oracle(data, inputs), "tflite_micro"
        except InputError:
            outputs, by = run_litert(data, inputs), "LiteRT"
        real = [
            dequantize_array(array, tensor.quantization).reshape(len(array), *array.shape[2:])
            for array, tensor in zip(outputs.arrays, graph.output_tensors, strict=True)
        ]
        if ladder.metric is not None:
            given = real if len(real) > 1 else real[0]
            return own_score(ladder.metric, test.y, given, by, higher_is_better=ladder.higher_is_better), ""
        one_input = test.x if isinstance(test.x, np.ndarray) else None
        names = _output_names(model)
        labels = zip(of_outputs(test.y, names), real, strict=True)
        scores = [score(own, found, by, one_input) for own, found in labels]
        doubts = filter(None, map(doubt, scores, real))
        return scores[0], "; ".join([*others(names, scores), *doubts])

    def _on_board(self, data: bytes) -> tuple[OnBoard | None, str]:
        """What the board says, or why it cannot run."""
        try:
            return _facts(self._run(data, self._bench.proven)), ""
        except ToolError:
            raise
        except InputError as error:
            return None, error.message

    def _run(self, data: bytes, samples: int) -> Report:
        with tempfile.TemporaryDirectory(prefix="boardproof-ladder-") as folder:
            settings = Settings(
                model=data,
                samples=_samples(each(self.data.test.x, lambda _, array: array[:samples])),
                board=self._bench.board,
                runtime=self._bench.runtime,
                out=Path(folder, "project"),
            )
            return pipeline.run(settings, Silent())


def _output_names(model: Any) -> list[str]:  # noqa: ANN401
    from boardproof.compress.graph import output_names

    return output_names(model)


def _samples(given: Arrays) -> Samples:
    """Inputs for a network: real values, which arrays of the type that a network is quantized to are not taken for."""
    is_short = {name: array.dtype.itemsize <= _SHORT for name, array in named(given).items()}
    real = each(given, lambda name, array: array.astype(np.float32) if is_short[name] else array)
    return Samples(named(real), source="the data")


def _facts(report: Report) -> OnBoard:
    ticks, unit = report.ticks.median, report.ticks.unit
    cycles = {"cycles": 1.0, "instructions": _CYCLES_PER_INSTRUCTION}.get(unit)
    return OnBoard(
        flash=report.flash_bytes,
        ram=report.ram_bytes,
        arena=report.arena_bytes,
        stack=report.stack_bytes,
        ticks=ticks,
        unit=str(unit),
        milliseconds=None if cycles is None else round(ticks * cycles / _CLOCK_HZ * 1e3, 3),
        exact=report.verdict.exact,
        samples=report.verdict.samples,
    )


def _write(folder: Path, made: Made, seconds: float, note: str) -> None:
    plain(made.model).save(folder / "model.keras")
    if made.tflite is not None:
        (folder / "model.tflite").write_bytes(made.tflite)
    facts = {"seconds": seconds, "note": note, "outputs": _output_names(made.model)}
    (folder / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _read(folder: Path) -> Trained:
    import keras

    tflite = folder / "model.tflite"
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    model = keras.saving.load_model(folder / "model.keras", compile=False)
    model.output_names = facts["outputs"]
    return Trained(
        model,
        tflite.read_bytes() if tflite.exists() else None,
        facts["seconds"],
        facts["note"],
    )
