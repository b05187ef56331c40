"""Networks as training leaves them, or as nobody trained them: dead channels, dead layers, outputs that vanish."""

from __future__ import annotations

import numpy as np

from boardproof.model.affine import dequantize_array
from boardproof.model.given import open_model
from boardproof.model.oracle import run_oracle
from boardproof.model.quantize import Scheme, predict_float, quantize
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.tflite.reader import read_tflite


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_dead_channels_and_layers_in_int16_keep_their_bias():
    """The converter gives them scales of 0, which no reader takes, and a bias of 0."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inputs = keras.Input((6, 6, 3))
    dead = layers.Conv2D(4, 3)
    silent = layers.Conv2D(3, 1, activation="relu")(dead(inputs))
    model = keras.Model(inputs, layers.Concatenate()([dead.output, layers.Conv2D(2, 1)(silent)]))
    kernel, _ = dead.get_weights()
    dead.set_weights([kernel * [1, 0, 1, 0], np.array([0, 0.5, 0.1, -0.25], np.float32)])
    model.layers[2].set_weights([model.layers[2].get_weights()[0], np.full(3, -100, np.float32)])
    opened, samples = open_model(model), Samples({"x": normal(24, 6, 6, 3)})
    data = quantize(opened, samples, Scheme.INT16X8)
    graph = read_tflite(data)
    outputs = run_oracle(data, vectors_for(graph, samples)).arrays[0]
    found = dequantize_array(outputs, graph.tensors[graph.outputs[0]].quantization)
    expected = predict_float(opened, samples).arrays[0]
    np.testing.assert_allclose(found[..., [1, 3]], expected[..., [1, 3]], atol=1e-3)
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_a_function_between_layers_and_logits_that_vanish_become_integers():
    """ELU has no int8 form, and is taken by a layer, a concatenation and a pool; a softmax takes no scale too small."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    inputs = keras.Input((8, 8, 3))
    skipped = layers.Conv2D(4, 3, padding="same", activation="elu")(inputs)
    below = layers.Conv2D(4, 3, strides=2, padding="same", activation="elu")(skipped)
    joined = layers.Concatenate()([layers.UpSampling2D(2)(below), skipped])
    averaged = layers.AveragePooling2D(2)(layers.Conv2D(4, 1, activation="elu")(joined))
    resized = layers.UpSampling2D(2, interpolation="bilinear")(layers.Activation("elu")(layers.Conv2D(2, 1)(averaged)))
    both = layers.Concatenate()([layers.UpSampling2D(2)(averaged), layers.Conv2D(2, 1)(resized), resized])
    logits = layers.Conv2D(3, 8)
    model = keras.Model(inputs, layers.Softmax()(layers.Flatten()(logits(both))))
    logits.set_weights([logits.get_weights()[0] * 1e-10, np.zeros(3, np.float32)])
    data = quantize(open_model(model), Samples({"x": normal(24, 8, 8, 3)}), Scheme.INT8)
    graph = read_tflite(data)
    assert {tensor.dtype.value for tensor in graph.tensors} <= {"int8", "int32"}
    softmax = next(operator for operator in graph.operators if operator.name == "SOFTMAX")
    scale = graph.tensors[softmax.inputs[0]].quantization.scale
    assert scale * 2**26 > 1
