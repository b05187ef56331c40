"""What takes the flash, by what it is for: told from the source files that the debug information names."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from elftools.dwarf.die import DIE
    from elftools.dwarf.dwarfinfo import DWARFInfo
    from elftools.elf.elffile import ELFFile

    from boardproof.device.types import Firmware

_MAX_DEBUG_BYTES = 600_000
"""More takes seconds to read: that of TensorFlow Lite Micro."""

_DW_OP_ADDR = 3
_OTHER = "Arduino core and C library"
_PARTS = (
    ("weights and tables", ("model_weights",)),
    ("the network's description", ("src/model.", "src/nn_network.")),
    ("kernels", ("boardproof_kernels/",)),
    ("protocol", ("boardproof_link/", "src/")),
)
"""Part, and what the path of a source file of it contains; the first that fits."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of flash, and what they are for."""

    name: str
    size_bytes: int


def read_parts(firmware: Firmware) -> tuple[Part, ...]:
    """What takes the flash, the largest part first; empty where the debug information does not tell.

    The parts add up to the firmware's flash. A function that was inlined counts where it went to; what no symbol covers
    (alignment, the linker's own) is with the core.
    """
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with firmware.elf.open("rb") as stream:
            sizes = _sizes(ELFFile(stream))
    except (OSError, ELFError):
        return ()
    if not sizes:
        return ()
    sizes[_OTHER] += firmware.flash_bytes - sum(sizes.values())
    return tuple(Part(name, size) for name, size in sizes.most_common() if size > 0)


def _sizes(elf: ELFFile) -> Counter[str]:
    """Bytes of flash by part, of all functions and constants that are in the debug information."""
    from elftools.elf.constants import SH_FLAGS
    from elftools.elf.sections import SymbolTableSection

    debug, symbols = elf.get_section_by_name(".debug_info"), elf.get_section_by_name(".symtab")
    if debug is None or not isinstance(symbols, SymbolTableSection) or debug["sh_size"] > _MAX_DEBUG_BYTES:
        return Counter()
    files = dict(_places(elf.get_dwarf_info()))
    sizes: Counter[str] = Counter()
    for symbol in symbols.iter_symbols():
        section = symbol["st_shndx"]
        if symbol["st_info"]["type"] not in {"STT_FUNC", "STT_OBJECT"} or not isinstance(section, int):
            continue
        flags = elf.get_section(section)["sh_flags"]
        if flags & SH_FLAGS.SHF_ALLOC and not flags & SH_FLAGS.SHF_WRITE:
            sizes[_part(files.get(symbol["st_value"] & ~1, ""))] += symbol["st_size"]  # bit 0 of Thumb code's is set
    return sizes


def _part(source: str) -> str:
    return next((part for part, marks in _PARTS if any(mark in source for mark in marks)), _OTHER)


def _places(dwarf: DWARFInfo) -> Iterator[tuple[int, str]]:
    """Address and source file of every function and constant."""
    for unit in dwarf.iter_CUs():
        for die in unit.iter_DIEs():
            address = _address(die)
            if address is not None and (found := _declared(die)) is not None:
                yield address & ~1, _file_name(dwarf, *found)


def _address(die: DIE) -> int | None:
    if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
        return int(die.attributes["DW_AT_low_pc"].value)
    if die.tag == "DW_TAG_variable" and "DW_AT_location" in die.attributes:
        location = die.attributes["DW_AT_location"].value
        if isinstance(location, list) and location and location[0] == _DW_OP_ADDR:
            return int.from_bytes(bytes(location[1:]), "little")
    return None


def _declared(die: DIE) -> tuple[DIE, int] | None:
    """Where something was declared: an entry of the unit that lists the file, and its number there."""
    while "DW_AT_decl_file" not in die.attributes:
        origin = next((a for a in ("DW_AT_abstract_origin", "DW_AT_specification") if a in die.attributes), None)
        if origin is None:
            return None
        die = die.get_DIE_from_attribute(origin)
    return die, int(die.attributes["DW_AT_decl_file"].value)


def _file_name(dwarf: DWARFInfo, die: DIE, number: int) -> str:
    from elftools.dwarf.typeunit import TypeUnit

    program = None if isinstance(die.cu, TypeUnit) else dwarf.line_program_for_CU(die.cu)
    if program is None:
        return ""
    header = program.header
    since_5 = header["version"] >= 5  # noqa: PLR2004 - DWARF 5 counts files and folders from 0
    files, folders = header["file_entry"], header["include_directory"]
    position = number if since_5 else number - 1
    if not 0 <= position < len(files):
        return ""
    entry = files[position]
    folder = entry["dir_index"] if since_5 else entry["dir_index"] - 1
    place = folders[folder].decode(errors="replace") if 0 <= folder < len(folders) else ""
    return str(PurePosixPath(place, entry.name.decode(errors="replace")))
