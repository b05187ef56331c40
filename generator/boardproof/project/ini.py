"""The generated project's platformio.ini: its board's section from boardproof's own, plus what the runtime needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.project.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.boards import Board, Recipe

_SECTION = re.compile(r"^\[(?P<name>[^]]+)\]\s*$")


def project_ini(board: Board, lib_deps: tuple[str, ...], build_flags: tuple[str, ...]) -> str:
    """The text of platformio.ini for one board.

    Args:
        board: Its `env` names the section to copy (what precedes the first section is not copied); a recipe is one.
        lib_deps: PlatformIO library specs.
        build_flags: Compiler flags, added to the section's own.

    Raises:
        KeyError: platformio.ini has no such section.
    """
    if board.recipe is not None:
        body = list(_own_section(board.recipe))
        lib_deps = (*board.recipe.lib_deps, *lib_deps)
    else:
        body = _section(resource("platformio.ini").read_text(encoding="utf-8"), f"env:{board.env}")
    lines = [f"[platformio]\ndefault_envs = {board.env}\n", f"[env:{board.env}]", *_with_flags(body, build_flags)]
    if lib_deps:
        lines += ["lib_deps =", *(f"    {spec}" for spec in lib_deps)]
    return "\n".join(lines) + "\n"


def _own_section(recipe: Recipe) -> Iterator[str]:
    """The section of a board of the user's own: what boardproof's boards have, and what the user says, which wins."""
    lines = {
        "platform": recipe.platform,
        "board": recipe.board,
        "framework": recipe.framework,
        "build_unflags": "-Os",
        "build_src_flags": "-Os -Wall -Wextra",
        "lib_compat_mode": "off",
        "monitor_speed": "115200",
        **dict(recipe.options),
    }
    yield from (f"{name} = {value}" for name, value in lines.items())
    yield "build_flags = -O2"  # the last of the flags counts, and a user's own come behind it
    if recipe.serial != "Serial":
        yield f"    -DBOARDPROOF_SERIAL={recipe.serial}"
    yield from (f"    {flag}" for flag in recipe.build_flags)


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
