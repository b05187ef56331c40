"""Functions of one byte: all 256 inputs against tflite_micro."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.graph import DType, Quantization
from boardproof.project.runtimes.aot.operators.elementwise.convert import requantize_table
from boardproof.project.runtimes.aot.operators.elementwise.unary_tables import logistic_table, relu6_table, relu_table
from support.aot import assert_exact, oracle_outputs
from support.flatbuffer_models import ModelBuilder

SCALES = (1e-4, 0.0123, 0.1, 1 / 3, 0.999, 2.0, 31.0)
ZERO_POINTS = (-128, -1, 0, 77, 127)
BYTES = np.arange(256, dtype=np.uint8)


def every_byte(opcode, cases, source_type="int8", target_type="int8"):
    """tflite_micro's output for all inputs in the order of their bits, per case (source, target)."""
    builder = ModelBuilder()
    inputs, outputs = [], []
    for (scale, zero_point), (target_scale, target_zero_point) in cases:
        inputs.append(builder.add_tensor((256,), source_type, scale=scale, zero_point=zero_point))
        outputs.append(builder.add_tensor((256,), target_type, scale=target_scale, zero_point=target_zero_point))
        builder.add_operator(opcode, inputs[-1:], outputs[-1:])
    vector = BYTES.view(source_type)[None]
    results = oracle_outputs(builder.build(inputs, outputs), [vector] * len(cases))
    return [result[0].view(np.uint8) for result in results]


def quantization(scale, zero_point):
    return Quantization((float(np.float32(scale)),), (zero_point,))


def cases(targets):
    return [((s, z), target) for s in SCALES for z in ZERO_POINTS for target in targets]


@pytest.mark.parametrize(
    ("opcode", "table", "targets"),
    [
        ("LOGISTIC", logistic_table, [(1 / 256, -128)]),
        ("RELU", relu_table, [(0.1, -128), (0.05, 3), (7.0, 127)]),
        ("RELU6", relu6_table, [(0.1, -128), (0.05, 3)]),
    ],
)
def test_table_equals_tflite_micro(opcode, table, targets):
    chosen = cases(targets)
    for (source, target), expected in zip(chosen, every_byte(opcode, chosen), strict=True):
        np.testing.assert_array_equal(
            table(quantization(*source), quantization(*target)), expected, str((source, target))
        )


@pytest.mark.parametrize(("source_type", "target_type"), [("int8", "int8"), ("uint8", "int8"), ("int8", "uint8")])
def test_requantization_equals_tflite_micro(source_type, target_type):
    shift = 128 if source_type == "uint8" else 0
    target_shift = 128 if target_type == "uint8" else 0
    chosen = [
        ((s, z + shift), (t, y + target_shift))
        for s in (0.0123, 0.1, 2.0)
        for z in ZERO_POINTS
        for t in (0.1, 0.0123, 33.0)
        for y in (-128, 5, 127)
    ]
    results = every_byte("QUANTIZE", chosen, source_type, target_type)
    for (source, target), expected in zip(chosen, results, strict=True):
        mine = requantize_table(quantization(*source), DType(source_type), quantization(*target), DType(target_type))
        np.testing.assert_array_equal(mine, expected, str((source, target)))


@pytest.mark.native
@pytest.mark.parametrize("beta", [1.0, 0.25])
def test_softmax_of_every_difference_equals_tflite_micro(beta, toolchain, tmp_path):
    builder = ModelBuilder()
    pairs = [
        (builder.add_tensor((256, 2), scale=s), builder.add_tensor((256, 2), scale=1 / 256, zero_point=-128))
        for s in SCALES
    ]
    for source, target in pairs:
        builder.add_operator("SOFTMAX", [source], [target], beta=beta)
    data = builder.build([source for source, _ in pairs], [target for _, target in pairs])
    rows = np.stack([np.full(256, 127), 127 - np.arange(256)], axis=-1).astype(np.int8)
    assert_exact(data, [rows[None]] * len(SCALES), toolchain, tmp_path)
