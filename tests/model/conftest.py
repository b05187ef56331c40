"""Models that several tests of this room share, each built once per session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.flatbuffer_models import ModelBuilder
from support.keras_models import calibration_images, save_keras_models, save_legacy_models

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.model.load import LoadedModel


@pytest.fixture(scope="session")
def keras_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_keras_models(tmp_path_factory.mktemp("keras"))


@pytest.fixture(scope="session")
def legacy_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_legacy_models(tmp_path_factory.mktemp("legacy"))


@pytest.fixture(scope="session")
def image_model(keras_models: dict[str, Path]) -> LoadedModel:
    from boardproof.model.load import load_model

    return load_model(keras_models["image.keras"])


@pytest.fixture(scope="session")
def image_tflites(image_model: LoadedModel) -> dict[str, bytes]:
    """The image model in every scheme."""
    from boardproof.model.quantize import quantize
    from boardproof.model.samples import Samples
    from boardproof.model.schemes import Scheme

    samples = Samples({"image": calibration_images()})
    return {scheme.value: quantize(image_model, samples, scheme) for scheme in Scheme}


@pytest.fixture(scope="session")
def mixed_tflite() -> bytes:
    """Every kind of thing the reader looks at, without TensorFlow: constants, per-channel scales, several operators."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4, 4, 3), scale=0.5, zero_point=-3, name="x")
    weights = builder.add_tensor((8, 3, 3, 3), scale=[0.01] * 8, data=list(range(-108, 108)), name="weights")
    bias = builder.add_tensor((8,), "int32", scale=[0.005] * 8, data=range(8), name="bias")
    y = builder.add_tensor((1, 4, 4, 8), scale=0.25, zero_point=7, name="y")
    builder.add_operator(
        "CONV_2D", [x, weights, bias], [y], padding="SAME", stride_w=1, stride_h=1, fused_activation_function="RELU"
    )
    axes = builder.add_tensor((2,), "int32", data=[1, 2], name="axes")
    mean = builder.add_tensor((1, 8), scale=0.25, zero_point=7, name="mean")
    builder.add_operator("MEAN", [y, axes], [mean], keep_dims=False)
    scores = builder.add_tensor((1, 8), scale=1 / 256, zero_point=-128, name="scores")
    builder.add_operator("SOFTMAX", [mean], [scores], beta=1.0)
    real = builder.add_tensor((1, 8), "float32", name="real")
    builder.add_operator("DEQUANTIZE", [scores], [real])
    return builder.build([x], [scores, real])
