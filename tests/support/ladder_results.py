"""Results as measured variants have them, for tests that measure nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from boardproof.ladder.results import OnBoard, Result, Score, Sizes


def a_result(label: str, value: float = 0.9, seed: int = 0, **board) -> Result:
    facts = {"flash": 20_000, "ram": 8_000, "arena": 2_000, "stack": 400, "ticks": 60_000, **board}
    return Result(
        label=label,
        scheme="int8",
        seed=seed,
        score=Score("accuracy", value, value - 0.01, value + 0.01, 1000, "tflite_micro"),
        parameters=1000,
        nonzeros=900,
        macs=5000,
        sizes=Sizes(1, 2, 3, 4, 5, 6),
        board=OnBoard(unit="instructions", milliseconds=1.4, **{"exact": 100, "samples": 100, **facts}),
        reason="",
        training_seconds=3.0,
        sha256="0" * 64,
    )


def a_row(key: str, label: str, control: str | None = None) -> dict:
    return {"key": key, "control": control, "label": label, "scheme": "int8"}


def shown_alone(*arguments: str) -> dict:
    """What `ladder show --json` prints in a process of its own, which imports neither TensorFlow nor the experiment."""
    code = (
        "import sys; from boardproof.cli.commands import run_command\n"
        f"status = run_command({['ladder', 'show', '--json', *arguments]!r})\n"
        "heavy = {'tensorflow', 'keras', 'tflite_micro', 'boardproof_experiment'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else status)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)
