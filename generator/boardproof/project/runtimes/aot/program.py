"""A lowered network: the kernel calls that compute it, in order, and the constants they need.

Lowering turns each operator into one `Step`, or into a `View` when it moves no data. What follows (memory, emission)
knows nothing of operators: a new kernel needs a function that makes its Step, and the C file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from boardproof.model.graph import Graph


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A constant array in flash; equal to itself only.

    Attributes:
        name: A C identifier, unique within its step; emission prefixes it with the step's own name.
        values: The elements in memory order; the numpy dtype (8 to 32-bit integer or float32) is the C type.
        comment: What it holds and how it is laid out, in a few words.
        tensor: The constant tensor it was made from, if one: for reports of what takes the flash.
        alignment: Bytes; kernels that load words from an int8 table need 4 or 8.
    """

    name: str
    values: NDArray[np.generic] = field(repr=False)
    comment: str
    tensor: int | None = None
    alignment: int = 4

    @property
    def size_bytes(self) -> int:
        """Bytes of flash."""
        return self.values.nbytes

    @property
    def content(self) -> tuple[str, int, bytes]:
        """What makes it one table in flash with another: the same type, alignment and elements."""
        return self.values.dtype.name, self.alignment, self.values.tobytes()


def distinct(tables: Iterable[Table]) -> tuple[Table, ...]:
    """The tables that flash holds: of equal ones the first."""
    found: dict[tuple[str, int, bytes], Table] = {}
    for table in tables:
        found.setdefault(table.content, table)
    return tuple(found.values())


Value = int | float | Table | None | tuple[int, ...] | tuple[float, ...]
"""A field of a parameter struct: a number, a pointer to a table (None: a null pointer), or an array of numbers."""

Fields = tuple[tuple[str, Value], ...]
"""Members of a parameter struct: C designators without the leading dot ("batches", "window.stride_height")."""


@dataclass(frozen=True, slots=True)
class Params:
    """The kernel's constant parameter struct.

    Attributes:
        struct: Its tag: "nn_conv2d_s8" for `struct nn_conv2d_s8`.
        fields: Its members.
    """

    struct: str
    fields: Fields

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables the struct points to."""
        return tuple(value for _, value in self.fields if isinstance(value, Table))


@dataclass(frozen=True, slots=True)
class InPlace:
    """An output that may overwrite an input as it goes.

    Attributes:
        input: Position in `Step.inputs`.
        offset_bytes: The largest distance, in bytes, from the start of that input to the start of the output with
            which the kernel still reads every input byte before overwriting it. Negative when the output must run
            ahead of the input by some bytes. Memory takes this distance, rounded down to its alignment, or none.
        output: Position in `Step.outputs`.
    """

    input: int
    offset_bytes: int = 0
    output: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parameter structs of a stream, and the kernel it is for."""

    kernel: str
    header: str
    params: Params


@dataclass(frozen=True, slots=True)
class Place:
    """A pointer in a stream: into a tensor, or into the step's scratch memory (None).

    In each repetition of a round it is `advance_bytes` further on.
    """

    tensor: int | None
    offset_bytes: int
    advance_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel call of a stream: which part, and its arguments after the parameter struct."""

    part: int
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Bytes that move to the front within the step's scratch memory; both places may overlap."""

    target: int
    source: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Round:
    """What is done `count` times in a row."""

    count: int
    actions: tuple[Call | Move, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Several steps in one, a band of rows at a time: see bands.py."""

    parts: tuple[Part, ...]
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One kernel call.

    The C call is `kernel(&params, inputs…, outputs…, scratch)`; `scratch` only if `scratch_bytes` is not None.

    Attributes:
        operator: The operator this step is reported as (ticks, outputs): the last one it implements.
        implements: All operators it implements, `operator` included. Implementing an earlier operator drops that
            operator's own step, so nothing else may read what the earlier one would have written.
        kernel: The C function.
        header: The header that declares it.
        params: Its parameter struct.
        inputs: Tensors passed to the kernel, in the order of its arguments; constants are allowed.
        outputs: Tensors written, in the order of its arguments.
        scratch_bytes: Working memory, 8-byte aligned; None when the kernel has no such argument.
        in_place: Inputs that an output may overwrite.
        description: One line for a reader of the generated C: shapes, window, choice made.
        inputs_as_array: Whether the kernel takes all inputs as one array of pointers, for any number of them.
        outputs_as_array: The same of the outputs.
        stream: Instead of one call, what is done; then `kernel` is the last one, and `params` only holds the tables.
        ticks: Estimated instructions, where they depend on more than a kernel's cost knows; None: the cost's.
    """

    operator: int
    implements: tuple[int, ...]
    kernel: str
    header: str
    params: Params
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    scratch_bytes: int | None = None
    in_place: tuple[InPlace, ...] = ()
    description: str = ""
    inputs_as_array: bool = False
    outputs_as_array: bool = False
    ticks: int | None = None
    stream: Stream | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its kernels with their parameters; one, as a rule."""
        return self.stream.parts if self.stream is not None else (Part(self.kernel, self.header, self.params),)


@dataclass(frozen=True, slots=True)
class View:
    """A tensor that is another one's memory under another shape; costs no step.

    Attributes:
        tensor: The tensor that needs no memory of its own.
        of: The tensor whose memory it shows.
        operator: The operator that is thereby done.
        offset_bytes: Where in `of` it begins.
    """

    tensor: int
    of: int
    operator: int
    offset_bytes: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """A tensor that keeps its value from one inference to the next: its memory is never anything else's.

    Attributes:
        tensor: Which one.
        initial: Its bytes before the first inference.
    """

    tensor: int
    initial: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Program:
    """A lowered graph: `steps` in execution order, `views` in graph order.

    `folded` are the operators that were done while compiling: their outputs are constants, or they only name things.
    """

    graph: Graph
    steps: tuple[Step, ...]
    views: tuple[View, ...] = ()
    states: tuple[State, ...] = ()
    folded: tuple[int, ...] = ()
    _roots: dict[int, tuple[int, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Follows views once: memory asks for each tensor's root, again and again."""
        by_tensor = {view.tensor: view for view in self.views}
        for first in by_tensor:
            tensor, offset = first, 0
            while tensor in by_tensor:
                offset += by_tensor[tensor].offset_bytes
                tensor = by_tensor[tensor].of
            self._roots[first] = (tensor, offset)

    def root(self, tensor: int) -> tuple[int, int]:
        """The tensor that owns this one's memory, and the offset in bytes within it."""
        return self._roots.get(tensor, (tensor, 0))

    @property
    def tables(self) -> tuple[Table, ...]:
        """Every step's tables, in order."""
        return tuple(table for step in self.steps for table in step.params.tables)
