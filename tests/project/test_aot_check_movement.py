"""What the aot runtime refuses of operators that move elements, multiply or keep a state, and what it says."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.preflight import Severity
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder, with_subgraphs


def check(data):
    return AotRuntime().check(read_tflite(data), BOARDS["native"], Options())


def only(data):
    findings = check(data)
    assert len(findings) == 1, findings
    assert findings[0].hint
    return findings[0]


class Model:
    """One operator; tensors are int8 of scale 0.1, unless a test says otherwise."""

    def __init__(self):
        self.builder = ModelBuilder()
        self.inputs = []

    def input(self, *shape, dtype="int8", scale=0.1, **options):
        index = self.builder.add_tensor(shape, dtype, scale=scale if dtype == "int8" else None, name="x", **options)
        self.inputs.append(index)
        return index

    def ints(self, *values, dtype="int32"):
        return self.builder.add_tensor(np.shape(values), dtype, data=np.array(values))

    def output(self, *shape, dtype="int8", scale=0.1, **options):
        return self.builder.add_tensor(shape, dtype, scale=scale if dtype == "int8" else None, name="y", **options)

    def build(self, opcode, inputs, *outputs, **options):
        self.builder.add_operator(opcode, inputs, list(outputs), **options)
        return self.builder.build(self.inputs, list(outputs))


def computed_permutation():
    model = Model()
    return model.build("TRANSPOSE", [model.input(2, 3), model.input(2, dtype="int32")], model.output(3, 2))


def too_many_axes():
    model = Model()
    order = model.ints(5, 0, 1, 2, 3, 4)
    return model.build("TRANSPOSE", [model.input(1, 2, 1, 2, 1, 3), order], model.output(3, 1, 2, 1, 2, 1))


def many_parts():
    model = Model()
    return model.build("CONCATENATION", [model.input(1, 1) for _ in range(11)], model.output(1, 11), axis=1)


def other_quantization():
    model = Model()
    parts = [model.input(1, 2), model.input(1, 2, scale=0.2)]
    return model.build("CONCATENATION", parts, model.output(1, 4), axis=1)


def activated_concatenation():
    model = Model()
    parts = [model.input(1, 2), model.input(1, 2)]
    return model.build("CONCATENATION", parts, model.output(1, 4), axis=1, fused_activation_function="RELU")


def new_axis():
    model = Model()
    inputs = [model.input(2, 4), *(model.ints(*three) for three in ((0, 0, 1), (0, 2, 4), (1, 1, 1)))]
    return model.build("STRIDED_SLICE", inputs, model.output(1, 2, 3), new_axis_mask=1)


def ellipsis():
    model = Model()
    inputs = [model.input(2, 3), model.ints(0, 0), model.ints(0, 2), model.ints(1, 1)]
    return model.build("STRIDED_SLICE", inputs, model.output(2, 2), ellipsis_mask=1)


def scattered_axes():
    model = Model()
    return model.build("REVERSE_V2", [model.input(2, 3, 2), model.ints(0, 2)], model.output(2, 3, 2))


def parts_of_other_types():
    model = Model()
    return model.build("UNPACK", [model.input(2, 3)], model.output(3), model.output(3, dtype="int32"), num=2, axis=0)


def renamed_type():
    model = Model()
    return model.build("SQUEEZE", [model.input(1, 3)], model.output(3, dtype="int32"))


def computed_padding_value():
    model = Model()
    inputs = [model.input(2), model.builder.add_tensor((1, 2), "int32", data=np.array([[1, 1]])), model.input(1)]
    return model.build("PADV2", inputs, model.output(4))


def deep_product():
    model = Model()
    return model.build("BATCH_MATMUL", [model.input(1, 40000), model.input(40000, 1)], model.output(1, 1))


def fine_cumsum():
    model = Model()
    return model.build("CUMSUM", [model.input(4), model.ints(0)], model.output(4, scale=1e-8))


def contradiction():
    model = Model()
    inputs = [model.input(1, 2, 2, 1), model.ints(4, 4)]
    return model.build("RESIZE_BILINEAR", inputs, model.output(1, 4, 4, 1), align_corners=True, half_pixel_centers=True)


def coarse_interpolation():
    model = Model()
    inputs = [model.input(1, 1, 1, 1), model.ints(1500, 1)]
    return model.build("RESIZE_BILINEAR", inputs, model.output(1, 1500, 1, 1))


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (computed_permutation(), "dynamic-shape", "has a parameter that is computed"),
        (too_many_axes(), "unsupported-shape", "works on 6 axes; TensorFlow Lite Micro has 5"),
        (many_parts(), "unsupported-shape", "joins 11 tensors; TensorFlow Lite Micro joins 10"),
        (other_quantization(), "quantization", "must have one quantization for all inputs and the output"),
        (activated_concatenation(), "unsupported-activation", "has a fused RELU"),
        (ellipsis(), "unsupported-shape", "has an ellipsis, new axes, offsets, or fewer indices than axes"),
        (new_axis(), "unsupported-shape", "has an ellipsis, new axes, offsets, or fewer indices than axes"),
        (scattered_axes(), "unsupported-shape", "reverses the axes [0, 2], which are not neighbours"),
        (parts_of_other_types(), "unsupported-type", "has int8 and int32"),
        (renamed_type(), "unsupported-type", "has int8 and int32 (y)"),
        (computed_padding_value(), "dynamic-shape", "pads with something that is computed"),
        (deep_product(), "accumulator-overflow", "sums more than 33025 products"),
        (fine_cumsum(), "quantization", "has an output scale more than 2^19 times finer than its input's"),
        (contradiction(), "unsupported-option", "both aligns corners and uses half-pixel centers"),
        (coarse_interpolation(), "unsupported-shape", "resizes 1 to 1500, for which the arithmetic is not fine enough"),
    ],
)
def test_refused(data, code, message):
    finding = only(data)
    assert (finding.severity, finding.code) == (Severity.ERROR, code)
    assert message in finding.message
    assert finding.message.startswith("Operator 0 (")


def test_padding_with_something_else_than_zero_is_warned_of():
    """TensorFlow Lite Micro fills in 0 instead of the zero point; what it computes is what counts."""
    model = Model()
    x = model.input(1, 4, 1, zero_point=-7)
    margins = model.builder.add_tensor((1, 2), "int32", data=np.array([[1, 1]]))
    finding = only(model.build("SPACE_TO_BATCH_ND", [x, model.ints(2), margins], model.output(2, 3, 1, zero_point=-7)))
    assert (finding.severity, finding.code) == (Severity.WARNING, "padding")
    assert "pads with 0 as TensorFlow Lite Micro does, not with its zero point -7" in finding.message


@pytest.mark.parametrize(("opcode", "hint"), [("WHILE", "unroll=True"), ("IF", "tf.where")])
def test_control_flow_is_refused_with_a_way_out(opcode, hint):
    model = Model()
    finding = only(model.build(opcode, [model.input(1, dtype="bool")], model.output(1, dtype="bool")))
    assert finding.code == "unsupported-operator"
    assert hint in finding.hint


def variable(*, value_shape=(1, 3), assign=True, container="", call=None):
    """A variable that is read, and perhaps assigned."""
    model = Model()
    x = model.input(*value_shape)
    if call is not None:
        model.builder.add_operator("CALL_ONCE", [], [], init_subgraph_index=call)
    handle = model.builder.add_tensor((), "resource", name="handle")
    model.builder.add_operator("VAR_HANDLE", [], [handle], container=container, shared_name="v")
    if assign:
        model.builder.add_operator("ASSIGN_VARIABLE", [handle, x], [])
    return model.build("READ_VARIABLE", [handle], model.output(1, 3))


def initializer(opcode="ASSIGN_VARIABLE"):
    model = Model()
    handle = model.builder.add_tensor((), "resource", name="handle")
    model.builder.add_operator("VAR_HANDLE", [], [handle], container="", shared_name="v")
    constant = model.builder.add_tensor((1, 3), scale=0.1, data=np.ones((1, 3)))
    if opcode == "ASSIGN_VARIABLE":
        model.builder.add_operator(opcode, [handle, constant], [])
    else:
        value = model.output(1, 3)
        model.builder.add_operator(opcode, [constant], [value])
        model.builder.add_operator("ASSIGN_VARIABLE", [handle, value], [])
    return model.builder.build([], [])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (variable(assign=False), "reads a variable that nothing assigns"),
        (variable(value_shape=(1, 4)), "uses a variable of 4 bytes of int8 as 3 bytes of int8"),
        (variable(call=3), "calls graph 3, which is not there"),
        (with_subgraphs(variable(call=1), initializer("LOGISTIC")), "runs a LOGISTIC before the first inference"),
    ],
)
def test_variables_that_cannot_be_kept(data, message):
    finding = only(data)
    assert finding.code == "variable-tensor"
    assert message in finding.message


def test_variables_that_can():
    assert check(variable()) == ()
    assert check(with_subgraphs(variable(call=1), initializer())) == ()


def test_computed_parameters_are_checked_like_those_in_the_file():
    """A slice whose size comes out of SHAPE, and leaves the tensor."""
    model = Model()
    x = model.input(4)
    size = model.builder.add_tensor((1,), "int32")
    model.builder.add_operator("SHAPE", [x], [size], out_type="INT32")
    data = model.build("SLICE", [x, model.ints(1), size], model.output(4))
    with pytest.raises(InputError, match=r"the slice from \[1\] of size \[4\] leaves the input \[4\]"):
        check(data)
