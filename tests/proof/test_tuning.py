"""Settings that are tried on labelled recordings, and which of them is proposed."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.project.apps.settings import read_application
from boardproof.proof.listening import Event
from boardproof.proof.tuning import Labelled, frontier, propose, trials
from support.small_application import RATE, write_application

RUN_S = 0.01
SHORT, DIPS, NEARLY = [0.95] * 2, [0.95] * 40 + [0.7] * 40 + [0.95] * 40, [0.8] * 60


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    return read_application(write_application(tmp_path_factory.mktemp("application")))


def recording(application, *pieces):
    """Scores of "loud" in pieces with two seconds of nothing around each; True of a piece says that it is an event."""
    loud = [0.0] * 200
    events = []
    for scores, heard in pieces:
        if heard:
            events.append(Event(len(loud) * RUN_S, (len(loud) + len(scores)) * RUN_S, "loud"))
        loud += [*scores, *[0.0] * 200]
    scale, zero_point = (getattr(application.network.output.quantization, name) for name in ("scale", "zero_point"))
    real = np.zeros((len(loud), len(application.labels)))
    real[:, application.labels.index("loud")] = loud
    scores = np.clip(np.rint(real / scale + zero_point), -128, 127).astype(np.int8)
    positions = tuple(round(run * RUN_S * RATE) for run in range(len(loud)))
    return Labelled(positions, scores, (True,) + (False,) * (len(loud) - 1), tuple(events), len(loud) * RUN_S)


def test_what_dips_is_decided_once_with_a_release_below(application):
    """A short event needs a short average, a sound that is nearly one a high threshold; neither bridges the dip."""
    found = trials(application, [recording(application, (SHORT, True), (DIPS, True), (NEARLY, False))])
    best = propose(found)
    assert (len(best.outcome.misses), len(best.outcome.false)) == (0, 0)
    assert best.threshold > 0.8
    assert best.release is not None
    assert best.release < 0.7
    without = [trial for trial in found if trial.release is None]
    assert min(len(trial.outcome.misses) + len(trial.outcome.false) for trial in without) == 1


def test_no_release_is_proposed_where_none_is_needed(application):
    found = trials(application, [recording(application, (SHORT, True), (NEARLY, False))])
    best = propose(found)
    assert (best.average, best.release) == (1, None)
    assert not best.outcome.misses
    assert not best.outcome.false
    (only,) = frontier(found)
    assert only == next(t for t in found if t.average == 1 and not t.outcome.misses and not t.outcome.false)
