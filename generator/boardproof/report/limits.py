"""Limits on what a report may say, and how it differs from the last accepted one. Pure: JSON dictionaries in, rows out.

[limits]                     # boardproof.toml
flash_bytes = 131072
accuracy_drop = 0.01

[limits.mps2-an386]          # ticks of one board say nothing about another
ticks = 8_000_000
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from collections.abc import Callable

_Json = Mapping[str, object]
_CLOSE = 0.6
_DIGITS = 12
"""Of a difference of shares: 0.9 less 0.89 is a hundredth, and no limit of that is exceeded."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of the report that can be limited and compared.

    Attributes:
        name: Its name in [limits].
        unit: "bytes", "ticks", "LSB", or "" for a fraction.
        find: Gets it from a report; None where the report does not have it.
        missing: Why a report may not have it, and what to do.
        is_minimum: Whether the limit is a lower one: too little is what violates it.
    """

    name: str
    unit: str
    find: Callable[[_Json], float | None]
    missing: str = "the report does not have it"
    is_minimum: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """A quantity and what it may be at most (or at least)."""

    quantity: Quantity
    value: float


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit that does not hold. `value` and `excess` are None when the quantity could not be measured."""

    name: str
    unit: str
    limit: float
    value: float | None
    excess: float | None
    reason: str = ""

    def __str__(self) -> str:
        limit = _shown(self.limit, self.unit)
        if self.value is None:
            return f"{self.name}: limited to {limit}, but {self.reason}"
        direction = "over" if self.value > self.limit else "under"
        by = _shown(abs(self.value - self.limit), self.unit)
        return f"{self.name}: {_shown(self.value, self.unit)}, {by} {direction} the limit of {limit}"


@dataclass(frozen=True, slots=True)
class Change:
    """A quantity then and now; None where a report does not have it."""

    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def difference(self) -> float | None:
        """Now less then; None where either is missing."""
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def percent(self) -> float | None:
        """The difference as a percentage of what it was; None where that makes no sense."""
        return None if self.difference is None or not self.before else 100.0 * self.difference / abs(self.before)


def parse_limits(table: object, board: str, own_boards: tuple[str, ...] = ()) -> tuple[Limit, ...]:
    """The limits of boardproof.toml's [limits] that hold for a board.

    Args:
        table: The table as TOML gives it; a sub-table named as a board holds for that board and goes before the rest.
        board: The board's name.
        own_boards: The names of the user's own boards.

    Raises:
        InputError: A name is unknown, or a value is not a limit.
    """
    if not isinstance(table, Mapping):
        raise InputError(
            f"limits in boardproof.toml is {_kind(table)}, not a table.", "Write [limits], and below it name = number."
        )
    known = (*BOARDS, *own_boards)
    for name, value in table.items():
        if isinstance(value, Mapping) and name not in known:
            raise _unknown("board", f"[limits.{name}]", name, known)
    limits = {name: _limit("limits", name, value) for name, value in table.items() if not isinstance(value, Mapping)}
    for name, own in table.items():
        if isinstance(own, Mapping):
            # Read for every board, so that a slip in one board's limits shows in every run.
            of_board = {key: _limit(f"limits.{name}", key, value) for key, value in own.items()}
            limits |= of_board if name == board else {}
    return tuple(limits.values())


def check(report: _Json, limits: tuple[Limit, ...]) -> tuple[Violation, ...]:
    """The limits a report does not keep. A limit whose quantity the report lacks is not kept."""
    return tuple(violation for limit in limits if (violation := _check_one(report, limit)))


def parse_baseline(text: str, name: str) -> _Json:
    """An earlier report.

    Args:
        text: What `boardproof run --json` printed.
        name: Where it came from, for messages.

    Raises:
        InputError: It is not a report.
    """
    hint = "Make one with `boardproof run … --report baseline.json`."
    try:
        report = json.loads(text)
    except ValueError as error:
        raise InputError(f"The baseline {name} is not JSON: {error}", hint) from error
    if not isinstance(report, dict):
        raise InputError(f"The baseline {name} is not a report: it holds {_kind(report)}.", hint)
    if missing := [key for key in ("board", "flash_bytes", "ticks", "verdict") if key not in report]:
        raise InputError(f"The baseline {name} is not a report: it has no {', '.join(missing)}.", hint)
    wrong = [quantity.name for quantity in QUANTITIES if not _is_readable(report, quantity)]
    if wrong:
        raise InputError(f"The baseline {name} has no numbers where it should: {', '.join(wrong)}.", hint)
    return report


def compare(baseline: _Json, report: _Json) -> tuple[Change, ...]:
    """Every quantity then and now, in a fixed order; those that neither report has are left out.

    Raises:
        InputError: They are of different boards, or count different ticks.
    """
    for what, path in (("board", ("board",)), ("tick unit", ("ticks", "unit"))):
        then, now = _at(baseline, *path), _at(report, *path)
        if then != now:
            raise InputError(
                f"The baseline has another {what}: {then}, and this report has {now}.",
                "Compare with a report of the same board.",
            )
    changes = (Change(q.name, q.unit, q.find(baseline), q.find(report)) for q in QUANTITIES)
    return tuple(change for change in changes if change.before is not None or change.after is not None)


def compare_operators(baseline: _Json, report: _Json, count: int = 5) -> tuple[Change, ...]:
    """The operators whose ticks changed most, largest change first; empty when the networks differ."""
    then, now = _operator_ticks(baseline), _operator_ticks(report)
    if then.keys() != now.keys():
        return ()
    changes = [Change(name, "ticks", then[name], now[name]) for name in then if then[name] != now[name]]
    return tuple(sorted(changes, key=lambda change: -abs(change.difference or 0.0))[:count])


def _check_one(report: _Json, limit: Limit) -> Violation | None:
    quantity, allowed = limit.quantity, limit.value
    value = quantity.find(report)
    if value is None:
        return Violation(quantity.name, quantity.unit, allowed, None, None, quantity.missing)
    excess = allowed - value if quantity.is_minimum else value - allowed
    return Violation(quantity.name, quantity.unit, allowed, value, excess) if excess > 0 else None


def _limit(table: str, name: str, value: object) -> Limit:
    quantity = _BY_NAME.get(name)
    if quantity is None:
        raise _unknown("limit", f"{name} in [{table}]", name, tuple(_BY_NAME))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise InputError(
            f"The limit {name} in [{table}] is {_kind(value)}.",
            f"Write a number that is not negative, such as {name} = {0.01 if not quantity.unit else 100_000}.",
        )
    return Limit(quantity, value)


def _unknown(what: str, where: str, name: str, known: tuple[str, ...]) -> InputError:
    close = get_close_matches(name, known, n=1, cutoff=_CLOSE)
    return InputError(
        f"boardproof.toml has an unknown {what}: {where}.",
        f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}.",
    )


def _kind(value: object) -> str:
    """What a value is, in words a user of TOML or JSON has."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return str(value)
        case str():
            return f"the text {value[:40]!r}"
        case Mapping():
            return "a table"
        case _:
            return "a list"


def _shown(value: float, unit: str) -> str:
    number = f"{value:,.0f}" if unit else f"{value:.4g}"
    return f"{number} {unit}".rstrip()


def _at(report: _Json, *path: str) -> object:
    """What is at a path of keys, or None where the path ends early."""
    value: object = report
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _number(report: _Json, *path: str) -> float | None:
    """The number at a path; None where there is none, or NaN, which would pass every limit. Raises TypeError."""
    value = _at(report, *path)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{'.'.join(path)} is {_kind(value)}")
    return value if math.isfinite(value) else None


def _operator_ticks(report: _Json) -> dict[str, float]:
    """Ticks by "index operator"; empty where the report does not list them."""
    ops = report.get("ops")
    rows = [op for op in ops if isinstance(op, Mapping)] if isinstance(ops, list) else []
    ticks = {f"{op.get('index')} {op.get('op')}": op.get("ticks") for op in rows}
    return {name: value for name, value in ticks.items() if isinstance(value, int | float)}


def _is_readable(report: _Json, quantity: Quantity) -> bool:
    try:
        quantity.find(report)
    except TypeError:
        return False
    return True


def _measure(name: str, unit: str, *path: str, missing: str = "", is_minimum: bool = False) -> Quantity:
    """A quantity that stands in the report as it is."""
    missing = missing or "the report does not have it"
    return Quantity(name, unit, lambda report: _number(report, *path), missing, is_minimum)


def _accuracy_drop(report: _Json) -> float | None:
    """What the board lost against the float model, as a fraction of the samples; negative when it gained."""
    float_accuracy, board_accuracy = _number(report, "accuracy", "float"), _number(report, "accuracy", "board")
    if float_accuracy is None or board_accuracy is None:
        return None
    return round(float_accuracy - board_accuracy, _DIGITS)


_NEEDS_LABELS = "the accuracy is not known: give samples with labels"

QUANTITIES: tuple[Quantity, ...] = (
    _measure("flash_bytes", "bytes", "flash_bytes"),
    _measure("ram_bytes", "bytes", "ram_bytes"),
    _measure("arena_bytes", "bytes", "arena_bytes"),
    _measure("stack_bytes", "bytes", "stack_bytes", missing="this board does not know its stack's high-water mark"),
    _measure("model_bytes", "bytes", "model", "bytes"),
    _measure("ticks", "ticks", "ticks", "median"),
    _measure("ticks_max", "ticks", "ticks", "max"),
    _measure("max_lsb", "LSB", "verdict", "max_lsb"),
    _measure("accuracy_min", "", "accuracy", "board", missing=_NEEDS_LABELS, is_minimum=True),
    Quantity("accuracy_drop", "", _accuracy_drop, _NEEDS_LABELS + ", and start from a float model"),
)
"""Everything that can be limited and compared, in the order it is shown."""

_BY_NAME = {quantity.name: quantity for quantity in QUANTITIES}
