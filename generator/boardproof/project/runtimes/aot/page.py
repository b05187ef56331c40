"""The rows that the templates of model.c print: kernel calls, tensors, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.ctext import float_text, value_text
from boardproof.project.runtimes.aot.program import Move, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.model.graph import Tensor
    from boardproof.project.runtimes.aot.memory import Memory
    from boardproof.project.runtimes.aot.program import Params, Place, Program, State, Step, Stream, Value

MODEL_DTYPES = frozenset(
    {
        DType.FLOAT32,
        DType.FLOAT16,
        DType.INT32,
        DType.UINT8,
        DType.INT64,
        DType.BOOL,
        DType.INT16,
        DType.INT8,
        DType.UINT64,
        DType.UINT32,
    }
)
"""The types that enum model_dtype in model.h has."""

LINE_WIDTH = 116
INDENT = "    "

Symbols = Mapping[tuple[str, str], str]
"""C identifiers of tables, by (owner, table name): the owner is a step's symbol or "tensor<index>"."""


@dataclass(frozen=True, slots=True)
class TableText:
    """A constant array."""

    symbol: str
    ctype: str
    count: int
    alignment: int
    comment: str
    body: str


@dataclass(frozen=True, slots=True)
class TensorText:
    """A row of the tensor table: what model_input, model_output and model_op_output describe."""

    label: str
    data: str
    dims_at: int
    rank: int
    size_bytes: int
    dtype: str
    scale: str
    zero_point: int


@dataclass(frozen=True, slots=True)
class StructText:
    """A parameter struct. `fields` are lines of designated initialisers."""

    struct: str
    symbol: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepText:
    """One step: its parameter structs, and the lines of the function that runs it."""

    position: int
    operator: int
    symbol: str
    title: str
    description: str
    structs: tuple[StructText, ...]
    lines: tuple[str, ...]
    places: str
    first_output: int


@dataclass(frozen=True, slots=True)
class StateText:
    """A tensor that keeps its value, and the C call that gives it its first one."""

    label: str
    call: str


class Dims:
    """All shapes in one array, equal ones once."""

    def __init__(self) -> None:
        self.values: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}

    def place(self, shape: tuple[int, ...]) -> int:
        """Where a shape begins."""
        if shape not in self._places:
            self._places[shape] = len(self.values)
            self.values.extend(shape)
        return self._places[shape]


def step_symbol(step: Step) -> str:
    """The C identifier of a step's parameter struct."""
    return f"op{step.operator}"


def part_symbols(step: Step) -> tuple[str, ...]:
    """The C identifiers of all its parameter structs."""
    symbol = step_symbol(step)
    return tuple(f"{symbol}_{i}" for i in range(len(step.parts))) if step.stream is not None else (symbol,)


def describe_step(program: Program, memory: Memory, symbols: Symbols, position: int, first_output: int) -> StepText:
    """The row of one kernel call; `first_output` is where its outputs begin in the tensor table."""
    step = program.steps[position]
    operators = [program.graph.operators[i].name for i in step.implements]
    structs = (
        StructText(part.params.struct, symbol, tuple(_designators(part.params, symbol, symbols)))
        for part, symbol in zip(step.parts, part_symbols(step), strict=True)
    )
    lines = (_call(step, memory, symbols, position),)
    return StepText(
        position=position,
        operator=step.operator,
        symbol=step_symbol(step),
        title=" + ".join(operators),
        description=step.description,
        structs=tuple(structs),
        lines=lines if step.stream is None else tuple(_rounds(step, step.stream, memory, position)),
        places=_places(program, memory, step),
        first_output=first_output,
    )


def _call(step: Step, memory: Memory, symbols: Symbols, position: int) -> str:
    """The one call of an ordinary step."""
    inputs, outputs = ([_pointer(t, memory, symbols) for t in tensors] for tensors in (step.inputs, step.outputs))
    arguments = [
        f"&{step_symbol(step)}",
        *([_array("const void", inputs)] if step.inputs_as_array else inputs),
        *([_array("void", outputs)] if step.outputs_as_array else outputs),
    ]
    if step.scratch_bytes is not None:
        arguments.append(f"AT({memory.scratch[position]})" if step.scratch_bytes else "NULL")
    return f"{step.kernel}({', '.join(arguments)});"


def _rounds(step: Step, stream: Stream, memory: Memory, position: int) -> Iterator[str]:
    """The lines of a stream."""
    scratch = memory.scratch.get(position, 0)
    names = part_symbols(step)
    for round_ in stream.rounds:
        indent = INDENT if round_.count > 1 else ""
        if round_.count > 1:
            yield f"for (int32_t i = 0; i < {round_.count}; ++i) {{"
        for action in round_.actions:
            if isinstance(action, Move):
                places = f"AT({scratch + action.target}), AT({scratch + action.source})"
                yield f"{indent}memmove({places}, {action.size_bytes});"
            else:
                places = ", ".join(_place(place, memory, scratch) for place in action.places)
                yield f"{indent}{stream.parts[action.part].kernel}(&{names[action.part]}, {places});"
        if round_.count > 1:
            yield "}"


def _place(place: Place, memory: Memory, scratch: int) -> str:
    begin = scratch if place.tensor is None else memory.offsets[place.tensor]
    advance = f" + i * {place.advance_bytes}" if place.advance_bytes else ""
    return f"{_memory(place.tensor, memory)}({begin + place.offset_bytes}{advance})"


def _array(ctype: str, pointers: list[str]) -> str:
    """Pointers as one argument."""
    return f"({ctype} *const[]){{{', '.join(pointers)}}}"


def describe_tensor(tensor: Tensor, memory: Memory, symbols: Symbols, dims: Dims) -> TensorText:
    """The row of one tensor."""
    single = tensor.quantization is not None and not tensor.quantization.per_channel
    return TensorText(
        label=tensor.label,
        data=_pointer(tensor.index, memory, symbols),
        dims_at=dims.place(tensor.shape),
        rank=len(tensor.shape),
        size_bytes=tensor.size_bytes,
        dtype=f"MODEL_{tensor.dtype.name}",
        scale=float_text(tensor.quantization.scale if single and tensor.quantization else 0.0),
        zero_point=tensor.quantization.zero_point if single and tensor.quantization else 0,
    )


def free_operators(program: Program) -> tuple[int, ...]:
    """Operators that cost nothing at run time: they only give a tensor another shape or name."""
    return tuple(sorted({*(view.operator for view in program.views), *program.folded}))


def arena_end(program: Program, memory: Memory) -> int:
    """The end of the last byte of the arena that a tensor or a call's scratch memory takes."""
    tensors = (memory.offsets[t] + program.graph.tensors[t].size_bytes for t in memory.offsets.keys() - memory.kept)
    scratch = (at + (program.steps[position].scratch_bytes or 0) for position, at in memory.scratch.items())
    return max((*tensors, *scratch), default=0)


def live_states(program: Program, memory: Memory) -> tuple[State, ...]:
    """The states that some step uses: the others have no memory."""
    return tuple(state for state in program.states if state.tensor in memory.offsets)


def initial_table(program: Program, state: State) -> Table | None:
    """A state's first value as a constant; None when all its bytes are the same."""
    if len(set(state.initial)) == 1:
        return None
    label = program.graph.tensors[state.tensor].label
    return Table("initial", np.frombuffer(state.initial, np.uint8), f"first value of {label}", state.tensor)


def describe_state(program: Program, state: State, memory: Memory, symbols: Symbols) -> StateText:
    """How model_init sets one state."""
    symbol = symbols.get((f"tensor{state.tensor}", "initial"))
    place = _pointer(state.tensor, memory, symbols)
    count = len(state.initial)
    call = f"memcpy({place}, {symbol}, {count})" if symbol else f"memset({place}, {state.initial[0]}, {count})"
    return StateText(program.graph.tensors[state.tensor].label, call)


def _pointer(tensor: int, memory: Memory, symbols: Symbols) -> str:
    if tensor in memory.constants:
        return symbols[f"tensor{tensor}", memory.constants[tensor].name]
    return f"{_memory(tensor, memory)}({memory.offsets[tensor]})"


def _memory(tensor: int | None, memory: Memory) -> str:
    """The macro that gives an address among the states, or in the arena."""
    return "KEPT" if tensor in memory.kept else "AT"


def _places(program: Program, memory: Memory, step: Step) -> str:
    """Where inputs and outputs are, for the comment of a call."""

    def place(tensor: int) -> str:
        if tensor not in memory.offsets:
            return "flash"
        begin = memory.offsets[tensor]
        kept = "kept " if tensor in memory.kept else ""
        return f"{kept}{begin}..{begin + program.graph.tensors[tensor].size_bytes}"

    return f"{', '.join(map(place, step.inputs))} -> {', '.join(map(place, step.outputs))}"


def _designators(params: Params, owner: str, symbols: Symbols) -> Iterable[str]:
    """Lines of initialisers; the members of a nested struct together."""
    return _members([(name, _initialiser(owner, value, symbols)) for name, value in params.fields], LINE_WIDTH)


def _members(texts: Iterable[tuple[str, str]], width: int) -> Iterable[str]:
    for is_nested, group in groupby(texts, key=lambda text: "." in text[0]):
        if not is_nested:
            yield from _packed((f".{name} = {text}," for name, text in group), width)
            continue
        for outer, members in groupby(group, key=lambda text: text[0].partition(".")[0]):
            inner = list(_members([(name.partition(".")[2], text) for name, text in members], width - len(INDENT)))
            whole = f".{outer} = {{{' '.join(inner).removesuffix(',')}}},"
            fits = len(inner) == 1 and len(whole) <= width
            yield from [whole] if fits else (f".{outer} = {{", *(INDENT + line for line in inner), "},")


def _initialiser(owner: str, value: Value, symbols: Symbols) -> str:
    return value_text(value, symbols[owner, value.name] if isinstance(value, Table) else None)


def _packed(items: Iterable[str], width: int) -> Iterable[str]:
    """Joins items to lines of at most `width` characters."""
    line = ""
    for item in items:
        if line and len(line) + 1 + len(item) > width:
            yield line
            line = ""
        line = f"{line} {item}" if line else item
    if line:
        yield line
