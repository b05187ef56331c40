"""Element types that a library's kernels do not have, of inputs and of outputs, and what helps with each."""

import pytest

from boardproof.model.graph import DType
from boardproof.model.preflight import Severity
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.element_types import output_types
from support.flatbuffer_models import ModelBuilder, with_subgraphs
from support.tflm import graph_of, make_library

LIBRARY = "Chirale_TensorFLowLite ^2.0.0"
UNQUANTIZED = {"float32", "int32", "int64", "bool"}


def errors(data, **options):
    found = TflmRuntime().check(graph_of(data), BOARDS["nano33ble"], Options(**options))
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)


def model(opcode: str, given: str, result: str, inputs: int = 1, name: str = "main") -> bytes:
    """An operator from [1, 8] to [1, 8]."""
    builder = ModelBuilder(name)
    tensors = [
        builder.add_tensor((1, 8), dtype, scale=None if dtype in UNQUANTIZED else 0.5)
        for dtype in (*[given] * inputs, result)
    ]
    builder.add_operator(opcode, tensors[:-1], tensors[-1:])
    return builder.build(tensors[:-1], tensors[-1:])


def arg_max_model(result: str) -> bytes:
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8))
    axis = builder.add_tensor((1,), "int32", data=[1])
    y = builder.add_tensor((1,), result)
    builder.add_operator("ARG_MAX", [x, axis], [y], output_type=result.upper())
    return builder.build([x], [y])


@pytest.mark.parametrize(
    ("data", "message", "hint", "tensor"),
    [
        (
            arg_max_model("int64"),
            f"Operator 0, ARG_MAX, gives int64 (tensor 2 (t2)), which {LIBRARY} does not implement; it has int32.",
            "Use 32 bits, such as tf.argmax(x, output_type=tf.int32), tf.shape(x, out_type=tf.int32) or tf.cast(x, "
            "tf.int32), or take this step out of the model.",
            2,
        ),
        (
            model("CAST", "float32", "bool"),
            f"Operator 0, CAST, gives bool (tensor 1 (t1)), which {LIBRARY} does not implement; it has float32, int16, "
            "int32, int8.",
            "Compare in place of tf.cast: tf.not_equal(x, 0) gives the same.",
            1,
        ),
        (
            model("ADD", "int32", "int32", inputs=2),
            f"Operator 0, ADD, works on int32 (tensor 0 (t0)), which {LIBRARY} does not implement; it has float32, "
            "int16, int8.",
            "No quantization changes these whole numbers. Cast them to float32 first (tf.cast); for "
            "keras.layers.Embedding, look the rows up with tf.gather; give a newer library with --tflm-lib, or use "
            "--runtime aot.",
            0,
        ),
        (
            model("RELU", "int32", "int32"),
            f"Operator 0, RELU, works on int32 (tensor 0 (t0)), which {LIBRARY} does not implement; it has float32, "
            "int8.",
            "No quantization changes these whole numbers. Cast them to float32 first (tf.cast), or take this step out "
            "of the model.",
            0,
        ),
        (
            model("RELU", "int16", "int16"),
            f"Operator 0, RELU, works on int16 (tensor 0 (t0)), which {LIBRARY} does not implement; it has float32, "
            "int8.",
            "Convert the Keras model with full-integer quantization: boardproof quantize MODEL --scheme int8.",
            0,
        ),
        (
            model("EXP", "int8", "int8"),
            f"Operator 0, EXP, works on int8 (tensor 0 (t0)), which {LIBRARY} does not implement; it has float32.",
            "Replace the layer it comes from, keep the model in float32 (--scheme float32), or give a newer library "
            "with --tflm-lib.",
            0,
        ),
    ],
    ids=["ARG_MAX", "CAST", "ADD", "RELU int32", "RELU int16", "EXP"],
)
def test_the_type_is_found_and_the_hint_is_one_for_that_type(data, message, hint, tensor):
    (finding,) = errors(data)
    assert (finding.code, finding.operator, finding.tensor) == ("unsupported-type", 0, tensor)
    assert (finding.message, finding.hint) == (message, hint)


@pytest.mark.parametrize("data", [arg_max_model("int32"), model("CAST", "int8", "float32")])
def test_outputs_it_has_are_not_found(data):
    assert errors(data) == ()


def test_an_operator_of_a_subgraph_is_told_from_one_of_the_main_graph():
    (finding,) = errors(
        with_subgraphs(model("RELU", "int8", "int8"), model("ADD", "int32", "int32", inputs=2, name="body"))
    )
    assert finding.message.startswith("Operator 0 of subgraph 1 (body), ADD, works on int32 (tensor 0 (")
    assert "unroll=True" in finding.hint
    assert (finding.operator, finding.tensor) == (None, None)


KERNEL = """
  if (output->type == kTfLiteInt32) { switch (input->type) { case kTfLiteFloat32: break; } }
  switch (out->type) { case kTfLiteInt8: { break; } case kTfLiteBool: break; }
  if (input->type == kTfLiteInt64) {}
TFLMRegistration Register_CAST() { return RegisterOp(); }
"""


def test_output_types_are_those_the_kernel_compares_its_output_with(tmp_path):
    library = make_library(tmp_path / "tflm")
    (library / "src/tensorflow/lite/micro/kernels/cast.cc").write_text(KERNEL)
    assert output_types(library / "src") == {"CAST": {DType.INT32, DType.INT8, DType.BOOL}}
