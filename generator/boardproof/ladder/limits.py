"""The limits of a project's boardproof.toml, held against a ladder's results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boardproof.report.acceptance import read_acceptance
from boardproof.report.limits import Limit, check, parse_limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from boardproof.ladder.results import Result

NOT_MEASURED = ("ticks_max", "accuracy_drop")
"""Quantities of a report that a ladder's results do not have: nothing is judged by them."""


def limits_beside(path: Path, board: str) -> dict[str, float]:
    """The limits for a board in boardproof.toml beside an experiment or a model, by name; none without that file.

    Raises:
        InputError: A limit makes no sense.
    """
    return {limit.quantity.name: limit.value for limit in read_acceptance(path, board, None).limits}


def judged(limits: Mapping[str, float]) -> tuple[Limit, ...]:
    """The limits that results can be held against."""
    known = {name: value for name, value in limits.items() if name not in NOT_MEASURED}
    return parse_limits(known, "")


def keeps(result: Result, limits: Sequence[Limit]) -> bool:
    """Whether a result keeps all limits; what was not measured keeps none, as in a report."""
    return not check(_as_report(result), tuple(limits))


def _as_report(result: Result) -> dict[str, Any]:
    board, score = result.board, result.score
    report: dict[str, Any] = {
        "model": {"bytes": result.sizes.tflite},
        "accuracy": {"board": score.value if score.metric == "accuracy" else None},
    }
    if board is None:
        return report
    return report | {
        "flash_bytes": board.flash,
        "ram_bytes": board.ram,
        "arena_bytes": board.arena,
        "stack_bytes": board.stack,
        "ticks": {"median": board.ticks},
        "verdict": {"max_lsb": 0 if board.exact == board.samples else None},
    }
