"""The tflm runtime: TensorFlow Lite Micro's interpreter, the model as a byte array, and just the operators it uses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.arithmetic import computes_in_float32
from boardproof.project.ports import ports
from boardproof.project.resources import resource_files
from boardproof.project.runtimes.base import Generated
from boardproof.project.runtimes.tflm.bound import ALIGNMENT, arena_bound_bytes
from boardproof.project.runtimes.tflm.bytes import c_bytes
from boardproof.project.runtimes.tflm.check import check_graph, check_library
from boardproof.project.runtimes.tflm.library import resolve_library
from boardproof.project.runtimes.tflm.memory import check_arena, least_arena_bytes
from boardproof.project.runtimes.tflm.resolver import all_uses, registrations
from boardproof.project.runtimes.tflm.rounding import rounding_texts
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.model.graph import Graph
    from boardproof.model.preflight import Finding
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Options
    from boardproof.project.runtimes.tflm.library import TflmLibrary

_MODEL_DATA_PLACEHOLDER = "@MODEL_BYTES@"


@dataclass(frozen=True, slots=True)
class TflmRuntime:
    """TensorFlow Lite Micro.

    Attributes:
        library: The library once it has been fetched and read; None goes by what `options.tflm_lib` says.
        arena_how: How `options.arena_bytes` was obtained, for people; None when nobody looked into it.
        measure: Generate firmware that finds the smallest arena that works, to be asked for it.
        name: On the command line.
    """

    library: TflmLibrary | None = None
    arena_how: str | None = None
    measure: bool = False
    name: str = "tflm"

    def compile(self, graph: Graph, board: Board, options: Options) -> TflmNetwork:
        """Looks for what keeps the network from running; an interpreter needs nothing else beforehand."""
        return TflmNetwork(self, graph, board, options, self.check(graph, board, options))

    def check(self, graph: Graph, board: Board, options: Options) -> tuple[Finding, ...]:
        """What the chosen library will not run on this board, or runs otherwise than the oracle; see check.py."""
        library = self._library(options)
        found = check_graph(graph, library, board)
        return (*found, *check_arena(graph, board, options.arena_bytes), *check_library(library))

    def kept_channels(self, graph: Graph) -> Mapping[int, tuple[int, ...]]:  # noqa: ARG002 the same for all graphs
        """None: the interpreter computes everything."""
        return {}

    def generate(self, graph: Graph, data: bytes, board: Board, options: Options) -> Generated:
        """The sources: `model.cpp`, the byte array, and the interpreter's model-independent part.

        Raises:
            InputError: when the library spec cannot be used, or `options.arena_bytes` is not a size.
        """
        library = self._library(options)
        arena_bytes = _arena_bytes(graph, board, options)
        arena_how = self.arena_how or (
            "an upper bound from the graph alone" if options.arena_bytes is None else "as given, not checked"
        )
        files = {f"src/{path}": content for path, content in resource_files("firmware/tflm")}
        files["src/model.cpp"] = _model_source(
            graph, data, library, arena_bytes, arena_how=arena_how, measure=self.measure
        ).encode()
        files["src/model_data.h"] = render_template("tflm/src/model_data.h", size=len(data)).encode()
        files["src/model_data.cpp"] = _model_data(data)
        return Generated(
            files=files,
            lib_deps=(library.spec,),
            build_flags=_build_flags(graph, library, debug=options.debug),
            arena_bytes=arena_bytes,
            arena_how=arena_how,
            arena_lower_bound_bytes=least_arena_bytes(graph),
            notes=rounding_texts(graph, library),
        )

    def _library(self, options: Options) -> TflmLibrary:
        return self.library or resolve_library(options.tflm_lib)


@dataclass(frozen=True, slots=True)
class TflmNetwork:
    """A network for the interpreter; satisfies `base.Compiled`."""

    runtime: TflmRuntime
    graph: Graph
    board: Board
    options: Options
    findings: tuple[Finding, ...]

    def generate(self, data: bytes) -> Generated:
        """As `TflmRuntime.generate`."""
        return self.runtime.generate(self.graph, data, self.board, self.options)


def _arena_bytes(graph: Graph, board: Board, options: Options) -> int:
    if options.arena_bytes is None:
        return arena_bound_bytes(graph, board.cpu.bits)
    if options.arena_bytes <= 0:
        raise InputError(
            f"--arena-bytes {options.arena_bytes} is not a size.", "Leave it out, and the arena is measured."
        )
    return -(-options.arena_bytes // ALIGNMENT) * ALIGNMENT


def _model_source(
    graph: Graph, data: bytes, library: TflmLibrary, arena_bytes: int, *, arena_how: str, measure: bool
) -> str:
    used = registrations(graph, library)
    return render_template(
        "tflm/src/model.cpp",
        sha256=hashlib.sha256(data).hexdigest(),
        sha256_bytes=c_bytes(hashlib.sha256(data).digest()).decode(),
        library=_c_string(library.title),
        kernels=_c_string(library.kernels),
        registrations=used,
        resolver_size=max(len(used), 1),
        headers=sorted({registration.header for registration in used if registration.header}),
        op_count=len(graph.operators),
        input_count=len(graph.inputs),
        output_count=len(graph.outputs),
        names=[port.name for port in ports(graph, "model")],
        resource_variables=sum(use.opcode == "VAR_HANDLE" for use in all_uses(graph)),
        arena_bytes=arena_bytes,
        arena_how=arena_how.replace("*/", "* /"),
        measure=measure,
    )


def _model_data(data: bytes) -> bytes:
    """model_data.cpp. The array is put in after rendering: Jinja need not see megabytes."""
    text = render_template(
        "tflm/src/model_data.cpp", sha256=hashlib.sha256(data).hexdigest(), model_bytes=_MODEL_DATA_PLACEHOLDER
    )
    before, _, after = text.partition(f"{_MODEL_DATA_PLACEHOLDER}\n")
    return b"".join((before.encode(), c_bytes(data), after.encode()))


def _build_flags(graph: Graph, library: TflmLibrary, *, debug: bool) -> tuple[str, ...]:
    """Flags for the library and for the sources that include its headers.

    ARDUINO_EXCLUDE_CODE leaves out the library's own DebugLog, which prints to Serial, where frames travel. Where the
    network computes in float32, no product is fused with a sum: the oracle, on x86-64, rounds both. Other networks do
    without the flag and share objects that were compiled before.
    """
    flags = ["-DTF_LITE_STATIC_MEMORY", "-DARDUINO_EXCLUDE_CODE"]
    if library.kernels == "cmsis-nn":
        flags.append("-DCMSIS_NN")
    if not debug:
        flags += ["-DTF_LITE_STRIP_ERROR_STRINGS", "-DNDEBUG"]
    if computes_in_float32(graph):
        flags.append("-ffp-contract=off")
    return tuple(flags)


def _c_string(text: str) -> str:
    """A C string literal of printable ASCII; a library's name comes from a file of its author's."""
    safe = "".join(char if char.isascii() and char.isprintable() else "_" for char in text[:64])
    return '"' + safe.replace("\\", "/").replace('"', "'").replace("?", "_") + '"'
