"""Small Keras models, saved in every format that boardproof loads. TensorFlow is imported inside functions only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.quiet import captured_output

if TYPE_CHECKING:
    from pathlib import Path

IMAGE_SHAPE = (8, 8, 1)
CLASSES = 4


def save_keras_models(folder: Path) -> dict[str, Path]:
    """Saves a model of each kind that Keras 3 writes; by name."""
    with captured_output():
        import keras

        keras.utils.set_random_seed(7)
        layers, ops = keras.layers, keras.ops
        image = _image_model(keras)
        vector = lambda function, size=8: _model(keras, (size,), lambda x: layers.Dense(2)(function(x)))  # noqa: E731
        models = {
            "image.keras": image,
            "image.h5": image,
            "lambda.keras": vector(layers.Lambda(lambda x: x * 2)),
            "lambda.h5": vector(layers.Lambda(lambda x: x * 2)),
            "custom.keras": vector(_custom_layer(keras)),
            "custom.h5": vector(_custom_layer(keras)),
            "open_shape.keras": _model(keras, (None, None, 1), layers.Conv2D(2, 3)),
            "fixed_batch.keras": keras.Sequential([keras.Input(batch_shape=(3, 4)), layers.Dense(2)]),
            "three_inputs.keras": _three_inputs(keras),
            "sine.keras": vector(ops.sin),
            "erf.keras": vector(ops.erf),
            "negative.keras": vector(ops.negative),
            "negative_int8.keras": vector(lambda x: x * -1.0),
            "square.keras": vector(ops.square),
            "square_int8.keras": vector(lambda x: x * x),
            "stateful.keras": _stateful(keras),
            "mixed_precision.keras": vector(layers.Dense(4, dtype="mixed_float16")),
            "loop.keras": _model(keras, (5, 3), layers.LSTM(4, name="memory")),
            "embedding.keras": _model(
                keras, (5,), lambda x: layers.Dense(2)(layers.Flatten()(layers.Embedding(10, 4)(x))), dtype="int32"
            ),
        }
        paths = {name: folder / name for name in models}
        for name, model in models.items():
            model.save(paths[name])
        image.save_weights(folder / "only.weights.h5")
        image.export(folder / "saved_model")
    return paths | {"saved_model": folder / "saved_model", "only.weights.h5": folder / "only.weights.h5"}


def save_legacy_models(folder: Path) -> dict[str, Path]:
    """Saves models as Keras 2 does; Keras 3 fails on the arguments of their DepthwiseConv2D."""
    with captured_output():
        import tensorflow as tf
        import tf_keras

        tf_keras.utils.set_random_seed(7)
        layers = tf_keras.layers

        def model(scale: float | None) -> tf_keras.Model:
            inputs = tf_keras.Input(IMAGE_SHAPE)
            x = layers.DepthwiseConv2D(3)(inputs if scale is None else inputs / scale)
            return tf_keras.Model(inputs, layers.Dense(CLASSES)(layers.Flatten()(x)))

        # Dividing makes a TFOpLambda layer, which Keras 3 does not have at all.
        models = {"legacy.h5": model(None), "legacy.keras": model(None), "legacy_call.h5": model(2.0)}
        models["legacy_lstm.h5"] = _legacy_lstm(tf_keras)
        paths = {name: folder / name for name in models}
        for name, saved in models.items():
            saved.save(paths[name])
        loop = tf_keras.Sequential([tf_keras.Input((6, 5)), layers.LSTM(4)])
        tf.saved_model.save(loop, folder / "legacy_lstm")
    return paths | {"legacy_lstm": folder / "legacy_lstm"}


def save_unsafe_saved_model(folder: Path) -> Path:
    """A SavedModel that writes a file when it runs."""
    with captured_output():
        import tensorflow as tf

        module = tf.Module()

        @tf.function(input_signature=[tf.TensorSpec((None, 4), tf.float32, name="x")])
        def serve(x: tf.Tensor) -> dict[str, tf.Tensor]:
            tf.io.write_file(str(folder / "written"), "1")
            return {"y": x * 2.0}

        tf.saved_model.save(module, folder / "unsafe", signatures=serve)
    return folder / "unsafe"


def convert_with_dynamic_batch(path: Path) -> bytes:
    """What most people do: the converter's default path, which leaves the batch size open."""
    with captured_output():
        import keras
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_keras_model(keras.saving.load_model(path, compile=False))
        return bytes(converter.convert())


def calibration_images(samples: int = 60) -> np.ndarray:
    """Images that the models above can be calibrated with, float32 [samples, 8, 8, 1] in [0, 1)."""
    return np.random.default_rng(3).random((samples, *IMAGE_SHAPE)).astype(np.float32)


def _model(keras, shape, function, dtype="float32"):
    inputs = keras.Input(shape, dtype=dtype)
    return keras.Model(inputs, function(inputs))


def _image_model(keras):
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(IMAGE_SHAPE, name="image"),
            # Enough weights that dynamic-range quantization does not leave the layer alone.
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.Conv2D(16, 3, strides=2),
            layers.DepthwiseConv2D(3, padding="same"),
            layers.ReLU(6.0),
            layers.Flatten(),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _three_inputs(keras):
    layers = keras.layers
    inputs = [keras.Input((size,), name=name) for name, size in (("second", 8), ("first", 4), ("third.x", 2))]
    outputs = [
        layers.Dense(3, name="of_all")(layers.Concatenate()(inputs)),
        layers.Dense(5, name="of_first")(inputs[1]),
        layers.Dense(1, name="of_second")(inputs[0]),
    ]
    return keras.Model(inputs, outputs)


def _stateful(keras):
    inputs = keras.Input(batch_shape=(1, 2, 5))
    return keras.Model(inputs, keras.layers.GRU(4, stateful=True, unroll=True)(inputs))


def _legacy_lstm(tf_keras):
    """With inputs and outputs that TensorFlow permutes."""
    layers = tf_keras.layers
    steps, more = tf_keras.Input((6, 5), name="steps"), tf_keras.Input((6, 5), name="more")
    facts = tf_keras.Input((3,), name="facts")
    both = layers.Concatenate()([layers.Dense(4)(layers.LSTM(4)(steps)), layers.Flatten()(more), facts])
    return tf_keras.Model([steps, more, facts], [layers.Dense(3, name="z")(both), layers.Dense(2, name="a")(facts)])


def _custom_layer(keras):
    class Doubling(keras.layers.Layer):
        def call(self, x):
            return x * 2

    return Doubling()


def looping_module(folder: Path) -> Path:
    """A SavedModel with a loop of TensorFlow's own."""
    import tensorflow as tf

    class Looping(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((1, 4, 5), tf.float32)])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            total = tf.zeros((1, 5))
            for step in tf.range(tf.shape(x)[1]):
                total = tf.nn.relu(total + x[:, step])
            return total

    module = Looping()
    tf.saved_model.save(module, str(folder), signatures=module.__call__.get_concrete_function())
    return folder
