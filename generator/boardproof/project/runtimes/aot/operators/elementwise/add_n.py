"""ADD_N."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, Entry, alike
from boardproof.project.runtimes.aot.operands import quantization, shape_text
from boardproof.project.runtimes.aot.operators.elementwise.pairing import in_place
from boardproof.project.runtimes.aot.operators.elementwise.rescaling import ADD_HEADROOM_BITS, is_below_one
from boardproof.project.runtimes.aot.program import Params, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import AddN, Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Value


_MAX_SUMMANDS = 15
"""Inputs of ADD_N whose int8 sum, scaled up, surely fits in int32."""


def lower_add_n(op: AddN, graph: Graph) -> Step:
    """One nn_add_n_s8 or nn_add_n_f32."""
    inputs, output = tuple(graph.tensors[i] for i in op.inputs), graph.tensors[op.output]
    fields: tuple[tuple[str, Value], ...] = (("count", output.elements), ("inputs", len(inputs)))
    kernel = "nn_add_n_f32"
    if output.dtype is DType.INT8:
        kernel = "nn_add_n_s8"
        multiplier, shift = quantize_multiplier(add_n_factor(inputs[0], output))
        fields += (
            ("offset", add_n_offset(inputs)),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_zero_point", quantization(output).zero_point),
        )
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=kernel,
        header="nn_add_n.h",
        params=Params(kernel, fields),
        inputs=op.inputs,
        outputs=(op.output,),
        inputs_as_array=True,
        in_place=in_place(inputs, output),
        description=f"{len(inputs)} times {shape_text(output)}",
    )


def add_n_offset(inputs: tuple[Tensor, ...]) -> int:
    """What is added to the sum of the inputs as they are.

    One zero point for each input and, in TensorFlow Lite Micro, one for the 0 that the sum begins with.
    Source: tensorflow/lite/kernels/internal/reference/add_n.h.
    """
    return -quantization(inputs[0]).zero_point * (len(inputs) + 1)


def add_n_factor(data: Tensor, output: Tensor) -> float:
    """What takes the sum, 2^20 times finer than twice the inputs' scale, to the output's scale."""
    return 2 * quantization(data).scale / ((1 << ADD_HEADROOM_BITS) * quantization(output).scale)


def check_add_n(op: AddN, subject: Subject) -> Iterator[Finding]:
    """Inputs all alike, and not too many."""
    first = subject.input(0)
    for position in range(1, len(op.inputs)):
        tensor = subject.input(position)
        alike = tensor.dtype is first.dtype
        if alike and first.dtype is DType.INT8:
            alike = tensor.quantization == first.quantization
        if not alike:
            what = f"adds tensors of different types or quantization ({first.label} and {tensor.label})"
            yield subject.error("quantization", what, RECONVERT_HINT, tensor)
            return
    if first.dtype is DType.INT8:
        if len(op.inputs) > _MAX_SUMMANDS:
            what = f"adds {len(op.inputs)} tensors; at most {_MAX_SUMMANDS} surely fit its 32-bit sum"
            yield subject.error("accumulator-overflow", what, "Add in two layers.")
        if not is_below_one(add_n_factor(first, subject.output)):
            what = "has an output scale more than 2^19 times finer than its inputs'"
            yield subject.error("quantization", what, RECONVERT_HINT)


ENTRIES: Mapping[str, Entry] = {
    "ADD_N": Entry(lower_add_n, alike(INT8, FLOAT), check_add_n, limits="int8: up to 15 inputs"),
}
