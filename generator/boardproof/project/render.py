"""Assembles a firmware project in memory: a runtime's sources, the shared firmware, and PlatformIO's configuration."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.project.boards import Reach
from boardproof.project.ini import project_ini
from boardproof.project.ports import ports
from boardproof.project.renode import renode_files
from boardproof.project.resources import resource_files
from boardproof.project.runtimes.tflm.library import LOCAL_PREFIXES
from boardproof.project.templates import render_template
from boardproof.project.types import Project

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Generated, Options, Runtime

SETTINGS = "platformio.ini"
"""PlatformIO's settings: every firmware project has them."""

_LOCAL_PLATFORM = "platforms/emulated"


def render(graph: Graph, data: bytes, board: Board, runtime: Runtime, options: Options) -> tuple[Project, Generated]:
    """Renders a complete PlatformIO project, deterministically and without touching the disk.

    Args:
        graph: The network.
        data: The .tflite it was read from.
        board: Where it will run.
        runtime: What will execute it.
        options: The user's choices.

    Returns:
        The project, and what the runtime generated (arena plan, sizes).
    """
    generated = runtime.compile(graph, board, options).generate(data)
    return assemble(generated, graph, data, board, runtime.name), generated


def assemble(generated: Generated, graph: Graph, data: bytes, board: Board, runtime_name: str) -> Project:
    """What `render` does once the runtime has generated its part."""
    sha256 = hashlib.sha256(data).hexdigest()
    files: dict[str, bytes] = {}
    files.update(generated.files)
    files.update(_firmware(board, generated))
    if board.is_emulated:
        files.update(_local_platform())
    if board.reach is Reach.RENODE:
        files.update(renode_files(board, sha256))
    files[SETTINGS] = project_ini(board, generated.lib_deps, generated.build_flags).encode()
    files["README.md"] = render_template(
        "common/README.md",
        board=board,
        runtime=runtime_name,
        model_sha256=sha256,
        arena_bytes=generated.arena_bytes,
        arena_how=generated.arena_how,
        ports=ports(graph, "model"),
        local_libraries=[spec for spec in generated.lib_deps if spec.startswith(LOCAL_PREFIXES)],
        version=__version__,
    ).encode()
    return Project(dict(sorted(files.items())), board, runtime_name, sha256, generated.arena_how)


def _firmware(board: Board, generated: Generated) -> Iterator[tuple[str, bytes]]:
    """The model-independent sources, at their places in the project."""
    for path, content in resource_files("firmware/app"):
        yield f"src/{path}", content
    for folder in ("link", *generated.libraries):
        for path, content in resource_files(f"firmware/{folder}"):
            yield f"lib/boardproof_{folder}/{path}", content
    for path, content in resource_files("firmware/boards"):
        if path in {"board.h", "library.json", board.source}:
            yield f"lib/boardproof_board/{path}", content


def _local_platform() -> Iterator[tuple[str, bytes]]:
    """The PlatformIO platform of emulated boards, with the Arduino core inside, so that the project lives alone."""
    for path, content in resource_files(_LOCAL_PLATFORM):
        yield f"{_LOCAL_PLATFORM}/{path}", content
    for path, content in resource_files("firmware/arduino"):
        yield f"{_LOCAL_PLATFORM}/cores/arduino/{path}", content
