"""What a run must keep to: the limits in boardproof.toml, and how it differs from an accepted report."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.project.own_boards import BOARDS_TABLE
from boardproof.report.limits import check, compare, compare_operators, parse_baseline, parse_limits
from boardproof.settings import LIMITS_TABLE, SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from boardproof.report.document import Report
    from boardproof.report.limits import Change, Limit, Violation


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Limits and a baseline, read before anything is built so that a slip in them costs nothing.

    Attributes:
        limits: From boardproof.toml's [limits].
        baseline: An earlier JSON report; None without one.
    """

    limits: tuple[Limit, ...]
    baseline: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """A report held against limits and baseline.

    Attributes:
        violations: Limits that do not hold.
        changes: Every quantity, then and now; empty without a baseline.
        operators: The operators whose ticks changed most.
    """

    violations: tuple[Violation, ...]
    changes: tuple[Change, ...]
    operators: tuple[Change, ...]


def read_acceptance(model: Path, board: str, baseline: Path | None) -> Acceptance:
    """The limits beside a model, and a baseline.

    Args:
        model: The model's path; boardproof.toml is looked for beside it.
        board: The board's name: limits may differ by board.
        baseline: A report written earlier with --report; None for none.

    Raises:
        InputError: Either cannot be read or makes no sense.
    """
    try:
        tables = tomllib.loads((model.parent / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        tables = {}
    limits = parse_limits(tables.get(LIMITS_TABLE, {}), board, tuple(tables.get(BOARDS_TABLE, {})))
    return Acceptance(limits, _read_baseline(baseline) if baseline else None)


def _read_baseline(path: Path) -> Mapping[str, object]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The baseline {path} cannot be read: {error}", "Make one with `boardproof run … --report baseline.json`."
        ) from error
    return parse_baseline(text, str(path))


def assess(report: Report, acceptance: Acceptance) -> Assessment:
    """Holds a report against limits and baseline.

    Raises:
        InputError: The baseline is of another board, or counts other ticks.
    """
    document = report.to_dict()
    baseline = acceptance.baseline
    return Assessment(
        violations=check(document, acceptance.limits),
        changes=compare(baseline, document) if baseline is not None else (),
        operators=compare_operators(baseline, document) if baseline is not None else (),
    )
