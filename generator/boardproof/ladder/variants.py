"""What is measured: a model, the techniques applied to it in order, and a scheme."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

Option = str | int | float | bool | None | tuple[int, ...] | tuple[tuple[str, float], ...]
Point = tuple[tuple[str, str | int | float | bool], ...]
"""Of a search: a value for each parameter of the function that builds the model, by name."""
Points = tuple[tuple[str, Point], ...]
"""What searches chose: the model's name and a point each."""


@dataclass(frozen=True, slots=True)
class Step:
    """One technique, with how long it trains.

    Attributes:
        technique: Its name in `techniques.TECHNIQUES`.
        epochs: Of training that it takes.
        options: Its arguments, by name.
        teacher: The model it learns from, if it is one that does.
    """

    technique: str
    epochs: int
    options: tuple[tuple[str, Option], ...] = ()
    teacher: Recipe | None = None

    def option(self, name: str) -> Any:  # noqa: ANN401 each technique knows the types of its own
        """An argument."""
        return dict(self.options)[name]

    @property
    def label(self) -> str:
        """The technique with what a reader tells its variants apart by."""
        if self.technique == "train":
            return f"+{self.epochs} epochs"
        shown = [_shown(name, value) for name, value in self.options if value not in {None, _DEFAULTS.get(name)}]
        if self.technique == "distill" and self.teacher is not None:
            return " ".join([f"distilled from {self.teacher.label}", *shown])
        return " ".join([self.technique, *shown])

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        teacher = self.teacher.to_dict() if self.teacher else None
        return {"technique": self.technique, "epochs": self.epochs, "options": dict(self.options), "teacher": teacher}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a trained model comes about. The first step trains what the user's function builds; a file has no steps.

    Attributes:
        model: The name of the user's function, or of the file.
        steps: In order.
        seed: Of all that is random in it.
        point: What the function is called with, where a search chose it.
    """

    model: str
    steps: tuple[Step, ...]
    seed: int = 0
    point: Point = ()

    @property
    def parent(self) -> Recipe | None:
        """The same without its last step; None where that is the first training."""
        return replace(self, steps=self.steps[:-1]) if len(self.steps) > 1 else None

    @property
    def epochs(self) -> int:
        """Of all its training."""
        return sum(step.epochs for step in self.steps)

    @property
    def label(self) -> str:
        """As a reader calls it, the seed left out."""
        first = [step.label for step in self.steps[:1] if step.technique != "train"]
        called = ", ".join(f"{name}={value}" for name, value in self.point)
        model = f"{self.model}({called})" if called else self.model
        return ", ".join([model, *first, *(step.label for step in self.steps[1:])])

    def then(self, step: Step) -> Recipe:
        """With one step more."""
        return replace(self, steps=(*self.steps, step))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        values = {"model": self.model, "seed": self.seed, "steps": [step.to_dict() for step in self.steps]}
        return {**values, "point": dict(self.point)} if self.point else values


@dataclass(frozen=True, slots=True)
class Variant:
    """A row of the table.

    Attributes:
        recipe: How its model comes about.
        scheme: How it is quantized.
        control: What was trained as long without the technique, in the same scheme; None where there is none.
    """

    recipe: Recipe
    scheme: str
    control: Recipe | None = None

    @property
    def label(self) -> str:
        """As a reader calls it."""
        return f"{self.recipe.label}, {self.scheme}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values; the control decides nothing of it."""
        return {"recipe": self.recipe.to_dict(), "scheme": self.scheme}


@dataclass(frozen=True, slots=True)
class Bench:
    """Where variants are measured.

    Attributes:
        board: Name of the board.
        runtime: Name of the runtime.
        proven: How many test samples are proved to be exact on it.
    """

    board: str = "mps2-an386"
    runtime: str = "aot"
    proven: int = 100

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"board": self.board, "runtime": self.runtime, "proven": self.proven}


def key_of(fingerprint: str, *parts: Recipe | Variant | Bench) -> str:
    """What a result is kept under: SHA-256 of everything that decides it, in hexadecimal.

    Args:
        fingerprint: Of the experiment's code, its data and the versions of what computes.
        parts: What is made or measured, and where.
    """
    text = json.dumps([fingerprint, *(part.to_dict() for part in parts)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_DEFAULTS: dict[str, Option] = {
    "alpha": 0.5,
    "bits": 8,
    "block": (1, 1),
    "by": "weights",
    "multiple": 4,
    "scope": "layer",
    "steps": 2,
    "taught": False,
    "temperature": 2.0,
}
"""What a label does not speak of. Everything else it does: two variants with one label would be taken for two seeds."""


def _shown(name: str, value: Option) -> str:
    if name in {"fraction", "sparsity"} and isinstance(value, float):
        return f"{100 * value:g}%"
    if name == "fraction" and isinstance(value, tuple):
        return " ".join(f"{layer} {100 * part:g}%" for layer, part in value)  # type: ignore[misc] # of pairs
    if name in {"block", "pattern"} and isinstance(value, tuple):
        return (":" if name == "pattern" else "x").join(map(str, value)) + (" blocks" if name == "block" else "")
    words = {
        "bits": f"{value}-bit weights",
        "by": f"by {value}",
        "epochs": f"{value} epochs",
        "multiple": f"to multiples of {value}",
        "scope": str(value),
        "steps": f"in {value} step{'s' * (value != 1)}",
        "taught": "taught by the whole",
    }
    if name in {"flash", "ticks"}:
        return f"to {value:,} {name}"
    return words.get(name, f"{name} {value}")
