"""Turns a failed build's output into one sentence on what is wrong and one on what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.device.build.narration import installation
from boardproof.errors import BoardproofError, InputError, ToolError
from boardproof.project.runtimes.tflm.library import library_unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from boardproof.project.boards import Board

_OVERFLOW = re.compile(r"region [`'](?P<region>\w+)'? overflowed by (?P<bytes>\d+) bytes")
_CHECK = re.compile(r"The (?P<what>program|data) size \((?P<used>\d+) bytes\) is greater than maximum allowed")
# Mbed's linker script lets the heap end at a fixed place, to which nothing leads back from behind it.
_MBED_RAM = re.compile(r"cannot move location counter backwards \(from (0x)?(?P<end>\w+) to (0x)?(?P<limit>\w+)\)")
_COMPILER = re.compile(r"^(?P<place>[^\s:][^:]*:\d+)(:\d+)?: (fatal )?error: (?P<message>.+)")
_UNDEFINED = re.compile(r"undefined reference to [`'](?P<symbol>[^']+)'")
_NOT_FOUND = re.compile(r"(?P<program>[\w+.-]+): (command )?not found$")
_NOT_ON_PATH = re.compile(r"^Error: (?P<words>.+ is not on PATH)\. (?P<hint>.+)")
_SUMMARY = re.compile(r"=\s\[FAILED\] Took")
_REGISTRY = re.compile(
    r"HTTPClientError|InternetConnectionError|Could not (find|install) (the )?package|UnknownPackage"
)


def explain(lines: Sequence[str], board: Board, log: Path, scons_problem: str = "") -> BoardproofError:
    """The error to raise after a build that failed.

    Args:
        lines: Everything the build said.
        board: What it built for.
        log: Where that is kept.
        scons_problem: Why PlatformIO had to fetch SCons itself, if it had.
    """
    details = "\n".join(lines)
    for find in (_overflow, _disk_full, _registry, _missing_program, _compile_error, _undefined_symbol):
        error = find(lines, board)
        if error is not None:
            break
    else:
        error = ToolError(f"The firmware for {board.name} could not be built: {_last_words(lines)}.")
    if scons_problem and isinstance(error, ToolError):
        error.hint = f"{error.hint} SCons, which PlatformIO builds with, could not be had otherwise: {scons_problem}"
    return type(error)(error.message, error.hint.strip() or f"The whole output is in {log}.", details)


def _overflow(lines: Sequence[str], board: Board) -> BoardproofError | None:
    limits = {"flash": board.flash_bytes or 0, "ram": board.ram_bytes or 0}
    excess = {region: excess_bytes for line in lines for region, excess_bytes in _excess(line, limits)}
    if not excess:
        return None
    return does_not_fit(board, tuple(_too_small(*one, limits) for one in excess.items()))


def does_not_fit(board: Board, found: tuple[str, ...]) -> InputError:
    """The error for firmware that a board has no room for. `found`: what is too small, and by how much."""
    return InputError(
        f"The firmware does not fit on {board.name}: {'; '.join(found)}.",
        "Choose a board with more memory or a smaller model; `boardproof inspect` shows what takes the most.",
    )


def _too_small(region: str, excess_bytes: int, limits: dict[str, int]) -> str:
    """One region in words. Some linker scripts have regions of their own, whose size their messages do not tell."""
    words = {"ram": "RAM", "flash": "flash"}.get(region, f"the linker's region {region}")
    limit = limits.get(region)
    needs = f": it needs {limit + excess_bytes:,} of {limit:,}" if limit is not None else ""
    return f"{words} is {excess_bytes:,} bytes too small{needs}"


def _excess(line: str, limits: dict[str, int]) -> Iterator[tuple[str, int]]:
    """The region that a line says is too small, and by how many bytes."""
    if match := _OVERFLOW.search(line):
        yield match["region"].lower(), int(match["bytes"])
    elif match := _CHECK.search(line):
        region = "flash" if match["what"] == "program" else "ram"
        yield region, int(match["used"]) - limits[region]
    elif match := _MBED_RAM.search(line):
        yield "ram", int(match["end"], 16) - int(match["limit"], 16)


def _disk_full(lines: Sequence[str], board: Board) -> BoardproofError | None:
    if any("No space left on device" in line for line in lines):
        return ToolError(
            f"The disk is full: the firmware for {board.name} was not built.", "Free space, and try again."
        )
    return None


def _registry(lines: Sequence[str], board: Board) -> BoardproofError | None:
    library = ""
    for line in lines:
        if package := installation(line):
            library = package.spec if package.manager == "Library" else ""
        if _REGISTRY.search(line) and library:
            return library_unavailable(library, line)
        if _REGISTRY.search(line):
            return ToolError(
                f"PlatformIO could not fetch what {board.name} needs from its registry: {line.strip(' :')}.",
                "Connect to the Internet for the first build, or choose a board that needs nothing from there: "
                "mps2-an386 or native.",
            )
    return None


def _missing_program(lines: Sequence[str], board: Board) -> BoardproofError | None:
    start = f"The firmware for {board.name} was not built"
    for line in lines:
        if match := _NOT_ON_PATH.search(line.strip()):
            return ToolError(f"{start}: {match['words']}.", match["hint"])
        if match := _NOT_FOUND.search(line.strip()):
            return ToolError(f"{start}: {match['program']} was not found.", "boardproof doctor lists what is missing.")
    return None


def _compile_error(lines: Sequence[str], board: Board) -> BoardproofError | None:
    for line in lines:
        if match := _COMPILER.match(line):
            return ToolError(f"The firmware for {board.name} does not compile: {match['place']}: {match['message']}.")
    return None


def _undefined_symbol(lines: Sequence[str], board: Board) -> BoardproofError | None:
    for line in lines:
        if match := _UNDEFINED.search(line):
            return ToolError(f"The firmware for {board.name} does not link: {match['symbol']} is not defined anywhere.")
    return None


def _last_words(lines: Sequence[str]) -> str:
    """The line that most likely says why: one that calls itself an error, else the last before PlatformIO's summary."""
    spoken = [line.strip() for line in lines if re.search(r"\w", line)]
    spoken = spoken[: next((i for i, line in enumerate(spoken) if _SUMMARY.search(line)), len(spoken))]
    errors = [line for line in spoken if re.match(r"\*\*\*|(\w+)?[Ee]rror\b", line)]
    return (errors or spoken or ["it said nothing"])[-1]
