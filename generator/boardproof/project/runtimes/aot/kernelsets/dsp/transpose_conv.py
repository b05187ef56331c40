"""TRANSPOSE_CONV to the kernels of nn_transpose_conv_dsp.h: one matrix product for each phase of the outputs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.kernelsets.dsp.linear import is_int8, linear_layer, wide_fields
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import pack_gemms, pack_wides, padded
from boardproof.project.runtimes.aot.kernelsets.dsp.pack_int16 import gemm_stream as gemm_stream_s16
from boardproof.project.runtimes.aot.kernelsets.dsp.pack_int16 import in_lane_order, pack_int16
from boardproof.project.runtimes.aot.kernelsets.dsp.phases import PIXELS, layout_of
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    quantization,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import window_fields, window_text
from boardproof.project.runtimes.aot.overlap import safe_offset
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor, TransposeConv
    from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear
    from boardproof.project.runtimes.aot.kernelsets.dsp.phases import Layout, Matrix
    from boardproof.project.runtimes.aot.kernelsets.types import Tuning
    from boardproof.project.runtimes.aot.program import Fields


@dataclass(frozen=True, slots=True)
class _Layer:
    """A transposed convolution on its way to a step."""

    op: TransposeConv
    graph: Graph
    layout: Layout
    columns: int

    @classmethod
    def of(cls, op: TransposeConv, graph: Graph, tuning: Tuning, *, may_join: bool) -> _Layer:
        layout = layout_of(op, graph, may_join=may_join)
        return cls(op, graph, layout, layout.strip(tuning.rows_scratch_bytes))

    @property
    def tensors(self) -> tuple[Tensor, Tensor, Tensor]:
        """Data, weights, output."""
        tensors = self.graph.tensors
        return tensors[self.op.input], tensors[self.op.inputs[1]], tensors[self.op.output]

    @property
    def joined(self) -> int:
        """Phases that are channels of one product."""
        return self.layout.channels // self.tensors[2].shape[3]

    @property
    def pairs(self) -> int:
        """Of channels of a group."""
        return -(-self.layout.channels // 2)

    @property
    def matrices(self) -> list[Matrix]:
        """Of all phases; with zeros where the kernel is smaller than the stride."""
        values = self.tensors[1].array().astype(np.int8)
        rows, columns = self.layout.rows.kernel, self.layout.columns.kernel
        return self.layout.matrices(padded(values, len(values), rows, columns, values.shape[3]))

    @property
    def activation_fields(self) -> Fields:
        low, high = activation_range(self.op.activation, self.tensors[2])
        return (("activation_min", low), ("activation_max", high))

    @property
    def linears(self) -> list[Linear]:
        """Of all phases."""
        weights = self.tensors[1].array()
        whole = linear_layer(self.op, self.graph, weights.reshape(len(weights), -1))
        bias, multiplier, shift = (np.tile(row, self.joined) for row in (whole.bias, whole.multiplier, whole.shift))
        repeated = replace(whole, bias=bias, multiplier=multiplier, shift=shift)
        return [replace(repeated, weights=matrix) for matrix in self.matrices]

    def shape_fields(self, sizes: list[int]) -> Fields:
        """Everything but the arithmetic; `sizes` are of the phases' streams, in words."""
        data, weights, output = self.tensors
        layout = self.layout
        groups = np.array([(g.first - layout.first, g.width, g.column, g.count) for g in layout.groups], np.int32)
        window = dict(window_fields(output, data, (weights.shape[1], weights.shape[2]), self.op.window))
        window |= {"window.kernel_height": layout.rows.kernel, "window.kernel_width": layout.columns.kernel}
        begins = (np.cumsum(sizes) - sizes).astype(np.int32)
        shape: Fields = (
            *window.items(),
            ("batches", data.shape[0]),
            ("input_channels", data.shape[3]),
            ("output_channels", output.shape[3]),
            ("units", layout.units),
            ("channels", layout.channels),
            ("columns", self.columns),
            ("strip_columns", self.columns - 1 + layout.window_columns),
            ("first", layout.first),
            ("longest", layout.longest),
            ("groups", len(layout.groups)),
            ("group", Table("group", groups.reshape(-1), "horizontal phases")),
            ("streams", Table("streams", begins, "where each phase's weights begin")),
        )
        return tuple((f"shape.{name}", value) for name, value in shape)

    def int8_fields(self, streams: list[NDArray[np.uint32]], round_: int, shift: int) -> Fields:
        """All of nn_transpose_conv_s8_dsp."""
        return (
            *self.shape_fields([stream.size for stream in streams]),
            ("input_zero_point", quantization(self.tensors[0]).zero_point),
            *self.activation_fields,
            ("gemm.stream", self.stream(streams)),
            ("gemm.pairs", self.pairs),
            ("gemm.round", round_),
            ("gemm.shift", shift),
        )

    def stream(self, streams: list[NDArray[np.uint32]]) -> Table:
        weights = self.tensors[1]
        return Table("stream", np.concatenate(streams), f"biases, weights, factors, {weights.label}", weights.index)

    def step(self, kernel: str, fields: Fields, tile_bytes: int) -> Step:
        data, weights, output = self.tensors
        text = f"{flow_text(data, output)}, {window_text((weights.shape[1], weights.shape[2]), self.op.window)}"
        return Step(
            operator=self.op.index,
            implements=(self.op.index,),
            kernel=kernel,
            header="nn_transpose_conv_dsp.h",
            params=Params(kernel, fields),
            inputs=(self.op.input,),
            outputs=(self.op.output,),
            scratch_bytes=self.layout.block_bytes(self.columns) + tile_bytes,
            in_place=self._overlap,
            description=text + activation_text(self.op.activation),
        )

    @property
    def _overlap(self) -> tuple[InPlace, ...]:
        """How the output may overlap the input, where a row of outputs is one strip: all it needs is read before."""
        data, _, output = self.tensors
        if data.shape[0] > 1 or self.layout.longest > PIXELS * self.columns:
            return ()
        rows, size = self.layout.rows, data.dtype.size_bytes
        places = [row + rows.pad for row in range(output.shape[1])]
        firsts = [place // rows.stride - len(rows.taps(place % rows.stride)) + 1 for place in places]
        reads = np.array(firsts).clip(0, data.shape[1]) * data.shape[2] * data.shape[3] * size
        writes = np.arange(1, len(places) + 1) * output.shape[2] * output.shape[3] * size
        return (InPlace(0, safe_offset(reads, writes, reads_first=True)),)


def choose_transpose_conv(op: TransposeConv, graph: Graph, tuning: Tuning) -> Step | None:
    """The step; None where nothing can be packed."""
    weights, data = graph.tensors[op.inputs[1]], graph.tensors[op.input]
    if not weights.is_constant:
        return None
    if data.dtype is DType.INT16 and weights.dtype is DType.INT8:
        return _int16(_Layer.of(op, graph, tuning, may_join=True))
    if not is_int8(data, weights):
        return None
    narrow = _int8(_Layer.of(op, graph, tuning, may_join=True))
    return narrow or _wide(_Layer.of(op, graph, tuning, may_join=False))


def _int8(layer: _Layer) -> Step | None:
    packed = pack_gemms(layer.linears)
    if packed is None:
        return None
    fields = layer.int8_fields([each.stream for each in packed], packed[0].round, packed[0].shift)
    return layer.step("nn_transpose_conv_s8_dsp", fields, 2 * PIXELS * layer.pairs)


def _wide(layer: _Layer) -> Step | None:
    """All phases are cut into as many parts."""
    packed = pack_wides(layer.linears)
    if packed is None:
        return None
    fields: Fields = (
        *((f"conv.{name}", value) for name, value in layer.int8_fields([each.stream for each in packed], 0, 0)),
        *wide_fields(layer.linears, packed[0].parts, convolution_factors(*layer.tensors)),
    )
    return layer.step("nn_transpose_conv_wide_s8_dsp", fields, 10 * PIXELS * layer.pairs)


def _int16(layer: _Layer) -> Step | None:
    weights = layer.tensors[1].array()
    packed = pack_int16(layer.op, layer.graph, weights.reshape(len(weights), -1))
    if packed is None:
        return None
    repeated, every = packed.repeated(layer.joined), np.arange(layer.layout.channels)
    streams = [gemm_stream_s16(repeated, in_lane_order(matrix), every) for matrix in layer.matrices]
    fields: Fields = (
        *layer.shape_fields([stream.size for stream in streams]),
        *layer.activation_fields,
        ("gemm.stream", layer.stream(streams)),
        ("gemm.pairs", layer.pairs),
        ("gemm.positive", int(layer.activation_fields[0][1] == 0)),
    )
    return layer.step("nn_transpose_conv_s16_dsp", fields, 4 * PIXELS * layer.pairs)
