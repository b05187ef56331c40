"""From .tflite bytes to a Graph: what is read, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.graph import Activation, Conv2D, DType, FullyConnected, Padding, Unsupported, Window
from boardproof.model.macs import macs
from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder, pack, unpack


def changed(data, change):
    """The file with its object tree changed."""
    model = unpack(data)
    change(model)
    return pack(model)


def one_operator(opcode, shape=(1, 4), dtype="int8", output=None, **options):
    builder = ModelBuilder()
    x = builder.add_tensor(shape, dtype, scale=0.5)
    y = builder.add_tensor(output or shape, dtype, scale=0.25)
    builder.add_operator(opcode, [x], [y], **options)
    return builder.build([x], [y])


def _all_macs(graph):
    return sum(macs(graph, operator) for operator in graph.operators)


def test_tensors_and_operators_are_read(mixed_tflite):
    graph = read_tflite(mixed_tflite)
    assert graph.name == "main"
    assert graph.inputs == (0,)
    assert [tensor.name for tensor in graph.output_tensors] == ["scores", "real"]
    assert [operator.name for operator in graph.operators] == ["CONV_2D", "MEAN", "SOFTMAX", "DEQUANTIZE"]
    conv = graph.operators[0]
    assert isinstance(conv, Conv2D)
    assert conv.window == Window(Padding.SAME, (1, 1), (1, 1))
    assert conv.activation is Activation.RELU
    x, weights = graph.tensors[0], graph.tensors[1]
    assert (x.shape, x.dtype, x.is_constant) == ((1, 4, 4, 3), DType.INT8, False)
    assert (x.quantization.scale, x.quantization.zero_point) == (0.5, -3)
    assert weights.quantization.per_channel
    assert weights.quantization.scales == (float(np.float32(0.01)),) * 8
    np.testing.assert_array_equal(weights.array().ravel(), np.arange(-108, 108))


def test_macs_count_products_with_weights(mixed_tflite):
    graph = read_tflite(mixed_tflite)
    assert [macs(graph, operator) for operator in graph.operators] == [4 * 4 * 8 * 27, 0, 0, 0]
    assert _all_macs(graph) == 4 * 4 * 8 * 27


def test_converted_models_are_read(image_tflites):
    graphs = {scheme: read_tflite(data) for scheme, data in image_tflites.items()}
    assert _all_macs(graphs["int8"]) == _all_macs(graphs["float32"]) == 9216 + 20736 + 1296 + 576
    assert not any(isinstance(operator, Unsupported) for operator in graphs["int8"].operators)


def test_operator_without_a_dataclass_is_unsupported():
    (operator,) = read_tflite(one_operator("ATAN2")).operators
    assert isinstance(operator, Unsupported)
    assert operator.name == "ATAN2"
    assert not operator.is_custom


def test_custom_operator_keeps_its_name_and_shows_it_safely():
    (operator,) = read_tflite(one_operator("CUSTOM", custom_code="evil*/\x1b[31m")).operators
    assert isinstance(operator, Unsupported)
    assert operator.is_custom
    assert operator.opcode_name == "evil*/\x1b[31m"
    assert operator.name == "evil_/_[31m"


def test_operator_codes_of_the_future_are_unsupported():
    def change(model):
        model.operatorCodes[0].builtinCode = 9999

    (operator,) = read_tflite(changed(one_operator("RELU"), change)).operators
    assert operator.name == "builtin operator 9999"


def test_open_batch_size_is_noted():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), shape_signature=(-1, 4))
    graph = read_tflite(builder.build([x], [x]))
    assert graph.tensors[0].shape == (1, 4)
    assert graph.tensors[0].dynamic_axes == (0,)


def test_int4_constants_are_unpacked():
    builder = ModelBuilder()
    x = builder.add_tensor((3,), "int4", scale=1.0, data=bytes([0x8F, 0x07]))
    tensor = read_tflite(builder.build([], [x])).tensors[x]
    np.testing.assert_array_equal(tensor.array(), [-1, -8, 7])


def test_range_seen_while_calibrating_is_no_quantization():
    def change(model):
        quantization = model.subgraphs[0].tensors[0].quantization
        quantization.scale = quantization.zeroPoint = None
        quantization.min, quantization.max = [0.0], [1.0]

    graph = read_tflite(changed(one_operator("RELU", dtype="float32"), change))
    assert graph.tensors[0].quantization is None


def test_variables_may_be_read_before_they_are_written():
    builder = ModelBuilder()
    state = builder.add_tensor((1, 4), scale=0.5, is_variable=True)
    y = builder.add_tensor((1, 4), scale=0.5)
    builder.add_operator("RELU", [state], [y])
    assert read_tflite(builder.build([], [y])).tensors[state].is_variable


def test_several_subgraphs_are_read(mixed_tflite):
    def change(model):
        model.subgraphs = model.subgraphs * 2

    graph = read_tflite(changed(mixed_tflite, change))
    assert len(graph.subgraphs) == 1
    assert graph.subgraphs[0].operators == graph.operators


@pytest.mark.parametrize(
    "name",
    ["nul\x00inside", "\x1b]0;title\x07", "end */ #error", "\u202egnp.exe", "line\nbreak", "trigraph ??/", 'quote"\\'],
)
def test_hostile_names_are_kept_but_shown_safely(name):
    builder = ModelBuilder()
    x = builder.add_tensor((1,), name=name)
    tensor = read_tflite(builder.build([x], [x])).tensors[0]
    assert tensor.name == name
    assert set(tensor.label) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:;,()[]=+ -")


def test_names_that_are_no_text_are_kept_as_replacement_characters():
    def change(model):
        model.subgraphs[0].tensors[0].name = b"\xff\xfe"

    tensor = read_tflite(changed(one_operator("RELU"), change)).tensors[0]
    assert tensor.name == "\ufffd\ufffd"
    assert tensor.label == "_"


def test_huge_names_are_cut_where_they_are_shown():
    builder = ModelBuilder()
    x = builder.add_tensor((1,), name="layer/" * 500_000 + "tail")
    tensor = read_tflite(builder.build([x], [x])).tensors[0]
    assert len(tensor.name) == 3_000_004
    assert len(tensor.label) <= 80
    assert tensor.label.endswith("tail")


def test_unnamed_tensors_have_a_label():
    builder = ModelBuilder()
    x = builder.add_tensor((1,), name="")
    assert read_tflite(builder.build([x], [x])).tensors[0].label == "tensor 0"


def test_shuffled_weights_are_unsupported_not_wrong():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5)
    weights = builder.add_tensor((2, 4), scale=0.5, data=range(8))
    y = builder.add_tensor((1, 2), scale=0.5)
    builder.add_operator("FULLY_CONNECTED", [x, weights, -1], [y], weights_format="SHUFFLED4x16INT8")
    (operator,) = read_tflite(builder.build([x], [y])).operators
    assert isinstance(operator, Unsupported)
    assert operator.name == "FULLY_CONNECTED with shuffled weights"


def test_biases_with_the_axis_of_their_filter_are_read():
    """As older converters wrote them; TensorFlow Lite Micro's person_detect is one."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 3, 3, 2), scale=0.5)
    w = builder.add_tensor((1, 3, 3, 2), scale=[0.1, 0.2], axis=3, data=np.ones((1, 3, 3, 2), np.int8))
    b = builder.add_tensor((2,), "int32", scale=[0.05, 0.1], axis=3, data=[1, 2])
    y = builder.add_tensor((1, 1, 1, 2), scale=0.5)
    builder.add_operator(
        "DEPTHWISE_CONV_2D", [x, w, b], [y], padding="VALID", stride_h=1, stride_w=1, depth_multiplier=1
    )
    quantization = read_tflite(builder.build([x], [y])).tensors[b].quantization
    assert quantization is not None
    assert quantization.axis == 0


def test_absent_bias_is_optional():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5)
    weights = builder.add_tensor((2, 4), scale=0.5, data=range(8))
    y = builder.add_tensor((1, 2), scale=0.5)
    builder.add_operator("FULLY_CONNECTED", [x, weights, -1], [y])
    (operator,) = read_tflite(builder.build([x], [y])).operators
    assert isinstance(operator, FullyConnected)
    assert operator.optional_input(2) is None
