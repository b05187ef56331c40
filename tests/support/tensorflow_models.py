"""Models as users write them, through boardproof's own quantizer and so through TensorFlow's converter. All tiny.

TensorFlow is imported inside functions only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.load import LoadedModel, ModelKind, load_model
from boardproof.model.network import from_keras
from boardproof.model.quantize import quantize
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.model.schemes import Scheme

_CALIBRATION_SAMPLES = 30


def convert(name: str, scheme: Scheme, folder: Path) -> bytes:
    """The .tflite of one of MODELS; `folder` is for what is read from disk."""
    with captured_output():
        import keras
        import tensorflow as tf

        keras.utils.set_random_seed(3)
        tf.random.set_seed(3)
        made = MODELS[name](folder)
    if isinstance(made, LoadedModel):
        model = made
    else:
        network = from_keras(made, "keras", name)
        model = LoadedModel(ModelKind.KERAS, name, network.inputs, network=network)
    rng = np.random.default_rng(1)
    arrays = {
        spec.name: rng.normal(size=(_CALIBRATION_SAMPLES, *spec.shape)).astype(np.float32) for spec in model.inputs
    }
    return quantize(model, Samples(arrays), scheme)


def _unrolled(_folder: Path) -> Any:
    from keras import Input, Model, layers

    inputs = Input((4, 5))
    branches = [layers.LSTM(6, unroll=True)(inputs), layers.GRU(5, unroll=True)(inputs)]
    return Model(inputs, layers.Dense(3, activation="softmax")(layers.Concatenate()(branches)))


def _stateful(_folder: Path) -> Any:
    """Goes on where the last sample ended."""
    from keras import Input, Model, layers

    inputs = Input(batch_shape=(1, 2, 5))
    return Model(inputs, layers.Dense(3)(layers.GRU(4, stateful=True, unroll=True)(inputs)))


def _looping(_folder: Path) -> Any:
    from keras import Input, Model, layers

    inputs = Input((4, 5))
    return Model(inputs, layers.LSTM(6)(inputs))


def _branching(_folder: Path) -> Any:
    import tensorflow as tf
    from keras import Input, Model, layers

    inputs = Input((4,))
    branch = layers.Lambda(lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0), output_shape=(4,))
    return Model(inputs, branch(layers.Dense(4)(inputs)))


def _skip_connections(_folder: Path) -> Any:
    """A small U-Net."""
    from keras import Input, Model, layers

    def conv(x: Any, channels: int) -> Any:
        return layers.Conv2D(channels, 3, padding="same", activation="relu")(x)

    inputs = Input((8, 12, 3))
    upper = conv(inputs, 4)
    middle = conv(layers.MaxPooling2D()(upper), 6)
    lower = conv(layers.MaxPooling2D()(middle), 8)
    x = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="relu")(lower)
    x = conv(layers.Concatenate()([x, middle]), 6)
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = layers.Concatenate()([layers.Conv2DTranspose(4, 2)(layers.Cropping2D(((0, 1), (1, 0)))(x)), upper])
    return Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def _fused(_folder: Path) -> Any:
    """Keras 2 marks its recurrent layers so that the converter finds them."""
    from tf_keras import Input, Model, layers

    inputs = Input((6, 5))
    x = layers.Bidirectional(layers.LSTM(4), merge_mode="sum")(layers.LSTM(7, return_sequences=True)(inputs))
    return Model(inputs, layers.Dense(3)(x))


def _joined(_folder: Path) -> Any:
    from tf_keras import Input, Model, layers

    inputs = Input((6, 5))
    x = layers.LSTM(4, return_sequences=True)(inputs)
    return Model(inputs, layers.Dense(3)(layers.Concatenate()([x, inputs])))


def _streaming(folder: Path) -> LoadedModel:
    """A convolution over time that gets three frames at a time and remembers four."""
    import tensorflow as tf

    weights = np.random.default_rng(0).normal(size=(5, 6, 4)).astype(np.float32)

    class Streaming(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.history = tf.Variable(tf.fill((1, 4, 6), 0.5), trainable=False)

        @tf.function(input_signature=[tf.TensorSpec((1, 3, 6), tf.float32)])  # type: ignore[untyped-decorator]
        def __call__(self, x: Any) -> Any:
            frames = tf.concat([self.history.read_value(), x], 1)
            self.history.assign(frames[:, -4:])
            return tf.nn.relu(tf.nn.conv1d(frames, weights, 1, "VALID"))

    module = Streaming()
    tf.saved_model.save(module, str(folder), signatures=module.__call__.get_concrete_function())
    return load_model(folder)


def _attention(_folder: Path) -> Any:
    """Two heads, and a product of matrices without a batch, which becomes a dense layer with computed weights."""
    import tensorflow as tf
    from keras import Input, Model, layers, ops

    inputs = Input((6, 8))
    x = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    query, key, value = (layers.Dense(4)(x) for _ in range(3))
    scores = layers.Lambda(lambda pair: tf.matmul(pair[0][0], pair[1][0], transpose_b=True)[tf.newaxis])([query, key])
    return Model(inputs, ops.matmul(ops.softmax(scores), value))


def _squeeze_excite(_folder: Path) -> Any:
    from keras import Input, Model, layers

    inputs = Input((6, 6, 4))
    x = layers.Conv2D(8, 3, padding="same", activation="hard_swish")(inputs)
    weights = layers.Conv2D(2, 1, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.Multiply()([x, layers.Conv2D(8, 1, activation="sigmoid")(weights)])
    return Model(inputs, layers.GlobalMaxPooling2D()(x))


def _silu(_folder: Path) -> Any:
    """The same of what int16x8 has."""
    from keras import Input, Model, layers

    inputs = Input((6, 6, 4))
    x = layers.Conv2D(8, 3, padding="same", activation="silu")(inputs)
    weights = layers.Conv2D(8, 1, activation="hard_sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.AveragePooling2D(2, padding="same")(layers.Multiply()([x, weights]))
    return Model(inputs, layers.Dense(5, activation="softmax")(layers.Flatten()(layers.MaxPooling2D()(x))))


def _resized(_folder: Path) -> Any:
    from keras import Input, Model, layers

    inputs = Input((4, 6, 3))
    x = layers.Resizing(8, 12, interpolation="nearest")(inputs)
    x = layers.Concatenate()([x, layers.UpSampling2D(interpolation="bilinear")(inputs)])
    return Model(inputs, layers.Conv2D(2, 3, strides=2)(layers.ZeroPadding2D(1)(x)))


def _activations(_folder: Path) -> Any:
    from keras import Input, Model, layers, ops

    inputs = Input((5, 5, 3))
    x = layers.Conv2D(8, 3)(inputs)
    branches = [
        layers.PReLU(alpha_initializer="random_normal")(x),
        layers.LeakyReLU(0.2)(x),
        layers.ReLU(6.0)(x),
        *(layers.Activation(name)(x) for name in ("tanh", "log_softmax", "hard_shrink")),
        ops.abs(x),
    ]
    return Model(inputs, layers.Concatenate()(branches))


def _residual(_folder: Path) -> Any:
    from keras import Input, Model, layers, ops

    inputs = Input((9, 8, 4))
    x = layers.SeparableConv2D(8, 3, padding="same", activation="relu")(inputs)
    first, second = ops.split(x, 2, axis=-1)
    x = layers.Concatenate()([first, second * 2.0, inputs])[:, 1::2, ::2]
    x = layers.Add()([layers.Conv2D(8, 1)(x), layers.Conv2D(8, 1)(layers.BatchNormalization()(x))])
    return Model(inputs, layers.Permute((2, 1, 3))(layers.DepthwiseConv2D(3, dilation_rate=2, padding="same")(x)))


def _normalized(_folder: Path) -> Any:
    """Layers are normalized with what TensorFlow can quantize."""
    import tensorflow as tf
    from keras import Input, Model, layers, ops

    inputs = Input((6, 8))
    x = layers.Dense(8)(inputs)
    x = (x - ops.mean(x, -1, keepdims=True)) * ops.rsqrt(ops.var(x, -1, keepdims=True) + 0.01)
    x = layers.Lambda(lambda t: tf.math.l2_normalize(t, axis=-1))(layers.Dense(5)(x))
    share = ops.max(x, 1) / (2.0 + ops.sum(layers.Activation("sigmoid")(x), 1))
    return Model(inputs, [share, layers.Lambda(lambda t: tf.argmax(t, -1, output_type=tf.int32))(x)])


MODELS = {
    "activations": _activations,
    "attention": _attention,
    "branch": _branching,
    "fused recurrent layers": _fused,
    "joined": _joined,
    "loop": _looping,
    "normalized layers": _normalized,
    "residual": _residual,
    "resized": _resized,
    "skip connections": _skip_connections,
    "squeeze and excite": _squeeze_excite,
    "stateful recurrent layers": _stateful,
    "streaming convolution": _streaming,
    "swish": _silu,
    "unrolled recurrent layers": _unrolled,
}
"""By name: what makes a Keras model, or a model loaded from a folder."""
