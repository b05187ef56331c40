"""A Keras model in memory as an int8 .tflite."""

from __future__ import annotations

from boardproof.model.load import LoadedModel, ModelKind
from boardproof.model.network import from_keras
from boardproof.model.quantize import quantize
from boardproof.model.samples import Samples
from boardproof.model.schemes import Scheme


def as_int8(model, x) -> bytes:
    """Quantized after training, with `x` as the representative dataset."""
    network = from_keras(model, "keras", "network")
    return quantize(LoadedModel(ModelKind.KERAS, "network", network.inputs, network), Samples({"x": x}), Scheme.INT8)
