"""Every layer and activation of Keras 3 in a small model of its own, or why it is left out. See docs/layers.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.model.load import LoadedModel, ModelKind
from boardproof.model.network import from_keras
from boardproof.model.quantize import quantize
from boardproof.model.samples import Samples, vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.model.samples import Vectors

SAMPLES = 60

STEPS = (6, 5)
ROW = (12,)
PICTURE = (8, 8, 3)


@dataclass(frozen=True)
class Case:
    """A layer with inputs that suit it.

    `inputs` are shapes of one sample; `make` gives the layer, called on all inputs as a list where there are several.
    `highest` is the first index that is none, where the inputs are indices.
    """

    make: Callable[[Any], Any]
    inputs: tuple[tuple[int, ...], ...] = (ROW,)
    highest: int | None = None


def _one(shape: tuple[int, ...], make: Callable[[Any], Any], **more: Any) -> Case:
    return Case(make, (shape,), **more)


def _two(shape: tuple[int, ...], make: Callable[[Any], Any]) -> Case:
    return Case(make, (shape, shape))


CASES: dict[str, Case] = {
    # arithmetic
    "Activation": _one(ROW, lambda k: k.layers.Activation("relu")),
    "Add": _two(ROW, lambda k: k.layers.Add()),
    "Average": _two(ROW, lambda k: k.layers.Average()),
    "Concatenate": _two(ROW, lambda k: k.layers.Concatenate()),
    "Dot": _two(STEPS, lambda k: k.layers.Dot(axes=2)),
    "Maximum": _two(ROW, lambda k: k.layers.Maximum()),
    "Minimum": _two(ROW, lambda k: k.layers.Minimum()),
    "Multiply": _two(ROW, lambda k: k.layers.Multiply()),
    "Subtract": _two(ROW, lambda k: k.layers.Subtract()),
    "Rescaling": _one(ROW, lambda k: k.layers.Rescaling(0.5, offset=-1.0)),
    # activations as layers
    "ELU": _one(ROW, lambda k: k.layers.ELU()),
    "LeakyReLU": _one(ROW, lambda k: k.layers.LeakyReLU()),
    "PReLU": _one(STEPS, lambda k: k.layers.PReLU(shared_axes=[1], alpha_initializer="random_normal")),
    "ReLU": _one(ROW, lambda k: k.layers.ReLU(max_value=6.0)),
    "Softmax": _one(ROW, lambda k: k.layers.Softmax()),
    # dense and convolutions
    "Dense": _one(ROW, lambda k: k.layers.Dense(4)),
    "EinsumDense": _one(STEPS, lambda k: k.layers.EinsumDense("abc,cd->abd", output_shape=(None, 7), bias_axes="d")),
    "Embedding": _one((4,), lambda k: k.layers.Embedding(20, 6), highest=20),
    "ReversibleEmbedding": _one((4,), lambda k: k.layers.ReversibleEmbedding(20, 6), highest=20),
    "Conv1D": _one((10, 3), lambda k: k.layers.Conv1D(4, 3)),
    "Conv2D": _one(PICTURE, lambda k: k.layers.Conv2D(4, 3)),
    "Conv1DTranspose": _one((10, 3), lambda k: k.layers.Conv1DTranspose(4, 3, strides=2)),
    "Conv2DTranspose": _one(PICTURE, lambda k: k.layers.Conv2DTranspose(4, 3, strides=2)),
    "DepthwiseConv1D": _one((10, 3), lambda k: k.layers.DepthwiseConv1D(3)),
    "DepthwiseConv2D": _one(PICTURE, lambda k: k.layers.DepthwiseConv2D(3)),
    "SeparableConv1D": _one((10, 3), lambda k: k.layers.SeparableConv1D(4, 3)),
    "SeparableConv2D": _one(PICTURE, lambda k: k.layers.SeparableConv2D(4, 3)),
    "SpectralNormalization": _one(ROW, lambda k: k.layers.SpectralNormalization(k.layers.Dense(4))),
    # pools
    "AveragePooling1D": _one((10, 3), lambda k: k.layers.AveragePooling1D(2)),
    "AveragePooling2D": _one(PICTURE, lambda k: k.layers.AveragePooling2D(2)),
    "MaxPooling1D": _one((10, 3), lambda k: k.layers.MaxPooling1D()),
    "MaxPooling2D": _one(PICTURE, lambda k: k.layers.MaxPooling2D()),
    "GlobalAveragePooling1D": _one((10, 3), lambda k: k.layers.GlobalAveragePooling1D()),
    "GlobalAveragePooling2D": _one(PICTURE, lambda k: k.layers.GlobalAveragePooling2D()),
    "GlobalMaxPooling1D": _one((10, 3), lambda k: k.layers.GlobalMaxPooling1D()),
    "GlobalMaxPooling2D": _one(PICTURE, lambda k: k.layers.GlobalMaxPooling2D()),
    "AdaptiveAveragePooling1D": _one((10, 3), lambda k: k.layers.AdaptiveAveragePooling1D(5)),
    "AdaptiveAveragePooling2D": _one(PICTURE, lambda k: k.layers.AdaptiveAveragePooling2D(4)),
    "AdaptiveMaxPooling1D": _one((10, 3), lambda k: k.layers.AdaptiveMaxPooling1D(5)),
    "AdaptiveMaxPooling2D": _one(PICTURE, lambda k: k.layers.AdaptiveMaxPooling2D(4)),
    # normalization
    "BatchNormalization": _one(PICTURE, lambda k: k.layers.BatchNormalization()),
    "GroupNormalization": _one((4, 4, 8), lambda k: k.layers.GroupNormalization(groups=4)),
    "LayerNormalization": _one(STEPS, lambda k: k.layers.LayerNormalization()),
    "Normalization": _one(ROW, lambda k: k.layers.Normalization(mean=[0.5] * 12, variance=[2.0] * 12)),
    "RMSNormalization": _one(STEPS, lambda k: k.layers.RMSNormalization()),
    "UnitNormalization": _one(STEPS, lambda k: k.layers.UnitNormalization()),
    # shapes
    "Cropping1D": _one((10, 3), lambda k: k.layers.Cropping1D(2)),
    "Cropping2D": _one(PICTURE, lambda k: k.layers.Cropping2D(2)),
    "CenterCrop": _one(PICTURE, lambda k: k.layers.CenterCrop(4, 4)),
    "Flatten": _one(PICTURE, lambda k: k.layers.Flatten()),
    "Permute": _one(STEPS, lambda k: k.layers.Permute((2, 1))),
    "RepeatVector": _one(ROW, lambda k: k.layers.RepeatVector(3)),
    "Reshape": _one(ROW, lambda k: k.layers.Reshape((3, 4))),
    "Resizing": _one(PICTURE, lambda k: k.layers.Resizing(4, 4)),
    "UpSampling1D": _one((10, 3), lambda k: k.layers.UpSampling1D()),
    "UpSampling2D": _one(PICTURE, lambda k: k.layers.UpSampling2D()),
    "ZeroPadding1D": _one((10, 3), lambda k: k.layers.ZeroPadding1D(2)),
    "ZeroPadding2D": _one(PICTURE, lambda k: k.layers.ZeroPadding2D(2)),
    # recurrent
    "GRU": _one(STEPS, lambda k: k.layers.GRU(4)),
    "GRUCell": _one(STEPS, lambda k: k.layers.RNN(k.layers.GRUCell(4))),
    "LSTM": _one(STEPS, lambda k: k.layers.LSTM(4)),
    "LSTMCell": _one(STEPS, lambda k: k.layers.RNN(k.layers.LSTMCell(4))),
    "RNN": _one(STEPS, lambda k: k.layers.RNN(k.layers.SimpleRNNCell(4))),
    "SimpleRNN": _one(STEPS, lambda k: k.layers.SimpleRNN(4)),
    "SimpleRNNCell": _one(STEPS, lambda k: k.layers.RNN(k.layers.SimpleRNNCell(4), return_sequences=True)),
    "StackedRNNCells": _one(
        STEPS, lambda k: k.layers.RNN(k.layers.StackedRNNCells([k.layers.LSTMCell(4), k.layers.GRUCell(3)]))
    ),
    "Bidirectional": _one(STEPS, lambda k: k.layers.Bidirectional(k.layers.LSTM(4))),
    "TimeDistributed": _one(STEPS, lambda k: k.layers.TimeDistributed(k.layers.Dense(3))),
    "ConvLSTM1D": _one((4, 6, 2), lambda k: k.layers.ConvLSTM1D(3, 3)),
    "ConvLSTM2D": _one((3, 5, 5, 2), lambda k: k.layers.ConvLSTM2D(2, 3)),
    # attention
    "AdditiveAttention": _two(STEPS, lambda k: k.layers.AdditiveAttention()),
    "Attention": _two(STEPS, lambda k: k.layers.Attention()),
    "GroupQueryAttention": Case(lambda k: _called(k.layers.GroupQueryAttention(4, 4, 2)), ((6, 8), (6, 8))),
    "MultiHeadAttention": Case(lambda k: _called(k.layers.MultiHeadAttention(2, 4)), ((6, 8), (6, 8))),
    # no part in inference
    "ActivityRegularization": _one(ROW, lambda k: k.layers.ActivityRegularization(l2=0.1)),
    "AlphaDropout": _one(ROW, lambda k: k.layers.AlphaDropout(0.5)),
    "Dropout": _one(ROW, lambda k: k.layers.Dropout(0.5)),
    "GaussianDropout": _one(ROW, lambda k: k.layers.GaussianDropout(0.5)),
    "GaussianNoise": _one(ROW, lambda k: k.layers.GaussianNoise(0.5)),
    "Identity": _one(ROW, lambda k: k.layers.Identity()),
    "Masking": _one(STEPS, lambda k: k.layers.Masking()),
    "SpatialDropout1D": _one((10, 3), lambda k: k.layers.SpatialDropout1D(0.5)),
    "SpatialDropout2D": _one(PICTURE, lambda k: k.layers.SpatialDropout2D(0.5)),
    **{
        name: _one(PICTURE, lambda k, name=name, arguments=arguments: getattr(k.layers, name)(*arguments))
        for name, arguments in {
            "RandomBrightness": (0.2,),
            "RandomContrast": (0.2,),
            "RandomCrop": (6, 6),
            "RandomFlip": (),
            "RandomRotation": (0.1,),
            "RandomTranslation": (0.1, 0.1),
            "RandomZoom": (0.1,),
        }.items()
    },
    # encodings
    "CategoryEncoding": _one((1,), lambda k: k.layers.CategoryEncoding(8, output_mode="one_hot"), highest=8),
    "Discretization": _one(ROW, lambda k: k.layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0])),
    "MelSpectrogram": _one(
        (1024,), lambda k: k.layers.MelSpectrogram(num_mel_bins=20, fft_length=256, sequence_stride=128)
    ),
    "STFTSpectrogram": _one(
        (1024, 1), lambda k: k.layers.STFTSpectrogram(frame_length=128, frame_step=64, fft_length=128)
    ),
}


def _called(layer: Any) -> Any:
    return lambda inputs: layer(*inputs)


_TRAINING = "changes pictures while training, and does nothing in a model that is trained"
_VOLUMES = "volumes: their tensors have five axes, which TensorFlow Lite Micro's operators do not take"
_WORDS = "takes words: belongs on the host, and the model on the board begins with its numbers"
_FOREIGN = "holds another framework's code, which is not run"
_BASE = "has no computation of its own"

EXCLUDED = {
    **dict.fromkeys(
        (
            "AugMix",
            "AutoContrast",
            "ContrastLimitedAdaptiveHistogramEqualization",
            "CutMix",
            "Equalization",
            "MaxNumBoundingBoxes",
            "MixUp",
            "Pipeline",
            "RandAugment",
            "RandomColorDegeneration",
            "RandomColorJitter",
            "RandomElasticTransform",
            "RandomErasing",
            "RandomGaussianBlur",
            "RandomGrayscale",
            "RandomHue",
            "RandomInvert",
            "RandomPerspective",
            "RandomPosterization",
            "RandomSaturation",
            "RandomSharpness",
            "RandomShear",
            "Solarization",
        ),
        _TRAINING,
    ),
    **dict.fromkeys(
        (
            "AdaptiveAveragePooling3D",
            "AdaptiveMaxPooling3D",
            "AveragePooling3D",
            "Conv3D",
            "Conv3DTranspose",
            "ConvLSTM3D",
            "Cropping3D",
            "GlobalAveragePooling3D",
            "GlobalMaxPooling3D",
            "MaxPooling3D",
            "SpatialDropout3D",
            "UpSampling3D",
            "ZeroPadding3D",
        ),
        _VOLUMES,
    ),
    **dict.fromkeys(("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"), _WORDS),
    **dict.fromkeys(("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"), _FOREIGN),
    **dict.fromkeys(("InputLayer", "Layer", "Wrapper"), _BASE),
    "Lambda": "holds Python code, which is not run",
}

ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
)


def layer_names() -> set[str]:
    """Every public layer, once: not the names that mean the same class."""
    import keras

    classes = {
        name: found
        for name, found in vars(keras.layers).items()
        if isinstance(found, type) and issubclass(found, keras.layers.Layer)
    }
    return {name for name, found in classes.items() if found.__name__ in {name, "GroupedQueryAttention"}}


def activation_cases() -> dict[str, Case]:
    """Each activation behind a dense layer."""

    def case(name: str) -> Case:
        def make(k: Any) -> Any:
            function = getattr(k.activations, name)
            activation = (lambda x: function(x, 0.2, 0.0)) if name == "threshold" else function
            return k.layers.Dense(8, activation=activation)

        return _one(ROW, make)

    return {name: case(name) for name in ACTIVATIONS}


def build(case: Case) -> Any:
    """The model: inputs, the layer, nothing else."""
    import keras

    keras.utils.set_random_seed(3)
    dtype = "float32" if case.highest is None else "int32"
    inputs = [keras.Input(shape, dtype=dtype, name=f"in{i}") for i, shape in enumerate(case.inputs)]
    output = case.make(keras)(inputs if len(inputs) > 1 else inputs[0])
    return keras.Model(inputs, output)


def loaded(case: Case, name: str) -> LoadedModel:
    """The model as if it came from a file."""
    network = from_keras(build(case), "keras 3", name)
    return LoadedModel(ModelKind.KERAS, name, network.inputs, network=network)


def samples_of(case: Case, model: LoadedModel) -> Samples:
    """Random inputs, the same each time."""
    rng = np.random.default_rng(1)
    return Samples(
        {
            spec.name: rng.normal(size=(SAMPLES, *spec.shape)).astype(np.float32)
            if case.highest is None
            else rng.integers(0, case.highest, (SAMPLES, *spec.shape))
            for spec in model.inputs
        }
    )


def quantized_case(case: Case, name: str) -> tuple[bytes, Vectors]:
    """The int8 .tflite, and inputs for it."""
    model = loaded(case, name)
    samples = samples_of(case, model)
    data = quantize(model, samples, Scheme.INT8)
    return data, vectors_for(read_tflite(data), samples)
