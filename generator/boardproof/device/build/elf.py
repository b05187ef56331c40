"""What a linked program takes of flash and RAM, section by section."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.device.types import Section
from boardproof.errors import ToolError
from boardproof.project.boards import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import TypeVar

    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import Section as ElfSection
    from elftools.elf.sections import Symbol

    from boardproof.project.boards import Board

    _Found = TypeVar("_Found")

# Armv7-M Architecture Reference Manual, B3.1: the address map's SRAM region.
_SRAM = range(0x2000_0000, 0x4000_0000)
# Reservations, not data: what the program really uses of them is measured on the board.
_STACKS, _HEAP = (".stack",), ".heap"
_OTHER = "other"
_FLASH = ".flash"  # Espressif's linker scripts: constants, in a section that is writable by its flags
_STACK_SYMBOLS = ("_main_stack",)
"""Stacks that are variables: that of Mbed OS's main thread, in .bss."""
_HEAP_BOUNDS = ("__end__", "__HeapLimit")


def read_sections(elf: Path, board: Board) -> tuple[Section, ...]:
    """What takes flash or RAM, in the order of the file; a stack within a section follows it, and is not counted there.

    Raises:
        ToolError: The file is missing or is no ELF file.
    """
    return _read(elf, lambda image: tuple(_sections(image, board)))


def read_heap_bytes(elf: Path) -> int | None:
    """How much heap a program has, by Mbed's names of its ends; None where they are not.

    Raises:
        ToolError: The file is missing or is no ELF file.
    """

    def find(image: ELFFile) -> int | None:
        bounds = [symbol["st_value"] for name in _HEAP_BOUNDS for symbol in _symbols(image, name)]
        return bounds[1] - bounds[0] if len(bounds) == len(_HEAP_BOUNDS) else None

    return _read(elf, find)


def _read(elf: Path, find: Callable[[ELFFile], _Found]) -> _Found:
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            return find(ELFFile(stream))
    except (OSError, ELFError) as error:
        raise ToolError(
            f"The built firmware {elf} cannot be read: {error}.",
            "Build it again; boardproof doctor checks the compiler.",
        ) from error


def _sections(image: ELFFile, board: Board) -> Iterator[Section]:
    stacks = {symbol["st_shndx"]: symbol for name in _STACK_SYMBOLS for symbol in _symbols(image, name)}
    for index, section in enumerate(image.iter_sections()):
        found = _section(section, board)
        if not (found.in_flash or found.in_ram or found.is_stack):
            continue
        stack = stacks.get(index)
        if stack is None:
            yield found
            continue
        size_bytes = stack["st_size"]
        yield replace(found, size_bytes=found.size_bytes - size_bytes)
        yield Section(stack.name, size_bytes, in_flash=False, in_ram=False, is_stack=True)


def _section(section: ElfSection, board: Board) -> Section:
    from elftools.elf.constants import SH_FLAGS

    flags, size_bytes = section["sh_flags"], section["sh_size"]
    counts = bool(flags & SH_FLAGS.SHF_ALLOC) and size_bytes > 0
    if board.cpu is HOST or board.cpu.name == _OTHER:  # no address map that is known
        writable = bool(flags & SH_FLAGS.SHF_WRITE) and not section.name.startswith(_FLASH)
    else:
        writable = section["sh_addr"] in _SRAM
    is_stack = section.name.startswith(_STACKS)
    return Section(
        name=section.name,
        size_bytes=size_bytes,
        in_flash=counts and section["sh_type"] != "SHT_NOBITS",
        in_ram=counts and writable and not is_stack and not section.name.startswith(_HEAP),
        is_stack=counts and is_stack,
    )


def _symbols(image: ELFFile, name: str) -> Iterator[Symbol]:
    from elftools.elf.sections import SymbolTableSection

    table = image.get_section_by_name(".symtab")
    if isinstance(table, SymbolTableSection):
        yield from table.get_symbol_by_name(name) or ()
