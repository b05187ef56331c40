"""Shapes of the operators of operators/signal.py, and their options as far as these decide what memory is touched."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.operators.signal import (
    SignalDelay,
    SignalEnergy,
    SignalFftAutoScale,
    SignalFilterBank,
    SignalFilterBankLog,
    SignalFilterBankSpectralSubtraction,
    SignalFilterBankSquareRoot,
    SignalFramer,
    SignalIrfft,
    SignalOverlapAdd,
    SignalPcan,
    SignalRfft,
    SignalStacker,
    SignalWindow,
)
from boardproof.model.shapes.rules import MisfitError, constant_ints, require_output, require_rank

if TYPE_CHECKING:
    from boardproof.model.graph import Operator, Tensor
    from boardproof.model.operators.signal import SignalFft
    from boardproof.model.shapes.rules import Fit, Rules

GAIN_TABLE = 125
"""Entries of SignalPCAN's table: three coefficients for each power of two, after the first three values."""

_LARGEST = 1 << 20
"""Far beyond what a board holds; sizes made from options stay within 32 bits."""


def fit_signal_window(operator: SignalWindow, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The window goes over the input a whole number of times."""
    require_rank(fit.inputs[1].shape, 1)
    size = fit.inputs[1].elements
    if not fit.data or not size or fit.inputs[0].elements % size:
        raise MisfitError(f"a window of {size} does not fit the input {list(fit.data)}")
    require_output(fit.output, fit.data)


def fit_auto_scale(operator: Operator, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """One axis, and a scalar beside it."""
    require_rank(fit.data, 1)
    require_output(fit.output, fit.data)
    require_output(fit.outputs[1].shape, ())


def fit_rfft(operator: SignalRfft, fit: Fit) -> None:
    """Transforms of up to so many samples."""
    _require_length(operator)
    if not fit.data or not 1 <= fit.data[-1] <= operator.fft_length:
        raise MisfitError(f"a transform of {operator.fft_length} does not take the input {list(fit.data)}")
    require_output(fit.output, (*fit.data[:-1], operator.fft_length + 2))


def fit_irfft(operator: SignalFft, fit: Fit) -> None:
    """As many numbers as the forward transform gives."""
    _require_length(operator)
    if not fit.data or fit.data[-1] != operator.fft_length + 2:
        raise MisfitError(f"a transform back to {operator.fft_length} does not take the input {list(fit.data)}")
    require_output(fit.output, (*fit.data[:-1], operator.fft_length))


def _require_length(operator: SignalFft) -> None:
    if not 2 <= operator.fft_length <= _LARGEST:  # noqa: PLR2004 the shortest there is
        raise MisfitError(f"its transforms have length {operator.fft_length}")


def fit_energy(operator: SignalEnergy, fit: Fit) -> None:
    """Pairs become one each; the range is within."""
    require_rank(fit.data, 1)
    require_output(fit.output, (fit.data[0] // 2,))
    if not 0 <= operator.start_index <= operator.end_index <= fit.output[0]:
        raise MisfitError(f"its range {operator.start_index} to {operator.end_index} leaves the {fit.output[0]} bins")


def fit_filter_bank(operator: SignalFilterBank, fit: Fit) -> None:
    """Bands within the input, weights within their tables, as far as they are constants."""
    require_rank(fit.data, 1)
    require_output(fit.output, (operator.num_channels,))
    tables = fit.inputs[1:]
    for table in tables:
        require_rank(table.shape, 1)
    if any(table.elements <= operator.num_channels for table in tables[2:]):
        raise MisfitError(f"there are too few bands for {operator.num_channels} channels")
    bands, starts, widths = (_first(table, operator.num_channels + 1) for table in tables[2:])
    weights = min(tables[0].elements, tables[1].elements)
    for band, start, width in zip(bands, starts, widths, strict=True):
        if width > 0 and not (0 <= band <= fit.data[0] - width and 0 <= start <= weights - width):
            raise MisfitError(f"the band {band} to {band + width} leaves its input or its weights")


def _first(table: Tensor, count: int) -> list[int]:
    """Its first values; zeros where it is no constant, which the runtimes refuse."""
    return (constant_ints(table) or [0] * count)[:count]


def fit_square_root(operator: Operator, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """One axis, and a scalar beside it."""
    require_rank(fit.data, 1)
    require_rank(fit.inputs[1].shape, 0)
    require_output(fit.output, fit.data)


def fit_spectral_subtraction(operator: SignalFilterBankSpectralSubtraction, fit: Fit) -> None:
    """All tensors have one element for each channel."""
    for tensor in (fit.inputs[0], *fit.outputs):
        require_output(tensor.shape, (operator.num_channels,))


def fit_pcan(operator: SignalPcan, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """All tensors have one element for each channel; the table has its size."""
    require_rank(fit.data, 1)
    require_output(fit.inputs[1].shape, fit.data)
    require_output(fit.output, fit.data)
    if fit.inputs[2].shape != (GAIN_TABLE,):
        raise MisfitError(f"the gain table has shape {list(fit.inputs[2].shape)}, not {[GAIN_TABLE]}")


def fit_channels(operator: Operator, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """One axis, as long before as after."""
    require_rank(fit.data, 1)
    require_output(fit.output, fit.data)


def fit_framer(operator: SignalFramer, fit: Fit) -> None:
    """The input is a whole number of steps."""
    size, step = operator.frame_size, operator.frame_step
    if not (1 <= step <= _LARGEST and 1 <= size <= _LARGEST) or (operator.prefill and step > size):
        raise MisfitError(f"its frames of {size} begin every {step} samples")
    if not fit.data or fit.data[-1] < step or fit.data[-1] % step:
        raise MisfitError(f"the input {list(fit.data)} is not a whole number of steps of {step}")
    require_output(fit.output, (*fit.data[:-1], fit.data[-1] // step, size))
    require_output(fit.outputs[1].shape, ())


def fit_overlap_add(operator: SignalOverlapAdd, fit: Fit) -> None:
    """A step of every frame comes out."""
    if len(fit.data) < 2 or not 1 <= operator.frame_step <= fit.data[-1]:  # noqa: PLR2004 frames and their samples
        raise MisfitError(f"frames of {list(fit.data)} do not begin every {operator.frame_step} samples")
    require_output(fit.output, (*fit.data[:-2], fit.data[-2] * operator.frame_step))


def fit_stacker(operator: SignalStacker, fit: Fit) -> None:
    """Frames side by side."""
    options = (operator.stacker_left_context, operator.stacker_right_context, operator.stacker_step)
    if min(*options[:2], operator.num_channels - 1) < 0 or not 1 <= operator.stacker_step <= operator.frames:
        raise MisfitError(f"it cannot stack {operator.frames} frames every {operator.stacker_step}")
    if prod((operator.num_channels, operator.frames)) > _LARGEST:
        raise MisfitError(f"it stacks {operator.frames} frames of {operator.num_channels}")
    require_output(fit.data, (operator.num_channels,))
    require_output(fit.output, (operator.num_channels * operator.frames,))
    require_output(fit.outputs[1].shape, ())


def fit_delay(operator: SignalDelay, fit: Fit) -> None:
    """As many samples as come in go out."""
    if not fit.data or not 0 <= operator.delay_length <= _LARGEST:
        raise MisfitError(f"an input {list(fit.data)} cannot be delayed by {operator.delay_length}")
    require_output(fit.output, fit.data)


RULES: Rules = {
    SignalDelay: fit_delay,
    SignalEnergy: fit_energy,
    SignalFftAutoScale: fit_auto_scale,
    SignalFilterBank: fit_filter_bank,
    SignalFilterBankLog: fit_channels,
    SignalFilterBankSpectralSubtraction: fit_spectral_subtraction,
    SignalFilterBankSquareRoot: fit_square_root,
    SignalFramer: fit_framer,
    SignalIrfft: fit_irfft,
    SignalOverlapAdd: fit_overlap_add,
    SignalPcan: fit_pcan,
    SignalRfft: fit_rfft,
    SignalStacker: fit_stacker,
    SignalWindow: fit_signal_window,
}
