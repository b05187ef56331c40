"""Keras and samples in, .tflite out, in every scheme."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array
from boardproof.model.conversion import not_converted
from boardproof.model.given import open_model
from boardproof.model.graph import DType
from boardproof.model.load import load_model
from boardproof.model.oracle import run_oracle
from boardproof.model.quantize import MAX_CALIBRATION_SAMPLES, predict_float, quantize, quantize_noting
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from support.keras_layers import CASES, quantized_case
from support.keras_models import calibration_images, convert_with_dynamic_batch, looping_module

IMAGES = Samples({"image": calibration_images()}, source="images.npz")
VECTORS = np.random.default_rng(0).random((60, 8)).astype(np.float32)


def test_int8_has_integer_inputs_outputs_and_tensors(image_tflites):
    graph = read_tflite(image_tflites["int8"])
    assert {tensor.dtype for tensor in graph.tensors} == {DType.INT8, DType.INT32}
    assert [tensor.name for tensor in graph.input_tensors] == ["image"]
    assert graph.input_tensors[0].shape == (1, 8, 8, 1)
    assert graph.output_tensors[0].shape == (1, 4)


def turned_around(one_less):
    """A network in which a constant less a tensor comes behind a change of axes."""
    import keras

    given = keras.Input((8, 4))
    x = keras.layers.Conv1D(2, 3, name="conv")(one_less(keras.layers.Permute((2, 1))(given)))
    return open_model(keras.Model(given, x, name="turned"))


@pytest.mark.parametrize("scheme", [Scheme.INT8, Scheme.FLOAT32])
def test_what_the_converter_computes_otherwise_than_the_model_is_told(scheme):
    samples = Samples({"x": np.random.default_rng(0).normal(size=(60, 8, 4)).astype(np.float32)})
    with pytest.raises(InputError) as caught:
        quantize(turned_around(lambda x: 1.0 - x), samples, scheme)
    assert caught.value.message.startswith("TensorFlow's converter changed what turned.keras computes: outputs are ")
    assert "write x * -1 + 1" in caught.value.hint
    assert quantize(turned_around(lambda x: x * -1 + 1), samples, scheme)


def test_a_name_that_tensorflow_does_not_take_is_told():
    reason = "'my model' is not a valid root scope name. A root scope name has to match: ^[A-Za-z0-9.]"
    error = not_converted("model.keras", reason, "")
    assert error.message == (
        "model.keras, or a layer in it, is called 'my model', which TensorFlow does not take as a name."
    )
    assert 'name="my_model"' in error.hint


def test_int16x8_has_int16_activations(image_tflites):
    graph = read_tflite(image_tflites["int16x8"])
    assert graph.input_tensors[0].dtype is graph.output_tensors[0].dtype is DType.INT16
    assert not any(tensor.dtype.value.startswith("float") for tensor in graph.tensors)


def test_dynamic_float16_and_float32_keep_float_inputs(image_tflites):
    graphs = {scheme: read_tflite(image_tflites[scheme]) for scheme in ("dynamic", "float16", "float32")}
    assert all(graph.input_tensors[0].dtype is DType.FLOAT32 for graph in graphs.values())
    stored = {scheme: {t.dtype for t in graph.tensors if t.is_constant} for scheme, graph in graphs.items()}
    assert DType.INT8 in stored["dynamic"]
    assert DType.FLOAT16 in stored["float16"]
    assert DType.FLOAT32 in stored["float32"]


def test_batch_is_fixed_so_that_no_shape_is_computed_on_the_board(image_tflites, keras_models):
    default = read_tflite(convert_with_dynamic_batch(keras_models["image.keras"]))
    ours = read_tflite(image_tflites["int8"])
    assert "SHAPE" in {operator.name for operator in default.operators}
    assert "SHAPE" not in {operator.name for operator in ours.operators}
    assert not any(tensor.dynamic_axes for tensor in ours.tensors)


def test_dense_weights_are_quantized_per_tensor_for_older_libraries(image_tflites):
    graph = read_tflite(image_tflites["int8"])
    dense = next(operator for operator in graph.operators if operator.name == "FULLY_CONNECTED")
    assert not graph.tensors[dense.inputs[1]].quantization.per_channel


def test_same_input_gives_the_same_bytes(image_model, image_tflites):
    assert quantize(image_model, IMAGES, Scheme.INT8) == image_tflites["int8"]


def test_int8_agrees_with_the_float_model(image_model, image_tflites):
    graph = read_tflite(image_tflites["int8"])
    outputs = run_oracle(image_tflites["int8"], vectors_for(graph, IMAGES)).arrays[0]
    real = dequantize_array(outputs, graph.output_tensors[0].quantization)
    expected = predict_float(image_model, IMAGES)
    assert expected.interpreter == "keras"
    assert expected.arrays[0].shape == outputs.shape == (60, 1, 4)
    assert np.abs(real - expected.arrays[0]).max() < 0.05


@pytest.mark.parametrize("name", ["legacy.h5", "legacy_call.h5"])
def test_legacy_models_quantize_and_predict(legacy_models, name):
    model = load_model(legacy_models[name])
    graph = read_tflite(quantize(model, IMAGES, Scheme.INT8))
    assert "DEPTHWISE_CONV_2D" in {operator.name for operator in graph.operators}
    prediction = predict_float(model, IMAGES)
    assert prediction.interpreter == "tf-keras"
    assert prediction.arrays[0].shape == (60, 1, 4)


def test_saved_model_computes_what_the_keras_model_does(keras_models, image_model):
    model = load_model(keras_models["saved_model"])
    np.testing.assert_allclose(
        predict_float(model, IMAGES).arrays[0], predict_float(image_model, IMAGES).arrays[0], rtol=1e-5, atol=1e-6
    )
    assert read_tflite(quantize(model, IMAGES, Scheme.INT8)).input_tensors[0].dtype is DType.INT8


def test_inputs_and_outputs_keep_their_order(keras_models):
    model = load_model(keras_models["three_inputs.keras"])
    rng = np.random.default_rng(1)
    samples = Samples({spec.name: rng.random((60, *spec.shape)).astype(np.float32) for spec in model.inputs})
    data = quantize(model, samples, Scheme.INT8)
    graph = read_tflite(data)
    assert [tensor.name for tensor in graph.input_tensors] == ["second", "first", "third.x"]
    assert [tensor.shape for tensor in graph.output_tensors] == [(1, 3), (1, 5), (1, 1)]
    outputs = run_oracle(data, vectors_for(graph, samples)).arrays
    for real, quantized, tensor in zip(
        predict_float(model, samples).arrays, outputs, graph.output_tensors, strict=True
    ):
        assert np.abs(dequantize_array(quantized, tensor.quantization) - real).max() < 0.1


def test_integer_inputs_stay_integers(keras_models):
    model = load_model(keras_models["embedding.keras"])
    samples = Samples({"x": np.random.default_rng(1).integers(0, 10, (60, 5))})
    graph = read_tflite(quantize(model, samples, Scheme.INT8))
    assert graph.input_tensors[0].dtype is DType.INT32
    assert graph.output_tensors[0].dtype is DType.INT8


def test_operator_left_in_float_is_named_with_its_layer():
    with pytest.raises(InputError) as caught:
        quantized_case(CASES["Masking"], "masking.keras")
    assert caught.value.message.startswith("masking.keras masks steps of its input (a Masking layer, or an Embedding")
    assert " (NOT_EQUAL) stayed in float, and no board has masks." in caught.value.message
    assert "Build the model without the mask" in caught.value.hint


def test_operator_unknown_to_tensorflow_lite_is_named(keras_models, capfd):
    model = load_model(keras_models["erf.keras"])
    with pytest.raises(InputError) as caught:
        quantize(model, Samples({"x": VECTORS}), Scheme.FLOAT32)
    assert caught.value.message == "TensorFlow Lite has no operator for Erf, which erf.keras uses."
    assert "Replace the layers" in caught.value.hint
    assert "tf.Erf" in caught.value.details
    assert capfd.readouterr() == ("", "")


def test_mixed_precision_is_explained(keras_models):
    with pytest.raises(InputError, match=r"mixed_precision\.keras computes in float16") as caught:
        quantize(load_model(keras_models["mixed_precision.keras"]), None, Scheme.FLOAT32)
    assert 'set_global_policy("float32")' in caught.value.hint


def test_loops_of_keras_3_are_unrolled(keras_models):
    samples = Samples({"x": np.random.default_rng(0).random((60, 5, 3)).astype(np.float32)})
    model = load_model(keras_models["loop.keras"])
    made = quantize_noting(model, samples, Scheme.INT16X8)
    assert made.notes == ("recurrent layers were unrolled, with the same values: memory",)
    assert "WHILE" not in {op.name for op in read_tflite(made.data).operators}
    import keras

    looping = keras.saving.load_model(keras_models["loop.keras"])
    expected = looping.predict(samples.inputs["x"], verbose=0)
    got = predict_float(model, samples).arrays[0]
    np.testing.assert_allclose(got.reshape(expected.shape), expected, rtol=0, atol=1e-6)


def test_a_loop_is_refused_before_tensorflow_crashes_on_it(tmp_path):
    samples = Samples({"x": np.random.default_rng(0).random((60, 4, 5)).astype(np.float32)})
    module = looping_module(tmp_path / "saved_model")
    with pytest.raises(InputError, match=r"loop or branch \(WHILE\)") as caught:
        quantize(load_model(module), samples, Scheme.INT8)
    assert "unroll=True" in caught.value.hint


def test_an_lstm_of_keras_2_becomes_one_operator(legacy_models):
    """By way of a SavedModel, which renames and permutes what is put in order again."""
    model = load_model(legacy_models["legacy_lstm.h5"])
    rng = np.random.default_rng(0)
    ranges = {"steps": 1.0, "more": 5.0, "facts": 1.0}
    samples = Samples(
        {spec.name: rng.normal(0, ranges[spec.name], (60, *spec.shape)).astype(np.float32) for spec in model.inputs}
    )
    data = quantize(model, samples, Scheme.INT8)
    graph = read_tflite(data)
    assert [operator.name for operator in graph.operators].count("UNIDIRECTIONAL_SEQUENCE_LSTM") == 1
    assert not is_stateful(graph)
    inputs = [(tensor.name, tensor.shape) for tensor in graph.input_tensors]
    assert inputs == [("steps", (1, 6, 5)), ("more", (1, 6, 5)), ("facts", (1, 3))]
    scales = [tensor.quantization.scale for tensor in graph.input_tensors]
    assert scales[1] > 3 * scales[0], "what calibrates an input is its own"
    assert [tensor.shape for tensor in graph.output_tensors] == [(1, 3), (1, 2)]
    first = Samples({name: array[:1] for name, array in samples.inputs.items()})
    outputs = run_oracle(data, vectors_for(graph, first)).arrays
    for real, quantized, tensor in zip(predict_float(model, first).arrays, outputs, graph.output_tensors, strict=True):
        off = np.abs(dequantize_array(quantized, tensor.quantization) - real).max()
        assert off < 2 * tensor.quantization.scale


def test_an_lstm_in_a_saved_model_becomes_one_operator_too(legacy_models):
    samples = Samples({"x": np.random.default_rng(0).normal(size=(60, 6, 5)).astype(np.float32)})
    graph = read_tflite(quantize(load_model(legacy_models["legacy_lstm"]), samples, Scheme.INT8))
    assert "UNIDIRECTIONAL_SEQUENCE_LSTM" in {operator.name for operator in graph.operators}


def test_variables_that_are_assigned_stay_in_float(keras_models):
    model = load_model(keras_models["stateful.keras"])
    samples = Samples({"x": np.random.default_rng(0).normal(size=(60, 2, 5)).astype(np.float32)})
    graph = read_tflite(quantize(model, samples, Scheme.INT8))
    assert graph.input_tensors[0].dtype is DType.INT8
    variables = [graph.tensors[op.output] for op in graph.operators if op.name == "READ_VARIABLE"]
    assert [tensor.dtype for tensor in variables] == [DType.FLOAT32]
    assert [tensor.name for tensor in graph.input_tensors] == [model.inputs[0].name]
    predictions = [predict_float(model, samples).arrays[0] for _ in range(2)]
    np.testing.assert_array_equal(*predictions)
    backwards = Samples({"x": samples.inputs["x"][::-1]})
    assert (predict_float(model, backwards).arrays[0][::-1] != predictions[0]).any()


@pytest.mark.parametrize(("name", "instead"), [("negative", "MUL"), ("square", "MUL"), ("sine", "GATHER")])
def test_what_the_converter_leaves_in_float_is_rewritten(keras_models, name, instead):
    made = quantize_noting(load_model(keras_models[f"{name}.keras"]), Samples({"x": VECTORS}), Scheme.INT8)
    graph = read_tflite(made.data)
    assert instead in {op.name for op in graph.operators}
    assert "float32" not in {tensor.dtype.value for tensor in graph.tensors}
    assert made.notes[0].startswith("rewritten as tables of 256 values, which int8 has: ")


def test_calibration_data_is_needed(image_model):
    with pytest.raises(InputError, match="needs a representative dataset") as caught:
        quantize(image_model, None, Scheme.INT8)
    assert "--representative" in caught.value.hint


def test_calibration_data_of_the_wrong_shape_says_both_shapes(image_model):
    samples = Samples({"x": np.zeros((60, 9, 8, 1), np.float32)}, source="images.npz")
    with pytest.raises(InputError) as caught:
        quantize(image_model, samples, Scheme.INT8)
    assert caught.value.message == "x in images.npz has shape [60, 9, 8, 1]; the model takes [samples, 8, 8, 1]."


def test_constant_calibration_data_is_refused(image_model):
    with pytest.raises(InputError, match=r"Every value of image in images.npz is 0\.5") as caught:
        quantize(image_model, Samples({"x": np.full((60, 8, 8, 1), 0.5)}, source="images.npz"), Scheme.INT8)
    assert "real, typical inputs" in caught.value.hint


def test_a_batch_that_stays_fixed_is_refused(keras_models):
    model = load_model(keras_models["fixed_batch.keras"])
    assert read_tflite(quantize(model, None, Scheme.FLOAT32)).input_tensors[0].shape[0] == 1
    model = replace(model, network=replace(model.network, fixed_batch=3))
    with pytest.raises(InputError, match="takes 3 samples at a time") as caught:
        quantize(model, None, Scheme.FLOAT32)
    assert "without batch_size" in caught.value.hint


def test_tflite_is_not_quantized_again(image_model, image_tflites):
    model = replace(image_model, network=None, tflite=image_tflites["int8"], source="model.tflite")
    for call in (lambda: quantize(model, IMAGES, Scheme.INT8), lambda: predict_float(model, IMAGES)):
        with pytest.raises(InputError, match=r"model\.tflite is a \.tflite already") as caught:
            call()
        assert "Keras model" in caught.value.hint


def test_many_samples_are_thinned_evenly(image_model, monkeypatch):
    monkeypatch.setattr("boardproof.model.quantize.MAX_CALIBRATION_SAMPLES", 5)
    assert MAX_CALIBRATION_SAMPLES == 1000
    images = calibration_images(41)
    thinned = quantize(image_model, Samples({"x": images}), Scheme.INT8)
    assert thinned == quantize(image_model, Samples({"x": images[::10]}), Scheme.INT8)
