"""What `flash.py` needs of this machine: its USB ports, PlatformIO's uploader, and a session with the board."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.narration import narrate
from boardproof.device.build.pio import prepare_core
from boardproof.device.clock import SystemClock
from boardproof.device.process import run
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import Session
from boardproof.device.reach.serial_port import open_port
from boardproof.device.usb.bootloader import Flasher, find_flashable, url_error
from boardproof.device.usb.plain import PlainFlasher
from boardproof.device.usb.ports import is_url, may_open, serial_ports
from boardproof.errors import ToolError
from boardproof.project.boards import Upload

if TYPE_CHECKING:
    from boardproof.device.types import Firmware, Hello
    from boardproof.device.usb.bootloader import Flashed
    from boardproof.device.usb.ports import Port
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_TOUCH_BAUD = 1200
_FLASH_INI = Path(".pio") / "flash.ini"
_TAIL_LINES = 40
_PLAIN_UPLOAD_S = 300.0  # with a debug probe's tool to fetch before


@dataclass(frozen=True, slots=True)
class MachineUsb:
    """The serial ports of this machine."""

    def ports(self) -> tuple[Port, ...]:
        """Every port there is now."""
        return serial_ports()

    def may_open(self, device: str) -> bool:
        """Whether this user has the right to open it."""
        return may_open(device)

    def touch(self, device: str) -> None:
        """Opens it at 1200 baud, drops DTR and closes it: then the Arduino core starts the bootloader."""
        import serial

        port = serial.Serial(baudrate=_TOUCH_BAUD, exclusive=True)
        port.port = device
        port.dtr = False
        port.open()
        port.close()

    def probe(self, device: str) -> None:
        """Opens it and closes it again."""
        import serial

        serial.Serial(device, exclusive=True).close()


@dataclass(frozen=True, slots=True)
class PlatformioUpload:
    """Uploads a built project with `pio run --target upload`."""

    firmware: Firmware
    progress: Progress

    def __call__(self, device: str, timeout_s: float) -> None:
        """Writes the firmware through a bootloader's port. Raises ToolError."""
        _write_flash_ini(self.firmware.project_dir, self.firmware.board.env)
        # --disable-auto-clean: another configuration file would otherwise mean to compile everything again.
        configuration = ("--project-conf", str(_FLASH_INI), "--disable-auto-clean")
        _run_upload(self.firmware, ("--upload-port", device, *configuration), timeout_s, self.progress)


@dataclass(frozen=True, slots=True)
class PlainUpload:
    """Uploads a built project as PlatformIO does by itself."""

    firmware: Firmware
    progress: Progress

    def __call__(self, device: str | None) -> None:
        """Writes the firmware, to a port or to what PlatformIO finds. Raises ToolError."""
        port = () if device is None else ("--upload-port", device)
        _run_upload(self.firmware, port, _PLAIN_UPLOAD_S, self.progress)


def _run_upload(firmware: Firmware, arguments: tuple[str, ...], timeout_s: float, progress: Progress) -> None:
    root, env = firmware.project_dir, firmware.board.env
    core = prepare_core(progress.line)
    command = (sys.executable, "-m", "platformio", "run", "--environment", env, "--target", "upload", *arguments)
    completed = run(command, cwd=root, env=core.environment(root), timeout_s=timeout_s, on_line=narrate(progress))
    if completed.status != 0:
        raise ToolError(
            f"PlatformIO's uploader ended with status {completed.status}.",
            "Its last lines follow.",
            "\n".join(completed.lines[-_TAIL_LINES:]),
        )


@dataclass(frozen=True, slots=True)
class SessionGreet:
    """Says hello over the serial protocol."""

    progress: Progress

    def __call__(self, device: str, timeout_s: float) -> Hello:
        """Who answers on a port. Raises DeviceError."""
        with open_port(None, device, self.progress) as link:
            pace = Pace(connect_s=timeout_s)
            return Session(link, on_log=self.progress.line, pace=pace, on_warning=self.progress.warn).connect()


def require_board(board: Board, port: str | None) -> None:
    """Makes sure that a board is there to be flashed, before firmware is built for it. Raises as flash() does."""
    if _uploads_plainly(board) and (board.usb or port is not None):
        return  # PlatformIO finds it, perhaps where it has no port yet
    find_flashable(board, serial_ports(), port)


def flash(firmware: Firmware, port: str | None, progress: Progress) -> Flashed:
    """Puts firmware on a board that is plugged into this machine, and proves that it runs.

    Args:
        firmware: The built project.
        port: The board's port or USB serial number; None to take the only one connected.
        progress: Is told each step.

    Raises:
        InputError: Several boards are connected, or `port` is none of them.
        DeviceError: A step failed or took too long.
    """
    if _uploads_plainly(firmware.board):
        if port is not None and is_url(port):
            raise url_error(firmware.board, port)
        plain = PlainFlasher(
            MachineUsb(), PlainUpload(firmware, progress), SessionGreet(progress), SystemClock(), progress
        )
        return plain.flash(firmware, port)
    upload = PlatformioUpload(firmware, progress)
    flasher = Flasher(MachineUsb(), upload, SessionGreet(progress), SystemClock(), progress)
    return flasher.flash(firmware, port)


def _uploads_plainly(board: Board) -> bool:
    return board.recipe is not None and board.recipe.upload is Upload.PLATFORMIO


def _write_flash_ini(root: Path, env: str) -> None:
    """A configuration that uploads to the given port and no other.

    PlatformIO's own touch would wait for whatever port appears next, which with two boards may be the other one's. Nor
    is there anything to flush: a bootloader says nothing unasked.
    """
    text = (
        "[platformio]\nextra_configs = platformio.ini\n\n"
        f"[env:{env}]\nboard_upload.use_1200bps_touch = no\nboard_upload.wait_for_upload_port = no\n"
        "board_upload.disable_flushing = yes\n"
    )
    path = root / _FLASH_INI
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
