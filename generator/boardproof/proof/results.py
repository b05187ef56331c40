"""What boards have computed so far, sample by sample: filled in any order, by one board or by several."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.types import Repeat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.device.protocol.session import Inference, Marks
    from boardproof.device.types import Hello


class Results:
    """Outputs and ticks of all samples.

    Args:
        hello: What the boards say of themselves.
        samples: How many samples there are.

    Attributes:
        outputs: One array per output tensor, [samples, …].
        ticks: Ticks of each inference, int64 [samples].
        op_ticks: Ticks of each operator, int64 [samples, operators].
        done: Which samples have run, bool [samples].
        ran_on: The board each sample ran on; "" for those that have not.
        arena_bytes: The arena's high-water mark, the most of all boards; 0 until known.
        stack_bytes: The stack's, likewise.
        repeats: What ran twice.
    """

    def __init__(self, hello: Hello, samples: int) -> None:
        self.outputs: list[NDArray[np.generic]] = [np.zeros((samples, *t.shape), t.dtype.numpy) for t in hello.outputs]
        self.ticks = np.zeros(samples, np.int64)
        self.op_ticks = np.zeros((samples, len(hello.op_indices)), np.int64)
        self.done = np.zeros(samples, np.bool_)
        self.ran_on = [""] * samples
        self.arena_bytes = 0
        self.stack_bytes = 0
        self.repeats: list[Repeat] = []
        self._op_indices = hello.op_indices

    @property
    def missing(self) -> list[int]:
        """The samples that have not run, in order."""
        return [int(number) for number in np.flatnonzero(~self.done)]

    def keep(self, number: int, inference: Inference, board: str) -> None:
        """Takes the result of a sample."""
        for kept, output in zip(self.outputs, inference.outputs, strict=True):
            kept[number] = output
        self.ticks[number] = inference.ticks
        self.op_ticks[number] = inference.op_ticks
        self.ran_on[number] = board
        self.done[number] = True

    def keep_marks(self, marks: Marks) -> None:
        """Takes a board's high-water marks."""
        self.arena_bytes = max(self.arena_bytes, marks.arena_bytes)
        self.stack_bytes = max(self.stack_bytes, marks.stack_bytes)

    def keep_repeat(self, number: int, inference: Inference, board: str) -> None:
        """Takes the second result of a sample."""
        kept = (array[number] for array in self.outputs)
        moved = self.op_ticks[number] != np.array(inference.op_ticks)
        self.repeats.append(
            Repeat(
                board=board,
                sample=number,
                ticks=(int(self.ticks[number]), inference.ticks),
                ops=tuple(index for index, differs in zip(self._op_indices, moved, strict=True) if differs),
                same_outputs=all(a.tobytes() == b.tobytes() for a, b in zip(kept, inference.outputs, strict=True)),
            )
        )
