"""Each finding on a model made to have that flaw; test_tflm_flaws.py has the same from TensorFlow."""

import dataclasses

import pytest

from boardproof.model.preflight import Severity
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.library import resolve_library
from boardproof.project.runtimes.tflm.memory import RUNTIME_FLASH_BYTES, RUNTIME_RAM_BYTES
from boardproof.project.runtimes.tflm.rounding import rounding_texts
from support.flatbuffer_models import ModelBuilder
from support.tflm import (
    conv_model,
    conv_without_bias,
    dense_model,
    float_model,
    graph_of,
    make_library,
    single_operator_model,
)

BOARD = BOARDS["nano33ble"]


NOT_READ = "library-not-read"
FLOAT_FUNCTIONS = "float-functions"


def findings(data, board=BOARD, **options):
    """All but the notes that the default library is not here, and of what float32 kernels call."""
    found = TflmRuntime().check(graph_of(data), board, Options(**options))
    return tuple(finding for finding in found if finding.code not in {NOT_READ, FLOAT_FUNCTIONS})


def the_finding(data, board=BOARD, **options):
    (finding,) = findings(data, board, **options)
    return finding


@pytest.mark.parametrize("data", [conv_model(), dense_model()])
def test_a_good_model_has_no_findings(data):
    assert findings(data) == ()


def test_float32_functions_of_the_c_library_are_noted():
    graph = graph_of(float_model(softmax=True))
    (note,) = (f for f in TflmRuntime().check(graph, BOARD, Options()) if f.code == FLOAT_FUNCTIONS)
    assert (note.severity, note.operator) == (Severity.NOTE, 2)
    assert note.message == (
        "SOFTMAX in float32 takes its functions from the C library, and the board's differs from the host's in the "
        "last bits, so the output of operator 2 can differ from tflite_micro's."
    )
    assert "no sign of broken firmware; --runtime aot computes ELU, EXP, LOG, LOGISTIC, SOFTMAX" in note.hint
    assert rounding_texts(graph, resolve_library(None)) == (note.message, note.hint)


@pytest.mark.parametrize("data", [float_model(), dense_model()])
def test_sums_in_float32_and_functions_of_integers_are_not(data):
    assert rounding_texts(graph_of(data), resolve_library(None)) == ()


def test_a_library_that_is_not_here_is_noted(tmp_path):
    (note,) = TflmRuntime().check(graph_of(conv_model()), BOARD, Options())
    assert (note.severity, note.code) == (Severity.NOTE, NOT_READ)
    assert note.message == (
        "Chirale_TensorFLowLite ^2.0.0 has not been fetched: what it can do is not read from it but taken to be what "
        "Chirale_TensorFLowLite 2.0.0 can."
    )
    assert note.hint.startswith("Give a copy with --tflm-lib PATH")
    options = Options(tflm_lib=str(make_library(tmp_path / "tflm")))
    assert NOT_READ not in {finding.code for finding in TflmRuntime().check(graph_of(conv_model()), BOARD, options)}


def test_an_operator_the_library_does_not_have():
    finding = the_finding(single_operator_model("GELU"))
    assert (finding.severity, finding.code, finding.operator) == (Severity.ERROR, "unsupported-operator", 0)
    assert finding.message == "Chirale_TensorFLowLite ^2.0.0 has no operator GELU (operator 0)."
    assert "--tflm-lib" in finding.hint


def test_an_operator_that_embeddings_are_made_of_has_a_way_out_of_its_own():
    finding = the_finding(single_operator_model("SELECT"))
    assert finding.hint == (
        "Look the rows of a keras.layers.Embedding up with tf.gather, make one side of a tf.where a constant (which "
        "gives SELECT_V2), or give a library that has the operator with --tflm-lib."
    )


def test_a_flex_operator_says_where_it_comes_from():
    finding = the_finding(single_operator_model("CUSTOM", custom_code="FlexCumprod"))
    assert finding.message == "Chirale_TensorFLowLite ^2.0.0 has no custom operator FlexCumprod (operator 0)."
    assert "TFLITE_BUILTINS_INT8 alone" in finding.hint


def test_a_custom_operators_name_is_not_trusted():
    finding = the_finding(single_operator_model("CUSTOM", custom_code="x\x1b[2J\n*/ evil"))
    assert "\x1b" not in finding.message
    assert "\n" not in finding.message
    assert "*/" not in finding.message


def test_a_custom_operator_called_like_a_builtin_one_is_not_it():
    finding = the_finding(single_operator_model("CUSTOM", custom_code="ADD"))
    assert finding.code == "unsupported-operator"


def test_dynamic_range_weights():
    finding = the_finding(dense_model(data_dtype="float32"))
    assert (finding.severity, finding.code, finding.operator, finding.tensor) == (
        Severity.ERROR,
        "hybrid-weights",
        0,
        1,
    )
    assert finding.message == (
        "Operator 0, FULLY_CONNECTED, has int8 weights and float32 activations (dynamic-range quantization), which "
        "TensorFlow Lite Micro does not implement: some kernels refuse it, others compute nonsense."
    )
    assert finding.hint == (
        "Convert the Keras model with full-integer quantization: boardproof quantize MODEL --scheme int8."
    )


def test_per_channel_fully_connected():
    finding = the_finding(dense_model(per_channel=True))
    assert (finding.severity, finding.code, finding.operator, finding.tensor) == (
        Severity.ERROR,
        "per-channel-fully-connected",
        0,
        1,
    )
    assert "(4 scales)" in finding.message
    assert "_experimental_disable_per_channel_quantization_for_dense_layers" in finding.hint


def test_per_channel_fully_connected_is_fine_where_the_library_knows_it(tmp_path):
    library = str(make_library(tmp_path / "tflm"))
    codes = {finding.code for finding in findings(dense_model(per_channel=True), tflm_lib=library)}
    assert codes == {"unsupported-operator"}  # SOFTMAX, which that library lacks


@pytest.mark.parametrize("absent", [(), (-1,)])
def test_a_convolution_without_bias(tmp_path, absent):
    """Which tflite_micro runs: see e2e/test_tflm.py for what the firmware does."""
    data = conv_without_bias(absent)
    finding = the_finding(data)
    assert (finding.severity, finding.code, finding.operator) == (Severity.ERROR, "missing-bias", 0)
    assert finding.message == (
        "Operator 0, CONV_2D, has no bias, and Chirale_TensorFLowLite ^2.0.0 reads it nevertheless: the firmware would "
        "crash."
    )
    assert "--runtime aot" in finding.hint
    assert findings(data, tflm_lib=str(make_library(tmp_path / "tflm"))) == ()


def test_a_type_the_kernel_does_not_implement():
    finding = the_finding(single_operator_model("RELU", dtype="int16"))
    assert (finding.severity, finding.code, finding.operator, finding.tensor) == (
        Severity.ERROR,
        "unsupported-type",
        0,
        0,
    )
    assert "works on int16 (tensor 0 (t0))" in finding.message
    assert "it has float32, int8." in finding.message


def test_an_operator_newer_than_the_library_is_a_warning():
    finding = the_finding(dense_model(version=12))
    assert (finding.severity, finding.code, finding.operator) == (Severity.WARNING, "operator-version", 0)
    assert "has version 12" in finding.message
    assert "when 10 was the newest" in finding.message


def test_versions_are_not_warned_of_where_an_operator_of_that_kind_has_an_error():
    (finding,) = findings(dense_model(per_channel=True, version=12))
    assert finding.code == "per-channel-fully-connected"


@pytest.mark.parametrize(
    ("name", "version", "codes"),
    [
        ("Chirale_TensorFLowLite", "2.0.0", {"operator-version"}),
        ("Chirale_TensorFLowLite", "1.9", {"operator-version"}),
        ("Chirale_TensorFLowLite", "2.0.1", set()),
        ("Chirale_TensorFLowLite", "main", set()),
        ("Another_TFLM", "1.0.0", set()),
    ],
)
def test_versions_are_warned_of_where_the_library_is_known_to_be_older(tmp_path, name, version, codes):
    folder = make_library(tmp_path / "tflm")
    (folder / "library.properties").write_text(f"name={name}\nversion={version}\n")
    found = findings(dense_model(version=12), tflm_lib=str(folder))
    assert {finding.code for finding in found} - {"unsupported-operator"} == codes  # SOFTMAX is not in it


def test_an_open_batch_alone_is_what_keras_always_writes():
    assert findings(dense_model(shape_signature=(-1, 8))) == ()


def test_a_shape_computed_at_run_time_is_a_warning():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.5, shape_signature=(-1, 8))
    y = builder.add_tensor((2,), "int32")
    builder.add_operator("SHAPE", [x], [y], out_type="INT32")
    finding = the_finding(builder.build([x], [y]))
    assert (finding.severity, finding.code, finding.operator) == (Severity.WARNING, "dynamic-shape", 0)
    assert "batch_shape" in finding.hint


def test_too_large_for_flash_says_by_how_much_and_which_tensors():
    data = dense_model()
    board = dataclasses.replace(BOARD, flash_bytes=len(data) + RUNTIME_FLASH_BYTES + BOARD.core_flash_bytes - 12)
    finding = the_finding(data, board)
    assert (finding.severity, finding.code) == (Severity.ERROR, "flash-exceeded")
    assert finding.message.startswith(
        f"The model ({len(data):,} bytes) and TensorFlow Lite Micro (at least {RUNTIME_FLASH_BYTES:,}) are 12 bytes "
        f"more than the {board.free_flash_bytes:,} bytes of flash that the core leaves on nano33ble; the largest are "
        "tensor 1 (t1, 32 bytes)"
    )
    assert findings(data, dataclasses.replace(BOARD, flash_bytes=board.flash_bytes + 12)) == ()


def test_too_large_for_ram_says_by_how_much_and_which_tensors():
    board = dataclasses.replace(BOARD, ram_bytes=RUNTIME_RAM_BYTES + 50, core_ram_bytes=0)
    finding = the_finding(conv_model(), board)
    assert (finding.severity, finding.code) == (Severity.ERROR, "ram-exceeded")
    assert "18 bytes more than the 50 bytes of RAM that core, stack, link and interpreter leave" in finding.message
    assert "tensor 0 (t0, 36 bytes), tensor 3 (t3, 32 bytes)" in finding.message


def test_an_arena_too_small_for_the_activations():
    finding = the_finding(conv_model(), arena_bytes=67)
    assert (finding.severity, finding.code) == (Severity.ERROR, "arena-too-small")
    assert finding.message == (
        "--arena-bytes 67 is too small: the activations alive at one moment alone take 68 bytes."
    )
    assert finding.hint == "Leave --arena-bytes out."
    assert findings(conv_model(), arena_bytes=68) == ()


def test_an_arena_too_large_for_the_board():
    room = 256 * 1024 - (41_864 + 1_536 + 2_048 + 256) - RUNTIME_RAM_BYTES
    finding = the_finding(conv_model(), arena_bytes=300_000)
    assert (finding.severity, finding.code) == (Severity.ERROR, "arena-too-large")
    assert finding.message == (
        "--arena-bytes 300000 is too large: nano33ble has room for 210,296 bytes beside core, stack, link and "
        "interpreter."
    )
    assert finding.hint == "Leave --arena-bytes out, and boardproof measures it."
    assert findings(conv_model(), arena_bytes=room) == ()
    assert the_finding(conv_model(), arena_bytes=room + 1).code == "arena-too-large"


@pytest.mark.parametrize("size", [(1 << 31) - 15, 4_294_969_000])
def test_an_arena_too_large_for_any_process(size):
    finding = the_finding(conv_model(), BOARDS["native"], arena_bytes=size)
    assert (finding.severity, finding.code) == (Severity.ERROR, "arena-too-large")
    assert finding.message == f"--arena-bytes {size} is too large: an arena has 2,147,483,632 bytes at most."
    assert findings(conv_model(), BOARDS["native"], arena_bytes=(1 << 31) - 16) == ()


def test_all_findings_come_at_once():
    board = dataclasses.replace(BOARD, flash_bytes=10, ram_bytes=10, core_ram_bytes=0)
    codes = {finding.code for finding in findings(dense_model(per_channel=True), board)}
    assert codes == {"per-channel-fully-connected", "flash-exceeded", "ram-exceeded"}
