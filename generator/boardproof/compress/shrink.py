"""Structured pruning: filters, channels and neurons that are really gone, from any graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.channels import DEPTHWISE, PRODUCERS, TRANSPOSED, analyse
from boardproof.compress.choosing import Choice, choose, sets_of
from boardproof.compress.graph import clone, flattened, rebuild
from boardproof.errors import InputError
from boardproof.model.keras_weights import give_weights
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Callable

    from keras.src.ops.node import Node
    from numpy.typing import NDArray

    from boardproof.compress.channels import Channels
    from boardproof.compress.choosing import Fraction
    from boardproof.compress.worth import Samples, Score

    Finetune = Callable[[keras.Model], object]
    """Trains a model a little, in place."""

_FINEST = 1 / 32
"""Of the fractions that shrink_to_fit() tries."""


def shrink(
    model: keras.Model,
    fraction: Fraction,
    *,
    multiple: int = 4,
    scope: str = "layer",
    score: Score | None = None,
    samples: Samples | None = None,
) -> keras.Model:
    """A copy of the model with a fraction of its channels removed; what is left computes what it did.

    The least worth go. The result equals the model with those channels set to zero where the next layer takes them.
    Dropout gets weaker as its channels get fewer: a smaller network overfits less (Han et al. 2015, arXiv:1506.02626).

    Args:
        model: A functional or Sequential model.
        fraction: Of the channels of each layer, above 0 and below 1; or by the layer's name, others keeping theirs.
        multiple: Widths stay multiples of this, which kernels like; no layer gets narrower.
        scope: "layer", the fraction of each set of layers that share channels; or "global", of all channels together,
            by what they are worth relative to their layer's average: some layers lose more than others.
        score: What channels are worth; by default the norm of their weights over the layer's average, a
            BatchNormalization behind it counted in (Li et al. 2017, arXiv:1608.08710).
        samples: Typical inputs; in place of a score, channels are worth what they give to the layers behind them on
            these: the root of their mean square times the norm of the weights that take them.

    Raises:
        InputError: The model has no graph, nothing in it can be removed, or a wrong argument.
    """
    _check(fraction, scope, multiple)
    flat = flattened(model)
    return without(flat, analyse(flat), _chosen(flat, Choice(fraction, multiple, scope, score, samples)))


def shrink_in_steps(
    model: keras.Model,
    fraction: Fraction,
    finetune: Finetune,
    *,
    steps: int = 2,
    multiple: int = 4,
    scope: str = "layer",
    score: Score | None = None,
    samples: Samples | None = None,
) -> keras.Model:
    """As shrink(), a part at a time, with training in between and after it: large fractions cost less so."""
    _check(fraction, scope, multiple)
    if not isinstance(steps, int) or steps < 1:
        raise InputError(f"Channels cannot go in {steps} steps.", "Give steps as 1 or more.")
    narrow = flattened(model)
    _chosen(narrow, Choice(fraction, multiple, scope, score, samples))
    widths = {layers: len(units) for layers, units in sets_of(analyse(narrow)).items()}
    for step in range(steps):
        so_far = _part(fraction, (step + 1) / steps)
        removed = choose(narrow, Choice(so_far, multiple, scope, score, samples), widths)
        narrow = without(narrow, analyse(narrow), removed)
        finetune(narrow)
    return narrow


def shrink_to_fit(
    model: keras.Model,
    fits: Callable[[keras.Model], bool],
    *,
    multiple: int = 4,
    scope: str = "layer",
    samples: Samples | None = None,
) -> float:
    """The smallest fraction to remove so that the model fits a budget: 0 where it does already.

    Sizes and instructions depend on shapes, not on what the weights say, so this comes before any training.

    Args:
        model: The model.
        fits: Whether a model fits, such as on a board.
        multiple: As in shrink().
        scope: As in shrink().
        samples: As in shrink(): with the scope "global" they decide about shapes.

    Raises:
        InputError: It does not fit even where next to nothing is left, or a wrong argument.
    """
    _check(_FINEST, scope, multiple)
    if fits(model):
        return 0.0
    flat = flattened(model)

    def narrowed(fraction: float) -> keras.Model:
        return without(flat, analyse(flat), choose(flat, Choice(fraction, multiple, scope, samples=samples)))

    low, high = 0.0, 1.0 - _FINEST
    if not fits(narrowed(high)):
        raise InputError(
            f"Model {safe_label(model.name)} does not fit the budget even with {high:.0%} of its channels removed.",
            "Allow more, or begin with another architecture.",
        )
    while high - low > _FINEST:
        middle = (low + high) / 2
        low, high = (low, middle) if fits(narrowed(middle)) else (middle, high)
    return high


def without(
    model: keras.Model,
    channels: Channels,
    removed: frozenset[int],
    shifts: dict[str, NDArray[np.float32]] | None = None,
) -> keras.Model:
    """A flat model without these units.

    Args:
        model: The model.
        channels: Its units.
        removed: Those that go.
        shifts: By layer name: what is added to its bias, [channels of the model], for what constants gave before.
    """
    shifts = shifts or {}
    gone = np.array(sorted(removed), np.int64)
    kept = {name: ~np.isin(units, gone) for name, units in channels.made.items()}
    taken = {name: ~np.isin(units, gone) for name, units in channels.taken.items()}
    copies: dict[int, tuple[keras.layers.Layer, keras.layers.Layer]] = {}

    def call(node: Node, arguments: tuple[Any, ...], options: dict[str, Any]) -> object:
        layer = node.operation
        if not isinstance(layer, layers.Layer):
            return layer(*arguments, **options)
        if id(layer) not in copies:
            changes: dict[str, object] = _narrowed(node, kept[layer.name])
            if layer.name in shifts:
                changes["use_bias"] = True
            copies[id(layer)] = layer, clone(layer, **changes)
        return copies[id(layer)][1](*arguments, **options)

    narrow = rebuild(model, call)
    for layer, copy in copies.values():
        give_weights(copy, _weights(layer, taken[layer.name], kept[layer.name], shifts.get(layer.name)))
    return narrow


def _chosen(flat: keras.Model, choice: Choice) -> frozenset[int]:
    """The units to remove. Raises InputError where there are none."""
    removed = choose(flat, choice)
    if not removed:
        shown = "these fractions" if isinstance(choice.fraction, Mapping) else f"{choice.fraction:.0%}"
        raise InputError(
            f"Nothing of model {safe_label(flat.name)} can be removed at {shown}: its layers are as narrow as "
            f"{choice.multiple} channels, or their channels are all needed.",
            "Choose a larger fraction or a smaller multiple; see docs/smaller.md for what pins channels.",
        )
    return removed


def _part(fraction: Fraction, share: float) -> Fraction:
    """What is removed after a share of the steps, so that each step takes the same part of what is left."""
    if isinstance(fraction, Mapping):
        return {name: 1.0 - float((1.0 - value) ** share) for name, value in fraction.items()}
    return 1.0 - float((1.0 - fraction) ** share)


def _check(fraction: Fraction, scope: str, multiple: int) -> None:
    if not isinstance(multiple, int) or multiple < 1:
        raise InputError(f"Widths cannot be multiples of {multiple}.", "Give multiple as 1 or more.")
    if scope not in {"layer", "global"}:
        raise InputError(f"There is no scope {scope}.", 'Choose "layer" or "global".')
    if isinstance(fraction, Mapping) and scope == "global":
        raise InputError(
            "Fractions by layer do not go with the scope global.", 'Give one fraction, or leave out scope="global".'
        )
    for value in fraction.values() if isinstance(fraction, Mapping) else (fraction,):
        if not 0 < value < 1:
            raise InputError(f"A fraction of {value} cannot be removed.", "Choose one above 0 and below 1.")


def _narrowed(node: Node, kept: NDArray[np.bool_]) -> dict[str, object]:
    """The arguments of a layer that say how many channels it makes, or that go with their number."""
    if kept.all():
        return {}
    width = int(kept.sum())
    match node.operation:
        case layers.Dense():
            return {"units": width}
        case layers.Conv1D() | layers.Conv2D() | layers.Conv1DTranspose() | layers.Conv2DTranspose():
            return {"filters": width}
        case layers.Dropout() | layers.SpatialDropout1D() | layers.SpatialDropout2D() | layers.GaussianDropout():
            return {"rate": node.operation.rate * float(kept.mean())}
        case layers.Reshape():
            return {"target_shape": (*(size or -1 for size in node.outputs[0].shape[1:-1]), width)}
        case _:
            return {}


def _weights(
    layer: keras.layers.Layer,
    taken: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    shift: NDArray[np.float32] | None,
) -> list[NDArray[np.float32]]:
    weights: list[NDArray[np.float32]] = layer.get_weights()
    if shift is None and taken.all() and kept.all():
        return weights
    if isinstance(layer, PRODUCERS):
        rows, columns = (kept, taken) if isinstance(layer, TRANSPOSED) else (taken, kept)
        bias = weights[1:] or ([np.zeros(len(kept), np.float32)] if shift is not None else [])
        if shift is not None:
            bias = [bias[0] + shift]
        if getattr(layer, "groups", 1) != 1:
            return [*weights[:1], *bias]  # it keeps all it takes, and all it makes
        return [weights[0][..., rows, :][..., columns], *(values[kept] for values in bias)]
    if isinstance(layer, DEPTHWISE):
        return [weights[0][..., taken, :], *(values[kept] for values in weights[1:])]
    return [values[..., kept] if values.shape[-1:] == kept.shape else values for values in weights]
