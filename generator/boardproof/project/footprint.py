"""What firmware that was built for an emulated board would take on the Nano 33 BLE, with Arduino's core around it."""

from __future__ import annotations

from dataclasses import dataclass

from boardproof.project.boards import BOARDS, HOST, MBED_HEAP_BYTES, MBED_RESERVED_BYTES, MBED_STACK_BYTES

NANO33BLE = "nano33ble"
# Measured with two networks, aot, PlatformIO's own scripts and Arduino's core 4.5.0, GCC 12.2 for both boards: keyword
# spotting takes 125,324 bytes of flash and 53,008 of static RAM on nano33ble, 38,388 and 13,360 on mps2-an386; visual
# wake words 337,396 and 91,696, and 250,828 and 52,032.
_MORE_FLASH_BYTES = 86_752
_MORE_RAM_BYTES = 39_656


@dataclass(frozen=True, slots=True)
class Footprint:
    """An estimate of what the same network takes on another board.

    Attributes:
        flash_bytes: The whole image.
        ram_bytes: Static data, with the main thread's stack in it: on this board it is static data.
        stack_bytes: That stack.
        missing_flash_bytes: What the flash is too small by; 0 where it fits.
        missing_ram_bytes: Likewise, with what the core needs besides: vectors, the interrupts' stack, a heap.
    """

    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    missing_flash_bytes: int
    missing_ram_bytes: int

    @property
    def fits(self) -> bool:
        """Whether the board has room for it."""
        return self.missing_flash_bytes == self.missing_ram_bytes == 0


def on_nano33ble(board: str, flash_bytes: int | None, ram_bytes: int | None) -> Footprint | None:
    """The footprint there of firmware with these sizes, without any stack, on an emulated board.

    None for other boards, whose sizes say nothing about a Cortex-M, and where the sizes are not known.
    """
    known = BOARDS.get(board)
    if known is None or not known.is_emulated or known.cpu is HOST or flash_bytes is None or ram_bytes is None:
        return None
    nano = BOARDS[NANO33BLE]
    flash, ram = flash_bytes + _MORE_FLASH_BYTES, ram_bytes + _MORE_RAM_BYTES
    return Footprint(
        flash_bytes=flash,
        ram_bytes=ram,
        stack_bytes=MBED_STACK_BYTES,
        missing_flash_bytes=max(0, flash - (nano.flash_bytes or 0)),
        missing_ram_bytes=max(0, ram + MBED_RESERVED_BYTES + MBED_HEAP_BYTES - (nano.ram_bytes or 0)),
    )
