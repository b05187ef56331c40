"""Keras definitions of the four MLPerf Tiny reference networks, written from their published descriptions.

Randomly initialised: instruction counts, flash and memory depend on the shapes, not on what the weights say, so anyone
can run the benchmark without the trained models. Shapes are without the batch dimension.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def keyword_spotting() -> Any:
    """DS-CNN: a 10x4 convolution, then four depthwise separable blocks of 64 channels. Input [49,10,1], 12 classes."""
    from keras import Input, Sequential, layers

    def block() -> list[Any]:
        return [
            layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(64, 1, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]

    return Sequential(
        [
            Input((49, 10, 1)),
            layers.Conv2D(64, (10, 4), strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            *(layer for _ in range(4) for layer in block()),
            layers.AveragePooling2D((25, 5)),
            layers.Flatten(),
            layers.Dense(12, activation="softmax"),
        ],
        name="keyword_spotting",
    )


def image_classification() -> Any:
    """ResNet-8: three residual stacks of 16, 32 and 64 channels. Input [32,32,3], 10 classes."""
    from keras import Input, Model, layers

    def convolve(x: Any, channels: int, size: int, stride: int, *, relu: bool) -> Any:
        x = layers.Conv2D(channels, size, strides=stride, padding="same")(x)
        x = layers.BatchNormalization()(x) if size > 1 else x
        return layers.ReLU()(x) if relu else x

    inputs = Input((32, 32, 3))
    x = convolve(inputs, 16, 3, 1, relu=True)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = convolve(x, channels, 3, stride, relu=True)
        y = convolve(y, channels, 3, 1, relu=False)
        shortcut = x if stride == 1 else convolve(x, channels, 1, stride, relu=False)
        x = layers.ReLU()(layers.Add()([shortcut, y]))
    x = layers.Flatten()(layers.AveragePooling2D(8)(x))
    return Model(inputs, layers.Dense(10, activation="softmax")(x), name="image_classification")


def visual_wake_words() -> Any:
    """MobileNet v1, width 0.25: 13 depthwise separable blocks. Input [96,96,3], 2 classes."""
    from keras import Input, Model, layers

    inputs = Input((96, 96, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    blocks = [(16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), *[(128, 1)] * 5, (256, 2), (256, 1)]
    for channels, stride in blocks:
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(channels, 1, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Flatten()(layers.AveragePooling2D(3)(x))
    return Model(inputs, layers.Dense(2, activation="softmax")(x), name="visual_wake_words")


def anomaly_detection() -> Any:
    """A dense autoencoder, 640-128x4-8-128x4-640."""
    from keras import Input, Sequential, layers

    hidden: list[Any] = []
    for units in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        hidden += [layers.Dense(units), layers.BatchNormalization(), layers.ReLU()]
    return Sequential([Input((640,)), *hidden, layers.Dense(640)], name="anomaly_detection")


ARCHITECTURES: dict[str, Callable[[], Any]] = {
    "keyword_spotting": keyword_spotting,
    "image_classification": image_classification,
    "visual_wake_words": visual_wake_words,
    "anomaly_detection": anomaly_detection,
}


def with_statistics(model: Any, samples: Any) -> Any:
    """The same model, its batch normalisations having seen samples: else activations vanish layer by layer."""
    from keras import layers

    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = 0.5
    for _ in range(2 * len(model.layers)):
        model(samples, training=True)
    return model
