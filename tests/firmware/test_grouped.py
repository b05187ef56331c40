"""Grouped convolutions of single channels are computed as depthwise ones, with the same bytes."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.graph import Conv2D, DepthwiseConv2D
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.passes import prepare
from support.aot import CompiledModel, oracle_outputs
from support.flatbuffer_models import ModelBuilder

SCALES = {"int8": (0.05, 0.02), "int16": (0.001, 0.02), "float32": (None, None)}


def grouped(dtype="int8", channels=6, depth=1, multiplier=2, *, bias=True):
    """A 3x3 convolution [1, 5, 4, channels] -> [1, 5, 4, channels / depth * multiplier]."""
    rng, builder, outputs = np.random.default_rng(4), ModelBuilder(), channels // depth * multiplier
    scale, weight_scale = SCALES[dtype]
    kind = "float32" if dtype == "float32" else "int8"
    values = rng.integers(-127, 128, (outputs, 3, 3, depth)).astype(kind)
    scales = None if weight_scale is None else list(weight_scale * rng.uniform(0.5, 1, outputs))
    x = builder.add_tensor((1, 5, 4, channels), dtype, scale=scale)
    inputs = [x, builder.add_tensor(values.shape, kind, data=values, scale=scales)]
    if bias:
        type_ = {"int8": "int32", "int16": "int64", "float32": "float32"}[dtype]
        sums = rng.integers(-900, 900, outputs).astype(type_)
        inputs += [builder.add_tensor((outputs,), type_, data=sums, scale=None if scale is None else [1.0])]
    y = builder.add_tensor((1, 5, 4, outputs), dtype, scale=None if scale is None else 40 * scale)
    builder.add_operator("CONV_2D", inputs, [y], padding="SAME", stride_w=1, stride_h=1)
    return builder.build([x], [y])


def prepared(data):
    return prepare(read_tflite(data)).graph


@pytest.mark.parametrize("dtype", SCALES)
def test_single_channels_make_a_depthwise_convolution(dtype):
    graph = prepared(grouped(dtype))
    (op,) = graph.operators
    assert isinstance(op, DepthwiseConv2D)
    assert (op.depth_multiplier, graph.tensors[op.inputs[1]].shape) == (2, (1, 3, 3, 12))
    (before,) = read_tflite(grouped(dtype)).operators
    filters = read_tflite(grouped(dtype)).tensors[before.inputs[1]].array()
    np.testing.assert_array_equal(graph.tensors[op.inputs[1]].array()[0], filters[..., 0].transpose(1, 2, 0))


@pytest.mark.parametrize("sizes", [{"depth": 2}, {"channels": 1}])
def test_other_groups_stay(sizes):
    (op,) = prepared(grouped(**sizes)).operators
    assert isinstance(op, Conv2D)


@pytest.mark.native
@pytest.mark.parametrize("dtype", SCALES)
def test_its_outputs_are_tflite_micros(dtype, toolchain, tmp_path):
    data = grouped(dtype)
    limits = (-100, 100) if dtype == "float32" else (np.iinfo(dtype).min, np.iinfo(dtype).max + 1)
    samples = np.random.default_rng(1).integers(*limits, (5, 1, 5, 4, 6)).astype(dtype)
    expected = oracle_outputs(data, [samples])
    model = CompiledModel(data, toolchain, tmp_path)
    for sample, right in zip(samples, expected[0], strict=True):
        np.testing.assert_array_equal(model.run([sample])[0], right)
