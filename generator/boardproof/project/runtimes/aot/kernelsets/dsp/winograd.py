"""CONV_2D of 3x3 windows to nn_winograd_s8_dsp: its tables, its scratch memory, and where it can be had at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT, fits, padded
from boardproof.project.runtimes.aot.kernelsets.dsp.rescale import SCALE_BITS, one_sided_layer, two_sided
from boardproof.project.runtimes.aot.operands import activation_range, activation_text, flow_text, quantization
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import padding_before, safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, Graph
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.program import Value

    Fields = tuple[tuple[str, Value], ...]

TILES = 4
"""Tiles of a block: NN_WINOGRAD_TILES."""

FAST_SHIFT = 12
"""The shift of one-sided rescaling: NN_GEMM_FAST_SHIFT."""

_WINDOW = (3, 3)
_POINTS = 16
_TRANSFORM = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]], np.int64)
"""G of nn_winograd_dsp.h."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Where a layer's transformed weights are.

    Attributes:
        expanded: In scratch memory, made for each group of blocks; else in flash.
        blocks: Blocks of a group.
    """

    expanded: bool
    blocks: int


BLOCK_BYTES = 128
"""A transformed block's, for each input channel."""

IN_FLASH = Memory(expanded=False, blocks=1)


def fastest_winograd(op: Conv2D, graph: Graph, tuning: Tuning) -> Step | None:
    """The step of the least estimated instructions that what the tuning allows has room for; None if there is none."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    memories = [IN_FLASH] if tuning.transformed_weights else []
    room = tuning.spare_bytes.get(op.index, 0) - scratch_bytes(data.shape[-1], Memory(expanded=True, blocks=0))
    if blocks := max(room, 0) // (BLOCK_BYTES * data.shape[-1]):
        count = block_count(output.shape)
        groups = -(-count // blocks)
        memories.append(Memory(expanded=True, blocks=-(-count // groups)))
    steps = [step for memory in memories if (step := choose_winograd(op, graph, memory)) is not None]
    return min(steps, key=lambda step: step.ticks or 0, default=None)


def choose_winograd(op: Conv2D, graph: Graph, memory: Memory = IN_FLASH) -> Step | None:
    """The step; None where the window, the channels or the arithmetic are none of the kernel's."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    is_plain = op.window.stride == op.window.dilation == (1, 1) and weights.shape[1:3] == _WINDOW
    if data.shape[0] != 1 or data.shape[3] != weights.shape[3] or not is_int8(data, weights) or not is_plain:
        return None
    if data.shape[3] % UNIT:
        return None
    linear = linear_layer(op, graph, weights.array().reshape(weights.shape[0], -1))
    rescaling = _rescaling(linear)
    if rescaling is None:
        return None
    round_, factors = rescaling
    zero_point = quantization(data).zero_point
    table = (expanded_weights if memory.expanded else transformed_weights)(weights.array())
    across = -(-output.shape[2] // 2)
    low, high = activation_range(op.activation, output)
    fields: Fields = (
        *window_fields(data, output, _WINDOW, op.window),
        ("input_channels", data.shape[3]),
        ("output_channels", output.shape[3]),
        ("steps", data.shape[3] // 2),
        ("across", across),
        ("tiles", across * -(-output.shape[1] // 2)),
        ("activation_min", low),
        ("activation_max", high),
        ("blocks", memory.blocks),
        ("expanded", int(memory.expanded)),
        ("round", round_),
        ("weights", Table("weights", table, f"weights for Winograd's tiles, {weights.label}", weights.index)),
        ("factors", Table("factors", factors, "biases, factors")),
        ("pad", Table("pad", np.full(data.shape[3], zero_point, np.int8), "what is outside the image")),
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_winograd_s8_dsp",
        header="nn_winograd_dsp.h",
        params=Params("nn_winograd_s8_dsp", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=scratch_bytes(data.shape[3], memory),
        in_place=(InPlace(0, _overlap(op, graph, memory.blocks)),),
        description=f"{flow_text(data, output)}, {window_text(_WINDOW, op.window)}" + activation_text(op.activation),
        ticks=estimated_ticks(data.shape[3], output.shape, memory, two_sided=bool(round_)),
    )


def block_count(output: tuple[int, ...]) -> int:
    """Blocks of an output [1, H, W, C]."""
    return -(-(-(-output[1] // 2) * -(-output[2] // 2)) // TILES)


def scratch_bytes(channels: int, memory: Memory) -> int:
    """What nn_winograd_dsp.h asks for."""
    shared = max(80 * channels, 64 * channels + 512) if memory.expanded else 80 * channels + 512
    return BLOCK_BYTES * memory.blocks * channels + shared


def estimated_ticks(channels: int, output: tuple[int, ...], memory: Memory, *, two_sided: bool) -> int:
    """Instructions, as measured on mps2-an386, of an output [1, H, W, C]: up to 4 % off."""
    across = -(-output[2] // 2)
    first = np.arange(block_count(output)) * TILES
    is_row = first % across + TILES <= across
    is_inside = (2 * (first % across + TILES) <= output[2]) & (2 * (first // across) + 2 <= output[1])
    pairs, blocks = -(-output[3] // 2), first.size
    products = 88 * channels + 48 * -(-(channels // 2 - 1) // 8) + 800 + 100 * two_sided
    partly = 450 * np.count_nonzero(~is_inside) * pairs + (90 * channels + 300) * np.count_nonzero(~is_row)
    expanding = 55 * channels * pairs * -(-blocks // memory.blocks) if memory.expanded else 0
    return int(blocks * (pairs * products + 128 * channels + 600) + partly + expanding)


def transformed_weights(weights: NDArray[np.generic]) -> NDArray[np.uint32]:
    """U of int8 [channels, 3, 3, inputs], as words [pairs][points][inputs / 2][2 channels]."""
    points = np.einsum("iy,jx,pkyxsl->pijskl", _TRANSFORM, _TRANSFORM, _lanes(weights).astype(np.int64))
    return np.ascontiguousarray(points).astype("<i2").reshape(-1).view("<u4")


def expanded_weights(weights: NDArray[np.generic]) -> NDArray[np.uint32]:
    """int8 [channels, 3, 3, inputs] as words [pairs][inputs / 2][rows 0, 2, 1][3]: what the kernel makes U of."""
    bytes_ = _lanes(weights)[:, :, [0, 2, 1]].transpose(
        0, 4, 2, 3, 5, 1
    )  # pairs, steps, rows, columns, lanes, channels
    return np.ascontiguousarray(bytes_).reshape(-1).view("<u4")


def _lanes(weights: NDArray[np.generic]) -> NDArray[np.int8]:
    """int8 [channels, 3, 3, inputs] as [pairs, 2 channels, 3, 3, steps, 2 lanes]."""
    channels, _, _, inputs = weights.shape
    even = padded(weights.astype(np.int8), channels + channels % 2, *weights.shape[1:])
    units = even.reshape(-1, 2, *_WINDOW, inputs // UNIT, 2, 2)  # [..., units, lanes, steps of a unit]
    return units.swapaxes(-1, -2).reshape(*units.shape[:4], inputs // 2, 2)


def _rescaling(linear: Linear) -> tuple[int, NDArray[np.int32]] | None:
    """`round` and `factors`; None if accumulators can be too large, or factors have no exact form."""
    if not fits(linear):
        return None
    one = one_sided_layer(linear.channels, linear.output_zero_point) if linear.is_one_sided else None
    if one is not None and one.shift[0] != FAST_SHIFT:
        one = None
    rescale = one or two_sided(linear.channels)
    if rescale is None:
        return None
    low_bits = np.zeros_like(rescale.shift) if one else rescale.shift
    bias = (linear.folded_bias << SCALE_BITS) + rescale.offset + low_bits
    factors = padded(np.stack([bias, rescale.multiplier], axis=1), -(-len(bias) // 2) * 2, 2)
    return 0 if one else 2 * linear.output_zero_point + 1, factors.astype(np.int32).reshape(-1)


def _overlap(op: Conv2D, graph: Graph, blocks: int) -> int:
    """How the output may overlap the input: a group of blocks is read before it is written."""
    data, output = graph.tensors[op.input].shape, graph.tensors[op.output].shape
    top = padding_before((data[1], data[2]), _WINDOW, op.window)[0]
    across = -(-output[2] // 2)
    first = np.arange(0, block_count(output), blocks) * TILES
    last = np.minimum(first + blocks * TILES, across * -(-output[1] // 2)) - 1
    reads = (2 * (first // across) - top).clip(0) * data[2] * data[3]
    ends = np.minimum(2 * (last // across) + 2, output[1]) * output[2] * output[3]
    return safe_offset(reads, ends, reads_first=True)
