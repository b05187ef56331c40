"""Images that do not fit, each linked to hear the linker's own words. About 3 s."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boardproof.device.build.diagnosis import explain
from boardproof.device.build.elf import read_heap_bytes, read_sections
from boardproof.device.build.fit import require_fit
from boardproof.device.process import Completed, run
from boardproof.device.types import Firmware
from boardproof.errors import InputError
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource
from support.nano33ble import MBED

pytestmark = pytest.mark.qemu

SCRIPTS = {"mps2-an386": resource("firmware/arduino/cortex_m4/memory.ld"), "nano33ble": MBED / "mbed.ld"}
SOURCE = """
#ifdef MAIN_STACK
char _main_stack[MAIN_STACK];
#define TOUCH _main_stack[i] = 1;
#else
#define TOUCH
#endif
#ifndef DATA
#define DATA 4
#endif
char zero[ZERO];
char data[DATA] = {1};
const char constant[CONSTANT] = {1};
void Reset_Handler(void) { for (int i = 0;; i++) { zero[i] = data[i] = constant[i]; TOUCH } }
"""
CORE = ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O1", "-fdata-sections", "-nostdlib")


def link(folder: Path, board: str, **sizes: int) -> tuple[Completed, Path]:
    source, elf = folder / "x.c", folder / "x.elf"
    source.write_text(SOURCE)
    defines = [f"-D{name.upper()}={size}" for name, size in ({"zero": 4, "constant": 4} | sizes).items()]
    command = [*CORE, *defines, f"-T{SCRIPTS[board]}", "-Wl,--defsym=machine_reset=Reset_Handler"]
    return run([*command, source, "-o", elf]), elf


KB = 1024
FLASH = r"flash is 1,\d{3} bytes too small: it needs 984,\d{3} of 983,040"
RAM = r"RAM is 1,\d{3} bytes too small: it needs 263,\d{3} of 262,144"
FITS_NOT = [
    ("mps2-an386", {"constant": 961 * KB}, FLASH),
    ("mps2-an386", {"data": 200 * KB, "constant": 761 * KB}, FLASH),
    ("mps2-an386", {"zero": 241 * KB}, RAM),
    ("mps2-an386", {"data": 241 * KB}, RAM),
    ("mps2-an386", {"zero": 241 * KB, "constant": 961 * KB}, f"{FLASH}; {RAM}"),
    ("nano33ble", {"constant": 961 * KB}, FLASH),
    ("nano33ble", {"zero": 256 * KB - 100}, RAM),
    ("nano33ble", {"data": 256 * KB - 100}, RAM),
    ("nano33ble", {"zero": 256 * KB - 100, "constant": 961 * KB}, RAM),  # it stops before it looks at the flash
]


@pytest.mark.parametrize(("board", "sizes", "words"), FITS_NOT)
def test_the_linkers_words(tmp_path: Path, board: str, sizes: dict[str, int], words: str):
    done, _ = link(tmp_path, board, **sizes)
    assert done.status != 0
    error = explain(done.lines, BOARDS[board], Path("build.log"))
    assert type(error) is InputError
    assert re.fullmatch(rf"The firmware does not fit on {board}: {words}\.", error.message), error.message
    assert "a smaller model" in error.hint


def firmware(elf: Path, board: str) -> Firmware:
    return Firmware(elf, elf.parent, BOARDS[board], read_sections(elf, BOARDS[board]), "ab" * 32)


def test_mbeds_main_stack_is_no_data(tmp_path: Path):
    done, elf = link(tmp_path, "nano33ble", main_stack=32 * KB, zero=1000)
    assert done.status == 0, done.output
    found = firmware(elf, "nano33ble")
    assert 1000 <= found.ram_bytes < 1400  # crash data, 256 bytes, among it
    assert found.reserved_stack_bytes == 32 * KB + 1 * KB
    assert [s.name for s in found.sections if s.is_stack] == ["_main_stack", ".stack"]


def test_an_image_that_leaves_mbed_no_heap_is_refused(tmp_path: Path):
    """Seen on a Nano's chip in Renode: with less than 1 KB it dies before setup()."""
    _, elf = link(tmp_path, "nano33ble", zero=200 * KB)
    require_fit(firmware(elf, "nano33ble"))
    room = read_heap_bytes(elf)
    assert room is not None
    done, elf = link(tmp_path, "nano33ble", zero=200 * KB + room - 2000)
    assert done.status == 0, done.output
    with pytest.raises(InputError) as caught:
        require_fit(firmware(elf, "nano33ble"))
    assert caught.value.message == (
        "The firmware does not fit on nano33ble: RAM is 304 bytes too small: the core needs a heap of 2,304 before "
        "setup(), and 2,000 are left."
    )


def test_initial_values_that_the_linker_puts_behind_the_flash_are_refused(tmp_path: Path):
    done, elf = link(tmp_path, "nano33ble", data=200 * KB, constant=800 * KB)
    assert done.status == 0, done.output
    with pytest.raises(InputError, match=r"on nano33ble: flash is 40,\d{3} bytes too small: it needs 1,02\d,\d{3} of"):
        require_fit(firmware(elf, "nano33ble"))
