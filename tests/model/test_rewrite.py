"""What is rewritten of a .tflite keeps its values."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.oracle import run_litert
from boardproof.model.quantize import Scheme, quantize
from boardproof.model.rewrite.editing import Editor
from boardproof.model.rewrite.functions import UNARY
from boardproof.model.rewrite.rewrite import rewrite_operators, unpack
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from support.keras_layers import CASES, activation_cases, loaded, quantized_case, samples_of


def litert(data, *arrays):
    return run_litert(data, Vectors(arrays)).arrays


def test_a_file_that_is_packed_again_is_the_same_network(image_tflites):
    data = image_tflites["int8"]
    again = Editor(data).packed()
    first, second = read_tflite(data), read_tflite(again)
    assert (second.tensors, second.operators) == (first.tensors, first.operators)
    assert (second.inputs, second.outputs) == (first.inputs, first.outputs)


def test_constants_are_aligned_as_the_schema_demands(image_tflites):
    again = Editor(image_tflites["float32"]).packed()
    weights = max((t for t in read_tflite(again).tensors if t.is_constant), key=lambda t: t.size_bytes)
    assert again.index(weights.data) % 16 == 0


@pytest.mark.parametrize("scheme", [Scheme.FLOAT16, Scheme.DYNAMIC])
def test_packed_weights_are_unpacked(image_model, image_tflites, scheme):
    data = quantize(image_model, None, scheme)
    unpacked = unpack(data)
    graph = read_tflite(unpacked.data)
    assert {tensor.dtype.value for tensor in graph.tensors} <= {"float32", "int32"}
    assert len(graph.operators) == len(read_tflite(image_tflites["float32"]).operators)
    assert f"the weights, stored in {'float16' if scheme is Scheme.FLOAT16 else 'int8'}, were" in unpacked.notes[0]
    assert "--scheme int8" in unpacked.notes[0]
    shape = graph.input_tensors[0].shape
    x = np.random.default_rng(0).random((4, *shape), np.float32)
    (packed,), (real,), (float32,) = (litert(d, x) for d in (data, unpacked.data, image_tflites["float32"]))
    if scheme is Scheme.FLOAT16:  # the same weights, and the same kernels
        np.testing.assert_array_equal(real, packed)
    assert np.abs(real - float32).max() < 0.02
    assert unpack(image_tflites["int8"]).data is image_tflites["int8"]


@pytest.mark.parametrize("name", ["UpSampling2D", "UpSampling1D", "RepeatVector", "GroupQueryAttention", "Embedding"])
def test_what_is_moved_is_the_same_in_float(name, monkeypatch):
    case = CASES[name]
    model = loaded(case, name)
    arrays = [
        array[:6, None].astype(spec.dtype.numpy)
        for array, spec in zip(samples_of(case, model).inputs.values(), model.inputs, strict=True)
    ]
    after = quantize(model, None, Scheme.FLOAT32)
    monkeypatch.setattr("boardproof.model.quantize.rewrite_operators", lambda data: type("_", (), {"data": data}))
    before = quantize(model, None, Scheme.FLOAT32)
    assert after != before
    assert not {op.name for op in read_tflite(after).operators} & {"TILE", "SELECT"}
    np.testing.assert_array_equal(litert(after, *arrays)[0], litert(before, *arrays)[0])


@pytest.mark.parametrize(
    "name", ["celu", "elu", "exponential", "gelu", "log_sigmoid", "mish", "selu", "softplus", "squareplus"]
)
def test_a_table_is_the_function_rounded_once(name):
    """The float function of the dense layer's int8 output, in the output's steps: at most half a step off."""
    import keras

    data, _ = quantized_case(activation_cases()[name], name)
    graph = read_tflite(data)
    gather = next(operator for operator in graph.operators if operator.name == "GATHER")
    table, (source,) = graph.tensors[gather.inputs[0]], (op for op in graph.operators if op.name == "CAST")
    scale, zero = (getattr(graph.tensors[source.input].quantization, part) for part in ("scale", "zero_point"))
    x = ((np.arange(-128, 128) - zero) * scale).astype(np.float32)
    expected = np.asarray(getattr(keras.activations, name)(x), np.float64)
    got = (table.array().astype(np.float64) - table.quantization.zero_point) * table.quantization.scale
    low, high = ((limit - table.quantization.zero_point) * table.quantization.scale for limit in (-128, 127))
    error = np.abs(got - np.clip(expected, low, high)) / table.quantization.scale
    assert error.max() < 0.5 + 1e-4


def test_functions_agree_with_tensorflow():
    import tensorflow as tf

    x = np.linspace(0.1, 3, 50)
    for name, function in {"EXP": tf.exp, "LOG": tf.math.log, "RSQRT": tf.math.rsqrt, "ELU": tf.nn.elu}.items():
        np.testing.assert_allclose(UNARY[name](x, None), function(x), rtol=1e-12)


def test_nothing_to_rewrite_leaves_the_bytes(image_tflites):
    for data in (image_tflites["int8"], image_tflites["float32"]):
        assert rewrite_operators(data).data is data
