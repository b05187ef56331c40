"""Jobs on this machine: a fresh process each, some side by side, each within a time and a memory limit."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.process import spawn
from boardproof.host.interrupts import check_interrupted
from boardproof.ladder.results import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.device.process import Child
    from boardproof.ladder.cache import Cache
    from boardproof.ladder.loading import Source
    from boardproof.ladder.plan import Job
    from boardproof.ladder.variants import Bench
    from boardproof.progress import Progress

_POLL_S = 0.2
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Of each process.

    Attributes:
        jobs: How many run side by side; they share the cores.
        seconds: After so many it is ended; None for no limit.
        memory_bytes: Above so many resident ones it is ended; None for no limit.
    """

    jobs: int = 1
    seconds: float | None = None
    memory_bytes: int | None = None


class LocalEngine:
    """Runs jobs until all are done or have failed; what is in the cache is done already."""

    def __init__(self, source: Source, bench: Bench, cache: Cache, limits: Limits, progress: Progress) -> None:
        self._source = source
        self._bench = bench
        self._cache = cache
        self._limits = limits
        self._progress = progress

    def run(self, jobs: Sequence[Job]) -> dict[str, Failure]:
        """Does the jobs, in their order where they do not wait for each other.

        Returns:
            The failures, by the job's key. Whatever ends this early, results are kept as they come.
        """
        waiting = [job for job in jobs if not job.is_done(self._cache)]
        done, failures = len(jobs) - len(waiting), dict[str, Failure]()
        running: list[_Running] = []
        with ExitStack() as processes:
            while waiting or running:
                check_interrupted()
                for ended in [one for one in running if one.is_over(self._limits)]:
                    running.remove(ended)
                    done += 1
                    if (failure := ended.failure(self._cache)) is not None:
                        failures[ended.job.key] = failure
                        self._progress.warn(f"{ended.job.label}: {failure.message} {failure.hint}".strip())
                while (lost := next((job for job in waiting if failures.keys() & set(job.needs)), None)) is not None:
                    waiting.remove(lost)
                    done += 1
                    failures[lost.key] = _because(lost, failures)
                while len(running) < self._limits.jobs and (ready := self._next(waiting, running)) is not None:
                    waiting.remove(ready)
                    child = processes.enter_context(self._start(ready))
                    running.append(_Running(ready, child, self._cache.log(ready.key)))
                    self._tell(running, waiting)
                self._progress.advance(done, len(jobs))
                time.sleep(_POLL_S if running else 0)
        return failures

    def _next(self, waiting: list[Job], running: list[_Running]) -> Job | None:
        """The first job whose needs are met: neither to be done, nor at work."""
        open_keys = {job.key for job in waiting} | {one.job.key for one in running}
        return next((job for job in waiting if not open_keys.intersection(job.needs)), None)

    def _tell(self, running: list[_Running], waiting: list[Job]) -> None:
        self._progress.stage(f"{'; '.join(one.job.label for one in running)} ({len(waiting)} to come)")

    def _start(self, job: Job) -> Child:
        threads = str(max(1, cores() // self._limits.jobs))
        names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        command = [
            sys.executable,
            "-m",
            "boardproof.ladder.worker",
            self._source.to_json(),
            json.dumps(self._bench.to_dict()),
        ]
        return spawn(
            [*command, str(self._cache.root.absolute()), job.key],
            env={**dict.fromkeys(names, threads), "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": _import_path()},
            die_with_us=True,
        )


class _Running:
    """A job at work."""

    def __init__(self, job: Job, child: Child, log: Path) -> None:
        self.job = job
        self._child = child
        self._log = log
        self._since = time.monotonic()
        self._ended_for = ""

    def is_over(self, limits: Limits) -> bool:
        """Whether it has ended, or was ended now because it took too much."""
        if self._child.poll() is not None:
            return True
        used = resident_bytes(self._child.pid)
        if limits.seconds is not None and time.monotonic() - self._since > limits.seconds:
            self._ended_for = f"it took longer than {limits.seconds:g} s"
        elif limits.memory_bytes is not None and used > limits.memory_bytes:
            self._ended_for = f"it took {used >> 20} MB of memory, more than {limits.memory_bytes >> 20}"
        if self._ended_for:
            self._child.close()
        return bool(self._ended_for)

    def failure(self, cache: Cache) -> Failure | None:
        """Why there is no result; None where there is one."""
        status = self._child.poll()
        self._child.close()
        if self._ended_for:
            return Failure(f"{self._ended_for}, and was ended.", "Allow it more, or make it smaller.", str(self._log))
        if status == 0 and self.job.is_done(cache):
            return None
        told = cache.failure(self.job.key)
        if told is not None:
            return told
        how = f"signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        last = " / ".join(_tail(self._log) or _lines(self._child.stderr_text()))
        return Failure(
            f"Its process ended with {how}: {last or 'it said nothing'}", f"See {self._log}.", str(self._log)
        )


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def resident_bytes(pid: int) -> int:
    """Memory that a process takes now, in bytes; 0 for one that is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _because(job: Job, failures: dict[str, Failure]) -> Failure:
    cause = next(failures[need] for need in job.needs if need in failures)
    return Failure(f"What it goes on from failed: {cause.message}", cause.hint, cause.log)


def _tail(log: Path) -> list[str]:
    try:
        return _lines(log.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return []


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]


def _import_path() -> str:
    """Where this boardproof is, for a child that may start elsewhere."""
    here = str(Path(__file__).resolve().parents[3])
    return os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH", ""))))
