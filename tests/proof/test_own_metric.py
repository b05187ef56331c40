"""The user's own measure: where its module is looked for, what it is called with, and what is said when it is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

import boardproof
from boardproof.cli.commands import run_command
from boardproof.errors import InputError
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Samples
from boardproof.proof.metrics.measure import Answers
from boardproof.proof.metrics.own import OwnMetric, check_metric, find_metric, own_measures
from support.small_network import small_network

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.array([3.0, 4.0])


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])


def answered(board, host=None, floats=None):
    return Answers(floats, np.asarray(board if host is None else host, float), np.asarray(board, float))


def refused(call, *arguments) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return caught.value


def test_no_metric() -> None:
    assert find_metric(None, "model.tflite") is None
    check_metric(None, None, 3)


def test_a_module_beside_the_model_goes_first_and_each_model_has_its_own(tmp_path, monkeypatch) -> None:
    found = []
    for number, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "helper.py").write_text("")
        (tmp_path / folder / "json.py").write_text(f"import helper\ndef score(outputs, labels): return {number}\n")
        metric = find_metric("json:score", tmp_path / folder / "m.tflite")
        found.append((metric.name, metric.function(None, None)))
    assert found == [("score", 0), ("score", 1)]
    monkeypatch.chdir(tmp_path / "b")
    assert find_metric("json:score", b"bytes").function(None, None) == 1
    assert find_metric("statistics:correlation", tmp_path / "m.tflite").name == "correlation"


def test_numbers_of_float_model_host_and_board() -> None:
    seen = []

    def score(outputs, labels):
        seen.append((outputs.shape, labels.tolist()))
        outputs[:] = labels[:] = 0  # nobody else sees that
        return np.float32(len(seen))

    found = answered([[1, 2], [3, 4]], floats=np.zeros((2, 2)))
    (measure,) = own_measures(OwnMetric("score", score), found, LABELS)
    assert (measure.name, measure.float_model, measure.host, measure.board) == ("score", 1, 2, 3)
    assert seen == [((2, 2), [3, 4])] * 3
    assert found.board.tolist() == [[1, 2], [3, 4]]


def test_several_numbers_by_name() -> None:
    metric = OwnMetric("both", lambda outputs, labels: {"sum": outputs.sum(), "labels": len(labels)})
    measures = own_measures(metric, answered([1, 2], host=[1, 1]), LABELS)
    assert [(m.name, m.float_model, m.host, m.board) for m in measures] == [("sum", None, 2, 3), ("labels", None, 2, 2)]


@pytest.mark.parametrize(
    ("given", "code", "message", "hint"),
    [
        ("metrics", "", "metric = 'metrics' is not written as module:function.", "Write for example metrics:f1"),
        ("metrics.py:f1()", "", "is not written as module:function.", "Write for example metrics:f1"),
        ("nothere:f1", "", "There is no module nothere for the metric.", "Save it as nothere.py beside the model"),
        (
            "own:f1",
            "f2 = f1 = 3",
            "own has no function f1, which metric = 'own:f1' names.",
            "function(outputs, labels)",
        ),
        ("own:f1", "def f1(:", "own.py, which holds the metric, cannot be imported: SyntaxError", "Correct it"),
        (
            "own:f1",
            "import nothere",
            "cannot be imported: ModuleNotFoundError: No module named 'nothere'",
            "Correct it",
        ),
        (
            "own:f1",
            "import sys\nsys.exit(0)",
            "own.py, which holds the metric, cannot be imported: SystemExit: 0",
            "it",
        ),
    ],
)
def test_a_function_that_is_not_there(given, code, message, hint, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(code)
    error = refused(find_metric, given, tmp_path / "m.tflite")
    assert message in error.message
    assert hint in error.hint


def test_labels_are_asked_for_before_anything_is_built() -> None:
    metric = OwnMetric("f1", lambda *_: 1)
    assert (
        refused(check_metric, metric, None, 20).message == "The metric f1 needs labels, and random samples have none."
    )
    error = refused(check_metric, metric, Samples({}, None, "x.npz"), 20)
    assert (error.message, error.hint[:25]) == (
        "The metric f1 needs labels, and x.npz has none.",
        "Give samples with labels ",
    )
    error = refused(check_metric, metric, Samples({}, LABELS, "x.npz"), 20)
    assert error.message == "x.npz holds 2 labels for 20 samples."


def test_a_function_that_fails() -> None:
    def score(outputs, labels):
        return outputs[9]

    error = refused(own_measures, OwnMetric("score", score), answered([[1, 2], [3, 4]]), LABELS)
    assert error.message.startswith("The metric score failed: IndexError: index 9 is out of bounds")
    assert "outputs of shape [2, 2] (float64) and labels of shape [2] (float64)" in error.hint
    assert "return outputs[9]" in error.details


@pytest.mark.parametrize("given", ["high", None, float("nan"), np.zeros(2), {}, {"a": "b"}])
def test_what_is_no_number(given) -> None:
    error = refused(own_measures, OwnMetric("score", lambda *_: given), answered([1, 2]), LABELS)
    assert error.message == f"The metric score gives {given!r}, which is no finite number."
    assert "which gives a number, or numbers by name" in error.hint


def test_names_that_depend_on_the_outputs() -> None:
    metric = OwnMetric("score", lambda outputs, _: {str(outputs[0]): 1})
    error = refused(own_measures, metric, answered([1], host=[2]), LABELS[:1])
    assert error.message == "The metric score gives other numbers for host and board: 2.0 and 1.0."


def test_a_command_says_so_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "m.tflite").write_bytes(small_network())
    (tmp_path / "boardproof.toml").write_text('board = "native"\nmetric = "nothere:f1"\n')
    assert run_command(["run", str(tmp_path / "m.tflite")]) == 2
    assert "There is no module nothere for the metric." in capsys.readouterr().err
    assert run_command(["run", str(tmp_path / "m.tflite"), "--metric", "statistics:mean", "--quiet"]) == 2
    assert "The metric mean needs labels, and random samples have none." in capsys.readouterr().err


@pytest.mark.native
def test_a_report_begins_with_it(tmp_path: Path) -> None:
    """Labels that are none of the network's classes: they are the user's affair, and not said to be ignored."""
    rng = np.random.default_rng(7)
    x, y = rng.random((60, 8), np.float32), rng.integers(10, 20, 60)
    with captured_output():
        import keras

        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
        floats = model.predict(x, verbose=0)
    calls = []

    def total(outputs, labels):
        calls.append(outputs)
        assert np.array_equal(labels, y)
        return float(outputs.sum())

    report = boardproof.run(model, (x, y), representative=x, metric=total, board="native", out=tmp_path / "project")
    assert report.agrees
    assert report.quality.task == "as your metric takes them"
    (measure,) = report.quality.measures
    assert measure.name == "total"
    assert measure.float_model == pytest.approx(floats.sum(), abs=1e-4)
    assert measure.board == measure.host == calls[1].sum()
    assert calls[2].shape == (60, 3)
    assert np.abs(calls[2] - floats).max() < 0.1
    assert not [text for text in report.warnings if "ignored" in text]


@pytest.mark.native
def test_beside_the_measures_that_fit(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("def share(outputs, labels): return (outputs.argmax(1) == labels).mean()\n")
    (tmp_path / "m.tflite").write_bytes(small_network())
    (tmp_path / "boardproof.toml").write_text('board = "native"\nmetric = "own:share"\n')
    inspection = boardproof.inspect(tmp_path / "m.tflite")
    shape = inspection.graph.input_tensors[0].shape
    x = np.random.default_rng(7).integers(-128, 127, (40, *shape[1:]), np.int8)
    y = np.zeros(40, np.int64)
    report = boardproof.run(tmp_path / "m.tflite", (x, y), out=tmp_path / "project")
    own, accuracy = report.quality.measures
    assert (own.name, own.float_model, own.host, accuracy.name) == ("share", None, own.board, "accuracy")
    assert own.board == accuracy.board
