"""What the host computes of a stream: features and scores by the oracle, windows and decisions by their definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.project.apps.stream import begun_anew, decide, network_runs, second_runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from boardproof.project.apps.application import Application, Part
    from boardproof.project.apps.stream import Heard, Hop


@dataclass(frozen=True, slots=True)
class Scored:
    """What a network makes of a stream.

    Attributes:
        runs: The hops after which it ran.
        scores: [runs, labels], quantized.
        decisions: One for each run, or None.
        anew: For each run, whether sums began anew before it.
    """

    runs: tuple[int, ...]
    scores: NDArray[np.generic] = field(repr=False)
    decisions: tuple[Heard | None, ...]
    anew: tuple[bool, ...]

    @property
    def heard(self) -> tuple[Heard, ...]:
        """The decisions alone."""
        return tuple(decision for decision in self.decisions if decision is not None)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an application does with a stream.

    Attributes:
        positions: Of the first sample behind each hop's window.
        restarts: The hops before which everything began anew.
        features: [hops, elements], the rows.
        runs: The hops after which the network ran.
        scores: [runs, labels], quantized.
        decisions: One for each run, or None.
        anew: For each run, whether sums began anew before it.
        second: What the second network makes of it; None where there is none.
    """

    positions: tuple[int, ...]
    restarts: frozenset[int]
    features: NDArray[np.generic] = field(repr=False)
    runs: tuple[int, ...]
    scores: NDArray[np.generic] = field(repr=False)
    decisions: tuple[Heard | None, ...]
    anew: tuple[bool, ...]
    second: Scored | None = None

    @property
    def heard(self) -> tuple[Heard, ...]:
        """The decisions alone."""
        return tuple(decision for decision in self.decisions if decision is not None)


def expect(application: Application, hops: Sequence[Hop]) -> Expected:
    """Runs a stream's windows through front end, network and decisions, from the state after a reset.

    Raises:
        InputError: The oracle cannot run a network.
        ToolError: There is no oracle here.
    """
    features = _features(application, hops)
    runs = network_runs(application, hops)
    restarts = frozenset(i for i, hop in enumerate(hops) if hop.restarted)
    positions = tuple(hop.position for hop in hops)
    first = _scored(application, features, positions, runs, begun_anew(restarts, runs))
    second = None
    if application.second is not None:
        decided = {run: one for run, one in zip(runs, first.decisions, strict=True) if one is not None}
        second = _scored(application.second, features, positions, *second_runs(application, hops, decided))
    return Expected(positions, restarts, features, first.runs, first.scores, first.decisions, first.anew, second)


def _scored(
    application: Application,
    features: NDArray[np.generic],
    positions: Sequence[int],
    runs: Sequence[int],
    anew: Sequence[bool],
) -> Scored:
    scores = np.zeros((0, len(application.labels)), application.network.output.dtype.numpy)
    if runs:
        windows = np.stack([features[run - application.rows + 1 : run + 1].reshape(-1) for run in runs])
        scores = run_part(application.network, windows)
    decisions = decide(application, scores, [positions[run] for run in runs], anew)
    return Scored(tuple(runs), scores, tuple(decisions), tuple(anew))


def _features(application: Application, hops: Sequence[Hop]) -> NDArray[np.generic]:
    source = application.source
    if not hops:
        output = source if application.front_end is None else application.front_end.output
        return np.zeros((0, output.elements), output.dtype.numpy)
    windows = np.stack([hop.samples.reshape(-1) for hop in hops]).astype(source.dtype.numpy)
    return windows if application.front_end is None else run_part(application.front_end, windows)


def run_part(part: Part, rows: NDArray[np.generic]) -> NDArray[np.generic]:
    """Rows through a network, in order, from its state after a reset: [rows, elements of its output]."""
    shaped = np.ascontiguousarray(rows).reshape(len(rows), *part.input.shape)
    return run_oracle(part.data, Vectors((shaped,))).arrays[0].reshape(len(rows), -1)
