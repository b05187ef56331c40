"""What one test session measured on its boards, in plain values that travel between processes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.testing.bench import Bench


@dataclass
class Results:
    """What this session measured: facts and ticks by label. Plain values, as it travels between processes."""

    facts: dict[str, dict[str, int | str]] = field(default_factory=dict)
    ticks: dict[str, list[int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, bench: Bench) -> Results:
        """What a bench knows at its end."""
        return cls(
            {unit.label: unit.facts() for unit in bench.boards},
            {unit.label: list(unit.ticks) for unit in bench.boards},
            list(bench.warnings),
        )

    def to_plain(self) -> dict[str, object]:
        """Its fields by name, to send to another process: Results(**plain) is equal."""
        return asdict(self)

    def add(self, other: Results) -> None:
        """Takes in what another process measured."""
        self.warnings += other.warnings
        for label, facts in other.facts.items():
            self.facts.setdefault(label, {}).update(facts)
            self.ticks.setdefault(label, []).extend(other.ticks.get(label, []))

    def properties(self) -> Iterator[tuple[str, int | str]]:
        """Names and values for a JUnit report."""
        for label, facts in self.facts.items():
            ticks = self.ticks[label]
            summary = {"inferences": len(ticks)}
            if ticks:
                summary |= {"ticks_median": int(median(ticks)), "ticks_min": min(ticks), "ticks_max": max(ticks)}
            yield from ((f"boardproof.{label}.{name}", value) for name, value in {**facts, **summary}.items())

    def lines(self) -> Iterator[str]:
        """One line for each network on a board, then the warnings."""
        for label, facts in self.facts.items():
            ticks = self.ticks[label]
            speed = (
                f", {int(median(ticks)):,} {facts.get('tick_unit', 'ticks')} (median of {len(ticks):,})"
                if ticks
                else ""
            )
            sizes = [f"{name.removesuffix('_bytes')} {facts[name]:,}" for name in facts if name.endswith("_bytes")]
            yield f"{label}: {', '.join(sizes)} bytes{speed}"
        yield from (f"warning: {warning}" for warning in dict.fromkeys(self.warnings))
