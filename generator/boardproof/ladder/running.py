"""A ladder from its experiment to its table."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardproof.device.build.pio import cache_dir
from boardproof.errors import InputError
from boardproof.host.files import write_atomically
from boardproof.ladder.cache import Cache
from boardproof.ladder.code import measuring_code
from boardproof.ladder.engines.local import Limits, LocalEngine
from boardproof.ladder.engines.sweep import Sweep, is_url, stored
from boardproof.ladder.limits import NOT_MEASURED, limits_beside
from boardproof.ladder.loading import Experiment, Source, load_experiment
from boardproof.ladder.plan import Plan, plan
from boardproof.ladder.results import Failure
from boardproof.ladder.searching import Trials, objectives_of
from boardproof.ladder.table import Table, references, table_of
from boardproof.model.quiet import captured_output
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from boardproof.ladder.engines.sweep import Do
    from boardproof.ladder.plan import Job
    from boardproof.ladder.results import Result
    from boardproof.ladder.variants import Bench
    from boardproof.progress import Progress


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for.

    Attributes:
        source: The experiment.
        bench: Where variants are measured.
        limits: Of the processes.
        storage: A folder of results, or the URL of a database; None for boardproof's own cache.
        only: A pattern of labels.
        budget: Name of the board whose memory variants must fit, or None.
        keep: A folder for each variant's models, or None.
    """

    source: Source
    bench: Bench
    limits: Limits
    storage: str | None = None
    only: str = "*"
    budget: str | None = None
    keep: Path | None = None

    @property
    def cache(self) -> Cache:
        """Where results and models are on this machine."""
        return cache_of(None if self.database else self.storage)

    @property
    def database(self) -> str | None:
        """The URL of the database that hands out rows, if there is one."""
        return self.storage if self.storage is not None and is_url(self.storage) else None


def cache_of(storage: str | None) -> Cache:
    """The results in a folder; in boardproof's own cache where none is named."""
    return Cache(Path(storage) if storage is not None else cache_dir() / "ladder")


def run_ladder(request: Request, progress: Progress) -> Table:
    """Does what is not done yet, and makes the table.

    Raises:
        InputError: The experiment cannot be used, or the cache cannot be written.
        ToolError: The database cannot be reached.
        KeyboardInterrupt: It was interrupted; what was done is kept, as a warning says.
    """
    experiment, planned, about = _prepare(request, progress)
    cache = request.cache
    cache.keep_ladder(experiment.name, about)
    try:
        failures = _do(request, experiment, planned, about, progress)
        if request.only == "*":
            failures |= _search(request, experiment, progress)
    except KeyboardInterrupt:
        planned = plan(experiment, request.bench, request.only)
        done = sum(cache.result(row.key) is not None for row in planned.rows)
        progress.warn(f"{done} of {len(planned.rows)} variants are kept: the same command goes on from there")
        raise
    planned = plan(experiment, request.bench, request.only)  # with what the searches chose
    if request.keep is not None:
        keep_models(experiment, planned, request, cache, request.keep)
    budget = BOARDS[request.budget] if request.budget else None
    where = (request.bench.board, request.bench.runtime)
    rows, limits = references(planned.rows), about["limits"]
    return table_of(experiment.name, where, rows, cache, failures=failures, budget=budget, limits=limits)


def join_ladder(request: Request, progress: Progress) -> int:
    """Works for a ladder that run_ladder() began with the same database, until all its rows are done.

    Returns:
        How many rows this worker measured.

    Raises:
        InputError: No such ladder was begun: with other code, data or versions it is another one.
        ToolError: The database cannot be reached.
    """
    experiment, planned, _ = _prepare(request, progress)
    if request.database is None:
        raise InputError("A worker needs the database of its ladder.", "Give --storage postgresql://… or sqlite:///….")
    sweep = Sweep(request.database, sweep_name(experiment))
    wanted = {row["key"] for row in sweep.about["rows"]}
    return sweep.work(_measuring(request, planned, wanted, progress), progress.advance)


def sweep_name(experiment: Experiment) -> str:
    """What a ladder is called in a database: other code (boardproof's too), data or versions are another."""
    digest = hashlib.sha256((experiment.fingerprint + measuring_code()).encode()).hexdigest()
    return f"{experiment.name}-{digest[:12]}"


def _prepare(request: Request, progress: Progress) -> tuple[Experiment, Plan, dict[str, Any]]:
    progress.stage(f"loading {request.source.path.name}")
    with captured_output():
        experiment = load_experiment(request.source)
    if experiment.ladder.searches and request.database is not None:
        raise InputError(
            "A search does not run over a database: what it tries next depends on what came of all before.",
            "Give a folder as --storage; --jobs lets several variants run side by side.",
        )
    about = _about(request, experiment)
    if unused := [name for name in about["limits"] if name in NOT_MEASURED]:
        progress.warn(f"boardproof.toml limits {', '.join(unused)}, which a ladder does not measure")
    return experiment, plan(experiment, request.bench, request.only), about


def _about(request: Request, experiment: Experiment) -> dict[str, Any]:
    rows = references(plan(experiment, request.bench).rows)
    board = request.bench.board
    limits = limits_beside(request.source.path, board)
    return {"board": board, "runtime": request.bench.runtime, "rows": rows, "limits": limits}


def _search(request: Request, experiment: Experiment, progress: Progress) -> dict[str, Failure]:
    """Runs the searches: each round measures a few points, and what comes of them chooses the next."""
    ladder, cache, failures = experiment.ladder, request.cache, dict[str, Failure]()
    for name, search in ladder.searches.items():
        trials = Trials(search)
        while points := trials.ask():
            recipes = [ladder.add_point(name, point) for point in points]
            planned = plan(experiment, request.bench)
            jobs = [job for job in planned.jobs if replace(job.recipe, seed=0) in recipes]
            cache.keep_ladder(experiment.name, _about(request, experiment))
            source = replace(request.source, points=tuple((name, point) for point in points))
            failures |= LocalEngine(source, request.bench, cache, request.limits, progress).run(jobs)
            keys = [[row.key for row in planned.rows if replace(row.variant.recipe, seed=0) == one] for one in recipes]
            trials.tell([objectives_of([cache.result(key) for key in own], search.objectives) for own in keys])
    return failures


def _do(
    request: Request, experiment: Experiment, planned: Plan, about: dict[str, Any], progress: Progress
) -> dict[str, Failure]:
    """Does the jobs: here alone, or beside the workers of a database."""
    if request.database is None:
        return LocalEngine(request.source, request.bench, request.cache, request.limits, progress).run(planned.jobs)
    sweep = Sweep(request.database, sweep_name(experiment))
    keys = {row.key for row in planned.rows}
    sweep.offer({**about, "rows": [row for row in about["rows"] if row["key"] in keys]})
    sweep.work(_measuring(request, planned, keys, progress), progress.advance)
    for key, result in sweep.results().items():
        request.cache.keep_result(key, result)
    return sweep.failures()


def _measuring(request: Request, planned: Plan, keys: set[str], progress: Progress) -> Do:
    """What measures the row of a key: the jobs it consists of, on this machine."""
    jobs = {job.key: job for job in planned.jobs}
    cache = request.cache

    def needed(key: str) -> list[Job]:
        return [*(one for need in jobs[key].needs for one in needed(need)), jobs[key]]

    def do(key: str) -> Result | Failure:
        if key not in jobs or key not in keys:
            return Failure("This worker's experiment has no such variant.", "Start it with the same experiment file.")
        chain = tuple(dict.fromkeys(needed(key)))
        failures = LocalEngine(request.source, request.bench, cache, request.limits, progress).run(chain)
        return failures.get(key) or cache.result(key) or Failure("Its result cannot be read.")

    return do


def stored_ladders(request_storage: str | None) -> tuple[str, ...]:
    """The names of the ladders in a folder or a database."""
    if request_storage is not None and is_url(request_storage):
        return stored(request_storage)
    return cache_of(request_storage).ladders()


def stored_table(storage: str | None, name: str, budget: str | None = None) -> Table:
    """The table of a ladder that ran before, from the folder or the database alone.

    Raises:
        InputError: There is no such ladder.
        ToolError: The database cannot be reached.
    """
    board = BOARDS[budget] if budget else None
    if storage is None or not is_url(storage):
        cache = cache_of(storage)
        about = cache.ladder(name)
        return table_of(
            name, (about["board"], about["runtime"]), about["rows"], cache, budget=board, limits=about.get("limits")
        )
    names = [one for one in stored(storage) if one == name or one.rpartition("-")[0] == name]
    if not names:
        raise InputError(f"There is no ladder {name} in this database.", "Without a name, all are listed.")
    sweep = Sweep(storage, names[-1])
    about, found = sweep.about, _Found(sweep.results())
    where = (about["board"], about["runtime"])
    rows, limits = about["rows"], about.get("limits")
    return table_of(names[-1], where, rows, found, failures=sweep.failures(), budget=board, limits=limits)


@dataclass(frozen=True, slots=True)
class _Found:
    """Results in memory."""

    results: dict[str, Result]

    def result(self, key: str) -> Result | None:
        """The result of a key, or None."""
        return self.results.get(key)


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
