"""Results are kept under boardproof's own code too: of what decides them, and of that alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from boardproof.ladder import code
from boardproof.ladder.loading import Source, load_experiment
from boardproof.ladder.plan import model_key, plan
from boardproof.ladder.variants import Bench

ROOT = Path(__file__).parents[2]

EXPERIMENT = """
import numpy as np
from boardproof.ladder import Data, Ladder

part = (np.zeros((8, 4), np.float32), np.arange(8) % 2)


def net(): ...


ladder = Ladder(data=lambda: Data(part, part, part), train=lambda *_, **__: None)
big = ladder.model(net)
big.quantize("int8")
big.shrink(flash=1000)
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A copy of boardproof's code, whose digests are taken anew at each call of the fixture's function."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "generator" / "boardproof", tmp_path / "boardproof", ignore=ignore)
    for folder in ("templates", "firmware", "platforms"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignore)
    shutil.copy(ROOT / "platformio.ini", tmp_path)
    monkeypatch.setattr(code, "_PACKAGE", tmp_path / "boardproof")
    monkeypatch.setattr(code, "resource_root", lambda: tmp_path)
    monkeypatch.setattr("boardproof.project.resources.resource_root", lambda: tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    code.training_code.cache_clear()
    code.measuring_code.cache_clear()


def keys(folder: Path) -> tuple[str, str, str]:
    """Of a trained model, of a model that was shrunk to a budget on the board, and of a row."""
    forget()
    file = folder / "user" / "experiment.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(EXPERIMENT)
    experiment = load_experiment(Source(file))
    rows = {row.variant.label: row for row in plan(experiment, Bench()).rows}
    shrunk = rows["net, shrink to 1,000 flash, int8"].variant.recipe
    row = rows["net, int8"]
    return model_key(experiment, row.variant.recipe, Bench()), model_key(experiment, shrunk, Bench()), row.key


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("boardproof/compress/shrink.py", (True, True, True)),
        ("boardproof/ladder/techniques/qat.py", (True, True, True)),
        ("boardproof/pipeline.py", (False, True, True)),
        ("boardproof/project/runtimes/aot/emit.py", (False, True, True)),
        ("platformio.ini", (False, True, True)),
        ("boardproof/ladder/page.py", (False, False, False)),
        ("boardproof/cli/ladder.py", (False, False, False)),
    ],
)
def test_what_a_change_of_boardproof_makes_anew(checkout, path, changes):
    before = keys(checkout)
    assert keys(checkout) == before
    with (checkout / path).open("a") as file:
        file.write("\n# changed\n")
    assert tuple(a != b for a, b in zip(before, keys(checkout), strict=True)) == changes


@pytest.mark.parametrize("folder", ["templates", "firmware", "platforms"])
def test_a_changed_kernel_makes_rows_anew_and_no_model(checkout, folder):
    before = keys(checkout)
    next(path for path in sorted((checkout / folder).rglob("*")) if path.is_file()).write_text("changed")
    assert [a != b for a, b in zip(before, keys(checkout), strict=True)] == [False, True, True]


def test_what_the_digests_name_is_there():
    package = ROOT / "generator" / "boardproof"
    for name in {*code._TRAINS, *code._SHOWS} - {"_resources/"}:
        assert list(package.glob(f"{name}*")), name
