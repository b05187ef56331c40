"""Random signal operators, for `support.network`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from flatbuffers import flexbuffers
from hypothesis import strategies as st

from support.network import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.network import Network

_TYPE_NUMBERS = {"float32": 0, "int32": 2, "int16": 7}
_LENGTHS = (4, 6, 8, 10, 12, 16, 20, 24, 30, 32, 36, 40, 48, 50, 60, 64, 72, 90, 96, 100, 128, 240, 256, 512)
_KNOTS = 125


def options(**values: int | bool) -> bytes:
    """A custom operator's options, as TensorFlow writes them."""
    builder = flexbuffers.Builder()
    with builder.Map():
        for name, value in sorted(values.items()):
            (builder.Bool if isinstance(value, bool) else builder.Int)(name, value)
    return bytes(builder.Finish())


def custom(
    net: Network, name: str, inputs: Sequence[int], outputs: Sequence[Activation], **values: int | bool
) -> Activation:
    net.builder.add_operator(
        "CUSTOM",
        inputs,
        [output.index for output in outputs],
        custom_code=name,
        custom_options=options(**values) if values else None,
    )
    return outputs[0]


def _samples(net: Network, shape: Sequence[int], dtype: str = "int16") -> Activation:
    return net.input(shape, 1.0, 0, dtype)


def _plain(net: Network, shape: Sequence[int], dtype: str) -> Activation:
    return Activation(net.builder.add_tensor(shape, dtype), tuple(shape), 0.0, 0)


def _rows(draw: st.DrawFn) -> tuple[int, ...]:
    return tuple(draw(st.lists(st.integers(1, 3), max_size=2)))


def window(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    size = draw(st.integers(1, 40))
    x = _samples(net, (*_rows(draw), size))
    weights = net.constant(net.rng.integers(-(2**15), 2**15, size).astype(np.int16), "int16")
    output = net.tensor(x.shape, 1.0, 0, "int16")
    return custom(net, "SignalWindow", [x.index, weights], [output], shift=draw(st.integers(0, 31)))


def _quieter(draw: st.DrawFn, net: Network, x: Activation) -> Activation:
    """The samples shifted right: random ones always use all bits."""
    weights = net.constant(np.ones(x.shape[-1], np.int16), "int16")
    output = net.tensor(x.shape, 1.0, 0, "int16")
    return custom(net, "SignalWindow", [x.index, weights], [output], shift=draw(st.integers(0, 16)))


def _auto_scaled(draw: st.DrawFn, net: Network) -> tuple[Activation, Activation]:
    x = _samples(net, (draw(st.integers(1, 40)),))
    x = _quieter(draw, net, x) if draw(st.booleans()) else x
    output, bits = net.tensor(x.shape, 1.0, 0, "int16"), _plain(net, (), "int32")
    custom(net, "SignalFftAutoScale", [x.index], [output, bits])
    return output, bits


def auto_scale(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    return draw(st.sampled_from(_auto_scaled(draw, net)))


def rfft(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int16") -> Activation:
    length = draw(st.sampled_from(_LENGTHS))
    size = length if draw(st.booleans()) else draw(st.integers(1, length))
    x = _samples(net, (*_rows(draw), size), dtype)
    output = net.tensor((*x.shape[:-1], length + 2), 1.0, 0, dtype)
    return custom(net, "SignalRfft", [x.index], [output], T=_TYPE_NUMBERS[dtype], fft_length=length)


def irfft(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int16") -> Activation:
    length = draw(st.sampled_from(_LENGTHS))
    x = _samples(net, (*_rows(draw), length + 2), dtype)
    output = net.tensor((*x.shape[:-1], length), 1.0, 0, dtype)
    return custom(net, "SignalIrfft", [x.index], [output], T=_TYPE_NUMBERS[dtype], fft_length=length)


def energy(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    bins = draw(st.integers(1, 40))
    x = _samples(net, (2 * bins,))
    output = _plain(net, (bins,), "uint32")
    begin, end = sorted(draw(st.integers(0, bins)) for _ in range(2))
    if begin == end or draw(st.booleans()):
        return custom(net, "SignalEnergy", [x.index], [output], start_index=0, end_index=bins)
    custom(net, "SignalEnergy", [x.index], [output], start_index=begin, end_index=end)
    signed = _plain(net, (bins,), "int32")
    net.builder.add_operator("CAST", [output.index], [signed.index], in_data_type="UINT32", out_data_type="INT32")
    limits = [net.constant(np.array([value], np.int32), "int32") for value in (begin, end, 1)]
    part = _plain(net, (end - begin,), "int32")
    net.builder.add_operator("STRIDED_SLICE", [signed.index, *limits], [part.index])
    return part


def _filter_bank(draw: st.DrawFn, net: Network) -> Activation:
    bins, channels = draw(st.integers(1, 60)), draw(st.integers(1, 12))
    x = net.input((bins,), 0.0, 0, "uint32")
    widths = net.rng.integers(-1, min(bins, 12) + 1, channels + 1)
    count = int(widths.clip(1).max()) + draw(st.integers(0, 20))
    starts = [int(net.rng.integers(0, bins - max(width, 0) + 1)) for width in widths]
    weight_starts = [int(net.rng.integers(0, count - max(width, 0) + 1)) for width in widths]
    low = draw(st.sampled_from((0, 0, -4096)))
    tables = [net.rng.integers(low, 4097, count) for _ in range(2)] + [starts, weight_starts, widths]
    constants = [net.constant(np.array(table, np.int16), "int16") for table in tables]
    output = _plain(net, (channels,), "uint64")
    return custom(net, "SignalFilterBank", [x.index, *constants], [output], num_channels=channels)


def filter_bank(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    """The sums themselves."""
    return _filter_bank(draw, net)


def square_root(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    sums = _filter_bank(draw, net)
    bits = net.constant(np.array(draw(st.integers(0, 31)), np.int32), "int32")
    index = bits if draw(st.booleans()) else _auto_scaled(draw, net)[1].index
    output = _plain(net, sums.shape, "uint32")
    return custom(net, "SignalFilterBankSquareRoot", [sums.index, index], [output])


def _channels(draw: st.DrawFn, net: Network, count: int) -> Activation:
    """Numbers of any magnitude: energies of a filter bank's order, or all bits."""
    x = net.input((count,), 0.0, 0, "uint32")
    if not draw(st.booleans()):
        return x
    sums = _plain(net, (count,), "uint64")
    tables = ([1] * count, [0] * count, range(count + 1), range(count + 1), [0, *[1] * count])
    constants = [net.constant(np.array(table, np.int16), "int16") for table in tables]
    constants[2:] = [
        net.constant(np.array(table, np.int16), "int16")
        for table in ([0, *range(count)], [0, *range(count)], [0, *[1] * count])
    ]
    custom(net, "SignalFilterBank", [x.index, *constants], [sums], num_channels=count)
    bits = net.constant(np.array(draw(st.integers(0, 16)), np.int32), "int32")
    output = _plain(net, (count,), "uint32")
    return custom(net, "SignalFilterBankSquareRoot", [sums.index, bits], [output])


def spectral_subtraction(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    count = draw(st.integers(1, 20))
    x = _channels(draw, net, count)
    outputs = [_plain(net, (count,), "uint32") for _ in range(2)]
    bits = draw(st.integers(0, 20))
    one = 1 << bits
    smoothing = [draw(st.integers(0, one)) for _ in range(2)]
    custom(
        net,
        "SignalFilterBankSpectralSubtraction",
        [x.index],
        outputs,
        alternate_one_minus_smoothing=one - smoothing[1],
        alternate_smoothing=smoothing[1],
        clamping=draw(st.booleans()),
        min_signal_remaining=draw(st.integers(0, one)),
        num_channels=count,
        one_minus_smoothing=one - smoothing[0],
        smoothing=smoothing[0],
        smoothing_bits=draw(st.integers(0, 12)),
        spectral_subtraction_bits=bits,
    )
    return draw(st.sampled_from(outputs))


def pcan(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    count = draw(st.integers(1, 20))
    signal, noise = _channels(draw, net, count), _channels(draw, net, count)
    gain = net.constant(net.rng.integers(-(2**15), 2**15, _KNOTS).astype(np.int16), "int16")
    output = _plain(net, (count,), "uint32")
    inputs = [signal.index, noise.index, gain]
    return custom(net, "SignalPCAN", inputs, [output], snr_shift=draw(st.integers(0, 40)))


def bank_log(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = _channels(draw, net, draw(st.integers(1, 20)))
    output = net.tensor(x.shape, 1.0, 0, "int16")
    bits, scale = draw(st.integers(0, 31)), draw(st.sampled_from((1, 64, 1600, 65536, -3)))
    return custom(net, "SignalFilterBankLog", [x.index], [output], input_correction_bits=bits, output_scale=scale)


def _where_valid(net: Network, frames: Activation, valid: Activation) -> Activation:
    """Zeros where an output is not valid: TensorFlow Lite Micro leaves there what was there before."""
    zeros = net.builder.add_tensor(frames.shape, "int16", scale=1.0, data=np.zeros(frames.shape, np.int16))
    output = net.tensor(frames.shape, 1.0, 0, "int16")
    net.builder.add_operator("SELECT_V2", [valid.index, frames.index, zeros], [output.index])
    return output


def framer(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    step = draw(st.integers(1, 8))
    prefill = draw(st.booleans())
    size = draw(st.integers(step if prefill else 1, 20))
    x = _samples(net, (*_rows(draw), step * draw(st.integers(1, 3))))
    frames = net.tensor((*x.shape[:-1], x.shape[-1] // step, size), 1.0, 0, "int16")
    valid = _plain(net, (), "bool")
    custom(net, "SignalFramer", [x.index], [frames, valid], frame_size=size, frame_step=step, prefill=prefill)
    if prefill:
        return draw(st.sampled_from((frames, valid)))
    return _where_valid(net, frames, valid)


def overlap_add(draw: st.DrawFn, net: Network, x: Activation | None = None, dtype: str = "int16") -> Activation:
    size, frames = draw(st.integers(1, 12)), draw(st.integers(1, 3))
    step = draw(st.integers(1, size))
    x = _samples(net, (*_rows(draw), frames, size), dtype)
    output = net.tensor((*x.shape[:-2], frames * step), 1.0, 0, dtype)
    return custom(net, "SignalOverlapAdd", [x.index], [output], T=_TYPE_NUMBERS[dtype], frame_step=step)


def stacker(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    channels, left, right = draw(st.integers(1, 6)), draw(st.integers(0, 3)), draw(st.integers(0, 2))
    count = left + right + 1
    step = draw(st.integers(1, count))
    x = _samples(net, (channels,))
    stack, valid = net.tensor((channels * count,), 1.0, 0, "int16"), _plain(net, (), "bool")
    custom(
        net,
        "SignalStacker",
        [x.index],
        [stack, valid],
        num_channels=channels,
        stacker_left_context=left,
        stacker_right_context=right,
        stacker_step=step,
    )
    return _where_valid(net, stack, valid)


def delay(draw: st.DrawFn, net: Network, x: Activation | None = None) -> Activation:
    x = _samples(net, (*_rows(draw), draw(st.integers(1, 12))))
    output = net.tensor(x.shape, 1.0, 0, "int16")
    return custom(net, "SignalDelay", [x.index], [output], delay_length=draw(st.integers(0, 20)))


SIGNAL = {
    "SignalDelay": delay,
    "SignalEnergy": energy,
    "SignalFftAutoScale": auto_scale,
    "SignalFilterBank": filter_bank,
    "SignalFilterBankLog": bank_log,
    "SignalFilterBankSpectralSubtraction": spectral_subtraction,
    "SignalFilterBankSquareRoot": square_root,
    "SignalFramer": framer,
    "SignalIrfft": irfft,
    "SignalIrfft int32": partial(irfft, dtype="int32"),
    "SignalIrfft float32": partial(irfft, dtype="float32"),
    "SignalOverlapAdd": overlap_add,
    "SignalOverlapAdd float32": partial(overlap_add, dtype="float32"),
    "SignalPCAN": pcan,
    "SignalRfft": rfft,
    "SignalRfft int32": partial(rfft, dtype="int32"),
    "SignalRfft float32": partial(rfft, dtype="float32"),
    "SignalStacker": stacker,
    "SignalWindow": window,
}
"""By name."""
