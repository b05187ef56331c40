"""Structured pruning: filters, channels and neurons that are really gone, from any graph."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.channels import DEPTHWISE, PRODUCERS, TRANSPOSED, analyse
from boardproof.compress.graph import clone, consumers, describe, flattened, nodes, rebuild, variable
from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keras.src.ops.node import Node
    from numpy.typing import NDArray

    from boardproof.compress.channels import Channels

    Score = Callable[[keras.layers.Layer], NDArray[np.floating[Any]]]
    """How much each channel that a layer makes is worth, [channels]."""
    Finetune = Callable[[keras.Model], object]
    """Trains a model a little, in place."""

_ROUNDING = 1e-9
"""Half of 24 channels are 12, whatever powers and products made of the half."""
_FINEST = 1 / 32
"""Of the fractions that shrink_to_fit() tries."""


def shrink(model: keras.Model, fraction: float, *, multiple: int = 4, score: Score | None = None) -> keras.Model:
    """A copy of the model with a fraction of its channels removed; what is left computes what it did.

    In each set of layers that share channels the least worth go. The result equals the model with those channels set to
    zero where the next layer takes them.

    Args:
        model: A functional or Sequential model.
        fraction: Of the channels of each layer, above 0 and below 1.
        multiple: Widths stay multiples of this, which kernels like; no layer gets narrower.
        score: What channels are worth; by default the norm of their weights over the layer's average, a
            BatchNormalization behind it counted in (Li et al. 2017, arXiv:1608.08710).

    Raises:
        InputError: The model has no graph, nothing in it can be removed, or a wrong argument.
    """
    _check_fraction(fraction)
    flat = flattened(model)
    removed = choose(flat, fraction, multiple, score)
    if not removed:
        raise InputError(
            f"Nothing of model {safe_label(model.name)} can be removed at {fraction:.0%}: its layers are as narrow as "
            f"{multiple} channels, or their channels are all needed.",
            "Choose a larger fraction or a smaller multiple; see docs/smaller.md for what pins channels.",
        )
    return without(flat, analyse(flat), removed)


def shrink_in_steps(
    model: keras.Model,
    fraction: float,
    finetune: Finetune,
    *,
    steps: int = 2,
    multiple: int = 4,
    score: Score | None = None,
) -> keras.Model:
    """As shrink(), a part at a time, with training in between and after it: large fractions cost less so."""
    _check_fraction(fraction)
    narrow = flattened(model)
    widths = {layers: len(units) for layers, units in _sets(analyse(narrow)).items()}
    for step in range(steps):
        so_far = 1.0 - (1.0 - fraction) ** ((step + 1) / steps)
        removed = choose(narrow, so_far, multiple, score, widths)
        narrow = without(narrow, analyse(narrow), removed)
        finetune(narrow)
    return narrow


def shrink_to_fit(model: keras.Model, fits: Callable[[keras.Model], bool], *, multiple: int = 4) -> float:
    """The smallest fraction to remove so that the model fits a budget: 0 where it does already.

    Sizes and instructions depend on shapes, not on what the weights say, so this comes before any training.

    Args:
        model: The model.
        fits: Whether a model fits, such as on a board.
        multiple: As in shrink().

    Raises:
        InputError: It does not fit even where next to nothing is left.
    """
    if fits(model):
        return 0.0
    flat = flattened(model)

    def narrowed(fraction: float) -> keras.Model:
        return without(flat, analyse(flat), choose(flat, fraction, multiple))

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


def choose(
    model: keras.Model,
    fraction: float,
    multiple: int,
    score: Score | None = None,
    widths: Mapping[tuple[str, ...], int] | None = None,
) -> frozenset[int]:
    """The units to remove from a flat model: in each set of layers that share units, the least worth.

    `widths`: how many units each set had, of which the fraction is; those it has now if None.
    """
    channels = analyse(model)
    worth = _worth(model, channels, score)
    removed: set[int] = set()
    for names, units in _sets(channels).items():
        width = widths[names] if widths else len(units)
        kept = max(multiple, multiple * ceil(width * (1.0 - fraction) / multiple - _ROUNDING))
        removed.update(sorted(units, key=lambda unit: worth[unit])[: max(0, len(units) - kept)])
    return frozenset(removed)


def _sets(channels: Channels) -> dict[tuple[str, ...], list[int]]:
    """The units that each set of layers makes together."""
    sets: dict[tuple[str, ...], list[int]] = {}
    for unit, producers in channels.producers.items():
        sets.setdefault(tuple(sorted({name for name, _ in producers})), []).append(unit)
    return sets


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
        copy.set_weights(_weights(layer, taken[layer.name], kept[layer.name], shifts.get(layer.name)))
    return narrow


def _check_fraction(fraction: float) -> None:
    if not 0 < fraction < 1:
        raise InputError(f"A fraction of {fraction} cannot be removed.", "Choose one above 0 and below 1.")


def _narrowed(node: Node, kept: NDArray[np.bool_]) -> dict[str, object]:
    """The arguments of a layer that say how many channels it makes."""
    width = int(kept.sum())
    match node.operation:
        case layers.Dense():
            return {"units": width}
        case layers.Conv1D() | layers.Conv2D() | layers.Conv1DTranspose() | layers.Conv2DTranspose():
            return {"filters": width}
        case layers.Reshape():
            return {"target_shape": (*node.outputs[0].shape[1:-1], width)}
        case _:
            return {}


def _weights(
    layer: keras.layers.Layer,
    taken: NDArray[np.bool_],
    kept: NDArray[np.bool_],
    shift: NDArray[np.float32] | None,
) -> list[NDArray[np.float32]]:
    weights = layer.get_weights()
    if not weights:
        return []
    if isinstance(layer, PRODUCERS):
        rows, columns = (kept, taken) if isinstance(layer, TRANSPOSED) else (taken, kept)
        bias = weights[1:] or ([np.zeros(len(kept), np.float32)] if shift is not None else [])
        if shift is not None:
            bias = [bias[0] + shift]
        return [weights[0][..., rows, :][..., columns], *(values[kept] for values in bias)]
    if isinstance(layer, DEPTHWISE):
        return [weights[0][..., taken, :], *(values[kept] for values in weights[1:])]
    return [values[..., kept] if values.shape[-1:] == kept.shape else values for values in weights]


def _worth(model: keras.Model, channels: Channels, score: Score | None) -> dict[int, float]:
    norms = _norms_behind(model)
    scores: dict[str, NDArray[np.floating[Any]]] = {}
    for layer in model.layers:
        if isinstance(layer, PRODUCERS):
            found = np.asarray(score(layer)) if score else _weight_norms(layer, norms.get(layer.name))
            if found.shape != (len(channels.made[layer.name]),):
                raise InputError(
                    f"The score of layer {describe(layer)} has shape {list(found.shape)}; the layer makes "
                    f"{len(channels.made[layer.name])} channels.",
                    "Return one number for each channel.",
                )
            scores[layer.name] = found
    return {
        unit: float(sum(scores[name][index] for name, index in producers))
        for unit, producers in channels.producers.items()
    }


def _norms_behind(model: keras.Model) -> dict[str, keras.layers.Layer]:
    """By layer name: the BatchNormalization right behind a layer."""
    users = consumers(model)
    found = {}
    for node in nodes(model):
        after = users.get(id(node.outputs[0]), [])
        if len(after) == 1 and isinstance(after[0].operation, layers.BatchNormalization):
            found[node.operation.name] = after[0].operation
    return found


def _weight_norms(layer: keras.layers.Layer, norm: keras.layers.Layer | None) -> NDArray[np.floating[Any]]:
    """The norm of each output channel's weights over the layer's average."""
    kernel = np.asarray(variable(layer, "kernel"), np.float64)
    if isinstance(layer, TRANSPOSED):
        kernel = kernel.swapaxes(-1, -2)
    found = np.sqrt((kernel.reshape(-1, kernel.shape[-1]) ** 2).sum(axis=0))
    if norm is not None:
        found = found / np.sqrt(np.asarray(norm.moving_variance) + norm.epsilon)
        if norm.gamma is not None:
            found = found * np.abs(np.asarray(norm.gamma))
    return np.asarray(found / (found.mean() + 1e-12))
