"""A network of a few kilobytes with the operators that most networks have."""

from __future__ import annotations

import numpy as np

from support.flatbuffer_models import ModelBuilder


def small_network() -> bytes:
    """CONV_2D, DEPTHWISE_CONV_2D, AVERAGE_POOL_2D, RESHAPE, FULLY_CONNECTED and SOFTMAX, with padding and strides."""
    rng = np.random.default_rng(7)
    builder = ModelBuilder()

    def weights(shape: tuple[int, ...], axis: int = 0) -> list[int]:
        w = builder.add_tensor(
            shape,
            scale=[0.01] * shape[axis],
            zero_point=[0] * shape[axis],
            axis=axis,
            data=rng.integers(-127, 128, shape),
        )
        b = builder.add_tensor(
            (shape[axis],), "int32", scale=[0.005] * shape[axis], zero_point=[0] * shape[axis],
            data=rng.integers(-2000, 2000, shape[axis]),
        )  # fmt: skip
        return [w, b]

    x = builder.add_tensor((1, 9, 7, 4), scale=0.5, zero_point=-3)
    c = builder.add_tensor((1, 9, 7, 8), scale=0.7, zero_point=5)
    builder.add_operator(
        "CONV_2D", [x, *weights((8, 3, 3, 4))], [c], padding="SAME", stride_w=1, stride_h=1,
        fused_activation_function="RELU",
    )  # fmt: skip
    d = builder.add_tensor((1, 5, 4, 8), scale=0.9, zero_point=-9)
    builder.add_operator(
        "DEPTHWISE_CONV_2D", [c, *weights((1, 3, 3, 8), 3)], [d], padding="SAME", stride_w=2, stride_h=2,
        depth_multiplier=1,
    )  # fmt: skip
    p = builder.add_tensor((1, 2, 2, 8), scale=0.9, zero_point=-9)
    builder.add_operator(
        "AVERAGE_POOL_2D", [d], [p], padding="VALID", stride_w=2, stride_h=2, filter_width=2, filter_height=2
    )
    flat = builder.add_tensor((1, 32), scale=0.9, zero_point=-9)
    shape = builder.add_tensor((2,), "int32", data=np.array([1, 32]))
    builder.add_operator("RESHAPE", [p, shape], [flat])
    f = builder.add_tensor((1, 10), scale=0.5, zero_point=11)
    w = builder.add_tensor((10, 32), scale=0.01, data=rng.integers(-127, 128, (10, 32)))
    builder.add_operator("FULLY_CONNECTED", [flat, w, -1], [f])
    s = builder.add_tensor((1, 10), scale=1 / 256, zero_point=-128)
    builder.add_operator("SOFTMAX", [f], [s], version=2, beta=0.05)
    return builder.build([x], [s])
