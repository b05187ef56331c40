"""CUMSUM."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.model.shapes.graph import constant_ints
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import parameters
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, Entry, alike
from boardproof.project.runtimes.aot.operands import quantization, shape_text
from boardproof.project.runtimes.aot.program import InPlace, Step
from boardproof.project.runtimes.aot.steps import kernel_step, typed_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import CumSum, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


CUMSUM_BITS = 20
"""CUMSUM scales up by this many bits, and halves."""


def lower_cumsum(op: CumSum, graph: Graph) -> Step:
    """One nn_cumsum."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    (axis,) = constant_ints(graph.tensors[op.inputs[1]]) or [0]
    axis %= len(data.shape)
    fields: Fields = (
        ("shape.outer", prod(data.shape[:axis])),
        ("shape.count", data.shape[axis]),
        ("shape.inner", prod(data.shape[axis + 1 :])),
        ("shape.exclusive", int(op.exclusive)),
        ("shape.reverse", int(op.reverse)),
    )
    if data.dtype is DType.INT8:
        multiplier, shift = quantize_multiplier(cumsum_factor(data, output))
        fields += (
            ("input_zero_point", quantization(data).zero_point),
            ("output_zero_point", quantization(output).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
        )
    text = f"{shape_text(data)}, along axis {axis}"
    return kernel_step(op, "nn_cumsum.h", typed_params("nn_cumsum", data, fields), (op.input,), text, InPlace(0))


def cumsum_factor(data: Tensor, output: Tensor) -> float:
    """Twice the input scale to the output scale, with CUMSUM_BITS fractional bits.

    Source: CalculateOpData in tensorflow/lite/micro/kernels/cumsum.cc.
    """
    return 2 * quantization(data).scale / ((1 << CUMSUM_BITS) * quantization(output).scale)


def check_cumsum(op: CumSum, subject: Subject) -> Iterator[Finding]:
    """A constant axis, and an output scale that is not far finer than the input's."""
    yield from parameters(1)(op, subject)
    if subject.input(0).dtype is DType.FLOAT32:
        return
    factor = cumsum_factor(subject.input(0), subject.output)
    if factor >= 1 or quantize_multiplier(factor)[1] > 0:
        what = "has an output scale more than 2^19 times finer than its input's"
        yield subject.error("quantization", what, RECONVERT_HINT)


ENTRIES: Mapping[str, Entry] = {
    "CUMSUM": Entry(lower_cumsum, alike(INT8, FLOAT), check_cumsum, limits="the axis is a constant"),
}
