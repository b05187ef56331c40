"""Signal operators that are refused or warned of: what is said, and how the file is read."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.preflight import Severity
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import is_stateful
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm.resolver import all_uses
from support.flatbuffer_models import ModelBuilder
from support.operators_signal import options


def network(name, inputs, outputs, constants=(), custom_options=None, **values):
    """One operator; tensors as (shape, dtype)."""
    builder = ModelBuilder()
    given = [builder.add_tensor(shape, dtype) for shape, dtype in inputs]
    fixed = [builder.add_tensor(array.shape, str(array.dtype), data=array) for array in constants]
    results = [builder.add_tensor(shape, dtype) for shape, dtype in outputs]
    written = options(**values) if custom_options is None else custom_options
    builder.add_operator("CUSTOM", [*given, *fixed], results, custom_code=name, custom_options=written)
    return builder.build(given, results)


def findings(data):
    return AotRuntime().check(read_tflite(data), BOARDS["native"], Options())


def refused(data):
    with pytest.raises(InputError) as caught:
        read_tflite(data)
    assert caught.value.hint
    return caught.value.message


def rfft(length, size=None, **values):
    form = {"T": 7, "fft_length": length} | values
    tensors = [((size or length,), "int16")], [((length + 2,), "int16")]
    return network("SignalRfft", *tensors, **form)


@pytest.mark.parametrize("length", [2, 14, 15, 22])
def test_lengths_that_crash_tensorflow_lite_micro(length):
    (finding,) = findings(rfft(length))
    assert finding.severity is Severity.ERROR
    assert f"has length {length}: half of it must be a product of 2, 3 and 5" in finding.message
    assert finding.hint == "Take the next power of two."


def test_lengths_beyond_the_order_table():
    (finding,) = findings(rfft(1 << 17))
    assert "up to 65536 are compiled" in finding.message


def test_options_of_other_names():
    assert "its options are fft_length, not T, fft_length" in refused(rfft(8, custom_options=options(fft_length=8)))


def test_options_that_cannot_be_read():
    assert "in operator 0 (SignalRfft), its options cannot be read: they hold no map" in refused(
        rfft(8, custom_options=b"12345")
    )


def test_options_beyond_32_bits():
    assert "one of its options does not fit in 32 bits" in refused(rfft(8, T=1 << 40))


def test_inputs_longer_than_the_transform():
    assert "a transform of 8 does not take the input [9]" in refused(rfft(8, size=9))


def test_bands_that_leave_the_spectrum():
    tables = [np.ones(4, np.int16)] * 2 + [np.array(t, np.int16) for t in ([0, 7], [0, 0], [1, 2])]
    data = network("SignalFilterBank", [((8,), "uint32")], [((1,), "uint64")], tables, num_channels=1)
    assert "the band 7 to 9 leaves its input or its weights" in refused(data)


def energy(begin, end):
    form = {"start_index": begin, "end_index": end}
    return network("SignalEnergy", [((16,), "int16")], [((8,), "uint32")], **form)


def test_energies_that_nobody_computed():
    (finding,) = findings(energy(2, 8))
    assert finding.severity is Severity.WARNING
    assert "computes 2 to 8 of 8 energies, and something reads the others" in finding.message
    assert finding.hint
    assert not findings(energy(0, 8))


def test_frames_that_are_not_valid():
    def framer(prefill):
        form = {"frame_size": 8, "frame_step": 4, "prefill": prefill}
        return network("SignalFramer", [((4,), "int16")], [((1, 8), "int16"), ((), "bool")], **form)

    (finding,) = findings(framer(False))
    assert finding.severity is Severity.WARNING
    assert "without asking whether it did" in finding.message
    assert finding.hint == "Choose by its second output, or prefill."
    assert not findings(framer(True))


def test_shifts_that_do_not_exist():
    window = [np.ones(4, np.int16)]
    data = network("SignalWindow", [((4,), "int16")], [((4,), "int16")], window, shift=32)
    (finding,) = findings(data)
    assert "has shift 32, not 0 to 31" in finding.message
    assert finding.hint


def test_windows_that_are_computed():
    data = network("SignalWindow", [((4,), "int16"), ((4,), "int16")], [((4,), "int16")], shift=1)
    (finding,) = findings(data)
    assert "as its input 1, which is no constant" in finding.message


def test_networks_that_keep_samples_are_stateful_and_others_are_not():
    delay = network("SignalDelay", [((4,), "int16")], [((4,), "int16")], delay_length=3)
    assert is_stateful(read_tflite(delay))
    assert not is_stateful(read_tflite(rfft(8)))


def test_tensorflow_lite_micro_finds_them_by_name():
    (use,) = all_uses(read_tflite(rfft(8)))
    assert use.is_custom
    assert use.opcode == "SignalRfft"
