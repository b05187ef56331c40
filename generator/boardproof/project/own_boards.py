"""Boards of the user's own: the sections [boards.NAME] of boardproof.toml as `Board` values, and back."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError
from boardproof.model.preflight import Finding, Severity
from boardproof.project.boards import BOARDS, Board, Reach, Recipe, TickUnit, Upload, UsbId, UsbMode
from boardproof.project.cores import CORES

if TYPE_CHECKING:
    from collections.abc import Iterator

BOARDS_TABLE = "boards"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_USB_ID = re.compile(r"([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})")
_OPTION = re.compile(r"[A-Za-z_][\w.]*")
_SYMBOL = re.compile(r"[A-Za-z_]\w*")
_NEEDED = ("platform", "board", "core", "flash_bytes", "ram_bytes")
_TEXTS = ("title", "platform", "board", "framework", "core", "serial", "upload")
_SIZES = ("flash_bytes", "ram_bytes", "core_flash_bytes", "core_ram_bytes")
_LISTS = ("lib_deps", "build_flags", "usb", "bootloader_usb")
_OPTIONS = "options"
_KEYS = (*_TEXTS, *_SIZES, *_LISTS, _OPTIONS)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a section stands, for messages. `text`: of the file; "" where there are no lines to name."""

    file: str
    text: str
    board: str

    def error(self, key: str, what: str, hint: str) -> InputError:
        """The error for what is wrong with a key of the section, or with the section (key "")."""
        line = self._line(key)
        return InputError(f"{self.file}{f':{line}' if line else ''}: [{BOARDS_TABLE}.{self.board}] {what}.", hint)

    def _line(self, key: str) -> int | None:
        """The number of the key's line in the section, else of the section's; None where neither is written so."""
        heading = re.compile(rf"\s*\[\s*{BOARDS_TABLE}\s*\.\s*[\"']?{re.escape(self.board)}[\"']?\s*(\.|\])")
        inside, found = False, None
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.lstrip().startswith("["):
                inside = heading.match(line) is not None
                found = number if inside and found is None else found
            elif inside and key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", line):
                return number
        return found


def own_boards(tables: object, file: str, text: str = "") -> tuple[Board, ...]:
    """The boards of a settings file.

    Args:
        tables: What TOML has under `boards`.
        file: The file, for messages.
        text: What is in it, to name lines.

    Raises:
        InputError: A section is wrong: what, in which line, and what would be right.
    """
    if not isinstance(tables, Mapping):
        raise InputError(f"{file}: boards is not a table.", f"Write [{BOARDS_TABLE}.NAME], and below it key = value.")
    return tuple(own_board(name, table, _Place(file, text, name)) for name, table in tables.items())


def own_board(name: str, table: object, place: _Place | None = None) -> Board:
    """One board, from its section. Raises InputError as own_boards() does."""
    place = place or _Place("boardproof.toml", "", name)
    _check_name(name, place)
    values = _checked(table, place)
    core = CORES.get(values["core"])
    if core is None:
        raise place.error("core", f"has an unknown core, {values['core']}", f"Known cores: {', '.join(CORES)}.")
    _check_room(values, place)
    return Board(
        name=name,
        title=values.get("title", f"{values['board']} (a board of {place.file})"),
        env=name,
        cpu=core,
        reach=Reach.SERIAL,
        tick_unit=TickUnit.CYCLES if core.counts_cycles else TickUnit.MICROSECONDS,
        **{key: values[key] for key in _SIZES if key in values},
        usb=(
            *_usb_ids("usb", UsbMode.APPLICATION, values, place),
            *_usb_ids("bootloader_usb", UsbMode.BOOTLOADER, values, place),
        ),
        recipe=_recipe(values, place),
    )


def board_table(board: Board) -> dict[str, Any]:
    """The section that makes this board, for a project that carries it."""
    recipe = board.recipe
    assert recipe is not None  # noqa: S101 - of boardproof's own boards the name is enough
    usb = {mode: [str(one) for one in board.usb if one.mode is mode] for mode in UsbMode}
    table = {
        "title": board.title,
        "platform": recipe.platform,
        "board": recipe.board,
        "framework": recipe.framework,
        "core": board.cpu.name,
        "serial": recipe.serial,
        "upload": recipe.upload.value,
        **{key: getattr(board, key) for key in _SIZES},
        "lib_deps": list(recipe.lib_deps),
        "build_flags": list(recipe.build_flags),
        "usb": usb[UsbMode.APPLICATION],
        "bootloader_usb": usb[UsbMode.BOOTLOADER],
        _OPTIONS: dict(recipe.options),
    }
    return {key: value for key, value in table.items() if value not in ([], {})}


def check_core_sizes(board: Board) -> Iterator[Finding]:
    """A warning where it was not told what the framework takes: nobody knows then what is left."""
    sizes = {"core_flash_bytes": board.core_flash_bytes, "core_ram_bytes": board.core_ram_bytes}
    unknown = [name for name, size_bytes in sizes.items() if not size_bytes]
    if board.recipe is not None and unknown:
        yield Finding(
            Severity.WARNING,
            "core-size-unknown",
            f"What the framework of {board.name} takes of flash and RAM is not known in full, so what seems to fit may "
            "not link, or not start.",
            f"Build an empty sketch for it, and give {' and '.join(unknown)} in [{BOARDS_TABLE}.{board.name}].",
        )


def _check_name(name: str, place: _Place) -> None:
    if name in BOARDS:
        raise place.error("", "has the name of one of boardproof's boards", "Give your board another name.")
    if not _NAME.fullmatch(name):
        raise place.error("", "has a name that cannot name a folder", "Use letters, digits, hyphens and underscores.")


def _checked(table: object, place: _Place) -> dict[str, Any]:
    """The section's values, each of its key's type."""
    if not isinstance(table, Mapping):
        raise place.error("", "is no table", "Write the section's keys below it, each as key = value.")
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(_KEYS)}."
            raise place.error(key, f"has an unknown key, {key}", hint)
    for key in _NEEDED:
        if key not in table:
            raise place.error("", f"lacks {key}", f"Every board needs {', '.join(_NEEDED)}: see docs/boards.md.")
    return {key: _value(key, value, place) for key, value in table.items()}


def _value(key: str, value: object, place: _Place) -> Any:  # noqa: ANN401 - as the key has it
    if key in _SIZES:
        least = 0 if key.startswith("core_") else 1
        if isinstance(value, int) and not isinstance(value, bool) and value >= least:
            return value
        raise place.error(key, f"has a {key} that is no number of bytes", f"Such as {key} = 262_144.")
    if key in _LISTS:
        if isinstance(value, list) and all(map(_is_line, value)):
            return tuple(value)
        raise place.error(key, f"has {key} that is no list of texts", f'Such as {key} = ["…"].')
    if key == _OPTIONS:
        if taken := sorted({_OPTIONS, *_LISTS} & value.keys() if isinstance(value, Mapping) else ()):
            raise place.error(key, f"has {taken[0]} among its options", f"Give {taken[0]} as a key of the board's.")
        if isinstance(value, Mapping) and all(map(_OPTION.fullmatch, value)) and all(map(_is_line, value.values())):
            return tuple(value.items())
        raise place.error(key, "has options that are no texts", 'Write each line of platformio.ini as name = "value".')
    if key == "serial" and not (isinstance(value, str) and _SYMBOL.fullmatch(value)):
        raise place.error(key, "has a serial that is no name in C++", "Such as SerialUSB, the object's name.")
    if _is_line(value):
        return value
    raise place.error(key, f"has a {key} that is no text", f'Write it in quotes: {key} = "…".')


def _is_line(value: object) -> bool:
    """Whether it is text that fits on a line of platformio.ini."""
    return isinstance(value, str) and bool(value.strip()) and len(value.splitlines()) == 1


def _check_room(values: Mapping[str, Any], place: _Place) -> None:
    for what in ("flash", "ram"):
        core_bytes, total_bytes = values.get(f"core_{what}_bytes", 0), values[f"{what}_bytes"]
        if core_bytes >= total_bytes:
            words = {"ram": "RAM"}.get(what, what)
            raise place.error(
                f"core_{what}_bytes",
                f"leaves no room: the core takes {core_bytes:,} of {total_bytes:,} bytes of {words}",
                f"{what}_bytes is all there is, core_{what}_bytes what the framework takes of it; 0 where unknown.",
            )


def _usb_ids(key: str, mode: UsbMode, values: Mapping[str, Any], place: _Place) -> tuple[UsbId, ...]:
    matches = [(text, _USB_ID.fullmatch(text)) for text in values.get(key, ())]
    for text, match in matches:
        if match is None:
            raise place.error(key, f"has a USB id that is none, {text}", f'Such as {key} = ["2e8a:000a"].')
    return tuple(UsbId(int(match[1], 16), int(match[2], 16), mode) for _, match in matches if match)


def _recipe(values: Mapping[str, Any], place: _Place) -> Recipe:
    upload = values.get("upload", Upload.PLATFORMIO)
    if upload not in set(Upload):
        raise place.error("upload", f"has an unknown upload, {upload}", f"Known: {', '.join(Upload)}.")
    if upload == Upload.TOUCH and not (values.get("usb") and values.get("bootloader_usb")):
        raise place.error(
            "upload",
            "is touched to start its bootloader, which must be known when it appears",
            'Give usb = ["vid:pid"] and bootloader_usb = ["vid:pid"].',
        )
    names = ("platform", "board", "framework", "lib_deps", "build_flags", "options", "serial")
    return Recipe(**{name: values[name] for name in names if name in values}, upload=Upload(upload))
