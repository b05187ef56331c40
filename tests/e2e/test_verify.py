"""Firmware that is wrong, runs that are cut short, and samples shared by several boards."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from boardproof import pipeline
from boardproof.cli.commands import run_command
from boardproof.errors import DeviceError, InputError
from boardproof.progress import Silent
from boardproof.settings import Settings
from support.served_board import ServedBoard
from support.small_network import small_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from boardproof.report.document import Report

pytestmark = pytest.mark.native

SAMPLES = 40


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """small.tflite, samples.npz, and the project "project", built for this machine."""
    home = tmp_path_factory.mktemp("home")
    (home / "small.tflite").write_bytes(small_network())
    x = np.random.default_rng(2).integers(-128, 128, (SAMPLES, 9, 7, 4)).astype(np.int8)
    np.savez(home / "samples.npz", x=x)
    np.savez(home / "other.npz", x=x[::-1])
    target = ["--board", "native", "--out", str(home / "project")]
    assert run_command(["generate", str(home / "small.tflite"), *target]) == 0
    assert run_command(["build", str(home / "project"), "--quiet"]) == 0
    return home


@pytest.fixture
def served(home: Path) -> Iterator[Callable[[], ServedBoard]]:
    """Starts boards that run the firmware of `home`, on ports of their own."""
    elf = home / "project" / ".pio" / "build" / "native" / "firmware.elf"
    with ExitStack() as stack:
        yield lambda: stack.enter_context(ServedBoard(elf))


class Listener(Silent):
    """Keeps what it is told, and does something when so many samples are done."""

    def __init__(self, at: int = -1, action: Callable[[], None] = lambda: None) -> None:
        self.at, self.action = at, action
        self.seen: list[int] = []
        self.warnings: list[str] = []

    def advance(self, done: int, total: int) -> None:
        if total == SAMPLES:
            self.seen.append(done)
            if done == self.at:
                self.action()

    def warn(self, text: str) -> None:
        self.warnings.append(text)


def settings(home: Path, out: Path, *ports: str, samples: str = "samples.npz", resume: bool = False) -> Settings:
    return Settings(
        model=home / "small.tflite",
        samples=home / samples,
        board="nano33ble" if ports else "native",
        out=out,
        port=ports,
        resume=resume,
    )


def results(report: Report) -> dict[str, Any]:
    """What must not depend on how the samples were run; ticks are time here, and vary."""
    document = report.to_dict()
    return {name: document[name] for name in ("model", "verdict", "litert", "kernels", "arena_used_bytes")}


# --- Wrong firmware ---


def verify_broken(home: Path, tmp_path: Path, table: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, Path]:
    """Status and output of verify after the first value of a table in the firmware was changed."""
    project = tmp_path / "broken"
    shutil.copytree(home / "project", project)
    source = project / "src" / "model_weights.c"
    head, separator, rest = source.read_text().partition(f"{table}[")
    values, equals, numbers = rest.partition("= {\n")
    first, comma, others = numbers.partition(",")
    assert separator
    assert equals
    assert comma
    source.write_text(f"{head}{separator}{values}{equals}{int(first) // 2 + 3}{comma}{others}")
    report = tmp_path / "report"
    model, samples = str(home / "small.tflite"), str(home / "samples.npz")
    arguments = ["--board", "native", "--out", str(project), "--samples", samples, "--quiet"]
    statuses = [
        run_command(["verify", model, *arguments, "--report", str(report.with_suffix(suffix))])
        for suffix in (".json", ".md", ".html")
    ]
    assert statuses == [1, 1, 1]
    return statuses[0], capsys.readouterr().out, report


@pytest.mark.parametrize(
    ("table", "index", "name"),
    [("model_op1_bias", 1, "DEPTHWISE_CONV_2D"), ("model_op4_multiplier", 4, "FULLY_CONNECTED")],
)
def test_the_operator_with_a_changed_constant_is_named(
    table: str, index: int, name: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, path = verify_broken(home, tmp_path, table, capsys)
    report = json.loads(path.with_suffix(".json").read_text())
    found = report["divergence"]
    assert (found["index"], found["op"]) == (index, name)
    assert report["verdict"]["exact"] < SAMPLES
    assert found["sample"] == report["verdict"]["first_bad"]["sample"]
    place = found["first"] - found["shown_from"]
    assert found["expected"][:place] == found["got"][:place]
    assert found["expected"][place] != found["got"][place]
    assert sum(report["verdict"]["tensors"][0]["histogram"].values()) == SAMPLES * 10
    sentence = f"the first operator that differs, in sample {found['sample']}: {index} {name}"
    assert sentence in " ".join(out.split())
    assert sentence in path.with_suffix(".md").read_text()
    row = f"| {found['first']} | {found['expected'][place]} | {found['got'][place]} | differs |"
    assert row in path.with_suffix(".md").read_text()
    assert f"{index} {name}" in path.with_suffix(".html").read_text()


# --- Cut short, and gone on with ---


def test_a_run_goes_on_where_the_board_was_lost(home: Path, tmp_path: Path, served) -> None:
    whole = pipeline.verify_existing(settings(home, tmp_path / "whole", served().url), Listener())
    board = served()
    first = Listener(at=25, action=board.kill)
    with pytest.raises(DeviceError):
        pipeline.verify_existing(settings(home, tmp_path / "p", board.url), first)
    assert first.seen[-1] == 25
    assert "25 of 40 samples are kept" in first.warnings[-1]
    assert "--resume" in first.warnings[-1]
    second = Listener()
    report = pipeline.verify_existing(settings(home, tmp_path / "p", board.url, resume=True), second)
    assert second.seen == list(range(26, SAMPLES + 1))
    assert results(report) == results(whole)
    assert report.agrees
    assert (report.boards[0].samples, report.ticks.min > 0) == (SAMPLES, True)
    assert not list(tmp_path.glob("*checkpoint*"))


def test_an_interrupted_run_of_firmware_built_here_goes_on(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "project", tmp_path / "p")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(settings(home, tmp_path / "p"), Listener(at=7, action=interrupt))
    listener = Listener()
    assert pipeline.run(settings(home, tmp_path / "p", resume=True), listener).agrees
    assert listener.seen[0] == 8
    assert listener.warnings == []


def test_a_checkpoint_of_another_run_is_refused(home: Path, tmp_path: Path, served) -> None:
    board = served()
    with pytest.raises(DeviceError):
        pipeline.verify_existing(settings(home, tmp_path / "p", board.url), Listener(at=5, action=board.kill))
    with pytest.raises(InputError) as caught:
        pipeline.verify_existing(
            settings(home, tmp_path / "p", board.url, samples="other.npz", resume=True), Listener()
        )
    assert "is of another run: the samples changed since" in caught.value.message
    assert "--resume" in caught.value.hint
    shutil.copytree(home / "project", tmp_path / "p")
    with pytest.raises(InputError) as caught:  # firmware that is started here, not what was on the board
        pipeline.verify_existing(settings(home, tmp_path / "p", resume=True), Listener())
    assert "the firmware changed since" in caught.value.message


def test_without_a_checkpoint_resume_runs_everything_and_says_so(home: Path, tmp_path: Path, served) -> None:
    listener = Listener()
    report = pipeline.verify_existing(settings(home, tmp_path / "p", served().url, resume=True), listener)
    assert report.agrees
    assert len(listener.seen) == SAMPLES
    assert "there is no checkpoint" in listener.warnings[0]


# --- Boards that have the firmware already, and several of them ---


def test_a_board_that_crashed_before_it_was_asked_says_so_at_once(home: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(home / "project", project)
    source = project / "lib" / "boardproof_board" / "native.c"
    source.write_text(source.read_text().replace('return "";', 'return "Mbed error 0x80ff013d; pc 0x12345";'))
    listener = Listener()
    assert pipeline.verify_existing(settings(home, project), listener).agrees
    assert listener.warnings == ["the board was reset before this: Mbed error 0x80ff013d; pc 0x12345"]


def test_a_board_that_has_the_firmware_needs_no_tools(
    home: Path, tmp_path: Path, served, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    board = served()
    monkeypatch.setenv("PATH", str(tmp_path))
    arguments = ["--board", "nano33ble", "--port", board.url, "--out", str(tmp_path / "none"), "--random", "3"]
    for suffix in (".json", ".md", ".html"):
        report = tmp_path / f"report{suffix}"
        assert run_command(["verify", str(home / "small.tflite"), *arguments, "--report", str(report)]) == 0
    out = capsys.readouterr().out
    assert "exact: 3 of 3 samples" in out
    assert "flash not known" in " ".join(out.split())
    document = json.loads((tmp_path / "report.json").read_text())
    assert (document["flash_bytes"], document["ram_bytes"], document["runtime"]) == (None, None, "aot")
    assert "| flash | not known |" in (tmp_path / "report.md").read_text()
    assert not (tmp_path / "none").exists()


def test_several_boards_share_the_samples(home: Path, tmp_path: Path, served) -> None:
    alone = pipeline.verify_existing(settings(home, tmp_path / "one", served().url), Listener())
    boards = [served(), served()]
    listener = Listener()
    report = pipeline.verify_existing(settings(home, tmp_path / "two", *(b.url for b in boards)), listener)
    assert results(report) == results(alone)
    assert listener.seen == list(range(1, SAMPLES + 1))
    assert sum(share.samples for share in report.boards) == SAMPLES
    assert {share.board for share in report.boards} <= {b.url for b in boards}
    assert {repeat.board for repeat in report.repeats} <= {b.url for b in boards}
    assert [b.connections for b in boards] == [1, 1]


def test_when_one_of_several_boards_fails_it_is_named_and_the_rest_is_kept(home: Path, tmp_path: Path, served) -> None:
    boards = [served(), served()]
    urls = [b.url for b in boards]
    with pytest.raises(DeviceError) as caught:
        pipeline.verify_existing(settings(home, tmp_path / "p", *urls), Listener(at=10, action=boards[1].kill))
    assert caught.value.message.startswith(f"{urls[1]}: ")
    listener = Listener()
    report = pipeline.verify_existing(settings(home, tmp_path / "p", urls[0], resume=True), listener)
    assert report.agrees
    assert set(listener.seen) <= set(range(11, SAMPLES + 1))


def test_a_port_given_twice_is_refused(home: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        pipeline.verify_existing(settings(home, tmp_path, "socket://a:1", "socket://a:1"), Listener())
    assert caught.value.message == "The same port was given twice."


@pytest.mark.qemu
def test_the_same_sample_takes_as_many_instructions_again(tmp_path: Path, home: Path) -> None:
    report = pipeline.run(Settings(model=home / "small.tflite", random=6, out=tmp_path / "p"), Listener())
    (repeat,) = report.repeats
    assert repeat.ticks[0] == repeat.ticks[1]
    assert repeat.ops == ()
    assert report.warnings == ()
    assert report.agrees
