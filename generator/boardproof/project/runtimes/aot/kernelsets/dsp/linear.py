"""Operators with weights as matrices, for the packing of the _dsp kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.fixed_point import quantize_multiplier
from boardproof.model.graph import DType, FullyConnected
from boardproof.project.runtimes.aot.kernelsets.dsp.pack import Linear, plain_round
from boardproof.project.runtimes.aot.operands import (
    activation_range,
    bias_index,
    convolution_factors,
    dense_factors,
    quantization,
    requant_fields,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Conv2D, DepthwiseConv2D, Graph, Tensor, TransposeConv
    from boardproof.project.runtimes.aot.program import Fields

    Layer = Conv2D | DepthwiseConv2D | FullyConnected | TransposeConv


def is_int8(data: Tensor, weights: Tensor) -> bool:
    """Whether both are int8: the kernels know nothing else."""
    return data.dtype is DType.INT8 and weights.dtype is DType.INT8


def linear_layer(op: Layer, graph: Graph, weights: NDArray[np.generic]) -> Linear:
    """The layer as a matrix; `weights`: int8 [channels, inputs], in the order a kernel takes the inputs."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    bias = bias_index(op)
    pairs = np.array([quantize_multiplier(factor) for factor in real_factors(op, graph)], np.int64)
    multiplier, shift = np.broadcast_to(pairs, (weights.shape[0], 2)).T
    return Linear(
        weights=weights.astype(np.int8),
        bias=np.zeros(weights.shape[0], np.int64) if bias is None else graph.tensors[bias].array().astype(np.int64),
        multiplier=multiplier,
        shift=shift,
        input_zero_point=quantization(data).zero_point,
        output_zero_point=quantization(output).zero_point,
        activation=activation_range(op.activation, output),
    )


def real_factors(op: Layer, graph: Graph) -> list[float]:
    """Accumulator scale to output scale, one for each channel or one for all."""
    data, filters, output = (graph.tensors[i] for i in (op.input, op.inputs[1], op.output))
    factors = dense_factors if isinstance(op, FullyConnected) else convolution_factors
    return factors(data, filters, output)


def wide_fields(linears: Sequence[Linear], parts: int, factors: Sequence[float]) -> Fields:
    """The `wide` member, of layers that have all but weights in common; `factors`: as `real_factors`."""
    rounds = {plain_round(linear) for linear in linears}
    return (
        ("wide.parts", parts),
        ("wide.output_zero_point", linears[0].output_zero_point),
        ("wide.round", rounds.pop() if len(rounds) == 1 else 0),
        *((f"wide.{name}", value) for name, value in requant_fields(factors)),
    )
