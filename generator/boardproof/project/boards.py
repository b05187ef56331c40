"""The boards, as values: what is on them, and how to reach them.

Adding a board: a value here, a section in platformio.ini, one C file in firmware/boards/.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TickUnit(StrEnum):
    """What a board counts during inference."""

    CYCLES = "cycles"
    INSTRUCTIONS = "instructions"
    MICROSECONDS = "microseconds"


class Reach(StrEnum):
    """How the host talks to the board."""

    SERIAL = "serial"
    QEMU = "qemu"
    RENODE = "renode"
    PROCESS = "process"

    @property
    def is_started(self) -> bool:
        """Whether boardproof starts what runs the firmware; else a board is there, which has a port and is flashed."""
        return self is not Reach.SERIAL

    @property
    def is_packaged(self) -> bool:
        """Whether Debian's packages are enough to run it, on any machine."""
        return self in PACKAGES


PACKAGES: dict[Reach, tuple[str, ...]] = {Reach.QEMU: ("qemu-system-arm",), Reach.PROCESS: ()}
"""Debian packages that run the firmware, beside the compiler's, where those are all that it takes."""


class Feature(StrEnum):
    """What a core may have beyond the least of its kind: what kernel sets need."""

    DSP = "dsp"
    """The DSP extension of Armv7E-M and Armv8-M."""
    FPU = "fpu"
    """A Cortex-M's floating-point unit, for float32 at least."""


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A compiler of this machine: its program, and the Debian packages that it and its C and C++ libraries are in."""

    program: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cpu:
    """The core that runs the model.

    Attributes:
        name: What it is called here.
        features: What kernels may use.
        bits: Of a pointer.
        flags: What the compiler is told of it.
        counts_cycles: Whether it has a cycle counter (Armv7-M's DWT).
    """

    name: str
    features: frozenset[Feature]
    bits: int = 32
    flags: tuple[str, ...] = ()
    counts_cycles: bool = True


class UsbMode(StrEnum):
    """What runs on a board that shows a USB id."""

    APPLICATION = "application"
    BOOTLOADER = "bootloader"


@dataclass(frozen=True, slots=True)
class UsbId:
    """A vendor and product id under which a board appears, and what runs on it then."""

    vid: int
    pid: int
    mode: UsbMode

    def __str__(self) -> str:
        return f"{self.vid:04x}:{self.pid:04x}"


class Upload(StrEnum):
    """How firmware gets onto a board of the user's own."""

    PLATFORMIO = "platformio"
    """PlatformIO's upload target does all of it."""
    TOUCH = "touch"
    """A touch at 1200 baud starts a bootloader with a USB id of its own, and PlatformIO uploads to its port."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How PlatformIO builds for a board of the user's own; boardproof's boards have a section in platformio.ini.

    Attributes:
        platform: PlatformIO's platform, as in `platform`.
        board: Its name of the board.
        framework: Which must bring an Arduino core.
        lib_deps: Libraries the board needs.
        build_flags: The compiler's.
        options: Any other lines of the section.
        serial: The Arduino object that reaches the host.
        upload: How the firmware gets there.
    """

    platform: str
    board: str
    framework: str = "arduino"
    lib_deps: tuple[str, ...] = ()
    build_flags: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    serial: str = "Serial"
    upload: Upload = Upload.PLATFORMIO


@dataclass(frozen=True, slots=True)
class Board:
    """A target. `flash_bytes` and `ram_bytes` are what an application may use; None where there is no limit.

    `toolchain` compiles for it; None where PlatformIO brings one. `machine` is what QEMU calls it.

    `core_flash_bytes` and `core_ram_bytes` of them the core takes before anything of ours: its code and static data,
    its stacks, and `heap_bytes` of heap, without which it does not come to setup().
    """

    name: str
    title: str
    env: str
    cpu: Cpu
    reach: Reach
    tick_unit: TickUnit
    flash_bytes: int | None
    ram_bytes: int | None
    core_flash_bytes: int = 0
    core_ram_bytes: int = 0
    heap_bytes: int = 0
    usb: tuple[UsbId, ...] = ()
    toolchain: Toolchain | None = None
    machine: str = ""
    recipe: Recipe | None = None

    @property
    def packages(self) -> tuple[str, ...]:
        """The Debian packages that compile and run its firmware."""
        return (*(self.toolchain.packages if self.toolchain else ()), *PACKAGES.get(self.reach, ()))

    @property
    def source(self) -> str:
        """The file in firmware/boards/ that implements board.h for it."""
        return "arduino.cpp" if self.recipe is not None else f"{self.name.replace('-', '_')}.c"

    @property
    def free_flash_bytes(self) -> int | None:
        """What the core leaves of the flash."""
        return None if self.flash_bytes is None else self.flash_bytes - self.core_flash_bytes

    @property
    def free_ram_bytes(self) -> int | None:
        """What the core leaves of the RAM."""
        return None if self.ram_bytes is None else self.ram_bytes - self.core_ram_bytes

    @property
    def is_emulated(self) -> bool:
        """Whether it runs without hardware."""
        return self.reach.is_started


ARM = Toolchain("arm-none-eabi-gcc", ("gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-newlib"))
HOST_GCC = Toolchain("g++", ("g++",))
CORTEX_M4F = Cpu(
    "cortex-m4f",
    frozenset({Feature.DSP, Feature.FPU}),
    flags=("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
)
HOST = Cpu("host", frozenset(), bits=64, counts_cycles=False)

_NANO33BLE_FLASH_BYTES = 1024 * 1024 - 64 * 1024  # the bootloader keeps the first 64 KB
_NANO33BLE_RAM_BYTES = 256 * 1024
# Of a sketch that does nothing, built by PlatformIO with Arduino's core 4.5.0 on Mbed OS: flash, and static data, the
# main thread's stack of 32,768 among it.
_MBED_FLASH_BYTES = 85_580
MBED_RAM_BYTES = 41_864
MBED_STACK_BYTES = 32 * 1024
# Of its linker script: vectors and crash data (0x200 together), and the stack of interrupts.
MBED_RESERVED_BYTES = 512 + 1024
# Mbed takes about 1 KB of heap before setup(): an image with less was seen to die there. 256 more hold the crash note.
MBED_HEAP_BYTES = 2048 + 256
_STACK_BYTES = 16 * 1024  # of the emulated boards: cortex_m4/memory.ld
_SMALL_CORE_FLASH_BYTES = 2_100  # our own core with a sketch that echoes: 2,476 in QEMU, 2,144 in Renode
_SMALL_CORE_RAM_BYTES = 2_300  # likewise: 2,344 and 2,400
# From boards.txt of arduino/ArduinoCore-mbed. 005a is in the bootloader's image, 805a in the Arduino core's variant;
# 015a and 025a are other firmware on the same board.
_NANO33BLE_USB = (
    UsbId(0x2341, 0x805A, UsbMode.APPLICATION),
    UsbId(0x2341, 0x005A, UsbMode.BOOTLOADER),
    UsbId(0x2341, 0x015A, UsbMode.APPLICATION),
    UsbId(0x2341, 0x025A, UsbMode.APPLICATION),
)

BOARDS: dict[str, Board] = {
    board.name: board
    for board in (
        Board(
            name="mps2-an386",
            title="Arm MPS2 AN386, Cortex-M4F, emulated by QEMU, with the Nano 33 BLE's memory",
            env="mps2-an386",
            cpu=CORTEX_M4F,
            reach=Reach.QEMU,
            machine="mps2-an386",
            toolchain=ARM,
            tick_unit=TickUnit.INSTRUCTIONS,
            flash_bytes=_NANO33BLE_FLASH_BYTES,
            ram_bytes=_NANO33BLE_RAM_BYTES,
            core_flash_bytes=_SMALL_CORE_FLASH_BYTES,
            core_ram_bytes=_SMALL_CORE_RAM_BYTES + _STACK_BYTES,
        ),
        Board(
            name="nrf52840-renode",
            title="the Nano 33 BLE's chip (nRF52840, Cortex-M4F), emulated by Renode",
            env="nrf52840-renode",
            cpu=CORTEX_M4F,
            reach=Reach.RENODE,
            toolchain=ARM,
            tick_unit=TickUnit.INSTRUCTIONS,
            flash_bytes=_NANO33BLE_FLASH_BYTES,
            ram_bytes=_NANO33BLE_RAM_BYTES,
            core_flash_bytes=_SMALL_CORE_FLASH_BYTES,
            core_ram_bytes=_SMALL_CORE_RAM_BYTES + _STACK_BYTES,
        ),
        Board(
            name="native",
            title="a process on this machine",
            env="native",
            cpu=HOST,
            reach=Reach.PROCESS,
            toolchain=HOST_GCC,
            tick_unit=TickUnit.MICROSECONDS,
            flash_bytes=None,
            ram_bytes=None,
        ),
        Board(
            name="nano33ble",
            title="Arduino Nano 33 BLE (nRF52840, Cortex-M4F, 64 MHz)",
            env="nano33ble",
            cpu=CORTEX_M4F,
            reach=Reach.SERIAL,
            tick_unit=TickUnit.CYCLES,
            flash_bytes=_NANO33BLE_FLASH_BYTES,
            ram_bytes=_NANO33BLE_RAM_BYTES,
            core_flash_bytes=_MBED_FLASH_BYTES,
            core_ram_bytes=MBED_RAM_BYTES + MBED_RESERVED_BYTES + MBED_HEAP_BYTES,
            heap_bytes=MBED_HEAP_BYTES,
            usb=_NANO33BLE_USB,
        ),
    )
}

QEMU_BOARDS = tuple(board for board in BOARDS.values() if board.reach is Reach.QEMU)
