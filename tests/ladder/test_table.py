"""The table out of a cache: differences, the front, what fits, its forms; and the cache when all goes wrong."""

from __future__ import annotations

import errno
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from boardproof.errors import InputError
from boardproof.ladder import cache as cache_module
from boardproof.ladder.cache import Cache
from boardproof.ladder.keeping import make_folder
from boardproof.ladder.limits import limits_beside
from boardproof.ladder.page import page_of
from boardproof.ladder.results import Failure, Result
from boardproof.ladder.table import table_of
from boardproof.project.boards import BOARDS
from boardproof.report.write import write_page
from support.ladder_results import a_result, a_row, shown_alone


def a_table(cache: Cache, *rows: tuple[dict, Result | None], **options):
    for row, result in rows:
        if result is not None:
            cache.keep_result(row["key"], result)
    return table_of("experiment", ("mps2-an386", "aot"), [row for row, _ in rows], cache, **options)


def test_differences_are_between_equal_seeds(tmp_path):
    found = a_table(
        Cache(tmp_path),
        (a_row("c0", "control"), a_result("control", 0.90)),
        (a_row("c1", "control"), a_result("control", 0.94, seed=1)),
        (a_row("v0", "small", "c0"), a_result("small", 0.89)),
        (a_row("v1", "small", "c1"), a_result("small", 0.91, seed=1)),
    )
    control, small = found.lines
    assert control.is_control
    assert control.difference is None
    assert small.difference == pytest.approx(-0.02)
    assert small.score == pytest.approx(0.90)
    assert small.spread == pytest.approx(0.01414, abs=1e-5)
    assert found.agrees
    assert found.is_complete


def test_the_front_is_what_none_beats(tmp_path):
    found = a_table(
        Cache(tmp_path),
        (a_row("a", "best"), a_result("best", 0.95, flash=50_000)),
        (a_row("b", "smallest"), a_result("smallest", 0.80, flash=10_000, arena=1_000)),
        (a_row("c", "worse than best"), a_result("worse than best", 0.94, flash=50_000)),
        (a_row("d", "in between"), a_result("in between", 0.90, flash=30_000)),
        (
            a_row("e", "does not run"),
            replace(a_result("does not run", 0.99), board=None, reason="it is a float16 model"),
        ),
    )
    assert [line.front for line in found.lines] == [True, True, False, True, False]


def test_what_fits_a_board(tmp_path):
    found = a_table(
        Cache(tmp_path),
        (a_row("a", "small"), a_result("small")),
        (a_row("b", "too much flash"), a_result("too much flash", flash=1 << 20)),
        (a_row("c", "too much RAM"), a_result("too much RAM", ram=1 << 18)),
        budget=BOARDS["nano33ble"],
    )
    assert [line.fits for line in found.lines] == [True, False, False]


def test_limits_are_kept_by_every_seed_or_not_at_all(tmp_path):
    rows = (
        (a_row("a", "small"), a_result("small", 0.90)),
        (a_row("b", "small"), a_result("small", 0.88, seed=1)),
        (a_row("c", "good"), a_result("good", 0.95)),
        (a_row("d", "slow"), a_result("slow", 0.95, ticks=70_001)),
        (a_row("e", "wrong"), a_result("wrong", 0.95, exact=99)),
        (a_row("f", "does not run"), replace(a_result("does not run", 0.99), board=None, reason="it is float16")),
    )
    limits = {"accuracy_min": 0.89, "ticks": 70_000, "max_lsb": 0, "model_bytes": 5, "accuracy_drop": 0.0}
    found = a_table(Cache(tmp_path), *rows, limits=limits)
    assert [line.fits for line in found.lines] == [False, True, False, False, False]
    write_page(page_of(found), found.to_json(), tmp_path / "ladder.md")
    assert "| fits limits |" in (tmp_path / "ladder.md").read_text()
    both = a_table(Cache(tmp_path), *rows, limits={"model_bytes": 5}, budget=BOARDS["nano33ble"])
    assert [line.fits for line in both.lines] == [True, True, True, True, False]
    write_page(page_of(both), both.to_json(), tmp_path / "ladder.md")
    assert "| fits nano33ble and limits |" in (tmp_path / "ladder.md").read_text()
    tight = a_table(Cache(tmp_path), *rows, limits={"model_bytes": 4})
    assert not any(line.fits for line in tight.lines)
    unjudged = a_table(Cache(tmp_path), *rows, limits={"accuracy_drop": 0.0})  # which a ladder does not measure
    assert [line.fits for line in unjudged.lines] == [None] * 5


def test_limits_stand_beside_the_experiment(tmp_path):
    path = tmp_path / "experiment.py"
    assert limits_beside(path, "native") == {}
    (tmp_path / "boardproof.toml").write_text("[limits]\nflash_bytes = 9\nticks = 5\n[limits.native]\nticks = 7\n")
    assert limits_beside(path, "native") == {"flash_bytes": 9, "ticks": 7}
    assert limits_beside(path, "mps2-an386") == {"flash_bytes": 9, "ticks": 5}
    (tmp_path / "boardproof.toml").write_text("[limits]\nflash_byte = 9\n")
    with pytest.raises(InputError) as caught:
        limits_beside(path, "native")
    assert caught.value.message == "boardproof.toml has an unknown limit: flash_byte in [limits]."
    assert caught.value.hint == "Did you mean flash_bytes?"


def test_what_is_missing_and_what_differs_is_bad_news(tmp_path):
    rows = ((a_row("a", "wrong"), a_result("wrong", exact=99)), (a_row("b", "gone"), None))
    found = a_table(Cache(tmp_path), *rows, failures={"b": Failure("It crashed.", "See the log.")})
    assert not found.agrees
    assert not found.is_complete
    write_page(page_of(found), found.to_json(), tmp_path / "ladder.md")
    text = (tmp_path / "ladder.md").read_text()
    assert "0 of 1 that run are exact; 1 results are missing" in text
    assert "| gone | int8 | It crashed. See the log. |" in text
    assert "| NO |" in text


def test_the_html_shows_every_variant_where_it_is_pointed_at(tmp_path):
    refused = replace(a_result("r&d <b>", 0.97), board=None, reason="weights are float16")
    found = a_table(
        Cache(tmp_path),
        (a_row("c", "control"), a_result("control", 0.95, flash=50_000)),
        (a_row("a", "small", "c"), a_result("small", 0.90)),
        (a_row("b", "r&d <b>"), refused),
    )
    write_page(page_of(found), found.to_json(), tmp_path / "ladder.html")
    text = (tmp_path / "ladder.html").read_text()
    assert text.count("<svg") == 3
    for title in ("small, int8: 0.9", "control, int8: 0.95", "r&amp;d &lt;b&gt;, int8: 0.97"):
        assert text.count(f"<title>{title}</title>") == 3
    assert "weights are float16" in text
    assert "r&d <b>" not in text
    for name in ("front", "variants", "controls", "does not run"):
        assert f">{name}</text>" in text


def test_json_is_what_the_documentation_says(tmp_path):
    found = a_table(Cache(tmp_path), (a_row("a", "small"), a_result("small")))
    document = json.loads(found.to_json())
    assert set(document) == {"schema", "boardproof", "experiment", "board", "runtime", "budget", "limits", "rows"}
    documented = Path(__file__).parents[2].joinpath("docs", "smaller.md").read_text(encoding="utf-8")
    for name in (*document, *document["rows"][0], *document["rows"][0]["seeds"][0]):
        assert f"`{name}`" in documented


def test_a_result_that_cannot_be_read_is_none(tmp_path):
    cache = Cache(tmp_path)
    cache.keep_result("a", a_result("small"))
    assert cache.result("a") == a_result("small")
    (tmp_path / "results" / "a.json").write_text("{")
    assert cache.result("a") is None
    (tmp_path / "results" / "a.json").write_text('{"label": "of another version"}')
    assert cache.result("a") is None


def test_a_model_is_there_whole_or_not_at_all(tmp_path):
    cache = Cache(tmp_path)

    def half(folder: Path) -> None:
        (folder / "model.keras").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(InputError) as caught:
        cache.keep_model("a", half)
    assert "No space left on device" in caught.value.message
    assert "what is done is kept" in caught.value.hint
    assert cache.model("a") is None
    assert list((tmp_path / "models").iterdir()) == []


def test_a_full_disk_loses_no_result(tmp_path, monkeypatch):
    cache = Cache(tmp_path)
    cache.keep_result("a", a_result("small"))

    def full(path: Path, data: bytes) -> None:
        raise InputError(f"{path} cannot be written: No space left on device.", "Choose a place that can be written.")

    monkeypatch.setattr(cache_module, "write_atomically", full)
    with pytest.raises(InputError):
        cache.keep_result("b", a_result("other"))
    cache.keep_failure("b", Failure("full"))  # which cannot be written either, and need not be
    assert cache.result("a") == a_result("small")
    assert cache.result("b") is None


def test_of_two_that_made_the_same_model_one_is_kept(tmp_path):
    cache = Cache(tmp_path)
    first = cache.keep_model("a", lambda folder: (folder / "by").write_text("first") and None)
    second = cache.keep_model("a", lambda folder: (folder / "by").write_text("second") and None)
    assert first == second
    assert (first / "by").read_text() == "first"


def test_what_one_process_computes_another_waits_for(tmp_path):
    cache, order = Cache(tmp_path), []

    def second() -> None:
        with cache.lock("a"):
            order.append("second")

    with cache.lock("a"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_the_cache_knows_its_size_and_can_be_emptied(tmp_path):
    cache = Cache(tmp_path)
    cache.keep_result("a", a_result("small"))
    cache.keep_ladder("experiment", {"rows": []})
    assert cache.ladders() == ("experiment",)
    assert cache.size_bytes() > 500
    cache.clean()
    assert cache.size_bytes() == 0
    with pytest.raises(InputError) as caught:
        cache.ladder("experiment")
    assert "There is no ladder experiment" in caught.value.message
    assert "Ladders there: none" in caught.value.hint


def test_a_thousand_variants_are_shown_without_tensorflow_and_experiment(tmp_path):
    cache = Cache(tmp_path)
    rows = [a_row(f"k{i}", f"variant {i}") for i in range(1000)]
    for i, row in enumerate(rows):
        cache.keep_result(row["key"], a_result(row["label"], 0.5 + i / 2500, flash=10_000 + i))
    limits = {"flash_bytes": 10_499}
    cache.keep_ladder("experiment", {"board": "mps2-an386", "runtime": "aot", "rows": rows, "limits": limits})
    assert [row["fits"] for row in shown_alone("--storage", str(tmp_path))["rows"]] == [True] * 500 + [False] * 500


def test_what_runs_with_another_seed_only_is_shown_all_the_same(tmp_path):
    found = a_table(
        Cache(tmp_path),
        (a_row("a0", "tight"), replace(a_result("tight", 0.9), board=None, reason="too large")),
        (a_row("a1", "tight"), a_result("tight", 0.8, seed=1)),
    )
    write_page(page_of(found), found.to_json(), tmp_path / "ladder.html")
    assert "tight" in (tmp_path / "ladder.html").read_text()


def test_a_file_is_no_folder_for_models(tmp_path):
    (tmp_path / "models").write_text("mine")
    with pytest.raises(InputError) as caught:
        make_folder(tmp_path / "models")
    assert caught.value.message == f"{tmp_path / 'models'} cannot be a folder for models: File exists."
    assert caught.value.hint == "Give another one with --keep."
