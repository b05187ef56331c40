"""SignalRfft and SignalIrfft: their stages, the order of their numbers and their factors, all worked out here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operands import SUFFIXES, flow_text
from boardproof.project.runtimes.aot.operators.signal.common import same_type
from boardproof.project.runtimes.aot.program import Params, Step, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph
    from boardproof.model.operators.signal import SignalFft
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.entry import Entry
    from boardproof.project.runtimes.aot.program import Fields

FFT_STAGES = 16
"""NN_FFT_STAGES in nn_signal_fft.h."""

RADICES = (4, 2, 3, 5)
"""In the order in which they are divided out."""

_LENGTHS = "half the length is a product of 2, 3 and 5"
_MAX_LENGTH = 1 << 16

_ONE = {DType.INT16: 2**15 - 1, DType.INT32: 2**31 - 1}
"""What stands for 1."""


def lower_rfft(op: SignalFft, graph: Graph) -> Step:
    """One nn_signal_rfft_s16, _s32 or _f32."""
    return _step(op, graph, "rfft", inverse=False)


def lower_irfft(op: SignalFft, graph: Graph) -> Step:
    """One nn_signal_irfft_s16, _s32 or _f32."""
    return _step(op, graph, "irfft", inverse=True)


def _step(op: SignalFft, graph: Graph, name: str, *, inverse: bool) -> Step:
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=f"nn_signal_{name}_{SUFFIXES[data.dtype]}",
        header="nn_signal_fft.h",
        params=Params("nn_signal_fft", fft_fields(op, graph, inverse=inverse)),
        inputs=(op.input,),
        outputs=(op.output,),
        scratch_bytes=op.fft_length * data.dtype.size_bytes if inverse else None,
        description=f"{flow_text(data, output)}, {data.dtype}, radices {radices(op.fft_length // 2)}",
    )


def fft_fields(op: SignalFft, graph: Graph, *, inverse: bool) -> Fields:
    """Struct nn_signal_fft."""
    data = graph.tensors[op.input]
    size = op.fft_length // 2
    stages = radices(size) or ()
    way = 1 if inverse else -1
    return (
        ("rows", data.elements // data.shape[-1]),
        ("input_size", data.shape[-1]),
        ("length", op.fft_length),
        ("radix", stages + (0,) * (FFT_STAGES - len(stages))),
        ("order", Table("order", input_order(stages), "where the innermost stage's numbers come from")),
        ("twiddles", Table("twiddles", twiddles(size, way, data.dtype), "factors of the stages")),
        ("split", Table("split", split_factors(size, way, data.dtype), "factors that part even and odd samples")),
    )


def radices(size: int) -> tuple[int, ...] | None:
    """A transform's stages, outermost first; None if it has other prime factors than 2, 3 and 5."""
    found: list[int] = []
    for radix in RADICES:
        while size % radix == 0:
            found.append(radix)
            size //= radix
    return tuple(found) if size == 1 else None


def input_order(stages: Sequence[int]) -> NDArray[np.uint16]:
    """The number that each place of the innermost stage begins with: the digits of the place, backwards."""
    order = np.zeros(1, np.int64)
    for radix in reversed(stages):
        order = np.concatenate([order * radix + digit for digit in range(radix)])
    return order.astype(np.uint16)


def twiddles(size: int, way: int, dtype: DType) -> NDArray[np.generic]:
    """exp(way * 2 pi i k / size) for all k, as pairs [size, 2]."""
    return _pairs([way * 2 * math.pi * k / size for k in range(size)], dtype)


def split_factors(size: int, way: int, dtype: DType) -> NDArray[np.generic]:
    """exp(way * pi i ((k + 1) / size + 1 / 2)) for the first half of all k, as pairs."""
    return _pairs([way * math.pi * ((k + 1) / size + 0.5) for k in range(size // 2)], dtype)


def _pairs(phases: Sequence[float], dtype: DType) -> NDArray[np.generic]:
    pairs = np.array([(math.cos(phase), math.sin(phase)) for phase in phases])
    if dtype is DType.FLOAT32:
        return pairs.astype(np.float32)
    return np.floor(0.5 + _ONE[dtype] * pairs).astype(dtype.numpy)


def check_fft(op: SignalFft, subject: Subject) -> Iterator[Finding]:
    """Half the length has only the prime factors 2, 3 and 5, without which TensorFlow Lite Micro crashes."""
    size = op.fft_length // 2
    stages = radices(size)
    if op.fft_length % 2 or size < 2 or stages is None or len(stages) > FFT_STAGES:  # noqa: PLR2004 no stage at all
        what = f"has length {op.fft_length}: half of it must be a product of 2, 3 and 5, with which TensorFlow Lite "
        yield subject.error("unsupported-option", what + "Micro's transforms end", "Take the next power of two.")
    elif op.fft_length > _MAX_LENGTH:
        what = f"has length {op.fft_length}, and up to {_MAX_LENGTH} are compiled"
        yield subject.error("unsupported-option", what, "Use shorter windows.")


ENTRIES: Mapping[str, Entry] = {
    "SignalIrfft": same_type(lower_irfft, DType.INT16, DType.INT32, DType.FLOAT32, check=check_fft, limits=_LENGTHS),
    "SignalRfft": same_type(lower_rfft, DType.INT16, DType.INT32, DType.FLOAT32, check=check_fft, limits=_LENGTHS),
}
"""By the operator's name."""
