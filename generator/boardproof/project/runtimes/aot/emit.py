"""Program and memory to C: src/model.c, and its tables in src/model_weights.c and .h.

Python computes every number and name; the templates only loop and print.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.project.runtimes.aot.ctext import C_TYPES, table_text
from boardproof.project.runtimes.aot.kernelsets import names_of
from boardproof.project.runtimes.aot.operands import shape_text
from boardproof.project.runtimes.aot.page import (
    Dims,
    TableText,
    describe_state,
    describe_step,
    describe_tensor,
    free_operators,
    initial_table,
    live_states,
    step_symbol,
)
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Tensor
    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.page import StepText, Symbols
    from boardproof.project.runtimes.aot.program import Program, Table

INTERFACE_VERSION = 1
"""NN_INTERFACE_VERSION in nn_types.h."""


def emit(program: Program, memory: Memory, data: bytes, *, standalone: bool = False) -> dict[str, bytes]:
    """The generated sources by path in the project.

    Args:
        program: The lowered network.
        memory: Its memory.
        data: The .tflite it came from: its hash identifies the firmware.
        standalone: Time operators only if the build names a counter, instead of with board.h.
    """
    symbols, tables = _tables(program, memory)
    digest = hashlib.sha256(data)
    common = {"version": __version__, "sha256": digest.hexdigest(), "tables": tables}
    page = {
        **common,
        **_page(program, memory, symbols),
        "sha256_lines": [_hex_line(digest.digest()[i : i + 16]) for i in (0, 16)],
        "interface_version": INTERFACE_VERSION,
        "ticks": "ticks_now" if standalone else "board_ticks",
        "standalone": standalone,
    }
    return {
        "src/model.c": render_template("aot/src/model.c", **page).encode(),
        "src/model_weights.h": render_template("aot/src/model_weights.h", **common).encode(),
        "src/model_weights.c": render_template("aot/src/model_weights.c", **common).encode(),
    }


def _tables(program: Program, memory: Memory) -> tuple[Symbols, tuple[TableText, ...]]:
    """Symbols by (owner, table name), and the tables; equal ones are emitted once."""
    symbols: dict[tuple[str, str], str] = {}
    emitted: dict[tuple[str, int, bytes], str] = {}
    texts: list[TableText] = []
    for owner, table in _owned_tables(program, memory):
        ctype = C_TYPES[table.values.dtype.name]
        key = (ctype, table.alignment, table.values.tobytes())
        if key not in emitted:
            emitted[key] = f"model_{owner}_{table.name}"
            body = table_text(table.values)
            texts.append(TableText(emitted[key], ctype, table.values.size, table.alignment, table.comment, body))
        symbols[owner, table.name] = emitted[key]
    return symbols, tuple(texts)


def _owned_tables(program: Program, memory: Memory) -> Iterator[tuple[str, Table]]:
    for step in program.steps:
        for table in step.params.tables:
            yield step_symbol(step), table
    for tensor, table in memory.constants.items():
        yield f"tensor{tensor}", table
    for state in live_states(program, memory):
        initial = initial_table(program, state)
        if initial is not None:
            yield f"tensor{state.tensor}", initial


def _page(program: Program, memory: Memory, symbols: Symbols) -> dict[str, object]:
    """What model.c needs beyond the tables."""
    graph = program.graph
    described = [*graph.inputs, *graph.outputs]
    steps: list[StepText] = []
    for position, step in enumerate(program.steps):
        steps.append(describe_step(program, memory, symbols, position, len(described)))
        described += step.outputs
    dims = Dims()
    return {
        "steps": steps,
        "tensors": [describe_tensor(graph.tensors[t], memory, symbols, dims) for t in described],
        "dims": dims.values,
        "headers": sorted({step.header for step in program.steps}),
        "kernel_set": names_of(step.kernel for step in program.steps),
        "input_count": len(graph.inputs),
        "output_count": len(graph.outputs),
        "inputs": [_port(graph.tensors[t]) for t in graph.inputs],
        "outputs": [_port(graph.tensors[t]) for t in graph.outputs],
        "free": [f"{graph.operators[i].name} (operator {i})" for i in free_operators(program)],
        "states": [describe_state(program, state, memory, symbols) for state in live_states(program, memory)],
        "arena_bytes": memory.plan.size_bytes,
        "arena_lower_bound_bytes": memory.plan.lower_bound_bytes,
        "constant_bytes": sum(table.size_bytes for _, table in _owned_tables(program, memory)),
    }


def _hex_line(data: bytes) -> str:
    return " ".join(f"0x{byte:02x}," for byte in data)


def _port(tensor: Tensor) -> str:
    """A network input or output for the header comment."""
    return f"{tensor.label}: {tensor.dtype} {shape_text(tensor)}"
