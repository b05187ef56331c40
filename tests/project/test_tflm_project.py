"""What the tflm runtime generates. Goldens in golden/tflm; BOARDPROOF_REGENERATE=1 rewrites them."""

import re
from pathlib import Path

import pytest

from boardproof.errors import InputError
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from support.golden import check_golden
from support.tflm import conv_model, dense_model, float_model, graph_of, make_library, single_operator_model

GOLDEN = Path(__file__).parent / "golden" / "tflm"
ARENA_BYTES = 4096


def generate(data, board="mps2-an386", *, measure=False, **options):
    options = {"arena_bytes": ARENA_BYTES} | options
    return TflmRuntime(measure=measure).generate(graph_of(data), data, BOARDS[board], Options(**options))


@pytest.mark.parametrize("file", ["src/model.cpp", "src/model_data.h", "src/model_data.cpp"])
def test_generated_sources_are_as_reviewed(file):
    check_golden(GOLDEN / "conv" / Path(file).name, generate(conv_model()).files[file])


def test_a_measuring_firmware_differs_in_one_line():
    plain = generate(conv_model()).files["src/model.cpp"].decode().splitlines()
    measuring = generate(conv_model(), measure=True).files["src/model.cpp"].decode().splitlines()
    different = [(a, b) for a, b in zip(plain, measuring, strict=True) if a != b]
    assert different == [("    /* measure */ false,", "    /* measure */ true,")]


def test_the_same_model_gives_the_same_bytes():
    assert generate(conv_model()).files == generate(conv_model()).files


def test_nano33ble_and_the_emulator_get_the_same_sources():
    assert generate(conv_model()).files == generate(conv_model(), "nano33ble").files


def test_the_default_library_comes_from_the_registry():
    generated = generate(conv_model())
    assert generated.lib_deps == ("spaziochirale/Chirale_TensorFLowLite@^2.0.0",)
    assert generated.build_flags == (
        "-DTF_LITE_STATIC_MEMORY",
        "-DARDUINO_EXCLUDE_CODE",
        "-DCMSIS_NN",
        "-DTF_LITE_STRIP_ERROR_STRINGS",
        "-DNDEBUG",
    )


def test_only_networks_that_compute_in_float32_are_compiled_without_fused_products():
    assert "-ffp-contract=off" in generate(float_model()).build_flags
    assert "-ffp-contract=off" not in generate(conv_model()).build_flags


@pytest.mark.parametrize("is_here", [False, True])
def test_the_readme_tells_of_a_library_that_is_on_this_machine_only(is_here, tmp_path):
    library = str(make_library(tmp_path)) if is_here else None
    data, options = conv_model(), Options(arena_bytes=ARENA_BYTES, tflm_lib=library)
    project, _ = render(graph_of(data), data, BOARDS["nano33ble"], TflmRuntime(), options)
    assert (f"from `symlink://{tmp_path}" in project.files["README.md"].decode()) is is_here


def test_the_readme_names_inputs_and_outputs():
    data = dense_model(name=b"image")
    project, _ = render(graph_of(data), data, BOARDS["nano33ble"], TflmRuntime(), Options(arena_bytes=ARENA_BYTES))
    rows = [
        line for line in project.files["README.md"].decode().splitlines() if line.startswith(("| input", "| output"))
    ]
    assert rows[0].startswith("| input 0 | image: int8 1x")
    assert ", real = " in rows[-1]
    assert len(rows) == 2


def test_a_debug_build_keeps_error_strings_and_assertions():
    flags = generate(conv_model(), debug=True).build_flags
    assert "-DTF_LITE_STRIP_ERROR_STRINGS" not in flags
    assert "-DNDEBUG" not in flags


def test_int8_registrations_only_where_the_library_declares_them(tmp_path):
    generated = generate(conv_model(), tflm_lib=str(make_library(tmp_path / "tflm")))
    source = generated.files["src/model.cpp"].decode()
    assert "AddConv2D(tflite::Register_CONV_2D_INT8())" in source
    assert "AddFullyConnected" not in source
    dense = generate(dense_model(), tflm_lib=str(tmp_path / "tflm")).files["src/model.cpp"].decode()
    assert "resolver->AddFullyConnected()" in dense  # it takes a registration, but there is none for int8


def test_float_operators_get_the_generic_registration():
    source = generate(dense_model(data_dtype="float32", weights_dtype="float32")).files["src/model.cpp"].decode()
    assert "resolver->AddFullyConnected()" in source
    assert "resolver->AddSoftmax()" in source


def test_the_resolver_has_exactly_the_operators_used():
    source = generate(dense_model()).files["src/model.cpp"].decode()
    assert "MicroMutableOpResolver<2>" in source
    assert re.findall(r"resolver->(Add\w+)", source) == ["AddFullyConnected", "AddSoftmax"]


def test_a_custom_operator_is_found_by_its_name():
    data = single_operator_model("CUSTOM", custom_code="CIRCULAR_BUFFER", dtype="int8")
    source = generate(data).files["src/model.cpp"].decode()
    assert "resolver->AddCircularBuffer()" in source
    assert 'resolver->FindOp("CIRCULAR_BUFFER")' in source


def test_names_from_the_model_reach_the_sources_as_strings_alone():
    hostile = dense_model(name=b'*/ int evil(void) { return 1; } /* \x1b[31m ", evil(), "??/')
    files = {path: text for path, text in generate(hostile).files.items() if not path.startswith("src/model_data")}
    said = [line for text in files.values() for line in text.decode(errors="replace").splitlines() if "evil" in line]
    assert said
    assert all(re.fullmatch(r' *"[^"\\?]*",', line) for line in said)


def test_a_librarys_name_cannot_leave_its_string(tmp_path):
    folder = make_library(tmp_path / "tflm")
    (folder / "library.properties").write_text('name=x", 0}; int evil = 1; //\nversion=1\\\n')
    source = generate(conv_model(), tflm_lib=str(folder)).files["src/model.cpp"].decode()
    assert """/* library */ "x', 0}; int evil = 1; // 1/",""" in source


def test_the_arena_is_rounded_up_to_sixteen_bytes():
    generated = generate(conv_model(), arena_bytes=1000)
    assert generated.arena_bytes == 1008
    assert "kArenaBytes = 1008;" in generated.files["src/model.cpp"].decode()


@pytest.mark.parametrize("size", [0, -16])
def test_an_arena_of_no_size(size):
    with pytest.raises(InputError) as caught:
        generate(conv_model(), arena_bytes=size)
    assert caught.value.message == f"--arena-bytes {size} is not a size."
    assert caught.value.hint == "Leave it out, and the arena is measured."


def test_the_lower_bound_is_the_activations_alive_together():
    assert generate(conv_model()).arena_lower_bound_bytes == 36 + 32


def test_without_a_measurement_the_arena_is_a_bound_above_the_activations():
    generated = generate(conv_model(), arena_bytes=None)
    assert generated.arena_bytes > generated.arena_lower_bound_bytes
    assert generated.arena_bytes % 16 == 0
