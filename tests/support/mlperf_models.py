"""Small networks with the inputs of MLPerf Tiny's benchmarks."""

from __future__ import annotations

import numpy as np

from support.flatbuffer_models import ModelBuilder


def kws_like() -> bytes:
    """[1,49,10,1] int8 to 12 probabilities."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 49, 10, 1), scale=0.58, zero_point=83)
    flat = builder.add_tensor((1, 490), scale=0.58, zero_point=83)
    shape = builder.add_tensor((2,), "int32", data=np.array([1, 490]))
    builder.add_operator("RESHAPE", (x, shape), (flat,), new_shape=[1, 490])
    return _classify(builder, x, flat, 490, 0.58)


def ic_like(zero_point: int = -128) -> bytes:
    """[1,32,32,3] pixels to 12 probabilities, by their mean colour."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 32, 32, 3), scale=1.0, zero_point=zero_point)
    pooled = builder.add_tensor((1, 1, 1, 3), scale=1.0, zero_point=zero_point)
    builder.add_operator(
        "AVERAGE_POOL_2D", (x,), (pooled,), padding="VALID", stride_w=1, stride_h=1, filter_width=32, filter_height=32
    )
    return _classify(builder, x, pooled, 3, 1.0)


def ad_like() -> bytes:
    """[1,640] to [1,640]: what is negative is lost."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 640), scale=0.39, zero_point=89)
    y = builder.add_tensor((1, 640), scale=0.36, zero_point=-128)
    builder.add_operator("RELU", (x,), (y,))
    return builder.build((x,), (y,))


def _classify(builder: ModelBuilder, x: int, features: int, count: int, scale: float) -> bytes:
    rng = np.random.default_rng(count)
    weights = builder.add_tensor((12, count), scale=0.01, data=rng.integers(-100, 100, (12, count)).astype(np.int8))
    logits_scale = 1.5 * scale * float(np.sqrt(count))  # neither all saturated nor all the same
    logits = builder.add_tensor((1, 12), scale=logits_scale, zero_point=-3)
    y = builder.add_tensor((1, 12), scale=1 / 256, zero_point=-128)
    builder.add_operator("FULLY_CONNECTED", (features, weights, -1), (logits,), version=4)
    builder.add_operator("SOFTMAX", (logits,), (y,), beta=1 / (16 * logits_scale))
    return builder.build((x,), (y,))
