"""A model of what boardproof's firmware touches on an nRF52840, register by register.

Only registers that the chip has and Renode implements are here; touching any other is an error in the firmware. The
UARTE behaves as Renode's does (NRF52840_UART.cs, read in August 2026), whose receiver has traps that the chip's lacks:
while its ENDRX event is clear it puts whatever comes behind the last byte, past the end of the buffer too, and it looks
at what waits in its FIFO only when a transfer starts.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, ClassVar, Protocol

from boardproof.project.renode import CORE_MHZ

if TYPE_CHECKING:
    from collections.abc import Callable

RAM = range(0x20000000, 0x20040000)
TRACE_ENABLE = 1 << 24
_TIMER_MHZ = 16
_TICK_STEP = CORE_MHZ // math.gcd(CORE_MHZ, 1000)
"""Renode 1.16.1 keeps time in whole nanoseconds, and rounds instructions to what fits."""


class FirmwareError(AssertionError):
    """The firmware did what works neither on the chip nor in Renode."""


class Memory(Protocol):
    """What EasyDMA sees."""

    def mem_read(self, address: int, size: int) -> bytearray: ...

    def mem_write(self, address: int, data: bytes) -> None: ...


class Registers:
    """A block of 4 KB: named registers that keep what is written, and actions."""

    names: ClassVar[dict[int, str]]

    def __init__(self) -> None:
        self.values = dict.fromkeys(self.names.values(), 0)

    def read(self, offset: int) -> int:
        return self.values[self._name(offset)]

    def write(self, offset: int, value: int) -> None:
        self.values[self._name(offset)] = value

    def _name(self, offset: int) -> str:
        if offset not in self.names:
            raise FirmwareError(f"{type(self).__name__} has no register at offset 0x{offset:03x}")
        return self.names[offset]


class Clock(Registers):
    """CLOCK: the crystal starts at once."""

    names: ClassVar = {
        0x000: "TASKS_HFCLKSTART",
        0x100: "EVENTS_HFCLKSTARTED",
    }

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if self.names[offset] == "TASKS_HFCLKSTART" and value:
            self.values["EVENTS_HFCLKSTARTED"] = 1


class Timer(Registers):
    """TIMER0, counting up by itself. BITMODE is the one register that Renode lacks: its timers have enough bits."""

    names: ClassVar = {
        0x000: "TASKS_START",
        0x040: "TASKS_CAPTURE0",
        0x504: "MODE",
        0x508: "BITMODE",
        0x510: "PRESCALER",
        0x540: "CC0",
    }

    def __init__(self, instructions: Callable[[], int]) -> None:
        super().__init__()
        self._instructions = instructions

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if self.names[offset] == "TASKS_CAPTURE0" and self.values["TASKS_START"]:
            ticks = self._instructions() * _TIMER_MHZ // CORE_MHZ >> self.values["PRESCALER"]
            self.values["CC0"] = ticks & (0xFFFFFFFF if self.values["BITMODE"] == 3 else 0xFFFF)


class Pins(Registers):
    """GPIO port 1, of which the firmware sets up the two pins of Serial1."""

    names: ClassVar = {
        0x808: "OUTSET",
        0xA0C: "PIN_CNF3",
        0xA28: "PIN_CNF10",
    }


class Uarte(Registers):
    """UARTE0. `arrival` names the register access at which all that the host sent arrives at once: "poll" (ENDRX is
    read), "start" (a transfer starts) or "clear" (ENDRX is cleared). A poll always brings one byte.
    """

    names: ClassVar = {
        0x000: "TASKS_STARTRX",
        0x008: "TASKS_STARTTX",
        0x110: "EVENTS_ENDRX",
        0x120: "EVENTS_ENDTX",
        0x500: "ENABLE",
        0x50C: "PSEL_TXD",
        0x514: "PSEL_RXD",
        0x524: "BAUDRATE",
        0x56C: "CONFIG",
        0x534: "RXD_PTR",
        0x538: "RXD_MAXCNT",
        0x544: "TXD_PTR",
        0x548: "TXD_MAXCNT",
    }

    def __init__(self, memory: Memory, arrival: str) -> None:
        super().__init__()
        self._memory = memory
        self._arrival = arrival
        self._fifo: deque[int] = deque()
        self._receiving = False
        self._pointer = self._amount = 0
        self.from_host = b""
        self.to_host = b""
        self.idle_polls = 0

    def read(self, offset: int) -> int:
        name = self._name(offset)
        if name == "EVENTS_ENDRX":
            self._arrive("poll")
            self.idle_polls = 0 if self.values[name] else self.idle_polls + 1
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        name = self.names[offset]
        if name == "TASKS_STARTRX":
            self._start_receiving()
            self._arrive("start")
        elif name == "TASKS_STARTTX":
            self._send()
        elif name == "EVENTS_ENDRX" and not value:
            self._arrive("clear")

    def _enabled(self) -> bool:
        return self.values["ENABLE"] == 8 and self.values["PSEL_TXD"] == 0x23 and self.values["PSEL_RXD"] == 0x2A

    def _arrive(self, access: str) -> None:
        if not self._receiving:
            return
        count = len(self.from_host) if access == self._arrival else int(access == "poll")
        arrived, self.from_host = self.from_host[:count], self.from_host[count:]
        for byte in arrived:
            self._fifo.append(byte)
            self._take_byte()

    def _start_receiving(self) -> None:
        self._receiving = self._enabled()
        self._pointer, self._amount = self.values["RXD_PTR"], 0
        if self._fifo:
            self._take_byte()

    def _take_byte(self) -> None:
        if self.values["EVENTS_ENDRX"]:
            return
        if self._amount >= self.values["RXD_MAXCNT"] or self._pointer not in RAM:
            raise FirmwareError(f"UARTE received a byte with no room for it, at 0x{self._pointer:08x}")
        self._memory.mem_write(self._pointer, bytes([self._fifo.popleft()]))
        self._pointer += 1
        self._amount += 1
        self.values["EVENTS_ENDRX"] = int(self._amount == self.values["RXD_MAXCNT"])

    def _send(self) -> None:
        start, size = self.values["TXD_PTR"], self.values["TXD_MAXCNT"]
        if not self._enabled() or start not in RAM or start + size - 1 not in RAM:
            raise FirmwareError(f"UARTE cannot send {size} bytes from 0x{start:08x}")
        self.to_host += bytes(self._memory.mem_read(start, size))
        self.values["EVENTS_ENDTX"] = 1


class Trace(Registers):
    """DWT: a cycle counter that counts instructions, while tracing is enabled."""

    names: ClassVar = {
        0x000: "CTRL",
        0x004: "CYCCNT",
    }

    def __init__(self, instructions: Callable[[], int], system: SystemControl) -> None:
        super().__init__()
        self._instructions = instructions
        self._system = system
        self._offset = 0

    def read(self, offset: int) -> int:
        if self._name(offset) == "CYCCNT" and self._counts():
            self.values["CYCCNT"] = (self._instructions() // _TICK_STEP * _TICK_STEP - self._offset) & 0xFFFFFFFF
        return super().read(offset)

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        self._offset = self._instructions() - self.values["CYCCNT"]

    def _counts(self) -> bool:
        return bool(self.values["CTRL"] & 1 and self._system.values["DEMCR"] & TRACE_ENABLE)


class SystemControl(Registers):
    """SCB, MPU and debug control: registers that keep what is written, and the MPU's regions."""

    names: ClassVar = {
        0xD24: "SHCSR",
        0xD28: "CFSR",
        0xD2C: "HFSR",
        0xD34: "MMFAR",
        0xD38: "BFAR",
        0xD88: "CPACR",
        0xD94: "MPU_CTRL",
        0xD9C: "MPU_RBAR",
        0xDA0: "MPU_RASR",
        0xDFC: "DEMCR",
    }

    def __init__(self) -> None:
        super().__init__()
        self._regions: dict[int, tuple[int, int]] = {}

    def write(self, offset: int, value: int) -> None:
        super().write(offset, value)
        if self.names[offset] == "MPU_RASR":
            base = self.values["MPU_RBAR"]
            self._regions[base & 0xF] = (base & ~0x1F, value)

    def forbids(self, address: int, access: str) -> bool:
        """Whether the MPU stops a "read", "write" or "fetch" by privileged code.

        Where no region is, Renode 1.16.1 lets it through, although PRIVDEFENA is clear and the chip would not. Where
        regions overlap, the one with the highest number counts (Armv7-M, B3.5).
        """
        if not self.values["MPU_CTRL"] & 1:
            return False
        for _, (base, attributes) in sorted(self._regions.items(), reverse=True):
            if attributes & 1 and base <= address < base + (2 << (attributes >> 1 & 0x1F)):
                allowed = {0: "", 3: "read write", 6: "read"}[attributes >> 24 & 7]
                if access == "fetch":
                    return not allowed or bool(attributes >> 28 & 1)
                return access not in allowed
        return False
