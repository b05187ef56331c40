"""The sketch and the link as they are generated, with tests/firmware/fake_model.c, built for an emulated board."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from boardproof.device.build.compile import build
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource, resource_files
from boardproof.project.types import Project
from support.fake_model import MODEL_SHA256
from support.link_library import ROOT, build_folder
from support.sketches import sketch_project

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.types import Firmware

_GLUE = """
const char *fake_mode(void) {{ return "{mode}"; }}
void fake_log(const char *text) {{ (void)text; }}
void fake_crash(void) {{ __builtin_trap(); }}
void fake_hang(void) {{ for (;;) {{ }} }}
"""


@functools.cache
def fake_firmware(board_name: str, mode: str = "", input_bytes: int = 490, floats: int = 3) -> Firmware:
    """Builds it; the result is kept for the whole test run."""
    board = BOARDS[board_name]
    sketch = sketch_project(board, resource("firmware/app/main.cpp").read_bytes())
    files = dict(sketch.files)
    files |= {f"src/{name}": content for name, content in resource_files("firmware/app")}
    files |= {f"lib/boardproof_link/{name}": content for name, content in resource_files("firmware/link")}
    model = (ROOT / "tests" / "firmware" / "fake_model.c").read_bytes()
    sizes = f"#define FAKE_INPUT_BYTES {input_bytes}\n#define FAKE_FLOATS {floats}\n"
    files["src/fake_model.c"] = sizes.encode() + model
    files["src/fake_glue.c"] = _GLUE.format(mode=mode).encode()
    project = Project(files=files, board=board, runtime="fake", model_sha256=MODEL_SHA256)
    folder: Path = build_folder() / f"{board_name}-{mode or 'plain'}-{input_bytes}-{floats}"
    return build(project, folder)
