"""Program and memory to C: src/<prefix>.c, its tables in src/<prefix>_weights.c and .h, and what all networks share.

Python computes every number and name; the templates only loop and print.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.project.ports import C_TYPES, ports
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot.ctext import table_text
from boardproof.project.runtimes.aot.kernelsets import names_of
from boardproof.project.runtimes.aot.page import (
    Dims,
    TableText,
    arena_end,
    describe_state,
    describe_step,
    describe_tensor,
    free_operators,
    initial_table,
    live_states,
    part_symbols,
)
from boardproof.project.runtimes.aot.program import distinct
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.page import StepText, Symbols
    from boardproof.project.runtimes.aot.program import Program, Table

DEFAULT_PREFIX = "model"
"""What boardproof's firmware calls."""

INTERFACE_VERSION = 1
"""NN_INTERFACE_VERSION in nn_types.h."""


@dataclass(frozen=True, slots=True)
class Naming:
    """How a network's code is named and placed.

    Attributes:
        prefix: Of its symbols and files.
        standalone: Without boardproof's firmware: with a header that names its inputs and outputs, and timed only if
            the build names a counter.
        shared_arena: In the arena of shared_arena.h, not one of its own; states must be apart.
    """

    prefix: str = DEFAULT_PREFIX
    standalone: bool = False
    shared_arena: bool = False


def emit(program: Program, memory: Memory, data: bytes, naming: Naming) -> dict[str, bytes]:
    """The generated sources by path in the project.

    Args:
        program: The lowered network.
        memory: Its memory.
        data: The .tflite it came from: its hash identifies the firmware.
        naming: How things are named.
    """
    prefix = naming.prefix
    symbols, tables = _tables(program, memory, prefix)
    digest = hashlib.sha256(data)
    page = {
        "version": __version__,
        "sha256": digest.hexdigest(),
        "tables": tables,
        **_page(program, memory, symbols, prefix),
        "sha256_lines": [_hex_line(digest.digest()[i : i + 16]) for i in (0, 16)],
        "interface_version": INTERFACE_VERSION,
        "prefix": prefix,
        "shared_arena": naming.shared_arena,
    }
    files = {f"src/{prefix}{end}": f"aot/src/network{end}" for end in (".c", "_weights.h", "_weights.c")}
    if naming.standalone or prefix != DEFAULT_PREFIX:  # boardproof's firmware has its own model.h
        files[f"src/{prefix}.h"] = "aot/src/network.h"
    return {
        **{path: render_template(template, **page).encode() for path, template in files.items()},
        **{f"src/{name}": resource(f"firmware/aot/{name}").read_bytes() for name in ("nn_network.c", "nn_network.h")},
        "src/nn_network_ticks.h": resource(f"firmware/aot/{_ticks(naming)}/nn_network_ticks.h").read_bytes(),
        **({"src/model_types.h": resource("firmware/app/model_types.h").read_bytes()} if naming.standalone else {}),
    }


def _ticks(naming: Naming) -> str:
    return "standalone" if naming.standalone else "board"


def _tables(program: Program, memory: Memory, prefix: str) -> tuple[Symbols, tuple[TableText, ...]]:
    """Symbols by (owner, table name), and the tables; equal ones are emitted once."""
    symbols: dict[tuple[str, str], str] = {}
    emitted: dict[tuple[str, int, bytes], str] = {}
    texts: list[TableText] = []
    for owner, table in _owned_tables(program, memory):
        ctype = C_TYPES[table.values.dtype.name]
        key = table.content
        if key not in emitted:
            emitted[key] = f"{prefix}_{owner}_{table.name}"
            body = table_text(table.values)
            texts.append(TableText(emitted[key], ctype, table.values.size, table.alignment, table.comment, body))
        symbols[owner, table.name] = emitted[key]
    return symbols, tuple(texts)


def _owned_tables(program: Program, memory: Memory) -> Iterator[tuple[str, Table]]:
    for step in program.steps:
        for symbol, part in zip(part_symbols(step), step.parts, strict=True):
            for table in part.params.tables:
                yield symbol, table
    for tensor, table in memory.constants.items():
        yield f"tensor{tensor}", table
    for state in live_states(program, memory):
        initial = initial_table(program, state)
        if initial is not None:
            yield f"tensor{state.tensor}", initial


def _page(program: Program, memory: Memory, symbols: Symbols, prefix: str) -> dict[str, object]:
    """What the network's own file needs beyond the tables."""
    graph = program.graph
    described = [*graph.inputs, *graph.outputs]
    steps: list[StepText] = []
    for position, step in enumerate(program.steps):
        steps.append(describe_step(program, memory, symbols, position, len(described)))
        described += step.outputs
    dims, found = Dims(), ports(graph, prefix)
    return {
        "steps": steps,
        "tensors": [describe_tensor(graph.tensors[t], memory, symbols, dims) for t in described],
        "dims": dims.values,
        "headers": sorted(
            {"nn_network.h", "nn_types.h", *(part.header for step in program.steps for part in step.parts)}
        ),
        "moves": any(step.stream is not None for step in program.steps),
        "kernel_set": names_of(part.kernel for step in program.steps for part in step.parts),
        "input_count": len(graph.inputs),
        "output_count": len(graph.outputs),
        "ports": found,
        "inputs": found[: len(graph.inputs)],
        "outputs": found[len(graph.inputs) :],
        "max_rank": max((len(graph.tensors[t].shape) for t in described), default=0),
        "arena_end": arena_end(program, memory),
        "free": [f"{graph.operators[i].name} (operator {i})" for i in free_operators(program)],
        "states": [describe_state(program, state, memory, symbols) for state in live_states(program, memory)],
        "arena_bytes": memory.plan.size_bytes,
        "kept_bytes": memory.kept_bytes,
        "arena_lower_bound_bytes": memory.plan.lower_bound_bytes,
        "constant_bytes": _constant_bytes(program, memory),
    }


def _constant_bytes(program: Program, memory: Memory) -> int:
    """All tables, equal ones once, as they are emitted."""
    return sum(table.size_bytes for table in distinct(table for _, table in _owned_tables(program, memory)))


def _hex_line(data: bytes) -> str:
    return " ".join(f"0x{byte:02x}," for byte in data)
