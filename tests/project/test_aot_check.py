"""What the aot runtime refuses: every problem at once, each with its operator, tensor and way out."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from boardproof.model.preflight import Severity, preflight
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS, Cpu
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.aot.checks import host_functions
from boardproof.project.runtimes.aot.checks.budget import BESIDE_ARENA_BYTES
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder


def check(data, board="native"):
    return AotRuntime().check(read_tflite(data), BOARDS[board], Options())


def only(findings):
    assert len(findings) == 1, findings
    return findings[0]


class Model:
    """One operator with int8 tensors of one shape, unless a test says otherwise."""

    def __init__(self):
        self.builder = ModelBuilder()

    def tensor(self, shape=(1, 8), dtype="int8", scale=0.1, **options):
        return self.builder.add_tensor(shape, dtype, scale=scale, **options)

    def apply(self, opcode, inputs, output=None, **options):
        output = self.tensor(name="y") if output is None else output
        self.builder.add_operator(opcode, inputs, [output], **options)
        computed = [t for t in dict.fromkeys(inputs) if t >= 0 and self.builder.subgraph.tensors[t].buffer == 0]
        return self.builder.build(computed, [output])


def dense(*, weights=None, weight_options=None, bias=None, output=None, **options):
    model = Model()
    x = model.tensor((1, 8), name="x")
    values = np.ones((4, 8), np.int8) if weights is None else weights
    w = model.tensor(values.shape, **({"data": values, "name": "w"} | (weight_options or {})))
    inputs = [x, w, -1 if bias is None else model.tensor(bias.shape, str(bias.dtype), data=bias, name="b")]
    return model.apply("FULLY_CONNECTED", inputs, model.tensor((1, 4), **({"name": "y"} | (output or {}))), **options)


def test_an_unsupported_operator_is_named_with_its_tensor():
    model = Model()
    finding = only(check(model.apply("ATAN2", [model.tensor()])))
    assert finding.code == "unsupported-operator"
    assert finding.message == (
        "Operator 0 (ATAN2), which computes y, is not among the operators that are compiled ahead of time."
    )
    assert finding.hint == "Replace its layer. TensorFlow Lite Micro does not have it, either."
    assert finding.operator == 0


def test_an_operator_of_tensorflow_lite_micro_that_is_not_compiled():
    model = Model()
    finding = only(check(model.apply("COS", [model.tensor()])))
    assert finding.hint == "Replace its layer, or try --runtime tflm, if its library can run this."


@pytest.mark.parametrize(("opcode", "instead"), [("GELU", "silu"), ("SELECT", "SELECT_V2"), ("TILE", "Resizing")])
def test_what_keras_makes_and_nothing_runs_has_a_way_out(opcode, instead):
    model = Model()
    finding = only(check(model.apply(opcode, [model.tensor()])))
    assert instead in finding.hint
    assert "TensorFlow Lite Micro does not have it" in finding.hint


def test_a_custom_operator_is_named():
    model = Model()
    finding = only(check(model.apply("CUSTOM", [model.tensor()], custom_code="MyOp")))
    assert finding.message == "Operator 0 (MyOp), which computes y, is a custom operator."
    assert finding.hint == "Replace its layer."


def test_a_custom_operator_that_tensorflow_lite_micro_has():
    model = Model()
    finding = only(check(model.apply("CUSTOM", [model.tensor()], custom_code="CIRCULAR_BUFFER")))
    assert finding.hint == "Replace its layer, or try --runtime tflm, if its library can run this."


def test_an_operator_of_tensorflow_itself_has_one_way_out():
    model = Model()
    finding = only(check(model.apply("CUSTOM", [model.tensor()], custom_code="FlexErf")))
    assert finding.hint == (
        "It is a TensorFlow operator that only TensorFlow itself runs: replace the layer it comes from, and convert "
        "with TFLITE_BUILTINS_INT8 alone."
    )


@pytest.mark.parametrize("case", ["custom", "float16", "dynamic range"])
def test_no_runtime_is_recommended_that_refuses_the_model_too(case):
    builder = ModelBuilder()
    x, y = (builder.add_tensor((1, 8), "float32", name=name) for name in "xy")
    builder.add_operator("COS", [x], [y])
    outputs = [y]
    if case == "custom":
        outputs += [builder.add_tensor((1, 8), "float32", name="z")]
        builder.add_operator("CUSTOM", [x], [outputs[-1]], custom_code="MyOp")
    elif case == "float16":
        builder.add_tensor((8,), "float16", data=np.ones(8, np.float16), name="h")
    else:
        outputs += [builder.add_tensor((1, 4), "float32", name="z")]
        weights = builder.add_tensor((4, 8), scale=0.1, data=np.ones((4, 8), np.int8))
        builder.add_operator("FULLY_CONNECTED", [x, weights, -1], [outputs[-1]])
    findings = check(builder.build([x], outputs))
    assert findings[0].hint == "Replace its layer."
    assert not any("tflm" in finding.hint for finding in findings)


def test_everything_is_found_at_once():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1)
    a, b, c = (builder.add_tensor((1, 8), scale=0.1, name=name) for name in "abc")
    builder.add_operator("ATAN2", [x, x], [a])
    builder.add_operator("LOGISTIC", [a], [b])
    builder.add_operator("SOFTMAX", [b], [c], beta=1.0)
    findings = check(builder.build([x], [c]))
    assert [(f.operator, f.code) for f in findings] == [
        (0, "unsupported-operator"),
        (1, "quantization"),
        (2, "quantization"),
    ]


@pytest.mark.parametrize(
    ("dtype", "opcode"), [("uint8", "RELU"), ("uint8", "ADD"), ("uint8", "MAX_POOL_2D"), ("int32", "RELU")]
)
def test_types_without_a_kernel(dtype, opcode):
    model = Model()
    shape = (1, 4, 4, 2)
    tensors = [model.tensor(shape, dtype, None if dtype == "float32" else 0.1, name=name) for name in "xy"]
    options = {"filter_height": 1, "filter_width": 1, "stride_h": 1, "stride_w": 1} if "POOL" in opcode else {}
    inputs = [tensors[0]] * (2 if opcode == "ADD" else 1)
    finding = only(check(model.apply(opcode, inputs, tensors[1], **options)))
    assert finding.code == "unsupported-type"
    assert finding.message.endswith(f"takes {dtype} (x) and gives {dtype}: there is no kernel for that.")
    assert finding.hint == (
        "Quantize the model to full int8 (boardproof quantize), or try --runtime tflm, if its library can run this."
    )


def test_an_int8_tensor_without_scale():
    model = Model()
    finding = only(check(model.apply("RELU", [model.tensor(scale=None, name="x")])))
    assert (finding.code, finding.tensor) == ("quantization", 0)
    assert finding.message.endswith("needs one scale and zero point for x, which has none.")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ({"fused_activation_function": "TANH"}, "unsupported-activation", "fused TANH"),
        ({"weight_options": {"zero_point": 3}}, "quantization", "whose zero point is not 0 (w)"),
        ({"weight_options": {"scale": None}}, "quantization", "weights without a scale (w)"),
        ({"weight_options": {"scale": [0.1] * 8, "axis": 1}}, "quantization", "scales along axis 1, not 0 (w)"),
        ({"bias": np.zeros(4, np.int16)}, "weights", "biases (b) that are not an int32 constant"),
        ({"bias": np.full(4, 2**31 - 1, np.int32)}, "accumulator-overflow", "overflow its 32-bit sum"),
        ({"output": {"scale": 1e-12}}, "quantization", "scale its result up by more than 2^30"),
    ],
)
def test_dense_layers_that_cannot_be_compiled(arguments, code, words):
    finding = only(check(dense(**arguments)))
    assert finding.code == code
    assert words in finding.message


def test_int8_data_with_float_weights():
    finding = only(check(dense(weight_options={"dtype": "float32", "scale": None, "data": np.ones((4, 8))})))
    assert finding.code == "unsupported-type"
    assert finding.message.endswith("has float32 weights (w) for int8 data.")


def pool(*, output=None):
    model = Model()
    x = model.tensor((1, 4, 4, 2))
    y = model.tensor((1, 4, 4, 2), **({"name": "y"} | (output or {})))
    return model.apply("MAX_POOL_2D", [x], y, filter_height=1, filter_width=1, stride_h=1, stride_w=1)


@pytest.mark.parametrize("output", [{"scale": 0.2}, {"zero_point": 1}])
def test_a_pool_keeps_its_quantization(output):
    assert "one quantization for input and output" in only(check(pool(output=output))).message


def test_a_sum_far_finer_than_its_inputs():
    model = Model()
    finding = only(check(model.apply("ADD", [model.tensor(), model.tensor()], model.tensor(scale=1e-8, name="y"))))
    assert "2^19 times finer" in finding.message


@pytest.mark.parametrize(("opcode", "position"), [("MEAN", 1), ("PAD", 1)])
def test_axes_and_paddings_must_be_constant(opcode, position):
    model = Model()
    second = model.tensor((1,) if opcode == "MEAN" else (2, 2), "int32", None, name="second")
    finding = only(check(model.apply(opcode, [model.tensor(), second])))
    assert (finding.code, finding.tensor) == ("dynamic-shape", 0)
    assert "(second)" in finding.message


def test_softmax_limits():
    model = Model()
    finding = only(check(model.apply("SOFTMAX", [model.tensor((1, 5000))], _probabilities(model, (1, 5000)), beta=1.0)))
    assert "along an axis of 5000; 1 to 4095 are possible" in finding.message
    model = Model()
    finding = only(check(model.apply("SOFTMAX", [model.tensor(scale=1e-9)], _probabilities(model, (1, 8)), beta=1.0)))
    assert "too small" in finding.message


def _probabilities(model, shape):
    return model.tensor(shape, scale=1 / 256, zero_point=-128)


def test_an_open_size():
    model = Model()
    finding = only(check(model.apply("RELU", [model.tensor(shape_signature=[-1, -1], name="x")])))
    assert (finding.code, finding.tensor) == ("dynamic-shape", 0)
    assert finding.message == "Tensor x (1x8) has no fixed size along axis 1."
    assert "fixed shape" in finding.hint


def test_an_open_batch_is_fine():
    model = Model()
    assert check(model.apply("RELU", [model.tensor(shape_signature=[-1, 8])])) == ()


def test_a_variable_tensor():
    model = Model()
    finding = only(check(model.apply("RELU", [model.tensor(is_variable=True, name="state")])))
    assert finding.code == "variable-tensor"
    assert "state" in finding.message


def test_a_string_input():
    builder = ModelBuilder()
    x = builder.add_tensor((1,), "string", name="words")
    y = builder.add_tensor((1, 1), "string")
    builder.add_operator("RESHAPE", [x], [y], new_shape=[1, 1])
    findings = check(builder.build([x], [y]))
    assert {f.code for f in findings} == {"unsupported-type"}
    assert "words is string" in findings[0].message


def test_too_much_flash_names_the_largest_tensors_and_the_excess():
    model, rng = Model(), np.random.default_rng(5)
    x, middle, y = model.tensor((1, 100)), model.tensor((1, 8)), model.tensor((1, 4))
    big = model.tensor((8, 100), data=rng.integers(-99, 99, (8, 100)), name="big")
    small = model.tensor((4, 8), data=rng.integers(-99, 99, (4, 8)), name="small")
    model.builder.add_operator("FULLY_CONNECTED", [x, big, -1], [middle])
    model.builder.add_operator("FULLY_CONNECTED", [middle, small, -1], [y])
    graph = read_tflite(model.builder.build([x], [y]))
    requantization_bytes = 4 + 1  # equal in both layers, and in flash once
    board = replace(BOARDS["mps2-an386"], cpu=Cpu("cortex-m3", frozenset()), flash_bytes=700, core_flash_bytes=0)
    finding = only(AotRuntime().check(graph, board, Options()))
    assert finding.code == "flash-too-small"
    assert finding.message == (
        "The model's weights alone take 832 bytes, 132 more than the 700 bytes of flash that the core leaves on "
        "mps2-an386; the largest: big (800 bytes), small (32 bytes)."
    )
    finding = only(AotRuntime().check(graph, replace(board, flash_bytes=836), Options()))
    assert finding.code == "flash-too-small"
    assert finding.message == (
        f"The model's constants take {832 + requantization_bytes} bytes, 1 more than the 836 bytes of flash that "
        "the core leaves on mps2-an386, without any code of ours; the largest: big (800 bytes), small (32 bytes)."
    )
    assert AotRuntime().check(graph, replace(board, flash_bytes=837), Options()) == ()


def test_weights_that_two_layers_share_are_in_flash_once():
    model, weights = Model(), np.random.default_rng(5).integers(-99, 99, (8, 8))
    x, middle, y = model.tensor((1, 8)), model.tensor((1, 8)), model.tensor((1, 8))
    for source, target in ((x, middle), (middle, y)):
        layer = model.tensor((8, 8), data=weights)
        model.builder.add_operator("FULLY_CONNECTED", [source, layer, -1], [target])
    graph = read_tflite(model.builder.build([x], [y]))
    needed = 64 + 4 + 1  # the weights, a multiplier and a shift: equal in both layers
    board = replace(BOARDS["mps2-an386"], cpu=Cpu("cortex-m3", frozenset()), flash_bytes=needed, core_flash_bytes=0)
    assert AotRuntime().check(graph, board, Options()) == ()
    assert only(AotRuntime().check(graph, replace(board, flash_bytes=needed - 1), Options())).code == "flash-too-small"
    source = AotRuntime().generate(graph, b"", board, Options()).files["src/model.c"].decode()
    assert f"Constants in flash: {needed} bytes" in source


def test_too_much_ram_names_the_largest_tensors_and_the_excess():
    model = Model()
    size = BOARDS["mps2-an386"].free_ram_bytes - BESIDE_ARENA_BYTES
    assert size == 256 * 1024 - 16 * 1024 - 2_300 - 2_200
    x, y = model.tensor((1, size // 8 + 8, 8), name="x"), model.tensor((1, size // 8 + 8, 8), name="y")
    finding = only(check(model.apply("RELU", [x], y), "mps2-an386"))
    assert finding.code == "ram-too-small"
    used = size // 8 * 8 + 64
    assert f"an arena of {used:,} bytes, {used - size:,} more than the {size:,} bytes of RAM that" in finding.message
    assert "core, stack and link leave on mps2-an386" in finding.message
    assert f"x ({used:,} bytes)" in finding.message


@pytest.mark.parametrize(("arena", "excess"), [(216_000, 1_760), (212_000, None)])
def test_what_arduinos_core_and_mbed_leave_for_an_arena(arena: int, excess: int | None):
    """An arena of 216,000 bytes linked for the Nano 33 BLE, and died before setup()."""
    model = Model()
    x, y = (model.tensor((1, arena), name=name) for name in "xy")
    found = check(model.apply("RELU", [x], y), "nano33ble")
    if excess is None:
        assert found == ()
        return
    finding = only(found)
    assert finding.code == "ram-too-small"
    assert f"an arena of {arena:,} bytes, {excess:,} more than the 214,240 bytes of RAM" in finding.message


def test_the_native_board_has_no_limits():
    model = Model()
    assert check(model.apply("RELU", [model.tensor((1, 1 << 20))], model.tensor((1, 1 << 20)))) == ()


def activated(opcode, dtype="float32"):
    model = Model()
    return model.apply(opcode, [model.tensor((1, 8), dtype, None, name="x")], model.tensor((1, 8), dtype, None))


def test_functions_of_this_machines_c_library_are_named():
    if not host_functions._agrees("tanhf"):
        pytest.skip("this machine's C library has another tanhf")
    note = only(check(activated("TANH")))
    assert note.severity is Severity.NOTE
    assert note.message.startswith("TANH in float32 is tanhf of the C library in the oracle; this machine's, ")
    assert check(activated("LOGISTIC")) == ()


def test_a_c_library_that_computes_otherwise_is_refused(monkeypatch):
    monkeypatch.setattr(host_functions, "_agrees", lambda function: function == "expf")
    finding = only(check(activated("ELU")))
    assert (finding.severity, finding.code) == (Severity.ERROR, "host-functions")
    assert "differs from the board's kernel in the last bits" in finding.message
    assert finding.hint.startswith("Quantize the model to int8 or int16x8")
    assert check(activated("EXP")) == ()


def test_the_layer_is_named_and_the_same_trouble_is_one_finding():
    model = Model()
    tensors = [model.tensor(name=f"m/act_{n}/Atan2") for n in range(4)]
    x, last = model.tensor(name="x"), model.tensor(name="odd")
    chain = [x, *tensors, last]
    for before, after in pairwise(chain):
        model.builder.add_operator("ATAN2", [before], [after])
    graph = read_tflite(model.builder.build([x], [last]))
    (found,) = preflight(graph, AotRuntime().check(graph, BOARDS["native"], Options()))
    assert found.message == (
        "Layer act_0 (operator 0, ATAN2) is not among the operators that are compiled ahead of time. The same holds "
        "for layer act_1 (operator 1, ATAN2), layer act_2 (operator 2, ATAN2), layer act_3 (operator 3, ATAN2), "
        "operator 4 (ATAN2)."
    )
