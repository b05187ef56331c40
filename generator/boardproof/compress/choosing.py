"""Which channels go: the least worth of each layer, or of all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from boardproof.compress.channels import analyse
from boardproof.compress.worth import worth
from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    import keras

    from boardproof.compress.channels import Channels
    from boardproof.compress.worth import Samples, Score

    Fraction = float | Mapping[str, float]
    """Of the channels to remove: of every layer, or of those named."""

_ROUNDING = 1e-9
"""Half of 24 channels are 12, whatever powers and products made of the half."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How channels are chosen: the arguments of shrink()."""

    fraction: Fraction
    multiple: int
    scope: str = "layer"
    score: Score | None = None
    samples: Samples | None = None


def choose(model: keras.Model, choice: Choice, widths: Mapping[tuple[str, ...], int] | None = None) -> frozenset[int]:
    """The units to remove from a flat model, the least worth.

    `widths`: how many units each set had, of which the fraction is; those it has now if None.
    """
    channels = analyse(model)
    of_unit = worth(model, channels, choice.score, choice.samples)
    sets = sets_of(channels)
    _check_names(choice.fraction, sets)
    widths = widths or {names: len(units) for names, units in sets.items()}
    ranked = {names: sorted(units, key=of_unit.__getitem__) for names, units in sets.items()}
    if choice.scope == "global":
        return _least_of_all(ranked, of_unit, choice, sum(widths.values()))
    removed: set[int] = set()
    for names, units in ranked.items():
        left = widths[names] * (1.0 - _fraction_of(choice.fraction, names))
        kept = max(choice.multiple, choice.multiple * ceil(left / choice.multiple - _ROUNDING))
        removed.update(units[: max(0, len(units) - kept)])
    return frozenset(removed)


def _least_of_all(
    ranked: Mapping[tuple[str, ...], list[int]], of_unit: Mapping[int, float], choice: Choice, width: int
) -> frozenset[int]:
    """Takes groups of `multiple` channels out, always the one that is worth least, until enough are gone."""
    assert not isinstance(choice.fraction, Mapping)  # noqa: S101 shrink() refuses that
    total = sum(map(len, ranked.values()))
    excess = total - ceil(width * (1.0 - choice.fraction) - _ROUNDING)
    left, removed = {names: list(units) for names, units in ranked.items()}, set[int]()
    while len(removed) < excess:
        groups = {}
        for names, units in left.items():
            size = len(units) % choice.multiple or choice.multiple
            if len(units) - size >= choice.multiple:
                groups[names] = units[:size]
        if not groups:
            break
        names = min(groups, key=lambda one: sum(of_unit[unit] for unit in groups[one]) / len(groups[one]))
        removed.update(groups[names])
        left[names] = left[names][len(groups[names]) :]
    return frozenset(removed)


def _fraction_of(fraction: Fraction, names: tuple[str, ...]) -> float:
    """Of a set of layers: what was given for one of them."""
    if not isinstance(fraction, Mapping):
        return fraction
    return max((fraction[name] for name in names if name in fraction), default=0.0)


def sets_of(channels: Channels) -> dict[tuple[str, ...], list[int]]:
    """The units that each set of layers makes together."""
    sets: dict[tuple[str, ...], list[int]] = {}
    for unit, producers in channels.producers.items():
        sets.setdefault(tuple(sorted({name for name, _ in producers})), []).append(unit)
    return sets


def _check_names(fraction: Fraction, sets: Mapping[tuple[str, ...], object]) -> None:
    known = {name for names in sets for name in names}
    unknown = [name for name in fraction if name not in known] if isinstance(fraction, Mapping) else []
    if unknown:
        raise InputError(
            f"No channels of {', '.join(map(safe_label, unknown))} can be removed: there is no such layer, or its "
            "channels are all needed.",
            f"Layers that can lose some: {', '.join(sorted(known)) or 'none'}.",
        )
