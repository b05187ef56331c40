"""What the default library computes wrongly without a word; e2e/test_tflm_crashes.py shows that the firmware does."""

import pytest

from boardproof.model.preflight import Severity
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.slips import Slips, slips
from support.tflm import (
    graph_of,
    grouped_conv_model,
    make_library,
    pool_model,
    resize_model,
    squares_model,
    transpose_conv_without_bias,
)

LIBRARY = "Chirale_TensorFLowLite ^2.0.0"


def errors(data, **options):
    found = TflmRuntime().check(graph_of(data), BOARDS["nano33ble"], Options(**options))
    return tuple(finding for finding in found if finding.severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (
            pool_model("MAX_POOL_2D", 2),
            f"Operator 0, MAX_POOL_2D, has a batch of 2, of which {LIBRARY} computes the first image only.",
            "Give the model a batch size of 1, give a newer library with --tflm-lib, or use --runtime aot.",
        ),
        (
            pool_model("AVERAGE_POOL_2D", 3),
            f"Operator 0, AVERAGE_POOL_2D, has a batch of 3, of which {LIBRARY} computes the first image only.",
            "Give the model a batch size of 1, give a newer library with --tflm-lib, or use --runtime aot.",
        ),
        (
            grouped_conv_model(2),
            f"Operator 0, CONV_2D, is a grouped convolution, which {LIBRARY} computes as if it had one group.",
            "Use groups=1, or a depthwise convolution, give a newer library with --tflm-lib, or use --runtime aot.",
        ),
        (
            squares_model("int16"),
            f"Operator 0, MUL, multiplies int16, for which {LIBRARY} has no rescaling factor: all of its output is "
            "zero.",
            "Quantize to int8 (boardproof quantize MODEL --scheme int8), give a newer library with --tflm-lib, or use "
            "--runtime aot.",
        ),
        (
            transpose_conv_without_bias("int8", "RELU", -100),
            f"Operator 0, TRANSPOSE_CONV, has a fused RELU, which {LIBRARY} leaves out.",
            "Convert with TensorFlow's own converter, which gives the output the activation's range, give a newer "
            "library with --tflm-lib, or use --runtime aot.",
        ),
        (
            resize_model((2, 2), half_pixel_centers=True),
            f"Operator 0, RESIZE_NEAREST_NEIGHBOR, takes the pixels at half_pixel_centers, and {LIBRARY} takes others.",
            "Resize by a whole factor (keras.layers.UpSampling2D does), give a newer library with --tflm-lib, or use "
            "--runtime aot.",
        ),
    ],
    ids=["max pool", "average pool", "conv", "mul", "transpose_conv", "resize"],
)
def test_what_the_library_computes_wrongly_is_found_with_the_way_out(tmp_path, data, message, hint):
    (finding,) = errors(data)
    assert (finding.code, finding.operator, finding.message, finding.hint) == ("wrong-results", 0, message, hint)
    other = errors(data, tflm_lib=str(make_library(tmp_path / "tflm")))
    assert {finding.code for finding in other} <= {"unsupported-operator"}


@pytest.mark.parametrize(
    "data",
    [
        pool_model("MAX_POOL_2D", 1),
        pool_model("AVERAGE_POOL_2D", 1),
        grouped_conv_model(1),
        squares_model("int8"),
        transpose_conv_without_bias("int8"),
        transpose_conv_without_bias("int8", "RELU", -128),
        resize_model((2, 2)),
        resize_model((8, 12), half_pixel_centers=True),
    ],
)
def test_what_it_computes_well_is_not_found(data):
    assert errors(data) == ()


KERNELS = "src/tensorflow/lite/micro/kernels"
POOLS = f"{KERNELS}/cmsis_nn/pooling.cc"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({POOLS: "x", "src/cmsis/arm_max_pool_s8.c": "while (y) {}"}, Slips(frozenset({"MAX_POOL_2D"}))),
        ({POOLS: "x", "src/cmsis/arm_max_pool_s8.c": "int batch_cnt = input_dims->n;"}, Slips()),
        ({"src/cmsis/arm_max_pool_s8.c": "while (y) {}"}, Slips()),
        ({"src/cmsis/arm_convolve_s8.c": "while (y) {}"}, Slips(no_groups=True)),
        ({"src/cmsis/arm_convolve_s8.c": "groups = input_ch / kernel_ch;"}, Slips()),
        (
            {f"{KERNELS}/transpose_conv.cc": "PopulateConvolutionQuantizationParams(\n context, kTfLiteActNone, x);"},
            Slips(no_activation=True),
        ),
        ({f"{KERNELS}/transpose_conv.cc": "PopulateConvolutionQuantizationParams(params->activation);"}, Slips()),
        (
            {f"{KERNELS}/mul_common.cc": "if (output->type == kTfLiteInt8) {\n QuantizeMultiplier(x); }"},
            Slips(no_factor=True),
        ),
        (
            {f"{KERNELS}/mul_common.cc": "if (output->type == kTfLiteInt8 || y) {\n QuantizeMultiplier(x); }"},
            Slips(),
        ),
        (
            {f"{KERNELS}/resize_nearest_neighbor.cc": "op_params.half_pixel_centers = false;"},
            Slips(whole_pixels=True),
        ),
    ],
)
def test_each_slip_is_read_from_the_sources(tmp_path, files, expected):
    library = make_library(tmp_path / "tflm")
    for path, text in files.items():
        (library / path).parent.mkdir(parents=True, exist_ok=True)
        (library / path).write_text(text)
    assert slips(library / "src") == expected
