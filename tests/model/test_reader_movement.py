"""Reading operators that move elements, multiply or keep a state: their options, and what makes no sense."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.graph import Activation, Padding, Unsupported
from boardproof.model.macs import macs
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from support.flatbuffer_models import ModelBuilder


class Model:
    """One operator of int8 tensors."""

    def __init__(self):
        self.builder = ModelBuilder()
        self.inputs = []

    def input(self, *shape, **options):
        self.inputs.append(self.builder.add_tensor(shape, scale=0.1, **options))
        return self.inputs[-1]

    def constant(self, values, dtype="int32", scale=None):
        return self.builder.add_tensor(np.shape(values), dtype, data=np.array(values), scale=scale)

    def read(self, opcode, inputs, *shapes, **options):
        outputs = [self.builder.add_tensor(shape, scale=0.1) for shape in shapes]
        self.builder.add_operator(opcode, inputs, outputs, **options)
        return read_tflite(self.builder.build(self.inputs, outputs))


def refused(graph_of):
    with pytest.raises(InputError) as caught:
        graph_of()
    assert "Convert the model again" in caught.value.hint
    return caught.value.message


def test_options_of_a_strided_slice():
    model = Model()
    inputs = [model.input(4, 6), *(model.constant([n, n]) for n in (0, 4, 2))]
    (op,) = model.read("STRIDED_SLICE", inputs, (2, 3), begin_mask=1, end_mask=2, offset=False).operators
    assert (op.begin_mask, op.end_mask, op.shrink_axis_mask, op.other_masks, op.end_is_offset) == (1, 2, 0, 0, False)


def test_options_of_a_transposed_convolution():
    model = Model()
    weights = model.constant(np.ones((2, 3, 3, 1)), "int8", 0.1)
    graph = model.read(
        "TRANSPOSE_CONV",
        [model.constant([1, 8, 6, 2]), weights, model.input(1, 4, 3, 1)],
        (1, 8, 6, 2),
        padding="SAME",
        stride_h=2,
        stride_w=2,
        fused_activation_function="RELU",
    )
    (op,) = graph.operators
    assert (op.window.padding, op.window.stride, op.activation) == (Padding.SAME, (2, 2), Activation.RELU)
    assert graph.tensors[op.input].shape == (1, 4, 3, 1)
    assert macs(graph, op) == 4 * 3 * 2 * 9


def test_multiplications_of_matrices():
    model = Model()
    graph = model.read("BATCH_MATMUL", [model.input(2, 5, 3), model.input(5, 4)], (2, 3, 4), adj_x=True)
    (op,) = graph.operators
    assert (op.adjoint_left, op.adjoint_right) == (True, False)
    assert macs(graph, op) == 2 * 3 * 4 * 5


def lstm(*, absent=(), clip=0.0):
    model = Model()
    inputs = [model.input(1, 4, 3), *[-1] * 23]
    for gate in range(4):
        inputs[1 + gate] = model.constant(np.ones((2, 3)), "int8", 0.1)
        inputs[5 + gate] = model.constant(np.ones((2, 2)), "int8", 0.1)
        inputs[12 + gate] = model.constant(np.ones(2))
    for position, dtype in ((18, "int8"), (19, "int16")):
        inputs[position] = model.builder.add_tensor((1, 2), dtype, scale=2**-12, is_variable=True)
    for position in absent:
        inputs[position] = -1
    return model.read(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (1, 4, 2), cell_clip=clip, fused_activation_function="TANH"
    )


def test_a_recurrent_layer():
    graph = lstm(clip=2.5)
    (op,) = graph.operators
    assert (op.time_major, op.cell_clip, op.activation) == (False, 2.5, Activation.TANH)
    assert graph.tensors[op.hidden_state].is_variable
    assert macs(graph, op) == 4 * 4 * (2 * 3 + 2 * 2)
    assert is_stateful(graph)


def test_a_recurrent_layer_with_fewer_gates_is_not_known():
    (op,) = lstm(absent=(1, 5, 12)).operators
    assert isinstance(op, Unsupported)
    assert op.name == "UNIDIRECTIONAL_SEQUENCE_LSTM without all gates and states"


def test_nonsense_is_refused():
    pack, unpack, mirror, size, clip = Model(), Model(), Model(), Model(), float("nan")
    assert "there are 1 inputs, not 3 as its options say" in refused(
        lambda: pack.read("PACK", [pack.input(2)], (1, 2), values_count=3, axis=0)
    )
    assert "there are 1 outputs, not 2 as its options say" in refused(
        lambda: unpack.read("UNPACK", [unpack.input(1, 2)], (2,), num=2, axis=0)
    )
    assert "mode 7 is unknown" in refused(
        lambda: mirror.read("MIRROR_PAD", [mirror.input(2), mirror.constant([[1, 1]])], (4,), mode=7)
    )
    assert "the block is 0x0" in refused(
        lambda: size.read("SPACE_TO_DEPTH", [size.input(1, 2, 2, 1)], (1, 1, 1, 4), block_size=0)
    )
    assert "the clips are" in refused(lambda: lstm(clip=clip))


@pytest.mark.parametrize(
    ("opcode", "shape", "parameters", "output", "options", "message"),
    [
        ("SLICE", (4,), ([2], [3]), (3,), {}, "the slice from [2] of size [3] leaves the input [4]"),
        ("TRANSPOSE", (2, 3), ([0, 0],), (2, 2), {}, "[0, 0] is not a permutation"),
        ("TRANSPOSE", (2, 3), ([1, 0],), (2, 3), {}, "the output has shape [2, 3], not [3, 2]"),
        ("MIRROR_PAD", (2,), ([[2, 0]],), (4,), {"mode": "REFLECT"}, "are larger than the input [2] can mirror"),
        ("EXPAND_DIMS", (2,), ([3],), (2, 1), {}, "the axes [3] do not exist"),
        ("SPLIT_V", (4,), ([1, 3], 0), (4,), {}, "there are 2 sizes for 1 outputs"),
        ("GATHER", (4,), ([4],), (1,), {}, "an index lies outside its axis, of size 4"),
        ("STRIDED_SLICE", (4,), ([0], [4], [0]), (4,), {}, "a stride is 0"),
        ("BROADCAST_TO", (3,), ([2, 4],), (2, 4), {}, "the input [3] does not broadcast to [2, 4]"),
        ("BATCH_TO_SPACE_ND", (3, 2, 1), ([2], [[0, 0]]), (1, 4, 1), {}, "blocks of [2] with margins [0, 0]"),
        ("DEPTH_TO_SPACE", (1, 2, 2, 3), (), (1, 4, 4, 1), {"block_size": 2}, "3 channels do not make blocks of 2x2"),
        ("RESIZE_BILINEAR", (1, 2, 2, 1), ([4, 4],), (1, 4, 5, 1), {}, "the output has shape [1, 4, 5, 1]"),
        ("CUMSUM", (4,), ([1],), (4,), {}, "the axes [1] do not exist"),
    ],
)
def test_shapes_that_do_not_fit(opcode, shape, parameters, output, options, message):
    model = Model()
    inputs = [model.input(*shape), *(model.constant(values) for values in parameters)]
    assert message in refused(lambda: model.read(opcode, inputs, output, **options))
