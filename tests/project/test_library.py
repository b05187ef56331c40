"""The library's files: complete, flat, free of the firmware around a network, and named safely."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from boardproof.errors import InputError
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.library import Part, identifier, render_library, require_library
from boardproof.project.prefixes import require_prefixes
from boardproof.project.resources import resource
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder
from support.small_network import small_network


def part(prefix: str = "model", board: str = "mps2-an386", options: Options | None = None) -> Part:
    data = small_network()
    graph = read_tflite(data)
    options = replace(options or Options(), standalone=True, name=prefix)
    return Part(prefix, graph, data, RUNTIMES["aot"].compile(graph, BOARDS[board], options).generate(data))


def library(board: str = "mps2-an386", name: str = "small", options: Options | None = None) -> dict[str, bytes]:
    options = options or Options()
    return dict(render_library([part("model", board, options)], BOARDS[board], options, name=name).files)


def test_sources_are_flat_and_include_nothing_that_is_not_there() -> None:
    files = library()
    sources = {path: text.decode() for path, text in files.items() if path.startswith("src/")}
    generated = {"model.h", "model_types.h", "model.c", "model_weights.h", "model_weights.c", "nn_network.c"}
    assert {f"src/{name}" for name in generated} <= sources.keys()
    assert not [path for path in sources if path.count("/") > 1 or not path.endswith((".c", ".h"))]
    wanted = {line.split('"')[1] for text in sources.values() for line in text.splitlines() if '#include "' in line}
    assert {f"src/{name}" for name in wanted} <= sources.keys()
    assert "board_ticks" not in "".join(sources.values())


def test_cmake_compiles_every_source_once() -> None:
    files = library()
    listed = [line.strip() for line in files["CMakeLists.txt"].decode().splitlines() if line.startswith("    src/")]
    assert listed == sorted(path for path in files if path.endswith(".c"))


@pytest.mark.parametrize(("optimize", "flags"), [("balanced", "-O2"), ("speed", "-O2"), ("size", "-Os")])
def test_build_files_optimise_as_asked(optimize: str, flags: str) -> None:
    files = library(options=Options(optimize=optimize))
    assert json.loads(files["library.json"])["build"]["flags"] == flags
    assert f":{flags}>" in files["CMakeLists.txt"].decode()


def test_arduino_finds_its_properties_and_an_example() -> None:
    files = library(name="a model")
    lines = files["library.properties"].decode().splitlines()
    properties = dict(line.split("=", 1) for line in lines)
    assert properties["name"] == "a_model"
    assert properties["includes"] == "model.h"
    assert properties["architectures"] == "*"
    assert {"version", "author", "maintainer", "sentence", "paragraph", "category", "url"} <= properties.keys()
    assert "model_invoke()" in files["examples/a_model/a_model.ino"].decode()


def test_same_model_same_bytes() -> None:
    assert library() == library()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kws_ref_model", "kws_ref_model"),
        ("my model (1)", "my_model_1"),
        ("1st", "network_1st"),
        ("../../etc", "etc"),
        ("\u00e9\U0001f600", "network"),
        ("", "network"),
        ("x" * 99, "x" * 63),
    ],
)
def test_any_name_becomes_an_identifier(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_only_aot_makes_libraries() -> None:
    require_library(RUNTIMES["aot"])
    with pytest.raises(InputError, match="tflm runtime cannot be generated as a library") as caught:
        require_library(RUNTIMES["tflm"])
    assert "--runtime aot" in caught.value.hint


def declared(header: str) -> set[str]:
    """The functions that a header declares, without the names of their parameters."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return {" ".join(line.split()) for line in re.findall(r"^\w[^\n;{}]*\(.*?\);", text, flags=re.MULTILINE)}


def test_a_librarys_header_declares_what_boardproofs_firmware_calls() -> None:
    ours = declared(resource("firmware/app/model.h").read_text())
    assert len(ours) == 11
    assert declared(library()["src/model.h"].decode()) == ours


def test_inputs_and_outputs_are_named_in_header_readme_and_example() -> None:
    files = library()
    for path in ("src/model.h", "README.md", "examples/small/small.ino"):
        assert "real = 0.5 * (q - -3)" in files[path].decode()
    assert "MODEL_INPUT_T0 = 0," in files["src/model.h"].decode()
    assert "MODEL_INPUT_T0_BYTES = 252," in files["src/model.h"].decode()
    assert "`t0`" in files["README.md"].decode()


def test_networks_of_one_library_share_kernels_and_if_wanted_an_arena() -> None:
    options = Options(share_arena=True)
    parts = [part(name, options=options) for name in ("kws", "hello")]
    files = dict(render_library(parts, BOARDS["mps2-an386"], options, name="both").files)
    assert {"src/kws.c", "src/kws.h", "src/hello.c", "src/hello.h", "src/shared_arena.c"} <= files.keys()
    largest = max(each.generated.arena_bytes for each in parts)
    assert f"SHARED_ARENA_BYTES = {largest} " in files["src/shared_arena.h"].decode()
    for name in ("kws", "hello"):
        source = files[f"src/{name}.c"].decode()
        assert f"_arena[{largest}]" not in source
        assert f"int {name}_invoke(void)" in source
    assert files["library.properties"].decode().splitlines()[-1] == "includes=kws.h,hello.h"
    assert json.loads(files["library.json"])["headers"] == ["kws.h", "hello.h"]


def test_what_a_network_keeps_is_beside_the_shared_arena() -> None:
    builder = ModelBuilder()
    x, y = (builder.add_tensor((1, 4), "float32") for _ in range(2))
    kept = {"shared_name": "kept", "container": ""}
    read, write = (builder.add_tensor((), "resource") for _ in range(2))
    now, total = (builder.add_tensor((1, 4), "float32") for _ in range(2))
    builder.add_operator("VAR_HANDLE", [], [read], **kept)
    builder.add_operator("READ_VARIABLE", [read], [now])
    builder.add_operator("ADD", [x, now], [total])
    builder.add_operator("VAR_HANDLE", [], [write], **kept)
    builder.add_operator("ASSIGN_VARIABLE", [write, total], [])
    builder.add_operator("ABS", [total], [y])
    data = builder.build([x], [y])
    options = Options(standalone=True, share_arena=True, name="adder")
    generated = RUNTIMES["aot"].compile(read_tflite(data), BOARDS["native"], options).generate(data)
    assert generated.shares_arena
    assert generated.kept_bytes == 16
    source = generated.files["src/adder.c"].decode()
    assert "static _Alignas(16) uint8_t adder_kept[16];" in source
    assert "memset(KEPT(0), 0, 16);" in source


@pytest.mark.parametrize("name", ["kws", "hello_world", "k2", "model"])
def test_names_that_networks_can_have(name: str) -> None:
    require_prefixes([name])


@pytest.mark.parametrize("name", ["Kws", "_kws", "kws_", "a__b", "2k", "", "k" * 32, "kws-2", "stdio", "board", "nn_x"])
def test_names_that_networks_cannot_have(name: str) -> None:
    with pytest.raises(InputError, match="A network cannot be called"):
        require_prefixes([name])
