"""DEPTHWISE_CONV_2D to the kernels of nn_depthwise_m4.h."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.lower_conv import window_text
from boardproof.project.runtimes.aot.m4_linear import is_int8, linear_layer
from boardproof.project.runtimes.aot.operands import activation_range, activation_text, flow_text, quantization
from boardproof.project.runtimes.aot.overlap import padding_before
from boardproof.project.runtimes.aot.pack import UNIT, pack_depthwise3
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from boardproof.model.graph import DepthwiseConv2D, Graph
    from boardproof.project.runtimes.aot.program import Value


KERNELS = {
    ((1, 1), True): "nn_depthwise3_s8_m4",
    ((1, 1), False): "nn_depthwise3_two_sided_s8_m4",
    ((2, 2), True): "nn_depthwise3_stride2_s8_m4",
    ((2, 2), False): "nn_depthwise3_stride2_two_sided_s8_m4",
}
"""By stride and by whether rescaling is one-sided."""


def choose_depthwise(op: DepthwiseConv2D, graph: Graph) -> Step | None:
    """The step for 3x3, stride 1 or 2, channels divisible by 4."""
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    pads = padding_before((data.shape[1], data.shape[2]), (3, 3), op.window)
    if (
        weights.shape[1:3] != (3, 3)
        or op.window.stride not in {stride for stride, _ in KERNELS}
        or op.window.dilation != (1, 1)
        or op.depth_multiplier != 1
        or data.shape[0] != 1
        or data.shape[3] % UNIT
        or max(pads) > 1
        or not is_int8(data, weights)
    ):
        return None
    rows, columns = ((data.shape[axis], output.shape[axis], pads[axis - 1]) for axis in (1, 2))
    along_columns = _line_cost(output.shape[1], output.shape[2]) < _line_cost(output.shape[2], output.shape[1])
    packed = pack_depthwise3(linear_layer(op, graph, weights.array().reshape(9, -1).T), transpose=along_columns)
    if packed is None:
        return None
    low, high = activation_range(op.activation, output)
    channels = data.shape[3]
    row_axis = (*rows, data.shape[2] * channels, output.shape[2] * channels)
    column_axis = (*columns, channels, channels)
    line, across = (row_axis, column_axis) if along_columns else (column_axis, row_axis)
    fields: tuple[tuple[str, Value], ...] = (
        *_axis_fields("line", line),
        *_axis_fields("across", across),
        ("channels", channels),
        ("stride", op.window.stride[0]),
        ("input_zero_point", quantization(data).zero_point),
        ("activation_min", low),
        ("activation_max", high),
        ("one_sided", int(packed.one_sided)),
        ("round", packed.round),
        ("stream", Table("stream", packed.stream, f"biases, factors, weights, {weights.label}", weights.index)),
    )
    words = -(-line[1] // 2) * op.window.stride[0] + 1
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=KERNELS[op.window.stride, packed.one_sided],
        header="nn_depthwise_m4.h",
        params=Params("nn_depthwise3_s8_m4", fields),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=48 * words + 160,
        in_place=(InPlace(0),) if data.shape == output.shape else (),
        description=f"{flow_text(data, output)}, {window_text((3, 3), op.window)}{activation_text(op.activation)}",
    )


def _line_cost(line: int, across: int) -> int:
    """Pairs of outputs computed, and about two pairs' time to begin a line."""
    return across * (-(-line // 2) + 2)


def _axis_fields(name: str, axis: tuple[int, ...]) -> tuple[tuple[str, int], ...]:
    members = ("input_size", "output_size", "pad", "input_step", "output_step")
    return tuple((f"{name}.{member}", value) for member, value in zip(members, axis, strict=True))
