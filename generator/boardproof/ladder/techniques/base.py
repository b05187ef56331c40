"""What a technique is: it takes a model and gives one that is smaller, or ready to become smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.ladder.data import Checked
    from boardproof.ladder.variants import Recipe, Step


@dataclass(frozen=True, slots=True)
class Made:
    """What a technique made.

    Attributes:
        model: A Keras model with its weights.
        tflite: The int8 .tflite, where only the technique itself could make it.
        note: What a reader should know.
    """

    model: Any
    tflite: bytes | None = None
    note: str = ""


class Workshop(Protocol):
    """What a technique may use."""

    @property
    def data(self) -> Checked:
        """The experiment's data."""
        ...

    def fit(self, model: Any, epochs: int, callbacks: Sequence[Any] = (), data: Checked | None = None) -> None:  # noqa: ANN401
        """Trains a model in place by the user's train(); `data` in place of the experiment's."""
        ...

    def trained(self, recipe: Recipe) -> Any:  # noqa: ANN401 a Keras model
        """The model of another recipe."""
        ...

    def fits(self, model: Any, flash: int | None, ticks: int | None) -> bool:  # noqa: ANN401
        """Whether a model's int8 firmware keeps within a budget on the board."""
        ...


class Technique(Protocol):
    """Applies itself to a trained model; a first step gets an untrained one."""

    def __call__(self, model: Any, step: Step, workshop: Workshop) -> Made:  # noqa: ANN401
        """What becomes of the model.

        Raises:
            InputError: The technique cannot be applied to it.
        """
        ...
