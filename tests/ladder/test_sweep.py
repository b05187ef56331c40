"""A ladder in a database: workers come and go, one is killed in the middle, and no row is lost or done twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import OperationalError

from boardproof.cli.commands import run_command
from boardproof.errors import InputError, ToolError
from boardproof.ladder.engines.rows import Rows, is_url
from boardproof.ladder.engines.sweep import Lease, Sweep
from boardproof.ladder.results import Failure
from support.ladder_results import a_result, a_row, shown_alone
from support.postgres import postgres

WORKER = """
import sys, time
from pathlib import Path
from boardproof.ladder.engines.sweep import Lease, Sweep
from support.ladder_results import a_result

url, folder, name = sys.argv[1:]

def do(key):
    with (Path(folder) / f"{key}.by").open("a") as file:
        file.write(name + "\\n")
    time.sleep(600 if name == "doomed" else 0.3)
    return a_result(key)

print(Sweep(url, "experiment", Lease(1, 8)).work(do, lambda done, of: None))
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ladder.db'}"
    else:
        with postgres() as found:
            yield found


def about(*labels: str) -> dict:
    return {"board": "mps2-an386", "runtime": "aot", "rows": [a_row(label, label) for label in labels]}


def start(url: str, folder: Path, name: str) -> subprocess.Popen:
    path = ":".join(str(Path(__file__).parents[2] / part) for part in ("generator", "tests"))
    command = [sys.executable, "-c", WORKER, url, str(folder), name]
    return subprocess.Popen(
        command, env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True
    )


def by(folder: Path, key: str) -> list[str]:
    path = folder / f"{key}.by"
    return path.read_text().split() if path.exists() else []


def test_of_three_workers_one_is_killed_and_another_does_its_row(url, tmp_path):
    labels = [f"row{i}" for i in range(6)]
    sweep = Sweep(url, "experiment", Lease(1, 8))
    assert sweep.offer(about(*labels)) == 6
    doomed = start(url, tmp_path, "doomed")
    while not any(by(tmp_path, label) for label in labels):
        time.sleep(0.05)
        assert doomed.poll() is None
    second = start(url, tmp_path, "second")
    doomed.send_signal(signal.SIGKILL)
    doomed.communicate()
    third = start(url, tmp_path, "third")
    measured = [int(worker.communicate(timeout=120)[0]) for worker in (second, third)]
    assert [second.returncode, third.returncode] == [0, 0]
    assert sum(measured) == 6
    who = {label: by(tmp_path, label) for label in labels}
    assert sorted(len(names) for names in who.values()) == [1, 1, 1, 1, 1, 2]
    lost = next(names for names in who.values() if len(names) == 2)
    assert lost[0] == "doomed"
    assert lost[1] in {"second", "third"}
    assert set(sweep.results()) == set(labels)
    assert sweep.results()["row0"] == a_result("row0")
    assert sweep.offer(about(*labels)) == 0


def test_what_failed_is_told_and_offered_again(url):
    sweep = Sweep(url, "experiment")
    sweep.offer(about("good", "bad"))
    progress = []
    measured = sweep.work(
        lambda key: a_result(key) if key == "good" else Failure("It crashed.", "See the log.", "log.txt"),
        lambda done, of: progress.append((done, of)),
    )
    assert measured == 2
    assert progress[0] == (0, 2)
    assert progress[-1] == (2, 2)
    assert sweep.failures() == {"bad": Failure("It crashed.", "See the log.", "log.txt")}
    assert sweep.offer(about("good", "bad")) == 1
    sweep.work(a_result, lambda *_: None)
    assert sweep.failures() == {}
    assert set(sweep.results()) == {"good", "bad"}


def test_the_table_comes_from_the_database_alone(url, capsys):
    sweep = Sweep(url, "fashion-0123456789ab")
    sweep.offer(about("large", "small"))
    sweep.work(a_result, lambda *_: None)
    assert Rows(url).ladders() == ("fashion-0123456789ab",)
    document = shown_alone("fashion", "--storage", url)
    assert [row["variant"] for row in document["rows"]] == ["large", "small"]
    assert all(row["exact"] for row in document["rows"])
    assert run_command(["ladder", "show", "other", "--storage", url]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "no ladder other in this database. next: Ladders there: fashion-0123456789ab." in told


def test_a_row_asks_the_database_for_little(tmp_path, monkeypatch):
    sweep = Sweep(f"sqlite:///{tmp_path / 'ladder.db'}", "experiment")
    sweep.offer(about(*(f"row{i}" for i in range(5))))
    read: list[int] = []
    real = Rows._read
    monkeypatch.setattr(Rows, "_read", lambda *given, **named: read.append(1) or real(*given, **named))
    monkeypatch.setattr("optuna.Study.get_trials", lambda *_, **__: pytest.fail("every trial, with all it holds"))
    assert sweep.work(a_result, lambda *_: None) == 5
    assert len(read) == 5 * 2 + 1  # which rows there are, and whether this one was done; and that none is left


def test_workers_stay_while_another_machine_searches(url):
    sweep, worker = (Sweep(url, "experiment", Lease(1, 8)) for _ in range(2))
    measured: list[int] = []
    with sweep.searching():
        sweep.offer(about("first"))
        thread = threading.Thread(target=lambda: measured.append(worker.work(a_result, lambda *_: None, stay=True)))
        thread.start()
        for rows in (["first"], ["first", "second"]):
            sweep.offer(about(*rows), {rows[-1]})
            while set(sweep.results()) != set(rows):
                time.sleep(0.05)
            assert not measured  # it is not over
    thread.join(30)
    assert measured == [2]


def test_a_search_that_has_gone_silent_is_told(tmp_path):
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    sweep = Sweep(url, "experiment", Lease(1, 1))
    sweep.offer(about("row"))
    sweep._study.set_user_attr("searching", 7)  # as of a machine that was killed
    with pytest.raises(ToolError) as caught:
        sweep.work(a_result, lambda *_: None, stay=True)
    assert caught.value.message == "The machine that searches has been silent for 1 seconds."
    assert "the search goes on from what is done" in caught.value.hint
    assert set(sweep.results()) == {"row"}


def test_a_database_that_is_away_for_a_moment_costs_no_row(tmp_path, monkeypatch):
    """Of a worker's beats, the first in its thread is lost: it says the next ones all the same."""
    sweep = Sweep(f"sqlite:///{tmp_path / 'ladder.db'}", "experiment", Lease(1, 8))
    sweep.offer(about("a"))
    beats, record = [], sweep._storage.record_heartbeat
    lost = StorageInternalError("lost")
    lost.__cause__ = OperationalError("UPDATE", {}, Exception("database is locked"))

    def fails_once(number):
        beats.append(number)
        if len(beats) == 3:  # one to claim the row, one to begin with
            raise lost
        record(number)

    def do(key):
        until = time.monotonic() + 30
        while len(beats) < 4 and time.monotonic() < until:
            time.sleep(0.1)
        return a_result(key)

    monkeypatch.setattr(sweep._storage, "record_heartbeat", fails_once)
    assert sweep.work(do, lambda *_: None) == 1
    assert len(beats) > 3


def test_a_database_that_goes_away_is_told(tmp_path, monkeypatch):
    sweep = Sweep(f"sqlite:///{tmp_path / 'ladder.db'}", "experiment", Lease(1, 8))
    sweep.offer(about("a"))

    def fails(_number):
        raise StorageInternalError("An exception is raised.") from OperationalError("UPDATE", {}, Exception("no disk"))

    monkeypatch.setattr(sweep._storage, "record_heartbeat", fails)
    with pytest.raises(ToolError) as caught:
        sweep.work(a_result, lambda *_: None)
    assert "ladder.db cannot be used: (builtins.Exception) no disk" in caught.value.message
    assert "Check that it runs" in caught.value.hint


def test_a_worker_before_the_ladder_says_what_to_do(tmp_path):
    with pytest.raises(InputError) as caught:
        _ = Sweep(f"sqlite:///{tmp_path / 'ladder.db'}", "experiment-1").about
    assert "No ladder experiment-1 was begun in this database." in caught.value.message
    assert "workers then join it" in caught.value.hint


def test_a_database_that_is_not_there_is_told_without_its_password():
    with pytest.raises(ToolError) as caught:
        Sweep("postgresql://user:secret@localhost:1/none", "experiment")
    assert caught.value.message.startswith("The database localhost:1/none cannot be used:")
    assert "postgresql://user@host/name" in caught.value.hint
    assert "secret" not in caught.value.message + caught.value.details


def test_urls_and_folders_are_told_apart():
    assert is_url("sqlite:///x.db")
    assert not is_url("results")
    assert not is_url("./results")
