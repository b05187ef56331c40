"""The examples with applications: what is committed is replayed, and their training runs in small."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from boardproof.cli.commands import run_command

EXAMPLES = Path(__file__).parents[2] / "examples"
BOARDS = [
    pytest.param("native", marks=pytest.mark.native),
    pytest.param("mps2-an386", marks=pytest.mark.qemu),
]


def replayed(capsys, board, out, *arguments):
    status = run_command(["replay", *map(str, arguments), "--board", board, "--out", str(out), "--json", "--quiet"])
    captured = capsys.readouterr()
    assert status == 0, captured.err
    return json.loads(captured.out)


@pytest.mark.parametrize("board", BOARDS)
def test_keywords_in_a_stream(board, tmp_path, capsys):
    folder = EXAMPLES / "keywords"
    labels = ("--labels", folder / "test.txt")
    report = replayed(capsys, board, tmp_path / "project", folder, folder / "test.wav", *labels)
    assert report["agrees"]
    assert report["overall"]["hits"] == 6
    assert report["overall"]["misses"] == report["overall"]["false_accepts"] == 0


@pytest.mark.parametrize("board", BOARDS)
def test_photos_in_a_folder(board, tmp_path, capsys):
    folder = EXAMPLES / "photos"
    report = replayed(capsys, board, tmp_path / "project", folder, folder / "pictures")
    assert report["agrees"]
    names = [path.stem.split("-")[1] for path in sorted((folder / "pictures").iterdir())]
    decided = {round(d["at_s"]) - 1: d["what"] for d in report["recordings"][0]["decisions"]}
    assert len(decided) > 30
    assert sum(names[i] == what for i, what in decided.items()) >= 0.9 * len(decided)


@pytest.mark.parametrize("board", BOARDS)
def test_gestures_in_a_stream(board, tmp_path, capsys):
    folder = EXAMPLES / "gestures"
    labels = ("--labels", folder / "test.txt")
    report = replayed(capsys, board, tmp_path / "project", folder, folder / "test.npz", *labels)
    assert report["agrees"]
    assert report["overall"]["hits"] == 7
    assert report["overall"]["misses"] == report["overall"]["false_accepts"] == 0


@pytest.mark.parametrize("name", ["gestures", "keywords", "photos"])
def test_training_in_small(name, tmp_path):
    if name == "keywords" and not (shutil.which("espeak-ng") and shutil.which("flite")):
        pytest.skip("espeak-ng and flite are not installed")
    package = "seglearn" if name == "gestures" else "sklearn"
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    command = [sys.executable, str(EXAMPLES / name / "train.py"), "--quick", "--out", str(tmp_path)]
    more = ["--minutes", "0.4"] if name == "keywords" else []
    done = subprocess.run([*command, *more], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "front_end.tflite").read_bytes() == (EXAMPLES / name / "front_end.tflite").read_bytes()
    assert (tmp_path / f"{name}.tflite").is_file()
