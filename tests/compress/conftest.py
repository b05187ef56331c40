"""The two networks that every technique is shown on, each built once."""

from __future__ import annotations

import pytest
from benchmarks.architectures import image_classification, keyword_spotting

from support.compress_models import seasoned


@pytest.fixture(scope="session", params=[keyword_spotting, image_classification], ids=["DS-CNN", "ResNet-8"])
def reference(request):
    """A Keras model of MLPerf Tiny, with weights that nobody trained."""
    import keras

    keras.utils.set_random_seed(1)
    return seasoned(request.param())
