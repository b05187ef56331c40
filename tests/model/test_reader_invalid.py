"""Files that are no valid .tflite: each is refused with the place and the reason."""

from __future__ import annotations

import struct

import flatbuffers
import pytest
from ai_edge_litert import schema_py_generated as schema

from boardproof.errors import InputError
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.tflite.verifier import LONGS, MAX_TABLES, Table, verify
from support.flatbuffer_models import pack, unpack


def refused(data):
    with pytest.raises(InputError) as caught:
        read_tflite(data)
    assert caught.value.hint
    return caught.value.message


def changed(data, change):
    """The file with its object tree changed."""
    model = unpack(data)
    change(model)
    return pack(model)


NOT_TFLITE = {
    b"": "an empty file",
    b"hello, this is text": "it looks like a text file, 19 bytes",
    b"\x89HDF\r\n\x1a\n" + bytes(20): "an HDF5 file (.h5)",
    b"PK\x03\x04" + bytes(40): "a ZIP archive",
}


@pytest.mark.parametrize("data", NOT_TFLITE)
def test_other_files_are_named(data):
    message = refused(data)
    assert message.startswith("This is not a .tflite file")
    assert NOT_TFLITE[data] in message


def test_truncated_file_is_damaged(mixed_tflite):
    assert "The .tflite file is damaged" in refused(mixed_tflite[:100])


def test_other_schema_version(mixed_tflite):
    def change(model):
        model.version = 2

    assert "schema version 2, not 3" in refused(changed(mixed_tflite, change))


def packed(tables, name_bytes):
    """A file whose only subgraph has `tables` entries for the same tensor, or one whose tensors share one long name."""
    builder = flatbuffers.Builder(1024)
    name = builder.CreateString("n" * name_bytes)
    tensors = []
    for _ in range(1 if name_bytes == 0 else tables):
        schema.TensorStart(builder)
        schema.TensorAddName(builder, name)
        tensors.append(schema.TensorEnd(builder))
    schema.SubGraphStartTensorsVector(builder, tables)
    for position in range(tables):
        builder.PrependUOffsetTRelative(tensors[position % len(tensors)])
    vector = builder.EndVector()
    schema.SubGraphStart(builder)
    schema.SubGraphAddTensors(builder, vector)
    subgraph = schema.SubGraphEnd(builder)
    schema.ModelStartSubgraphsVector(builder, 1)
    builder.PrependUOffsetTRelative(subgraph)
    subgraphs = builder.EndVector()
    buffers = [schema.BufferT().Pack(builder)]
    schema.ModelStartBuffersVector(builder, 1)
    builder.PrependUOffsetTRelative(buffers[0])
    buffer_vector = builder.EndVector()
    schema.ModelStart(builder)
    schema.ModelAddVersion(builder, 3)
    schema.ModelAddSubgraphs(builder, subgraphs)
    schema.ModelAddBuffers(builder, buffer_vector)
    builder.Finish(schema.ModelEnd(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_endless_tables_in_a_small_file_are_refused():
    assert len(read_tflite(packed(tables=100, name_bytes=0)).tensors) == 100
    assert "holds more tables than any real model" in refused(packed(tables=MAX_TABLES + 1, name_bytes=0))


@pytest.mark.parametrize("at", [24, 28, 26])
def test_eight_bytes_may_be_aligned_to_four(at):
    """Public files are so (SiliconLabs/mltk's keyword_spotting_pacman_v3), and tflite_micro and LiteRT run them."""
    one_field = Table("a table", {0: LONGS})
    head = struct.pack("<IHHHHiI", 12, 6, 8, 4, 0, 8, at - 4 - 16)
    data = head.ljust(at - 4, b"\0") + struct.pack("<Iq", 1, 5)
    if at % 4 == 0:
        verify(data, one_field)
        return
    with pytest.raises(InputError) as caught:
        verify(data, one_field)
    expected = "The .tflite file is damaged: in a table, a value at byte 22 is not aligned to 4 bytes."
    assert caught.value.message == expected
    assert "Copy or convert the file again" in caught.value.hint


def test_one_string_under_many_names_is_refused():
    """A thousand tensors sharing one name of a megabyte would take a gigabyte."""
    assert "refers to the same bytes again and again" in refused(packed(tables=1000, name_bytes=1_000_000))


STRUCTURE = {
    "operator code": (
        lambda m: setattr(m.subgraphs[0].operators[0], "opcodeIndex", 7),
        "operator 0 has code 7 of 4",
    ),
    "buffer": (lambda m: setattr(m.subgraphs[0].tensors[1], "buffer", 99), "tensor 1 (weights) has buffer 99 of 4"),
    "input range": (
        lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [0, 1, 77]),
        "operator 0 (CONV_2D) refers to tensor 77; there are 8",
    ),
    "negative output": (
        lambda m: setattr(m.subgraphs[0].operators[1], "outputs", [-1]),
        "operator 1 (MEAN) refers to tensor -1; there are 8",
    ),
    "graph input": (lambda m: setattr(m.subgraphs[0], "inputs", [0, 50]), "the graph's inputs refers to tensor 50"),
    "graph output": (lambda m: setattr(m.subgraphs[0], "outputs", [-7]), "the graph's outputs refers to tensor -7"),
    "input twice": (lambda m: setattr(m.subgraphs[0], "inputs", [0, 0]), "names the same input twice"),
    "constant input": (lambda m: setattr(m.subgraphs[0], "inputs", [1]), "input tensor 1 is also a constant"),
    "cycle": (
        lambda m: setattr(m.subgraphs[0].operators[1], "inputs", [5, 4]),
        "operator 1 (MEAN) reads tensor 5 before anything wrote it",
    ),
    "order": (
        lambda m: m.subgraphs[0].operators.reverse(),
        "operator 0 (DEQUANTIZE) reads tensor 6 before anything wrote it",
    ),
    "written twice": (
        lambda m: setattr(m.subgraphs[0].operators[2], "outputs", [5]),
        "operator 2 (SOFTMAX) writes tensor 5, which already has a value",
    ),
    "constant written": (
        lambda m: setattr(m.subgraphs[0].operators[2], "outputs", [4]),
        "operator 2 (SOFTMAX) writes tensor 4, which already has a value",
    ),
    "never computed": (
        lambda m: m.subgraphs[0].operators.pop(),
        "output tensor 7 is never computed",
    ),
    "no graph": (lambda m: setattr(m, "subgraphs", []), "it holds no graph"),
    "type": (lambda m: setattr(m.subgraphs[0].tensors[0], "type", 18), "tensor 0 (x) has the unknown type 18"),
    "negative size": (
        lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [1, -4, 4, 3]),
        "tensor 0 (x) has the impossible shape [1, -4, 4, 3]",
    ),
    "rank": (lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [1] * 7), "has 7 dimensions"),
    "size": (lambda m: setattr(m.subgraphs[0].tensors[0], "shape", [2**30, 2**30, 4, 3]), "takes more than 64 MiB"),
    "constant size": (
        lambda m: setattr(m.subgraphs[0].tensors[1], "shape", [8, 3, 3, 4]),
        "tensor 1 (weights) of shape [8, 3, 3, 4] needs 288 bytes of int8; its buffer has 216",
    ),
    "scale": (
        lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "scale", [float("nan")]),
        "tensor 0 (x) has a scale that is not a positive number",
    ),
    "scale of 0": (
        lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "scale", [0.0]),
        "tensor 0 (x) has a scale that is not a positive number",
    ),
    "zero point": (
        lambda m: setattr(m.subgraphs[0].tensors[0].quantization, "zeroPoint", [200]),
        "tensor 0 (x) has a zero point outside int8",
    ),
    "zero points": (
        lambda m: setattr(m.subgraphs[0].tensors[1].quantization, "zeroPoint", [0, 0]),
        "tensor 1 (weights) has 8 scales but 2 zero points",
    ),
    "axis": (
        lambda m: setattr(m.subgraphs[0].tensors[1].quantization, "quantizedDimension", 1),
        "tensor 1 (weights) of shape [8, 3, 3, 3] has 8 scales along axis 1",
    ),
    "external buffer": (lambda m: setattr(m.buffers[1], "offset", 4096), "keeps buffer 1 outside the FlatBuffer"),
    "padding": (
        lambda m: setattr(m.subgraphs[0].operators[0].builtinOptions, "padding", 9),
        "in operator 0 (CONV_2D), padding 9 is unknown",
    ),
    "activation": (
        lambda m: setattr(m.subgraphs[0].operators[0].builtinOptions, "fusedActivationFunction", 77),
        "activation function 77 is unknown",
    ),
    "stride": (
        lambda m: setattr(m.subgraphs[0].operators[0].builtinOptions, "strideH", 0),
        "in operator 0 (CONV_2D), the stride is 0x1",
    ),
    "dilation": (
        lambda m: setattr(m.subgraphs[0].operators[0].builtinOptions, "dilationWFactor", -1),
        "the dilation is 1x-1",
    ),
    "beta": (
        lambda m: setattr(m.subgraphs[0].operators[2].builtinOptions, "beta", float("inf")),
        "in operator 2 (SOFTMAX), beta is inf",
    ),
    "options missing": (
        lambda m: (
            setattr(m.subgraphs[0].operators[0], "builtinOptions", None),
            setattr(m.subgraphs[0].operators[0], "builtinOptionsType", 0),
        ),
        "in operator 0 (CONV_2D), its options are missing",
    ),
    "options of another kind": (
        lambda m: (
            setattr(m.subgraphs[0].operators[0], "builtinOptions", m.subgraphs[0].operators[2].builtinOptions),
            setattr(m.subgraphs[0].operators[0], "builtinOptionsType", 9),
        ),
        "its options are of kind 9, not 1",
    ),
    "too few inputs": (
        lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [0]),
        "in operator 0 (CONV_2D), there are 1 inputs, not 2 to 3",
    ),
    "input missing": (
        lambda m: setattr(m.subgraphs[0].operators[0], "inputs", [0, -1, 2]),
        "in operator 0 (CONV_2D), input 1 is missing",
    ),
    "two outputs": (
        lambda m: setattr(m.subgraphs[0].operators[2], "outputs", [6, 6]),
        "in operator 2 (SOFTMAX), there are 2 outputs, not 1",
    ),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_invalid_files_say_where(mixed_tflite, name):
    change, expected = STRUCTURE[name]
    assert expected in refused(changed(mixed_tflite, change))


def test_sparse_constants_are_refused(mixed_tflite):
    def change(model):
        model.subgraphs[0].tensors[1].sparsity = schema.SparsityParametersT(traversalOrder=[0])

    assert "stores tensor 1 (weights) sparsely" in refused(changed(mixed_tflite, change))


def test_blockwise_quantization_is_refused(mixed_tflite):
    def change(model):
        quantization = model.subgraphs[0].tensors[1].quantization
        quantization.detailsType = schema.QuantizationDetails.CustomQuantization
        quantization.details = schema.CustomQuantizationT(custom=[1])

    assert "quantized in a custom or blockwise way" in refused(changed(mixed_tflite, change))
