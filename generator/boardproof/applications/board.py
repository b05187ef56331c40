"""An application on a board: built, connected to, and known to be the one that is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.applications.generate import make_project
from boardproof.device.build.compile import build
from boardproof.device.build.narration import narrate
from boardproof.device.reach.links import open_link
from boardproof.device.usb.ports import is_url
from boardproof.device.usb.upload import flash
from boardproof.errors import DeviceError
from boardproof.project.boards import Reach

if TYPE_CHECKING:
    from boardproof.applications.settings import ReplaySettings
    from boardproof.device.protocol.app_session import About, AppSession
    from boardproof.device.types import Firmware, Link
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application


def build_application(application: Application, settings: ReplaySettings, progress: Progress) -> Firmware:
    """From settings to built firmware."""
    project = make_project(application, settings, progress)
    progress.stage(f"building for {settings.board}")
    return build(project, settings.project_dir, on_line=narrate(progress))


def connect(firmware: Firmware, settings: ReplaySettings, progress: Progress) -> Link:
    """Starts the emulator, or flashes the board; the stream to it."""
    board = settings.target_board
    port = settings.port
    if board.reach is Reach.SERIAL and not is_url(port or ""):
        port = flash(firmware, port, progress).device
    return open_link(firmware, board, port, settings.link, progress)


def check_identity(session: AppSession, application: Application) -> About:
    """Whether the board has this very application. Raises DeviceError if not."""
    about = session.about()
    if about.digest != application.digest:
        raise DeviceError(
            f"The board runs another application, or one of other settings: {about.name} {about.version}, "
            f"{about.digest[:16]}….",
            "Build and flash it again.",
        )
    return about
