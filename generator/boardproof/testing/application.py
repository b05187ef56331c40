"""An application on a board, for tests: recordings in, decisions out, exact or an assertion."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.applications.board import build_application, check_identity, connect
from boardproof.applications.results import result_of
from boardproof.device.protocol.app_session import AppSession
from boardproof.device.reach.links import require_tools
from boardproof.model.recordings import read_recording
from boardproof.progress import Silent
from boardproof.project.apps.settings import read_application
from boardproof.proof.expectation import expect
from boardproof.proof.playing import Player, whole

if TYPE_CHECKING:
    from boardproof.applications.settings import ReplaySettings
    from boardproof.report.replay import ReplayedRecording


class ApplicationUnderTest:
    """An application, built once; the board is started when the first recording is played.

    Args:
        settings: Where it is, and on which board it runs.
    """

    def __init__(self, settings: ReplaySettings) -> None:
        self.application = read_application(settings.app)
        self._settings = settings
        self._links = ExitStack()
        self._session: AppSession | None = None

    def replay(self, recording: str | Path) -> ReplayedRecording:
        """Plays a recording, from the beginning of everything: its `decisions`, `last_scores`, `faults`.

        Raises:
            AssertionError: The board does not do what the host does.
            BoardproofError: The recording cannot be read, or something is missing.
        """
        samples = read_recording(Path(recording), self.application.form)
        played = Player(self._connected(), self.application).play(whole(samples.samples))
        result = result_of(self.application, samples, played, expect(self.application, played.hops), None)
        if result.differences:
            raise AssertionError("\n".join(("the board differs from the host:", *result.differences[:10])))
        return result

    def close(self) -> None:
        """Ends the emulator, or releases the port."""
        self._session = None
        self._links.close()

    def _connected(self) -> AppSession:
        if self._session is None:
            require_tools(self._settings.target_board)
            firmware = build_application(self.application, self._settings, Silent())
            link = self._links.enter_context(connect(firmware, self._settings, Silent()))
            session = AppSession(link, self.application.network.sha256)
            check_identity(session, self.application)
            self._session = session
        return self._session
