"""What a long run has computed so far, on disk: interrupted or unplugged, it goes on there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import struct
import time
import zipfile
import zlib
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from boardproof.device.types import Hello
    from boardproof.model.samples import Vectors
    from boardproof.proof.results import Results

_INTERVAL_S = 2.0
_SHARE = 20
"""Writing may take one part in so many of the time: large results are written less often."""

_DAMAGE = (
    *(OSError, ValueError, KeyError, TypeError, EOFError, RuntimeError, SyntaxError, MemoryError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
"""What reading a file of arrays raises where bytes of it are others."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run is of: results of one may not be mixed with another's. SHA-256 in hexadecimal.

    Attributes:
        model: Of the .tflite.
        samples: Of all inputs.
        firmware: Of the ELF, or of what the board says of itself where it was flashed earlier.
    """

    model: str
    samples: str
    firmware: str


def identify(hello: Hello, inputs: Vectors, elf: Path | None) -> Identity:
    """The identity of a run.

    Args:
        hello: What the board says of itself.
        inputs: The samples.
        elf: The firmware; None where it was on the board already.
    """
    samples = hashlib.sha256()
    for array in inputs.arrays:
        samples.update(f"{array.dtype} {array.shape}\0".encode())
        samples.update(np.ascontiguousarray(array).tobytes())
    firmware = elf.read_bytes() if elf is not None else repr(replace(hello, fault="")).encode()
    return Identity(hello.model_sha256, samples.hexdigest(), hashlib.sha256(firmware).hexdigest())


class Checkpoint:
    """A file with the results so far. That it cannot be written is no reason to end a run.

    Args:
        path: The file; its directory is made when something is written.
        identity: What this run is of.

    Attributes:
        kept: How many samples the file holds.
        problem: Why it could not be written; "" when it could.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self.kept = 0
        self.problem = ""
        self._path = path
        self._identity = identity
        self._next = time.monotonic() + _INTERVAL_S

    def restore(self, results: Results) -> bool:
        """Takes up where the run stopped. Whether there was anything.

        Raises:
            InputError: The file is of another model, other samples or other firmware, or damaged.
        """
        try:
            with np.load(io.BytesIO(self._path.read_bytes()), allow_pickle=False) as arrays:
                self._check(json.loads(arrays["about"].tobytes()))
                _take(arrays, results)
        except FileNotFoundError:
            return False
        except _DAMAGE as error:
            raise InputError(
                f"The checkpoint {self._path} is damaged: {error}", "Leave out --resume to start again."
            ) from error
        self.kept = int(results.done.sum())
        return True

    def _check(self, about: dict[str, str]) -> None:
        changed = [name for name, digest in asdict(self._identity).items() if about[name] != digest]
        if changed:
            raise InputError(
                f"The checkpoint {self._path} is of another run: the {_and(changed)} changed since.",
                "Leave out --resume to start again, or go back to what was run then.",
            )

    def save_sometimes(self, results: Results) -> None:
        """Writes the file when some time has passed since the last time."""
        started = time.monotonic()
        if started >= self._next:
            self.save(results)
            now = time.monotonic()
            self._next = now + max(_INTERVAL_S, _SHARE * (now - started))

    def save(self, results: Results) -> None:
        """Writes the file: all of it, or the old one stays."""
        data = io.BytesIO()
        about = np.frombuffer(json.dumps(asdict(self._identity)).encode(), np.uint8)
        np.savez(data, about=about, **_arrays(results))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _replace(self._path, data.getvalue())
        except OSError as error:
            self.problem = f"The checkpoint {self._path} cannot be written: {error.strerror}."
        else:
            self.kept, self.problem = int(results.done.sum()), ""

    def remove(self) -> None:
        """Deletes the file, if there is one."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def _arrays(results: Results) -> dict[str, Any]:
    return {
        "ticks": results.ticks,
        "op_ticks": results.op_ticks,
        "done": results.done,
        "ran_on": np.array(results.ran_on, np.str_),
        "marks": np.array([results.arena_bytes, results.stack_bytes], np.int64),
        **{f"output{i}": array for i, array in enumerate(results.outputs)},
    }


def _take(arrays: Mapping[str, NDArray[np.generic]], results: Results) -> None:
    """Fills `results`. Raises KeyError or ValueError when the arrays do not fit it."""
    kept = _arrays(results)
    loaded = {name: arrays[name] for name in kept}
    for name, array in loaded.items():
        if array.shape != kept[name].shape or (name != "ran_on" and array.dtype != kept[name].dtype):
            raise ValueError(f"{name} is {array.dtype}{list(array.shape)}")
    for name, array in loaded.items():
        if name not in {"ran_on", "marks"}:
            kept[name][...] = array
    results.ran_on = [str(board) for board in loaded["ran_on"]]
    results.arena_bytes, results.stack_bytes = (int(mark) for mark in loaded["marks"])


def _replace(path: Path, data: bytes) -> None:
    """Through a temporary file, so that whoever ends us in between leaves one whole file."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _and(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
