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
from boardproof.device.usb.bootloader import Flasher, find_flashable
from boardproof.device.usb.ports import may_open, serial_ports
from boardproof.errors import ToolError

if TYPE_CHECKING:
    from boardproof.device.types import Firmware, Hello
    from boardproof.device.usb.bootloader import Flashed
    from boardproof.device.usb.ports import Port
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_TOUCH_BAUD = 1200
_FLASH_INI = Path(".pio") / "flash.ini"
_TAIL_LINES = 40


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
        root = self.firmware.project_dir
        core = prepare_core(self.progress.line)
        _write_flash_ini(root, self.firmware.board.env)
        command = (sys.executable, "-m", "platformio", "run", "--environment", self.firmware.board.env)
        upload = ("--target", "upload", "--upload-port", device)
        # --disable-auto-clean: another configuration file would otherwise mean to compile everything again.
        configuration = ("--project-conf", str(_FLASH_INI), "--disable-auto-clean")
        completed = run(
            (*command, *upload, *configuration),
            cwd=root,
            env=core.environment(root),
            timeout_s=timeout_s,
            on_line=narrate(self.progress),
        )
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
    upload = PlatformioUpload(firmware, progress)
    flasher = Flasher(MachineUsb(), upload, SessionGreet(progress), SystemClock(), progress)
    return flasher.flash(firmware, port)


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
