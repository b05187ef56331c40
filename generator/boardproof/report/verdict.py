"""What a comparison with the oracle found out, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first element that differs: sample, output tensor's position, index in the tensor, and both values.

    Values that JSON has no number for (infinities, NaN) are text.
    """

    sample: int
    output: int
    element: tuple[int, ...]
    expected: float | int | str
    got: float | int | str


@dataclass(frozen=True, slots=True)
class TensorVerdict:
    """One output tensor over all samples.

    Attributes:
        output: Its position among the outputs.
        exact: Samples in which every byte agrees.
        max_lsb: The largest difference, in steps of an integer type or units in the last place of a float.
        max_abs: The largest difference of the values themselves; NaN differences count as 0 here.
        histogram: Number of elements by difference in LSB: "0" to "16", and ">16".
        is_float: Whether its elements are floats.
    """

    output: int
    exact: int
    max_lsb: int
    max_abs: float
    histogram: dict[str, int]
    is_float: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the board agrees with the oracle.

    Attributes:
        oracle: The interpreter compared with, and its version.
        samples: How many were compared.
        exact: In how many every byte of every output agrees.
        max_lsb: The largest difference of all.
        first_bad: The first element that differs; None when all agree.
        tensors: One verdict per output tensor.
    """

    oracle: str
    oracle_version: str
    samples: int
    exact: int
    max_lsb: int
    first_bad: FirstBad | None
    tensors: tuple[TensorVerdict, ...]

    @property
    def max_abs(self) -> float | None:
        """The largest difference of the values themselves; None where no output holds floats."""
        return max((tensor.max_abs for tensor in self.tensors if tensor.is_float), default=None)

    @property
    def agrees(self) -> bool:
        """Whether every byte of every sample is the oracle's."""
        return self.exact == self.samples


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first operator whose output is not the oracle's, and what it looks like there.

    Attributes:
        sample: For this sample.
        index: The operator's index in the .tflite graph.
        op: Its name.
        tensor: The index of the output tensor that differs.
        name: That tensor's name.
        differing: How many of its elements differ, of how many.
        elements: See `differing`.
        max_lsb: The largest difference.
        first: The flat index of the first element that differs.
        expected: The oracle's values around it, from flat index `shown_from` on.
        got: The board's.
        shown_from: See `expected`.
    """

    sample: int
    index: int
    op: str
    tensor: int
    name: str
    differing: int
    elements: int
    max_lsb: int
    first: int
    shown_from: int
    expected: tuple[float | int | str, ...]
    got: tuple[float | int | str, ...]
