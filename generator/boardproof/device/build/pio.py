"""PlatformIO with a core directory of our own, that builds without PlatformIO's registry.

The user's ~/.platformio is never touched. PlatformIO's one hard need, its SCons package, is made from the `scons`
distribution on PyPI, in the version that PlatformIO itself asks for. Platforms that need more (nano33ble: a compiler
and the Arduino core) are PlatformIO's to fetch, from its registry into the same directory.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.process import run
from boardproof.errors import ToolError
from boardproof.project.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_PIP_TIMEOUT_S = 300.0
_OBJECTS_LIMIT_BYTES = 2 * 1024**3
_OBJECTS_KEEP_S = 24 * 3600.0
_SCONS_MAIN = """\
import pathlib, sys
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import SCons.Script
SCons.Script.main()
"""


@dataclass(frozen=True, slots=True)
class Core:
    """A PlatformIO core directory that is ready to build.

    Attributes:
        path: The directory.
        objects: The cache of compiled objects that all projects share.
        scons_problem: Why SCons is not in it, so that PlatformIO must fetch it itself; "" when it is.
    """

    path: Path
    objects: Path
    scons_problem: str = ""

    def environment(self, project_dir: Path) -> dict[str, str]:
        """The variables that make PlatformIO build in this core directory, and say nothing to anyone.

        A project with a platform of its own gets a platforms directory of its own: PlatformIO files a symlinked
        platform under its bare name, where two projects that build at once would take it from each other. The libraries
        it depends on it shares with projects that have the same platformio.ini: they are fetched once, and their
        objects come from the cache, whose keys hold the libraries' paths.
        """
        variables = {
            "PLATFORMIO_CORE_DIR": str(self.path),
            "PLATFORMIO_WORKSPACE_DIR": str(project_dir / ".pio"),
            "PLATFORMIO_EXTRA_SCRIPTS": f"pre:{resource('platforms/shared_objects.py')}",
            "BOARDPROOF_OBJECTS_DIR": str(self.objects),
            "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
            "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
            "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
            "PLATFORMIO_NO_ANSI": "true",
            "PYTHONIOENCODING": "utf-8",
        }
        if (project_dir / "platforms").is_dir():
            variables["PLATFORMIO_PLATFORMS_DIR"] = str(project_dir / ".pio" / "platforms")
        settings = project_dir / "platformio.ini"
        if settings.is_file() and b"lib_deps" in (content := settings.read_bytes()):
            variables["PLATFORMIO_LIBDEPS_DIR"] = str(self.path / "libdeps" / hashlib.sha256(content).hexdigest()[:16])
        return variables


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where we keep what can be made again: BOARDPROOF_CACHE_DIR, or boardproof/ in XDG_CACHE_HOME or ~/.cache."""
    if chosen := environ.get("BOARDPROOF_CACHE_DIR"):
        return Path(chosen).expanduser().absolute()
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG specification: a relative path is invalid and to be ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "boardproof"


def scons_requirement() -> tuple[str, str]:
    """What this PlatformIO builds with: its own package version ("4.41101.0") and SCons's ("4.11.1").

    Raises:
        ToolError: PlatformIO is not installed, or asks in a form we do not understand.
    """
    try:
        from platformio.dependencies import get_core_dependencies
    except ImportError as error:
        raise ToolError(
            "PlatformIO is not installed beside boardproof.", f"{sys.executable} -m pip install platformio"
        ) from error
    spec = str(get_core_dependencies().get("tool-scons", ""))
    # The package's minor number spells SCons's version: 4.41101.0 holds 4.11.1.
    match = re.fullmatch(r"[~^=]*\s*(\d+)\.(\d)(\d\d)(\d\d)\.(\d+)", spec)
    if match is None:
        raise ToolError(
            f"PlatformIO asks for its build tool SCons as {spec!r}, which boardproof does not understand.",
            f"Install a PlatformIO that this boardproof knows: {sys.executable} -m pip install 'platformio<7'",
        )
    package, major, minor, patch, revision = match.groups()
    return f"{package}.{major}{minor}{patch}.{revision}", f"{int(major)}.{int(minor)}.{int(patch)}"


def prepare_core(on_line: Callable[[str], None] | None = None) -> Core:
    """The core directory for the installed PlatformIO, made on first use. Safe to call from several processes at once.

    Raises:
        ToolError: PlatformIO is not installed, or the cache directory cannot be written.
    """
    package_version, scons_version = scons_requirement()
    root = cache_dir()
    # One directory per PlatformIO version: on its first run after an upgrade PlatformIO wants to reach its registry.
    path = root / f"platformio-{importlib.metadata.version('platformio')}"
    objects = root / "objects"
    try:
        for directory in (path / "packages", objects):
            directory.mkdir(parents=True, exist_ok=True)
        with _locked(path / ".boardproof.lock"):
            problem = _ensure_scons(path, package_version, scons_version, on_line)
        _prune(objects)
    except OSError as error:
        raise ToolError(
            f"The cache directory {root} cannot be written: {error.strerror}.",
            "Free space or fix its permissions, or name another in BOARDPROOF_CACHE_DIR.",
            str(error),
        ) from error
    return Core(path, objects, problem)


@contextlib.contextmanager
def _locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Holds a lock that ends with the process. Raises BlockingIOError if it is taken and we should not wait."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _ensure_scons(core: Path, package_version: str, scons_version: str, on_line: Callable[[str], None] | None) -> str:
    """Puts packages/tool-scons in place if it is not. Returns why it could not, or ""."""
    target = core / "packages" / "tool-scons"
    if _package_version(target) == package_version:
        return ""
    with tempfile.TemporaryDirectory(prefix="tool-scons-", dir=core) as temporary:
        package = Path(temporary) / "tool-scons"
        problem = _take_scons(package, scons_version, on_line)
        if problem:
            return problem
        _describe(package, package_version)
        if target.exists():
            target.rename(Path(temporary) / "old")
        package.rename(target)
    return ""


def _package_version(package: Path) -> str | None:
    try:
        version = json.loads((package / ".piopm").read_text(encoding="utf-8"))["version"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return str(version)


def _take_scons(package: Path, version: str, on_line: Callable[[str], None] | None) -> str:
    """Copies SCons from the environment we run in, or lets pip fetch it. Returns why it could not, or ""."""
    installed = _installed_scons(version)
    if installed is not None:
        shutil.copytree(installed, package / "SCons", ignore=shutil.ignore_patterns("__pycache__"))
        return ""
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
    if on_line is not None:
        on_line(f"Fetching SCons {version} for PlatformIO with pip")
    try:
        fetched = run([*pip, "--target", package, f"scons=={version}"], timeout_s=_PIP_TIMEOUT_S, on_line=on_line)
    except ToolError as error:
        return f"pip: {error.message}"
    if fetched.status != 0 or not (package / "SCons" / "Script").is_dir():
        return f"pip could not install scons=={version}: {fetched.lines[-1] if fetched.lines else 'it said nothing'}"
    return ""


def _installed_scons(version: str) -> Path | None:
    try:
        if importlib.metadata.version("scons") != version:
            return None
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec("SCons")
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _describe(package: Path, version: str) -> None:
    """Writes what makes a directory PlatformIO's package platformio/tool-scons."""
    name = "tool-scons"
    spec = {"owner": "platformio", "id": None, "name": name, "requirements": None, "uri": None}
    (package / "scons.py").write_text(_SCONS_MAIN, encoding="utf-8")
    (package / "package.json").write_text(json.dumps({"name": name, "version": version, "system": "*"}))
    (package / ".piopm").write_text(json.dumps({"type": "tool", "name": name, "version": version, "spec": spec}))


def _file_status(path: Path) -> os.stat_result | None:
    """None for what is no file, or no longer: builds rename theirs into place meanwhile."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _prune(objects: Path) -> None:
    """Drops the oldest objects when the cache has outgrown its limit; nothing that a build of today may be reading."""
    with contextlib.suppress(BlockingIOError), _locked(objects / ".boardproof.lock", wait=False):
        files = [(path, status) for path in objects.glob("*/??/*") if (status := _file_status(path)) is not None]
        excess = sum(status.st_size for _, status in files) - _OBJECTS_LIMIT_BYTES
        for path, status in sorted(files, key=lambda item: item[1].st_mtime):
            if excess <= 0 or time.time() - status.st_mtime < _OBJECTS_KEEP_S:
                break
            path.unlink(missing_ok=True)
            excess -= status.st_size
