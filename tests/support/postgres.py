"""A PostgreSQL server of our own, from Debian's package, on a socket in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


def programs() -> Path | None:
    """The folder of initdb and pg_ctl, the newest that is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    found = [folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()]
    return found[-1] if found else None


@contextmanager
def postgres() -> Iterator[str]:
    """The URL of an empty database; the server ends with the block."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("Debian's package postgresql is not installed")
    as_root = os.geteuid() == 0  # initdb refuses to be root
    prefix = ["runuser", "-u", "postgres", "--"] if as_root else []
    folder = Path(tempfile.mkdtemp(prefix="boardproof-postgres-"))
    try:
        if as_root:
            shutil.chown(folder, "postgres")
        data, log = folder / "data", folder / "log"
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run([*prefix, bin_folder / "initdb", "-D", data, "-A", "trust", "-U", "boardproof", "-E", "UTF8"])
        control = [*prefix, bin_folder / "pg_ctl", "-D", data]
        run([*control, "-w", "-l", log, "-o", options, "start"])
        try:
            yield f"postgresql://boardproof@/postgres?host={folder}"
        finally:
            run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(command: list[str | Path]) -> None:
    # pg_ctl leaves a server behind that keeps its output open: it goes nowhere.
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
