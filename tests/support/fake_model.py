"""What tests/firmware/fake_model.c computes, and sessions with the device that runs it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.protocol.session import Session
from boardproof.device.reach.process import open_native
from support.link_library import fake_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.device.protocol.pace import Pace
    from boardproof.device.reach.descriptor_link import DescriptorLink

CLASSES = 12
SHORTS = 5
MODEL_SHA256 = "face010203" + "00" * 27
OP_INDICES = (0, 2, 5)
RNG_SEED = 11


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def random_inputs(rng: np.random.Generator, input_bytes: int = 490) -> list[NDArray[np.generic]]:
    image = rng.integers(-128, 128, (1, input_bytes)).astype(np.int8)
    image[rng.random(image.shape) < 0.2] = 0  # zeros are what COBS is about
    return [image, rng.integers(-3000, 3000, (1, SHORTS)).astype(np.int16)]


def op_outputs(inputs: list[NDArray[np.generic]], floats: int = 3) -> list[list[NDArray[np.generic]]]:
    """The outputs of each of the three operators."""
    image, shorts = (array.astype(np.int64).ravel() for array in inputs)
    first = (image * 3 + np.arange(image.size)).astype(np.int8)
    sums = [shorts[j % SHORTS] + first[j::CLASSES].astype(np.int64).sum() for j in range(CLASSES)]
    classes = np.array(sums).astype(np.int8)
    scores = classes ^ np.int8(0x5A)
    positions = np.arange(floats)
    values = classes[positions % CLASSES].astype(np.float32) * np.float32(0.5) + positions.astype(np.float32)
    return [[first[None]], [classes[None]], [scores[None], values[None]]]


def expected_outputs(inputs: list[NDArray[np.generic]], floats: int = 3) -> list[NDArray[np.generic]]:
    return op_outputs(inputs, floats)[-1]


def same(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def open_fake(mode: str = "", input_bytes: int = 490, floats: int = 3) -> DescriptorLink:
    """Starts the device. `mode` makes it misbehave, see fake_device.c."""
    os.environ["FAKE_MODE"] = mode
    try:
        return open_native(fake_device(input_bytes, floats))
    finally:
        del os.environ["FAKE_MODE"]


@contextmanager
def fake_session(
    mode: str = "", input_bytes: int = 490, floats: int = 3, pace: Pace | None = None, log: list[str] | None = None
) -> Iterator[Session]:
    with open_fake(mode, input_bytes, floats) as link:
        yield Session(link, on_log=(log if log is not None else []).append, pace=pace)
