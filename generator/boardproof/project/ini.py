"""The generated project's platformio.ini: its board's section from boardproof's own, plus what the runtime needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.project.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.boards import Board

_SECTION = re.compile(r"^\[(?P<name>[^]]+)\]\s*$")


def project_ini(board: Board, lib_deps: tuple[str, ...], build_flags: tuple[str, ...]) -> str:
    """The text of platformio.ini for one board.

    Args:
        board: Its `env` names the section to copy; what precedes the first section is not copied.
        lib_deps: PlatformIO library specs.
        build_flags: Compiler flags, added to the section's own.

    Raises:
        KeyError: platformio.ini has no such section.
    """
    body = _section(resource("platformio.ini").read_text(encoding="utf-8"), f"env:{board.env}")
    lines = [f"[platformio]\ndefault_envs = {board.env}\n", f"[env:{board.env}]", *_with_flags(body, build_flags)]
    if lib_deps:
        lines += ["lib_deps =", *(f"    {spec}" for spec in lib_deps)]
    return "\n".join(lines) + "\n"


def _section(text: str, name: str) -> list[str]:
    """The lines of one section, without its heading and without comments on the section that follows it."""
    lines: list[str] | None = None
    for line in text.splitlines():
        if heading := _SECTION.match(line):
            if lines is not None:
                break
            lines = [] if heading["name"] == name else None
        elif lines is not None:
            lines.append(line)
    if lines is None:
        raise KeyError(f"platformio.ini has no section [{name}]")
    while lines and (not lines[-1].strip() or lines[-1].startswith(";")):
        lines.pop()
    return lines


def _with_flags(body: list[str], flags: tuple[str, ...]) -> Iterator[str]:
    for line in body:
        yield line
        if line.startswith("build_flags"):
            yield from (f"    {flag}" for flag in flags)
