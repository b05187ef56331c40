"""Functions of one int8: all 256 inputs against tflite_micro, with scales that take values half way to the next."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from boardproof.model.graph import Quantization
from boardproof.project.runtimes.aot.operators.axes.softmax_tables import exponential_table
from boardproof.project.runtimes.aot.operators.elementwise.sigmoid import sigmoid_table
from boardproof.project.runtimes.aot.operators.elementwise.unary_tables import (
    ELU_NUDGE,
    abs_table,
    elu_table,
    hard_swish_table,
    leaky_relu_table,
    relu_table,
    rsqrt_table,
    tanh_table,
)
from support.aot import oracle_outputs
from support.flatbuffer_models import ModelBuilder

BYTES = np.arange(256, dtype=np.uint8).view(np.int8)
ZERO_POINTS = (-128, -1, 0, 77, 127)
MODELS = 150


def half_way(rng):
    """Scales whose quotient takes some whole number half way between two others, as exactly as float32 can."""
    output = np.float32(rng.uniform(0.001, 1))
    return float(np.float32((rng.integers(0, 60) + 0.5) / rng.integers(1, 128) * output)), float(output)


def anything(rng):
    scale = float(np.float32(10 ** rng.uniform(-6, 3)))
    return scale, float(np.float32(scale * 10 ** rng.uniform(-1.5, 3)))


def near(rng):
    scale = float(np.float32(10 ** rng.uniform(-4, 0)))
    return scale, float(np.float32(scale * rng.uniform(0.3, 3)))


def inverse_roots(rng):
    scale, whole = float(np.float32(rng.uniform(1e-4, 0.02))), rng.integers(1, 128)
    return scale, float(np.float32(1 / np.sqrt(scale * whole) / (rng.integers(0, 127) + 0.5)))


FUNCTIONS = {
    "ABS": (abs_table, half_way, {}),
    "ABS anything": (abs_table, anything, {}),
    "ELU": (elu_table, near, {}),
    "HARD_SWISH": (hard_swish_table, near, {}),
    "HARD_SWISH anything": (hard_swish_table, anything, {}),
    "LEAKY_RELU": (partial(leaky_relu_table, alpha=float(np.float32(0.1))), half_way, {"alpha": 0.1}),
    "LEAKY_RELU steep": (partial(leaky_relu_table, alpha=7.0), anything, {"alpha": 7.0}),
    "LEAKY_RELU falling": (partial(leaky_relu_table, alpha=-0.5), half_way, {"alpha": -0.5}),
    "RELU": (relu_table, half_way, {}),
    "RELU anything": (relu_table, anything, {}),
    "RSQRT": (rsqrt_table, inverse_roots, {}),
    "TANH": (tanh_table, anything, {}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_input_gives_what_tflite_micro_gives(name):
    table, scales, options = FUNCTIONS[name]
    opcode = name.split()[0]
    rng = np.random.default_rng(7)
    builder, cases, vectors = ModelBuilder(), [], []
    for _ in range(MODELS):
        (scale, output_scale), zero_points = scales(rng), rng.choice(ZERO_POINTS, 2)
        source, target = (
            Quantization((s,), (int(z),)) for s, z in zip((scale, output_scale), zero_points, strict=True)
        )
        x = builder.add_tensor((256,), scale=scale, zero_point=source.zero_point)
        y = builder.add_tensor((256,), scale=output_scale, zero_point=target.zero_point)
        builder.add_operator(opcode, [x], [y], **options)
        cases.append((x, y, source, target))
        # RSQRT stops at negative numbers.
        vectors.append(np.maximum(BYTES, source.zero_point) if opcode == "RSQRT" else BYTES)
    data = builder.build([x for x, *_ in cases], [y for _, y, *_ in cases])
    results = oracle_outputs(data, [vector[None].astype(np.int8) for vector in vectors])
    for (_, _, source, target), vector, expected in zip(cases, vectors, results, strict=True):
        mine = table(source, target).view(np.int8)[vector.astype(np.int8).view(np.uint8)]
        np.testing.assert_array_equal(mine, expected[0], f"{source} {target}")


def test_the_tables_of_int16_do_not_depend_on_the_c_library():
    """Exponentials that are a little off round to the same entries."""
    least, most = (exponential_table(nudge) for nudge in (-ELU_NUDGE, ELU_NUDGE))
    np.testing.assert_array_equal(least, most)
    assert (np.diff(least) >= 0).all()
    sigmoid = 65536 / (1 + np.exp(-np.arange(256) / 24))
    assert (np.abs(sigmoid % 1 - 0.5) > 1e-4).all()
    assert sigmoid_table()[[0, 255]].tolist() == [32768, 65535]
