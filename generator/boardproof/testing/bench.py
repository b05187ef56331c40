"""The boards of one test session: each network is built once, each piece of hardware has one user, all is given back.

Several processes may work at once (pytest-xdist): they share what is built, and take a board each.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof import pipeline
from boardproof.device.build.elf import read_sections
from boardproof.device.build.locks import lock_first
from boardproof.device.build.pio import cache_dir
from boardproof.device.clock import SystemClock
from boardproof.device.reach.links import open_link
from boardproof.device.types import Firmware
from boardproof.device.usb.ports import connected_boards, find_board, is_url, kind, serial_ports
from boardproof.device.usb.upload import flash
from boardproof.errors import DeviceError, ToolError
from boardproof.progress import Silent
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.subject import Target
from boardproof.testing.under_test import BoardUnderTest

if TYPE_CHECKING:
    from boardproof.device.build.locks import FileLock
    from boardproof.device.types import Link
    from boardproof.device.usb.ports import ConnectedBoard
    from boardproof.progress import Progress
    from boardproof.project.boards import Board
    from boardproof.project.subject import Network
    from boardproof.settings import Settings

_BUILD_WAIT_S = 3600.0
_BOARD_WAIT_S = 1800.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session works.

    Attributes:
        shared: A directory that all processes of the session share, and later sessions find again.
        private: A directory of this process alone.
        session: Names the session, the same in all its processes.
    """

    shared: Path
    private: Path
    session: str


class Notes(Silent):
    """Keeps warnings for later; listens to nothing else."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Keeps it."""
        self.warnings.append(text)


class Bench:
    """Boards for tests.

    Args:
        place: Where to work.
        ports: The ports to use, each by one process at a time; empty to take any board that is connected.
    """

    def __init__(self, place: Place, ports: tuple[str, ...]) -> None:
        self._place = place
        self._ports = ports
        self._progress = Notes()
        self._boards: dict[Settings, BoardUnderTest] = {}
        self._claims: dict[str, tuple[str, FileLock]] = {}
        self._on_hardware: dict[str, BoardUnderTest] = {}

    @property
    def boards(self) -> tuple[BoardUnderTest, ...]:
        """Every network on a board so far."""
        return tuple(self._boards.values())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user should know, in order."""
        return tuple(self._progress.warnings)

    def board(self, settings: Settings) -> BoardUnderTest:
        """A network on a board; the same one for the same settings.

        Raises:
            BoardproofError: The network cannot be built; see pipeline.run.
        """
        if settings not in self._boards:
            network, firmware = self._built(settings)
            self._boards[settings] = BoardUnderTest(
                network, firmware, lambda unit: self._connect(unit, settings), self._progress.line
            )
        return self._boards[settings]

    def close(self) -> None:
        """Ends every connection, and gives the hardware back."""
        for unit in self._boards.values():
            unit.disconnect()
        for _, lock in self._claims.values():
            lock.release()
        self._claims.clear()

    # --- Building ---

    def _built(self, settings: Settings) -> tuple[Network, Firmware]:
        """Builds, unless another process of this session has."""
        folder = self._folder(settings)
        with self._building(folder):
            stamp, model = folder / "session.txt", folder / f"{settings.stem}.tflite"
            settings = replace(settings, out=folder / "project")
            if stamp.is_file() and stamp.read_text(encoding="utf-8") == self._place.session:
                network = pipeline.prepare(replace(settings, model=model), self._progress)
                firmware = _existing(network, settings)
            else:
                stamp.unlink(missing_ok=True)
                network, firmware = _build(settings, self._progress)
                model.write_bytes(network.data)
                stamp.write_text(self._place.session, encoding="utf-8")
            return network, self._own_copy(firmware)

    def _folder(self, settings: Settings) -> Path:
        digest = hashlib.sha256(f"{Path.cwd()} {settings}".encode()).hexdigest()  # its paths may be relative
        return self._place.shared / f"{settings.stem}-{settings.board}-{digest[:12]}"

    def _building(self, folder: Path) -> FileLock:
        path = folder / "lock"
        try:
            return lock_first((path,), _BUILD_WAIT_S, SystemClock(), _ignore)[1]
        except TimeoutError as error:
            raise ToolError(
                f"Another process has been building in {folder} for {_BUILD_WAIT_S:.0f} s.", "End it, and try again."
            ) from error

    def _own_copy(self, firmware: Firmware) -> Firmware:
        """A later session may build anew while this one still starts emulators from its ELF."""
        self._place.private.mkdir(parents=True, exist_ok=True)
        elf = self._place.private / f"{len(self._boards)}-{firmware.elf.name}"
        shutil.copy2(firmware.elf, elf)
        return replace(firmware, elf=elf)

    # --- Connecting ---

    def _connect(self, unit: BoardUnderTest, settings: Settings) -> Link:
        board = unit.firmware.board
        if board.reach.is_started:
            return open_link(unit.firmware, board, None, settings.link, self._progress)
        port = self._claim(board)
        previous = self._on_hardware.get(port)
        if previous is not unit:
            if previous is not None:
                previous.disconnect()
            self._flash(unit, settings, port)
            self._on_hardware[port] = unit
        return open_link(unit.firmware, board, port, settings.link, self._progress)

    def _flash(self, unit: BoardUnderTest, settings: Settings, port: str) -> None:
        """Puts the firmware on, unless the board is elsewhere: then its hello tells whether it has it."""
        if is_url(port):
            return
        with self._building(self._folder(settings)):
            flash(unit.firmware, port, self._progress)

    def _claim(self, board: Board) -> str:
        """The port of a board that is ours until the end."""
        if board.name not in self._claims:
            locks = {cache_dir() / "locks" / f"{_file_name(port)}.lock": port for port in self._candidates(board)}
            try:
                path, lock = lock_first(tuple(locks), _BOARD_WAIT_S, SystemClock(), lambda: self._say_waiting(board))
            except TimeoutError as error:
                raise DeviceError(
                    f"Every {kind(board)} ({', '.join(locks.values())}) stayed in use for {_BOARD_WAIT_S:.0f} s.",
                    "Run no more processes at once than there are boards: pytest -n <boards>.",
                ) from error
            self._claims[board.name] = (locks[path], lock)
        return self._claims[board.name][0]

    def _candidates(self, board: Board) -> tuple[str, ...]:
        """Ports or serial numbers of boards that would do."""
        ports = serial_ports()
        if self._ports:
            return tuple(
                wanted if is_url(wanted) else _identity(find_board(board, ports, wanted)) for wanted in self._ports
            )
        found = connected_boards(ports, (board,)) or (find_board(board, ports),)
        return tuple(_identity(connected) for connected in found)

    def _say_waiting(self, board: Board) -> None:
        self._progress.warn(f"every {kind(board)} is in use: waiting for one")


def _build(settings: Settings, progress: Progress) -> tuple[Network, Firmware]:
    target = Target(settings.target_board, RUNTIMES[settings.runtime])
    network = pipeline.prepare(settings, progress)
    firmware, _ = pipeline.compile_network(network, target, settings, progress)
    return network, firmware


def _existing(network: Network, settings: Settings) -> Firmware:
    board = settings.target_board
    root = settings.project_dir.absolute()
    elf = root / ".pio" / "build" / board.env / "firmware.elf"
    return Firmware(elf, root, board, read_sections(elf, board), network.sha256)


def _identity(connected: ConnectedBoard) -> str:
    return connected.port.unit or connected.port.device


def _file_name(port: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in port)


def _ignore() -> None:
    pass
