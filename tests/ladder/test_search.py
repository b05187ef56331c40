"""A search over architectures: what it may choose, that it finds the front, and that nothing is done twice."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import ClassVar

import pytest

from boardproof.cli.commands import run_command
from boardproof.errors import InputError
from boardproof.ladder import Data, Ladder
from boardproof.ladder.engines.local import Limits
from boardproof.ladder.loading import Source, load_experiment
from boardproof.ladder.plan import plan
from boardproof.ladder.running import Request, _Measuring, run_ladder
from boardproof.ladder.searching import Trials, objectives_of
from boardproof.ladder.space import search_of
from boardproof.ladder.variants import Bench
from boardproof.progress import Silent
from support.ladder_experiment import EXPERIMENT
from support.ladder_results import a_result

SEARCH = """
def net(width, activation):
    hidden = layers.Dense(width, activation=activation)
    return keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), hidden, layers.Dense(4, activation="softmax")])


ladder.search(net, {"width": (4, 8), "activation": ["relu"]}, trials=5, objectives=("accuracy", "flash"))
"""


def net(width):
    raise AssertionError("nothing is built")


def a_ladder(**options) -> Ladder:
    return Ladder(data=lambda: Data((0, 0), (0, 0), (0, 0)), **{"train": lambda *_, **__: None, **options})


@pytest.mark.parametrize(
    ("space", "options", "message", "hint"),
    [
        ({}, {}, "search() has an empty space.", "Give each parameter its values"),
        ({"width": []}, {}, "search() has no values for width: [].", "Give a range, or a list"),
        ({"width": [None]}, {}, "search() has no values for width: [None].", "Give a range, or a list"),
        ({"width": "abc"}, {}, "search() has no values for width: 'abc'.", "Give a range, or a list"),
        ({"width": [1]}, {"trials": 0}, "search(trials=0) is not possible.", "1 or more"),
        (
            {"width": [1]},
            {"objectives": ("speed",)},
            "search(objectives=('speed',)) is not possible.",
            "accuracy, flash",
        ),
        ({"width": [1]}, {"objectives": ()}, "search(objectives=()) is not possible.", "accuracy, flash"),
        ({"width": [1]}, {"scheme": "int7"}, "There is no scheme 'int7'.", "int8"),
    ],
)
def test_what_cannot_be_searched_is_told_at_once(space, options, message, hint):
    with pytest.raises(InputError) as caught:
        a_ladder().search(net, space, **options)
    assert caught.value.message == message
    assert hint in caught.value.hint


def test_a_search_trains_and_is_asked_for_once():
    with pytest.raises(InputError) as caught:
        a_ladder(train=None).search(net, {"width": [1]})
    assert caught.value.hint == "Give one: Ladder(train=…)."
    ladder = a_ladder()
    ladder.search(net, {"width": [1]})
    with pytest.raises(InputError) as caught:
        ladder.search(net, {"width": [2]})
    assert caught.value.message == "net is searched twice."


def test_points_are_rows_and_travel_to_other_processes():
    ladder = a_ladder(seeds=2)
    ladder.search(net, {"width": range(8, 65, 8)}, scheme="int16x8")
    ladder.add_point("net", (("width", 8),))
    ladder.add_point("net", (("width", 16),))
    ladder.add_point("net", (("width", 8),))
    labels = [(variant.label, variant.recipe.seed) for variant in ladder.variants]
    assert labels == [(f"net(width={width}), int16x8", seed) for width in (8, 16) for seed in (0, 1)]
    source = Source(Source.from_json("[null, null, null, [], [], {}]").path, points=(("net", (("width", 8),)),))
    assert Source.from_json(source.to_json()).points == source.points


def test_without_optuna_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InputError) as caught:
        Trials(search_of({"width": [1]}, 1, ("flash",), "int8"))
    assert caught.value.message == "A search over architectures needs Optuna, which is not installed."
    assert caught.value.hint == "Install it: pip install 'boardproof[sweep]'."


def run_search(judge, trials: int = 60):
    """All points of a search in a space of 32 x 3 x 2, each judged."""
    space = {"width": range(32), "kind": ("a", "b", "c"), "bias": (True, False)}
    search, points = Trials(search_of(space, trials, ("accuracy", "flash"), "int8")), []
    while asked := search.ask():
        points += asked
        search.tell([judge(dict(point)) for point in asked])
    return points


def test_the_same_results_choose_the_same_points_and_good_ones():
    def judge(point):
        if point["kind"] == "c":
            return None  # it fails, and is not tried again and again
        return abs(point["width"] - 20) + 5.0 * (point["kind"] == "b"), float(point["bias"])

    points = run_search(judge)
    assert len(points) == 60
    assert points == run_search(judge)
    assert points != run_search(lambda point: (float(point["width"]), 0.0))
    late = [dict(point) for point in points[20:]]
    near = [point for point in late if point["kind"] == "a" and abs(point["width"] - 20) <= 4]
    assert len(near) > len(late) / 3  # by chance it would be 3 of 32


def test_objectives_are_means_over_the_seeds_and_less_is_better():
    results = [a_result("net", 0.8, flash=10), a_result("net", 0.9, flash=30), None]
    assert objectives_of(results, ("accuracy", "flash", "macs")) == pytest.approx((-0.85, 20, 5000))
    assert objectives_of([None], ("accuracy",)) is None


@pytest.mark.native
def test_a_search_fills_the_table_and_is_done_once(tmp_path, monkeypatch, capsys):
    experiment = tmp_path / "experiment.py"
    experiment.write_text(EXPERIMENT + SEARCH)
    (tmp_path / "boardproof.toml").write_text("[limits]\naccuracy_min = 0.5\naccuracy_drop = 0.1\n")
    command = ["ladder", str(experiment), "--board", "native", "--jobs", "2", "--proven", "2", "--json"]
    place = ["--storage", str(tmp_path / "results")]
    first = subprocess.run([sys.executable, "-m", "boardproof", *command, *place], capture_output=True, text=True)
    assert first.returncode == 0, first.stderr
    rows = json.loads(first.stdout)["rows"]
    assert {row["variant"] for row in rows} == {"net(width=4, activation=relu)", "net(width=8, activation=relu)"}
    assert all(row["exact"] and row["score"] > 0.5 and row["fits"] for row in rows)
    assert "boardproof.toml limits accuracy_drop, which a ladder does not measure" in " ".join(first.stderr.split())
    logs = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results" / "logs").iterdir()}
    assert json.loads(told(capsys, *command, *place))["rows"] == rows
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "results" / "logs").iterdir()} == logs
    assert json.loads(told(capsys, "ladder", "show", "--json", *place))["rows"] == rows
    monkeypatch.setenv("BOARDPROOF_CACHE_DIR", str(tmp_path / "cache"))
    search_a_database(command, tmp_path, rows, capsys)


def told(capsys, *arguments) -> str:
    """What a command prints, in this process, which has TensorFlow already."""
    status = run_command(list(arguments))
    printed = capsys.readouterr()
    assert status == 0, printed.err
    return printed.out


def search_a_database(command, folder, rows, capsys) -> None:
    """The same search over a database, by a machine that has all results in its cache; and a worker that comes late."""
    shutil.copytree(folder / "results", folder / "cache" / "ladder")
    place = ["--storage", f"sqlite:///{folder / 'ladder.db'}"]
    assert json.loads(told(capsys, *command, *place))["rows"] == rows
    late = told(capsys, "ladder", "worker", command[1], "--board", "native", "--proven", "2", *place)
    assert late == "this worker measured 0 variants; the ladder is done\n"


def test_a_worker_learns_which_points_another_machine_chose(tmp_path):
    experiment = tmp_path / "experiment.py"
    experiment.write_text(EXPERIMENT + SEARCH)
    source = Source(experiment)
    points = (("net", (("width", 8), ("activation", "relu"))),)
    (job,) = (job for job in plan(load_experiment(replace(source, points=points)), Bench()).jobs if job.variant)
    request = Request(source, Bench(), Limits(), storage=str(tmp_path / "results"))
    request.cache.keep_result(job.key, a_result("net"))
    chosen = type("_", (), {"about": json.loads(json.dumps({"points": points}))})
    measuring = _Measuring(request, load_experiment(source), chosen, Silent())
    assert measuring.row(job.key) == a_result("net")
    assert measuring.row("other").message == "This worker's experiment has no such variant."


class Measured:
    """In place of processes: every job has a result, and the points that they would have been told are kept."""

    points: ClassVar[list] = []

    def __init__(self, source, _bench, cache, *_):
        self.points.append(source.points)
        self.cache = cache

    def run(self, jobs):
        for job in jobs:
            self.cache.keep_result(job.key, a_result("net"))
        return {}


def test_a_machine_that_searches_a_database_tells_its_own_processes_the_points(tmp_path, monkeypatch):
    monkeypatch.setattr("boardproof.ladder.running.LocalEngine", Measured)
    monkeypatch.setattr("boardproof.ladder.running.cache_dir", lambda: tmp_path)
    experiment = tmp_path / "experiment.py"
    experiment.write_text(EXPERIMENT + SEARCH)
    url = f"sqlite:///{tmp_path / 'ladder.db'}"
    table = run_ladder(Request(Source(experiment), Bench(), Limits(), storage=url), Silent())
    assert len(table.lines) == 2
    assert table.is_complete
    chosen = [dict(point)["width"] for points in Measured.points for _, point in points]
    assert set(chosen) == {4, 8}
    assert all(Measured.points)
