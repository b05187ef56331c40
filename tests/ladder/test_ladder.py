"""A whole ladder by its command: killed and gone on with, a model that fails, and nothing done twice."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boardproof.errors import InputError
from boardproof.ladder.running import cache_of
from support.ladder_experiment import EXPERIMENT

VARIANTS = """
def wrong():
    return keras.Sequential([keras.Input((5, 5, 1)), layers.Flatten(), layers.Dense(4)])


big.quantize("int8", "dynamic")
big.qat()
ladder.model(wrong).quantize("int8")
"""


def command(experiment, *more: str) -> list[str]:
    options = ("--board", "native", "--jobs", "2", "--proven", "5", "--json")
    storage = ("--storage", str(experiment.with_name("results")))
    return [sys.executable, "-m", "boardproof", "ladder", str(experiment), *options, *storage, *more]


@pytest.mark.native
def test_a_ladder_is_killed_goes_on_and_is_done_once(tmp_path):
    experiment = tmp_path / "experiment.py"
    experiment.write_text(EXPERIMENT + VARIANTS)
    results = tmp_path / "results" / "results"
    with subprocess.Popen(command(experiment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        while not list(results.glob("*.json")) and first.poll() is None:
            time.sleep(0.1)
        first.send_signal(signal.SIGKILL)
    kept = {path: path.stat().st_mtime_ns for path in results.glob("*.json")}
    assert kept

    second = subprocess.run(command(experiment), capture_output=True, text=True)
    assert second.returncode == 3, second.stderr  # one variant failed
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    rows = {(row["variant"], row["scheme"]): row for row in json.loads(second.stdout)["rows"]}
    check_rows(rows)

    started = tmp_path / "results" / "logs"
    before = {path.name: path.stat().st_mtime_ns for path in started.iterdir()}
    kept_here = tmp_path / "kept"
    again = command(experiment, "--only", "large*", "--keep", str(kept_here))
    third = subprocess.run(again, capture_output=True, text=True)
    assert third.returncode == 0, third.stderr
    assert {path.name: path.stat().st_mtime_ns for path in started.iterdir()} == before
    assert json.loads(third.stdout)["rows"] == [row for (label, _), row in rows.items() if label != "wrong"]
    digests = {row["seeds"][0]["sha256"] for (label, _), row in rows.items() if label != "wrong"}
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept_here.glob("*.tflite")} == digests
    assert {path.stem for path in kept_here.glob("*.tflite")} == {path.stem for path in kept_here.glob("*.keras")}


def check_rows(rows) -> None:
    assert list(rows) == [
        ("large", "int8"),
        ("large", "dynamic"),
        ("large, +1 epochs", "int8"),
        ("large, qat", "int8"),
        ("wrong", "int8"),
    ]
    for key in (("large", "int8"), ("large, +1 epochs", "int8"), ("large, qat", "int8")):
        (result,) = rows[key]["seeds"]
        assert rows[key]["exact"] is True
        assert result["board"]["samples"] == 5
        assert result["score"]["by"] == "tflite_micro"
        assert result["score"]["samples"] == 120
        assert result["score"]["value"] > 0.9
        assert result["sizes"]["tflite"] < result["sizes"]["keras"] < result["sizes"]["saved_model"]
        assert result["parameters"] == 1188
    (dynamic,) = rows["large", "dynamic"]["seeds"]
    assert (dynamic["board"]["exact"], dynamic["reason"]) == (5, "")
    assert dynamic["score"]["by"] == "LiteRT"
    qat = rows["large, qat", "int8"]
    control = rows["large, +1 epochs", "int8"]
    assert control["is_control"]
    assert qat["difference_to_control"] == pytest.approx(qat["score"] - control["score"])
    failure = rows["wrong", "int8"]["failure"]
    assert failure["message"] == "wrong() takes inputs of shape [5, 5, 1]; a sample has [4, 4, 1]."
    assert "keras.Input(shape)" in failure["hint"]
    assert "wrong()" in Path(failure["log"]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("storage", "message", "hint"),
    [
        ("sqlite:///ladder.db", "A ladder in a database has no folder of results.", "ladder show --storage URL"),
        (__file__, f"{__file__} is a file.", "sqlite:///FILE"),
    ],
)
def test_what_is_no_folder_of_results_is_told(storage, message, hint):
    with pytest.raises(InputError) as caught:
        cache_of(storage)
    assert caught.value.message == message
    assert hint in caught.value.hint
