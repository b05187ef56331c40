"""What is known of a measured variant, as values and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Score:
    """How good a variant is at its task, on the test samples.

    Attributes:
        metric: "accuracy", "MAE", or the name of the user's function.
        value: The mean over the samples.
        low: Of the interval that holds it with 95 %; None where the metric has none.
        high: Its other end.
        samples: How many there were.
        by: What computed the outputs: "tflite_micro", the exact oracle; or "LiteRT" where that cannot run the scheme.
        higher_is_better: Whether more is better.
        rmse: Root of the mean squared error, beside MAE.
    """

    metric: str
    value: float
    low: float | None
    high: float | None
    samples: int
    by: str
    higher_is_better: bool = True
    rmse: float | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of a model's files, each as it is and compressed by gzip."""

    keras: int
    keras_gzip: int
    saved_model: int
    saved_model_gzip: int
    tflite: int
    tflite_gzip: int


@dataclass(frozen=True, slots=True)
class OnBoard:
    """What the board says. Sizes in bytes; `ticks` is the median of an inference, in `unit`.

    `milliseconds`: of an inference on a Cortex-M4 at 64 MHz, an estimate where instructions are counted; None for other
    units than instructions and cycles.
    """

    flash: int | None
    ram: int | None
    arena: int
    stack: int | None
    ticks: int
    unit: str
    milliseconds: float | None
    exact: int
    samples: int


@dataclass(frozen=True, slots=True)
class Result:
    """One variant with one seed.

    Attributes:
        label: The recipe, as readers call it.
        scheme: How it is quantized.
        seed: Of its training.
        score: How good it is.
        parameters: Of the Keras model.
        nonzeros: Of them.
        macs: Multiply-accumulates of an inference.
        sizes: Of its files.
        board: What the board says; None where it cannot run.
        reason: Why it cannot.
        training_seconds: Of all its steps, as long as they took where they were computed.
        sha256: Of the .tflite.
        note: What its techniques have to say.
    """

    label: str
    scheme: str
    seed: int
    score: Score
    parameters: int
    nonzeros: int
    macs: int
    sizes: Sizes
    board: OnBoard | None
    reason: str
    training_seconds: float
    sha256: str
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def result_from(values: dict[str, Any]) -> Result:
    """The result that `to_dict` gave. Raises KeyError or TypeError for other values."""
    board = values["board"]
    return Result(
        **{
            **values,
            "score": Score(**values["score"]),
            "sizes": Sizes(**values["sizes"]),
            "board": None if board is None else OnBoard(**board),
        }
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result: what an error said, or how a process ended; `log` is a file."""

    message: str
    hint: str = ""
    log: str = ""
