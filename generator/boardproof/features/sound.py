"""Front ends for sound: log-mel energies and mel-frequency cepstral coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.errors import InputError
from boardproof.features.front_end import FrontEnd
from boardproof.features.mel import GAIN_BITS, WEIGHT_BITS, gain_table, mel_filter_bank
from boardproof.features.network import INT16_TYPE, Chain

_WINDOW_BITS = 12
_SUBTRACTION_BITS = 14
_SMOOTHING_BITS = 10
_SMOOTHING, _ODD_SMOOTHING, _LEAST = 0.025, 0.06, 0.05
_GAIN_STRENGTH, _GAIN_OFFSET = 0.95, 80.0
_SNR_BITS = 12
_LOG_BITS = 6
_FULL_RANGE = 666
"""What 256 steps of the features stand for, in logarithms times 64: micro_speech's 25.6 * 26."""

_INT8_MAX = 127
_SHORTEST, _LONGEST = 3, 1 << 14
"""Samples of a window; the shortest transform is of 4."""


@dataclass(frozen=True, slots=True)
class _Sound:
    """Settings that both front ends have."""

    rate: int
    window_ms: float
    stride_ms: float
    channels: int
    low_hz: float
    high_hz: float
    noise_reduction: bool
    gain_control: bool

    @property
    def window(self) -> int:
        return int(self.window_ms * self.rate / 1000)

    @property
    def hop(self) -> int:
        return int(self.stride_ms * self.rate / 1000)

    @property
    def fft_length(self) -> int:
        return 1 << (self.window - 1).bit_length()


def log_mel(
    *,
    rate: int = 16000,
    window_ms: float = 30,
    stride_ms: float = 20,
    channels: int = 40,
    low_hz: float = 125.0,
    high_hz: float = 7500.0,
    noise_reduction: bool = True,
    gain_control: bool = True,
) -> FrontEnd:
    """The logarithms of mel-scaled energies, [channels] int8. The default settings are micro_speech's, bit for bit.

    Args:
        rate: Samples a second.
        window_ms: Milliseconds of a window.
        stride_ms: Milliseconds from one window to the next.
        channels: Energies.
        low_hz: Where the first one begins.
        high_hz: Where the last one ends.
        noise_reduction: Subtract the noise in each channel, which is estimated over time.
        gain_control: Divide by the noise, so that loud and soft sounds are alike. Needs the noise reduction.

    Raises:
        InputError: The settings do not fit each other.
    """
    sound = _Sound(rate, window_ms, stride_ms, channels, low_hz, high_hz, noise_reduction, gain_control)
    chain, source, energies = _log_energies(sound)
    return FrontEnd(chain.build(source, energies), sound.window, sound.hop, rate=rate)


def mfcc(
    *,
    rate: int = 16000,
    window_ms: float = 30,
    stride_ms: float = 20,
    channels: int = 40,
    coefficients: int = 13,
    low_hz: float = 125.0,
    high_hz: float = 7500.0,
    noise_reduction: bool = False,
) -> FrontEnd:
    """Mel-frequency cepstral coefficients, [coefficients] int8: a discrete cosine transform of `log_mel`'s energies.

    The transform is a dense layer. Each coefficient is scaled so that energies at the ends of their range reach those
    of int8. Other arguments and errors as of `log_mel`.
    """
    if not 1 <= coefficients <= channels:
        raise InputError(
            f"{coefficients} coefficients cannot be made of {channels} channels.", "Choose as many, or fewer."
        )
    sound = _Sound(rate, window_ms, stride_ms, channels, low_hz, high_hz, noise_reduction, gain_control=False)
    chain, source, energies = _log_energies(sound)
    places = (np.arange(channels) + 0.5) * math.pi / channels
    cosines = np.cos(np.outer(np.arange(coefficients), places))
    largest = np.abs(cosines).max(axis=1, keepdims=True)
    weights = np.rint(_INT8_MAX * cosines / largest)
    scales = (1 / np.abs(weights).sum(axis=1)).tolist()
    row = chain.reshape(energies, "int8", (1, channels), (1.0, 0))
    output = chain.tensor((1, coefficients), "int8", "coefficients", (1.0, 0))
    options = schema.FullyConnectedOptionsT()
    matrix = chain.constant(weights, "int8", "cosines", scales)
    bias = chain.constant(np.zeros(coefficients), "int32", "bias", scales)
    chain.operator("FULLY_CONNECTED", [row, matrix, bias], output, options)
    flat = chain.reshape(output, "int8", (coefficients,), (1.0, 0))
    return FrontEnd(chain.build(source, flat), sound.window, sound.hop, rate=rate)


def _log_energies(sound: _Sound) -> tuple[Chain, int, int]:
    """The chain up to int8 log energies; its input and its output."""
    if not math.isfinite(sound.window_ms + sound.stride_ms):
        raise InputError(f"A window of {sound.window_ms} ms every {sound.stride_ms} ms is none.", "Give numbers.")
    if not 1 <= sound.hop <= sound.window or not _SHORTEST <= sound.window <= _LONGEST:
        raise InputError(
            f"Windows of {sound.window} samples every {sound.hop} cannot be made.",
            f"Let windows meet or overlap, and have from {_SHORTEST} to {_LONGEST:,} samples.",
        )
    if sound.gain_control and not sound.noise_reduction:
        raise InputError(
            "Gain control needs the estimate of the noise.", "Leave noise_reduction on, or turn gain_control off."
        )
    chain = Chain("log_mel")
    source = chain.tensor((sound.window,), "int16", "samples", (1.0, 0))
    energies = _filtered(chain, source, sound)
    correction_bits = (sound.fft_length.bit_length() - 1) - WEIGHT_BITS // 2
    if sound.noise_reduction:
        energies = _denoised(chain, energies, sound, correction_bits)
    logs = chain.tensor((sound.channels,), "int16", "logarithms", (1.0, 0))
    chain.signal(
        "SignalFilterBankLog",
        [energies],
        [logs],
        input_correction_bits=max(correction_bits, 0),
        output_scale=1 << _LOG_BITS,
    )
    return chain, source, _to_int8(chain, logs)


def _filtered(chain: Chain, source: int, sound: _Sound) -> int:
    """Window, transform, energies, filter bank and square root."""
    angles = 2 * np.pi / sound.window * (np.arange(sound.window) + 0.5)
    hann = np.round((0.5 - 0.5 * np.cos(angles)) * (1 << _WINDOW_BITS))
    windowed = chain.tensor((sound.window,), "int16", "windowed", (1.0, 0))
    chain.signal("SignalWindow", [source, chain.constant(hann, "int16", "window")], [windowed], shift=_WINDOW_BITS)
    scaled = chain.tensor((sound.window,), "int16", "scaled", (1.0, 0))
    bits = chain.tensor((), "int32", "bits")
    chain.signal("SignalFftAutoScale", [windowed], [scaled, bits])
    bins = sound.fft_length // 2 + 1
    spectrum = chain.tensor((2 * bins,), "int16", "spectrum", (1.0, 0))
    chain.signal("SignalRfft", [scaled], [spectrum], T=INT16_TYPE, fft_length=sound.fft_length)
    bank = mel_filter_bank(bins, sound.rate, sound.channels, sound.low_hz, sound.high_hz)
    energies = chain.tensor((bins,), "uint32", "energies")
    chain.signal("SignalEnergy", [spectrum], [energies], start_index=bank.first, end_index=bank.end)
    tables = [chain.constant(table, "int16", name) for name, table in bank.tables]
    sums = chain.tensor((sound.channels,), "uint64", "sums")
    chain.signal("SignalFilterBank", [energies, *tables], [sums], num_channels=sound.channels)
    roots = chain.tensor((sound.channels,), "uint32", "roots")
    return chain.signal("SignalFilterBankSquareRoot", [sums, bits], [roots])


def _denoised(chain: Chain, energies: int, sound: _Sound, correction_bits: int) -> int:
    """Without the noise, and divided by it."""
    one = 1 << _SUBTRACTION_BITS
    clean, noise = (chain.tensor((sound.channels,), "uint32", name) for name in ("signal", "noise"))
    even, odd = int(_SMOOTHING * one), int(_ODD_SMOOTHING * one)
    chain.signal(
        "SignalFilterBankSpectralSubtraction",
        [energies],
        [clean, noise],
        alternate_one_minus_smoothing=one - odd,
        alternate_smoothing=odd,
        clamping=False,
        min_signal_remaining=int(_LEAST * one),
        num_channels=sound.channels,
        one_minus_smoothing=one - even,
        smoothing=even,
        smoothing_bits=_SMOOTHING_BITS,
        spectral_subtraction_bits=_SUBTRACTION_BITS,
    )
    if not sound.gain_control:
        return clean
    table = gain_table(_GAIN_STRENGTH, _GAIN_OFFSET, _SMOOTHING_BITS - correction_bits)
    output = chain.tensor((sound.channels,), "uint32", "controlled")
    gain = chain.constant(table, "int16", "gain")
    shift = GAIN_BITS - correction_bits - _SNR_BITS
    return chain.signal("SignalPCAN", [clean, noise, gain], [output], snr_shift=shift)


def _to_int8(chain: Chain, logs: int) -> int:
    """256 steps for the range of logarithms, rounded; beyond it the ends of int8."""
    wide = chain.cast(logs, "int16", "int32")
    steps = chain.with_number("MUL", wide, "int32", 256)
    rounded = chain.with_number("ADD", steps, "int32", _FULL_RANGE // 2)
    whole = chain.with_number("DIV", rounded, "int32", _FULL_RANGE)
    centred = chain.with_number("ADD", whole, "int32", -128)
    limited = chain.with_number("MAXIMUM", chain.with_number("MINIMUM", centred, "int32", _INT8_MAX), "int32", -128)
    return chain.cast(limited, "int32", "int8", (1.0, 0))
