"""Front ends made from settings: what they compute, on the host, in generated C, and beside floating point."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.features import image, log_mel, mfcc, resample, scaled_window, spectrum
from boardproof.features.mel import gain_table, mel_filter_bank
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from e2e.test_run import reference_model
from support.aot import assert_exact, build_kernels

FRONT_ENDS = {
    "log_mel": (log_mel, {}),
    "log_mel without more": (log_mel, {"noise_reduction": False, "gain_control": False, "rate": 8000, "high_hz": 3800}),
    "log_mel with many channels": (log_mel, {"channels": 80, "window_ms": 25, "stride_ms": 10}),
    "mfcc": (mfcc, {"coefficients": 10}),
    "spectrum": (spectrum, {"window": 50, "hop": 25, "axes": 3, "bands": 6}),
    "scaled_window": (scaled_window, {"window": 30, "hop": 10, "ranges": (4096, 2000, 30000)}),
    "image": (image, {"size": (24, 40), "channels": 3, "to": (10, 10), "grey": True}),
    "image as it is": (image, {"size": (9, 9), "channels": 1, "to": (9, 9)}),
    "image squeezed": (image, {"size": (16, 30), "channels": 3, "to": (20, 12), "crop": False}),
}


def recording(front_end, seed=1, windows=6):
    rng = np.random.default_rng(seed)
    count = front_end.window + (windows - 1) * front_end.hop
    dtype = front_end.graph.input_tensors[0].dtype.numpy
    if dtype == np.uint8:
        return rng.integers(0, 256, (count, front_end.channels)).astype(dtype)
    loud = rng.normal(0, 6000, (count, front_end.channels)) * np.linspace(0, 1, count)[:, None]
    return np.clip(loud, -(2**15), 2**15 - 1).astype(dtype)


@pytest.fixture(scope="module")
def toolchain(tmp_path_factory):
    return build_kernels(tmp_path_factory.mktemp("kernels"), "gcc", "-O1")


@pytest.mark.native
@pytest.mark.parametrize("name", FRONT_ENDS)
def test_compiled_it_computes_the_same(name, toolchain, tmp_path):
    make, settings = FRONT_ENDS[name]
    front_end = make(**settings)
    samples = recording(front_end)
    shape = front_end.graph.input_tensors[0].shape
    starts = range(0, len(samples) - front_end.window + 1, front_end.hop)
    windows = np.stack([samples[start : start + front_end.window] for start in starts]).reshape(len(starts), *shape)
    features = front_end.compute(samples)
    assert len(features) == 6
    np.testing.assert_array_equal(features, run_oracle(front_end.data, Vectors((windows,))).arrays[0])
    assert features.std() > 5, "it depends on what comes in"
    assert_exact(front_end.data, [windows], toolchain, tmp_path)


def test_micro_speech_bit_for_bit():
    reference = Path(reference_model("audio_preprocessor_int8.tflite")).read_bytes()
    front_end = log_mel()
    rng = np.random.default_rng(5)
    quiet_to_loud = rng.normal(0, 1, 16000) * np.geomspace(1, 30000, 16000)
    for samples in (quiet_to_loud, rng.integers(-(2**15), 2**15, 16000), np.zeros(2000)):
        sound = np.clip(samples, -(2**15), 2**15 - 1).astype(np.int16)
        starts = range(0, len(sound) - 479, 320)
        windows = np.stack([sound[start : start + 480] for start in starts])[:, None]
        theirs = run_oracle(reference, Vectors((windows,))).arrays[0]
        np.testing.assert_array_equal(front_end.compute(sound), theirs)


def test_micro_speechs_tables():
    tensors = read_tflite(Path(reference_model("audio_preprocessor_int8.tflite")).read_bytes()).tensors
    constants = {t.array().tobytes() for t in tensors if t.is_constant}
    assert gain_table(0.95, 80.0, 7).tobytes() in constants


def test_a_tone_is_in_the_band_of_its_frequency():
    time = np.arange(16000) / 16000
    bank = mel_filter_bank(257, 16000, 40, 125, 7500)
    front_end = log_mel(noise_reduction=False, gain_control=False)
    for hertz in (400, 1000, 3000):
        tone = (8000 * np.sin(2 * math.pi * hertz * time)).astype(np.int16)
        loudest = int(front_end.compute(tone).astype(int).mean(axis=0).argmax())
        begin = bank.starts[loudest] * 31.25
        end = (bank.starts[loudest + 1] + bank.widths[loudest + 1]) * 31.25
        assert begin - 31.25 <= hertz <= end + 31.25


def test_coefficients_are_a_cosine_transform():
    plain = log_mel(noise_reduction=False, gain_control=False)
    transform = mfcc(coefficients=8)
    sound = recording(plain, windows=12)[:, 0]
    energies = plain.compute(sound).astype(float)
    places = np.outer(np.arange(8), np.arange(40) + 0.5) * math.pi / 40
    cosines = np.cos(places)
    expected = energies @ (cosines / np.abs(cosines).sum(axis=1, keepdims=True)).T
    np.testing.assert_allclose(transform.compute(sound), expected, atol=1.5)


def test_vibration_is_in_the_band_of_its_frequency():
    front_end = spectrum(window=128, hop=64, axes=2, bands=8)
    time = np.arange(512)
    sound = np.stack([3000 * np.sin(2 * math.pi * 0.08 * time), 3000 * np.sin(2 * math.pi * 0.4 * time)], axis=1)
    bands = front_end.compute(sound.astype(np.int16)).reshape(-1, 2, 8).mean(axis=0)
    assert bands.argmax(axis=1).tolist() == [1, 6]  # of eight from 0 to 0.5


def test_windows_are_scaled_axis_by_axis():
    front_end = scaled_window(window=4, hop=2, ranges=(1000, 4000))
    features = front_end.compute(np.array([[500, 500]] * 4 + [[-2000, 4000]] * 4, np.int16))
    assert features.shape == (3, 4, 2)
    assert features[0].tolist() == [[63, 15]] * 4
    assert features[2, 2:].tolist() == [[-128, 127]] * 2


def test_pictures_are_cut_in_the_middle_and_grey():
    picture = np.zeros((1, 8, 16, 3), np.uint8)
    picture[0, :, 4:12] = (255, 255, 255)
    front_end = image(size=(8, 16), channels=3, to=(4, 4), grey=True)
    features = front_end.compute(picture.reshape(1, -1))
    assert features.shape == (1, 1, 4, 4, 1)
    assert (features == 127).all()


REFUSED = {
    "log_mel": [
        ({"high_hz": 9000}, "does not fit in a spectrum up to 8000 Hz", "half the sample rate"),
        ({"stride_ms": 40}, "Windows of 480 samples every 640", "meet or overlap"),
        ({"noise_reduction": False}, "Gain control needs the estimate", "gain_control off"),
        ({"channels": 0}, "cannot have 0 channels", "1 or more"),
        ({"window_ms": 0.125, "stride_ms": 0.125}, "Windows of 2 samples every 2", "from 3 to 16,384 samples"),
        ({"window_ms": math.nan}, "A window of nan ms", "Give numbers"),
    ],
    "mfcc": [({"coefficients": 50}, "50 coefficients cannot be made of 40", "or fewer")],
    "spectrum": [({"bands": 40}, "A spectrum of 33 lines has no 40 bands", "longer window")],
    "scaled_window": [({"ranges": (100,)}, "not all above 127", "one for each axis")],
    "image": [({"channels": 2}, "cannot become", "channels 1 or 3")],
}


@pytest.mark.parametrize(("name", "case"), [(name, i) for name, cases in REFUSED.items() for i in range(len(cases))])
def test_settings_that_do_not_fit(name, case):
    changes, words, hint = REFUSED[name][case]
    make, settings = FRONT_ENDS[name]
    with pytest.raises(InputError) as caught:
        make(**settings | changes)
    assert words in caught.value.message
    assert hint in caught.value.hint


def test_samples_of_another_type_or_shape():
    front_end = scaled_window(window=4, hop=2, ranges=(1000, 4000))
    for samples in (np.zeros((8, 3), np.int16), np.zeros((8, 2))):
        with pytest.raises(InputError) as caught:
            front_end.compute(samples)
        assert "takes 2 channels of int16" in caught.value.message
        assert caught.value.hint


def test_too_short_a_recording_has_no_windows(tmp_path):
    front_end = log_mel()
    for samples in (0, 479):
        assert front_end.compute(np.zeros(samples, np.int16)).shape == (0, 40)
    assert resample(np.zeros((0, 3), np.int16), 8000, 16000).shape == (0, 3)
    front_end.save(tmp_path / "front.tflite")
    assert (tmp_path / "front.tflite").read_bytes() == front_end.data
    with pytest.raises(InputError) as caught:
        front_end.save(tmp_path / "no folder" / "front.tflite")
    assert "cannot be written" in caught.value.message
    assert caught.value.hint == "Choose a place that exists and can be written."


def test_recordings_of_another_rate():
    samples = np.random.default_rng(5).integers(-9000, 9000, 12000).astype(np.int16)
    front_end = log_mel(rate=16000)
    given = front_end.compute(samples, sensor_rate=48000)
    np.testing.assert_array_equal(given, front_end.compute(resample(samples, 48000, 16000)))
    np.testing.assert_array_equal(front_end.compute(samples, sensor_rate=16000), front_end.compute(samples))
    with pytest.raises(InputError) as caught:
        scaled_window(window=4, hop=4, ranges=[1000]).compute(samples, sensor_rate=100)
    assert "does not know its own rate" in caught.value.message
    assert "rate, in samples a second" in caught.value.hint
    with pytest.raises(InputError) as caught:
        resample(samples.astype(np.float32), 48000, 16000)
    assert "Samples of float32 are not resampled" in caught.value.message
    assert "int16" in caught.value.hint


def test_a_range_that_hardly_exceeds_a_byte_keeps_its_sign():
    samples = np.array([[126], [-126]], np.int16)
    computed = scaled_window(window=2, hop=2, ranges=(127.001,)).compute(samples)
    np.testing.assert_array_equal(computed.reshape(-1), [125, -126])  # rounded down
