"""Firmware for the nRF52840, as Renode gets it, run under unicorn, so that it is not left untried where Renode is
absent. About 15 s.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from boardproof.device.build.compile import build
from boardproof.device.failures import BoardFaultError, SilentDeviceError
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.device.reach.qemu import open_qemu_fifo
from boardproof.model.labels import plain_name
from boardproof.model.oracle import run_oracle
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS, TickUnit
from boardproof.project.render import render
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.proof.compare import compare, run_on_board
from support.nrf52840_peripherals import FirmwareError
from support.nrf52840_unicorn import UnicornLink
from support.renode import stand_in
from support.sketches import lab_project, sketch_project
from support.small_network import small_network
from support.unicorn_lab import UnicornLab

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from boardproof.device.types import BoardRun, Firmware
    from boardproof.model.samples import Vectors

pytestmark = pytest.mark.qemu

NRF52840 = BOARDS["nrf52840-renode"]
QEMU = BOARDS["mps2-an386"]
ARRIVALS = ("poll", "start", "clear")
UNDEFINED_INSTRUCTION = b"\x00\xde"
SAMPLES = 12


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOARDPROOF_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


# --- The platform, with the sketch that does what a line asks ---


@pytest.fixture(scope="module")
def lab_elf(tmp_path_factory: pytest.TempPathFactory, cache: None) -> Path:
    return build(lab_project(NRF52840), tmp_path_factory.mktemp("lab") / "nrf52840").elf


@pytest.fixture
def lab(lab_elf: Path) -> UnicornLab:
    return UnicornLab(lab_elf)


@pytest.fixture
def counting_lab(lab_elf: Path) -> UnicornLab:
    return UnicornLab(lab_elf, counting=True)


@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("size", [1, 64, 1023, 5000])
def test_bytes_travel_unchanged_whenever_they_arrive(lab_elf: Path, arrival: str, size: int):
    data = np.random.default_rng(size).bytes(size)
    with UnicornLab(lab_elf, arrival=arrival) as lab:
        lab.write(f"echo {size}\n".encode() + data)
        assert lab.read(2 * size, 0) == data


def test_bytes_from_flash_are_sent_too(lab: UnicornLab):
    # EasyDMA sees RAM only. 42 comes from two static constructors.
    assert lab.ask("print") == "-42 FF 101 FFFFFFFF 3.142 -0.01 ovf flash str12! 9223372036854775807 7-x 42"


def test_time_passes_at_a_million_ticks_a_second(counting_lab: UnicornLab):
    assert 2000 <= int(counting_lab.ask("delay 2")) < 2100


@pytest.mark.parametrize("loops", [1, 2, 3, 1000, 12345])
def test_ticks_are_instructions(counting_lab: UnicornLab, loops: int):
    # burn() is 2 n + 1 instructions; the call is one, and passing the argument one.
    assert int(counting_lab.ask(f"burn {loops}")) == 2 * loops + 3


def test_ticks_cost_nothing_themselves(counting_lab: UnicornLab):
    assert [counting_lab.ask("ticks") for _ in range(3)] == ["0"] * 3


def test_stack_high_water_mark(lab: UnicornLab):
    small, large = (int(lab.ask(f"stack {size}")) for size in (1000, 4000))
    assert large - small == 3000
    assert lab.ask("size") == str(16 * 1024)


def test_fpu_is_switched_on(lab: UnicornLab):
    # Unicorn computes with floats either way: see that the firmware asked for it.
    lab.ask("size")
    assert lab.chip.system.values["CPACR"] == 0xF << 20


FAULTS = {
    "fault undefined": "usage fault, undefined instruction; sp 0x",
    "fault data": "memory management fault, execution of data; sp 0x",
    "fault arm": "usage fault, jump to code that is not Thumb; sp 0x",
    "fault stack": "memory management fault, stack overflow; sp 0x",
    "fault abort": "abort() was called",
    "fault virtual": "a pure virtual function was called",
    "fault heap": "the heap is exhausted",
    "poke 0": "memory management fault, forbidden data access; sp 0x",
    "poke 0x20040000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x00100000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x1FFE0000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x60000000": "memory management fault, forbidden data access; sp 0x",
    "poke 0xA0000000": "memory management fault, forbidden data access; sp 0x",
    "poke 0xC0000000": "memory management fault, forbidden data access; sp 0x",
    "peek 0x40030000": "bus fault, data access to no memory; sp 0x",
}


@pytest.mark.parametrize(("request_line", "words"), FAULTS.items())
def test_every_fault_is_told_over_the_link_and_stops(lab: UnicornLab, request_line: str, words: str):
    lab.write(request_line.encode() + b"\n")
    assert lab.everything().startswith(f"reported: {words}")
    assert lab.chip.stopped
    assert lab.read(1, 0) == b""


def test_exit_stops_the_core(lab: UnicornLab):
    lab.write(b"exit 0\n")
    assert lab.everything() == ""
    assert lab.chip.stopped


CARELESS_RECEIVER = b"""
#include <Arduino.h>
#include "nrf52840/registers.h"
void setup() { Serial.begin(115200); }
void loop() {
    static uint8_t received[4];
    UARTE_RXD_PTR = reinterpret_cast<uintptr_t>(received);
    if (UARTE_EVENTS_ENDRX != 0) {
        UARTE_EVENTS_ENDRX = 0;
        UARTE_TASKS_STARTRX = 1;
    }
}
"""


def test_the_model_of_the_uarte_has_renodes_trap(tmp_path: Path, cache: None):
    """A receiver that clears the event before it starts anew is overrun: else the tests above would prove nothing."""
    elf = build(sketch_project(NRF52840, CARELESS_RECEIVER), tmp_path / "project").elf
    with UnicornLink(elf, arrival="clear") as link:
        link.write(bytes(8))
        with pytest.raises(FirmwareError, match="no room for it"):
            link.read(1, 0)


# --- A network, and the protocol ---


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, cache: None) -> Callable[[bytes, str], Firmware]:
    """Firmware for a network, on a board; as fast as can be, for the `_dsp` kernels."""

    def make(data: bytes, board: str) -> Firmware:
        project, _ = render(read_tflite(data), data, BOARDS[board], RUNTIMES["aot"], Options(optimize="speed"))
        return build(project, tmp_path_factory.mktemp("project") / board)

    return make


@pytest.fixture(scope="module")
def small(compiled: Callable[[bytes, str], Firmware]) -> Firmware:
    return compiled(small_network(), NRF52840.name)


def run_under_unicorn(firmware: Firmware, inputs: Vectors, *, counting: bool = False) -> BoardRun:
    with UnicornLink(firmware.elf, counting=counting) as link:
        return run_on_board(Session(link, firmware.model_sha256), inputs)


def run_in_qemu(firmware: Firmware, inputs: Vectors) -> BoardRun:
    with open_qemu_fifo(firmware.elf, BOARDS["mps2-an386"].machine) as link:
        return run_on_board(Session(link, firmware.model_sha256), inputs)


def test_image_has_the_chips_memory_map(small: Firmware):
    with small.elf.open("rb") as file:
        segments = [s for s in ELFFile(file).iter_segments("PT_LOAD") if s["p_filesz"]]
    assert min(s["p_paddr"] for s in segments) == 0
    assert all(s["p_vaddr"] < 960 * 1024 or 0x20000000 <= s["p_vaddr"] < 0x20040000 for s in segments)


def test_small_network_is_exact(small: Firmware):
    inputs = random_vectors(read_tflite(small_network()), SAMPLES, seed=3)
    run = run_under_unicorn(small, inputs)
    verdict = compare(run_oracle(small_network(), inputs), run)
    assert verdict.agrees, verdict
    assert len(np.unique(run.outputs[0])) > 10  # outputs that vary: agreement means something


def test_hello_and_marks(small: Firmware):
    inputs = random_vectors(read_tflite(small_network()), 1, seed=3)
    run = run_under_unicorn(small, inputs)
    assert run.hello.tick_unit is TickUnit.INSTRUCTIONS
    assert run.hello.tick_rate == 0
    assert run.hello.inputs[0].shape == (1, 9, 7, 4)
    ports = read_tflite(small_network())
    assert run.hello.inputs[0].name == plain_name(ports.input_tensors[0].label)
    assert run.hello.outputs[0].name == plain_name(ports.output_tensors[0].label)
    assert 0 < run.arena_used_bytes == run.hello.arena_bytes
    assert run.stack_bytes is not None
    assert 100 < run.stack_bytes < 4096


def test_ticks_are_those_of_qemu_to_the_instruction(small: Firmware, compiled: Callable[[bytes, str], Firmware]):
    inputs = random_vectors(read_tflite(small_network()), 3, seed=4)
    here = run_under_unicorn(small, inputs, counting=True)
    there = run_in_qemu(compiled(small_network(), QEMU.name), inputs)
    assert here.ticks.tolist() == there.ticks.tolist()
    assert here.op_ticks == there.op_ticks
    assert min(here.op_ticks) > 0


@pytest.mark.parametrize("arrival", ["start", "clear"])
def test_sessions_do_not_depend_on_when_bytes_arrive(small: Firmware, arrival: str):
    inputs = random_vectors(read_tflite(small_network()), 2, seed=5)
    noticed: list[str] = []
    with UnicornLink(small.elf, arrival=arrival) as link:
        run = run_on_board(Session(link, small.model_sha256, on_log=noticed.append), inputs)
    assert compare(run_oracle(small_network(), inputs), run).agrees
    assert noticed == []


def test_the_way_to_renode_with_unicorn_in_its_place(small: Firmware, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    inputs = random_vectors(read_tflite(small_network()), 2, seed=8)
    monkeypatch.setenv("PATH", str(stand_in(tmp_path, "serve")), prepend=os.pathsep)
    with open_link(small, NRF52840) as link:
        run = run_on_board(Session(link, small.model_sha256), inputs)
    assert compare(run_oracle(small_network(), inputs), run).agrees


def test_a_crash_during_inference_is_told(small: Firmware):
    inputs = [array[0] for array in random_vectors(read_tflite(small_network()), 1, seed=6).arrays]
    with UnicornLink(small.elf) as link:
        session = Session(link, small.model_sha256)
        session.connect()
        link.chip.core.mem_write(address_of(small.elf, "run_op0"), UNDEFINED_INSTRUCTION)
        with pytest.raises(BoardFaultError, match="usage fault, undefined instruction"):
            session.infer(inputs)


def test_a_core_that_stopped_is_silent(small: Firmware):
    with UnicornLink(small.elf) as link:
        session = Session(link, small.model_sha256, pace=Pace(base_s=0.01, silent_s=0.05, connect_s=0.05))
        session.connect()
        link.chip.stop()
        with pytest.raises(SilentDeviceError):
            session.marks()


def address_of(elf: Path, function: str) -> int:
    with elf.open("rb") as file:
        (symbol,) = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(function)
        address: int = symbol["st_value"] & ~1
        return address
