"""Whether a model is one that a ladder can train and measure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_model(name: str, model: Any, samples: Mapping[str, tuple[int, ...]]) -> None:  # noqa: ANN401 a user's
    """Raises InputError unless it is a Keras model with inputs of the samples' shapes.

    Args:
        name: What messages call it.
        model: What is to be measured.
        samples: The shape of one of the data's samples, by the input's name; in the model's order where no name is one
            of its inputs'.
    """
    inputs, outputs = getattr(model, "inputs", None), getattr(model, "outputs", None)
    if not inputs or not outputs:
        raise InputError(
            f"{name} gave {type(model).__name__}, which is no Keras model whose layers are known.",
            "Build it with keras.Input and keras.Model(inputs, outputs), or as a Sequential that starts with an Input.",
        )
    if len(inputs) != len(samples):
        found = ", ".join(str(tensor.name) for tensor in inputs)
        raise InputError(
            f"{name} has {_counted(len(inputs), 'input')} ({found}); the data's x has {_counted(len(samples), 'array')}"
            f" ({', '.join(samples)}).",
            "Give the data x={name: array, …}, or a list of arrays in the order of the model's inputs.",
        )
    names = [str(tensor.name) for tensor in inputs]
    if set(names) != set(samples) and not _in_order(samples):
        raise InputError(
            f"{name} has inputs {', '.join(names)}; the data's x has {', '.join(samples)}.",
            "Name the arrays as the model's inputs, or give a list of arrays in their order.",
        )
    shapes = [samples[one] for one in names] if set(names) == set(samples) else list(samples.values())
    for tensor, sample in zip(inputs, shapes, strict=True):
        _check_input(name, tensor, sample)


def _check_input(name: str, tensor: Any, sample: tuple[int, ...]) -> None:  # noqa: ANN401 a Keras tensor
    wanted = tuple(tensor.shape)[1:]
    if len(wanted) != len(sample) or any(size not in {None, got} for size, got in zip(wanted, sample, strict=True)):
        raise InputError(
            f"{name} takes inputs of shape {list(wanted)}; a sample has {list(sample)}.",
            "Build it with keras.Input(shape) of the data's shape, or reshape the data.",
        )


def _in_order(samples: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether the samples are one array, or a list of them: see named()."""
    return list(samples) in (["x"], [f"x{number}" for number in range(len(samples))])


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
