import pytest

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.project.runtimes.tflm import facts as tflm_facts
from boardproof.project.runtimes.tflm.headers import AddMethod, operators_that_need_bias
from boardproof.project.runtimes.tflm.library import (
    DEFAULT_SPEC,
    TWO_WAYS_ON,
    inspect_library,
    library_unavailable,
    resolve_library,
)
from support.tflm import make_library, real_library


def test_the_default_is_the_registrys_library():
    library = resolve_library(None)
    assert library.spec == DEFAULT_SPEC
    assert not library.inspected
    assert library.method("CONV_2D", is_custom=False) == AddMethod("AddConv2D", takes_registration=True)
    assert library.variants["CONV_2D_INT8"] == "tensorflow/lite/micro/kernels/conv.h"


def test_a_package_nobody_has_seen_gets_no_special_registrations():
    library = resolve_library("someone/OtherTFLM@1.0.0")
    assert library.spec == "someone/OtherTFLM@1.0.0"
    assert library.version == "1.0.0"
    assert library.variants == {}
    assert library.kernels == "unknown"


def test_a_folder_is_read_rather_than_assumed(tmp_path):
    library = resolve_library(str(make_library(tmp_path / "tflm")))
    assert library.inspected
    assert library.title == "Pretend_TFLM 9.1.2"
    assert library.spec == f"symlink://{tmp_path / 'tflm'}"
    assert library.methods == {
        "CONV_2D": AddMethod("AddConv2D", takes_registration=True),
        "FULLY_CONNECTED": AddMethod("AddFullyConnected", takes_registration=True),
        "L2_POOL_2D": AddMethod("AddL2Pool2D"),
    }
    assert library.custom_methods == {"TFLite_Detection_PostProcess": AddMethod("AddDetectionPostprocess")}
    assert library.variants == {"CONV_2D_INT8": "tensorflow/lite/micro/kernels/conv.h"}
    assert library.kernel_types["CONV_2D"] == {DType.FLOAT32, DType.INT8}
    assert library.per_channel_fully_connected
    assert library.kernels == "cmsis-nn"


def test_a_library_without_cmsis_nn_is_recognised(tmp_path):
    assert resolve_library(str(make_library(tmp_path / "tflm", cmsis_nn=False))).kernels == "reference"


@pytest.mark.parametrize("prefix", ["symlink://", "file://", ""])
def test_a_folder_may_be_given_as_platformio_writes_it(tmp_path, prefix):
    make_library(tmp_path / "tflm")
    assert resolve_library(f"{prefix}{tmp_path / 'tflm'}").name == "Pretend_TFLM"


@pytest.mark.parametrize("spec", ["/no/such/folder", "./nothing", "symlink:///no/such/folder"])
def test_a_path_to_nothing_names_both_ways_on(spec):
    with pytest.raises(InputError) as caught:
        resolve_library(spec)
    assert caught.value.message.startswith("There is no TensorFlow Lite Micro library at ")
    assert caught.value.hint == (
        "Either give a copy of a TensorFlow Lite Micro library with --tflm-lib PATH, "
        "or compile the model without one: --runtime aot."
    )


def test_a_folder_with_something_else_in_it(tmp_path):
    with pytest.raises(InputError) as caught:
        resolve_library(str(tmp_path))
    assert caught.value.message == (
        f"{tmp_path} is not a TensorFlow Lite Micro library: it has no "
        "tensorflow/lite/micro/micro_mutable_op_resolver.h, neither in src/ nor beside it."
    )
    assert caught.value.hint == TWO_WAYS_ON


def test_a_library_from_before_2022(tmp_path):
    with pytest.raises(InputError) as caught:
        resolve_library(str(make_library(tmp_path / "tflm", arena=False)))
    assert "is too old" in caught.value.message
    assert DEFAULT_SPEC in caught.value.hint


@pytest.mark.parametrize("spec", ["a\nbuild_flags = -x", "", "${sysenv.HOME}", "; x", "lib ; comment"])
def test_a_spec_cannot_change_the_rest_of_platformio_ini(spec):
    with pytest.raises(InputError) as caught:
        resolve_library(spec)
    assert caught.value.message == f"--tflm-lib {spec!r} cannot be written to platformio.ini."
    assert DEFAULT_SPEC in caught.value.hint


@pytest.mark.parametrize(
    ("guard", "needs"),
    [("", {"CONV_2D"}), ("if (bias != nullptr) {", set()), ("if (has_bias) ", set()), ("if (other) { ", {"CONV_2D"})],
)
def test_kernels_that_free_a_bias_they_do_not_have_are_recognised(tmp_path, guard, needs):
    kernels = tmp_path / "tensorflow/lite/micro/kernels"
    kernels.mkdir(parents=True)
    (kernels / "conv_common.cc").write_text(f"f();\n{guard}\n  micro_context->DeallocateTempTfLiteTensor(bias);")
    assert operators_that_need_bias(tmp_path) == needs


@pytest.mark.parametrize(
    ("text", "needs"),
    [("if (bias->type == 1) {}", {"TRANSPOSE_CONV"}), ("if (bias != nullptr && bias->type == 1) {}", set())],
)
def test_a_kernel_that_asks_a_bias_it_does_not_have_for_its_type_is_recognised(tmp_path, text, needs):
    kernels = tmp_path / "tensorflow/lite/micro/kernels"
    kernels.mkdir(parents=True)
    (kernels / "transpose_conv.cpp").write_text(text)
    assert operators_that_need_bias(tmp_path) == needs


def test_the_error_when_there_is_neither_registry_nor_library():
    error = library_unavailable(DEFAULT_SPEC, "HTTPClientError: could not connect")
    assert error.message == f"PlatformIO could not get the TensorFlow Lite Micro library {DEFAULT_SPEC}."
    assert error.hint == TWO_WAYS_ON
    assert error.details == "HTTPClientError: could not connect"
    assert error.exit_status == 3


def test_what_is_assumed_of_the_default_library_is_what_it_says_itself():
    library = inspect_library(real_library())
    if (library.name, library.version) != (tflm_facts.NAME, tflm_facts.VERSION):
        pytest.skip(f"the facts are about {tflm_facts.NAME} {tflm_facts.VERSION}, this is {library.title}")
    assumed = resolve_library(None)
    assert library.methods == assumed.methods
    assert library.custom_methods == assumed.custom_methods
    assert library.variants == assumed.variants
    assert {op: types for op, types in library.kernel_types.items() if op in assumed.kernel_types} == dict(
        assumed.kernel_types
    )
    assert library.output_types == assumed.output_types
    assert library.operator_versions == assumed.operator_versions
    assert library.per_channel_fully_connected == assumed.per_channel_fully_connected
    assert library.roundings == assumed.roundings
    assert library.needs_bias == assumed.needs_bias
    assert library.limits == assumed.limits
    assert library.slips == assumed.slips
    assert library.kernels == assumed.kernels
