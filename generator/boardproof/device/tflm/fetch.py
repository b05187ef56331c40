"""Gets a TensorFlow Lite Micro library through PlatformIO and looks into it, before anything is generated."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.device.build.pio import cache_dir, prepare_core
from boardproof.device.process import run
from boardproof.errors import ToolError
from boardproof.project.runtimes.tflm import facts as tflm_facts
from boardproof.project.runtimes.tflm.library import (
    inspect_library,
    library_unavailable,
    resolve_library,
)
from boardproof.project.runtimes.tflm.rounding import rounding_texts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.model.graph import Graph
    from boardproof.project.runtimes.tflm.library import TflmLibrary

_TIMEOUT_S = 600.0
_RECORD = ".piopm"
_RECORD_PLACES = (_RECORD, f".git/{_RECORD}", f".hg/{_RECORD}", f".svn/{_RECORD}")
"""PlatformIO keeps its record of a package in the repository's own folder, where there is one."""
_GIT_TIMEOUT_S = 20.0


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
    return _inspect(library.spec, folder)


def known_library(spec: str | None) -> TflmLibrary:
    """The library behind a `--tflm-lib` option: read where it is on this machine already, assumed where it is not.

    Raises:
        InputError: The spec cannot be used, or what it names is no TensorFlow Lite Micro library.
    """
    library = resolve_library(spec)
    if library.inspected:
        return library
    folder = _installed(_storage(library.spec))
    return library if folder is None else _inspect(library.spec, folder)


def rounding_notes(graph: Graph, title: str, spec: str | None) -> tuple[str, ...]:
    """Why firmware that is there already may differ from the oracle; see `tflm.rounding`.

    Args:
        graph: Its network.
        title: Name and version of the library in it, as the firmware says.
        spec: The user's `--tflm-lib`, which may be that library.
    """
    known = (replace(resolve_library(None), version=tflm_facts.VERSION), known_library(spec))
    library = next((library for library in reversed(known) if library.title == title), None)
    if library is None:
        way_on = "name that library with --tflm-lib"
        if spec is not None and not known[1].inspected:  # it was named, but is not here
            way_on = f"`boardproof inspect MODEL --runtime tflm --tflm-lib {spec}` looks into it"
        return (f"Whether {title} rounds as tflite_micro does is not known: {way_on}.",)
    return rounding_texts(graph, library)


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
    records = [path for place in _RECORD_PLACES for path in storage.glob(f"*/{place}")]
    if not records:
        return None
    first = min(records, key=lambda path: path.stat().st_mtime_ns)
    return storage / first.relative_to(storage).parts[0]


def _inspect(spec: str, folder: Path) -> TflmLibrary:
    """What PlatformIO fetched, with a spec that means just that: a version of the registry's, or a Git commit.

    Anything else, such as the URL of an archive, is taken to say already what it is.
    """
    path = next(path for place in _RECORD_PLACES if (path := folder / place).is_file())
    record = json.loads(path.read_text(encoding="utf-8"))
    source = record.get("spec") or {}
    if (folder / ".git").exists():
        library = inspect_library(folder, f"{spec.partition('#')[0]}#{_commit(folder)}")
        return replace(library, version=record["version"])  # with the commit, abbreviated: 2.0.0+sha.0123abc
    if source.get("uri") or not source.get("owner"):
        return inspect_library(folder, spec)
    return inspect_library(folder, f"{source['owner']}/{record['name']}@{record['version']}")


def _commit(folder: Path) -> str:
    """The commit that a clone is at, in full."""
    completed = run(("git", "rev-parse", "HEAD"), cwd=folder, timeout_s=_GIT_TIMEOUT_S)
    if completed.status != 0:
        raise ToolError(
            f"Git does not say which commit of the library is in {folder}.",
            "Delete that folder, and the library is fetched anew.",
            completed.output,
        )
    return completed.lines[0].strip()
