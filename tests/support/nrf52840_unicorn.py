"""Runs an ELF for the nRF52840 under the unicorn emulator, and talks to it through its UART.

Unicorn has the core but no NVIC and no exceptions for Armv7-M: a fault ends its run. What the core would do then is
done here: the frame on the stack, the fault status registers, and on with the handler from the vector table.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Any

from elftools.elf.elffile import ELFFile
from unicorn import UC_HOOK_BLOCK, UC_HOOK_MEM_INVALID, Uc, UcError
from unicorn import arm_const as arm
from unicorn import unicorn_const as uc_const

from support.nrf52840_peripherals import (
    RAM,
    Clock,
    FirmwareError,
    Pins,
    Registers,
    SystemControl,
    Timer,
    Trace,
    Uarte,
)

if TYPE_CHECKING:
    from pathlib import Path

FLASH = range(0x00100000)
_PERIPHERALS = range(0x40000000, 0x60000000)
_BLOCK_BYTES = 0x1000
_RUN_LIMIT_S = 120
_IDLE_POLLS = 3
_UNCOUNTED_STEP = 1000
_EXC_RETURN_THREAD = 0xFFFFFFF9
_THUMB_STATE = 1 << 24
_IPSR_MASK = 0x1FF
_FETCH_ERRORS = (uc_const.UC_ERR_FETCH_PROT, uc_const.UC_ERR_FETCH_UNMAPPED)
_WRITE_ERRORS = (uc_const.UC_ERR_WRITE_PROT, uc_const.UC_ERR_WRITE_UNMAPPED)
_MEMORY_MANAGEMENT, _BUS, _USAGE = 4, 5, 6


class Nrf52840:
    """The chip: core, memories, and the peripherals that the firmware uses.

    Args:
        elf: What is in flash.
        counting: Count instructions exactly, which takes thirty times as long; else time passes only when it is read.
        arrival: When the host's bytes arrive; see Uarte.
    """

    def __init__(self, elf: Path, *, counting: bool = False, arrival: str = "poll") -> None:
        self._counting = counting
        self._instructions = 0
        self._block_instructions: dict[tuple[int, int], int] = {}
        self._invalid_address = 0
        self._at_rest = False
        self.core = Uc(uc_const.UC_ARCH_ARM, uc_const.UC_MODE_THUMB | uc_const.UC_MODE_MCLASS)
        self.core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
        self.core.mem_map(FLASH.start, len(FLASH), uc_const.UC_PROT_READ | uc_const.UC_PROT_EXEC)
        self.core.mem_map(RAM.start, len(RAM), uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE)
        self.uarte = Uarte(self.core, arrival)
        self.system = SystemControl()
        self._map(0x40000000, Clock())
        self._map(0x40002000, self.uarte)
        self._map(0x40008000, Timer(self._now))
        self._map(0x50000000, Pins())
        self._map(0xE0001000, Trace(self._now, self.system))
        self._map(0xE000E000, self.system)
        if counting:
            self.core.hook_add(UC_HOOK_BLOCK, self._count)
        self.core.hook_add(UC_HOOK_MEM_INVALID, self._note_invalid)
        self._load(elf)
        stack, self._pc = struct.unpack("<II", self.core.mem_read(FLASH.start, 8))
        self.core.reg_write(arm.UC_ARM_REG_SP, stack)

    def _map(self, address: int, registers: Registers) -> None:
        def read(_core: Uc, offset: int, _size: int, _data: Any) -> int:
            value = registers.read(offset)
            if registers is self.uarte and self.uarte.idle_polls >= _IDLE_POLLS:
                self._at_rest = True
                self.core.emu_stop()
            return value

        def write(_core: Uc, offset: int, _size: int, value: int, _data: Any) -> None:
            registers.write(offset, value)

        self.core.mmio_map(address, _BLOCK_BYTES, read, None, write, None)

    def _load(self, elf: Path) -> None:
        with elf.open("rb") as file:
            for segment in ELFFile(file).iter_segments("PT_LOAD"):
                if segment["p_filesz"]:
                    assert segment["p_paddr"] + segment["p_filesz"] <= FLASH.stop
                    self.core.mem_write(segment["p_paddr"], segment.data())

    def _now(self) -> int:
        """The time, in instructions."""
        if not self._counting:
            self._instructions += _UNCOUNTED_STEP
        return self._instructions

    def _count(self, _core: Uc, address: int, size: int, _data: Any) -> None:
        try:
            self._instructions += self._block_instructions[address, size]
        except KeyError:
            count = _thumb_instructions(bytes(self.core.mem_read(address, size)))
            self._block_instructions[address, size] = count
            self._instructions += count

    def _note_invalid(self, _core: Uc, _access: int, address: int, _size: int, _value: int, _data: Any) -> bool:
        self._invalid_address = address
        return False

    @property
    def stopped(self) -> bool:
        """Whether the core stopped for good: no interrupt will end its WFI."""
        return self._pc == 0

    def stop(self) -> None:
        """Stops the core for good."""
        self._pc = 0

    def run(self) -> None:
        """Lets the firmware run until it waits for bytes that are not there, or has stopped for good."""
        stop_s = time.monotonic() + _RUN_LIMIT_S
        self._at_rest = False
        self.uarte.idle_polls = 0
        while not self._at_rest and not self.stopped:
            try:
                self.core.emu_start(self._pc | 1, FLASH.stop, timeout=_RUN_LIMIT_S * 1_000_000)
            except UcError as error:
                self._take_fault(error.errno)
                continue
            self._pc = self.core.reg_read(arm.UC_ARM_REG_PC)
            if not self._at_rest:
                assert time.monotonic() < stop_s, f"the firmware is busy at 0x{self._pc:08x} without end"
                self.stop()

    def _take_fault(self, error: int) -> None:
        """Enters the handler of the fault that unicorn stopped at."""
        number, status = self._classify(error)
        pc = self.core.reg_read(arm.UC_ARM_REG_PC)
        self.system.values["CFSR"] |= status
        self.system.values["MMFAR"] = self.system.values["BFAR"] = self._invalid_address
        if not self.system.values["SHCSR"] & 1 << (12 + number):
            number, self.system.values["HFSR"] = 3, 1 << 30
        state = self.core.reg_read(arm.UC_ARM_REG_XPSR)
        assert state & _IPSR_MASK == 0, f"a fault in a fault handler, at 0x{pc:08x}"
        self._push_frame(pc, state | _THUMB_STATE)
        self.core.reg_write(arm.UC_ARM_REG_XPSR, state | number)
        self.core.reg_write(arm.UC_ARM_REG_LR, _EXC_RETURN_THREAD)
        (self._pc,) = struct.unpack("<I", self.core.mem_read(FLASH.start + 4 * number, 4))

    def _classify(self, error: int) -> tuple[int, int]:
        """The fault's number, and its bits in the configurable fault status register."""
        pc = self.core.reg_read(arm.UC_ARM_REG_PC)
        if error == uc_const.UC_ERR_INSN_INVALID:
            undefined = bytes(self.core.mem_read(pc, 2))[1] == 0xDE
            return _USAGE, 1 << 16 if undefined else 1 << 17
        address = self._invalid_address
        access = "fetch" if error in _FETCH_ERRORS else "write" if error in _WRITE_ERRORS else "read"
        protected = self.system.forbids(address, access)
        if not protected and address not in _PERIPHERALS:
            raise FirmwareError(f"Renode would let the {access} at 0x{address:08x} through")
        if error in _FETCH_ERRORS:
            return (_MEMORY_MANAGEMENT, 1) if protected else (_BUS, 1 << 8)
        return (_MEMORY_MANAGEMENT, 1 << 1 | 1 << 7) if protected else (_BUS, 1 << 9 | 1 << 15)

    def _push_frame(self, pc: int, state: int) -> None:
        registers = (
            *(arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3),
            *(arm.UC_ARM_REG_R12, arm.UC_ARM_REG_LR),
        )
        frame = struct.pack("<8I", *(self.core.reg_read(register) for register in registers), pc, state)
        stack = (self.core.reg_read(arm.UC_ARM_REG_SP) - len(frame)) & ~7
        self.core.reg_write(arm.UC_ARM_REG_SP, stack)
        if stack in RAM:
            self.core.mem_write(stack, frame)
        else:
            self.system.values["CFSR"] |= 1 << 4


class UnicornLink:
    """A byte stream to firmware under unicorn. Emulated time passes only while read() waits for an answer."""

    def __init__(self, elf: Path, *, counting: bool = False, arrival: str = "poll") -> None:
        self.chip = Nrf52840(elf, counting=counting, arrival=arrival)

    def write(self, data: bytes) -> None:
        self.chip.uarte.from_host += data

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        uarte = self.chip.uarte
        if not uarte.to_host and not self.chip.stopped:
            self.chip.run()
        if not uarte.to_host:
            time.sleep(timeout_s)  # the firmware waits for us: no answer will come
        data, uarte.to_host = uarte.to_host[:max_bytes], uarte.to_host[max_bytes:]
        return data

    def close(self) -> None:
        pass

    def __enter__(self) -> UnicornLink:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _thumb_instructions(code: bytes) -> int:
    """How many instructions there are in a piece of Thumb-2 code."""
    count = position = 0
    while position < len(code):
        position += 4 if code[position + 1] >> 3 in {0b11101, 0b11110, 0b11111} else 2
        count += 1
    return count
