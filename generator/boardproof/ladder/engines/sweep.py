"""A ladder over several machines: a database hands its rows to workers, which come and go (extra `sweep`).

Optuna keeps a trial for each row. A worker that holds one says so every few seconds, by the database's clock; the row
of one that has gone silent is handed out again. What workers find is in the database: the table needs nothing else.
"""

from __future__ import annotations

import threading
import time
import warnings
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardproof.device.build.locks import try_lock
from boardproof.errors import InputError, ToolError
from boardproof.host.interrupts import check_interrupted
from boardproof.ladder.results import Failure, Result, result_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from optuna import Study

    Do = Callable[[str], Result | Failure]
    """Measures the row of a key."""

_LADDER, _KEY, _RESULT, _FAILURE = "ladder", "key", "result", "failure"
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Lease:
    """How often a worker says that it lives, and after which silence its row is handed out again, in seconds."""

    beat_s: int = 10
    silence_s: int = 60


class Sweep:
    """The rows of one ladder in a database.

    Args:
        url: As SQLAlchemy has it: postgresql://user@host/name, sqlite:///file.db.
        name: Of the ladder; of one that is in the database only, see `stored()`.
        lease: Of the workers that this process is or looks after.

    Raises:
        InputError: Optuna is not installed.
        ToolError: The database cannot be reached.
    """

    def __init__(self, url: str, name: str, lease: Lease | None = None) -> None:
        with _database(url) as optuna:
            self._optuna = optuna
            self._lease = lease = lease or Lease()
            scheme, _, path = url.partition(":///")
            self._file = Path(path) if scheme.startswith("sqlite") and path else None
            self._storage = optuna.storages.RDBStorage(
                _with_driver(url),
                engine_kwargs=_no_pool(),
                heartbeat_interval=lease.beat_s,
                grace_period=lease.silence_s,
                heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
            )
            self._study: Study = optuna.create_study(
                storage=self._storage, study_name=name, load_if_exists=True, sampler=optuna.samplers.RandomSampler()
            )

    def offer(self, about: Mapping[str, Any]) -> int:
        """Hands out the rows that are neither done, waiting nor at work; those that failed again.

        Args:
            about: Board, runtime and rows of the ladder, as the cache keeps them.

        Returns:
            How many were added.
        """
        self._study.set_user_attr(_LADDER, dict(about))
        state = self._optuna.trial.TrialState
        taken = {
            trial.user_attrs.get(_KEY)
            for trial in self._trials()
            if trial.state in {state.COMPLETE, state.RUNNING, state.WAITING}
        }
        added = [row["key"] for row in about["rows"] if row["key"] not in taken]
        for key in added:
            self._study.enqueue_trial({}, user_attrs={_KEY: key})
        return len(added)

    @property
    def about(self) -> dict[str, Any]:
        """What offer() was given.

        Raises:
            InputError: Nothing was offered yet.
        """
        about: dict[str, Any] | None = self._study.user_attrs.get(_LADDER)
        if about is None:
            raise InputError(
                f"No ladder {self._study.study_name} was begun in this database.",
                "Begin it: boardproof ladder experiment.py --storage URL; workers then join it.",
            )
        return about

    def work(self, do: Do, on_row: Callable[[int, int], None]) -> int:
        """Measures rows until all are done, by this worker or by others; waits for those at work elsewhere.

        Args:
            do: Measures one.
            on_row: Is told how many rows are over, of how many.

        Returns:
            How many this worker measured.
        """
        state = self._optuna.trial.TrialState
        done: list[str] = []
        while True:
            check_interrupted()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # experimental, says Optuna of what it has had for years
                self._optuna.storages.fail_stale_trials(self._study)
            states = [trial.state for trial in self._trials() if _KEY in trial.user_attrs]
            keys = {trial.user_attrs.get(_KEY) for trial in self._trials()} - {None}
            open_rows = states.count(state.WAITING) + states.count(state.RUNNING)
            on_row(len(keys) - open_rows, len(keys))
            if not open_rows:
                return len(done)
            if state.WAITING in states:
                self._one(do, done)
            else:
                time.sleep(_POLL_S)

    def results(self) -> dict[str, Result]:
        """Every result, by key."""
        found = {}
        for trial in self._trials():
            if (values := trial.user_attrs.get(_RESULT)) is not None:
                found[trial.user_attrs[_KEY]] = result_from(values)
        return found

    def failures(self) -> dict[str, Failure]:
        """Why rows failed that no other trial did, by key."""
        done = self.results()
        found = {
            trial.user_attrs[_KEY]: Failure(**trial.user_attrs[_FAILURE])
            for trial in self._trials()
            if _FAILURE in trial.user_attrs
        }
        return {key: failure for key, failure in found.items() if key not in done}

    def _trials(self) -> Sequence[Any]:
        return self._study.get_trials(deepcopy=False)

    def _one(self, do: Do, done: list[str]) -> None:
        """Takes a row, if one is left, and measures it."""
        with self._claiming(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # heartbeats are for optimize(), says Optuna; here they are in _alive()
            trial = self._study.ask()
        states, key = self._optuna.trial.TrialState, trial.user_attrs.get(_KEY)
        if key is None:  # another worker was faster, and Optuna drew a trial of its own
            self._study.tell(trial, state=states.PRUNED)
            return
        with self._alive(trial._trial_id):
            found = self.results().get(key) or do(key)
        done.append(key)
        # Where this worker was taken for dead meanwhile, its trial is over, and the row another worker's.
        with suppress(self._optuna.exceptions.UpdateFinishedTrialError):
            if isinstance(found, Failure):
                trial.set_user_attr(_FAILURE, asdict(found))
                self._study.tell(trial, state=states.FAIL, skip_if_finished=True)
            else:
                trial.set_user_attr(_RESULT, found.to_dict())
                self._study.tell(trial, found.score.value, skip_if_finished=True)

    @contextmanager
    def _claiming(self) -> Iterator[None]:
        """SQLite cannot lock a row, so two workers could take the same: there they take turns."""
        if self._file is None:
            yield
            return
        while (lock := try_lock(self._file.with_name(f"{self._file.name}.lock"))) is None:
            time.sleep(_POLL_S / 10)
        with lock:
            yield

    @contextmanager
    def _alive(self, trial: int) -> Iterator[None]:
        """Says that this worker lives, as long as it is at work on the trial."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self._lease.beat_s):
                self._storage.record_heartbeat(trial)

        self._storage.record_heartbeat(trial)
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def stored(url: str) -> tuple[str, ...]:
    """The names of the ladders in a database, in the order in which they began.

    Raises:
        InputError: Optuna is not installed.
        ToolError: The database cannot be reached.
    """
    with _database(url) as optuna:
        storage = optuna.storages.RDBStorage(_with_driver(url), engine_kwargs=_no_pool())
        return tuple(study.study_name for study in storage.get_all_studies() if _LADDER in study.user_attrs)


def is_url(storage: str) -> bool:
    """Whether a storage is a database, not a folder."""
    return "://" in storage


@contextmanager
def _database(url: str) -> Iterator[Any]:
    """Optuna, or what is to be done to have it and the database."""
    try:
        import optuna
    except ImportError as error:
        raise InputError(
            "A ladder in a database needs Optuna, which is not installed.",
            "Install it: pip install 'boardproof[sweep]'.",
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    from sqlalchemy.exc import SQLAlchemyError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield optuna
    except (SQLAlchemyError, ImportError) as error:
        place = url.rpartition("@")[2]  # without user and password
        raise ToolError(
            f"The database {place} cannot be used: {str(error).splitlines()[0]}",
            "Check that it runs and that its URL is right: postgresql://user@host/name, or sqlite:///file.db.",
            str(error).replace(url, place),
        ) from error


def _no_pool() -> dict[str, Any]:
    """A connection for each request: between two, minutes pass, and a database may have closed it."""
    from sqlalchemy.pool import NullPool

    return {"poolclass": NullPool}


def _with_driver(url: str) -> str:
    """PostgreSQL through psycopg 3, which the extra installs."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else url
