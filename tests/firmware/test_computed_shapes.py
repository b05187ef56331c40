"""Shapes that are computed, or an input: the output tensor's own shape counts, as for TensorFlow Lite Micro."""

from __future__ import annotations

import numpy as np
import pytest

from support.aot import assert_exact
from support.flatbuffer_models import ModelBuilder

OTHER_SHAPES = ([1, 8, 8, 3], [1, 7, 7, 3], [0, 0, 0, 0], [5, -1, 9, 2])


def network(dtype: str, *, added: bool) -> bytes:
    """TRANSPOSE_CONV and RESHAPE, with shapes from an input; `added`: with a sum in between, so that it is computed."""
    rng = np.random.default_rng(5)
    builder = ModelBuilder()
    scale = 0.1 if dtype == "int8" else None
    shape, size = (builder.add_tensor((n,), "int32", name=f"shape{n}") for n in (4, 2))
    used = [shape, size]
    if added:
        used = [builder.add_tensor((n,), "int32") for n in (4, 2)]
        for source, target in zip((shape, size), used, strict=True):
            builder.add_operator("ADD", [source, source], [target])
    x, y, z = (builder.add_tensor(s, dtype, scale=scale) for s in ((1, 4, 4, 2), (1, 8, 8, 3), (4, 48)))
    if dtype == "int8":
        filters, bias = rng.integers(-127, 128, (3, 3, 3, 2), np.int8), rng.integers(-99, 99, 3, np.int32)
        constants = (("int8", 0.01, filters), ("int32", 0.001, bias))
    else:
        constants = tuple(("float32", None, rng.normal(size=s).astype(np.float32)) for s in ((3, 3, 3, 2), (3,)))
    w, b = (builder.add_tensor(data.shape, kind, scale=s, data=data) for kind, s, data in constants)
    builder.add_operator("TRANSPOSE_CONV", [used[0], w, x, b], [y], stride_w=2, stride_h=2, padding="SAME", version=3)
    builder.add_operator("RESHAPE", [y, used[1]], [z])
    return builder.build([shape, x, size], [z])


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("added", [False, True], ids=["input", "computed"])
def test_the_tensors_shape_counts(dtype, added, toolchain, tmp_path):
    rng = np.random.default_rng(6)
    images = rng.normal(scale=50, size=(4, 1, 4, 4, 2)).astype(dtype)
    shapes, sizes = np.array(OTHER_SHAPES, np.int32), np.array([[4, 48], [48, 4], [0, 0], [-1, 7]], np.int32)
    assert_exact(network(dtype, added=added), [shapes, images, sizes], toolchain, tmp_path)
