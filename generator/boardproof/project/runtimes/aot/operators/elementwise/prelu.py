"""PRELU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.scales import check_factors, check_symmetric
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, Types, alike
from boardproof.project.runtimes.aot.operands import INT8_MAX, INT8_MIN, SUFFIXES, quantization
from boardproof.project.runtimes.aot.operators.elementwise.pairing import Pairing, pairing_step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Prelu, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields, Step

    Ints = NDArray[np.int64]

_PRELU_FLOAT_RANK = 4


def lower_prelu(op: Prelu, graph: Graph) -> Step:
    """One nn_prelu_s8, nn_prelu_s16 or nn_prelu_f32, or a table."""
    return pairing_step(op, graph, prelu_pairing(op, graph))


def prelu_pairing(op: Prelu, graph: Graph) -> Pairing:
    """The kernel, and what it computes."""
    data, slopes, output = (graph.tensors[i] for i in (*op.inputs[:2], op.output))
    kernel = f"nn_prelu_{SUFFIXES[data.dtype]}"
    if data.dtype is DType.FLOAT32:
        return Pairing(kernel, "nn_binary.h", "nn_binary")
    factors = [quantize_multiplier(factor) for factor in prelu_factors(data, slopes, output)]
    (positive, positive_shift), (negative, negative_shift) = factors
    zero_points = [quantization(tensor).zero_point for tensor in (data, slopes, output)]

    def evaluate(a: Ints, b: Ints) -> Ints:
        x = a - zero_points[0]
        y = requantize(x * (b - zero_points[1]), negative, negative_shift)
        y = np.where(x >= 0, requantize(x, positive, positive_shift), y)
        return np.clip(y + zero_points[2], INT8_MIN, INT8_MAX)

    fields: Fields = (
        ("zero_point1", zero_points[0]),
        ("zero_point2", zero_points[1]),
        ("output_zero_point", zero_points[2]),
        ("positive_multiplier", positive),
        ("positive_shift", positive_shift),
        ("negative_multiplier", negative),
        ("negative_shift", negative_shift),
    )
    return Pairing(kernel, "nn_binary.h", "nn_prelu_quantized", fields, evaluate, "slopes")


def prelu_factors(data: Tensor, slopes: Tensor, output: Tensor) -> tuple[float, float]:
    """Input to output scale, and products with slopes to output scale."""
    scale = quantization(data).scale / quantization(output).scale
    return scale, quantization(data).scale * quantization(slopes).scale / quantization(output).scale


def check_prelu(op: Prelu, subject: Subject) -> Iterator[Finding]:  # noqa: ARG001 one signature for all
    """Factors in range; few axes in float."""
    data, slopes = subject.input(0), subject.input(1)
    if data.dtype is DType.FLOAT32:
        if len(subject.output.shape) > _PRELU_FLOAT_RANK:
            what = f"has {len(subject.output.shape)} axes; TensorFlow Lite Micro's kernel has {_PRELU_FLOAT_RANK}"
            yield subject.error("unsupported-shape", what, "Reshape so that there are fewer axes.")
        return
    yield from check_symmetric(subject)
    yield from check_factors(subject, prelu_factors(data, slopes, subject.output))


ENTRIES: Mapping[str, Entry] = {
    "PRELU": Entry(
        lower_prelu,
        (*alike(INT8, FLOAT, inputs=2), Types((INT16, INT8), INT16)),
        check_prelu,
        limits="float32: up to 4 axes",
    ),
}
