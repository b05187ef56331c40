"""Shapes that do not fit their operators are refused, so that generated code never leaves a tensor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder


def model(opcode, shapes, output, constants=(), **options):
    """One operator; `constants` are the values of the last inputs."""
    builder = ModelBuilder()
    activations = shapes[: len(shapes) - len(constants)]
    inputs = [builder.add_tensor(shape, scale=0.5) for shape in activations]
    tensors = list(inputs)
    for shape, value in zip(shapes[len(activations) :], constants, strict=True):
        dtype = "int8" if value is None else "int32"
        tensors.append(builder.add_tensor(shape, dtype, data=np.zeros(shape) if value is None else value))
    y = builder.add_tensor(output, scale=0.5)
    builder.add_operator(opcode, tensors, [y], **options)
    return builder.build(inputs, [y])


CONV = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
POOL = {**CONV, "filter_height": 2, "filter_width": 2}
DATA, ONES = (1, 5, 5, 4), None

FITTING = {
    "conv": ("CONV_2D", [DATA, (8, 3, 3, 4)], (1, 3, 3, 8), [ONES], CONV),
    "grouped conv": ("CONV_2D", [DATA, (8, 3, 3, 2)], (1, 3, 3, 8), [ONES], CONV),
    "depthwise": (
        "DEPTHWISE_CONV_2D",
        [DATA, (1, 3, 3, 8)],
        (1, 3, 3, 8),
        [ONES],
        {**CONV, "depth_multiplier": 2},
    ),
    "dense": ("FULLY_CONNECTED", [(2, 4), (3, 4)], (2, 3), [ONES], {}),
    "dense of an image": ("FULLY_CONNECTED", [DATA, (3, 100)], (1, 3), [ONES], {}),
    "dense keeping axes": ("FULLY_CONNECTED", [DATA, (3, 4)], (1, 5, 5, 3), [ONES], {"keep_num_dims": True}),
    "pool": ("MAX_POOL_2D", [DATA], (1, 4, 4, 4), [], POOL),
    "mean": ("MEAN", [DATA, (2,)], (1, 4), [[1, -2]], {}),
    "mean keeping axes": ("MEAN", [DATA, (2,)], (1, 1, 1, 4), [[1, 2]], {"keep_dims": True}),
    "add": ("ADD", [DATA, (1, 1, 1, 4)], DATA, [], {}),
    "pad": ("PAD", [DATA, (4, 2)], (1, 7, 6, 4), [[[0, 0], [1, 1], [0, 1], [0, 0]]], {}),
    "reshape": ("RESHAPE", [DATA], (4, 25), [], {}),
    "softmax": ("SOFTMAX", [(1, 4)], (1, 4), [], {"beta": 1.0}),
}

MISFITS = {
    "conv depth": ("CONV_2D", [DATA, (8, 3, 3, 3)], (1, 3, 3, 8), [ONES], CONV, "the filter [8, 3, 3, 3] does not fit"),
    "conv groups": ("CONV_2D", [DATA, (3, 3, 3, 2)], (1, 3, 3, 3), [ONES], CONV, "does not fit the input"),
    "conv output": ("CONV_2D", [DATA, (8, 3, 3, 4)], (1, 5, 5, 8), [ONES], CONV, "[1, 5, 5, 8], not [1, 3, 3, 8]"),
    "conv too large": ("CONV_2D", [DATA, (8, 9, 9, 4)], (1, 1, 1, 8), [ONES], CONV, "[1, 1, 1, 8], not [1, -3, -3, 8]"),
    "conv empty filter": ("CONV_2D", [DATA, (8, 0, 3, 4)], (1, 6, 3, 8), [ONES], CONV, "is empty"),
    "conv rank": ("CONV_2D", [(5, 4), (8, 3, 3, 4)], (1, 3, 3, 8), [ONES], CONV, "should have 4 dimensions"),
    "conv bias": (
        "CONV_2D",
        [DATA, (8, 3, 3, 4), (7,)],
        (1, 3, 3, 8),
        [ONES, [0] * 7],
        CONV,
        "there are 7 biases for 8 outputs",
    ),
    "depth multiplier": (
        "DEPTHWISE_CONV_2D",
        [DATA, (1, 3, 3, 8)],
        (1, 3, 3, 8),
        [ONES],
        {**CONV, "depth_multiplier": 3},
        "the filter [1, 3, 3, 8] does not fit",
    ),
    "dense depth": ("FULLY_CONNECTED", [(2, 4), (3, 5)], (2, 3), [ONES], {}, "the weights [3, 5] do not fit"),
    "dense output": ("FULLY_CONNECTED", [(2, 4), (3, 4)], (1, 3), [ONES], {}, "should hold 2 rows of 3"),
    "dense empty": ("FULLY_CONNECTED", [(2, 4), (3, 0)], (2, 3), [ONES], {}, "do not fit"),
    "pool output": ("AVERAGE_POOL_2D", [DATA], (1, 5, 5, 4), [], POOL, "[1, 5, 5, 4], not [1, 4, 4, 4]"),
    "mean axis": ("MEAN", [DATA, (1,)], (1, 5, 5), [[4]], {}, "the axes [4] do not exist"),
    "mean output": ("MEAN", [DATA, (2,)], (1, 4, 1), [[1, 2]], {}, "[1, 4, 1], not [1, 4]"),
    "add": ("ADD", [DATA, (1, 5, 5, 3)], DATA, [], {}, "do not fit"),
    "add output": ("ADD", [DATA, (1, 1, 1, 4)], (1, 1, 1, 4), [], {}, "not [1, 5, 5, 4]"),
    "pad": ("PAD", [DATA, (4, 2)], (1, 6, 6, 4), [np.zeros((4, 2))], {}, "not [1, 5, 5, 4]"),
    "pad negative": ("PAD", [DATA, (4, 2)], DATA, [[[0, 0], [-1, 1], [0, 0], [0, 0]]], {}, "are negative"),
    "pad rank": ("PAD", [DATA, (3, 2)], DATA, [np.zeros((3, 2))], {}, "paddings of shape [3, 2]"),
    "reshape": ("RESHAPE", [DATA], (1, 99), [], {}, "100 elements cannot take the shape [1, 99]"),
    "softmax": ("SOFTMAX", [(1, 4)], (1, 5), [], {"beta": 1.0}, "[1, 5], not [1, 4]"),
}


@pytest.mark.parametrize("name", FITTING)
def test_fitting_shapes_are_read(name):
    opcode, shapes, output, constants, options = FITTING[name]
    graph = read_tflite(model(opcode, shapes, output, constants, **options))
    assert graph.operators[0].name == opcode


@pytest.mark.parametrize("name", MISFITS)
def test_misfits_are_refused(name):
    opcode, shapes, output, constants, options, expected = MISFITS[name]
    with pytest.raises(InputError) as caught:
        read_tflite(model(opcode, shapes, output, constants, **options))
    assert f"in operator 0 ({opcode}), " in caught.value.message
    assert expected in caught.value.message
    assert "Convert the model again" in caught.value.hint


def test_axes_that_are_no_integers_are_refused():
    builder = ModelBuilder()
    x, y = builder.add_tensor(DATA), builder.add_tensor((1, 4))
    axes = builder.add_tensor((2,), "float32", data=[1.0, 2.0], name="axes")
    builder.add_operator("MEAN", [x, axes], [y])
    with pytest.raises(InputError, match="axes holds float32, not integers"):
        read_tflite(builder.build([x], [y]))


def test_shapes_known_at_run_time_only_are_left_to_preflight():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 1, 1, 3), shape_signature=(-1, -1, -1, 3))
    y = builder.add_tensor((1, 1, 1, 3), shape_signature=(-1, -1, -1, 3))
    builder.add_operator("AVERAGE_POOL_2D", [x], [y], **POOL)
    assert len(read_tflite(builder.build([x], [y])).operators) == 1


@given(st.integers(1, 30), st.integers(1, 5), st.integers(1, 4), st.integers(1, 3))
def test_windows_cover_what_tensorflow_defines(size, kernel, stride, dilation):
    """Counting the window's positions one by one, as TensorFlow's padding documentation defines them."""
    span = (kernel - 1) * dilation + 1
    valid = len([start for start in range(0, size, stride) if start + span <= size])
    same = len(range(0, size, stride))
    for padding, expected in ((Padding.VALID, valid), (Padding.SAME, same)):
        window = Window(padding, (stride, 1), (dilation, 1))
        assert max(window_output((size, 1), (kernel, 1), window)[0], 0) == expected
