"""TensorFlow Lite Micro's signal operators: custom operators, of which front ends are made.

Shapes: `…` stands for any leading axes, which are worked on one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from boardproof.model.operators.base import Operator

__all__ = [
    "SignalDelay",
    "SignalEnergy",
    "SignalFft",
    "SignalFftAutoScale",
    "SignalFilterBank",
    "SignalFilterBankLog",
    "SignalFilterBankSpectralSubtraction",
    "SignalFilterBankSquareRoot",
    "SignalFramer",
    "SignalIrfft",
    "SignalOverlapAdd",
    "SignalPcan",
    "SignalRfft",
    "SignalStacker",
    "SignalWindow",
]


@dataclass(frozen=True, slots=True)
class SignalWindow(Operator):
    """inputs: samples […,N] int16, window [N] int16. Their products shifted right by `shift`, clamped to int16."""

    opcode: ClassVar[str] = "SignalWindow"
    shift: int


@dataclass(frozen=True, slots=True)
class SignalFftAutoScale(Operator):
    """inputs: samples [N] int16. outputs: samples shifted left as far as they allow, and by how much (scalar int32)."""

    opcode: ClassVar[str] = "SignalFftAutoScale"


@dataclass(frozen=True, slots=True)
class SignalFft(Operator):
    """What both directions have in common: `fft_length` real samples, fft_length / 2 + 1 complex numbers."""

    fft_length: int


@dataclass(frozen=True, slots=True)
class SignalRfft(SignalFft):
    """inputs: samples […,up to fft_length]. outputs: real and imaginary parts in turns, […,fft_length + 2]."""

    opcode: ClassVar[str] = "SignalRfft"


@dataclass(frozen=True, slots=True)
class SignalIrfft(SignalFft):
    """inputs: real and imaginary parts in turns, […,fft_length + 2]. outputs: samples […,fft_length]."""

    opcode: ClassVar[str] = "SignalIrfft"


@dataclass(frozen=True, slots=True)
class SignalEnergy(Operator):
    """inputs: complex numbers as SignalRfft gives them [2N] int16. outputs: squared magnitudes [N] uint32.

    Only those from start_index to before end_index are computed.
    """

    opcode: ClassVar[str] = "SignalEnergy"
    start_index: int
    end_index: int


@dataclass(frozen=True, slots=True)
class SignalFilterBank(Operator):
    """inputs: energies [N] uint32, five int16 tables. outputs: weighted sums [num_channels] uint64.

    The tables: weights and unweights [W]; where each band begins among energies and among weights, and how wide
    it is, [num_channels + 1]. A channel is the weighted sum over its band, and the unweighted one over the band before.
    """

    opcode: ClassVar[str] = "SignalFilterBank"
    num_channels: int


@dataclass(frozen=True, slots=True)
class SignalFilterBankSquareRoot(Operator):
    """inputs: [C] uint64, bits to shift the roots right by (scalar int32). outputs: [C] uint32."""

    opcode: ClassVar[str] = "SignalFilterBankSquareRoot"


@dataclass(frozen=True, slots=True)
class SignalFilterBankSpectralSubtraction(Operator):
    """inputs: [C] uint32. outputs: without the noise, and the noise, [C] uint32. The noise is an estimate that is kept.

    The coefficients have `spectral_subtraction_bits` fractional bits; the alternate ones are for odd channels.
    """

    opcode: ClassVar[str] = "SignalFilterBankSpectralSubtraction"
    alternate_one_minus_smoothing: int
    alternate_smoothing: int
    clamping: int
    min_signal_remaining: int
    num_channels: int
    one_minus_smoothing: int
    smoothing: int
    smoothing_bits: int
    spectral_subtraction_bits: int


@dataclass(frozen=True, slots=True)
class SignalPcan(Operator):
    """inputs: signal and noise [C] uint32, a gain table [125] int16. outputs: [C] uint32, gain controlled."""

    opcode: ClassVar[str] = "SignalPCAN"
    snr_shift: int


@dataclass(frozen=True, slots=True)
class SignalFilterBankLog(Operator):
    """inputs: [C] uint32. outputs: output_scale * ln(input << input_correction_bits) [C] int16."""

    opcode: ClassVar[str] = "SignalFilterBankLog"
    input_correction_bits: int
    output_scale: int


@dataclass(frozen=True, slots=True)
class SignalFramer(Operator):
    """inputs: samples […,F * frame_step] int16. outputs: frames […,F,frame_size] that overlap, whether all are valid.

    Samples are kept for frames to come. `prefill`: zeros come before the first sample, so that all frames are valid.
    """

    opcode: ClassVar[str] = "SignalFramer"
    frame_size: int
    frame_step: int
    prefill: int


@dataclass(frozen=True, slots=True)
class SignalOverlapAdd(Operator):
    """inputs: frames […,F,S]. outputs: samples […,F * frame_step]: frames that overlap, added up."""

    opcode: ClassVar[str] = "SignalOverlapAdd"
    frame_step: int


@dataclass(frozen=True, slots=True)
class SignalStacker(Operator):
    """inputs: [num_channels] int16. outputs: the frames around an earlier one side by side, whether they are valid.

    The first frame stands in for those before it. There is one stack in every `stacker_step` frames.
    """

    opcode: ClassVar[str] = "SignalStacker"
    num_channels: int
    stacker_left_context: int
    stacker_right_context: int
    stacker_step: int

    @property
    def frames(self) -> int:
        """How many frames are side by side."""
        return self.stacker_left_context + self.stacker_right_context + 1


@dataclass(frozen=True, slots=True)
class SignalDelay(Operator):
    """inputs: samples […,N] int16. outputs: the samples of `delay_length` samples ago, zeros at first."""

    opcode: ClassVar[str] = "SignalDelay"
    delay_length: int


SignalOperator = (
    SignalWindow
    | SignalFftAutoScale
    | SignalRfft
    | SignalIrfft
    | SignalEnergy
    | SignalFilterBank
    | SignalFilterBankSquareRoot
    | SignalFilterBankSpectralSubtraction
    | SignalPcan
    | SignalFilterBankLog
    | SignalFramer
    | SignalOverlapAdd
    | SignalStacker
    | SignalDelay
)
"""Any of them."""
