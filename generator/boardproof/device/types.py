"""The values the device room takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from boardproof.model.graph import DType
    from boardproof.project.boards import Board, TickUnit


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the ELF file, or a stack in one.

    `in_flash` and `in_ram` say where it counts; initialised data counts in both, a stack (`is_stack`) in neither.
    """

    name: str
    size_bytes: int
    in_flash: bool
    in_ram: bool
    is_stack: bool = False


@dataclass(frozen=True, slots=True)
class Firmware:
    """A built project."""

    elf: Path
    project_dir: Path
    board: Board
    sections: tuple[Section, ...]
    model_sha256: str

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash the image takes."""
        return sum(s.size_bytes for s in self.sections if s.in_flash)

    @property
    def ram_bytes(self) -> int:
        """Bytes of statically allocated RAM, on every board without any stack."""
        return sum(s.size_bytes for s in self.sections if s.in_ram)

    @property
    def reserved_stack_bytes(self) -> int:
        """Bytes that the core sets aside for stacks; what of them is used is measured on the board."""
        return sum(s.size_bytes for s in self.sections if s.is_stack)


class Link(Protocol):
    """A byte stream to a board; a context manager that releases the port or process on exit."""

    def write(self, data: bytes) -> None:
        """Sends all of data. Raises DeviceError when the other side is gone."""
        ...

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        """Returns 1 to max_bytes bytes as soon as any are there, or b"" after timeout_s.

        Raises DeviceError when the other side is gone, with what it last said.
        """
        ...

    def close(self) -> None:
        """Releases the port or ends the process. Safe to call twice."""
        ...

    def __enter__(self) -> Link: ...

    def __exit__(self, *exc: object) -> None: ...


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as the device describes it.

    `name`: an input's or output's in the model; "" for other tensors, and where the firmware is older and tells none.
    """

    dtype: DType
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hello:
    """What a device says of itself."""

    protocol_version: int
    model_sha256: str
    runtime: str
    library: str
    kernels: str
    tick_unit: TickUnit
    tick_rate: int
    arena_bytes: int
    op_indices: tuple[int, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """A sample that was run again at the end: a board that is sound computes the same, in as many ticks.

    Attributes:
        board: On which board.
        sample: Which sample.
        ticks: Of the first and of the second run.
        ops: The operators that took another number of ticks, by index in the .tflite graph.
        same_outputs: Whether every byte of the outputs was the same.
    """

    board: str
    sample: int
    ticks: tuple[int, int]
    ops: tuple[int, ...]
    same_outputs: bool


@dataclass(frozen=True, slots=True)
class BoardShare:
    """The samples that one of several boards ran, and the ticks they took there."""

    board: str
    samples: int
    median: int
    min: int
    max: int


@dataclass(frozen=True, slots=True)
class BoardRun:
    """What the board computed.

    Attributes:
        hello: What the device said of itself.
        outputs: One array per output tensor, shape [samples, *shape], the tensor's dtype.
        ticks: Ticks of each inference, int64 [samples].
        op_ticks: Median ticks of each executed operator, in the order of `hello.op_indices`.
        arena_used_bytes: The arena's high-water mark.
        stack_bytes: The stack's high-water mark during inference, or None when the board does not know.
        wall_s: Seconds for the samples run in this session.
        op_spread: Fewest and most ticks of each executed operator.
        repeats: The samples that ran twice, one for each board.
        ran_on: The board each sample ran on.
        shares: What each board did.
    """

    hello: Hello
    outputs: tuple[NDArray[np.generic], ...]
    ticks: NDArray[np.int64]
    op_ticks: tuple[int, ...]
    arena_used_bytes: int
    stack_bytes: int | None
    wall_s: float
    op_spread: tuple[tuple[int, int], ...] = ()
    repeats: tuple[Repeat, ...] = ()
    ran_on: tuple[str, ...] = ()
    shares: tuple[BoardShare, ...] = ()
