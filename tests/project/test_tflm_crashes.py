"""What the default library crashes on or stops at, though its operators' names and types promise it.

test_tflm_flaws.py has some of these models from TensorFlow, e2e/test_tflm_crashes.py what the firmware does with them.
"""

import pytest

from boardproof.model.preflight import Severity
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.limits import Limits, limits
from support.tflm import (
    choice_model,
    elementwise_model,
    gather_nd_model,
    graph_of,
    log_softmax_model,
    make_library,
    reduction_model,
    softmax_model,
    svdf_without_bias,
    transpose_conv_without_bias,
)

LIBRARY = "Chirale_TensorFLowLite ^2.0.0"
FIVE, SIX = (1, 2, 1, 3, 2), (1, 2, 2, 1, 3, 2)
SMALLEST = 2.0**-26


def errors(data, **options):
    found = TflmRuntime().check(graph_of(data), BOARDS["nano33ble"], Options(**options))
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("data", "code", "operator", "message", "hint"),
    [
        (
            elementwise_model("RELU", SIX),
            "too-many-axes",
            0,
            f"Operator 0, RELU, works on 6 axes (t0); {LIBRARY} has room for 5, and the firmware would overwrite its "
            "stack.",
            "Reshape so that there are at most 5 axes, give a newer library with --tflm-lib, or use --runtime aot.",
        ),
        (
            elementwise_model("ADD", FIVE, (3, 1)),
            "too-many-axes",
            0,
            f"Operator 0, ADD, broadcasts over 5 axes (t0); {LIBRARY} does it over at most 4, and the firmware would "
            "call abort().",
            "Reshape so that there are at most 4 axes, or give both inputs one shape; or give a newer library with "
            "--tflm-lib, or use --runtime aot.",
        ),
        (
            reduction_model("MEAN", output_scale=0.5, reduced=(1, 2, 3)),
            "too-many-reduced-axes",
            0,
            f"Operator 0, MEAN, reduces 3 axes; {LIBRARY} has room for 2, and the firmware would overwrite its stack.",
            "Reduce in steps of at most 2 axes, or reshape them into one first; or give a newer library with "
            "--tflm-lib, or use --runtime aot.",
        ),
        (
            reduction_model("REDUCE_MAX", output_scale=0.25, reduced=(0, 1, 2, 3)),
            "different-scales",
            0,
            f"Operator 0, REDUCE_MAX, has an input and an output of different scales, and {LIBRARY} stops there.",
            "Convert with TensorFlow's own converter, which gives both one scale.",
        ),
        (
            gather_nd_model(),
            "writes-to-flash",
            1,
            f"Operator 1, GATHER_ND, makes {LIBRARY} write the shape of its output into the model, which lies in "
            "flash: the firmware would crash.",
            "Take the elements with other layers (such as tf.gather along one axis), give a newer library with "
            "--tflm-lib, or use --runtime aot.",
        ),
        (
            choice_model((1, 1)),
            "one-element",
            1,
            f"Operator 1, SELECT_V2, chooses between single numbers, after which {LIBRARY} does not give memory back, "
            "and refuses the model.",
            "Use arithmetic in place of tf.where here, give a newer library with --tflm-lib, or use --runtime aot.",
        ),
        (
            softmax_model(1e-9),
            "input-scale",
            0,
            "Operator 0, SOFTMAX, has an input (t0) whose scale times beta, 1e-09, is not above 2**-26, where "
            f"{LIBRARY} calls abort().",
            "Its input hardly varies: the weights may be untrained or degenerate, or the representative dataset all "
            "alike. Train, give real samples with --representative, and convert again.",
        ),
        (
            transpose_conv_without_bias("int16"),
            "missing-bias",
            0,
            f"Operator 0, TRANSPOSE_CONV, has no bias, and {LIBRARY} reads it nevertheless: the firmware would crash.",
            "TensorFlow leaves a bias of zeros out here: train the layer with one (use_bias=True), quantize to int8 "
            "(boardproof quantize MODEL --scheme int8), give a newer library with --tflm-lib, or use --runtime aot.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_the_library_fails_on_is_found_with_the_way_out(data, code, operator, message, hint):
    (finding,) = errors(data)
    assert (finding.code, finding.operator, finding.message, finding.hint) == (code, operator, message, hint)


@pytest.mark.parametrize(
    "data",
    [
        elementwise_model("ADD", FIVE, FIVE),
        elementwise_model("ADD", (2, 1, 3, 2), (3, 1)),
        elementwise_model("SUB", FIVE, (3, 1)),
        elementwise_model("MAXIMUM", FIVE, (3, 1)),
        elementwise_model("RELU", FIVE),
        reduction_model("MEAN", output_scale=0.5),
        reduction_model("MEAN", output_scale=0.5, reduced=(-1, 3, 2)),
        reduction_model("REDUCE_MAX", output_scale=0.5, reduced=(0, 1, 2, 3)),
        choice_model((1, 2)),
        softmax_model(SMALLEST * 1.01),
        softmax_model(SMALLEST / 2, beta=2.1),
        log_softmax_model(SMALLEST * 1.01),
        transpose_conv_without_bias("int8"),
    ],
)
def test_what_it_does_well_is_not_found(data):
    assert errors(data) == ()


@pytest.mark.parametrize("data", [softmax_model(SMALLEST), softmax_model(1.0, beta=1e-9), log_softmax_model(SMALLEST)])
def test_a_softmax_is_judged_by_its_scale_times_beta(data):
    assert [finding.code for finding in errors(data)] == ["input-scale"]


def test_an_svdf_without_bias():
    """Which tflite_micro refuses too."""
    (finding,) = errors(svdf_without_bias())
    assert (finding.code, finding.operator) == ("missing-bias", 0)
    assert finding.message.startswith("Operator 0, SVDF, has no bias, and ")


def test_prelu_broadcasts_whatever_its_shapes():
    assert [finding.code for finding in errors(elementwise_model("PRELU", FIVE, FIVE))] == ["too-many-axes"]


def test_a_library_without_the_flaws_gets_no_such_finding(tmp_path):
    library = make_library(tmp_path / "tflm")
    assert limits(library / "src") == Limits()
    for data in (elementwise_model("RELU", SIX), gather_nd_model(), softmax_model(1e-9), choice_model((1, 1))):
        assert {finding.code for finding in errors(data, tflm_lib=str(library))} == {"unsupported-operator"}


KERNELS, INTERNAL = "src/tensorflow/lite/micro/kernels", "src/tensorflow/lite/kernels/internal"
SHAPE = "class RuntimeShape {{ static constexpr int kMaxSmallSize = {}; {} }};"


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (f"{INTERNAL}/runtime_shape.h", SHAPE.format(5, "int32_t dims_[kMaxSmallSize];"), Limits(shape_axes=5)),
        (f"{INTERNAL}/runtime_shape.h", SHAPE.format(6, "// dims_pointer_"), Limits(shape_axes=6)),
        (f"{INTERNAL}/runtime_shape.h", SHAPE.format(5, "int32_t* dims_pointer_;"), Limits()),
        (f"{INTERNAL}/types.h", SHAPE.format(4, "int32_t dims_[kMaxSmallSize];"), Limits(shape_axes=4)),
        (f"{KERNELS}/reduce_common.cc", "const int kMaxNumberOfReducedAxis = 2;", Limits(reduced_axes=2)),
        (
            f"{KERNELS}/reduce_common.cc",
            "TF_LITE_ENSURE_EQ(context, static_cast<double>(op_data->input_scale),\n"
            "                  static_cast<double>(op_data->output_scale));",
            Limits(equal_scales=frozenset({"REDUCE_MAX"})),
        ),
        (f"{INTERNAL}/quantization_util.cpp", "TFLITE_CHECK_GT(double_multiplier, 1.);", Limits(smallest_softmax=True)),
        (f"{INTERNAL}/quantization_util.cpp", "// TFLITE_CHECK_GT(double_multiplier, 1.);", Limits()),
        (f"{KERNELS}/conv_common.cc", "GetTensorShape(input)", Limits(shaped=frozenset({"CONV_2D"}))),
        (
            f"{KERNELS}/conv_common.cc",
            "output_shape->data[output_index++] = 1;",
            Limits(writes_model=frozenset({"CONV_2D"})),
        ),
        (
            f"{KERNELS}/conv_common.cc",
            "CreateWritableTensorDimsWithCopy(); output_shape->data[output_index++] = 1;",
            Limits(),
        ),
        (f"{KERNELS}/conv_common.cc", "if (output_shape->data[i++] == 1) {}", Limits()),
        (f"{KERNELS}/conv_common.cc", f'#include "{INTERNAL[4:]}/reference/add.h"\nBroadcastAdd4DSlow();', Limits()),
    ],
)
def test_each_limit_is_read_from_the_sources(tmp_path, path, text, expected):
    library = make_library(tmp_path / "tflm", cmsis_nn=False)
    (library / path).parent.mkdir(parents=True, exist_ok=True)
    (library / path).write_text(text)
    assert limits(library / "src") == expected


def test_how_many_axes_an_operator_broadcasts_over_is_read_from_the_kernels_it_includes(tmp_path):
    library = make_library(tmp_path / "tflm", cmsis_nn=False)
    reference = library / INTERNAL / "reference"
    reference.mkdir(parents=True)
    (reference / "add.h").write_text("NdArrayDesc<4> desc1; NdArrayDesc<4> desc2;")
    include = f'#include "{INTERNAL[4:]}/reference/add.h"\n'
    (library / KERNELS / "conv_common.cc").write_text(f"{include}BroadcastAdd4DSlow(params);")
    assert limits(library / "src").broadcast_axes == {"CONV_2D": 4}
    (library / KERNELS / "conv_common.cc").write_text(f"{include}Add(params);")
    assert limits(library / "src").broadcast_axes == {}
