"""The processes of a ladder: what crashes, hangs or swells is one failed row; Ctrl-C keeps what is done."""

from __future__ import annotations

import os
import sys
import time

import pytest

from boardproof.device.process import spawn
from boardproof.ladder.cache import Cache
from boardproof.ladder.engines.local import Limits, LocalEngine, resident_bytes
from boardproof.ladder.loading import Source
from boardproof.ladder.plan import Job
from boardproof.ladder.results import Failure
from boardproof.ladder.variants import Bench, Recipe
from boardproof.progress import Silent


class Listening(Silent):
    def __init__(self):
        self.stages, self.warnings, self.steps = [], [], []

    def stage(self, title):
        self.stages.append(title)

    def warn(self, text):
        self.warnings.append(text)

    def advance(self, done, total):
        self.steps.append((done, total))


class ScriptedEngine(LocalEngine):
    """Runs Python code in place of each job; `DONE` in it makes the job's model, as training would."""

    def __init__(self, cache: Cache, scripts: dict[str, str], limits: Limits, progress=None):
        super().__init__(Source(cache.root), Bench(), cache, limits, progress or Silent())
        self._scripts, self.started = scripts, []

    def _start(self, job: Job):
        self.started.append(job.key)
        folder = self._cache.root / "models" / job.key
        code = self._scripts.get(job.key, "DONE").replace("DONE", f"import os; os.makedirs({str(folder)!r})")
        return spawn([sys.executable, "-c", code])


def job(key: str, *needs: str) -> Job:
    return Job(key, f"job {key}", Recipe("large", ()), None, needs)


def test_each_runs_after_what_it_needs_and_once(tmp_path):
    cache, progress = Cache(tmp_path), Listening()
    jobs = [job("a"), job("b", "a"), job("c", "b"), job("d")]
    engine = ScriptedEngine(cache, {}, Limits(jobs=2), progress)
    assert engine.run(jobs) == {}
    assert engine.started.index("a") < engine.started.index("b") < engine.started.index("c")
    assert progress.steps[-1] == (4, 4)
    assert progress.stages[0] == "job a (3 to come)"
    again = ScriptedEngine(cache, {}, Limits())
    assert again.run(jobs) == {}
    assert again.started == []


def test_a_crash_is_one_failed_row_with_its_last_words(tmp_path):
    crash = "import sys, os; print('out of luck', file=sys.stderr, flush=True); os.kill(os.getpid(), 11)"
    engine = ScriptedEngine(Cache(tmp_path), {"a": crash}, Limits(), progress := Listening())
    failures = engine.run([job("a"), job("b")])
    assert set(failures) == {"a"}
    assert failures["a"].message == "Its process ended with signal 11: out of luck"
    assert failures["a"].hint.startswith("See ")
    assert progress.warnings[0].startswith("job a: Its process ended with signal 11")
    assert Cache(tmp_path).model("b") is not None


def test_what_goes_on_from_a_failure_is_not_started(tmp_path):
    engine = ScriptedEngine(Cache(tmp_path), {"a": "raise SystemExit(3)"}, Limits())
    failures = engine.run([job("a"), job("b", "a"), job("c", "b")])
    assert engine.started == ["a"]
    assert "What it goes on from failed" in failures["c"].message


def test_a_process_that_says_it_succeeded_must_have_made_something(tmp_path):
    failures = ScriptedEngine(Cache(tmp_path), {"a": "pass"}, Limits()).run([job("a")])
    assert failures["a"].message == "Its process ended with exit status 0: it said nothing"


def test_what_takes_too_long_is_ended(tmp_path):
    failures = ScriptedEngine(Cache(tmp_path), {"a": "import time; time.sleep(600)"}, Limits(seconds=0.3)).run(
        [job("a")]
    )
    assert failures["a"].message == "it took longer than 0.3 s, and was ended."
    assert failures["a"].hint == "Allow it more, or make it smaller."


def test_what_takes_too_much_memory_is_ended(tmp_path):
    swell = "import time; x = bytearray(300 << 20); time.sleep(600)"
    failures = ScriptedEngine(Cache(tmp_path), {"a": swell}, Limits(memory_bytes=200 << 20)).run([job("a")])
    assert failures["a"].message.endswith("MB of memory, more than 200, and was ended.")


def test_resident_memory_of_this_process_and_of_none():
    assert resident_bytes(os.getpid()) > 10 << 20
    assert resident_bytes(2**22 + 1) == 0


def test_what_a_job_said_of_itself_is_told(tmp_path):
    cache = Cache(tmp_path)
    cache.keep_failure("a", Failure("The data are of the wrong shape.", "Reshape them."))
    failures = ScriptedEngine(cache, {"a": "raise SystemExit(2)"}, Limits()).run([job("a")])
    assert failures["a"] == Failure("The data are of the wrong shape.", "Reshape them.")


def test_ctrl_c_ends_the_processes_and_keeps_what_is_done(tmp_path):
    cache = Cache(tmp_path)
    pid = tmp_path / "pid"
    hang = (
        f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); os.kill({os.getpid()}, 2); time.sleep(600)"
    )
    with pytest.raises(KeyboardInterrupt):
        ScriptedEngine(cache, {"b": hang}, Limits()).run([job("a"), job("b")])
    deadline = time.monotonic() + 10
    while _alive(int(pid.read_text())) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not _alive(int(pid.read_text()))
    assert cache.model("a") is not None
    engine = ScriptedEngine(cache, {}, Limits())
    assert engine.run([job("a"), job("b")]) == {}
    assert engine.started == ["b"]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
