"""What is rewritten of a .tflite keeps its values."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model import quantize as quantizer
from boardproof.model.given import open_model
from boardproof.model.oracle import run_litert
from boardproof.model.quantize import quantize
from boardproof.model.rewrite.editing import Editor
from boardproof.model.rewrite.functions import UNARY
from boardproof.model.rewrite.moves import quantize_early
from boardproof.model.rewrite.rewrite import Rewritten, pack, rewrite_operators, unpack
from boardproof.model.samples import Samples, Vectors
from boardproof.model.schemes import Scheme
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


def weighted(graph):
    """By operator: weights and biases of those that have some."""
    kinds = {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}
    return [
        (op, graph.tensors[op.inputs[1]], graph.tensors[op.inputs[2]] if op.inputs[2] >= 0 else None)
        for op in graph.operators
        if op.name in kinds
    ]


def real(tensor):
    """A constant's real values."""
    scales, shape = np.array(tensor.quantization.scales), [1] * len(tensor.shape)
    shape[tensor.quantization.axis] = len(scales)
    return tensor.array() * (scales.reshape(shape) if len(scales) > 1 else scales[0])


def test_weights_of_four_bits_are_the_nearest_and_biases_stay(image_tflites):
    eight = read_tflite(image_tflites["int8"])
    data = image_tflites["int8x4"]
    four = read_tflite(data)
    assert len(data) < len(image_tflites["int8"])
    assert len(weighted(four)) == len(weighted(eight)) > 0
    for (op, weights, bias), (_, before, bias_before) in zip(weighted(four), weighted(eight), strict=True):
        assert weights.dtype.value == "int4"
        assert np.abs(weights.array()).max() <= 7
        assert len(weights.quantization.scales) == len(before.quantization.scales)
        worst = np.abs(real(weights) - real(before)).reshape(-1)
        step = np.max(weights.quantization.scales)
        assert np.median(worst) <= step / 2
        if bias is None:
            continue
        assert np.abs(real(bias) - real(bias_before)).max() <= np.max(bias.quantization.scales)
        data_scale = four.tensors[op.input].quantization.scale
        np.testing.assert_allclose(bias.quantization.scales, data_scale * np.array(weights.quantization.scales), 1e-6)


def test_only_what_has_fifteen_values_is_packed_where_that_is_asked(image_tflites):
    data = image_tflites["int8"]
    assert pack(data, only_exact=True).data is data
    editor = Editor(data)
    kernel = next(op for op in editor.graph.operators if editor.name(op) == "CONV_2D").inputs[1]
    values = np.rint(np.rint(editor.constant(kernel) * (7 / 127)) * (127 / 7)).astype(np.int8)
    editor.model.buffers[editor.graph.tensors[kernel].buffer].data = values.view(np.uint8).ravel()
    packed = pack(editor.packed(), only_exact=True)
    assert [weights.dtype.value for _, weights, _ in weighted(read_tflite(packed.data))].count("int4") == 1
    assert "the weights of 1 of" in packed.notes[0]
    after = next(w for op, w, _ in weighted(read_tflite(packed.data)) if op.name == "CONV_2D")
    np.testing.assert_array_equal(after.array(), np.rint(values * (7 / 127)))


@pytest.mark.parametrize("name", ["UpSampling2D", "UpSampling1D", "RepeatVector", "GroupQueryAttention", "Embedding"])
def test_what_is_moved_is_the_same_in_float(name, monkeypatch):
    case = CASES[name]
    model = loaded(case, name)
    arrays = [
        array[:6, None].astype(spec.dtype.numpy)
        for array, spec in zip(samples_of(case, model).inputs.values(), model.inputs, strict=True)
    ]
    after = quantize(model, None, Scheme.FLOAT32)
    monkeypatch.setattr("boardproof.model.quantize.rewrite_operators", Rewritten)
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


@pytest.mark.parametrize("kind", ["MaxPooling1D", "GlobalMaxPooling1D", "Flatten"])
def test_what_picks_values_of_a_function_picks_integers(kind, monkeypatch):
    """Between a function without an int8 form and a concatenation the converter leaves all in float."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    inputs = keras.Input((12, 6))
    picked = getattr(layers, kind)()(layers.Conv1D(5, 3, activation="elu")(inputs))
    joined = layers.Concatenate()([layers.Flatten()(picked), layers.Dense(4)(layers.Flatten()(inputs))])
    model = open_model(keras.Model(inputs, layers.Dense(3)(joined)))
    samples = Samples({"x": np.random.default_rng(0).normal(size=(40, 12, 6)).astype(np.float32)})
    with monkeypatch.context() as patch:
        patch.setattr(quantizer, "rewrite_operators", lambda data, **_: Rewritten(data))
        patch.setattr(quantizer, "require_integer", lambda _graph, _source: None)
        data = quantize(model, samples, Scheme.INT8)
    assert {operator.name for operator in read_tflite(data).operators} >= {"ELU", "DEQUANTIZE"}
    editor = Editor(data)
    assert quantize_early(editor)
    x = np.random.default_rng(1).integers(-128, 128, (20, 1, 12, 6)).astype(np.int8)
    np.testing.assert_array_equal(litert(editor.packed(), x), litert(data, x))
    graph = read_tflite(quantize(model, samples, Scheme.INT8))
    assert {tensor.dtype.value for tensor in graph.tensors} <= {"int8", "int32"}


def test_nothing_to_rewrite_leaves_the_bytes(image_tflites):
    for data in (image_tflites["int8"], image_tflites["float32"]):
        assert rewrite_operators(data).data is data


@pytest.mark.parametrize("scheme", [Scheme.INT8, Scheme.FLOAT32])
def test_slices_of_five_axes_become_slices_of_fewer(scheme):
    """What a TimeDistributed makes of pictures; TensorFlow Lite Micro has four axes."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    inputs = keras.Input((3, 6, 6, 2))
    model = keras.Model(inputs, layers.TimeDistributed(layers.Conv2D(4, 3))(inputs)[:, ::2, 1:, :, 1:3])
    x = np.random.default_rng(0).normal(size=(20, 3, 6, 6, 2)).astype(np.float32)
    data = quantize(open_model(model), Samples({"x": x}), scheme)
    graph = read_tflite(data)
    slices = [operator for operator in graph.operators if operator.name == "STRIDED_SLICE"]
    assert slices
    assert all(len(graph.tensors[operator.input].shape) <= 4 for operator in slices)
    if scheme is Scheme.FLOAT32:
        np.testing.assert_allclose(litert(data, x[:, None])[0][:, 0], model.predict(x, verbose=0), atol=1e-5)


def test_repetition_of_int16_is_joined():
    """There is no GATHER of int16."""
    import keras
    from keras import layers

    inputs = keras.Input((3, 2, 2))
    model = keras.Model(inputs, layers.UpSampling2D((2, 3))(inputs))
    x = np.random.default_rng(0).normal(size=(20, 3, 2, 2)).astype(np.float32)
    data = quantize(open_model(model), Samples({"x": x}), Scheme.INT16X8)
    assert {operator.name for operator in read_tflite(data).operators} == {"CONCATENATION", "RESHAPE"}
    values = np.arange(12, dtype=np.int16).reshape(1, 1, 3, 2, 2)
    np.testing.assert_array_equal(litert(data, values)[0][0], values[0].repeat(2, axis=1).repeat(3, axis=2))
