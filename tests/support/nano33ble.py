"""A simulated Arduino Nano 33 BLE: boardproof's board file on a stand-in for Mbed OS, under unicorn, with the real
bootloader's habit of zeroing RAM at every reset.
"""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from elftools.elf.elffile import ELFFile
from unicorn import UC_HOOK_CODE, Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as uc_const

from boardproof.project.resources import resource
from support.nrf52840_peripherals import RAM, FirmwareError, Registers

if TYPE_CHECKING:
    from collections.abc import Callable

MBED = Path(__file__).parents[1] / "firmware" / "mbed_core"
FLASH = range(0x00100000)
ZEROED = range(0x20000000, 0x20006D48)
"""What the Nano's bootloader zeroes at every reset, also at one that is no upload: seen in core 4.5.0's image."""
RESET_LOCKUP, RESET_SOFTWARE = 1 << 3, 1 << 2
_VECTORS = 0x10000
_RETURN = 0x000FF000
_MAIN_STACK_BYTES = 4096
_RUN_LIMIT_US = 10_000_000
_SOURCES = (MBED / "mbed.c", resource("firmware/boards/nano33ble.c"))
_FLAGS = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-std=gnu11", "-Os", "-Wall", "-Wextra", "-Werror", "-g")


class Power(Registers):
    """The reset reason, whose ones are cleared by writing ones."""

    names: ClassVar = {0x400: "RESETREAS"}

    def write(self, offset: int, value: int) -> None:
        self.values[self._name(offset)] &= ~value


class Debug(Registers):
    """DWT."""

    names: ClassVar = {0x000: "CTRL", 0x004: "CYCCNT"}


class System(Registers):
    """SCB and debug control: a request in AIRCR is told to whoever asked."""

    names: ClassVar = {0xD0C: "AIRCR", 0xDFC: "DEMCR"}

    def __init__(self, on_reset: Callable[[], None]) -> None:
        super().__init__()
        self._on_reset = on_reset

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if self.names[offset] == "AIRCR" and value == 0x05FA0004:
            self._on_reset()


def build_nano(folder: Path) -> Path:
    """Links the board file with the stand-in for Mbed."""
    elf = folder / "nano33ble.elf"
    includes = [f"-I{MBED}", f"-I{resource('firmware/boards')}"]
    link = ["-T", str(MBED / "mbed.ld"), "-nostartfiles", "--specs=nano.specs", "-lnosys"]
    command = ["arm-none-eabi-gcc", *_FLAGS, *includes, *map(str, _SOURCES), *link, "-o", str(elf)]
    subprocess.run(command, check=True)
    return elf


class Nano:
    """The board, switched on: it stands where Mbed calls main(). RAM holds what it does after a night without power.

    Attributes:
        resets: How often it was reset by its own firmware.
        stopped: Whether Mbed stopped it for good.
    """

    def __init__(self, elf: Path) -> None:
        with elf.open("rb") as file:
            image = ELFFile(file)
            table = image.get_section_by_name(".symtab")
            self.symbols = {symbol.name: symbol["st_value"] for symbol in table.iter_symbols()}
            segments = [(s["p_paddr"], s.data()) for s in image.iter_segments("PT_LOAD") if s["p_filesz"]]
        self.core = Uc(uc_const.UC_ARCH_ARM, uc_const.UC_MODE_THUMB | uc_const.UC_MODE_MCLASS)
        self.core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self.core.mem_map(FLASH.start, len(FLASH))
        self.core.mem_map(RAM.start, len(RAM))
        for address, data in segments:
            self.core.mem_write(address, data)
        self.power = Power()
        for address, registers in (
            (0x40000000, self.power),
            (0xE0001000, Debug()),
            (0xE000E000, System(self._request_reset)),
        ):
            self._map(address, registers)
        self.core.hook_add(UC_HOOK_CODE, self._die, begin=self._code("mbed_die"), end=self._code("mbed_die"))
        self.core.mem_write(RAM.start, bytes(range(251)) * (len(RAM) // 251))
        self.resets = 0
        self.stopped = self._resetting = False
        self.start()

    def start(self, reason: int = 0) -> None:
        """What happens from a reset to main(), the bootloader's part first."""
        self.power.values["RESETREAS"] |= reason
        self.core.mem_write(ZEROED.start, bytes(len(ZEROED)))
        stack, entry = struct.unpack("<II", self.core.mem_read(_VECTORS, 8))
        self.core.reg_write(arm.UC_ARM_REG_SP, stack)
        self.core.emu_start(entry | 1, self._code("main"), timeout=_RUN_LIMIT_US)

    def call(self, function: str, *arguments: int) -> int:
        """Calls a function in Mbed's main thread; what it returns. The board may be reset instead, or stop."""
        registers = (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3)
        for register, value in zip(registers, arguments, strict=False):
            self.core.reg_write(register, value)
        self.core.reg_write(arm.UC_ARM_REG_SP, self.symbols["main_stack"] + _MAIN_STACK_BYTES)
        self.core.reg_write(arm.UC_ARM_REG_LR, _RETURN | 1)
        self.core.emu_start(self._code(function) | 1, _RETURN, timeout=_RUN_LIMIT_US)
        if self._resetting:
            self._resetting = False
            self.resets += 1
            self.start(RESET_SOFTWARE)
        elif not self.stopped and self.core.reg_read(arm.UC_ARM_REG_PC) != _RETURN:
            raise FirmwareError(f"{function}() did not return")
        value: int = self.core.reg_read(arm.UC_ARM_REG_R0)
        return value

    def setup(self) -> str:
        """What boardproof's sketch does first; what its hello says of a fault then."""
        self.call("board_init")
        data = bytes(self.core.mem_read(self.call("board_fault"), 160))
        return data.partition(b"\0")[0].decode()

    def _code(self, function: str) -> int:
        address: int = self.symbols[function] & ~1
        return address

    def _map(self, address: int, registers: Registers) -> None:
        def read(_core: Uc, offset: int, _size: int, _data: Any) -> int:
            return registers.read(offset)

        def write(_core: Uc, offset: int, _size: int, value: int, _data: Any) -> None:
            registers.write(offset, value)

        self.core.mmio_map(address, 0x1000, read, None, write, None)

    def _request_reset(self) -> None:
        self._resetting = True
        self.core.emu_stop()

    def _die(self, _core: Uc, _address: int, _size: int, _data: Any) -> None:
        self.stopped = True
        self.core.emu_stop()
