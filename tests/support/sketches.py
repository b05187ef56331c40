"""Small projects made by hand: a sketch, the board's C file and the platform, without any network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.project.resources import resource, resource_files
from boardproof.project.types import Project

if TYPE_CHECKING:
    from boardproof.project.boards import Board

ECHO = b"""
#include <Arduino.h>
void setup() { Serial.begin(115200); }
void loop()
{
    uint8_t bytes[256];
    while (Serial.available() > 0) {
        size_t count = Serial.read(bytes, sizeof bytes);
        Serial.write(bytes, count);
    }
}
"""


LAB = Path(__file__).with_name("lab.cpp")


def ini_section(board: Board) -> bytes:
    """The board's section of platformio.ini."""
    text = resource("platformio.ini").read_text(encoding="utf-8")
    header = f"[env:{board.env}]"
    body = text.split(header, 1)[1].split("\n\n", 1)[0]
    return f"{header}{body.rstrip()}\n".encode()


def sketch_project(board: Board, sketch: bytes = ECHO, **more: bytes) -> Project:
    """A project that runs `sketch` on an emulated board. `more` adds or replaces files: src__x_h stands for src/x.h."""
    source = board.env.replace("-", "_")
    files = {
        "platformio.ini": ini_section(board),
        "src/main.cpp": sketch,
        "lib/boardproof_board/board.h": resource("firmware/boards/board.h").read_bytes(),
        f"lib/boardproof_board/{source}.c": resource(f"firmware/boards/{source}.c").read_bytes(),
    }
    files |= {f"platforms/emulated/{name}": content for name, content in resource_files("platforms/emulated")}
    files |= {
        f"platforms/emulated/cores/arduino/{name}": content for name, content in resource_files("firmware/arduino")
    }
    files |= {name.replace("__", "/").replace("_DOT_", "."): content for name, content in more.items()}
    return Project(files=files, board=board, runtime="none", model_sha256="0" * 64)


def library_project(board: Board, sketch: bytes, library: Path, name: str) -> Project:
    """A project that runs `sketch`, with the library of that folder beside it."""
    files = {
        f"lib/{name}/{path.relative_to(library).as_posix()}": path.read_bytes()
        for path in library.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    project = sketch_project(board, sketch)
    return replace(project, files={**project.files, **files})


def lab_project(board: Board) -> Project:
    """The sketch that does what the platform's tests ask."""
    return sketch_project(board, LAB.read_bytes())
