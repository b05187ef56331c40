"""Inputs through the board, and its outputs against the oracle's, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import DeviceError
from boardproof.proof.samples import Seat, run_samples
from boardproof.report.verdict import FirstBad, TensorVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from boardproof.device.protocol.session import Session
    from boardproof.device.types import BoardRun
    from boardproof.model.oracle import Outputs
    from boardproof.model.samples import Vectors

_HISTOGRAM_TOP = 16


def run_on_board(
    session: Session,
    inputs: Vectors,
    on_progress: Callable[[int, int], None] | None = None,
    *,
    stateful: bool = False,
) -> BoardRun:
    """Runs every sample on one board; see `run_samples`.

    Args:
        session: A conversation with the board; connected here if it is not yet.
        inputs: What to run.
        on_progress: Is told (samples done, samples in all) after each.
        stateful: The network remembers earlier samples.

    Raises:
        DeviceError: As `Session.infer`.
    """
    return run_samples((Seat("board", session),), inputs, stateful=stateful, on_progress=on_progress)


def compare(expected: Outputs, run: BoardRun) -> Verdict:
    """Compares every byte of every output.

    Raises:
        DeviceError: The board's outputs do not have the oracle's types and shapes.
    """
    _check_form(expected.arrays, run.outputs)
    pairs = list(zip(expected.arrays, run.outputs, strict=True))
    differing = [_differing(theirs, ours) for theirs, ours in pairs]
    tensors = tuple(_tensor_verdict(i, *pair, differing[i]) for i, pair in enumerate(pairs))
    samples = len(run.ticks)
    bad_samples = np.zeros(samples, bool)
    for differs in differing:
        bad_samples |= differs.reshape(samples, -1).any(axis=1)
    return Verdict(
        oracle=expected.interpreter,
        oracle_version=expected.version,
        samples=samples,
        exact=int(samples - bad_samples.sum()),
        max_lsb=max((t.max_lsb for t in tensors), default=0),
        first_bad=_first_bad(pairs, differing, int(bad_samples.argmax())) if bad_samples.any() else None,
        tensors=tensors,
    )


def _check_form(expected: tuple[NDArray[np.generic], ...], got: tuple[NDArray[np.generic], ...]) -> None:
    forms = [[(str(array.dtype), array.shape) for array in arrays] for arrays in (expected, got)]
    if forms[0] != forms[1]:
        raise DeviceError(
            f"The board's outputs are {forms[1]}; the oracle's are {forms[0]} (dtype, shape with samples).",
            "Flash the firmware built for this model, with the same samples.",
        )


def _differing(expected: NDArray[np.generic], got: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which elements differ in any bit: floats too are compared as bytes."""
    bits = np.dtype(f"u{expected.dtype.itemsize}")
    return np.asarray(expected.view(bits) != got.view(bits))


def lsb_differences(expected: NDArray[np.generic], got: NDArray[np.generic]) -> NDArray[np.int64]:
    """How far elements are apart, in steps of an integer type or units in the last place of a float.

    Elements that differ in any bit are at least 1 apart, the two zeros of a float included.
    """
    low, high = (_ordered(array) for array in (expected, got))
    differences: NDArray[np.int64] = np.maximum(np.abs(low - high), _differing(expected, got).astype(np.int64))
    return differences


def max_lsb(expected: tuple[NDArray[np.generic], ...], got: tuple[NDArray[np.generic], ...]) -> int:
    """The largest of the `lsb_differences` of several tensors."""
    return max((int(lsb_differences(a, b).max(initial=0)) for a, b in zip(expected, got, strict=True)), default=0)


def max_float_difference(
    expected: tuple[NDArray[np.generic], ...], got: tuple[NDArray[np.generic], ...]
) -> float | None:
    """The largest difference of the values of several tensors; None where none holds floats."""
    pairs = [pair for pair in zip(expected, got, strict=True) if pair[0].dtype.kind == "f"]
    return max((_max_abs(*pair) for pair in pairs), default=None)


def _ordered(array: NDArray[np.generic]) -> NDArray[np.int64]:
    """Integers in the order of the values, neighbours 1 apart."""
    if array.dtype.kind != "f":
        return array.astype(np.int64)
    bits = np.dtype(f"i{array.dtype.itemsize}")
    wide = array.view(bits).astype(np.int64)
    return np.where(wide < 0, np.int64(np.iinfo(bits).min) - wide, wide)


def _tensor_verdict(
    output: int, expected: NDArray[np.generic], got: NDArray[np.generic], differs: NDArray[np.bool_]
) -> TensorVerdict:
    lsb = lsb_differences(expected, got)
    counts = np.bincount(np.minimum(lsb, _HISTOGRAM_TOP + 1).ravel())
    return TensorVerdict(
        output=output,
        exact=int((~differs.reshape(len(differs), -1).any(axis=1)).sum()),
        max_lsb=int(lsb.max(initial=0)),
        max_abs=_max_abs(expected, got),
        histogram={_bin(lsb_count): int(count) for lsb_count, count in enumerate(counts) if count},
        is_float=expected.dtype.kind == "f",
    )


def _max_abs(expected: NDArray[np.generic], got: NDArray[np.generic]) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(expected.astype(np.float64) - got.astype(np.float64))
    return float(np.nan_to_num(distance, nan=0.0).max(initial=0.0))


def _bin(lsb: int) -> str:
    return str(lsb) if lsb <= _HISTOGRAM_TOP else f">{_HISTOGRAM_TOP}"


def _first_bad(
    pairs: list[tuple[NDArray[np.generic], NDArray[np.generic]]], differing: list[NDArray[np.bool_]], sample: int
) -> FirstBad:
    output = next(i for i, differs in enumerate(differing) if differs[sample].any())
    element = tuple(int(i) for i in np.argwhere(differing[output][sample])[0])
    expected, got = (array[sample][element] for array in pairs[output])
    return FirstBad(sample, output, element, plain(expected), plain(got))


def plain(value: np.generic) -> float | int | str:
    """A numpy scalar as JSON has it."""
    number = value.item()
    return number if isinstance(number, int) or np.isfinite(number) else str(number)
