"""Where libraries round otherwise than the oracle: read from their sources, and noted only where it can be seen."""

import numpy as np
import pytest

from boardproof.model.fixed_point import quantize_multiplier, requantize
from boardproof.model.preflight import Severity
from boardproof.project.runtimes.tflm.headers import Roundings, roundings
from boardproof.project.runtimes.tflm.library import resolve_library
from boardproof.project.runtimes.tflm.rounding import NOTE_CODE, check_roundings, rounding_texts
from support.flatbuffer_models import ModelBuilder
from support.tflm import biased_model, conv_model, dense_model, graph_of, make_library, pooled_model, reduction_model

CHIRALE = resolve_library(None)
SCALES = (0.1, 0.3, 30_000.0)
KERNELS = "tensorflow/lite/micro/kernels"
FLOAT32, DOUBLE = (
    "static_cast<double>(input->params.scale {0}\n filter->params.scale);",
    "static_cast<double>(input->params.scale) {0} static_cast<double>(filter->params.scale);",
)


def notes(data, library=CHIRALE):
    return [(f.severity, f.code, f.operator, f.message) for f in check_roundings(graph_of(data), library)]


def rescaled(sums, scales):
    """With the factor rounded to float32 on the way, and with all of it in double precision."""
    data, weights, output = (np.float32(scale) for scale in scales)
    factors = float(data * weights) / float(output), float(data) * float(weights) / float(output)
    return [requantize(np.array(sums), *quantize_multiplier(factor)) for factor in factors]


def sums_that_differ(scales, most=127_000_000):
    """Those just below or at a value half way between two outputs."""
    candidates = np.arange(-most, most, 500_000)
    halves = np.round((np.round(candidates * 1e-6) + 0.5) / 1e-6).astype(np.int64)
    near = (halves[:, np.newaxis] + np.arange(-4, 5)).ravel()
    first, second = rescaled(near, scales)
    return np.unique(near[(first != second) & (abs(second) < 127)]).tolist()


def source(tmp_path, path, text):
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.mark.parametrize(
    ("opcode", "path", "operation"),
    [
        ("RELU", f"{KERNELS}/activations_common.cc", "/"),
        ("LEAKY_RELU", f"{KERNELS}/leaky_relu_common.cpp", "*"),
        ("DIV", f"{KERNELS}/div.cc", "/"),
        ("SUB", f"{KERNELS}/sub_common.cpp", "/"),
        ("SVDF", f"{KERNELS}/svdf_common.cc", "*"),
        ("FULLY_CONNECTED", "tensorflow/lite/kernels/kernel_util.cpp", "*"),
    ],
)
def test_a_factor_in_float32_is_recognised(tmp_path, opcode, path, operation):
    source(tmp_path, f"{KERNELS}/fully_connected_common.cc", "GetQuantizedConvolutionMultipler(a, b);")
    source(tmp_path, path, DOUBLE.format(operation))
    assert roundings(tmp_path) == Roundings()
    source(tmp_path, path, f"// {FLOAT32.format(operation)}".replace("\n", ""))
    assert roundings(tmp_path) == Roundings()
    source(tmp_path, path, FLOAT32.format(operation))
    assert roundings(tmp_path) == Roundings(frozenset({opcode}))


def test_a_kernel_that_computes_its_factor_itself_does_not_share_the_shared_one(tmp_path):
    source(tmp_path, "tensorflow/lite/kernels/kernel_util.cc", FLOAT32.format("*"))
    assert roundings(tmp_path) == Roundings()


def test_means_in_floating_point_are_recognised(tmp_path):
    source(tmp_path, "tensorflow/lite/kernels/internal/reference/reduce.h", "float float_mean = a / b;")
    source(tmp_path, f"{KERNELS}/reduce_common.cc", "Mean<integer_type, int32_t>(context, node);")
    assert roundings(tmp_path) == Roundings(float_sums=True, truncated_means=True)


def test_a_dense_layer_with_a_sum_that_is_rescaled_differently_is_noted():
    sums = sums_that_differ(SCALES)
    assert len(sums) == 80
    assert notes(biased_model(sums, scales=SCALES)) == [
        (
            Severity.NOTE,
            NOTE_CODE,
            0,
            "Chirale_TensorFLowLite ^2.0.0 rounds the rescaling factor of FULLY_CONNECTED to float32, unlike "
            "tflite_micro, so the output of operator 0 can differ from it by 1 LSB.",
        )
    ]


def test_each_such_sum_alone_is_found_and_its_neighbours_are_not():
    sums = sums_that_differ(SCALES)
    for total in sums[:: len(sums) // 20]:
        assert notes(biased_model([total], scales=SCALES)), total
    alike = sorted({total + 1000 for total in sums} - set(sums))
    first, second = rescaled(alike, SCALES)
    np.testing.assert_array_equal(first, second)
    assert notes(biased_model(alike[:1], scales=SCALES)) == []


@pytest.mark.parametrize("data", [conv_model(), dense_model()])
def test_a_product_of_scales_that_float32_holds_is_not_noted(data):
    assert notes(data) == []


def test_sums_that_the_weights_do_not_allow_are_not_noted():
    """The factors differ, but each sum below 1000 is rescaled alike."""
    first, second = rescaled(range(-1000, 1000), SCALES)
    np.testing.assert_array_equal(first, second)
    assert notes(biased_model([-1000, 999], scales=SCALES)) == []


def test_of_int16_sums_only_the_upper_half_of_the_factor_counts():
    assert notes(biased_model([1, 2], scales=(0.1, 0.3, 0.7), dtype="int16")) == []


def test_another_library_does_not_get_the_default_ones_notes(tmp_path):
    library = resolve_library(str(make_library(tmp_path / "tflm")))
    assert notes(biased_model(sums_that_differ(SCALES), scales=SCALES), library) == []


def test_means_of_one_quantization_lose_their_fractions():
    ((severity, code, operator, message),) = notes(reduction_model("MEAN", output_scale=0.5))
    assert (severity, code, operator) == (Severity.NOTE, NOTE_CODE, 0)
    assert message.endswith(
        "rounds MEAN differently from tflite_micro, so the output of operator 0 can differ from it by 1 LSB."
    )


def test_operators_behind_can_make_more_of_a_difference():
    ((*_, message),) = notes(pooled_model())
    assert message.endswith(
        "rounds MEAN differently from tflite_micro, so the output of operator 0 can differ from it by 1 LSB, and the "
        "operators behind can make more of that."
    )
    (note, meaning) = rounding_texts(graph_of(pooled_model()), CHIRALE)
    assert note == message
    assert meaning == (
        "The verdict compares with tflite_micro, so samples that differ (exit status 1) are then no sign of broken "
        "firmware; --runtime aot computes as tflite_micro does, and so does a library from late 2026."
    )
    assert rounding_texts(graph_of(conv_model()), CHIRALE) == ()


def test_means_in_floating_point_that_come_out_alike_are_not_noted():
    assert notes(reduction_model("MEAN", output_scale=0.125)) == []


def test_a_sum_that_is_rounded_once_is_noted():
    ((*_, message),) = notes(reduction_model("SUM", output_scale=2.0))
    assert message.endswith(
        "rounds SUM differently from tflite_micro, so the output of operator 0 can differ from it by 1 LSB."
    )


def test_a_sum_that_wraps_is_noted():
    ((*_, message),) = notes(reduction_model("SUM", output_scale=0.5))
    assert message.endswith("can differ from it by 255 LSB.")


@pytest.mark.parametrize(("second", "count"), [(0.3, 1), (0.25, 0)])
def test_quotients_are_noted_where_the_factors_differ(second, count):
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1)
    y = builder.add_tensor((1, 8), scale=second)
    z = builder.add_tensor((1, 8), scale=0.5)
    builder.add_operator("DIV", [x, y], [z], version=2)
    assert len(notes(builder.build([x, y], [z]))) == count


def test_several_operators_of_a_kind_are_one_note():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 2, 2, 8), scale=0.5)
    axes = builder.add_tensor((1,), "int32", data=[1])
    outputs = []
    for _ in range(2):
        outputs.append(builder.add_tensor((1, 2, 8), scale=0.5))
        builder.add_operator("MEAN", [x, axes], [outputs[-1]], version=2, keep_dims=False)
    ((*_, message),) = notes(builder.build([x], outputs))
    assert "so the outputs of operators 0, 1 can differ" in message
