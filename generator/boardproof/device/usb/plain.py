"""Putting firmware on a board whose upload is PlatformIO's business: a debug probe, a drive, a bootloader of its kind.

boardproof runs the upload, waits for the board's port, and asks it who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.device.usb.bootloader import Flashed
from boardproof.device.usb.ports import find_board, kind, open_patiently
from boardproof.errors import BoardproofError, DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.device.clock import Clock
    from boardproof.device.types import Firmware, Hello
    from boardproof.device.usb.bootloader import Greet, Usb
    from boardproof.device.usb.ports import Port
    from boardproof.progress import Progress

_POLL_S = 0.1
_OPEN_S = 30.0
_LEAVE_S = 1.0
_RETURN_S = 15.0
_HELLO_S = 10.0


@dataclass(frozen=True, slots=True)
class PlainFlasher:
    """Flashes boards as PlatformIO does.

    Attributes:
        usb: The machine's ports.
        upload: Runs PlatformIO's upload, to a port or to what it finds itself. Raises ToolError.
        greet: Asks the board who it is.
        clock: Time.
        progress: Is told each step.
    """

    usb: Usb
    upload: Callable[[str | None], None]
    greet: Greet
    clock: Clock
    progress: Progress

    def flash(self, firmware: Firmware, wanted: str | None = None) -> Flashed:
        """Puts firmware on a board and proves that it runs.

        Args:
            firmware: The built project.
            wanted: The board's port or USB serial number; None to let PlatformIO find the board, and find its port by
                its USB ids.

        Raises:
            InputError: No port was given, and the board's USB ids are not known.
            DeviceError: The board does not answer as this firmware.
            ToolError: The upload failed.
        """
        self.progress.stage(f"Uploading to the {kind(firmware.board)}")
        self.upload(wanted)
        self.progress.stage("Waiting for the firmware to start")
        port = self._await(firmware, wanted)
        self.progress.stage(f"Asking {port.device} who it is")
        hello = self._hello(port)
        if hello.model_sha256 != firmware.model_sha256:
            raise DeviceError(
                f"The board on {port.device} runs another model: its SHA-256 begins {hello.model_sha256[:12]}, and "
                f"that of the model just uploaded {firmware.model_sha256[:12]}.",
                "Check that --port is the port of the board that PlatformIO uploads to.",
            )
        return Flashed(port.device, port.unit, hello)

    def _await(self, firmware: Firmware, wanted: str | None) -> Port:
        """The board's port, once it is there and may be opened. A board that restarts is given time to leave first."""
        self.clock.sleep(_LEAVE_S)
        deadline_s = self.clock.now_s() + _RETURN_S
        while True:
            try:
                port = find_board(firmware.board, self.usb.ports(), wanted).port
            except BoardproofError:
                if self.clock.now_s() >= deadline_s:
                    raise
            else:
                if self.usb.may_open(port.device) or self.clock.now_s() >= deadline_s:
                    return port
            self.clock.sleep(_POLL_S)

    def _hello(self, port: Port) -> Hello:
        try:
            return open_patiently(
                lambda: self.greet(port.device, _HELLO_S), port.device, _OPEN_S, self.clock, self.progress
            )
        except (OSError, DeviceError) as error:
            raise DeviceError(
                f"The upload was done, but what runs on {port.device} does not answer as boardproof's firmware.",
                "Reset the board and run `boardproof verify`; is this the port of the stream that `serial` in "
                "boardproof.toml names?",
                str(error),
            ) from error
