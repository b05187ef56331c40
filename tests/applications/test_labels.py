"""Which of the events in a recording count where two networks decide."""

from __future__ import annotations

import numpy as np

from boardproof.applications import replay
from boardproof.applications.settings import ReplaySettings
from boardproof.model.recordings import Recording
from boardproof.project.apps.settings import read_application
from support.small_application import SETTINGS, THEN, write_application


def test_what_one_network_is_silent_about_the_other_may_decide(tmp_path):
    """Both have a label quiet; only the second decides it. "over" is decided by neither."""
    settings = SETTINGS + THEN.replace("goes on", "quiet")
    application = read_application(write_application(tmp_path, settings))
    assert (application.decided_labels, application.second.decided_labels) == (("loud",), ("quiet",))
    labels = tmp_path / "day.txt"
    labels.write_text("0.1\t0.2\tloud\n0.3\t0.4\tquiet\n0.5\t0.6\tover\n")
    recording = Recording("day.wav", np.zeros((8000, 1), np.int16), 8000)
    asked = ReplaySettings(tmp_path, (tmp_path / "day.wav",), labels=labels)
    found = replay._events(tmp_path / "day.wav", recording, application, asked)
    assert [event.label for event in found] == ["loud", "quiet"]
