"""Ports and the boards behind them."""

from __future__ import annotations

import errno
import os
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.device.usb import ports as ports_module
from boardproof.device.usb.ports import (
    Port,
    application_port,
    connected_boards,
    find_board,
    is_url,
    may_open,
    open_patiently,
    permission_error,
    serial_ports,
)
from boardproof.errors import DeviceError, InputError
from boardproof.project.boards import BOARDS, UsbMode
from support.usb_world import APPLICATION, BOOTLOADER, NANO, Listener, SimulatedClock

ONE = Port("/dev/ttyACM0", 0x2341, APPLICATION, "4F2C00A1B2C3D4E5", "1-2")
ONE_IN_BOOTLOADER = Port("/dev/ttyACM1", 0x2341, BOOTLOADER, "4F2C00A1B2C3D4E5".zfill(32), "1-2")
TWO = Port("/dev/ttyACM4", 0x2341, APPLICATION, "BEEF", "1-3")
OTHER = Port("/dev/ttyUSB0", 0x1A86, 0x7523)

serial_numbers = st.text("0123456789ABCDEF", max_size=16)


def test_ports_come_from_pyserial_in_order_and_without_the_usb_interface(monkeypatch):
    infos = [
        SimpleNamespace(
            device="/dev/ttyACM1",
            vid=0x2341,
            pid=0x805A,
            serial_number="AB",
            location="1-2.3:1.0",
            product="Nano 33 BLE",
        ),
        SimpleNamespace(device="/dev/ttyACM0", vid=None, pid=None, serial_number=None, location=None, product=None),
    ]
    monkeypatch.setattr("serial.tools.list_ports.comports", lambda: infos)
    assert serial_ports() == (
        Port("/dev/ttyACM0"),
        Port("/dev/ttyACM1", 0x2341, 0x805A, "AB", "1-2.3", "Nano 33 BLE"),
    )


def test_listing_ports_does_not_load_pyserial_before_it_is_asked():
    assert "serial" not in vars(ports_module)


def test_connected_boards_are_known_by_their_usb_ids():
    found = connected_boards([OTHER, ONE, ONE_IN_BOOTLOADER, Port("/dev/ttyS0")])
    assert [(b.board.name, b.port, b.mode) for b in found] == [
        ("nano33ble", ONE, UsbMode.APPLICATION),
        ("nano33ble", ONE_IN_BOOTLOADER, UsbMode.BOOTLOADER),
    ]
    assert str(found[0]) == "/dev/ttyACM0  nano33ble  application  serial number 4F2C00A1B2C3D4E5"


def test_no_two_boards_claim_one_usb_id():
    ids = [str(usb) for board in BOARDS.values() for usb in board.usb]
    assert len(ids) == len(set(ids))


@given(number=serial_numbers, location=st.sampled_from(["", "1-2"]))
def test_a_board_is_itself_in_both_modes(number, location):
    application = Port("/dev/ttyACM0", 0x2341, APPLICATION, number, location)
    bootloader = Port("/dev/ttyACM0", 0x2341, BOOTLOADER, number.zfill(32), location)
    assert application.is_same_unit(bootloader)
    assert bootloader.is_same_unit(application)


@given(one=serial_numbers, two=serial_numbers)
def test_boards_in_different_sockets_are_the_same_only_with_the_same_number(one, two):
    a = Port("/dev/ttyACM0", 0x2341, APPLICATION, one, "1-2")
    b = Port("/dev/ttyACM0", 0x2341, BOOTLOADER, two.zfill(32), "1-3")
    assert a.is_same_unit(b) is (one.lstrip("0") == two.lstrip("0") != "")


def test_the_only_board_is_found():
    assert find_board(NANO, (OTHER, ONE)).port is ONE


def test_a_link_to_a_port_is_followed(tmp_path):
    link = tmp_path / "usb-Arduino_Nano_33_BLE-if00"
    target = tmp_path / "ttyACM0"
    target.touch()
    link.symlink_to(target)
    port = Port(os.path.realpath(target), 0x2341, APPLICATION, "AB")
    assert find_board(NANO, (port, TWO), str(link)).port is port


def test_a_board_without_a_serial_number_is_not_chosen_by_zeros():
    with pytest.raises(InputError, match="no port or board 000"):
        find_board(NANO, (Port("/dev/ttyACM0", 0x2341, APPLICATION, "000"),), "000")


def test_the_application_port_of_a_running_board():
    assert application_port(NANO, (ONE, TWO), "BEEF") == "/dev/ttyACM4"


def test_a_board_in_its_bootloader_runs_no_firmware():
    with pytest.raises(DeviceError) as caught:
        application_port(NANO, (ONE_IN_BOOTLOADER,))
    assert caught.value.message == (
        "The Arduino Nano 33 BLE on /dev/ttyACM1 is in its bootloader: no firmware is running."
    )
    assert "reset button once" in caught.value.hint
    assert "boardproof flash" in caught.value.hint


@pytest.mark.parametrize(
    ("port", "url"),
    [
        ("rfc2217://lab:4000", True),
        ("socket://127.0.0.1:4000", True),
        ("loop://", True),
        ("/dev/ttyACM0", False),
        ("COM5", False),
    ],
)
def test_what_is_a_url(port, url):
    assert is_url(port) is url


def test_rights_are_those_of_the_file_system(tmp_path, monkeypatch):
    port = tmp_path / "ttyACM0"
    port.touch()
    assert may_open(str(port))
    assert may_open("COM5"), "a name that is no file is for pyserial to judge"
    monkeypatch.setattr(os, "access", lambda _path, mode: mode != os.R_OK | os.W_OK)
    assert not may_open(str(port))


def test_the_permission_hint_names_the_group_that_owns_the_port(tmp_path, monkeypatch):
    port = tmp_path / "ttyACM0"
    port.touch()
    monkeypatch.setattr(type(port), "group", lambda _self: "uucp")
    assert "usermod -aG uucp $USER" in permission_error(Port(str(port), 0x2341, APPLICATION)).hint
    monkeypatch.setattr(type(port), "group", lambda _self: "root")
    assert "usermod -aG dialout $USER" in permission_error(Port(str(port), 0x2341, APPLICATION)).hint
    assert "usermod -aG dialout $USER" in permission_error(Port(str(tmp_path / "gone"))).hint


@pytest.mark.parametrize("code", [errno.EBUSY, errno.EAGAIN])
def test_a_busy_port_opens_when_the_other_program_lets_go(code):
    clock, listener = SimulatedClock(), Listener()

    def opener() -> str:
        if clock.time_s < 3.0:
            raise OSError(code, "busy")
        return "open"

    assert open_patiently(opener, "/dev/ttyACM0", 10.0, clock, listener) == "open"
    assert listener.warnings == ["/dev/ttyACM0 is in use by another program (ModemManager probes new ports): waiting"]


def test_patience_with_a_busy_port_ends():
    clock = SimulatedClock()

    def opener() -> None:
        raise OSError(errno.EBUSY, "busy")

    with pytest.raises(DeviceError) as caught:
        open_patiently(opener, "/dev/ttyACM0", 10.0, clock, Listener())
    assert caught.value.message == "/dev/ttyACM0 stayed in use by another program for 10 s."
    assert "docs/flashing.md" in caught.value.hint
    assert 10.0 <= clock.time_s <= 11.0


def test_any_other_failure_to_open_is_not_waited_for():
    clock = SimulatedClock()

    def opener() -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    with pytest.raises(FileNotFoundError):
        open_patiently(opener, "/dev/ttyACM0", 10.0, clock, Listener())
    assert clock.time_s == 0.0


@pytest.mark.skipif(sys.platform != "linux", reason="pseudo-terminals are used as ports on Linux only")
def test_pyserials_own_error_for_a_port_in_exclusive_use_counts_as_busy():
    import serial

    device = os.ttyname(os.openpty()[1])
    with serial.Serial(device, exclusive=True), pytest.raises(DeviceError, match="stayed in use"):
        open_patiently(lambda: serial.Serial(device, exclusive=True), device, 2.0, SimulatedClock(), Listener())
