"""The network as a library for any build system: no request loop, no board, no PlatformIO project around it.

The folder is an Arduino library, and a CMake and a PlatformIO one at the same time: all sources are flat in src/, which
is the one place that all three look in.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.errors import InputError
from boardproof.project.ports import Port, ports
from boardproof.project.runtimes.aot.optimize import SIZE_FLAGS
from boardproof.project.templates import render_template
from boardproof.project.types import Project

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from boardproof.model.graph import Graph
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Generated, Options, Runtime

KERNEL_FLAGS = ("-O2",)
"""How the kernels are compiled unless --optimize is size. -O3 was no faster, and larger."""


_SHARED_ARENA = ("shared_arena.h", "shared_arena.c")


@dataclass(frozen=True, slots=True)
class Part:
    """A network of a library.

    Attributes:
        prefix: Of its symbols and files.
        graph: The network.
        data: The .tflite it was read from.
        generated: What the aot runtime made of it, `standalone`: what an interpreter needs comes with its own library.
    """

    prefix: str
    graph: Graph
    data: bytes
    generated: Generated

    @property
    def sha256(self) -> str:
        """Of the .tflite."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def ports(self) -> tuple[Port, ...]:
        """Its inputs and outputs."""
        return ports(self.graph, self.prefix)

    @property
    def constant_bytes(self) -> int:
        """Flash of its constants."""
        return sum(choice.constant_bytes for choice in self.generated.choices)


def require_library(runtime: Runtime) -> None:
    """Raises InputError when a runtime has no sources of its own to make a library of."""
    if runtime.name != "aot":
        raise InputError(
            f"The {runtime.name} runtime cannot be generated as a library.",
            "Use --runtime aot, or leave out --as library for a PlatformIO project.",
        )


def render_library(parts: Sequence[Part], board: Board, options: Options, *, name: str) -> Project:
    """Renders the library, deterministically and without touching the disk. Kernels are there once for all networks.

    Args:
        parts: The networks, at least one, with prefixes that `require_prefixes` has nothing against.
        board: Whose core the kernels were chosen for; they compile for any.
        options: The user's choices.
        name: What the library is to be called; made a C identifier.
    """
    generated = {path: content for part in parts for path, content in part.generated.files.items()}
    sources = {path.rpartition("/")[2]: content for path, content in generated.items()}
    sources |= shared_arena({part.prefix: part.generated for part in parts})
    sharing = [part for part in parts if part.generated.shares_arena]
    page = {
        "name": identifier(name),
        "title": f"The network {identifier(name)}",
        "sentence": "A neural network as C" if len(parts) == 1 else "Neural networks as C",
        "headers": [f"{part.prefix}.h" for part in parts],
        "architectures": "*",
        "depends": (),
        "version": __version__,
        "parts": parts,
        "sha256s": " and ".join(part.sha256 for part in parts),
        "flags": library_flags(options),
        "shared_arena_bytes": max((part.generated.arena_bytes for part in sharing), default=0),
        "sharing": [part.prefix for part in sharing],
        "board": board.name,
        "cpu": board.cpu,
    }
    files = {f"src/{file}": content for file, content in sources.items() if file.endswith((".c", ".h"))}
    files |= build_files(files, page)
    files["README.md"] = render_template("library/README.md", **page).encode()
    files[f"examples/{page['name']}/{page['name']}.ino"] = render_template("library/example.ino", **page).encode()
    together = hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest()
    return Project(dict(sorted(files.items())), board, "aot", parts[0].sha256 if len(parts) == 1 else together)


def library_flags(options: Options) -> tuple[str, ...]:
    """How the sources of a library are compiled."""
    return SIZE_FLAGS if options.optimize == "size" else KERNEL_FLAGS


def build_files(sources: Iterable[str], page: Mapping[str, object]) -> dict[str, bytes]:
    """What tells CMake, Arduino and PlatformIO how to build a library.

    Args:
        sources: Its files; CMake compiles the C files, the others need Arduino's core.
        page: name, title, sentence, headers, architectures, depends, version, sha256s and flags.
    """
    c_files = sorted(file for file in sources if file.endswith(".c"))
    names = ("CMakeLists.txt", "library.json", "library.properties")
    return {name: render_template(f"library/{name}", **page, sources=c_files).encode() for name in names}


def shared_arena(networks: Mapping[str, Generated]) -> dict[str, bytes]:
    """The sources of the arena that networks share, by name; none where each has its own.

    Args:
        networks: What was generated, by the prefixes of its symbols.
    """
    sharing = {name: generated.arena_bytes for name, generated in networks.items() if generated.shares_arena}
    if not sharing:
        return {}
    page = {"version": __version__, "sharing": list(sharing), "shared_arena_bytes": max(sharing.values())}
    return {file: render_template(f"library/src/{file}", **page).encode() for file in _SHARED_ARENA}


def identifier(name: str) -> str:
    """The name as an ASCII C identifier: what folder, target and library are called."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:63].rstrip("_")
    return words if words[:1].isalpha() else f"network_{words}".rstrip("_")
