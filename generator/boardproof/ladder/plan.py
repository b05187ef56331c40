"""Which work a ladder consists of, and what has to be done before what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.ladder.code import measuring_code
from boardproof.ladder.variants import Bench, Recipe, Variant, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.ladder.cache import Cache
    from boardproof.ladder.loading import Experiment


@dataclass(frozen=True, slots=True)
class Job:
    """What one process does: train a model that others go on from, or measure a variant.

    Attributes:
        key: Of what it makes.
        label: What it does, for people.
        recipe: The model.
        variant: The row to measure; None for training alone.
        needs: The keys of the jobs that come before.
    """

    key: str
    label: str
    recipe: Recipe
    variant: Variant | None
    needs: tuple[str, ...]

    def is_done(self, cache: Cache) -> bool:
        """Whether what it makes is there."""
        return (cache.model(self.key) if self.variant is None else cache.result(self.key)) is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A variant with the keys of its result and its control's."""

    key: str
    variant: Variant
    control: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """All rows of a ladder, and the jobs that fill them, each after what it needs."""

    rows: tuple[Row, ...]
    jobs: tuple[Job, ...]


def plan(experiment: Experiment, bench: Bench, only: str = "*") -> Plan:
    """What is to be done.

    Args:
        experiment: The experiment.
        bench: Where it is measured.
        only: A pattern, of the labels of rows to measure; their controls are measured too.

    Raises:
        InputError: No row has such a label.
    """
    variants = experiment.ladder.variants
    wanted = [variant for variant in variants if fnmatch(variant.label, only)]
    if not wanted and (only != "*" or not experiment.ladder.searches):
        labels = "\n".join(dict.fromkeys(variant.label for variant in variants))
        raise InputError(f"No variant matches {only}.", "Give a pattern of these labels, such as '*int8'.", labels)
    controls = {(variant.control, variant.scheme) for variant in wanted}
    chosen = [v for v in variants if v in wanted or (v.recipe, v.scheme) in controls]
    rows = tuple(_row(experiment, variant, bench) for variant in chosen)
    return Plan(rows, tuple(_jobs(experiment, rows, bench)))


def model_key(experiment: Experiment, recipe: Recipe, bench: Bench) -> str:
    """What a trained model is kept under. Only a budget on a board makes it depend on the board."""
    with_budget = any(
        name in {"flash", "ticks"} and value is not None for step in recipe.steps for name, value in step.options
    )
    return _measured(experiment, recipe, bench) if with_budget else key_of(experiment.fingerprint, recipe)


def _measured(experiment: Experiment, what: Recipe | Variant, bench: Bench) -> str:
    """What is kept under this key depends on boardproof's generator and firmware too."""
    return key_of(experiment.fingerprint + measuring_code(), what, bench)


def _row(experiment: Experiment, variant: Variant, bench: Bench) -> Row:
    keys = [
        _measured(experiment, Variant(recipe, variant.scheme), bench)
        for recipe in (variant.recipe, variant.control)
        if recipe is not None
    ]
    return Row(keys[0], variant, keys[1] if variant.control is not None else None)


def _jobs(experiment: Experiment, rows: tuple[Row, ...], bench: Bench) -> Iterator[Job]:
    """Training of what several rows need, in an order in which parents come first; then the rows."""
    used = Counter(row.variant.recipe for row in rows)
    order: list[Recipe] = []
    for recipe in list(used):
        for needed in _lineage(recipe):
            if needed not in order:
                order.append(needed)
            if needed != recipe:
                used[needed] += 2  # others go on from it
    shared = [recipe for recipe in order if used[recipe] > 1 and recipe.steps]
    keys = {recipe: model_key(experiment, recipe, bench) for recipe in shared}
    for recipe in shared:
        needs = tuple(keys[one] for one in _direct(recipe) if one in keys)
        yield Job(keys[recipe], f"training {recipe.label}{_seed(recipe)}", recipe, None, needs)
    for row in rows:
        recipe = row.variant.recipe
        needs = tuple(keys[one] for one in (recipe, *_direct(recipe)) if one in keys)
        yield Job(row.key, f"{row.variant.label}{_seed(recipe)}", recipe, row.variant, needs)


def _direct(recipe: Recipe) -> list[Recipe]:
    """What a recipe goes on from: its parent, and a teacher."""
    parents = [recipe.parent] if recipe.parent is not None else []
    return parents + [step.teacher for step in recipe.steps[-1:] if step.teacher is not None]


def _lineage(recipe: Recipe) -> Iterator[Recipe]:
    for needed in _direct(recipe):
        yield from _lineage(needed)
    yield recipe


def _seed(recipe: Recipe) -> str:
    return f", seed {recipe.seed}" if recipe.seed else ""
