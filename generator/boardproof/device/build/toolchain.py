"""What is installed, what is missing, and how to get it."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.process import run
from boardproof.errors import BoardproofError, ToolError
from boardproof.project.boards import ARM, CORTEX_M4F, HOST_GCC, PACKAGES, QEMU_BOARDS, Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.boards import Board

_PROBE_TIMEOUT_S = 20.0
_IN_QEMU = ", ".join(board.name for board in QEMU_BOARDS)
_GET_RENODE = f"Get Renode 1.16 or later from https://renode.io, or run the same model on {_IN_QEMU}, in QEMU."

_PYTHON_PACKAGES = (
    ("tensorflow", "loading and quantizing Keras models"),
    ("tf-keras", "loading models saved by Keras 2"),
    ("tflite-micro", "the oracle"),
    ("ai-edge-litert", "LiteRT's outputs beside the oracle's"),
    ("platformio", "building firmware"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `boardproof doctor`.

    Attributes:
        name: What was looked for.
        found: Its version or place; "" when it is missing.
        ok: Whether it is there and usable.
        needed_for: What does not work without it.
        how_to_get: The command that installs it, or what else to do; "" when it is ok.
        optional: Whether boardproof does its main job without it.
    """

    name: str
    found: str
    ok: bool
    needed_for: str
    how_to_get: str = ""
    optional: bool = False


def doctor() -> tuple[Check, ...]:
    """Looks for everything boardproof uses. Never raises because something is missing."""
    return (
        *(_python_package(name, needed_for) for name, needed_for in _PYTHON_PACKAGES),
        _scons(),
        _program("arm-none-eabi-gcc", "--version", "boards with a Cortex-M", _apt(*ARM.packages)),
        _newlib(),
        _program("qemu-system-arm", "--version", f"running the board {_IN_QEMU}", _apt(*PACKAGES[Reach.QEMU])),
        *(_qemu_machine(board) for board in QEMU_BOARDS),
        _program("g++", "--version", "the board native", _apt(*HOST_GCC.packages)),
        _program("renode", "--version", "running nRF52840 firmware in Renode", "https://renode.io", optional=True),
    )


def require_compiler(board: Board) -> None:
    """Makes sure that firmware for a board can be compiled here. PlatformIO brings the compiler of hardware boards.

    Raises:
        ToolError: The compiler or its C or C++ library is missing; the hint is the command that installs them.
    """
    if board.toolchain is None:
        return
    require_program(board.toolchain.program, _apt(*board.toolchain.packages))
    newlib = _newlib() if board.toolchain is ARM else None
    if newlib is not None and not newlib.ok:
        raise ToolError(f"{ARM.program} has no C or C++ library for a Cortex-M4F.", newlib.how_to_get)


def require_qemu() -> Path:
    """The path of qemu-system-arm.

    Raises:
        ToolError: It is not installed; the hint is the command that installs it.
    """
    return require_program("qemu-system-arm", _apt(*PACKAGES[Reach.QEMU]))


def require_renode() -> Path:
    """The path of renode. Raises ToolError when it is not installed; the hint says where to get it."""
    return require_program("renode", _GET_RENODE)


def require_program(name: str, how_to_get: str) -> Path:
    """The path of a program on PATH. Raises ToolError with how_to_get as the hint when it is not there."""
    path = shutil.which(name)
    if path is None:
        raise ToolError(f"{name} is not installed, or not on PATH", how_to_get)
    return Path(path)


def _apt(*packages: str) -> str:
    return f"On Debian or Ubuntu: sudo apt-get install {' '.join(packages)}"


def _python_package(name: str, needed_for: str) -> Check:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Check(name, "", ok=False, needed_for=needed_for, how_to_get=f"pip install {name}")
    return Check(name, version, ok=True, needed_for=needed_for)


def _scons() -> Check:
    """SCons in the version this PlatformIO wants; another one does no harm, the right one is then fetched with pip."""
    from boardproof.device.build.pio import scons_requirement

    name, needed_for = "scons", "building firmware without PlatformIO's registry"
    try:
        _, wanted = scons_requirement()
    except BoardproofError as error:
        return Check(name, "", ok=False, needed_for=needed_for, how_to_get=error.hint)
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    if version == wanted:
        return Check(name, version, ok=True, needed_for=needed_for)
    how_to_get = f"pip install scons=={wanted} (otherwise the first build fetches it)"
    return Check(name, version, ok=False, needed_for=needed_for, how_to_get=how_to_get, optional=True)


def _program(name: str, version_flag: str, needed_for: str, how_to_get: str, *, optional: bool = False) -> Check:
    if shutil.which(name) is None:
        return Check(name, "", ok=False, needed_for=needed_for, how_to_get=how_to_get, optional=optional)
    lines = _probe(name, version_flag)
    if lines is None:
        broken = f"{name} is on PATH but does not run. {how_to_get}"
        return Check(name, "", ok=False, needed_for=needed_for, how_to_get=broken, optional=optional)
    return Check(name, _version(lines), ok=True, needed_for=needed_for, optional=optional)


def _newlib() -> Check:
    """Both libraries in their small variants, for the float ABI we use: the compiler names a file it has in full."""
    name, needed_for = "newlib and libstdc++", "boards with a Cortex-M"
    how_to_get = _apt(*ARM.packages)
    if shutil.which("arm-none-eabi-g++") is None:
        return Check(name, "", ok=False, needed_for=needed_for, how_to_get=how_to_get)
    found = tuple(_library_files())
    missing = [library for library, path in found if path is None]
    if missing:
        return Check(
            name, "", ok=False, needed_for=needed_for, how_to_get=f"{how_to_get} ({', '.join(missing)} not found)"
        )
    return Check(name, str(found[0][1]), ok=True, needed_for=needed_for)


def _library_files() -> Iterator[tuple[str, Path | None]]:
    for library in ("libc_nano.a", "libstdc++_nano.a"):
        lines = _probe("arm-none-eabi-g++", *CORTEX_M4F.flags, f"-print-file-name={library}") or ()
        path = Path(lines[0]) if lines else Path(library)
        yield library, path.resolve() if path.is_file() else None


def _qemu_machine(board: Board) -> Check:
    name, needed_for = f"qemu-system-arm -machine {board.machine}", f"running the board {board.name}"
    how_to_get = f"A QEMU that knows this machine. {_apt(*PACKAGES[Reach.QEMU])}"
    lines = _probe("qemu-system-arm", "-machine", "help") if shutil.which("qemu-system-arm") else None
    for line in lines or ():
        machine, _, description = line.partition(" ")
        if machine == board.machine:
            return Check(name, description.strip(), ok=True, needed_for=needed_for)
    return Check(name, "", ok=False, needed_for=needed_for, how_to_get=how_to_get)


def _probe(program: str, *arguments: str) -> tuple[str, ...] | None:
    """What a program prints, or None if it fails; asked once."""
    path = shutil.which(program)
    return None if path is None else _asked(path, *arguments)


@cache
def _asked(path: str, *arguments: str) -> tuple[str, ...] | None:
    try:
        completed = run((path, *arguments), timeout_s=_PROBE_TIMEOUT_S)
    except ToolError:
        return None
    return completed.lines if completed.status == 0 else None


def _version(lines: tuple[str, ...]) -> str:
    for line in lines:
        # Not inside parentheses first: "(15:12.2.rel1-1) 12.2.1" is GCC 12.2.1, packaged by Debian.
        match = re.search(r"\d+\.\d+[\w.+-]*", re.sub(r"\([^)]*\)", "", line))
        if match:
            return match.group()
    return "unknown version"
