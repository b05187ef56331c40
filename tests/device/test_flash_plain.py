"""Flashing boards of a user's own as PlatformIO does, in simulated time; and that a touch works for them as well."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from boardproof.device.usb.bootloader import Flasher
from boardproof.device.usb.plain import PlainFlasher
from boardproof.device.usb.ports import Port, find_board
from boardproof.device.usb.upload import PlainUpload, flash, require_board
from boardproof.errors import BoardproofError, DeviceError, InputError, ToolError
from boardproof.project.own_boards import own_board
from support.usb_world import MODEL, OTHER_MODEL, Desk, Listener, SimulatedBoard, firmware

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.project.boards import Board

FACTS = {"platform": "p", "board": "b", "core": "other", "flash_bytes": 1000, "ram_bytes": 1000}


def board(**more: object) -> Board:
    return own_board("mine", {**FACTS, "title": "Mine (a board)", "usb": ["2341:805a"], **more})


@dataclass
class Upload:
    """PlatformIO's upload, which takes the board away and brings it back."""

    desk: Desk
    model: str = MODEL
    asked: list[str | None] = field(default_factory=list)

    def __call__(self, device: str | None) -> None:
        self.asked.append(device)
        self.desk.boards[0].runs_model = self.model
        self.desk.boards[0].reboot(self.desk.clock.time_s, 0x805A, "/dev/ttyACM3")


def flasher(desk: Desk, upload: Upload, listener: Listener | None = None) -> PlainFlasher:
    return PlainFlasher(desk, upload, desk.greet, desk.clock, listener or Listener())


def failure(desk: Desk, upload: Upload, tmp_path: Path, mine: Board, wanted: str | None = None) -> BoardproofError:
    with pytest.raises(BoardproofError) as caught:
        flasher(desk, upload).flash(replace(firmware(tmp_path), board=mine), wanted)
    assert caught.value.hint
    return caught.value


def test_platformio_uploads_and_the_board_is_found_again_by_its_usb_id(tmp_path: Path):
    desk, listener = Desk([SimulatedBoard()]), Listener()
    upload = Upload(desk)
    flashed = flasher(desk, upload, listener).flash(replace(firmware(tmp_path), board=board()))
    assert (flashed.device, flashed.hello.model_sha256) == ("/dev/ttyACM3", MODEL)
    assert upload.asked == [None]
    assert listener.stages == [
        "Uploading to the Mine",
        "Waiting for the firmware to start",
        "Asking /dev/ttyACM3 who it is",
    ]


def test_a_board_whose_ids_nobody_knows_needs_its_port(tmp_path: Path):
    desk = Desk([], other_ports=(Port("/dev/ttyS0"), Port("/dev/ttyUSB0", 0x10C4, 0xEA60)))
    error = failure(desk, Upload(Desk([SimulatedBoard()])), tmp_path, board(usb=[]))
    assert type(error) is InputError
    assert error.message == "How to recognise Mine among the serial ports is not known."
    assert error.hint == 'Give --port, or its USB ids in boardproof.toml: usb = ["vid:pid"] below [boards.mine].'
    assert error.details == "Serial ports here: /dev/ttyS0 (not USB), /dev/ttyUSB0 (10c4:ea60)"
    assert find_board(board(usb=[]), desk.ports(), "/dev/ttyUSB0").port.device == "/dev/ttyUSB0"
    with pytest.raises(InputError, match=r"^There is no port /dev/ttyUSB7\.$"):
        find_board(board(usb=[]), desk.ports(), "/dev/ttyUSB7")


def test_a_board_that_does_not_come_back(tmp_path: Path):
    desk = Desk([SimulatedBoard()])
    desk.boards[0].unplug(0.0)
    error = failure(desk, Upload(desk), tmp_path, board())
    assert error.message == "No Mine is connected (USB 2341:805a)."
    assert desk.clock.time_s >= 15


def test_a_board_that_says_nothing_and_one_that_runs_something_else(tmp_path: Path):
    silent = Desk([SimulatedBoard()], silent=True)
    error = failure(silent, Upload(silent), tmp_path, board())
    assert type(error) is DeviceError
    assert "does not answer as boardproof's firmware" in error.message
    assert "`serial`" in error.hint
    desk = Desk([SimulatedBoard()])
    error = failure(desk, Upload(desk, OTHER_MODEL), tmp_path, board())
    assert "runs another model: its SHA-256 begins cdcdcdcdcdcd" in error.message
    assert "--port" in error.hint


def test_a_board_that_is_touched_is_followed_to_its_bootloader(tmp_path: Path):
    desk = Desk([SimulatedBoard()])
    mine = board(bootloader_usb=["2341:005a"], upload="touch")
    touched = Flasher(desk, desk.upload, desk.greet, desk.clock, Listener())
    assert touched.flash(replace(firmware(tmp_path), board=mine)).hello.model_sha256 == MODEL
    assert [what for what, _ in desk.log] == ["touch", "upload", "greet"]


def test_before_a_plain_upload_no_port_is_looked_for_and_a_url_is_refused(tmp_path: Path):
    require_board(board(), None)
    require_board(board(usb=[]), "/dev/ttyUSB0")
    with pytest.raises(InputError, match=r"^How to recognise Mine among the serial ports is not known\.$"):
        require_board(board(usb=[]), None)  # now, not after the upload
    with pytest.raises(InputError, match=r"cannot be flashed through rfc2217://x:1"):
        flash(replace(firmware(tmp_path), board=board()), "rfc2217://x:1", Listener())


def test_an_upload_that_fails_shows_what_platformio_said(tmp_path: Path):
    (tmp_path / "platformio.ini").write_text("[env:mine]\nplatform = symlink://nothing/at/all\nboard = b\n")
    with pytest.raises(ToolError, match=r"^PlatformIO's uploader ended with status \d") as caught:
        PlainUpload(replace(firmware(tmp_path), project_dir=tmp_path, board=board()), Listener())("/dev/ttyACM0")
    assert caught.value.details
