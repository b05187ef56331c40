"""A small application, written as a user would: a front end, a network, boardproof.toml. Sound in, two labels out."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

from support.flatbuffer_models import ModelBuilder
from support.operators_signal import options

if TYPE_CHECKING:
    from pathlib import Path

RATE, WINDOW, HOP, ROWS, BANDS = 8000, 64, 32, 8, 8

SETTINGS = """
[app]
name = "loud or not"
version = "1.2"
sensor = "microphone"
rate = 8000
front-end = "front.tflite"
model = "network.tflite"
hop = 32
labels = ["quiet", "loud"]

[app.decision]
average = 2
threshold = 0.8
release = 0.6
repeat-ms = 20
silent = ["quiet"]
"""

THEN = """
[app.then]
model = "second.tflite"
labels = ["over", "goes on"]
every = 2
wait-ms = 60
for-ms = 200

[app.then.decision]
average = 2
threshold = 0.8
silent = ["over"]
"""
"""A second network: whether it is still loud. It takes fewer rows, and runs after "loud" alone."""

SECOND_ROWS = 4


def front_end() -> bytes:
    """[64] int16 to [8] int8: the samples delayed, which is a state, then the means of eight each."""
    builder = ModelBuilder()
    x = builder.add_tensor((WINDOW,), "int16", scale=1.0)
    delayed = builder.add_tensor((WINDOW,), "int16", scale=1.0)
    builder.add_operator("CUSTOM", [x], [delayed], custom_code="SignalDelay", custom_options=options(delay_length=3))
    shape = builder.add_tensor((2,), "int32", data=np.array([BANDS, WINDOW // BANDS]))
    bands = builder.add_tensor((BANDS, WINDOW // BANDS), "int16", scale=1.0)
    builder.add_operator("RESHAPE", [delayed, shape], [bands])
    axis = builder.add_tensor((1,), "int32", data=np.array([1]))
    means = builder.add_tensor((BANDS,), "int16", scale=1.0)
    builder.add_operator("MEAN", [bands, axis], [means], keep_dims=False)
    y = builder.add_tensor((BANDS,), scale=128.0)
    builder.add_operator("QUANTIZE", [means], [y])
    return builder.build([x], [y])


def network(
    scale: float = 128.0,
    zero_point: int = 0,
    shape: tuple[int, ...] | None = None,
    rows: int = ROWS,
    *,
    remembers: bool = False,
) -> bytes:
    """[1,64] int8 to two scores: loud if the rows are high. Or an input of another shape, which is made flat.

    `remembers`: the rows come delayed by one, and the first is the last one of the run before.
    """
    builder = ModelBuilder()
    size = rows * BANDS if shape is None else int(np.prod(shape))
    x = source = builder.add_tensor(shape or (1, size), scale=scale, zero_point=zero_point)
    if shape is not None:
        x = builder.add_tensor((1, size), scale=scale, zero_point=zero_point)
        flat = builder.add_tensor((2,), "int32", data=np.array([1, size]))
        builder.add_operator("RESHAPE", [source, flat], [x])
    if remembers:
        x = _delayed(builder, x, size)
    weights = np.stack([np.full(size, -60), np.full(size, 60)])
    w = builder.add_tensor((2, size), scale=0.001, data=weights)
    b = builder.add_tensor((2,), "int32", scale=0.128, data=np.array([60000, -60000]))
    logits = builder.add_tensor((1, 2), scale=400.0)
    builder.add_operator("FULLY_CONNECTED", [x, w, b], [logits])
    y = builder.add_tensor((1, 2), scale=1 / 256, zero_point=-128)
    builder.add_operator("SOFTMAX", [logits], [y], beta=0.0005)
    return builder.build([source], [y])


def _delayed(builder: ModelBuilder, x: int, size: int) -> int:
    """The bytes of x, all later by a row; what is pushed out comes in the next inference."""
    wide, delayed = (builder.add_tensor((1, size), "int16", scale=128.0) for _ in range(2))
    narrow = builder.add_tensor((1, size), scale=128.0)
    row = options(delay_length=BANDS)
    builder.add_operator("CAST", [x], [wide], in_data_type="INT8", out_data_type="INT16")
    builder.add_operator("CUSTOM", [wide], [delayed], custom_code="SignalDelay", custom_options=row)
    builder.add_operator("CAST", [delayed], [narrow], in_data_type="INT16", out_data_type="INT8")
    return narrow


def write_application(folder: Path, settings: str = SETTINGS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "front.tflite").write_bytes(front_end())
    (folder / "network.tflite").write_bytes(network())
    (folder / "second.tflite").write_bytes(network(rows=SECOND_ROWS, remembers=True))
    (folder / "boardproof.toml").write_text(settings)
    return folder


def sound(loud: list[tuple[float, float]], seconds: float = 1.0) -> np.ndarray:
    """Low noise, and high values from start to end of each stretch: [samples, 1] int16."""
    samples = np.random.default_rng(3).integers(-300, 300, int(seconds * RATE))
    for start, end in loud:
        samples[int(start * RATE) : int(end * RATE)] += 15000
    return samples.astype(np.int16)[:, None]


def write_sound(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path
