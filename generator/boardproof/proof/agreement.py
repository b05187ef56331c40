"""Whether a board did with a stream what the host did: every feature, every score, every decision and its time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.protocol.app_session import StepFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.device.protocol.app_session import BoardStep
    from boardproof.project.apps.stream import Heard
    from boardproof.proof.expectation import Expected, Scored
    from boardproof.proof.playing import Played

    Run = tuple[NDArray[np.generic], Heard | None]
    """Scores [labels] and the decision."""

_POSITIONS = 0xFFFFFFFF
"""Boards count positions modulo 2^32."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not as on the host.

    Attributes:
        hop: Which hop.
        position: Of the first sample behind its window.
        what: What differs, in words.
    """

    hop: int
    position: int
    what: str


def differences(played: Played, expected: Expected) -> tuple[Difference, ...]:
    """Everything that differs, in order; empty where the board agrees."""
    return tuple(_differences(played, expected))


def _differences(played: Played, expected: Expected) -> Iterator[Difference]:
    first, second, labels = _by_hop(expected), _by_hop(expected.second), expected.scores.shape[1]
    for hop, (step, position) in enumerate(zip(played.steps, expected.positions, strict=False)):
        found = [
            *_features(step, expected.features[hop]),
            *_run(step, first.get(hop), 0),
            *(f"second: {what}" for what in _run(played.second.get(hop), second.get(hop), labels)),
        ]
        for one in (step, played.second.get(hop)):
            if one is not None and one.position != position & _POSITIONS:
                found.append(f"its window ends at {one.position}, not {position}")
        if (hop in played.restarts) != (hop in expected.restarts):
            found.append("it began anew" if hop in played.restarts else "it did not begin anew")
        yield from (Difference(hop, position, what) for what in found)
    if len(played.steps) != len(expected.positions):
        at = min(len(played.steps), len(expected.positions))
        last = (expected.positions or (0,))[min(at, len(expected.positions) - 1)]
        what = f"the board did {len(played.steps)} hops, the host {len(expected.positions)}"
        yield Difference(at, last, what)


def _features(step: BoardStep, row: np.ndarray) -> Iterator[str]:
    if step.features_crc == zlib.crc32(row.tobytes()):
        return
    got = None if step.features is None else np.frombuffer(step.features, row.dtype)
    if got is None or got.size != row.size:
        yield "its features differ"
        return
    places = np.flatnonzero(got != row)
    if not places.size:
        yield "its features are the host's, and their checksum is not"
    else:
        first = places[0]
        yield f"{places.size} of {row.size} features differ, first [{first}]: {got[first]}, not {row[first]}"


def _by_hop(scored: Scored | Expected | None) -> dict[int, Run]:
    """What the host computed of a network, by the hop after which it did."""
    if scored is None:
        return {}
    return dict(zip(scored.runs, zip(scored.scores, scored.decisions, strict=True), strict=True))


def _run(step: BoardStep | None, run: Run | None, first_label: int) -> Iterator[str]:
    """What differs of a network's run after a hop: `first_label` is the place of its first label on the board."""
    ran = step is not None and StepFlag.SCORED in step.flags
    if ran != (run is not None):
        yield "the network ran" if ran else "the network did not run"
    if step is None or run is None:
        return
    scores, decision = run
    if ran and step.scores_crc != zlib.crc32(scores.tobytes()):
        got = None if step.scores is None else np.frombuffer(step.scores, scores.dtype)
        yield f"its scores are {'others' if got is None else list(got)}, not {list(scores)}"
    mine = (step.label, step.sum) if StepFlag.DECIDED in step.flags else None
    theirs = None if decision is None else (first_label + decision.label, decision.sum)
    if mine != theirs:
        yield f"it decided {_said(mine)}, not {_said(theirs)}"


def _said(decision: tuple[int, int] | None) -> str:
    return "nothing" if decision is None else f"label {decision[0]} with the sum {decision[1]}"
