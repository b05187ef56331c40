"""Recordings: tables with any separator, sound that is cut short or of another form, and what is said of others."""

from __future__ import annotations

import wave

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.model.recordings import Form, read_recording, write_recording

SOUND = Form(8000, DType.INT16, (1,))
MOTION = Form(50, DType.INT16, (3,), scale=1000.0)
VALUES = np.array([[1, -2000, 500], [0, 32767, -32768]], np.int16)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("header", ["", "x{0}y{0}z\n", "\ufeffx{0}y{0}z\r\n"])
def test_tables(mark, header, tmp_path):
    path = tmp_path / "motion.csv"
    path.write_text(header.format(mark) + f"0.001{mark}-2{mark}0.5\n0{mark} 99{mark}-99\n", encoding="utf-8")
    np.testing.assert_array_equal(read_recording(path, MOTION).samples, VALUES)


def refused(path, form=MOTION):
    with pytest.raises(InputError) as caught:
        read_recording(path, form)
    return caught.value


BAD_TABLES = {
    "1,2\n": ("number 3 of line 1 is missing", "commas, semicolons or tabs"),
    "x,y,z\n1,2,3\n1,two,3\n": ("number 2 of line 3 is 'two', which is no number", "with a point"),
    "1,nan,3\n": ("numbers that are not finite", "Leave out"),
    "time,x,y,z\n0,1,2,3\n": ("samples of (4,) numbers; the application takes 3", "Name the right columns"),
    "x,y,z\n": ("holds no samples", "Record again"),
    "": ("holds no samples", "Record again"),
}


@pytest.mark.parametrize("text", BAD_TABLES)
def test_tables_that_cannot_be_read(text, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    error = refused(tmp_path / "a.csv")
    message, hint = BAD_TABLES[text]
    assert message in error.message
    assert hint in error.hint


def write_wave(path, data, channels=1, width=2, rate=8000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


def test_sound_of_another_form(tmp_path):
    error = refused(write_wave(tmp_path / "a.wav", bytes(80), channels=2), SOUND)
    assert "has 2 channels of 16 bits; the application takes 1 of int16" in error.message
    assert error.hint == "Convert it: `sox a.wav -b 16 -e signed-integer -c 1 out.wav`."
    error = refused(write_wave(tmp_path / "b.wav", bytes(80)), Form(8000, DType.INT8, (1,)))
    assert "put a front end before its network" in error.hint


def test_sound_of_real_numbers(tmp_path):
    """As Audacity exports it: format 3 in the header."""
    path = write_wave(tmp_path / "a.wav", bytes(80))
    data = bytearray(path.read_bytes())
    data[20] = 3
    path.write_bytes(data)
    error = refused(path, SOUND)
    assert error.message == f"The sound of {path} is not stored as plain whole numbers (unknown format: 3)."
    assert error.hint == "Convert it: `sox a.wav -b 16 -e signed-integer -c 1 out.wav`."


def test_sound_that_is_cut_short(tmp_path):
    path = write_wave(tmp_path / "a.wav", bytes(2000))
    path.write_bytes(path.read_bytes()[:-600])
    error = refused(path, SOUND)
    assert "is cut short: it has 700 of the 1,000 samples that it promises" in error.message
    assert "Copy it again" in error.hint


@pytest.mark.parametrize("rate", [0, 49.5, -1, np.nan, np.inf, "fast", [50, 50]])
def test_rates_that_are_none(rate, tmp_path):
    np.savez(tmp_path / "a.npz", x=VALUES, rate=rate)
    error = refused(tmp_path / "a.npz")
    assert "no whole number of samples a second" in error.message
    assert "Save one number as rate" in error.hint


def test_other_rates_are_resampled(tmp_path):
    samples = np.random.default_rng(1).integers(-999, 999, (400, 3)).astype(np.int16)
    write_recording(tmp_path / "a.npz", samples, 100)
    found = read_recording(tmp_path / "a.npz", MOTION)
    assert (found.rate, len(found.samples)) == (100, 188)  # half a filter, 24 samples, is not behind the last ones
    write_recording(tmp_path / "short.npz", samples[:24], 100)
    assert "too short to be resampled" in refused(tmp_path / "short.npz").message
    assert "Only samples of int16 are resampled" in refused(tmp_path / "a.npz", Form(50, DType.INT8, (3,))).hint


@pytest.mark.parametrize(
    "x",
    [np.int16(3), np.array(["a", "b"]), np.zeros((0, 3)), np.zeros(4, complex)],
    ids=["one", "text", "none", "complex"],
)
def test_arrays_that_hold_no_samples(x, tmp_path):
    np.savez(tmp_path / "a.npz", x=x)
    error = refused(tmp_path / "a.npz")
    assert "holds no samples" in error.message
    assert error.hint
    with (tmp_path / "b.npz").open("wb") as file:
        np.save(file, VALUES)
    assert "cannot be read" in refused(tmp_path / "b.npz").message


def test_columns_of_different_lengths(tmp_path):
    np.savez(tmp_path / "a.npz", a=np.zeros(3), b=np.zeros(4))
    error = refused(tmp_path / "a.npz", Form(50, DType.INT16, (2,), ("a", "b")))
    assert "a is float64 [3], b is float64 [4]" in error.message
    assert "as many rows in each" in error.hint


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=80) | st.text('0123456789.,;\t\n"naif-e+x\r\x00\x85', max_size=80).map(str.encode),
    st.sampled_from((".csv", ".wav", ".npz")),
)
def test_any_bytes_are_a_recording_or_an_error(tmp_path, data, suffix):
    path = tmp_path / f"any{suffix}"
    path.write_bytes(data)
    try:
        found = read_recording(path, MOTION)
    except InputError as error:
        assert error.hint  # noqa: PT017 bytes that can be read raise nothing
    else:
        assert found.samples.shape[1] == 3
        assert found.samples.dtype == np.int16
