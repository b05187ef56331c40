"""The local PlatformIO platform and its Arduino core, on QEMU and as a host process, without any network."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.compile import build
from boardproof.device.process import spawn
from boardproof.project.boards import BOARDS
from support.sketches import lab_project
from support.streams import QEMU, fifo_stream, process_stream, uart_stream

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from boardproof.device.types import Firmware
    from support.streams import Stream

pytestmark = [pytest.mark.qemu, pytest.mark.native]


@pytest.fixture(scope="module")
def firmwares(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Firmware]:
    """The lab sketch on both boards. The directory's name is hard on purpose."""
    root = tmp_path_factory.mktemp("a dir, with ünïcode=&;(#)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOARDPROOF_CACHE_DIR", str(root / "çache"))
        return {name: build(lab_project(BOARDS[name]), root / name) for name in ("mps2-an386", "native")}


@pytest.fixture
def open_qemu(firmwares: dict[str, Firmware]) -> AbstractContextManager[Stream]:
    return fifo_stream(firmwares["mps2-an386"].elf)


@pytest.fixture(params=["fifo", "uart", "native"])
def stream(request: pytest.FixtureRequest, firmwares: dict[str, Firmware]):
    elf = firmwares["native" if request.param == "native" else "mps2-an386"].elf
    opener = {"fifo": fifo_stream, "uart": uart_stream, "native": process_stream}[request.param]
    with opener(elf) as stream:
        yield stream


@pytest.mark.parametrize("size", [1, 63, 64, 1023, 1024, 1025, 5000])
def test_bytes_travel_unchanged_whatever_their_number(stream: Stream, size: int):
    data = random.Random(size).randbytes(size)
    stream.write(f"echo {size}\n".encode() + data)
    assert stream.read(size) == data


def test_printing_is_arduinos(stream: Stream):
    bits = "FFFFFFFF" if stream.child.command[0].startswith("qemu") else "FFFFFFFFFFFFFFFF"
    # -0.005 rounds away from zero, as on Arduino; 42 comes from two static constructors.
    assert stream.ask("print") == f"-42 FF 101 {bits} 3.142 -0.01 ovf flash str12! 9223372036854775807 7-x 42"


def test_time_passes_as_asked(stream: Stream):
    microseconds = int(stream.ask("delay 20"))
    assert microseconds >= 20_000
    if "qemu" in stream.child.command[0]:
        assert microseconds < 20_100  # emulated time does not depend on the host's load


def test_firmware_ends_with_status_0_when_the_host_closes_the_stream(firmwares: dict[str, Firmware]):
    for opener, board in ((fifo_stream, "mps2-an386"), (process_stream, "native")):
        with opener(firmwares[board].elf) as stream:
            assert stream.ask("size") != ""
            assert stream.end() == 0


def test_uart_serves_without_semihosting(firmwares: dict[str, Firmware]):
    with uart_stream(firmwares["mps2-an386"].elf, semihosting=False) as stream:
        assert stream.ask("size") == "16384"


class TestTicks:
    """board_ticks() on QEMU counts instructions, exactly, although the timer steps by 40."""

    @pytest.mark.parametrize("loops", [1, 2, 3, 19, 20, 21, 39, 40, 41, 1000, 12345, 5_000_000])
    def test_a_loop_of_known_length(self, open_qemu: AbstractContextManager[Stream], loops: int):
        with open_qemu as stream:
            # burn() is 2 n + 1 instructions; the call is one, and passing the argument one.
            assert int(stream.ask(f"burn {loops}")) == 2 * loops + 3

    def test_cost_nothing_themselves(self, open_qemu: AbstractContextManager[Stream]):
        with open_qemu as stream:
            assert [stream.ask("ticks") for _ in range(5)] == ["0"] * 5

    def test_do_not_run_while_the_device_waits_for_the_host(self, open_qemu: AbstractContextManager[Stream]):
        with open_qemu as stream:
            assert {stream.ask("burn 100") for _ in range(50)} == {"203"}


class TestStack:
    def test_high_water_mark(self, open_qemu: AbstractContextManager[Stream]):
        with open_qemu as stream:
            small, large = (int(stream.ask(f"stack {size}")) for size in (1000, 4000))
            assert large - small == 3000

    def test_repainting_forgets(self, open_qemu: AbstractContextManager[Stream]):
        with open_qemu as stream:
            assert int(stream.ask("stack 8000")) > int(stream.ask("stack 1000"))

    def test_size_is_the_linker_scripts(self, open_qemu: AbstractContextManager[Stream]):
        with open_qemu as stream:
            assert stream.ask("size") == str(16 * 1024)

    def test_unknown_on_the_host(self, firmwares: dict[str, Firmware]):
        with process_stream(firmwares["native"].elf) as stream:
            assert stream.ask("size") == "0"


def test_heap_ends_where_ram_ends(open_qemu: AbstractContextManager[Stream], firmwares: dict[str, Firmware]):
    static = firmwares["mps2-an386"].ram_bytes
    with open_qemu as stream:
        heap = int(stream.ask("heap"))
    free = 256 * 1024 - 16 * 1024 - static
    assert free * 0.95 < heap < free


FAULTS = {
    "fault undefined": "usage fault, undefined instruction; sp 0x",
    "fault data": "memory management fault, execution of data; sp 0x",
    "fault arm": "usage fault, jump to code that is not Thumb; sp 0x",
    "fault stack": "memory management fault, stack overflow; ",
    "fault call": "unexpected exception; sp 0x",
    "fault abort": "abort() was called",
    "fault virtual": "a pure virtual function was called",
    "fault heap": "the heap is exhausted",
    "poke 0": "memory management fault, forbidden data access; sp 0x",
    "poke 0x20040000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x00100000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x50000000": "bus fault, data access to no memory; sp 0x",
}


@pytest.mark.parametrize(("request_line", "words"), FAULTS.items())
def test_every_fault_is_told_on_both_ways_and_stops(
    open_qemu: AbstractContextManager[Stream], request_line: str, words: str
):
    with open_qemu as stream:
        stream.write(request_line.encode() + b"\n")
        said = stream.rest()
        assert stream.child.wait(10) == 1
        stderr = stream.child.stderr_text()
    assert f"boardproof: fault: {words}" in stderr
    assert f"reported: {words}" in said
    assert "survived" not in said


@pytest.mark.parametrize(
    ("request_line", "words"),
    [
        ("poke 0", "invalid memory access (SIGSEGV)"),
        ("fault stack", "invalid memory access (SIGSEGV)"),
        ("fault abort", "abort() was called (SIGABRT)"),
    ],
)
def test_native_faults_too(firmwares: dict[str, Firmware], request_line: str, words: str):
    with process_stream(firmwares["native"].elf) as stream:
        stream.write(request_line.encode() + b"\n")
        said = stream.rest()
        assert stream.child.wait(10) == 1
        assert f"boardproof: fault: {words}" in stream.child.stderr_text()
    assert f"reported: {words}" in said


@pytest.mark.parametrize(("request_line", "status"), [("exit 0", 0), ("exit 7", 1)])
def test_exit_ends_the_emulator(open_qemu: AbstractContextManager[Stream], request_line: str, status: int):
    with open_qemu as stream:
        stream.write(request_line.encode() + b"\n")
        assert stream.child.wait(10) == status


def test_fifos_that_cannot_be_opened_are_a_fault(firmwares: dict[str, Firmware], tmp_path: Path):
    semihosting = "enable=on,target=native,arg=fifo,arg=missing/a,arg=missing/b"
    command = [*QEMU, "-serial", "none", "-semihosting-config", semihosting, "-kernel", firmwares["mps2-an386"].elf]
    with spawn(command, cwd=tmp_path) as child:
        assert child.wait(10) == 1
        assert "boardproof: fault: cannot open the FIFOs" in child.stderr_text()


def test_sizes_come_from_the_elf_by_section(firmwares: dict[str, Firmware]):
    firmware = firmwares["mps2-an386"]
    sections = {section.name: section for section in firmware.sections}
    assert firmware.flash_bytes == sum(s.size_bytes for s in firmware.sections if s.name not in {".bss", ".stack"})
    assert firmware.reserved_stack_bytes == sections[".stack"].size_bytes == 16 * 1024
    assert firmware.ram_bytes == sections[".data"].size_bytes + sections[".bss"].size_bytes
    assert sections[".data"].in_flash
    assert sections[".data"].in_ram
    assert not sections[".bss"].in_flash
