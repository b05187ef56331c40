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
from boardproof.ladder.engines.rows import (
    FAILURE,
    KEY,
    LADDER,
    RESULT,
    RUNNING,
    WAITING,
    Rows,
    database,
    no_pool,
    with_driver,
)
from boardproof.ladder.results import Failure, Result

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from optuna import Study

    Do = Callable[[str], Result | Failure]
    """Measures the row of a key."""

_SEARCHING = "searching"
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
        name: Of the ladder.
        lease: Of the workers that this process is or looks after.

    Raises:
        InputError: Optuna is not installed.
        ToolError: The database cannot be reached.
    """

    def __init__(self, url: str, name: str, lease: Lease | None = None) -> None:
        self._name = name
        self._lease = lease = lease or Lease()
        self._url, self._rows = url, Rows(url)
        scheme, _, path = url.partition(":///")
        self._file = Path(path) if scheme.startswith("sqlite") and path else None
        with database(url), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # experimental, says Optuna of what it has had for years
            self._optuna = optuna = _optuna()
            self._storage = optuna.storages.RDBStorage(
                with_driver(url),
                engine_kwargs=no_pool(),
                heartbeat_interval=lease.beat_s,
                grace_period=lease.silence_s,
                heartbeat_stale_trial_callback=optuna.storages.RetryHeartbeatStaleTrialCallback(),
            )
            self._study: Study = optuna.create_study(
                storage=self._storage, study_name=name, load_if_exists=True, sampler=optuna.samplers.RandomSampler()
            )

    def offer(self, about: Mapping[str, Any], keys: Collection[str] | None = None) -> int:
        """Hands out the rows that are neither done, waiting nor at work; those that failed again.

        Args:
            about: Board, runtime and rows of the ladder, as the cache keeps them.
            keys: Of the rows to hand out; all if None.

        Returns:
            How many were added.
        """
        with self._database():
            self._study.set_user_attr(LADDER, dict(about))
            taken = {key for _, state, key in self._rows.trials(self._name) if state in {"COMPLETE", RUNNING, WAITING}}
            wanted = [row["key"] for row in about["rows"] if keys is None or row["key"] in keys]
            added = [key for key in wanted if key not in taken]
            for key in added:
                self._study.enqueue_trial({}, user_attrs={KEY: key})
            return len(added)

    @property
    def about(self) -> dict[str, Any]:
        """What offer() was given.

        Raises:
            InputError: Nothing was offered yet.
        """
        about = self._rows.about(self._name)
        if about is None:
            raise InputError(
                f"No ladder {self._name} was begun in this database.",
                "Begin it: boardproof ladder experiment.py --storage URL; workers then join it.",
            )
        return about

    @contextmanager
    def searching(self) -> Iterator[None]:
        """While this lasts workers stay, though there is no row for them: more will come."""
        with self._repeated(lambda beat: self._study.set_user_attr(_SEARCHING, beat)):
            yield
        with self._database():
            self._study.set_user_attr(_SEARCHING, None)

    def work(self, do: Do, on_row: Callable[[int, int], None], *, stay: bool = False) -> int:
        """Measures rows until all are done, by this worker or by others; waits for those at work elsewhere.

        Args:
            do: Measures one.
            on_row: Is told how many rows are over, of how many.
            stay: Wait for more as long as another machine searches.

        Returns:
            How many this worker measured.

        Raises:
            ToolError: The machine that searches has gone silent, or the database cannot be used any more.
        """
        done: list[str] = []
        patience = _Patience(self._lease.silence_s)
        while True:
            check_interrupted()
            with self._database():
                if not self._next(do, on_row, done, patience if stay else None):
                    return len(done)

    def _next(self, do: Do, on_row: Callable[[int, int], None], done: list[str], patience: _Patience | None) -> bool:
        """Measures a row, or waits for a moment; False once there is nothing more to wait for."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._optuna.storages.fail_stale_trials(self._study)
        trials = self._rows.trials(self._name)
        waiting = [(number, key) for number, state, key in trials if state == WAITING]
        working = sum(state == RUNNING for _, state, _ in trials)
        rows = len({key for _, _, key in trials})
        on_row(rows - len(waiting) - working, rows)
        if waiting:
            self._one(waiting, do, done)
        elif working or (patience is not None and patience.lasts(self._study.user_attrs.get(_SEARCHING))):
            time.sleep(_POLL_S)
        else:
            return False
        return True

    def results(self) -> dict[str, Result]:
        """Every result, by key."""
        return self._rows.results(self._name)

    def failures(self) -> dict[str, Failure]:
        """Why rows failed that no other trial did, by key."""
        done = self.results()
        return {key: failure for key, failure in self._rows.failures(self._name).items() if key not in done}

    def _one(self, waiting: list[tuple[int, str]], do: Do, done: list[str]) -> None:
        """Takes the first row that no other worker was faster to take, and measures it."""
        taken = next((one for one in waiting if self._claim(one[0])), None)
        if taken is None:
            return
        number, key = taken
        with self._repeated(lambda _: self._storage.record_heartbeat(number)):
            found = self._rows.result(self._name, key) or do(key)
        done.append(key)
        state = self._optuna.trial.TrialState
        # Where this worker was taken for dead meanwhile, its trial is over, and the row another worker's.
        with suppress(self._optuna.exceptions.UpdateFinishedTrialError):
            if isinstance(found, Failure):
                self._storage.set_trial_user_attr(number, FAILURE, asdict(found))
                self._storage.set_trial_state_values(number, state.FAIL)
            else:
                self._storage.set_trial_user_attr(number, RESULT, found.to_dict())
                self._storage.set_trial_state_values(number, state.COMPLETE, [found.score.value])

    def _claim(self, number: int) -> bool:
        """Whether this worker is the one that gets a row. It is alive first: else nobody would notice its death."""
        with self._turn(), suppress(self._optuna.exceptions.UpdateFinishedTrialError):
            self._storage.record_heartbeat(number)
            return bool(self._storage.set_trial_state_values(number, self._optuna.trial.TrialState.RUNNING))
        return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """SQLite cannot lock a row, so two workers could take the same: there they take turns."""
        if self._file is None:
            yield
            return
        while (lock := try_lock(self._file.with_name(f"{self._file.name}.lock"))) is None:
            time.sleep(_POLL_S / 10)
        with lock:
            yield

    @contextmanager
    def _database(self) -> Iterator[None]:
        """What goes wrong with it, as our errors: Optuna hides SQLAlchemy's in its own."""
        with database(self._url):
            try:
                yield
            except self._optuna.exceptions.StorageInternalError as error:
                raise error.__cause__ or error from error

    @contextmanager
    def _repeated(self, say: Callable[[int], None]) -> Iterator[None]:
        """Says now and every few seconds that this process lives."""
        over = threading.Event()

        def beat() -> None:
            count = 0
            while not over.wait(self._lease.beat_s):
                count += 1
                with suppress(ToolError), self._database():  # the next one may reach it
                    say(count)

        with self._database():
            say(0)
        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class _Patience:
    """With a machine that searches, and says so again and again by another number."""

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._last: int | None = None
        self._since = time.monotonic()

    def lasts(self, beat: int | None) -> bool:
        """Whether more rows will come. Raises ToolError when it has been silent for too long."""
        if beat != self._last:
            self._last, self._since = beat, time.monotonic()
        if beat is not None and time.monotonic() - self._since > self._silence_s:
            raise ToolError(
                f"The machine that searches has been silent for {self._silence_s:g} seconds.",
                "Start its boardproof ladder again: the search goes on from what is done. Then start this worker.",
            )
        return beat is not None


def _optuna() -> Any:  # noqa: ANN401 a module
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
