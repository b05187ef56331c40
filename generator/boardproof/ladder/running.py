"""A ladder from its experiment to its table."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardproof.device.build.pio import cache_dir
from boardproof.errors import InputError
from boardproof.ladder.cache import Cache
from boardproof.ladder.code import measuring_code
from boardproof.ladder.engines.local import Limits, LocalEngine
from boardproof.ladder.engines.rows import Rows, is_url, same_ladder
from boardproof.ladder.engines.sweep import Sweep
from boardproof.ladder.keeping import keep_models, make_folder
from boardproof.ladder.limits import NOT_MEASURED, limits_beside
from boardproof.ladder.loading import Experiment, Source, load_experiment
from boardproof.ladder.plan import Plan, plan
from boardproof.ladder.results import Failure
from boardproof.ladder.searching import Trials, objectives_of
from boardproof.ladder.table import Table, references, table_of
from boardproof.model.quiet import captured_output
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.ladder.plan import Job
    from boardproof.ladder.results import Result
    from boardproof.ladder.variants import Bench, Points
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
    """The results in a folder; in boardproof's own cache where none is named.

    Raises:
        InputError: It is a database, or a file.
    """
    if storage is not None and is_url(storage):
        raise InputError(
            "A ladder in a database has no folder of results.",
            "Look at it with boardproof ladder show --storage URL; drop the database to forget it.",
        )
    if storage is not None and Path(storage).is_file():
        raise InputError(f"{storage} is a file.", "Name a folder for results with --storage, or sqlite:///FILE.")
    return Cache(Path(storage) if storage is not None else cache_dir() / "ladder")


def run_ladder(request: Request, progress: Progress) -> Table:
    """Does what is not done yet, and makes the table.

    Raises:
        InputError: The experiment cannot be used, or the cache cannot be written.
        ToolError: The database cannot be reached.
        KeyboardInterrupt: It was interrupted; what was done is kept, as a warning says.
    """
    if request.keep is not None:
        make_folder(request.keep)  # before hours of work, not after them
    experiment, planned, about = _prepare(request, progress)
    cache, workers = request.cache, _Workers(request, experiment, progress)
    cache.keep_ladder(experiment.name, about)
    try:
        if request.only == "*" and experiment.ladder.searches:
            with workers.searching():
                failures = workers.measure(planned) | _search(workers)
        else:
            failures = workers.measure(planned)
    except KeyboardInterrupt:
        planned = plan(experiment, request.bench, request.only)
        done = sum(cache.result(row.key) is not None for row in planned.rows)
        progress.warn(f"{done} of {len(planned.rows)} variants are kept: the same command goes on from there")
        raise
    planned = plan(experiment, request.bench, request.only)  # with what the searches chose
    if request.keep is not None:
        from boardproof.ladder.work import Workshop  # after the experiment, which says what is to be imported

        keep_models(Workshop(experiment, request.bench, cache), planned, cache, request.keep)
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
        ToolError: The database cannot be reached, or the machine that searches has gone silent.
    """
    experiment, _, _ = _prepare(request, progress)
    if request.database is None:
        raise InputError("A worker needs the database of its ladder.", "Give --storage postgresql://… or sqlite:///….")
    sweep = Sweep(request.database, sweep_name(experiment))
    measuring = _Measuring(request, experiment, sweep, progress)
    return sweep.work(measuring.row, progress.advance, stay=True)


def sweep_name(experiment: Experiment) -> str:
    """What a ladder is called in a database: other code (boardproof's too), data or versions are another."""
    digest = hashlib.sha256((experiment.fingerprint + measuring_code()).encode()).hexdigest()
    return f"{experiment.name}-{digest[:12]}"


def _prepare(request: Request, progress: Progress) -> tuple[Experiment, Plan, dict[str, Any]]:
    progress.stage(f"loading {request.source.path.name}")
    with captured_output():
        experiment = load_experiment(request.source)
    about = _about(request, experiment)
    if unused := [name for name in about["limits"] if name in NOT_MEASURED]:
        progress.warn(f"boardproof.toml limits {', '.join(unused)}, which a ladder does not measure")
    return experiment, plan(experiment, request.bench, request.only), about


def _about(request: Request, experiment: Experiment) -> dict[str, Any]:
    rows = references(plan(experiment, request.bench).rows)
    board = request.bench.board
    limits = limits_beside(request.source.path, board)
    return {"board": board, "runtime": request.bench.runtime, "rows": rows, "limits": limits}


def _search(workers: _Workers) -> dict[str, Failure]:
    """Runs the searches: each round measures a few points, and what comes of them chooses the next."""
    experiment, bench, cache = workers.experiment, workers.request.bench, workers.request.cache
    failures = dict[str, Failure]()
    for name, search in experiment.ladder.searches.items():
        trials = Trials(search)
        while points := trials.ask():
            recipes = [experiment.ladder.add_point(name, point) for point in points]
            planned = plan(experiment, bench)
            cache.keep_ladder(experiment.name, _about(workers.request, experiment))
            jobs = tuple(job for job in planned.jobs if replace(job.recipe, seed=0) in recipes)
            failures |= workers.measure(Plan(planned.rows, jobs), tuple((name, point) for point in points))
            keys = [[row.key for row in planned.rows if replace(row.variant.recipe, seed=0) == one] for one in recipes]
            trials.tell([objectives_of([cache.result(key) for key in own], search.objectives) for own in keys])
    return failures


class _Workers:
    """Who measures: this machine alone, or beside the workers of a database."""

    def __init__(self, request: Request, experiment: Experiment, progress: Progress) -> None:
        self.request = request
        self.experiment = experiment
        self._progress = progress
        self._points: Points = ()
        self._sweep = None if request.database is None else Sweep(request.database, sweep_name(experiment))

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Workers elsewhere wait for more."""
        with nullcontext() if self._sweep is None else self._sweep.searching():
            yield

    def measure(self, planned: Plan, points: Points = ()) -> dict[str, Failure]:
        """Does the plan's jobs, as far as they are not done; gives the failures, by key.

        `points`: those that a search chose for it.
        """
        request, cache, progress = self.request, self.request.cache, self._progress
        if self._sweep is None:
            source = replace(request.source, points=points)
            return LocalEngine(source, request.bench, cache, request.limits, progress).run(planned.jobs)
        self._points += points
        about = {**_about(request, self.experiment), "points": self._points}
        keys, now = {row.key for row in planned.rows}, {job.key for job in planned.jobs}
        self._sweep.offer({**about, "rows": [row for row in about["rows"] if row["key"] in keys]}, now)
        measuring = _Measuring(request, self.experiment, self._sweep, progress, self._points)
        self._sweep.work(measuring.row, progress.advance)
        for key, result in self._sweep.results().items():
            if key in now:
                cache.keep_result(key, result)
        return self._sweep.failures()


class _Measuring:
    """What measures a row that a database handed out: the jobs it consists of, on this machine."""

    def __init__(
        self, request: Request, experiment: Experiment, sweep: Sweep, progress: Progress, points: Points = ()
    ) -> None:
        self._request = request
        self._experiment = experiment
        self._sweep = sweep
        self._progress = progress
        self._points = points  # which the experiment has already
        self._jobs = self._planned()

    def row(self, key: str) -> Result | Failure:
        """What came of a row."""
        if key not in self._jobs:
            self._learn_points()
        if key not in self._jobs:
            return Failure("This worker's experiment has no such variant.", "Start it with the same experiment file.")
        chain = tuple(dict.fromkeys(self._needed(key)))
        request, cache = self._request, self._request.cache
        source = replace(request.source, points=self._points)
        failures = LocalEngine(source, request.bench, cache, request.limits, self._progress).run(chain)
        return failures.get(key) or cache.result(key) or Failure("Its result cannot be read.")

    def _planned(self) -> dict[str, Job]:
        return {job.key: job for job in plan(self._experiment, self._request.bench).jobs}

    def _needed(self, key: str) -> list[Job]:
        return [*(one for need in self._jobs[key].needs for one in self._needed(need)), self._jobs[key]]

    def _learn_points(self) -> None:
        """What the machine that searches has chosen since."""
        for name, values in self._sweep.about.get("points", ()):
            point = tuple((parameter, value) for parameter, value in values)
            if name in self._experiment.ladder.searches:
                self._experiment.ladder.add_point(name, point)
                self._points += ((name, point),)
        self._jobs = self._planned()


def stored_ladders(request_storage: str | None) -> tuple[str, ...]:
    """The names of the ladders in a folder or a database."""
    if request_storage is not None and is_url(request_storage):
        return Rows(request_storage).ladders()
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
    stored = Rows(storage)
    name = same_ladder(stored.ladders(), name)
    about, found = stored.about(name) or {}, stored.results(name)
    where = (about["board"], about["runtime"])
    rows, limits = about["rows"], about.get("limits")
    failures = stored.failures(name)  # of rows without a result they are shown
    return table_of(name, where, rows, _Found(found), failures=failures, budget=board, limits=limits)


@dataclass(frozen=True, slots=True)
class _Found:
    """Results in memory."""

    results: dict[str, Result]

    def result(self, key: str) -> Result | None:
        """The result of a key, or None."""
        return self.results.get(key)
