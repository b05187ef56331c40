"""Products of matrices that are both computed: BATCH_MATMUL, and FULLY_CONNECTED with such weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import BatchMatMul, DType, FullyConnected
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import UNIT
from boardproof.project.runtimes.aot.operands import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    activation_text,
    convolution_factors,
    flow_text,
    quantization,
    shape_text,
)
from boardproof.project.runtimes.aot.operators.products.batch_matmul import (
    lower_batch_matmul,
    matmul_factor,
    matmul_fields,
)
from boardproof.project.runtimes.aot.operators.windows.convolution import bias_table
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.aot.program import Fields

ROWS = 4
"""NN_PRODUCTS_ROWS."""

PANEL_BYTES = 4096
"""What unpacked columns may take, if LEAST_PANEL of them take no more."""

LEAST_PANEL = 8
"""Columns: with fewer, unpacking the rows again for each panel costs as much as multiplying."""

LARGEST_SUM = (1 << 30) - 1
"""Sums are held doubled."""

_LARGEST_PRODUCT = 255 * 255
_FAST_EXPONENTS = range(1, 24)


@dataclass(frozen=True, slots=True)
class _Product:
    """Sizes of a product of matrices, its factor, and what is added to each column."""

    rows: int
    depth: int
    columns: int
    factor: float
    bias: Fields = (("bias", None),)
    limits: tuple[int, int] = (INT8_MIN, INT8_MAX)

    @property
    def is_fast(self) -> bool:
        """Whether the matrix product rounds, too."""
        return -quantize_multiplier(self.factor)[1] in _FAST_EXPONENTS

    @property
    def panel(self) -> int:
        """Columns that are unpacked at once, a multiple of 4, the same for all panels if that can be."""
        most = max(PANEL_BYTES // self._column_bytes, LEAST_PANEL) // 4
        fours = -(-self.columns // 4)
        return 4 * -(-fours // -(-fours // most))

    @property
    def scratch_bytes(self) -> int:
        is_direct = self.is_fast and self.rows % ROWS == 0 and self.columns % 2 == 0
        tile = 0 if is_direct else ROWS * (1 if self.is_fast else 4) * self.panel
        return self.panel * self._column_bytes + 8 * ROWS * self._units + tile

    @property
    def _units(self) -> int:
        return -(-self.depth // UNIT)

    @property
    def _column_bytes(self) -> int:
        return 8 * self._units + 4


def choose_product(op: BatchMatMul | FullyConnected, graph: Graph) -> Step | None:
    """One nn_batch_matmul_s8_dsp, or _s16; None for other types, constant weights, and large int8 sums."""
    match op:
        case BatchMatMul():
            return _batch_matmul(op, graph)
        case FullyConnected():
            return _dense(op, graph)


def _batch_matmul(op: BatchMatMul, graph: Graph) -> Step | None:
    left, right, output = (graph.tensors[i] for i in (*op.inputs, op.output))
    depth = left.shape[-2 if op.adjoint_left else -1]
    if left.dtype is DType.INT16:
        return _batch_matmul_int16(op, graph, depth)
    if left.dtype is not DType.INT8 or depth * _LARGEST_PRODUCT > LARGEST_SUM:
        return None
    product = _Product(output.shape[-2], depth, output.shape[-1], matmul_factor(left, right, output))
    text = f"{shape_text(left)} * {shape_text(right)} -> {shape_text(output)}"
    return _step(op, graph, product, matmul_fields(op, graph), text)


def _batch_matmul_int16(op: BatchMatMul, graph: Graph, depth: int) -> Step:
    """The portable kernel's step with the other kernel: both have sums of 64 bits."""
    portable = lower_batch_matmul(op, graph)
    line_bytes = 4 * -(-depth // 2)
    columns = graph.tensors[op.output].shape[-1]
    panel = min(max(PANEL_BYTES // line_bytes, LEAST_PANEL), columns) + 1 & ~1
    return replace(
        portable,
        kernel="nn_batch_matmul_s16_dsp",
        header="nn_batch_matmul_dsp.h",
        params=Params("nn_batch_matmul_s16_dsp", (*portable.params.fields, ("panel", panel))),
        scratch_bytes=line_bytes * (panel + 2),
        in_place=(),
    )


def _dense(op: FullyConnected, graph: Graph) -> Step | None:
    data, weights, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    units, depth = weights.shape
    index = op.optional_input(2)
    bias = None if index is None else graph.tensors[index]
    largest = 0 if bias is None else int(np.abs(bias.array().astype(np.int64)).max(initial=0))
    if {data.dtype, weights.dtype} != {DType.INT8} or weights.is_constant:
        return None
    if depth * _LARGEST_PRODUCT + largest > LARGEST_SUM:
        return None
    rows, ones, zeros = data.elements // depth, (1, 1, 1), (0, 0, 0)
    sizes: Fields = (
        *(("batches", ones), ("left_batch", zeros), ("right_batch", zeros)),
        *(("rows", rows), ("depth", depth), ("columns", units)),
        *(("left_row", depth), ("left_depth", 1), ("right_depth", 1), ("right_column", depth)),
    )
    product = _Product(
        rows,
        depth,
        units,
        convolution_factors(data, weights, output)[0],
        (("bias", None if bias is None else bias_table(bias)),),
        activation_range(op.activation, output),
    )
    fields: Fields = tuple((f"shape.{name}", value) for name, value in sizes)
    return _step(op, graph, product, fields, flow_text(data, output) + activation_text(op.activation))


def _step(op: BatchMatMul | FullyConnected, graph: Graph, product: _Product, sizes: Fields, text: str) -> Step:
    left, right, output = (quantization(graph.tensors[i]) for i in (*op.inputs[:2], op.output))
    multiplier, shift = quantize_multiplier(product.factor)
    fields: Fields = (
        *sizes,
        ("left_zero_point", left.zero_point),
        ("right_zero_point", right.zero_point),
        ("output_zero_point", output.zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("activation_min", product.limits[0]),
        ("activation_max", product.limits[1]),
        ("panel", product.panel),
        *product.bias,
    )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_batch_matmul_s8_dsp",
        header="nn_batch_matmul_dsp.h",
        params=Params("nn_batch_matmul_s8_dsp", fields),
        inputs=op.inputs[:2],
        outputs=(op.output,),
        scratch_bytes=product.scratch_bytes,
        description=text,
    )
