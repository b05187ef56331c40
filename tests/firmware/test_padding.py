"""PAD before a convolution: which are taken over, and that it costs nothing."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.lowering.graph import lower
from support.flatbuffer_models import ModelBuilder


def padded_convolution(
    amounts: list[tuple[int, int]],
    *,
    padding: str = "VALID",
    output_scale: float = 0.5,
    dtype: str = "int8",
    opcode: str = "CONV_2D",
    also_output: bool = False,
) -> bytes:
    """PAD of a 5x5 image of two channels, then 3x3 with stride 2."""
    builder = ModelBuilder()
    scale = None if dtype == "float32" else 0.5
    x = builder.add_tensor((1, 5, 5, 2), dtype, scale=scale)
    shape = tuple(n + sum(sides) for n, sides in zip((1, 5, 5, 2), amounts, strict=True))
    padded = builder.add_tensor(shape, dtype, scale=scale and output_scale)
    sides = builder.add_tensor((4, 2), "int32", data=np.array(amounts, np.int32))
    builder.add_operator("PAD", [x, sides], [padded])
    filters = (1, 3, 3, shape[3]) if opcode == "DEPTHWISE_CONV_2D" else (shape[3], 3, 3, shape[3])
    weights_dtype = "float32" if dtype == "float32" else "int8"
    values = np.ones(filters, weights_dtype)
    w = builder.add_tensor(filters, weights_dtype, scale=None if dtype == "float32" else 0.1, data=values)
    size = [-(-n // 2) if padding == "SAME" else (n - 3) // 2 + 1 for n in shape[1:3]]
    y = builder.add_tensor((shape[0], *size, shape[3]), dtype, scale=scale)
    options = {"depth_multiplier": 1} if opcode == "DEPTHWISE_CONV_2D" else {}
    builder.add_operator(opcode, [padded, w], [y], padding=padding, stride_h=2, stride_w=2, **options)
    return builder.build([x], [y, padded] if also_output else [y])


HERE = [(0, 0), (0, 1), (1, 2), (0, 0)]


@pytest.mark.parametrize("opcode", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_padding_is_taken_over(opcode, dtype):
    program = lower(read_tflite(padded_convolution(HERE, opcode=opcode, dtype=dtype)))
    (step,) = program.steps
    assert step.implements == (0, 1)
    fields = dict(step.params.fields)
    assert (fields["window.pad_top"], fields["window.pad_left"], fields["window.input_height"]) == (0, 1, 5)
    assert step.description.endswith("3x3 stride 2x2 PAD 0+1 1+2")


@pytest.mark.parametrize(
    "model",
    [
        padded_convolution([(0, 0), (0, 3), (1, 1), (0, 0)]),  # a window would see nothing of the image
        padded_convolution([(0, 0), (0, 1), (0, 1), (0, 1)]),  # channels
        padded_convolution([(0, 1), (0, 1), (0, 1), (0, 0)]),  # images
        padded_convolution(HERE, padding="SAME"),
        padded_convolution(HERE, also_output=True),
        padded_convolution(HERE, dtype="float32"),  # nothing times infinity is not nothing
    ],
)
def test_padding_stays(model):
    first, second = lower(read_tflite(model)).steps
    assert (first.implements, second.implements) == ((0,), (1,))
