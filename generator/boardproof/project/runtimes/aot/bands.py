"""A chain of steps as bands of rows: each computes the rows that the next one needs, and keeps the few it needs again.

The kernels are those for whole tensors. For a band, an operator's tensors are as high as the band, and its window's
padding is what the band has of the image's. So the same functions choose and pack; only the calls are many.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType, Padding
from boardproof.project.runtimes.aot.band_rounds import folded
from boardproof.project.runtimes.aot.band_rows import Bands, kernel_size, row_bytes
from boardproof.project.runtimes.aot.costs import step_ticks
from boardproof.project.runtimes.aot.overlap import padding_before, safe_offset
from boardproof.project.runtimes.aot.program import (
    Call,
    InPlace,
    Move,
    Params,
    Part,
    Place,
    Program,
    Round,
    Step,
    Stream,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boardproof.model.graph import Graph, Operator
    from boardproof.project.runtimes.aot.band_rows import Piece, Stage
    from boardproof.project.runtimes.aot.program import Value

    Lower = Callable[[Operator, Graph], Step]
    """The step of an operator with the kernel that it has in the program."""

SCRATCH_ALIGNMENT = 8
_CALL_TICKS = 60
"""Of a call and its place in a loop."""

_AGAIN_TICKS = 7
"""Of each element that two bands unpack: 6.3 to 8.7 on six chains of public networks whose kernels unpack rows."""


def streamed(stages: tuple[Stage, ...], graph: Graph, height: int, lower: Lower) -> Step | None:
    """The chain as one step, `height` rows of the last output at a time.

    None where a kernel cannot have such bands, or all is one band.
    """
    bands = Bands(stages, graph, height)
    if len(bands.pieces) == 1:
        return None
    rows = [row_bytes(graph, stage.output) for stage in stages[:-1]]
    sizes = [_aligned(kept * size) for kept, size in zip(bands.kept_rows, rows, strict=True)]
    bases = [sum(sizes[:i]) for i in range(len(sizes))]
    builder = _Builder(bands, lower, tuple(bases), sum(sizes))
    rounds = builder.rounds()
    if rounds is None:
        return None
    first, last = stages[0], stages[-1]
    inputs = tuple(dict.fromkeys((first.source, *(s.residual for s in stages if s.residual is not None))))
    parts = builder.parts
    return Step(
        operator=last.step.operator,
        implements=tuple(i for stage in stages for i in stage.step.implements),
        kernel=last.step.kernel,
        header=last.step.header,
        params=Params("", tuple((f"table{i}", table) for i, table in enumerate(builder.tables))),
        inputs=inputs,
        outputs=(last.output,),
        scratch_bytes=sum(sizes) + builder.scratch_bytes,
        in_place=(InPlace(0, _offset(bands)), *(InPlace(i) for i, t in enumerate(inputs) if i and t == last.residual)),
        description=f"{len(bands.pieces)} bands of rows: " + "; ".join(stage.step.description for stage in stages),
        ticks=builder.ticks,
        stream=Stream(parts, folded(rounds)),
    )


def _aligned(size: int) -> int:
    return -(-size // SCRATCH_ALIGNMENT) * SCRATCH_ALIGNMENT


def _offset(bands: Bands) -> int:
    """How far the output may run over the first input: see `InPlace`."""
    graph, stages = bands.graph, bands.stages
    row, out = row_bytes(graph, stages[0].source), row_bytes(graph, stages[-1].output)
    reads = np.array([bands.windows[0].first(p[0].begin) * row for p in bands.pieces], np.int64)
    writes = np.array([p[-1].end * out for p in bands.pieces], np.int64)
    again = [s for s in stages if s.residual == stages[0].source]
    if not again:
        return safe_offset(reads, writes, reads_first=True)
    if again[-1] is stages[-1] and safe_offset(reads, writes, reads_first=True) == 0:
        return 0  # each row over the summand's own
    added = np.array([p[stages.index(again[0])].begin * row for p in bands.pieces], np.int64)
    return safe_offset(np.minimum(reads, added), writes, reads_first=False)


class _Builder:
    """Makes the calls."""

    def __init__(self, bands: Bands, lower: Lower, bases: tuple[int, ...], scratch_at: int) -> None:
        self.bands, self.lower, self.bases, self.scratch_at = bands, lower, bases, scratch_at
        self.scratch_bytes, self.ticks = 0, 0
        self._steps: dict[tuple[int, int, int, int, int], Step | None] = {}
        self._parts: dict[tuple[object, ...], int] = {}
        self._tables: dict[tuple[str, bytes], Table] = {}
        self._made: list[Part] = []

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(self._made)

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(self._tables.values())

    def rounds(self) -> list[Round] | None:
        """One for each band."""
        found: list[Round] = []
        for band, pieces in enumerate(self.bands.pieces):
            actions: list[Call | Move] = []
            for stage, piece in enumerate(pieces):
                if piece.begin == piece.end:
                    continue
                call = self._call(stage, band, piece)
                if call is None:
                    return None
                actions.append(call)
            if band + 1 < len(self.bands.pieces):
                actions += self._moves(band)
            found.append(Round(1, tuple(actions)))
        return found

    def _moves(self, band: int) -> Iterator[Move]:
        """What the next band reads again goes to the front."""
        for stage, base in enumerate(self.bases):
            row = row_bytes(self.bands.graph, self.bands.stages[stage].output)
            begin, kept = (self.bands.kept_from(stage, b) for b in (band, band + 1))
            size = (self.bands.pieces[band][stage].end - kept) * row
            if size > 0 and kept > begin:
                yield Move(base, base + (kept - begin) * row, size)
                self.ticks += _CALL_TICKS + size // 2

    def _call(self, stage: int, band: int, piece: Piece) -> Call | None:
        window = self.bands.windows[stage]
        top = max(window.pad - piece.begin * window.stride, 0)
        begin, end = window.first(piece.begin), window.last(piece.end - 1)
        needed = (piece.end - 1 - piece.begin) * window.stride + window.kernel
        bottom = needed - top - (end - begin)
        step = self._step(stage, (end - begin, piece.end - piece.begin, top, bottom))
        if step is None:
            return None
        if piece.begin > 0:
            self.ticks += self._ticks_again(stage, max(window.last(piece.begin - 1) - begin, 0))
        places = [self._place(stage - 1, band, begin)]
        residual = self.bands.stages[stage].residual
        if residual is not None:
            places.append(self._tensor(residual, piece.begin))
        places.append(self._place(stage, band, piece.begin))
        if step.scratch_bytes is not None:
            self.scratch_bytes = max(self.scratch_bytes, _aligned(step.scratch_bytes))
            places.append(Place(None, self.scratch_at))
        return Call(self._part(step), tuple(places))

    def _ticks_again(self, stage: int, rows: int) -> int:
        """Of rows that the band before has unpacked as well; floats are not unpacked."""
        data = self.bands.graph.tensors[self.bands.stages[stage].source]
        is_unpacked = data.dtype is not DType.FLOAT32
        return rows * data.elements // data.shape[1] * _AGAIN_TICKS if is_unpacked else 0

    def _place(self, stage: int, band: int, row: int) -> Place:
        """Where a row of a stage's output is; stage -1: of the first input."""
        stages = self.bands.stages
        if stage < 0 or stage == len(stages) - 1:
            return self._tensor(stages[0].source if stage < 0 else stages[-1].output, row)
        bytes_each = row_bytes(self.bands.graph, stages[stage].output)
        return Place(None, self.bases[stage] + (row - self.bands.kept_from(stage, band)) * bytes_each)

    def _tensor(self, tensor: int, row: int) -> Place:
        return Place(tensor, row * row_bytes(self.bands.graph, tensor))

    def _step(self, stage: int, form: tuple[int, int, int, int]) -> Step | None:
        """The stage's step for so many rows in and out, and so much padding."""
        key = (stage, *form)
        if key not in self._steps:
            self._steps[key] = self._lowered(self.bands.stages[stage], form)
        step = self._steps[key]
        if step is not None:
            program = Program(self._banded(self.bands.stages[stage], form)[0], (step,))
            self.ticks += (step_ticks(program, step) or 0) + _CALL_TICKS
        return step

    def _lowered(self, stage: Stage, form: tuple[int, int, int, int]) -> Step | None:
        graph, op = self._banded(stage, form)
        step = self.lower(op, graph)
        expected = (stage.source,) if stage.residual is None else (stage.source, stage.residual)
        return step if step.inputs == expected and step.outputs == (stage.output,) else None

    def _banded(self, stage: Stage, form: tuple[int, int, int, int]) -> tuple[Graph, Operator]:
        """The graph with a band's tensors, and the operator to lower."""
        rows, outputs, top, bottom = form
        graph, op = self.bands.graph, stage.operator
        data = graph.tensors[stage.source]
        columns = self._columns(stage)
        window = replace(op.window, padding=Padding.VALID, border=((top, bottom), columns))
        tensors = list(graph.tensors)
        tensors[data.index] = replace(data, shape=(1, rows, *data.shape[2:]))
        made = {op.output, stage.output, *((stage.residual,) if stage.residual is not None else ())}
        for index in made:
            tensors[index] = replace(tensors[index], shape=(1, outputs, *graph.tensors[index].shape[2:]))
        operators = list(graph.operators)
        operators[op.index] = replace(op, window=window)
        banded = replace(graph, tensors=tuple(tensors), operators=tuple(operators))
        return banded, banded.operators[op.index if stage.addition is None else stage.addition.index]

    def _columns(self, stage: Stage) -> tuple[int, int]:
        graph, op = self.bands.graph, stage.operator
        data, output = graph.tensors[stage.source], graph.tensors[op.output]
        window, size = op.window, kernel_size(op, graph)
        left = padding_before((data.shape[1], data.shape[2]), size, window)[1]
        span = (output.shape[2] - 1) * window.stride[1] + (size[1] - 1) * window.dilation[1] + 1
        return left, max(span - left - data.shape[2], 0)

    def _part(self, step: Step) -> int:
        fields = tuple((name, self._shared(value)) for name, value in step.params.fields)
        key = (step.kernel, tuple((name, id(value) if isinstance(value, Table) else value) for name, value in fields))
        if key not in self._parts:
            self._parts[key] = len(self._made)
            self._made.append(Part(step.kernel, step.header, Params(step.params.struct, fields)))
        return self._parts[key]

    def _shared(self, value: Value) -> Value:
        """One table for all that are equal."""
        if not isinstance(value, Table):
            return value
        return self._tables.setdefault((value.values.dtype.name, value.values.tobytes()), value)
