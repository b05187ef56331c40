"""The resampler on the host: what it lets through, that it shifts nothing, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.resampling import COEFFICIENT_BITS, ResampledStream, resampler_between

RATES = ((44100, 16000), (48000, 16000), (16000, 8000), (119, 50), (104, 50), (100, 50), (8000, 16000), (48000, 3000))


def response(resampler):
    """Magnitudes of the whole filter, and their frequencies in parts of the slower rate."""
    prototype = np.zeros(resampler.up * resampler.taps)
    for phase, row in enumerate(resampler.coefficients):
        prototype[np.arange(resampler.taps) * resampler.up + resampler.up - 1 - phase] = row
    count = 1 << (16 * len(prototype) - 1).bit_length()
    magnitudes = np.abs(np.fft.rfft(prototype, count)) / (resampler.up << COEFFICIENT_BITS)
    hertz = np.arange(len(magnitudes)) / count * resampler.up * resampler.given
    return magnitudes, hertz / min(resampler.given, resampler.wanted)


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_what_is_let_through(rates):
    magnitudes, frequencies = response(resampler_between(*rates))
    assert np.abs(20 * np.log10(magnitudes[frequencies <= 0.36])).max() < 0.02
    assert 20 * np.log10(magnitudes[frequencies >= 0.52].max()) < -58


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_what_does_not_change_stays_as_it_is(rates):
    given_rate, wanted = rates
    resampler = resampler_between(*rates)
    assert set(resampler.coefficients.astype(int).sum(axis=1)) == {1 << COEFFICIENT_BITS}
    found = resampler.resample(np.full((500, 2), [-32768, 977], np.int16))
    assert (found[resampler.half * wanted // given_rate + 1 :] == [-32768, 977]).all()


@pytest.mark.parametrize("rates", RATES, ids=str)
def test_nothing_is_shifted(rates):
    given_rate, wanted = rates
    slower = min(rates)
    waves = [np.rint(9000 * np.sin(2 * np.pi * 0.11 * slower * np.arange(3000) / rate)) for rate in rates]
    resampler = resampler_between(*rates)
    found = resampler.resample(waves[0].astype(np.int16)[:, None])[:, 0]
    settled = slice(2 * resampler.half * wanted // given_rate + 1, min(len(found), 3000))
    assert np.abs(found[settled] - waves[1][settled]).max() <= 20
    assert len(found) == -(-(3000 - resampler.half) * resampler.up // resampler.down)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(RATES), st.integers(1, 3), st.lists(st.integers(0, 90), max_size=12), st.integers(0, 2**32))
def test_pieces_change_nothing(rates, channels, pieces, seed):
    resampler = resampler_between(*rates)
    samples = np.random.default_rng(seed).integers(-(2**15), 2**15, (sum(pieces), channels)).astype(np.int16)
    stream, at, found = ResampledStream(resampler), 0, []
    for piece in pieces:
        found.append(stream.feed(samples[at : at + piece]))
        at += piece
    np.testing.assert_array_equal(
        np.concatenate([np.zeros((0, channels), np.int16), *found]), resampler.resample(samples)
    )


@pytest.mark.parametrize("rates", [(41667, 16000), (48000, 44101)])
def test_rates_that_have_too_little_in_common(rates):
    with pytest.raises(InputError) as caught:
        resampler_between(*rates)
    assert f"{rates[0]} samples a second are not resampled to {rates[1]}: the filter would have" in caught.value.message
    assert "a larger common divisor: from 44,100 to 16,000 it is 100, and the filter has 10,880" in caught.value.hint


@pytest.mark.parametrize("rates", [(16000, 999), (16000, 64001), (0, 5), (5, 0), (-1, 1)])
def test_rates_that_are_too_far_apart(rates):
    with pytest.raises(InputError) as caught:
        resampler_between(*rates)
    assert caught.value.message == f"{rates[0]} samples a second are not resampled to {rates[1]}."
    assert "From 16 times the wanted rate down to a 4th of it" in caught.value.hint
