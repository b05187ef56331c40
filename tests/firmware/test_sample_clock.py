"""How many samples of a polled sensor were lost: a sensor that keeps its last one, simulated to the microsecond."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from boardproof.project.resources import resource

pytestmark = pytest.mark.native

PERIOD = 8403
"""Microseconds, of 119 samples a second."""


class Clock(ctypes.Structure):
    """struct sample_clock."""

    _fields_ = (("ready", ctypes.c_uint32), ("runs", ctypes.c_bool))


@pytest.fixture(scope="module")
def missed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clock")
    source = '#include "sample_clock.h"\nuint32_t missed(struct sample_clock *c, uint32_t n, uint32_t p);\n'
    source += "uint32_t missed(struct sample_clock *c, uint32_t n, uint32_t p) { return samples_missed(c, n, p); }\n"
    (folder / "clock.c").write_text(source)
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC", "-fsanitize=undefined"]
    command = ["gcc", *flags, f"-I{resource('firmware/sensors')}", str(folder / "clock.c"), "-o", str(folder / "c.so")]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(folder / "c.so")).missed


def polled(missed, period, polls):
    """(samples that were said to be missing, samples that were) of a sensor that is polled at these microseconds."""
    clock, told, lost, last = Clock(), 0, 0, 0
    for now in polls:
        newest = int(now / period)
        if newest > last:
            told += missed(ctypes.byref(clock), now & 0xFFFFFFFF, PERIOD)
            lost += newest - last - 1 if last else 0
            last = newest
    return told, lost


@pytest.mark.parametrize("off", [0.97, 0.99, 1.0, 1.01, 1.03])
def test_nothing_is_missing_where_every_sample_is_fetched(missed, off):
    """Though its clock is off, and some polls come most of a period late; beyond 2^32 microseconds, too."""
    rng = np.random.default_rng(int(100 * off))
    begin = 2**32 - 10_000_000
    polls = begin + np.cumsum(rng.choice([300, 700, 5000], 20_000, p=[0.6, 0.35, 0.05]))
    assert polled(missed, off * PERIOD, polls.tolist()) == (0, 0)


@pytest.mark.parametrize("off", [0.97, 1.0, 1.03])
@pytest.mark.parametrize("seed", range(5))
def test_long_waits_are_counted(missed, off, seed):
    """Ten waits of up to 40 periods: within one sample for each, and a twentieth for the sensor's own clock."""
    rng = np.random.default_rng(seed)
    steps = rng.choice([300, 700], 20_000)
    steps[rng.choice(20_000, 10, replace=False)] = rng.integers(2 * PERIOD, 40 * PERIOD, 10)
    told, lost = polled(missed, off * PERIOD, np.cumsum(steps).tolist())
    assert lost > 100
    assert abs(told - lost) <= 10 + lost // 20
