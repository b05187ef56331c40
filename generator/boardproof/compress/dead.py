"""Channels whose weights are all zero, removed for real: what is left of them is a constant, which moves on.

Pruned weights alone save nothing on a board, whose kernels multiply by zero as by anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from boardproof.compress.channels import PRODUCERS, TRANSPOSED, analyse
from boardproof.compress.graph import flattened, nodes, variable
from boardproof.compress.shrink import without

if TYPE_CHECKING:
    from keras.src.ops.node import Node
    from numpy.typing import NDArray

    from boardproof.compress.channels import Channels

_OPEN = 128
"""In place of a size that a model leaves open: enough for its convolutions and pools."""


def remove_dead(model: keras.Model) -> keras.Model:
    """A copy without the channels that compute nothing; it gives the same outputs, up to the rounding of float sums.

    A channel whose weights are zero gives its bias, whatever comes in; what the next layer makes of that is added to
    its bias. Where that layer pads with zeros, a constant other than zero is seen inside but not at the edges: such
    channels stay, as do those that a sum shares with one that works.

    Raises:
        InputError: The model has no graph.
    """
    flat = flattened(model)
    channels = analyse(flat)
    dead = _dead_units(flat, channels)
    while dead:
        shifts, visible = _constants(flat, channels, dead)
        if not visible:
            return without(flat, channels, frozenset(dead), shifts)
        dead -= visible
    return flat


def _dead_units(model: keras.Model, channels: Channels) -> set[int]:
    live: dict[str, NDArray[np.bool_]] = {}
    for layer in model.layers:
        if isinstance(layer, PRODUCERS):
            kernel = np.asarray(variable(layer, "kernel"))
            kernel = kernel.swapaxes(-1, -2) if isinstance(layer, TRANSPOSED) else kernel
            live[layer.name] = np.asarray(kernel.reshape(-1, kernel.shape[-1]).any(axis=0))
    dead = {unit for unit, made in channels.producers.items() if not any(live[name][index] for name, index in made)}
    dead -= channels.blended
    return dead - _all_of_a_layer(channels, dead)


def _all_of_a_layer(channels: Channels, dead: set[int]) -> set[int]:
    """One unit of each layer that would lose all of them: no layer can be without channels."""
    spared: set[int] = set()
    for units in channels.made.values():
        if len(units) and set(units.tolist()) <= dead - spared:
            spared.add(int(units[0]))
    return spared


def _constants(
    model: keras.Model, channels: Channels, dead: set[int]
) -> tuple[dict[str, NDArray[np.float32]], set[int]]:
    """What the dead units give to the bias of each layer that takes them, and the units whose constant cannot be that.

    Their values do not depend on the inputs, so one run shows them.
    """
    takers = [node for node in nodes(model) if isinstance(node.operation, PRODUCERS)]
    seen = keras.Model(model.inputs, [node.input_tensors[0] for node in takers])
    values = seen([_some(tensor) for tensor in model.inputs], training=False)
    constants: dict[str, NDArray[np.float32]] = {}
    shifts: dict[str, NDArray[np.float32]] = {}
    visible: set[int] = set()
    for node, value in zip(takers, values, strict=True):
        units = channels.taken[node.operation.name]
        chosen = np.isin(units, sorted(dead))
        if not chosen.any():
            continue
        flat = np.asarray(value).reshape(-1, len(units))
        constant = np.where(chosen, flat[0], 0.0).astype(np.float32)
        uneven = chosen & (flat.max(axis=0) != flat.min(axis=0))
        if not _sees_all_of_its_input(node):
            uneven |= chosen & (constant != 0)
        uneven |= constants.setdefault(node.operation.name, constant) != constant  # one bias for all of its calls
        visible.update(units[uneven].tolist())
        if constant.any():
            shifts[node.operation.name] = _through(node, constant)
    return shifts, visible


def _some(tensor: Any) -> NDArray[np.generic]:
    """One sample for an input; of indices the first, which every table has."""
    shape = (1, *(size or _OPEN for size in tensor.shape[1:]))
    real = keras.backend.is_float_dtype(tensor.dtype)
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32) if real else np.zeros(shape, tensor.dtype)


def _sees_all_of_its_input(node: Node) -> bool:
    """Whether every output takes the same number of values of each channel, so that a constant gives a constant."""
    layer: Any = node.operation
    if isinstance(layer, TRANSPOSED):
        return False
    taps = int(np.prod(getattr(layer, "kernel_size", (1,))))
    return taps == 1 or layer.padding == "valid"


def _through(node: Node, constant: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a layer makes of constant channels, [channels it makes]."""
    kernel = np.asarray(variable(node.operation, "kernel"))
    if isinstance(node.operation, TRANSPOSED):
        kernel = kernel.swapaxes(-1, -2)
    total = kernel.reshape(-1, *kernel.shape[-2:]).sum(axis=0)
    return np.asarray(constant @ total, np.float32)
