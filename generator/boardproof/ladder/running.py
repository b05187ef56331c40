"""A ladder from its experiment to its table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.device.build.pio import cache_dir
from boardproof.files import write_atomically
from boardproof.ladder.cache import Cache
from boardproof.ladder.engines.local import Limits, LocalEngine
from boardproof.ladder.loading import Experiment, Source, load_experiment
from boardproof.ladder.plan import Plan, plan
from boardproof.ladder.table import Table, references, table_of
from boardproof.model.quiet import captured_output
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.ladder.variants import Bench
    from boardproof.progress import Progress


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for.

    Attributes:
        source: The experiment.
        bench: Where variants are measured.
        limits: Of the processes.
        storage: The folder of results; None for boardproof's own cache.
        only: A pattern of labels.
        budget: Name of the board whose memory variants must fit, or None.
        keep: A folder for each variant's models, or None.
    """

    source: Source
    bench: Bench
    limits: Limits
    storage: Path | None = None
    only: str = "*"
    budget: str | None = None
    keep: Path | None = None

    @property
    def cache(self) -> Cache:
        """Where the results are."""
        return Cache(self.storage or default_storage())


def default_storage() -> Path:
    """The folder of results where none is named."""
    return cache_dir() / "ladder"


def run_ladder(request: Request, progress: Progress) -> Table:
    """Does what is not done yet, and makes the table.

    Raises:
        InputError: The experiment cannot be used, or the cache cannot be written.
        KeyboardInterrupt: It was interrupted; what was done is kept, as a warning says.
    """
    progress.stage(f"loading {request.source.path.name}")
    with captured_output():
        experiment = load_experiment(request.source)
    planned, whole = plan(experiment, request.bench, request.only), plan(experiment, request.bench)
    cache, where = request.cache, (request.bench.board, request.bench.runtime)
    about = {"board": where[0], "runtime": where[1], "rows": references(whole.rows)}
    cache.keep_ladder(experiment.name, about)
    engine = LocalEngine(request.source, request.bench, cache, request.limits, progress)
    try:
        failures = engine.run(planned.jobs)
    except KeyboardInterrupt:
        done = sum(cache.result(row.key) is not None for row in planned.rows)
        progress.warn(f"{done} of {len(planned.rows)} variants are kept: the same command goes on from there")
        raise
    if request.keep is not None:
        keep_models(experiment, planned, request, cache, request.keep)
    budget = BOARDS[request.budget] if request.budget else None
    return table_of(experiment.name, where, references(planned.rows), cache, failures=failures, budget=budget)


def stored_table(cache: Cache, name: str, budget: str | None = None) -> Table:
    """The table of a ladder that ran before, from the cache alone.

    Raises:
        InputError: There is no such ladder.
    """
    stored = cache.ladder(name)
    where = (stored["board"], stored["runtime"])
    return table_of(name, where, stored["rows"], cache, budget=BOARDS[budget] if budget else None)


def keep_models(experiment: Experiment, planned: Plan, request: Request, cache: Cache, folder: Path) -> None:
    """Writes each variant's .keras and .tflite, named by its label, for `run` and `generate`.

    Raises:
        InputError: The folder cannot be written.
    """
    from boardproof.ladder.work import Workshop

    folder.mkdir(parents=True, exist_ok=True)
    workshop = Workshop(experiment, request.bench, cache)
    for row in planned.rows:
        if cache.result(row.key) is None:
            continue
        model, data = workshop.tflite(row.variant)
        seed = f"-seed{row.variant.recipe.seed}" if row.variant.recipe.seed else ""
        name = re.sub(r"[^a-z0-9]+", "-", row.variant.label.lower()).strip("-") + seed
        write_atomically(folder / f"{name}.tflite", data)
        model.save(folder / f"{name}.keras")
