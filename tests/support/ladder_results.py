"""Results as measured variants have them, for tests that measure nothing."""

from __future__ import annotations

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
