"""What the Nano 33 BLE's board file leaves for the next run, on a simulated board. About 3 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.nano33ble import RESET_LOCKUP, Nano, build_nano

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.qemu  # for the compiler

HARD_FAULT, OUT_OF_MEMORY, WARNING = 0x80FF013D, 0x8001011F, 0x80FF0100
"""Mbed's error statuses; any will do but for what they are called."""
PC, SP = 0x00012345, 0x2000A000
NOTE_BYTES = 256


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_nano(tmp_path_factory.mktemp("nano33ble"))


@pytest.fixture
def nano(elf: Path) -> Nano:
    return Nano(elf)


def test_a_board_that_was_switched_on_has_nothing_to_tell(nano: Nano):
    assert nano.setup() == ""


@pytest.mark.parametrize("status", [HARD_FAULT, OUT_OF_MEMORY])
def test_what_stops_mbed_is_told_after_the_restart(nano: Nano, status: int):
    nano.setup()
    nano.call("mbed_error", status, 7, PC, SP)
    assert (nano.resets, nano.stopped) == (1, False)
    assert nano.setup() == f"Mbed error 0x{status:08x}, value 0x00000007; pc 0x{PC:08x}, sp 0x{SP:08x}"


def test_it_is_told_once(nano: Nano):
    nano.setup()
    nano.call("mbed_error", HARD_FAULT, 7, PC, SP)
    assert nano.setup()
    nano.start()
    assert nano.setup() == ""


def test_a_warning_is_no_reason_to_restart(nano: Nano):
    nano.setup()
    nano.call("mbed_warning", WARNING, 7, PC, SP)
    assert (nano.resets, nano.stopped) == (0, False)


def test_the_third_fault_without_an_inference_stops_the_board(nano: Nano):
    for resets in (1, 2, 2):
        nano.setup()
        nano.call("mbed_error", HARD_FAULT, 7, PC, SP)
        assert nano.resets == resets
    assert nano.stopped


def test_an_inference_in_between_gives_it_two_restarts_more(nano: Nano):
    for resets in (1, 2, 3, 4):
        nano.setup()
        nano.call("board_stack_repaint")  # the host asks for it before the samples
        nano.call("mbed_error", HARD_FAULT, 7, PC, SP)
        assert (nano.resets, nano.stopped) == (resets, False)


def test_a_program_that_takes_the_whole_heap_leaves_the_note_alone(nano: Nano):
    limit = nano.symbols["__HeapLimit"]
    nano.setup()
    nano.call("mbed_error", HARD_FAULT, 7, PC, SP)
    highest = nano.call("allocate_everything")  # as static constructors may, before setup() reads the note
    assert limit - NOTE_BYTES - 64 < highest <= limit - NOTE_BYTES
    assert f"pc 0x{PC:08x}" in nano.setup()


def test_painting_the_stack_writes_nothing_where_there_is_no_note(nano: Nano):
    note = nano.symbols["__HeapLimit"] - NOTE_BYTES
    nano.setup()
    before = bytes(nano.core.mem_read(note, NOTE_BYTES))
    assert before != bytes(NOTE_BYTES)
    nano.call("board_stack_repaint")
    assert bytes(nano.core.mem_read(note, NOTE_BYTES)) == before


def test_without_a_note_the_chips_own_reason_is_told(nano: Nano):
    nano.start(RESET_LOCKUP)
    assert nano.setup() == "reset by CPU lock-up"
