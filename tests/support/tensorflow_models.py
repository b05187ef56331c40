"""Models as TensorFlow's own converter writes them: recurrent, streaming, with skip connections. Full int8.

TensorFlow is imported inside functions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.quiet import captured_output

if TYPE_CHECKING:
    from pathlib import Path

_CALIBRATION_SAMPLES = 30


def tensorflow_models(folder: Path) -> dict[str, bytes]:
    """By name; `folder` is for what the converter reads from disk."""
    with captured_output():
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(3)
        tf.random.set_seed(3)
        return {
            "unrolled recurrent layers": _of_keras(tf, _unrolled(keras)),
            "skip connections": _of_keras(tf, _skip_connections(keras)),
            "fused recurrent layers": _fused(tf),
            "streaming convolution": _streaming(tf, folder),
        }


def _unrolled(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((4, 5))
    branches = [layers.LSTM(6, unroll=True)(inputs), layers.GRU(5, unroll=True)(inputs)]
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Concatenate()(branches)))


def _skip_connections(keras: Any) -> Any:
    """A small U-Net."""
    layers = keras.layers

    def conv(x: Any, channels: int) -> Any:
        return layers.Conv2D(channels, 3, padding="same", activation="relu")(x)

    inputs = keras.Input((8, 12, 3))
    upper = conv(inputs, 4)
    middle = conv(layers.MaxPooling2D()(upper), 6)
    lower = conv(layers.MaxPooling2D()(middle), 8)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(lower)
    x = conv(layers.Concatenate()([x, middle]), 6)
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = layers.Concatenate()([layers.Conv2DTranspose(4, 2)(layers.Cropping2D(((0, 1), (1, 0)))(x)), upper])
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def _fused(tf: Any) -> bytes:
    """Keras 2 marks its recurrent layers so that the converter finds them."""
    import tf_keras

    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input((6, 5), batch_size=1),
            layers.LSTM(7, return_sequences=True),
            layers.LSTM(4),
            layers.Dense(3),
        ]
    )
    call = tf.function(lambda x: model(x))  # noqa: PLW0108 a function, not the model, is what it traces
    function = call.get_concrete_function(tf.TensorSpec((1, 6, 5), tf.float32))
    return _convert(tf, tf.lite.TFLiteConverter.from_concrete_functions([function], model), (6, 5))


def _streaming(tf: Any, folder: Path) -> bytes:
    """A convolution over time that gets three frames at a time and remembers four."""
    weights = np.random.default_rng(0).normal(size=(5, 6, 4)).astype(np.float32)

    class Streaming(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.history = tf.Variable(tf.fill((1, 4, 6), 0.5), trainable=False)

        @tf.function(input_signature=[tf.TensorSpec((1, 3, 6), tf.float32)])
        def __call__(self, x: Any) -> Any:
            frames = tf.concat([self.history.read_value(), x], 1)
            self.history.assign(frames[:, -4:])
            return tf.nn.relu(tf.nn.conv1d(frames, weights, 1, "VALID"))

    module = Streaming()
    tf.saved_model.save(module, str(folder), signatures=module.__call__.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.experimental_enable_resource_variables = True
    return _convert(tf, converter, (3, 6))


def _of_keras(tf: Any, model: Any) -> bytes:
    shape = tuple(model.inputs[0].shape[1:])
    function = tf.function(lambda x: model(x, training=False)).get_concrete_function(
        tf.TensorSpec((1, *shape), tf.float32)
    )
    return _convert(tf, tf.lite.TFLiteConverter.from_concrete_functions([function]), shape)


def _convert(tf: Any, converter: Any, shape: tuple[int, ...]) -> bytes:
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(_CALIBRATION_SAMPLES, 1, *shape)).astype(np.float32)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([sample] for sample in samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())
