"""Which rows each step of a chain computes in each band, and which it keeps for the next one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.graph import AveragePool2D, Binary, Conv2D, DepthwiseConv2D, MaxPool2D
from boardproof.project.runtimes.aot.overlap import padding_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.aot.program import Step


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a chain: what its window needs of the rows before it.

    Attributes:
        step: The step for whole tensors.
        operator: The operator with the window.
        addition: The one behind it, that the same kernel computes; None without.
        source: The tensor whose rows the window covers.
        output: The tensor whose rows it makes.
        residual: The other summand's tensor.
    """

    step: Step
    operator: Windowed
    addition: Binary | None
    source: int
    output: int
    residual: int | None


def stage_of(step: Step, graph: Graph) -> Stage | None:
    """A step as a stage; None unless it is a convolution of one image, perhaps with an addition, or a pool."""
    computing = [op for op in (graph.operators[i] for i in step.implements) if isinstance(op, _KINDS)]
    op, addition = computing[0] if computing else None, computing[-1] if len(computing) > 1 else None
    if not isinstance(op, _WINDOWED) or not (addition is None or isinstance(addition, Binary)):
        return None
    data, output = graph.tensors[op.input], graph.tensors[step.outputs[0]]
    if len(data.shape) != 4 or data.shape[0] != 1 or len(step.outputs) != 1 or step.inputs[0] != op.input:  # noqa: PLR2004
        return None
    residual = None if addition is None else step.inputs[1]
    return Stage(step, op, addition, data.index, output.index, residual)


Windowed = Conv2D | DepthwiseConv2D | AveragePool2D | MaxPool2D
_WINDOWED = Windowed
_KINDS = Windowed | Binary


def kernel_size(op: Windowed, graph: Graph) -> tuple[int, int]:
    """Height and width of an operator's window."""
    if isinstance(op, AveragePool2D | MaxPool2D):
        return op.filter_size
    shape = graph.tensors[op.inputs[1]].shape
    return shape[1], shape[2]


@dataclass(frozen=True, slots=True)
class Window:
    """The rows of an operator's window: of the image, of the outputs, kernel (dilated), stride, padding above."""

    rows: int
    outputs: int
    kernel: int
    stride: int
    pad: int

    @classmethod
    def of(cls, stage: Stage, graph: Graph) -> Window:
        """The window of a stage's operator."""
        data, output = graph.tensors[stage.source], graph.tensors[stage.output]
        window, size = stage.operator.window, kernel_size(stage.operator, graph)
        pad = padding_before((data.shape[1], data.shape[2]), size, window)[0]
        kernel = (size[0] - 1) * window.dilation[0] + 1
        return cls(data.shape[1], output.shape[1], kernel, window.stride[0], pad)

    def first(self, output: int) -> int:
        """The first row of the image that an output row reads."""
        return min(max(output * self.stride - self.pad, 0), self.rows)

    def last(self, output: int) -> int:
        """One past the last one."""
        return min(max(output * self.stride - self.pad + self.kernel, 0), self.rows)


@dataclass(frozen=True, slots=True)
class Piece:
    """Output rows of a stage, computed by one call."""

    begin: int
    end: int


class Bands:
    """The plan of a chain: which rows each stage computes in each band, and where rows are kept."""

    def __init__(self, stages: tuple[Stage, ...], graph: Graph, height: int) -> None:
        self.stages, self.graph = stages, graph
        self.windows = tuple(Window.of(stage, graph) for stage in stages)
        self.pieces = tuple(self._pieces(height))
        self.kept_rows = tuple(self._kept(i) for i in range(len(stages) - 1))

    def _pieces(self, height: int) -> Iterator[tuple[Piece, ...]]:
        """For each band, the new rows of each stage."""
        done = [0] * len(self.stages)
        for end in range(height, self.windows[-1].outputs + height, height):
            ends = [min(end, self.windows[-1].outputs)]
            for window in reversed(self.windows[1:]):
                ends.insert(0, max(window.last(ends[0] - 1), 0))
            yield tuple(Piece(begin, max(begin, new)) for begin, new in zip(done, ends, strict=True))
            done = [max(begin, new) for begin, new in zip(done, ends, strict=True)]

    def kept_from(self, stage: int, band: int) -> int:
        """The first row of a stage's output that a band, or one after it, still reads, or that the band computes.

        Where a stride is larger than its kernel, rows are computed that nothing reads.
        """
        return min(self.windows[stage + 1].first(self.pieces[band][stage + 1].begin), self.pieces[band][stage].begin)

    def _kept(self, stage: int) -> int:
        """How many rows of a stage's output there are at most."""
        return max(pieces[stage].end - self.kept_from(stage, band) for band, pieces in enumerate(self.pieces))


def row_bytes(graph: Graph, tensor: int) -> int:
    """Of one row of a tensor's image."""
    return graph.tensors[tensor].size_bytes // graph.tensors[tensor].shape[1]
