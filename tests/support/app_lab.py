"""Samples to decisions of firmware/application in this process, with sizes that a test chooses, and on the host."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boardproof.model.resampling import Resampler

LAB = Path(__file__).parents[1] / "firmware" / "app_lab.c"
HOP, SCORED, DECIDED, RESTARTED, SECOND = 1, 2, 4, 8, 16


class Result(ctypes.Structure):
    """struct app_result."""

    _fields_ = (
        ("flags", ctypes.c_uint8),
        ("label", ctypes.c_uint16),
        ("position", ctypes.c_uint32),
        ("sum", ctypes.c_int32),
        ("front_end_ticks", ctypes.c_uint32),
        ("network_ticks", ctypes.c_uint32),
        ("features", ctypes.c_void_p),
        ("scores", ctypes.c_void_p),
        ("score_bytes", ctypes.c_uint32),
    )


class Note(ctypes.Structure):
    """struct app_note."""

    _fields_ = (("fault", ctypes.c_uint8), ("position", ctypes.c_uint32), ("samples", ctypes.c_uint32))


class Status(ctypes.Structure):
    """struct app_status."""

    _fields_ = tuple((name, ctypes.c_uint32) for name in ("next", "waiting", "high_water", "lost_notes"))


@dataclass(frozen=True)
class Sizes:
    """What lab_configure takes, and what stream.py asks of an application."""

    channels: int
    window: int
    hop: int
    capacity: int
    fill: int
    row_bytes: int
    rows: int
    every: int
    average: int
    repeat: int
    on: tuple[int, ...]
    off: tuple[int, ...]
    with_front_end: bool
    resampler: Resampler | None = None
    second: Sizes | None = None
    wakes: tuple[bool, ...] = ()
    wait: int = 0
    span: int = 0

    @property
    def decision(self) -> Sizes:
        return self

    @property
    def kept_rows(self) -> int:
        return max(self.rows, self.second.rows if self.second else 0)

    @property
    def of_stage(self) -> tuple[int, ...]:
        return (self.rows, self.every, self.average, self.repeat, len(self.on))


def build_lab(folder: Path) -> ctypes.CDLL:
    library = folder / "lab.so"
    includes = [
        f"-I{resource(path)}"
        for path in ("firmware/app", "firmware/aot/board", "firmware/boards", "firmware/application")
    ]
    flags = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-shared", "-fPIC"]
    sanitizers = ["-fsanitize=undefined", "-fno-sanitize-recover=all"]
    parts = (path for path in resource("firmware/application").glob("*.c") if path.name != "app_requests.c")
    sources = [str(LAB), *map(str, sorted(parts))]
    alias = "-Wl,--defsym=app_config=writable_config"
    command = ["gcc", *flags, *sanitizers, *includes, *sources, alias, "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


class Lab:
    """One application on the board's side."""

    def __init__(self, library: ctypes.CDLL, sizes: Sizes) -> None:
        self.library = library
        self.sizes = sizes
        numbers = (2 * sizes.channels, sizes.window, sizes.hop, sizes.capacity, sizes.fill, sizes.row_bytes)
        found = sizes.resampler
        resampler: tuple[object, object] = (None, None)
        if found is not None:
            coefficients = found.coefficients.ravel().tolist()
            filters = (ctypes.c_int16 * len(coefficients))(*coefficients)
            resampler = ((ctypes.c_uint32 * 3)(found.up, found.down, found.taps), filters)
        first = (*numbers, sizes.kept_rows)
        self._configure(library.lab_configure, first, sizes, int(sizes.with_front_end), *resampler)
        if sizes.second is not None:
            wakes = bytes(sizes.wakes)
            self._configure(library.lab_configure_second, (sizes.wait, sizes.span), sizes.second, wakes)

    @staticmethod
    def _configure(function: Callable[..., int], numbers: tuple[int, ...], stage: Sizes, *more: object) -> None:
        numbers = (*numbers, *stage.of_stage)
        on, off = ((ctypes.c_int32 * len(values))(*values) for values in (stage.on, stage.off))
        assert function((ctypes.c_uint32 * len(numbers))(*numbers), on, off, *more) == 0

    def push(self, position: int, samples: np.ndarray, *, lossy: bool = False) -> int:
        data = samples.tobytes()
        return int(self.library.app_push(position & 0xFFFFFFFF, data, len(samples), int(lossy)))

    def step(self) -> Result:
        result = Result()
        assert self.library.app_step(ctypes.byref(result)) == 0
        return result

    def notes(self) -> list[tuple[int, int, int]]:
        note, found = Note(), []
        while self.library.app_take_note(ctypes.byref(note)):
            found.append((note.fault, note.position, note.samples))
        return found

    def status(self) -> Status:
        status = Status()
        self.library.app_get_status(ctypes.byref(status))
        return status

    def drain(self, count: int) -> tuple[int, np.ndarray]:
        position = ctypes.c_uint32()
        data = ctypes.create_string_buffer(2 * self.sizes.channels * max(count, 1))
        taken = self.library.app_drain(ctypes.byref(position), data, count)
        values = np.frombuffer(data.raw, np.int16)[: taken * self.sizes.channels]
        return position.value, values.reshape(-1, self.sizes.channels)


def front_end(sizes: Sizes, windows: Sequence[np.ndarray]) -> np.ndarray:
    """app_lab.c's front end, for all windows in order: [windows, row_bytes]."""
    rows = []
    for heard, window in enumerate(windows):
        data = np.frombuffer(window.tobytes(), np.uint8).astype(np.int64)
        if not sizes.with_front_end:
            rows.append(data.astype(np.uint8))
            continue
        places = np.arange(len(data))
        sums = [heard + int((data * (places + i + 1)).sum()) for i in range(sizes.row_bytes)]
        rows.append(np.array(sums, np.int64).astype(np.uint8))
    return np.array(rows, np.uint8).reshape(len(rows), sizes.row_bytes)


def network(sizes: Sizes, rows: np.ndarray, more: int = 0) -> np.ndarray:
    """app_lab.c's network on a window of rows: a score for each label. `more`: 11 for each run of a second before."""
    data = rows.reshape(-1).astype(np.int64)
    places = np.arange(len(data)) + 1
    sums = [more + int((data * (places * (label + 3) % 7)).sum()) for label in range(len(sizes.on))]
    return np.array([value % 251 - 125 for value in sums])
