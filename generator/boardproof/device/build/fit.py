"""Whether linked firmware fits its board: what linkers and PlatformIO let pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.build.diagnosis import does_not_fit
from boardproof.device.build.elf import read_heap_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.types import Firmware


def require_fit(firmware: Firmware) -> None:
    """Raises InputError for an image with more than its board's flash or RAM, or less heap than its core needs."""
    if found := tuple(_excess(firmware)):
        raise does_not_fit(firmware.board, found)


def _excess(firmware: Firmware) -> Iterator[str]:
    board = firmware.board
    taken = {
        "flash": (firmware.flash_bytes, board.flash_bytes),
        "RAM": (firmware.ram_bytes + firmware.reserved_stack_bytes, board.ram_bytes),
    }
    for what, (used, limit) in taken.items():
        if limit is not None and used > limit:
            yield f"{what} is {used - limit:,} bytes too small: it needs {used:,} of {limit:,}"
    heap_bytes = read_heap_bytes(firmware.elf) if board.heap_bytes else None
    if heap_bytes is not None and heap_bytes < board.heap_bytes:
        yield (
            f"RAM is {board.heap_bytes - heap_bytes:,} bytes too small: the core needs a heap of {board.heap_bytes:,} "
            f"before setup(), and {heap_bytes:,} are left"
        )
