"""`python -m benchmarks.ladder_table`: time and memory of the table of 1,000 variants, out of the storage alone.

`boardproof ladder show --json` runs in a process of its own, with a folder and with an SQLite database of results that
nobody measured, and with an empty database of yours (`--database URL`): the medians of some runs. There is no
experiment that could be imported; that TensorFlow is not either, tests/ladder assert. CPU time is what to compare: on a
machine with other work, more time passes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import optuna

from boardproof.ladder.cache import Cache
from boardproof.ladder.engines.rows import with_driver
from boardproof.ladder.results import OnBoard, Result, Score, Sizes


def a_result(number: int, variants: int) -> Result:
    """Of a variant that is better and larger than those before it: all are on the front."""
    good = number / variants
    return Result(
        label=f"net(width={number})",
        scheme="int8",
        seed=0,
        score=Score("accuracy", good, good - 0.01, good + 0.01, 5000, "tflite_micro"),
        parameters=1000 + number,
        nonzeros=1000 + number,
        macs=50_000 + number,
        sizes=Sizes(5000, 4000, 50_000, 20_000, 3000 + number, 2000),
        board=OnBoard(20_000 + number, 8000, 2000 + number, 400, 60_000 + number, "instructions", 1.4, 100, 100),
        reason="",
        training_seconds=30.0,
        sha256=f"{number:064x}",
    )


def fill(folder: Path, variants: int, url: str | None) -> dict[str, str]:
    """The storages, by what they are called."""
    results = {f"{number:032x}": a_result(number, variants) for number in range(variants)}
    rows = [{"key": key, "control": None, "label": one.label, "scheme": "int8"} for key, one in results.items()]
    about = {"board": "mps2-an386", "runtime": "aot", "rows": rows, "limits": {"flash_bytes": 20_500}}
    cache = Cache(folder / "results")
    for key, result in results.items():
        cache.keep_result(key, result)
    cache.keep_ladder("experiment", about)
    databases = {"SQLite": f"sqlite:///{folder / 'ladder.db'}"} | ({"database": url} if url else {})
    for database in databases.values():
        fill_database(database, about, results)
    return {"folder": str(cache.root), **databases}


def fill_database(url: str, about: dict, results: dict[str, Result]) -> None:
    """As workers would have left it, without their turns of a second each."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=optuna.storages.RDBStorage(with_driver(url)), study_name="experiment-0123456789ab"
    )
    study.set_user_attr("ladder", about)
    study.add_trials(
        [
            optuna.trial.create_trial(value=result.score.value, user_attrs={"key": key, "result": result.to_dict()})
            for key, result in results.items()
        ]
    )


def show(storage: str, variants: int) -> tuple[float, float, float]:
    """Seconds that pass, seconds of CPU, and bytes of memory at most, of one table."""
    command = [sys.executable, "-m", "boardproof", "ladder", "show", "--json", "--storage", storage]
    start = time.perf_counter()
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(command, stdout=output)
        _, status, used = os.wait4(child.pid, 0)
        passed = time.perf_counter() - start
        output.seek(0)
        rows = json.load(output)["rows"]
    if status or len(rows) != variants:
        sys.exit(f"{storage}: status {status}, {len(rows)} rows")
    return passed, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--database", metavar="URL")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name, storage in fill(Path(scratch), given.variants, given.database).items():
            runs = [show(storage, given.variants) for _ in range(given.repeats)]
            seconds, cpu, memory = (median(column) for column in zip(*runs, strict=True))
            print(f"{name:8} {seconds:6.2f} s  {cpu:6.2f} s of CPU  {memory / 2**20:5.0f} MB", flush=True)


if __name__ == "__main__":
    main()
