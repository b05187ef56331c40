"""A desk with USB boards on it, in simulated time: boards vanish and come back as real ones do."""

from __future__ import annotations

import errno
from dataclasses import dataclass, field

from boardproof.device.types import Firmware, Hello
from boardproof.device.usb.ports import Port
from boardproof.errors import DeviceError, ToolError
from boardproof.project.boards import BOARDS, TickUnit

NANO = BOARDS["nano33ble"]
APPLICATION, BOOTLOADER = 0x805A, 0x005A
MODEL = "ab" * 32
OTHER_MODEL = "cd" * 32


class SimulatedClock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time_s += seconds


@dataclass
class SimulatedBoard:
    """One Nano 33 BLE. Its life is a list of (from when, product id or None, port name), latest last."""

    serial_number: str = "4F2C00A1B2C3D4E5"
    location: str = "1-2"
    device: str = "/dev/ttyACM0"
    pid: int = APPLICATION
    obeys_touch: bool = True
    reboot_s: float = 0.8
    bootloader_device: str = "/dev/ttyACM1"
    application_device: str = "/dev/ttyACM0"
    starts_application: bool = True
    dies_when_touched: bool = False
    dies_after_upload: bool = False
    runs_model: str = OTHER_MODEL
    unplugged_from_s: float | None = None
    life: list[tuple[float, int | None, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.life.append((0.0, self.pid, self.device))

    def at(self, time_s: float) -> Port | None:
        if self.unplugged_from_s is not None and time_s >= self.unplugged_from_s:
            return None
        pid, device = next((pid, device) for start, pid, device in reversed(self.life) if start <= time_s)
        if pid is None:
            return None
        # The bootloader pads the serial number to 32 digits (seen in its image and on boards).
        number = self.serial_number.zfill(32) if pid == BOOTLOADER else self.serial_number
        return Port(device, 0x2341, pid, number, self.location, "Nano 33 BLE")

    def reboot(self, time_s: float, pid: int | None, device: str) -> None:
        self.life.append((time_s + 0.2, None, device))
        if pid is not None:
            self.life.append((time_s + 0.2 + self.reboot_s, pid, device))

    def unplug(self, time_s: float) -> None:
        self.unplugged_from_s = time_s


@dataclass
class Desk:
    """Plays `Usb`, `Upload` and `Greet`, and remembers what was asked of it."""

    boards: list[SimulatedBoard]
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    other_ports: tuple[Port, ...] = (Port("/dev/ttyS0"),)
    busy_until_s: dict[str, float] = field(default_factory=dict)
    forbidden_until_s: dict[str, float] = field(default_factory=dict)
    upload_failures: list[str] = field(default_factory=list)
    unplug_during_upload: bool = False
    uploaded_model: str = MODEL
    silent: bool = False
    log: list[tuple[str, str]] = field(default_factory=list)

    def ports(self) -> tuple[Port, ...]:
        now = [board.at(self.clock.time_s) for board in self.boards]
        return tuple(sorted([p for p in now if p] + list(self.other_ports), key=lambda p: p.device))

    def may_open(self, device: str) -> bool:
        return self.clock.time_s >= self.forbidden_until_s.get(device, 0.0)

    def touch(self, device: str) -> None:
        self.log.append(("touch", device))
        board = self._open(device)
        if board.dies_when_touched:
            board.unplug(self.clock.time_s)
        elif board.obeys_touch and board.at(self.clock.time_s).pid != BOOTLOADER:
            board.reboot(self.clock.time_s, BOOTLOADER, board.bootloader_device)

    def probe(self, device: str) -> None:
        self._open(device)

    def upload(self, device: str, timeout_s: float) -> None:
        assert timeout_s > 0
        self.log.append(("upload", device))
        board = self._open(device)
        assert board.at(self.clock.time_s).pid == BOOTLOADER, "nothing but a bootloader takes an upload"
        self.clock.sleep(4.0)
        if self.unplug_during_upload:
            board.unplug(self.clock.time_s)
            raise ToolError("pio failed", details="SAM-BA operation failed")
        if self.upload_failures:
            raise ToolError("pio failed", details=self.upload_failures.pop())
        board.runs_model = self.uploaded_model
        if board.dies_after_upload:
            board.unplug(self.clock.time_s)
        elif board.starts_application:
            board.reboot(self.clock.time_s, APPLICATION, board.application_device)

    def greet(self, device: str, timeout_s: float) -> Hello:
        self.log.append(("greet", device))
        board = self._open(device)
        if self.silent:
            self.clock.sleep(timeout_s)
            raise DeviceError(f"no answer from {device} within {timeout_s} s", details="the last bytes were 'hi'")
        return hello(board.runs_model)

    def _open(self, device: str) -> SimulatedBoard:
        if self.clock.time_s < self.busy_until_s.get(device, 0.0):
            raise OSError(errno.EBUSY, "Device or resource busy", device)
        if not self.may_open(device):
            raise PermissionError(errno.EACCES, "Permission denied", device)
        for board in self.boards:
            port = board.at(self.clock.time_s)
            if port and port.device == device:
                return board
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", device)


def hello(model_sha256: str) -> Hello:
    return Hello(1, model_sha256, "aot", "boardproof 0.1.0", "dsp", TickUnit.CYCLES, 64_000_000, 1024, (), (), (), "")


def firmware(tmp_path, model_sha256: str = MODEL) -> Firmware:
    return Firmware(tmp_path / "firmware.elf", tmp_path, NANO, (), model_sha256)


class Listener:
    """Remembers what progress was told."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.lines: list[str] = []
        self.warnings: list[str] = []

    def stage(self, title: str) -> None:
        self.stages.append(title)

    def advance(self, done: int, total: int) -> None:
        pass

    def line(self, text: str) -> None:
        self.lines.append(text)

    def warn(self, text: str) -> None:
        self.warnings.append(text)
