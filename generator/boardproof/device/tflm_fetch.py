"""Gets a TensorFlow Lite Micro library through PlatformIO and looks into it, before anything is generated."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.device.pio import cache_dir, prepare_core
from boardproof.device.process import run
from boardproof.errors import ToolError
from boardproof.project.runtimes.tflm import facts as tflm_facts
from boardproof.project.runtimes.tflm.library import (
    inspect_library,
    library_unavailable,
    resolve_library,
)
from boardproof.project.runtimes.tflm.rounding import check_roundings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.tflm.library import TflmLibrary

_TIMEOUT_S = 600.0
_RECORD = ".piopm"


def fetch_library(
    spec: str | None, *, on_line: Callable[[str], None] | None = None, timeout_s: float = _TIMEOUT_S
) -> TflmLibrary:
    """The library behind a `--tflm-lib` option, read rather than assumed, with a spec that pins what was found.

    What PlatformIO downloads is kept, so that the same spec means the same library from then on.

    Args:
        spec: A PlatformIO library spec, or a folder; None for the default library.
        on_line: Gets what PlatformIO says.
        timeout_s: How long PlatformIO may take to get it.

    Raises:
        InputError: The spec cannot be used, or what it names is no TensorFlow Lite Micro library.
        ToolError: PlatformIO could not get it.
    """
    library = known_library(spec)
    if library.inspected:
        return library
    folder = _install(library.spec, _storage(library.spec), on_line, timeout_s)
    return inspect_library(folder, _pinned(library.spec, folder))


def known_library(spec: str | None) -> TflmLibrary:
    """The library behind a `--tflm-lib` option: read where it is on this machine already, assumed where it is not.

    Raises:
        InputError: The spec cannot be used, or what it names is no TensorFlow Lite Micro library.
    """
    library = resolve_library(spec)
    if library.inspected:
        return library
    folder = _installed(_storage(library.spec))
    return library if folder is None else inspect_library(folder, _pinned(library.spec, folder))


def rounding_notes(graph: Graph, title: str, spec: str | None) -> tuple[str, ...]:
    """Why firmware that is there already may differ from the oracle; see `tflm_rounding`.

    Args:
        graph: Its network.
        title: Name and version of the library in it, as the firmware says.
        spec: The user's `--tflm-lib`, which may be that library.
    """
    known = (replace(resolve_library(None), version=tflm_facts.VERSION), known_library(spec))
    library = next((library for library in reversed(known) if library.title == title), None)
    if library is None:
        return (f"Whether {title} rounds as tflite_micro does is not known: name that library with --tflm-lib.",)
    return tuple(finding.message for finding in check_roundings(graph, library))


def _storage(spec: str) -> Path:
    """Where the library behind a spec is kept."""
    return cache_dir() / "libraries" / hashlib.sha256(spec.encode()).hexdigest()[:16]


def _install(spec: str, storage: Path, on_line: Callable[[str], None] | None, timeout_s: float) -> Path:
    core = prepare_core(on_line)
    storage.mkdir(parents=True, exist_ok=True)
    command = (sys.executable, "-m", "platformio", "pkg", "install", "--global")
    try:
        completed = run(
            (*command, "--storage-dir", storage, "--library", spec),
            cwd=storage,
            env=core.environment(storage),
            timeout_s=timeout_s,
            on_line=on_line,
        )
    except ToolError as error:  # it took too long
        raise library_unavailable(spec, "\n".join(filter(None, (error.message, error.details)))) from error
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
