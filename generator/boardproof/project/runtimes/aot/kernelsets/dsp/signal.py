"""Signals with the DSP extension: two numbers of int16 at a time, and sums of products that are not negative."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.model.operators.signal import (
    SignalEnergy,
    SignalFftAutoScale,
    SignalFilterBank,
    SignalRfft,
    SignalWindow,
)
from boardproof.project.runtimes.aot.operators.signal.fft import lower_rfft, radices
from boardproof.project.runtimes.aot.operators.signal.filter_bank import lower_filter_bank
from boardproof.project.runtimes.aot.operators.signal.spectrum import (
    lower_auto_scale,
    lower_energy,
    lower_signal_window,
)

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.runtimes.aot.program import Step

Signal = SignalEnergy | SignalFftAutoScale | SignalFilterBank | SignalRfft | SignalWindow
"""Operators that have such kernels."""

_HEADER = "nn_signal_dsp.h"


def choose_signal(op: Signal, graph: Graph) -> Step | None:
    """The same step with the kernel that takes pairs; None where numbers are odd, or others than it takes."""
    data = graph.tensors[op.input]
    match op:
        case SignalWindow() if graph.tensors[op.inputs[1]].elements % 2 == 0:
            step = lower_signal_window(op, graph)
        case SignalFftAutoScale() if data.elements % 2 == 0:
            step = lower_auto_scale(op, graph)
        case SignalEnergy():
            step = lower_energy(op, graph)
        case SignalFilterBank() if all(_none_negative(graph.tensors[i]) for i in op.inputs[1:3]):
            step = lower_filter_bank(op, graph)
        case SignalRfft() if data.dtype is DType.INT16 and _has_pairs(op, data.shape[-1]):
            step = lower_rfft(op, graph)
        case _:
            return None
    return replace(step, kernel=f"{step.kernel}_dsp", header=_HEADER)


def _none_negative(weights: Tensor) -> bool:
    return bool((weights.array().astype(np.int64) >= 0).all())


def _has_pairs(op: SignalRfft, size: int) -> bool:
    return size % 2 == 0 and set(radices(op.fft_length // 2) or (0,)) <= {2, 4}
