"""Writing a user's file: all of it, or the old one stays."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from boardproof.errors import InputError


def write_atomically(path: Path, data: bytes) -> None:
    """Writes to a temporary file beside `path`, then renames it.

    Raises:
        InputError: The directory does not exist or cannot be written, or the disk is full.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.absolute().parent)
    except OSError as error:
        raise _refused(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _refused(path, error) from error
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _refused(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be written: {error.strerror}.", "Choose a place that exists and can be written.")
