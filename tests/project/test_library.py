"""The library's files: complete, flat, free of the firmware around a network, and named safely."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from boardproof.errors import InputError
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.library import identifier, render_library, require_library
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from support.small_network import small_network


def library(board: str = "mps2-an386", name: str = "small", options: Options | None = None) -> dict[str, bytes]:
    data, options = small_network(), replace(options or Options(), standalone=True)
    graph = read_tflite(data)
    generated = RUNTIMES["aot"].compile(graph, BOARDS[board], options).generate(data)
    return dict(render_library(graph, data, generated, BOARDS[board], options, name=name).files)


def test_sources_are_flat_and_include_nothing_that_is_not_there() -> None:
    files = library()
    sources = {path: text.decode() for path, text in files.items() if path.startswith("src/")}
    assert {"src/model.h", "src/model.c", "src/model_weights.h", "src/model_weights.c"} <= sources.keys()
    assert not [path for path in sources if path.count("/") > 1 or not path.endswith((".c", ".h"))]
    wanted = {line.split('"')[1] for text in sources.values() for line in text.splitlines() if '#include "' in line}
    assert {f"src/{name}" for name in wanted} <= sources.keys()
    assert "board_ticks" not in sources["src/model.c"]


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
