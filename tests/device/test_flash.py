"""Flashing a board that exists only in simulated time: every way it can go wrong ends with a reason and a next step."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.device.usb.bootloader import Flashed, Flasher, Patience
from boardproof.device.usb.ports import Port
from boardproof.errors import BoardproofError, DeviceError, ExitStatus, InputError
from support.usb_world import (
    APPLICATION,
    BOOTLOADER,
    MODEL,
    OTHER_MODEL,
    Desk,
    Listener,
    SimulatedBoard,
    firmware,
)

DOUBLE_TAP = "press its reset button twice"


def flasher(desk, listener=None, patience=None):
    listener = listener or Listener()
    return Flasher(desk, desk.upload, desk.greet, desk.clock, listener, patience or Patience())


def failure(desk, tmp_path, wanted=None, listener=None) -> BoardproofError:
    with pytest.raises(BoardproofError) as caught:
        flasher(desk, listener).flash(firmware(tmp_path), wanted)
    assert caught.value.hint, "every failure says what to do next"
    return caught.value


def test_the_board_is_followed_through_both_changes_of_its_port_name(tmp_path):
    desk = Desk([SimulatedBoard(application_device="/dev/ttyACM7")])
    listener = Listener()
    flashed = flasher(desk, listener).flash(firmware(tmp_path))
    assert (flashed.device, flashed.serial_number) == ("/dev/ttyACM7", "4F2C00A1B2C3D4E5")
    assert flashed.hello.model_sha256 == MODEL
    assert desk.log == [("touch", "/dev/ttyACM0"), ("upload", "/dev/ttyACM1"), ("greet", "/dev/ttyACM7")]
    assert listener.stages == [
        "Looking for the Arduino Nano 33 BLE",
        "Asking /dev/ttyACM0 for its bootloader",
        "Uploading to /dev/ttyACM1",
        "Waiting for the firmware to start",
        "Asking /dev/ttyACM7 who it is",
    ]


def test_a_board_that_keeps_its_port_name_is_not_mistaken_for_one_that_never_left(tmp_path):
    desk = Desk([SimulatedBoard(bootloader_device="/dev/ttyACM0")])
    assert flasher(desk).flash(firmware(tmp_path)).device == "/dev/ttyACM0"
    assert desk.log == [("touch", "/dev/ttyACM0"), ("upload", "/dev/ttyACM0"), ("greet", "/dev/ttyACM0")]


def test_a_board_already_in_its_bootloader_is_not_touched(tmp_path):
    desk = Desk([SimulatedBoard(pid=BOOTLOADER)])
    flasher(desk).flash(firmware(tmp_path))
    assert [action for action, _ in desk.log] == ["upload", "greet"]


def test_one_of_two_boards_is_flashed_by_port_or_by_serial_number(tmp_path):
    for wanted in ("/dev/ttyACM4", "00BEEF0000000001", "beef0000000001"):
        other = SimulatedBoard()
        chosen = SimulatedBoard(
            "00BEEF0000000001",
            "1-3",
            "/dev/ttyACM4",
            bootloader_device="/dev/ttyACM5",
            application_device="/dev/ttyACM4",
        )
        flashed = flasher(Desk([other, chosen])).flash(firmware(tmp_path), wanted)
        assert (flashed.device, flashed.serial_number) == ("/dev/ttyACM4", "BEEF0000000001")
        assert (chosen.runs_model, other.runs_model) == (MODEL, OTHER_MODEL)


def test_without_serial_numbers_the_usb_socket_tells_boards_apart(tmp_path):
    other = SimulatedBoard("", "1-9", "/dev/ttyACM3", pid=BOOTLOADER)
    chosen = SimulatedBoard("", "1-2")
    flasher(Desk([other, chosen])).flash(firmware(tmp_path), "/dev/ttyACM0")
    assert (chosen.runs_model, other.runs_model) == (MODEL, OTHER_MODEL)


def test_no_board(tmp_path):
    error = failure(Desk([]), tmp_path)
    assert type(error) is DeviceError
    assert error.exit_status is ExitStatus.TOOL_FAILED
    assert error.message == ("No Arduino Nano 33 BLE is connected (USB 2341:805a, 2341:005a, 2341:015a, 2341:025a).")
    assert "a cable that carries data" in error.hint
    assert DOUBLE_TAP in error.hint
    assert error.details == "Serial ports here: /dev/ttyS0 (not USB)"


def test_two_boards_are_listed_rather_than_guessed_at(tmp_path):
    desk = Desk([SimulatedBoard(), SimulatedBoard("BEEF", "1-3", "/dev/ttyACM4", pid=BOOTLOADER)])
    error = failure(desk, tmp_path)
    assert type(error) is InputError
    assert error.message == "2 boards of type nano33ble are connected."
    assert error.hint == "Choose one with --port /dev/ttyACM0, or by its serial number."
    assert error.details.splitlines() == [
        "/dev/ttyACM0  nano33ble  application  serial number 4F2C00A1B2C3D4E5",
        "/dev/ttyACM4  nano33ble  bootloader  serial number BEEF",
    ]
    assert desk.log == []


def test_a_port_that_does_not_exist(tmp_path):
    error = failure(Desk([SimulatedBoard()]), tmp_path, "/dev/ttyACM9")
    assert error.message == "There is no port or board /dev/ttyACM9."
    assert "boards --connected" in error.hint
    assert "/dev/ttyACM0" in error.details


def test_a_port_of_something_else_is_not_touched(tmp_path):
    printer = Port("/dev/ttyUSB0", 0x1A86, 0x7523)
    desk = Desk([], other_ports=(printer,))
    error = failure(desk, tmp_path, "/dev/ttyUSB0")
    assert error.message == "/dev/ttyUSB0 is no Arduino Nano 33 BLE: its USB id is 1a86:7523."
    assert DOUBLE_TAP in error.hint
    assert desk.log == []


def test_a_board_on_another_machine_cannot_be_flashed_from_here(tmp_path):
    error = failure(Desk([SimulatedBoard()]), tmp_path, "rfc2217://lab:4000")
    assert type(error) is InputError
    assert "cannot be flashed through rfc2217://lab:4000" in error.message
    assert "boardproof verify --port" in error.hint


def test_permission_denied_names_the_group_and_the_udev_rule(tmp_path):
    desk = Desk([SimulatedBoard()], forbidden_until_s={"/dev/ttyACM0": 1e9})
    error = failure(desk, tmp_path)
    assert error.message == "This user may not open /dev/ttyACM0."
    assert error.hint == ("Join the group that may: `sudo usermod -aG dialout $USER`, then log out and in again.")
    assert 'ATTRS{idVendor}=="2341", MODE:="0666", ENV{ID_MM_DEVICE_IGNORE}="1"' in error.details
    assert "udevadm trigger" in error.details


def test_rights_that_udev_grants_a_moment_late_are_waited_for(tmp_path):
    desk = Desk([SimulatedBoard()], forbidden_until_s={"/dev/ttyACM1": 2.5})
    flasher(desk).flash(firmware(tmp_path))
    assert desk.clock.time_s > 2.5


def test_rights_that_never_come_to_the_bootloader(tmp_path):
    desk = Desk([SimulatedBoard()], forbidden_until_s={"/dev/ttyACM1": 1e9})
    assert failure(desk, tmp_path).message == "This user may not open /dev/ttyACM1."


def test_a_busy_port_is_waited_for_and_said_so_once(tmp_path):
    desk = Desk([SimulatedBoard()], busy_until_s={"/dev/ttyACM0": 8.0, "/dev/ttyACM1": 20.0})
    listener = Listener()
    flasher(desk, listener).flash(firmware(tmp_path))
    assert listener.warnings == [
        "/dev/ttyACM0 is in use by another program (ModemManager probes new ports): waiting",
        "/dev/ttyACM1 is in use by another program (ModemManager probes new ports): waiting",
    ]
    assert [action for action, _ in desk.log if action == "upload"] == ["upload"]


def test_a_port_that_stays_busy(tmp_path):
    desk = Desk([SimulatedBoard()], busy_until_s={"/dev/ttyACM0": 1e9})
    error = failure(desk, tmp_path)
    assert error.message == "/dev/ttyACM0 stayed in use by another program for 30 s."
    assert "fuser -v /dev/ttyACM0" in error.hint


def test_a_touch_that_is_ignored_is_repeated_then_given_up(tmp_path):
    desk = Desk([SimulatedBoard(obeys_touch=False)])
    error = failure(desk, tmp_path)
    assert desk.log == [("touch", "/dev/ttyACM0")] * 2
    assert error.message == "The board on /dev/ttyACM0 did not start its bootloader within 12 s of being asked."
    assert DOUBLE_TAP in error.hint


def test_the_port_never_returns_from_the_touch(tmp_path):
    error = failure(Desk([SimulatedBoard(dies_when_touched=True)]), tmp_path)
    assert error.message == ("/dev/ttyACM0 went away when its bootloader was called, and nothing came back for 12 s.")
    assert DOUBLE_TAP in error.hint


def test_a_failed_upload_is_repeated_once(tmp_path):
    desk = Desk([SimulatedBoard()], upload_failures=["No device found on ttyACM1"])
    listener = Listener()
    flasher(desk, listener).flash(firmware(tmp_path))
    assert [entry for entry in desk.log if entry[0] == "upload"] == [("upload", "/dev/ttyACM1")] * 2
    assert listener.warnings == ["the upload to /dev/ttyACM1 failed; trying once more"]


def test_an_upload_that_fails_twice_shows_the_uploaders_words(tmp_path):
    desk = Desk([SimulatedBoard()], upload_failures=["No device found on ttyACM1"] * 2)
    error = failure(desk, tmp_path)
    assert error.message == "The upload to /dev/ttyACM1 failed."
    assert error.details == "pio failed\nNo device found on ttyACM1"
    assert DOUBLE_TAP in error.hint


def test_unplugged_during_the_upload(tmp_path):
    desk = Desk([SimulatedBoard()], unplug_during_upload=True)
    error = failure(desk, tmp_path)
    assert error.message == "The board on /dev/ttyACM1 went away during the upload."
    assert "its bootloader survives" in error.hint
    assert [entry for entry in desk.log if entry[0] == "upload"] == [("upload", "/dev/ttyACM1")]


def test_the_firmware_does_not_start(tmp_path):
    error = failure(Desk([SimulatedBoard(starts_application=False)]), tmp_path)
    assert error.message == ("The upload was done, but 15 s later /dev/ttyACM1 is still the board's bootloader.")
    assert "reset button once" in error.hint


def test_the_board_never_comes_back_after_the_upload(tmp_path):
    error = failure(Desk([SimulatedBoard(dies_after_upload=True)]), tmp_path)
    assert error.message == "The upload was done, but the board did not come back on USB within 15 s."
    assert "--debug" in error.hint


def test_other_firmware_answers(tmp_path):
    error = failure(Desk([SimulatedBoard()], silent=True), tmp_path)
    assert error.message == (
        "The upload was done, but what runs on /dev/ttyACM0 does not answer as boardproof's firmware."
    )
    assert "boardproof verify" in error.hint
    assert error.details == "no answer from /dev/ttyACM0 within 10.0 s\nthe last bytes were 'hi'"


def test_another_model_answers(tmp_path):
    error = failure(Desk([SimulatedBoard()], uploaded_model=OTHER_MODEL), tmp_path)
    assert error.message == (
        "The board on /dev/ttyACM0 runs another model: its SHA-256 begins cdcdcdcdcdcd, "
        "and that of the model just uploaded abababababab."
    )
    assert DOUBLE_TAP in error.hint


@dataclass(frozen=True)
class Timing:
    """When things happen on the desk: delays in seconds, and the numbers of the ports the board comes back as."""

    reboot_s: float
    busy_s: float
    rights_s: float
    bootloader_name: int
    application_name: int
    unplug_s: float | None

    @property
    def is_fair(self) -> bool:
        """Whether every step is over well within its time."""
        return self.unplug_s is None and self.reboot_s < 5.0 and self.busy_s < 25.0 and self.rights_s < 4.0


timings = st.builds(
    Timing,
    reboot_s=st.floats(0.0, 8.0),
    busy_s=st.floats(0.0, 40.0),
    rights_s=st.floats(0.0, 8.0),
    bootloader_name=st.integers(0, 2),
    application_name=st.integers(0, 2),
    unplug_s=st.none() | st.floats(0.0, 40.0),
)


def outcome_of(desk: Desk) -> Flashed | BoardproofError:
    try:
        return flasher(desk).flash(firmware(Path("unused")), "/dev/ttyACM0")
    except BoardproofError as error:
        return error


@given(timing=timings, neighbour=st.sampled_from([None, APPLICATION, BOOTLOADER]))
def test_whatever_the_timing_the_right_board_is_flashed_or_an_error_says_why(timing, neighbour):
    board = SimulatedBoard(
        reboot_s=timing.reboot_s,
        bootloader_device=f"/dev/ttyACM{timing.bootloader_name}",
        application_device=f"/dev/ttyACM{timing.application_name}",
        unplugged_from_s=timing.unplug_s,
    )
    other = SimulatedBoard("BEEF", "1-3", "/dev/ttyACM9", pid=neighbour or APPLICATION)
    desk = Desk(
        [board] + [other] * (neighbour is not None),
        busy_until_s={"/dev/ttyACM0": timing.busy_s, "/dev/ttyACM1": timing.busy_s},
        forbidden_until_s={"/dev/ttyACM2": timing.rights_s},
    )
    outcome = outcome_of(desk)
    if isinstance(outcome, Flashed):
        assert outcome.serial_number == board.serial_number
        assert board.runs_model == MODEL
    else:
        assert outcome.message
        assert outcome.hint
        assert not timing.is_fair, outcome.message
    assert other.runs_model == OTHER_MODEL, "nobody asked for the neighbour"
    assert desk.clock.time_s <= longest_s(Patience())


def longest_s(patience: Patience) -> float:
    """The sum of all deadlines: nothing may take longer, whatever the board does. An upload here takes 4 s."""
    touching_s = patience.touches * (patience.open_s + patience.bootloader_s)
    uploading_s = patience.uploads * (patience.open_s + 4.0)
    greeting_s = patience.open_s + patience.hello_s
    return touching_s + uploading_s + patience.application_s + greeting_s + 2.0


@pytest.mark.parametrize("pid", [0x015A, 0x025A])
def test_other_firmware_of_the_same_board_is_asked_for_the_bootloader_too(tmp_path, pid):
    desk = Desk([SimulatedBoard(pid=pid)])
    flasher(desk).flash(firmware(tmp_path))
    assert desk.log[0] == ("touch", "/dev/ttyACM0")
