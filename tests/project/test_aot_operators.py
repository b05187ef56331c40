"""Operators that the aot runtime refuses for their types or quantization, and whether tflite_micro refuses them too.

Where tflite_micro takes a model that is refused here, that is on purpose: its arithmetic is undefined there, or depends
on the machine.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from boardproof.model.graph import BinaryFunction, Comparison, UnaryFunction
from boardproof.model.isolation import WorkerError, run_isolated
from boardproof.model.oracle import generous_arena_bytes, interpret, oracle_available
from boardproof.model.preflight import Severity
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder

SHAPE = (1, 8)
QUANTIZED = {"int8", "uint8", "int16"}
TYPES = ("float32", "int8", "int16", "int32", "int64", "uint8", "bool")


class Case:
    """One operator on tensors of one shape."""

    def __init__(self, opcode, *tensors, output=None, **options):
        self.builder = ModelBuilder()
        self.inputs = []
        indices = [-1 if tensor is None else self._tensor(**tensor) for tensor in tensors]
        result = self._tensor(is_output=True, **(output or tensors[0]))
        self.builder.add_operator(opcode, indices, [result], **options)
        self.data = self.builder.build(self.inputs, [result])

    def _tensor(
        self, dtype="int8", shape=SHAPE, scale=0.1, zero_point=0, data=None, is_output=False, is_variable=False
    ):
        index = self.builder.add_tensor(
            shape,
            dtype,
            scale=scale if dtype in QUANTIZED else None,
            zero_point=zero_point,
            data=data,
            is_variable=is_variable,
        )
        if data is None and not is_output and not is_variable:
            self.inputs.append(index)
        return index

    @property
    def findings(self):
        return AotRuntime().check(read_tflite(self.data), BOARDS["native"], Options())

    @property
    def oracle_runs_it(self):
        return all(run_in_oracle([self]))

    def interpret(self):
        """Whether tflite_micro runs it, in this process."""
        graph = read_tflite(self.data)
        ones = [np.ones((1, *tensor.shape), tensor.dtype.numpy) for tensor in graph.input_tensors]
        try:
            interpret(self.data, Vectors(tuple(ones)), generous_arena_bytes(graph, self.data))
        except RuntimeError:
            return False
        return True


def run_in_oracle(cases):
    """Whether tflite_micro runs each: all in one process; where one crashes it, those before and behind it apart."""
    try:
        return run_isolated(lambda: [case.interpret() for case in cases])
    except WorkerError:
        middle = len(cases) // 2
        return run_in_oracle(cases[:middle]) + run_in_oracle(cases[middle:]) if middle else [False]


def of(dtype="int8", **options):
    return {"dtype": dtype, **options}


needs_oracle = pytest.mark.skipif(not oracle_available(), reason="tflite_micro is not installed")

ZEROS = np.zeros(SHAPE, np.int8)
AXIS = of("int32", shape=(1,), data=[1])
COMPUTED_AXIS = of("int32", shape=(1,))

REFUSED = {
    "sum too fine": (Case("SUB", of(), of(), output=of(scale=1e-8)), "quantization", "2^19 times finer"),
    "int16 zero point": (
        Case("MUL", of("int16", zero_point=3), of("int16"), output=of("int16")),
        "quantization",
        "zero point 3 for int16",
    ),
    "clamp too fine": (
        Case("MUL", of(scale=1e-9), of(scale=1e-9), output=of(scale=1e-10), fused_activation_function="RELU6"),
        "quantization",
        "too fine for its fused RELU6",
    ),
    "comparison of coarse scales": (
        Case("LESS", of(scale=1.5), of(), output=of("bool")),
        "quantization",
        "not below 1",
    ),
    "add n of different scales": (
        Case("ADD_N", of(), of(scale=0.2)),
        "quantization",
        "different types or quantization",
    ),
    "logistic zero point": (Case("LOGISTIC", of(), output=of(scale=1 / 256)), "quantization", "output zero point -128"),
    "logistic int16 scale": (Case("LOGISTIC", of("int16")), "quantization", "output scale 1/32768"),
    "tanh int16 scale": (Case("TANH", of("int16"), output=of("int16", scale=0.01)), "quantization", "scale 1/32768"),
    "hard swish too fine": (Case("HARD_SWISH", of(), output=of(scale=1e-4)), "quantization", "128 times finer"),
    "log softmax output": (Case("LOG_SOFTMAX", of()), "quantization", "output scale 1/16"),
    "softmax output": (Case("SOFTMAX", of("int16"), beta=1.0), "quantization", "scale 1/32768 and zero point 0"),
    "softmax to int16": (
        Case("SOFTMAX", of(), output=of("int16", scale=1 / 65536), beta=1.0),
        "quantization",
        "zero point -32768",
    ),
    "norm with activation": (
        Case("L2_NORMALIZATION", of(), fused_activation_function="RELU"),
        "unsupported-activation",
        "fused RELU",
    ),
    "norm of many axes": (Case("L2_NORMALIZATION", of(shape=(1, 1, 1, 1, 8))), "unsupported-shape", "has 5 axes"),
    "maximum to another scale": (
        Case("REDUCE_MAX", of(), AXIS, output=of(shape=(1,), scale=0.2)),
        "quantization",
        "one quantization",
    ),
    "prelu of many axes": (
        Case("PRELU", of("float32", shape=(1, 1, 1, 2, 4)), of("float32", shape=(4,))),
        "unsupported-shape",
        "has 5 axes",
    ),
    "computed weights of int16": (
        Case("FULLY_CONNECTED", of("int16"), of("int16", shape=(3, 8)), output=of("int16", shape=(1, 3))),
        "weights",
        "weights that are computed (t1)",
    ),
    "svdf of floats without biases": (
        Case(
            "SVDF",
            of("float32", shape=(1, 4)),
            of("float32", shape=(2, 4), data=np.ones((2, 4))),
            of("float32", shape=(2, 3), data=np.ones((2, 3))),
            None,
            of("float32", shape=(1, 6), is_variable=True),
            output=of("float32", shape=(1, 2)),
            rank=1,
        ),
        "weights",
        "has no biases",
    ),
    "select of two types": (
        Case("SELECT_V2", of("bool"), of(), of("int16"), output=of()),
        "unsupported-type",
        "between int8 and int16",
    ),
    "int32 with a scale": (
        Case("QUANTIZE", of("int16"), output=of("int32")),
        "quantization",
        "needs a scale for t1, which has none",
    ),
}
"""A model, the finding's code, words of it: tflite_micro refuses these as well."""

STRICTER = {
    "product too large": (Case("MUL", of(), of(), output=of(scale=1e-30)), "quantization", "scale its result up"),
    "division by any number": (Case("DIV", of(), of()), "quantization", "int8 division is not defined"),
    "division by zero": (Case("DIV", of(), of(data=ZEROS)), "quantization", "divides by zero"),
    "computed weights, too many": (
        Case("FULLY_CONNECTED", of(shape=(1, 40000)), of(shape=(1, 40000)), output=of(shape=(1, 1))),
        "accumulator-overflow",
        "can overflow its 32-bit sum",
    ),
    "computed axis": (
        Case("SUM", of(), COMPUTED_AXIS, output=of(shape=(1,))),
        "dynamic-shape",
        "axes that are computed",
    ),
    "computed axis of arg max": (
        Case("ARG_MAX", of(), COMPUTED_AXIS, output=of("int32", shape=(1,))),
        "dynamic-shape",
        "an axis that is computed",
    ),
    "average of a large image": (
        Case(
            "AVERAGE_POOL_2D",
            of("int16", shape=(1, 300, 300, 1)),
            output=of("int16", shape=(1, 1, 1, 1)),
            filter_height=300,
            filter_width=300,
            stride_h=1,
            stride_w=1,
            padding="VALID",
        ),
        "accumulator-overflow",
        "averages 300x300 elements",
    ),
    "many summands": (Case("ADD_N", *[of()] * 16), "accumulator-overflow", "at most 15"),
    "activation of int32": (
        Case("ADD", of("int32"), of("int32"), fused_activation_function="RELU"),
        "unsupported-activation",
        "not apply to int32",
    ),
    "activation that is ignored": (
        Case("SUB", of(), of(), fused_activation_function="TANH"),
        "unsupported-activation",
        "fused TANH",
    ),
}
"""tflite_micro runs these, with results that are undefined or not what the model says; or boardproof does not."""


@pytest.mark.parametrize("name", [*REFUSED, *STRICTER])
def test_what_cannot_be_exact_is_refused(name):
    case, code, words = {**REFUSED, **STRICTER}[name]
    assert [finding.code for finding in case.findings] == [code]
    assert words in case.findings[0].message
    assert case.findings[0].hint


@needs_oracle
@pytest.mark.parametrize("name", REFUSED)
def test_tflite_micro_refuses_it_too(name):
    assert not REFUSED[name][0].oracle_runs_it


@pytest.mark.parametrize(("size", "codes"), [(180, []), (190, ["accumulator-overflow"])])
def test_averages_count_what_is_inside_the_image(size, codes):
    """180x180 is below 2^15 and 190x190 above it; the window is larger than both."""
    options = {"filter_height": 300, "filter_width": 300, "stride_h": 300, "stride_w": 300, "padding": "SAME"}
    image, one = of("int16", shape=(1, size, size, 1)), of("int16", shape=(1, 1, 1, 1))
    average, largest = (
        Case(opcode, image, output=one, **options).findings for opcode in ("AVERAGE_POOL_2D", "MAX_POOL_2D")
    )
    assert [finding.code for finding in average] == codes
    assert largest == ()


def single_operators():
    """Every operator of one or two tensors of a type, with ordinary scales."""
    for function in UnaryFunction:
        target = {"LOGISTIC": of(scale=1 / 256, zero_point=-128), "TANH": of(scale=1 / 128)}.get(function.value)
        for dtype in TYPES:
            source = of(dtype, scale=0.05, zero_point=-128 if (function.value, dtype) == ("RSQRT", "int8") else 0)
            output = target if dtype == "int8" else of(dtype, scale=2**-15) if target else source
            yield f"{function.value} {dtype}", Case(function.value, source, output=output)
    for function in BinaryFunction:
        for dtype in TYPES:
            yield f"{function.value} {dtype}", Case(function.value, of(dtype), of(dtype), output=of(dtype, scale=0.3))
    for function in Comparison:
        for dtype in TYPES:
            yield f"{function.value} {dtype}", Case(function.value, of(dtype), of(dtype), output=of("bool"))


def ints(*values):
    return of("int32", shape=np.shape(values), data=list(values))


POOL = ("filter_height", "filter_width", "stride_h", "stride_w")

MOVERS = {
    "BATCH_TO_SPACE_ND": ([(4, 2, 2, 3), ints(2, 2), ints([0, 0], [0, 0])], (1, 4, 4, 3), {}),
    "BROADCAST_TO": ([(1, 4), ints(3, 4)], (3, 4), {}),
    "CONCATENATION": ([(1, 4), (1, 3)], (1, 7), {"axis": 1}),
    "DEPTH_TO_SPACE": ([(1, 2, 2, 4)], (1, 4, 4, 1), {"block_size": 2}),
    "DYNAMIC_UPDATE_SLICE": ([(4, 6), (2, 2), ints(1, 1)], (4, 6), {}),
    "EXPAND_DIMS": ([(3, 4), ints(1)], (3, 1, 4), {}),
    "GATHER": ([(3, 4), ints(1, 0)], (2, 4), {"axis": 0}),
    "GATHER_ND": ([(3, 4), ints([1], [0])], (2, 4), {}),
    "MIRROR_PAD": ([(1, 4), ints([0, 0], [1, 1])], (1, 6), {"mode": "REFLECT"}),
    "PACK": ([(1, 4), (1, 4)], (2, 1, 4), {"values_count": 2}),
    "PAD": ([(1, 4), ints([0, 0], [1, 1])], (1, 6), {}),
    "RESHAPE": ([(3, 1, 4), ints(3, 4)], (3, 4), {"new_shape": [3, 4]}),
    "RESIZE_BILINEAR": ([(1, 2, 2, 3), ints(4, 4)], (1, 4, 4, 3), {}),
    "RESIZE_NEAREST_NEIGHBOR": ([(1, 2, 2, 3), ints(4, 4)], (1, 4, 4, 3), {}),
    "REVERSE_V2": ([(2, 3), ints(1)], (2, 3), {}),
    "SLICE": ([(4, 6), ints(1, 2), ints(2, 3)], (2, 3), {}),
    "SPACE_TO_BATCH_ND": ([(1, 4, 4, 3), ints(2, 2), ints([0, 0], [0, 0])], (4, 2, 2, 3), {}),
    "SPACE_TO_DEPTH": ([(1, 4, 4, 1)], (1, 2, 2, 4), {"block_size": 2}),
    "SQUEEZE": ([(3, 1, 4)], (3, 4), {"squeeze_dims": [1]}),
    "STRIDED_SLICE": ([(4, 6), ints(1, 2), ints(3, 5), ints(1, 1)], (2, 3), {}),
    "TRANSPOSE": ([(4, 6), ints(1, 0)], (6, 4), {}),
    "ADD_N": ([(4, 6), (4, 6)], (4, 6), {}),
    "AVERAGE_POOL_2D": ([(1, 4, 4, 3)], (1, 4, 4, 3), dict.fromkeys(POOL, 1)),
    "BATCH_MATMUL": ([(2, 3, 4), (2, 4, 5)], (2, 3, 5), {}),
    "CUMSUM": ([(4, 6), ints(1)], (4, 6), {}),
    "FULLY_CONNECTED": ([(2, 6), (3, 6)], (2, 3), {}),
    **{name: ([(4, 6), ints(1)], (4,), {}) for name in ("MEAN", "SUM", "REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN")},
}
"""Shapes of the data, and other inputs; the output's shape; options."""


def operators_of_more_axes():
    """Every operator of MOVERS on every type."""
    for opcode, (inputs, output, options) in MOVERS.items():
        for dtype in TYPES:
            given = [of(dtype, shape=each) if isinstance(each, tuple) else each for each in inputs]
            yield f"{opcode} {dtype}", Case(opcode, *given, output=of(dtype, shape=output), **options)


ONLY_ORACLE = {
    *("DIV int8", "GREATER int16"),
    *(f"LOGICAL_{name} {dtype}" for name in ("AND", "OR") for dtype in TYPES if dtype != "bool"),
}
"""Undefined quotients; an int16 comparison that tflite_micro does not prepare; anything taken for bool."""


@needs_oracle
def test_types_are_those_of_tflite_micro():
    """What is compiled runs in tflite_micro; what runs there and is not compiled is known."""
    cases = dict(itertools.chain(single_operators(), operators_of_more_axes()))
    runs = dict(zip(cases, run_in_oracle(list(cases.values())), strict=True))
    compiled = {
        name for name, case in cases.items() if all(finding.severity is Severity.NOTE for finding in case.findings)
    }
    only_oracle = {name for name in runs if runs[name]} - compiled
    assert [name for name in compiled if not runs[name]] == []
    assert len(compiled) > 180
    assert only_oracle == ONLY_ORACLE
