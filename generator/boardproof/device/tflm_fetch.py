"""Gets a TensorFlow Lite Micro library through PlatformIO and looks into it, before anything is generated."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING

from boardproof.device.pio import cache_dir, prepare_core
from boardproof.device.process import run
from boardproof.project.runtimes.tflm_library import (
    inspect_library,
    library_unavailable,
    local_folder,
    resolve_library,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.project.runtimes.tflm_library import TflmLibrary

_TIMEOUT_S = 600.0
_RECORD = ".piopm"


def fetch_library(spec: str | None, *, on_line: Callable[[str], None] | None = None) -> TflmLibrary:
    """The library behind a `--tflm-lib` option, read rather than assumed, with a spec that pins what was found.

    What PlatformIO downloads is kept, so that the same spec means the same library from then on.

    Args:
        spec: A PlatformIO library spec, or a folder; None for the default library.
        on_line: Gets what PlatformIO says.

    Raises:
        InputError: The spec cannot be used, or what it names is no TensorFlow Lite Micro library.
        ToolError: PlatformIO could not get it.
    """
    wanted = resolve_library(spec).spec  # checks the text
    if spec is not None and (folder := local_folder(spec)) is not None:
        return inspect_library(folder)
    storage = cache_dir() / "libraries" / hashlib.sha256(wanted.encode()).hexdigest()[:16]
    folder = _installed(storage) or _install(wanted, storage, on_line)
    return inspect_library(folder, _pinned(wanted, folder))


def _install(spec: str, storage: Path, on_line: Callable[[str], None] | None) -> Path:
    core = prepare_core(on_line)
    storage.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-m", "platformio", "pkg", "install", "--global")
    completed = run(
        (*command, "--storage-dir", storage, "--library", spec),
        cwd=storage,
        env=core.environment(storage),
        timeout_s=_TIMEOUT_S,
        on_line=on_line,
    )
    folder = _installed(storage)
    if completed.status != 0 or folder is None:
        raise library_unavailable(spec, completed.output)
    return folder


def _installed(storage: Path) -> Path | None:
    """The first of the packages there, which is the one asked for: its own dependencies come after it."""
    records = sorted(storage.glob(f"*/{_RECORD}"), key=lambda path: path.stat().st_mtime_ns)
    return records[0].parent if records else None


def _pinned(spec: str, folder: Path) -> str:
    """`owner/name@version` for a package of the registry; anything else says already what it is."""
    record = json.loads((folder / _RECORD).read_text(encoding="utf-8"))
    source = record.get("spec") or {}
    if source.get("uri") or not source.get("owner"):
        return spec
    return f"{source['owner']}/{record['name']}@{record['version']}"
