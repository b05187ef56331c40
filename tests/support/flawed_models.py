"""Models from TensorFlow's converter, each with one flaw that users run into. TensorFlow is imported inside only."""

from __future__ import annotations

import numpy as np

from boardproof.model.quiet import captured_output


def flawed_models() -> dict[str, bytes]:
    """A .tflite for each flaw, by name; "good" has none."""
    with captured_output():
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(11)
        layers = keras.layers
        image = keras.Sequential(
            [
                keras.Input(batch_shape=(1, 8, 8, 1)),
                layers.Conv2D(4, 3, activation="relu"),
                layers.Flatten(),
                # Enough weights that dynamic-range quantization does not leave the layer alone.
                layers.Dense(16, activation="relu"),
                layers.Dense(3, activation="softmax"),
            ]
        )
        one_image, any_batch = (1, 8, 8, 1), keras.Sequential([keras.Input((8, 8, 1)), *image.layers])
        pooled = keras.Sequential(
            [keras.Input(batch_shape=one_image), layers.Conv2D(4, 3), layers.MaxPooling2D()],
        )
        series = keras.Sequential(
            [keras.Input((None, 8)), layers.Conv1D(2, 3), layers.GlobalAveragePooling1D()],
        )
        gelu = keras.Sequential([keras.Input(batch_shape=(1, 8)), layers.Dense(4), layers.Activation("gelu")])
        product = keras.Sequential([keras.Input(batch_shape=(1, 8)), layers.Lambda(lambda x: tf.math.cumprod(x, 1))])
        wide = keras.Sequential([keras.Input(batch_shape=(1, 128)), layers.Dense(8192), layers.Dense(2)])
        large = keras.Sequential(
            [
                keras.Input(batch_shape=(1, 160, 160, 1)),
                layers.Conv2D(16, 3, padding="same"),
                layers.GlobalMaxPooling2D(),
            ]
        )
        five_axes, six_axes = (1, 2, 3, 3, 4), (1, 2, 2, 3, 2, 4)
        video = keras.Sequential([keras.Input(batch_shape=five_axes), layers.Rescaling(0.5, offset=-1)])
        rays = keras.Sequential([keras.Input(batch_shape=six_axes), layers.ReLU(), layers.Reshape((-1,))])
        volume = keras.Sequential([keras.Input(batch_shape=five_axes), layers.GlobalAveragePooling3D()])
        picked = keras.Sequential(
            [keras.Input(batch_shape=(4, 8)), layers.Lambda(lambda x: tf.gather_nd(x, [[0, 1], [3, 7]]))]
        )
        untrained = keras.Sequential(
            [keras.Input(batch_shape=(1, 8)), layers.Dense(4, kernel_initializer="zeros"), layers.Softmax()]
        )
        two_images = (2, 8, 8, 1)
        pairs = keras.Sequential([keras.Input(batch_shape=two_images), layers.MaxPooling2D()])
        squares = keras.Sequential([keras.Input(batch_shape=(1, 8)), layers.Lambda(lambda x: x * (x + 1.0))])
        shrunk = keras.Sequential([keras.Input(batch_shape=one_image), layers.Resizing(3, 3, interpolation="nearest")])
        grouped = keras.Sequential([keras.Input(batch_shape=(1, 8, 8, 4)), layers.Conv2D(4, 3, groups=2)])
        return _of_single_layers(keras, tf) | {
            "good": _int8(tf, image, one_image, per_channel_dense=False),
            "per_channel_dense": _int8(tf, image, one_image, per_channel_dense=True),
            "open_batch": _int8(tf, any_batch, one_image, per_channel_dense=False),
            "open_length": _int8(tf, series, (1, 9, 8), per_channel_dense=False),
            "hybrid": _convert(tf, image, optimizations=[tf.lite.Optimize.DEFAULT]),
            "float16": _float16(tf, image),
            "int16_pool": _int16(tf, pooled, one_image),
            "gelu": _convert(tf, gelu),
            "flex": _flex(tf, product),
            "too_many_weights": _int8(tf, wide, (1, 128), per_channel_dense=False),
            "too_large_activations": _int8(tf, large, (1, 160, 160, 1), per_channel_dense=False),
            "five_axes": _int8(tf, video, five_axes, per_channel_dense=False),
            "six_axes": _int8(tf, rays, six_axes, per_channel_dense=False),
            "three_reduced": _int8(tf, volume, five_axes, per_channel_dense=False),
            "gather_nd": _int8(tf, picked, (4, 8), per_channel_dense=False),
            "grouped": _int8(tf, grouped, (1, 8, 8, 4), per_channel_dense=False),
            "two_images": _int8(tf, pairs, two_images, per_channel_dense=False),
            "int16_product": _int16(tf, squares, (1, 8)),
            "shrunk": _int8(tf, shrunk, one_image, per_channel_dense=False),
            "untrained": _int8(tf, untrained, (1, 8), per_channel_dense=False),
        }


def _of_single_layers(keras, tf) -> dict[str, bytes]:
    """Those of one layer or two."""
    layers = keras.layers
    row, image = (1, 8), (1, 8, 8, 8)

    def network(shape, *stack):
        return keras.Sequential([keras.Input(batch_shape=shape), *stack])

    def function(shape, compute):
        return network(shape, layers.Lambda(compute))

    pooled = network(image, layers.Conv2D(4, 3), layers.GlobalAveragePooling2D())
    crowded = network((1, 128), layers.Dense(7450), layers.Dense(2))
    return {
        "argmax": _convert(tf, function(row, lambda x: tf.argmax(x, -1))),
        "cast_to_int64": _convert(tf, function(row, lambda x: tf.cast(x, tf.int64))),
        "cast_to_bool": _convert(tf, function(row, lambda x: tf.cast(x, tf.bool))),
        "long_shape": _convert(tf, function((None, 8), lambda x: tf.shape(x, out_type=tf.int64))),
        "loop": _convert(tf, network((1, 5, 4), layers.LSTM(4))),
        "hybrid_dense": _convert(tf, network(row, layers.Dense(256)), optimizations=[tf.lite.Optimize.DEFAULT]),
        "hybrid_transpose_conv": _convert(
            tf, network(image, layers.Conv2DTranspose(16, 3)), optimizations=[tf.lite.Optimize.DEFAULT]
        ),
        "int16_transpose_conv": _int16(tf, network(image, layers.Conv2DTranspose(4, 3)), image),
        "one_number": _convert(tf, function((1, 1), lambda x: tf.where(x > 0.5, x, 0.0))),
        "pooled": _int8(tf, pooled, image, per_channel_dense=False),
        "no_room_for_code": _int8(tf, crowded, (1, 128), per_channel_dense=False),
    }


def _convert(tf, model, **settings) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    for name, value in settings.items():
        setattr(converter, name, value)
    return bytes(converter.convert())


def _samples(shape):
    rng = np.random.default_rng(5)
    return lambda: ([rng.normal(size=shape).astype(np.float32)] for _ in range(8))


def _int8(tf, model, shape, *, per_channel_dense) -> bytes:
    return _convert(
        tf,
        model,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=_samples(shape),
        inference_input_type=tf.int8,
        inference_output_type=tf.int8,
        _experimental_disable_per_channel_quantization_for_dense_layers=not per_channel_dense,
    )


def _float16(tf, model) -> bytes:
    target = tf.lite.TargetSpec(supported_types=[tf.float16])
    return _convert(tf, model, optimizations=[tf.lite.Optimize.DEFAULT], target_spec=target)


def _int16(tf, model, shape) -> bytes:
    operators = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    return _convert(
        tf,
        model,
        optimizations=[tf.lite.Optimize.DEFAULT],
        representative_dataset=_samples(shape),
        target_spec=tf.lite.TargetSpec(supported_ops=operators),
        inference_input_type=tf.int16,
        inference_output_type=tf.int16,
    )


def _flex(tf, model) -> bytes:
    operators = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    return _convert(tf, model, target_spec=tf.lite.TargetSpec(supported_ops=operators))
