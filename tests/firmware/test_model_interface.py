"""The generated implementation of firmware/app/model.h, beyond single operators: ports, prefixes, descriptions."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from boardproof import __version__
from support.aot import CompiledModel, assert_exact
from support.flatbuffer_models import ModelBuilder
from support.network import Network

pytestmark = pytest.mark.native

RANGE = -5


class ModelInfo(ctypes.Structure):
    """struct model_info of firmware/app/model.h."""

    _fields_ = (
        ("sha256", ctypes.c_uint8 * 32),
        ("runtime", ctypes.c_char_p),
        ("library", ctypes.c_char_p),
        ("kernels", ctypes.c_char_p),
        ("arena_bytes", ctypes.c_uint32),
        ("input_count", ctypes.c_uint16),
        ("output_count", ctypes.c_uint16),
        ("op_count", ctypes.c_uint16),
    )


def relu(builder, source, shape=(1, 8), **output):
    target = builder.add_tensor(shape, scale=output.pop("scale", 0.1), **output)
    builder.add_operator("RELU", [source], [target])
    return target


@pytest.fixture
def chain():
    """RELU, RESHAPE, REVERSE_V2, ADD of two of them: four operators, three calls; functions of a byte would be one."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1, zero_point=-3, name="in")
    a = relu(builder, x, zero_point=5)
    b = builder.add_tensor((2, 4), scale=0.1, zero_point=5)
    builder.add_operator("RESHAPE", [a, builder.add_tensor((2,), "int32", data=[2, 4])], [b], new_shape=[2, 4])
    c = builder.add_tensor((2, 4), scale=0.1, zero_point=5)
    builder.add_operator("REVERSE_V2", [b, builder.add_tensor((1,), "int32", data=[1])], [c])
    d = builder.add_tensor((2, 4), scale=0.2, zero_point=1, name="out")
    builder.add_operator("ADD", [b, c], [d])
    return builder.build([x], [d])


def test_info_and_tensors_describe_the_model(chain, toolchain, tmp_path):
    model = CompiledModel(chain, toolchain, tmp_path)
    info = ModelInfo.in_dll(model.library, "model_info")
    assert (info.runtime, info.kernels) == (b"aot", b"portable")
    assert info.library.decode() == f"boardproof {__version__}"
    assert (info.input_count, info.output_count, info.op_count) == (1, 1, 3)
    assert info.arena_bytes == model.generated.arena_bytes == model.library.model_arena_used()
    source, target = model.tensor("model_input", 0), model.tensor("model_output", 0)
    assert (source.bytes, source.dtype, list(source.dims[: source.rank])) == (8, 9, [1, 8])
    assert (source.scale, source.zero_point) == (np.float32(0.1), -3)
    assert (list(target.dims[: target.rank]), target.scale, target.zero_point) == ([2, 4], np.float32(0.2), 1)
    assert (source.name, target.name) == (b"in", b"out")
    assert model.tensor("model_op_output", 2, 0).name is None
    assert [model.library.model_op_index(i) for i in range(3)] == [0, 2, 3]
    assert model.library.model_init() == 0


def test_positions_out_of_range_are_refused(chain, toolchain, tmp_path):
    library = CompiledModel(chain, toolchain, tmp_path).library
    tensor = ctypes.create_string_buffer(64)
    assert library.model_input(1, tensor) == RANGE
    assert library.model_output(1, tensor) == RANGE
    assert library.model_op_output(3, 0, tensor) == RANGE
    assert library.model_op_output(0, 1, tensor) == RANGE
    assert library.model_invoke_until(4) == RANGE
    library.model_op_index.restype = ctypes.c_uint16
    assert library.model_op_index(3) == 0xFFFF
    assert library.model_op_ticks(3) == 0


def test_every_operators_output_is_readable_after_it_ran(chain, toolchain, tmp_path):
    model = CompiledModel(chain, toolchain, tmp_path)
    x = np.arange(-100, 60, 20, dtype=np.int8).reshape(1, 8)
    relu_then = np.maximum(x.astype(int) + 3, 0) + 5
    expected = [relu_then, relu_then.reshape(2, 4)[:, ::-1]]
    for position, value in enumerate(expected):
        model.set_inputs([x])
        assert model.library.model_invoke_until(position + 1) == 0
        np.testing.assert_array_equal(
            model.read(model.tensor("model_op_output", position, 0)), np.clip(value, -128, 127)
        )


def test_ticks_are_recorded_for_each_operator(chain, toolchain, tmp_path):
    model = CompiledModel(chain, toolchain, tmp_path)
    model.run([np.zeros((1, 8), np.int8)])
    assert [model.library.model_op_ticks(i) for i in range(3)] == [3, 3, 3]


def test_an_input_that_is_also_an_output_and_one_that_is_unused(toolchain, tmp_path):
    builder = ModelBuilder()
    x, unused = (builder.add_tensor((1, 8), scale=0.1) for _ in range(2))
    y = relu(builder, x)
    data = builder.build([x, unused], [x, y, x, unused])
    vectors = np.random.default_rng(0).integers(-128, 128, (2, 3, 1, 8)).astype(np.int8)
    assert_exact(data, list(vectors), toolchain, tmp_path)


def test_an_output_used_later_and_named_twice(toolchain, tmp_path):
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1)
    y = relu(builder, x)
    z = relu(builder, y, scale=0.2)
    data = builder.build([x], [y, z, y, z])
    vectors = np.random.default_rng(0).integers(-128, 128, (3, 1, 8)).astype(np.int8)
    assert_exact(data, [vectors], toolchain, tmp_path)


def test_a_constant_is_an_output_and_an_operand(toolchain, tmp_path):
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1)
    constant = builder.add_tensor((1, 8), scale=0.1, data=np.arange(8, dtype=np.int8).reshape(1, 8))
    seen = builder.add_tensor((8,), scale=0.1)
    builder.add_operator("RESHAPE", [constant, builder.add_tensor((1,), "int32", data=[8])], [seen], new_shape=[8])
    y = builder.add_tensor((1, 8), scale=0.1)
    builder.add_operator("ADD", [x, seen], [y])
    model = CompiledModel(builder.build([x], [constant, y, seen]), toolchain, tmp_path)
    first, total, last = model.run([np.full((1, 8), 10, np.int8)])
    np.testing.assert_array_equal(first, np.arange(8).reshape(1, 8))
    np.testing.assert_array_equal(total, 10 + np.arange(8).reshape(1, 8))
    np.testing.assert_array_equal(last, np.arange(8))


def test_a_network_without_calls(toolchain, tmp_path):
    builder = ModelBuilder()
    x, y = builder.add_tensor((2, 3), scale=0.1), builder.add_tensor((6,), scale=0.1)
    builder.add_operator("RESHAPE", [x, builder.add_tensor((1,), "int32", data=[6])], [y], new_shape=[6])
    vectors = np.arange(12, dtype=np.int8).reshape(2, 2, 3)
    assert_exact(builder.build([x], [y]), [vectors], toolchain, tmp_path)


def test_a_tensor_read_twice_by_one_operator_in_two_shapes(toolchain, tmp_path):
    """The sum may not overwrite the one while it still reads the other."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 6), scale=0.1)
    column = builder.add_tensor((6, 1), scale=0.1)
    builder.add_operator("RESHAPE", [x, builder.add_tensor((2,), "int32", data=[6, 1])], [column], new_shape=[6, 1])
    y = builder.add_tensor((6, 6), scale=0.2)
    builder.add_operator("ADD", [column, x], [y])
    vectors = np.random.default_rng(1).integers(-128, 128, (3, 1, 6)).astype(np.int8)
    assert_exact(builder.build([x], [y]), [vectors], toolchain, tmp_path)


def test_float_inputs_and_outputs(toolchain, tmp_path):
    net = Network(5)
    x = net.input((1, 16), 0.0, 0, "float32")
    q, r = net.tensor((1, 16), 0.5, -4), net.tensor((1, 16), 0.25, 3)
    y = net.tensor((1, 16), 0.0, 0, "float32")
    net.builder.add_operator("QUANTIZE", [x.index], [q.index])
    net.builder.add_operator("RELU", [q.index], [r.index])
    net.builder.add_operator("DEQUANTIZE", [r.index], [y.index])
    net.outputs = [y.index]
    assert_exact(net.build(), net.vectors(6), toolchain, tmp_path)


def test_floats_beyond_every_integer_saturate(toolchain, tmp_path):
    builder = ModelBuilder()
    x, y = builder.add_tensor((6,), "float32"), builder.add_tensor((6,), scale=0.5, zero_point=-7)
    builder.add_operator("QUANTIZE", [x], [y])
    model = CompiledModel(builder.build([x], [y]), toolchain, tmp_path)
    values = np.array([np.inf, -np.inf, 3e38, -3e38, np.nan, 1e-45], np.float32)
    (got,) = model.run([values])
    assert got.tolist() == [127, -128, 127, -128, -7, -7]
