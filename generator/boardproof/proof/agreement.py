"""Whether a board did with a stream what the host did: every feature, every score, every decision and its time."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.protocol.app_session import StepFlag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.protocol.app_session import BoardStep
    from boardproof.project.apps.stream import Heard
    from boardproof.proof.expectation import Expected
    from boardproof.proof.playing import Played


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
    runs = {hop: run for run, hop in enumerate(expected.runs)}
    for hop, (step, position) in enumerate(zip(played.steps, expected.positions, strict=False)):
        found = [
            *_features(step, expected.features[hop]),
            *_scores(step, None if hop not in runs else expected.scores[runs[hop]]),
            *_decision(step, None if hop not in runs else expected.decisions[runs[hop]]),
        ]
        if step.position != position:
            found.append(f"its window ends at {step.position}, not {position}")
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
    if places.size:
        first = places[0]
        yield f"{places.size} of {row.size} features differ, first [{first}]: {got[first]}, not {row[first]}"


def _scores(step: BoardStep, scores: np.ndarray | None) -> Iterator[str]:
    ran = StepFlag.SCORED in step.flags
    if ran != (scores is not None):
        yield "the network ran" if ran else "the network did not run"
    elif scores is not None and step.scores_crc != zlib.crc32(scores.tobytes()):
        got = None if step.scores is None else np.frombuffer(step.scores, scores.dtype)
        yield f"its scores are {'others' if got is None else list(got)}, not {list(scores)}"


def _decision(step: BoardStep, decision: Heard | None) -> Iterator[str]:
    mine = (step.label, step.sum) if StepFlag.DECIDED in step.flags else None
    theirs = None if decision is None else (decision.label, decision.sum)
    if mine != theirs:
        yield f"it decided {_said(mine)}, not {_said(theirs)}"


def _said(decision: tuple[int, int] | None) -> str:
    return "nothing" if decision is None else f"label {decision[0]} with the sum {decision[1]}"
