"""What a linked program takes of flash and RAM, section by section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.types import Section
from boardproof.errors import ToolError
from boardproof.project.boards import Reach

if TYPE_CHECKING:
    from pathlib import Path

    from elftools.elf.sections import Section as ElfSection

    from boardproof.project.boards import Board

# Armv7-M Architecture Reference Manual, B3.1: the address map's SRAM region.
_SRAM = range(0x2000_0000, 0x4000_0000)
# Reservations, not data: what the program really uses of them is measured on the board.
_RESERVED = (".stack", ".heap")


def read_sections(elf: Path, board: Board) -> tuple[Section, ...]:
    """The sections that take flash or RAM, in the order of the file.

    Raises:
        ToolError: The file is missing or is no ELF file.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with elf.open("rb") as stream:
            sections = tuple(_section(section, board) for section in ELFFile(stream).iter_sections())
    except (OSError, ELFError) as error:
        raise ToolError(
            f"The built firmware {elf} cannot be read: {error}.",
            "Build it again; boardproof doctor checks the compiler.",
        ) from error
    return tuple(section for section in sections if section.in_flash or section.in_ram)


def _section(section: ElfSection, board: Board) -> Section:
    from elftools.elf.constants import SH_FLAGS

    flags, size_bytes = section["sh_flags"], section["sh_size"]
    counts = bool(flags & SH_FLAGS.SHF_ALLOC) and size_bytes > 0
    writable = bool(flags & SH_FLAGS.SHF_WRITE) if board.reach is Reach.PROCESS else section["sh_addr"] in _SRAM
    return Section(
        name=section.name,
        size_bytes=size_bytes,
        in_flash=counts and section["sh_type"] != "SHT_NOBITS",
        in_ram=counts and writable and not section.name.startswith(_RESERVED),
    )
