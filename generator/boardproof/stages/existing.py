"""Projects that are there already: which network is in them, building and flashing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.build.compile import compile_project
from boardproof.device.build.narration import narrate
from boardproof.device.build.workspace import marker_board, read_marker
from boardproof.device.usb.upload import flash, require_board
from boardproof.errors import InputError
from boardproof.project.render import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.build.workspace import Marker
    from boardproof.device.types import Firmware
    from boardproof.device.usb.bootloader import Flashed
    from boardproof.progress import Progress
    from boardproof.project.subject import Network
    from boardproof.settings import Settings

from boardproof.stages.hardware import flashable


def build_on_disk(root: Path, progress: Progress) -> Firmware:
    """Builds a project that `generate` wrote."""
    marker = marker_of(root)
    progress.stage(f"building for {marker.board}")
    return compile_project(root, marker_board(marker), marker.model_sha256, on_line=narrate(progress))


def marker_of(root: Path) -> Marker:
    """What `generate` noted of the firmware project it wrote."""
    marker = read_marker(root)
    if marker is None:
        raise InputError(f"{root} is not a project that boardproof generated.", "Make one with `boardproof generate`.")
    if SETTINGS not in marker.files:
        raise InputError(
            f"{root} is a library, which becomes firmware only in a project of yours.",
            "Its README.md says how to use it; for firmware, generate without --as library.",
        )
    return marker


def require_project_of(network: Network, settings: Settings) -> None:
    """Makes sure that the project is this network's, before it is built."""
    root, source = settings.project_dir, network.model.source
    marker = marker_of(root)
    if marker.model_sha256 != network.sha256:
        raise InputError(
            f"{root} is a project of another model: the SHA-256 of its .tflite begins {marker.model_sha256[:16]}, that "
            f"of {source} {network.sha256[:16]}.",
            f"Make it anew from {source}: `boardproof run` generates, builds and verifies; `boardproof generate` only "
            "generates.",
        )


def flash_on_disk(root: Path, port: str | None, progress: Progress) -> Flashed:
    """Builds a project that `generate` wrote if need be, and puts it on a board."""
    board = marker_board(marker_of(root))
    if board.reach.is_started:
        raise InputError(
            f"{board.name} is not flashed: boardproof starts it itself.",
            f"Use `boardproof verify` or `boardproof run`; to flash, generate with --board {flashable()}.",
        )
    require_board(board, port)
    return flash(build_on_disk(root, progress), port, progress)
