"""Puts firmware on a USB board: finds it, calls its bootloader, uploads, waits for the application, asks who it is.

The board vanishes from USB and returns, perhaps under another port name, twice on the way; each wait has its own end
and message. What touches the machine comes in as `Usb`, `Upload` and `Greet`, so that tests can play the board.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from boardproof.device.usb.ports import DOUBLE_TAP, find_board, is_url, kind, open_patiently, permission_error
from boardproof.errors import DeviceError, InputError, ToolError
from boardproof.project.boards import UsbMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.device.clock import Clock
    from boardproof.device.types import Firmware, Hello
    from boardproof.device.usb.ports import ConnectedBoard, Port
    from boardproof.progress import Progress
    from boardproof.project.boards import Board

_Opened = TypeVar("_Opened")

_POLL_S = 0.1


class Usb(Protocol):
    """The serial ports of a machine."""

    def ports(self) -> tuple[Port, ...]:
        """Every port there is now."""
        ...

    def may_open(self, device: str) -> bool:
        """Whether this user has the right to open it."""
        ...

    def touch(self, device: str) -> None:
        """Opens it at 1200 baud and closes it, which asks a board for its bootloader. Raises OSError."""
        ...

    def probe(self, device: str) -> None:
        """Opens it and closes it again. Raises OSError."""
        ...


class Upload(Protocol):
    """Writes the firmware through a bootloader's port."""

    def __call__(self, device: str, timeout_s: float) -> None:
        """Raises ToolError, with the uploader's output as details."""
        ...


class Greet(Protocol):
    """Asks a board who it is."""

    def __call__(self, device: str, timeout_s: float) -> Hello:
        """Raises DeviceError when nothing on that port speaks the protocol."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds, and how often it is tried."""

    open_s: float = 30.0
    bootloader_s: float = 6.0
    touches: int = 2
    upload_s: float = 180.0
    uploads: int = 2
    application_s: float = 15.0
    hello_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Flashed:
    """A board that runs the firmware: the port it answers on, its USB serial number, and what it says of itself."""

    device: str
    serial_number: str
    hello: Hello


@dataclass(frozen=True, slots=True)
class Flasher:
    """Flashes boards.

    Attributes:
        usb: The machine's ports.
        upload: Writes the firmware.
        greet: Asks the board who it is.
        clock: Time.
        progress: Is told each step.
        patience: The end of each step.
    """

    usb: Usb
    upload: Upload
    greet: Greet
    clock: Clock
    progress: Progress
    patience: Patience = Patience()

    def flash(self, firmware: Firmware, wanted: str | None = None) -> Flashed:
        """Puts firmware on a board and proves that it runs.

        Args:
            firmware: The built project.
            wanted: The board's port or USB serial number; None to take the only one connected.

        Raises:
            InputError: Several boards are connected, or `wanted` is none of them.
            DeviceError: A step failed or took too long; message and hint say which and what to do.
        """
        self.progress.stage(f"Looking for the {kind(firmware.board)}")
        found = find_flashable(firmware.board, self.usb.ports(), wanted)
        port = found.port
        bootloader = port if found.mode is UsbMode.BOOTLOADER else self._enter_bootloader(firmware, port)
        self._upload(bootloader)
        application = self._await_application(firmware, bootloader)
        return Flashed(application.device, application.unit, self._hello(firmware, application))

    def _enter_bootloader(self, firmware: Firmware, port: Port) -> Port:
        """Touches the port until the same board is there in its bootloader."""
        self.progress.stage(f"Asking {port.device} for its bootloader")
        for _ in range(self.patience.touches):
            self._touch(port)
            if bootloader := self._await(firmware, port, UsbMode.BOOTLOADER, self.patience.bootloader_s):
                return bootloader
        waited_s = self.patience.touches * self.patience.bootloader_s
        if not self._is_present(port):
            raise DeviceError(
                f"{port.device} went away when its bootloader was called, and nothing came back for {waited_s:.0f} s.",
                f"Plug the board in again (without a hub, if there is one); then {DOUBLE_TAP}, and run this again.",
            )
        raise DeviceError(
            f"The board on {port.device} did not start its bootloader within {waited_s:.0f} s of being asked.",
            f"Close programs that have the port open; then {DOUBLE_TAP}, and run this again.",
        )

    def _touch(self, port: Port) -> None:
        """Touches once. A board that resets while its port is being closed looks like an I/O error: waiting tells."""
        try:
            self._open(lambda: self.usb.touch(port.device), port)
        except OSError as error:
            self.progress.line(f"touching {port.device}: {error}")

    def _upload(self, port: Port) -> None:
        """Uploads, once more if the board is still in its bootloader after a failure."""
        self.progress.stage(f"Uploading to {port.device}")
        for left in reversed(range(self.patience.uploads)):
            try:
                self._open(lambda: self.usb.probe(port.device), port)
                self.upload(port.device, self.patience.upload_s)
            except (ToolError, OSError) as error:
                if not self._is_present(port):
                    raise _unplugged(port, "the upload", error) from error
                if not left:
                    raise _upload_failed(port, error) from error
                self.progress.warn(f"the upload to {port.device} failed; trying once more")
            else:
                return

    def _await_application(self, firmware: Firmware, port: Port) -> Port:
        """Waits until the board has left its bootloader."""
        self.progress.stage("Waiting for the firmware to start")
        waited_s = self.patience.application_s
        if application := self._await(firmware, port, UsbMode.APPLICATION, waited_s):
            return application
        if self._is_present(port):
            raise DeviceError(
                f"The upload was done, but {waited_s:.0f} s later {port.device} is still the board's bootloader.",
                "Press its reset button once; if it stays there, run this again.",
            )
        raise DeviceError(
            f"The upload was done, but the board did not come back on USB within {waited_s:.0f} s.",
            f"Plug it in again. If it does not appear, the firmware crashes at start: {DOUBLE_TAP}, "
            "then build with --debug and flash that.",
        )

    def _hello(self, firmware: Firmware, port: Port) -> Hello:
        """Asks the board who it is, and insists on this firmware's model."""
        self.progress.stage(f"Asking {port.device} who it is")
        try:
            hello = self._open(lambda: self._answer(port), port)
        except OSError as error:
            raise _unplugged(port, "its first answer", error) from error
        if hello.model_sha256 != firmware.model_sha256:
            raise DeviceError(
                f"The board on {port.device} runs another model: its SHA-256 begins {hello.model_sha256[:12]}, "
                f"and that of the model just uploaded {firmware.model_sha256[:12]}.",
                f"The upload did not take: {DOUBLE_TAP}, then run this again.",
            )
        return hello

    def _answer(self, port: Port) -> Hello:
        try:
            return self.greet(port.device, self.patience.hello_s)
        except DeviceError as error:
            raise DeviceError(
                f"The upload was done, but what runs on {port.device} does not answer as boardproof's firmware.",
                "Unplug the board, plug it in and run `boardproof verify`; if it is still silent, build with --debug.",
                _reason(error),
            ) from error

    def _await(self, firmware: Firmware, port: Port, mode: UsbMode, timeout_s: float) -> Port | None:
        """The same board's port, once it is there in this mode and may be opened; None after timeout_s.

        A port that may not be opened is given too, but only at the end: udev sets the rights a moment after it appears.
        """
        ids = {(usb.vid, usb.pid) for usb in firmware.board.usb if usb.mode is mode}
        deadline_s = self.clock.now_s() + timeout_s
        while True:
            again = next((p for p in self.usb.ports() if (p.vid, p.pid) in ids and p.is_same_unit(port)), None)
            late = self.clock.now_s() >= deadline_s
            if again is not None and (late or self.usb.may_open(again.device)):
                return again
            if late:
                return None
            self.clock.sleep(_POLL_S)

    def _is_present(self, port: Port) -> bool:
        """Whether the same board is there now, whatever runs on it."""
        return any(p.is_same_unit(port) for p in self.usb.ports())

    def _open(self, opener: Callable[[], _Opened], port: Port) -> _Opened:
        try:
            return open_patiently(opener, port.device, self.patience.open_s, self.clock, self.progress)
        except PermissionError as error:
            raise permission_error(port) from error


def find_flashable(board: Board, ports: tuple[Port, ...], wanted: str | None = None) -> ConnectedBoard:
    """The board to flash, among the serial ports that there are.

    Raises:
        InputError: Several boards are connected, or `wanted` is none of them, or is a URL.
        DeviceError: None is connected.
    """
    if wanted is not None and is_url(wanted):
        raise url_error(board, wanted)
    return find_board(board, ports, wanted)


def url_error(board: Board, wanted: str) -> InputError:
    """A board behind a URL is talked to, not flashed."""
    return InputError(
        f"The {kind(board)} cannot be flashed through {wanted}: its bootloader is reached over USB only.",
        "Run `boardproof flash` on the machine it is plugged into; then `boardproof verify --port` works here.",
    )


def _unplugged(port: Port, during: str, error: Exception) -> DeviceError:
    return DeviceError(
        f"The board on {port.device} went away during {during}.",
        "Plug it in again and run this again: its bootloader survives, whatever happened to the firmware. "
        f"If no port appears, {DOUBLE_TAP}.",
        _reason(error),
    )


def _upload_failed(port: Port, error: Exception) -> DeviceError:
    return DeviceError(
        f"The upload to {port.device} failed.",
        f"If the output above does not say why, {DOUBLE_TAP}, then run this again.",
        _reason(error),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, DeviceError | ToolError):
        return "\n".join(part for part in (error.message, error.details) if part)
    return str(error)
