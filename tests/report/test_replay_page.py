"""The pictures of a replay."""

from __future__ import annotations

import re

from boardproof.report.page import Picture
from boardproof.report.replay import Curves, HopTicks, ReplayedRecording, ReplayReport
from boardproof.report.replay_page import replay_page


def test_scores_that_are_no_probabilities_stay_in_the_picture():
    curves = Curves(scores=(("yes", ((0.0, -7.0), (1.0, 12.0))),))
    recording = ReplayedRecording("a.wav", 1.0, 2, 2, (1,), (), (), (), curves=curves)
    ticks = HopTicks("instructions", 1, 1, 1, 10.0, None, None, "")
    page = replay_page(ReplayReport("app", "1", "native", (recording,), ("yes",), ticks, None, None, None, 10))
    (picture,) = (block for section in page.sections for block in section.blocks if isinstance(block, Picture))
    (points,) = re.findall(r'<polyline points="([^"]+)"', picture.svg)
    assert all(0 <= float(point.split(",")[1]) <= 240 for point in points.split())
