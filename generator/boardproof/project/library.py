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
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot.optimize import SIZE_FLAGS
from boardproof.project.templates import render_template
from boardproof.project.types import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Generated, Options, Runtime

KERNEL_FLAGS = ("-O2",)
"""How the kernels are compiled unless --optimize is size. -O3 was no faster, and larger."""

_C_TYPES: Mapping[str, str] = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "bool": "uint8_t",
    "int16": "int16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "float32": "float",
}


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output for README and example."""

    position: int
    dtype: str
    ctype: str
    shape: tuple[int, ...]
    meaning: str


def require_library(runtime: Runtime) -> None:
    """Raises InputError when a runtime has no sources of its own to make a library of."""
    if runtime.name != "aot":
        raise InputError(
            f"The {runtime.name} runtime cannot be generated as a library.",
            "Use --runtime aot, or leave out --as library for a PlatformIO project.",
        )


def render_library(
    graph: Graph, data: bytes, generated: Generated, board: Board, options: Options, *, name: str
) -> Project:
    """Renders the library, deterministically and without touching the disk.

    Args:
        graph: The network.
        data: The .tflite it was read from.
        generated: What the aot runtime made of it, `standalone`: what an interpreter needs comes with its own library.
        board: Whose core the kernels were chosen for; they compile for any.
        options: The user's choices.
        name: What the library is to be called; made a C identifier.
    """
    sources = {path.rpartition("/")[2]: content for path, content in generated.files.items()}
    sources["model.h"] = resource("firmware/app/model.h").read_bytes()
    files = {f"src/{file}": content for file, content in sources.items() if file.endswith((".c", ".h"))}
    sha256 = hashlib.sha256(data).hexdigest()
    page = {
        "name": identifier(name),
        "version": __version__,
        "sha256": sha256,
        "sources": sorted(file for file in files if file.endswith(".c")),
        "flags": SIZE_FLAGS if options.optimize == "size" else KERNEL_FLAGS,
        "inputs": [_port(position, graph.tensors[tensor]) for position, tensor in enumerate(graph.inputs)],
        "outputs": [_port(position, graph.tensors[tensor]) for position, tensor in enumerate(graph.outputs)],
        "arena_bytes": generated.arena_bytes,
        "constant_bytes": sum(choice.constant_bytes for choice in generated.choices),
        "board": board.name,
        "cpu": board.cpu,
    }
    for path in ("CMakeLists.txt", "library.json", "library.properties", "README.md"):
        files[path] = render_template(f"library/{path}", **page).encode()
    files[f"examples/{page['name']}/{page['name']}.ino"] = render_template("library/example.ino", **page).encode()
    return Project(dict(sorted(files.items())), board, "aot", sha256)


def identifier(name: str) -> str:
    """The name as an ASCII C identifier: what folder, target and library are called."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:63].rstrip("_")
    return words if words[:1].isalpha() else f"network_{words}".rstrip("_")


def _port(position: int, tensor: Tensor) -> Port:
    quantization = tensor.quantization
    meaning = ""
    if quantization is not None and not quantization.per_channel:
        meaning = f"real = {quantization.scale:.9g} * (q - {quantization.zero_point})"
    dtype = str(tensor.dtype)
    return Port(position, dtype, _C_TYPES.get(dtype, "uint8_t"), tensor.shape, meaning)
