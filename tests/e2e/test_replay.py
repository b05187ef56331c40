"""Applications on this machine and on the emulated board: features, scores, decisions, faults and labels."""

from __future__ import annotations

import html
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.cli.commands import run_command
from boardproof.device.build.compile import build
from boardproof.device.protocol.app_session import AppSession, StepFlag, StreamFault
from boardproof.device.reach.links import open_link
from boardproof.errors import DeviceError
from boardproof.model.graph import DType
from boardproof.model.recordings import Form, read_recording
from boardproof.project.apps.render import render_application
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.proof.agreement import differences
from boardproof.proof.expectation import expect
from boardproof.proof.playing import Player
from e2e.test_run import reference_model
from firmware.test_arduino_core import HEAP
from support.plugin_project import make_project, run_pytest
from support.small_application import RATE, SETTINGS, THEN, sound, write_application, write_sound

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

BOARD_PARAMETERS = [
    pytest.param("native", marks=pytest.mark.native),
    pytest.param("mps2-an386", marks=pytest.mark.qemu),
]

MICRO_SPEECH = """
[app]
name = "yes-no"
version = "1.0"
sensor = "microphone"
rate = 16000
front-end = "{front}"
model = "{network}"
hop = 320
labels = ["silence", "unknown", "yes", "no"]

[app.decision]
threshold = 0.8
silent = ["silence", "unknown"]
"""


WOKEN = """
[app.then]
model = "{network}"
labels = ["nothing", "something", "yes again", "no then"]
every = 2
wait-ms = 500
for-ms = 1500

[app.then.decision]
average = 3
threshold = 0.6
repeat-ms = 1000
silent = ["nothing", "something", "yes again"]
"""


@pytest.fixture(scope="module", params=BOARD_PARAMETERS)
def board(request):
    return request.param


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """With a second network, which changes nothing of what the first one does."""
    return read_application(write_application(tmp_path_factory.mktemp("application"), SETTINGS + THEN))


@pytest.fixture(scope="module")
def firmware(application, board, tmp_path_factory):
    project = render_application(application, BOARDS[board], RUNTIMES["aot"], Options())
    lines: list[str] = []
    built = build(project, tmp_path_factory.mktemp(board) / "project", on_line=lines.append)
    assert not [line for line in lines if "warning:" in line]
    return built


@pytest.fixture
def session(firmware, application, board) -> Iterator[AppSession]:
    with open_link(firmware, BOARDS[board]) as link:
        yield AppSession(link, application.network.sha256)


def test_a_board_says_which_application_it_has(session, application):
    about = session.about()
    assert (about.name, about.version, about.sensor) == ("loud or not", "1.2", "microphone")
    assert (about.digest, about.rate, about.sample_bytes) == (application.digest, RATE, 2)
    assert about.capacity == application.capacity


def test_an_application_has_no_heap_and_one_arena(firmware, board):
    nm = "nm" if board == "native" else "arm-none-eabi-nm"
    listed = subprocess.run([nm, firmware.elf], capture_output=True, text=True, check=True)
    symbols = {line.split()[-1].partition("@")[0] for line in listed.stdout.splitlines()}
    assert not symbols & HEAP
    assert [name for name in symbols if name.endswith("arena")] == ["shared_arena"]
    assert {"frontend_kept", "second_kept", "first_scores", "second_scores"} <= symbols


def decisions(application, played, expected):
    assert differences(played, expected) == ()
    return [(round(d.position / application.rate, 3), application.labels[d.label]) for d in expected.heard]


def test_every_stream_begins_anew(session, application):
    samples = sound([(0.3, 0.5)])
    found = []
    for _ in range(2):
        played = Player(session, application).play([(0, samples)])
        found.append(decisions(application, played, expect(application, played.hops)))
    assert found[0] == found[1]
    assert [label for _, label in found[0]] == ["loud"]
    assert 0.3 < found[0][0][0] < 0.5


@pytest.mark.parametrize(
    ("loud", "second"),
    [([(0.3, 0.5)], ["goes on"]), ([(0.3, 0.35)], []), ([(0.3, 0.35), (0.6, 0.9)], ["goes on"]), ([], [])],
    ids=["goes on", "over", "over, then goes on", "nothing"],
)
def test_a_decision_starts_a_second_network(session, application, loud, second):
    played = Player(session, application).play([(0, sound(loud))])
    expected = expect(application, played.hops)
    assert differences(played, expected) == ()
    assert [application.then.labels[d.label] for d in expected.second.heard] == second
    woken = [decision.position for decision in expected.heard]
    assert len(woken) == len(loud)
    for run in expected.second.runs:  # every second hop, from 60 ms after a decision on and for 200 ms
        assert any(0.06 * RATE <= expected.positions[run] - at < 0.26 * RATE for at in woken)
    assert len(expected.second.runs) == 25 * len(loud)
    assert (max(played.ticks) > 0) == bool(played.steps)


def test_a_run_of_the_second_network_that_differs_is_found(session, application):
    played = Player(session, application).play([(0, sound([(0.3, 0.5)]))])
    expected = expect(application, played.hops)
    hop = expected.second.runs[3]
    second = {at: step for at, step in played.second.items() if at != hop}
    (found,) = differences(replace(played, second=second), expected)
    assert (found.hop, found.what) == (hop, "second: the network did not run")
    decided = next(at for at, step in played.second.items() if StepFlag.DECIDED in step.flags)
    step = replace(played.second[decided], label=1, scores_crc=1)
    first, last = differences(replace(played, second={**played.second, decided: step}), expected)
    assert first.what.startswith("second: its scores are")
    assert last.what.startswith("second: it decided label 1 with the sum")
    assert "not label 3 with the sum" in last.what


@pytest.mark.parametrize(
    ("pushes", "faults"),
    [
        ([(0, 3000), (3040, 8000)], [(StreamFault.FILLED, 3000, 40)]),
        ([(0, 3000), (3400, 8000)], [(StreamFault.GAP, 3000, 400)]),
        ([(0, 3000), (2900, 8000)], [(StreamFault.LATE, 2900, 100)]),
        ([(0, 3000)], []),
    ],
    ids=["a short gap", "a long gap", "late", "stops"],
)
def test_faults_are_reported_and_lose_nothing_else(session, application, pushes, faults):
    samples = sound([(0.1, 0.3), (0.6, 0.8)])
    played = Player(session, application).play([(begin, samples[begin:end]) for begin, end in pushes])
    expected = expect(application, played.hops)
    assert [(note.fault, note.position, note.samples) for note in played.notes] == faults
    heard = [label for _, label in decisions(application, played, expected)]
    assert heard == ["loud"] * (2 if pushes[-1][1] == 8000 else 1)
    assert bool(expected.restarts) == (faults[:1] != [] and faults[0][0] is StreamFault.GAP)


def test_a_network_that_is_too_slow_loses_samples_and_says_so(session, application):
    samples = sound([(0.2, 0.9)], seconds=1.5)
    slow = Player(session, application).play_in_time(samples, lambda _: 2.5 * application.hop_s)
    overruns = [note for note in slow.notes if note.fault is StreamFault.OVERRUN]
    assert overruns
    assert slow.high_water == application.capacity
    decisions(application, slow, expect(application, slow.hops))  # what it did hear, it did as the host does
    in_time = Player(session, application).play_in_time(samples, lambda _: 0.5 * application.hop_s)
    assert in_time.notes == ()
    assert in_time.high_water < application.capacity
    whole = Player(session, application).play([(0, samples)])
    assert decisions(application, in_time, expect(application, in_time.hops)) == decisions(
        application, whole, expect(application, whole.hops)
    )


def test_what_is_pushed_comes_back(session, application):
    samples = sound([(0.0, 0.1)])[:200]
    session.begin()
    assert session.push(0, samples.tobytes(), 2) == application.capacity == 192
    position, data = session.drain(2)
    assert position == 0
    np.testing.assert_array_equal(np.frombuffer(data, np.int16), samples[:192, 0])


def test_a_feature_that_differs_is_found(session, application):
    played = Player(session, application).play([(0, sound([]))])
    expected = expect(application, played.hops)
    features = expected.features.copy()
    features[17, 3] ^= 1
    (found,) = differences(played, replace(expected, features=features))
    assert (found.hop, found.position) == (17, expected.positions[17])
    assert "1 of 8 features differ, first [3]" in found.what


def run_json(capsys, *arguments):
    status = run_command(["replay", *arguments, "--json", "--quiet"])
    captured = capsys.readouterr()
    assert captured.out, captured.err
    return status, json.loads(captured.out)


@pytest.mark.native
def test_labels_settings_and_limits(tmp_path, capsys):
    app = write_application(tmp_path / "app", SETTINGS + THEN)
    recording = write_sound(tmp_path / "day.wav", sound([(0.3, 0.5), (1.2, 1.4)], seconds=2.0))
    labels = "0.3\t0.5\tloud\n0.7\t0.8\tloud\n1.2\t1.4\tloud\n1.5\t1.6\tquiet\n"
    (tmp_path / "day.txt").write_text(f"{labels}0.35\t0.5\tgoes on\n1.25\t1.4\tgoes on\n")
    page = tmp_path / "replay.html"
    target = ("--board", "native", "--out", str(tmp_path / "project"), "--labels", str(tmp_path / "day.txt"))
    status, report = run_json(capsys, str(app), str(recording), *target, "--tune", "--report", str(page))
    assert status == 0
    assert report["agrees"] is True
    assert [(d["what"], round(d["at_s"], 1)) for d in report["recordings"][0]["decisions"]] == [
        ("loud", 0.3),
        ("goes on", 0.4),
        ("loud", 1.2),
        ("goes on", 1.3),
    ]
    overall = report["overall"]
    assert (overall["hits"], overall["misses"], overall["false_accepts"]) == (4, 1, 0)
    assert 0 < overall["median_latency_s"] < 0.1
    assert report["tuning"]["proposed"]["misses"] == 1
    then = report["tuning_then"]["proposed"]
    assert (then["misses"], then["false_accepts"], then["average"], then["release"]) == (0, 0, 1, None)
    text = page.read_text()
    assert text.count("<svg") >= 3
    assert text.count("Proposed: average = ") == 2
    assert "Settings of [app.then.decision] that were tried" in text
    assert "The second network's averaged scores of day.wav" in html.unescape(text)


@pytest.mark.native
def test_recordings_that_do_not_fit(tmp_path, capsys):
    app = write_application(tmp_path / "app")
    other = write_sound(tmp_path / "other.wav", sound([]), rate=16001)
    assert run_command(["replay", str(app), str(other), "--board", "native"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "has 16001 samples a second; the application takes 8000. 16001 samples a second are not resampled" in said
    assert "sox in.wav -r 8000 out.wav" in said
    short = write_sound(tmp_path / "short.wav", sound([])[:63])
    assert run_command(["replay", str(app), str(short), "--board", "native"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "short.wav is too short: 0.008 s, and a window alone takes 0.008 s" in said
    assert "Record again, for longer" in said
    day = write_sound(tmp_path / "day.wav", sound([]))
    (tmp_path / "labels").mkdir()
    assert run_command(["replay", str(app), str(day), "--board", "native", "--labels", str(tmp_path / "labels")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "labels has no labels for day.wav" in said
    assert "A recording's labels have its name, and end in .txt or .csv" in said
    assert run_command(["replay", str(app), "--board", "native"]) == 2
    assert "There is nothing to play" in capsys.readouterr().err


def at_rate(samples, rate):
    """The same sound at another rate, by straight lines."""
    places = np.arange(0, len(samples) - 1, RATE / rate)
    return np.interp(places, np.arange(len(samples)), samples[:, 0]).astype(np.int16)[:, None]


@pytest.mark.parametrize("target", BOARD_PARAMETERS)
def test_a_sensor_of_another_rate_is_resampled_on_the_board(target, tmp_path, capsys):
    """Recordings at the sensor's rate are, and the host makes those of a third rate the sensor's first."""
    app = write_application(tmp_path / "app", SETTINGS.replace("rate = 8000", "rate = 8000\nsensor-rate = 12000"))
    loud = sound([(0.3, 0.5)])
    recordings = [
        write_sound(tmp_path / f"{rate}.wav", loud if rate == RATE else at_rate(loud, rate), rate)
        for rate in (12000, 48000, RATE)
    ]
    status, report = run_json(
        capsys, str(app), *map(str, recordings), "--board", target, "--out", str(tmp_path / "project")
    )
    assert status == 0
    assert report["agrees"] is True
    assert report["resampling"] == {"given": 12000, "wanted": 8000, "taps": 36, "delay_ms": 1.5}
    assert [r["resampled_from"] for r in report["recordings"]] == [None, 48000, RATE]
    decided = [d for r in report["recordings"] for d in r["decisions"]]
    assert [d["what"] for d in decided] == ["loud"] * 3
    assert max(d["at_s"] for d in decided) - min(d["at_s"] for d in decided) <= 0.008, "two hops"
    assert 0.31 < decided[0]["at_s"] < 0.35


def test_resampled_streams_have_faults_at_their_times(board, tmp_path):
    folder = write_application(tmp_path / "app", SETTINGS.replace("rate = 8000", "rate = 8000\nsensor-rate = 12000"))
    application = read_application(folder)
    built = build(render_application(application, BOARDS[board], RUNTIMES["aot"], Options()), tmp_path / "project")
    samples = at_rate(sound([(0.1, 0.3), (0.6, 0.8)]), 12000)
    pushes = [(0, samples[:3000]), (3050, samples[3050:6000]), (5900, samples[5900:7000]), (8000, samples[8000:])]
    with open_link(built, BOARDS[board]) as link:
        session = AppSession(link, application.network.sha256)
        played = Player(session, application).play(pushes)
        slow = Player(session, application).play_in_time(samples, lambda _: 2.5 * application.hop_s)
    noted = [(note.fault, note.position, note.samples) for note in played.notes]
    assert noted == [(StreamFault.FILLED, 3000, 50), (StreamFault.LATE, 5900, 100), (StreamFault.GAP, 7000, 1000)]
    assert differences(played, expect(application, played.hops)) == ()
    assert any(hop.restarted for hop in played.hops)
    assert StreamFault.OVERRUN in {note.fault for note in slow.notes}
    assert slow.high_water == application.capacity
    assert differences(slow, expect(application, slow.hops)) == ()


@pytest.mark.qemu
def test_a_hop_that_takes_too_long_fails(tmp_path, capsys):
    settings = SETTINGS.replace("hop = 32", "hop = 32\nhop-percent = 0.1")
    app = write_application(tmp_path / "app", settings)
    recording = write_sound(tmp_path / "a.wav", sound([], seconds=0.2))
    status, report = run_json(capsys, str(app), str(recording), "--out", str(tmp_path / "project"))
    assert status == 1
    assert report["agrees"] is True
    assert report["passes"] is False
    assert report["ticks"]["share"] > 0.001


@pytest.mark.parametrize("target", ["native", "mps2-an386"])
def test_micro_speech_as_it_ships(target, tmp_path, capsys):
    """Its scores are those of front end and network in a chain; silence decides nothing."""
    names = {part: reference_model(f"{name}.tflite") for part, name in (
        ("front", "audio_preprocessor_int8"), ("network", "micro_speech_quantized")
    )}  # fmt: skip
    clips = [reference_model(f"../clips/{name}_1000ms.wav") for name in ("yes", "no", "noise", "silence")]
    (tmp_path / "boardproof.toml").write_text(MICRO_SPEECH.format(**names))
    arguments = (str(tmp_path), *clips, "--board", target, "--out", str(tmp_path / "project"))
    status, report = run_json(capsys, *arguments)
    assert status == 0
    found = {r["name"].removesuffix("_1000ms.wav"): r for r in report["recordings"]}
    assert {name: [d["what"] for d in r["decisions"]] for name, r in found.items()} == {
        "yes": ["yes"], "no": ["no"], "noise": [], "silence": [],
    }  # fmt: skip
    assert {name: r["last_scores"] for name, r in found.items() if name != "silence"} == {
        "yes": [-128, -128, 127, -128], "no": [-128, -114, -128, 114], "noise": [120, -125, -126, -125],
    }  # fmt: skip
    assert [(r["hops"], r["runs"]) for r in report["recordings"]] == [(49, 1)] * 4
    if target == "mps2-an386":
        assert report["flash_bytes"] <= 64 * 1024
        assert report["ram_bytes"] <= 24 * 1024


@pytest.mark.qemu
def test_yes_wakes_a_network_that_listens_for_no(tmp_path, capsys):
    """micro_speech's network twice, in one arena: the first decides yes alone, the second, half a second on, no."""
    names = {part: reference_model(f"{name}.tflite") for part, name in (
        ("front", "audio_preprocessor_int8"), ("network", "micro_speech_quantized")
    )}  # fmt: skip
    settings = MICRO_SPEECH.replace('silent = ["silence", "unknown"]', 'silent = ["silence", "unknown", "no"]')
    settings = settings.replace("threshold = 0.8", "threshold = 0.8\nrepeat-ms = 1000") + WOKEN
    (tmp_path / "boardproof.toml").write_text(settings.format(**names))
    recordings = []
    for words in ("yes-no", "no-yes", "noise-no"):
        clips = [reference_model(f"../clips/{word}_1000ms.wav") for word in (*words.split("-"), "silence")]
        samples = np.concatenate([read_recording(Path(clip), Form(16000, DType.INT16, (1,))).samples for clip in clips])
        recordings.append(str(write_sound(tmp_path / f"{words}.wav", samples, rate=16000)))
    status, report = run_json(capsys, str(tmp_path), *recordings, "--out", str(tmp_path / "project"))
    assert status == 0
    found = {r["name"]: [d["what"] for d in r["decisions"]] for r in report["recordings"]}
    assert found == {"yes-no.wav": ["yes", "no then"], "no-yes.wav": ["yes"], "noise-no.wav": []}
    assert [r["second_runs"] > 0 for r in report["recordings"]] == [True, True, False]
    assert report["ticks"]["most"] > report["ticks"]["network"] + report["ticks"]["second"] > 800_000
    assert report["ram_bytes"] <= 17_000


@pytest.mark.native
def test_recording_watching_and_generating(tmp_path, capsys):
    app = write_application(tmp_path / "app")
    samples = sound([(0.2, 0.4)])
    source = write_sound(tmp_path / "day.wav", samples)
    target = ("--board", "native", "--out", str(tmp_path / "project"))
    kept = tmp_path / "heard.wav"
    assert run_command(["record", str(app), str(source), *target, "--seconds", "0.6", "--save", str(kept)]) == 0
    assert "4,800 samples, 0 of them missing" in capsys.readouterr().out
    np.testing.assert_array_equal(read_recording(kept, read_application(app).form).samples, samples[:4800])
    assert run_command(["watch", str(app), str(source), *target, "--seconds", "0.5"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if " s  quiet " in line]
    assert len(lines) == 117
    assert len([line for line in lines if line.endswith("-> loud")]) == 1
    assert run_command(["record", str(app), *target, "--save", str(kept)]) == 2
    assert "An emulated board has no sensor" in capsys.readouterr().err
    assert run_command(["generate", str(app), "--app", *target]) == 0
    assert (tmp_path / "project" / "src" / "app_config.c").is_file()
    assert run_command(["generate", str(app), "--app", "--runtime", "tflm", "--share-arena", *target]) == 2
    told = capsys.readouterr().err
    assert "--runtime, --share-arena cannot be said of an application" in told
    assert "Leave it out. Applications are compiled with aot" in told


def test_gaps_in_a_recording_are_told(session, application):
    session.begin()
    session.push(0, sound([])[:50].tobytes(), 2)
    session.push(90, sound([])[:50].tobytes(), 2)
    assert [session.drain(2)[0] for _ in range(2)] == [0, 140]  # short ones are zeros, and notes say so
    assert [note.fault for note in session.status().notes] == [StreamFault.FILLED]
    with pytest.raises(DeviceError) as caught:
        session.drain(19_200)
    assert (
        "A sample of this application has 19,200 bytes, and the device hands over 1,018 at most."
        in caught.value.message
    )
    assert "in a sketch of your own" in caught.value.hint


@pytest.mark.native
def test_watching_shows_both_networks(tmp_path, capsys):
    app = write_application(tmp_path / "app", SETTINGS + THEN)
    source = write_sound(tmp_path / "day.wav", sound([(0.2, 0.5)]))
    target = ("--board", "native", "--out", str(tmp_path / "project"))
    assert run_command(["watch", str(app), str(source), *target, "--seconds", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("-> ")[1] for line in lines if "->" in line] == ["loud", "goes on"]
    assert len([line for line in lines if " s  over " in line]) == 25


@pytest.mark.native
def test_the_fixture(pytester, monkeypatch, tmp_path):
    make_project(pytester, monkeypatch)
    write_application(pytester.path / "app")
    write_sound(pytester.path / "loud.wav", sound([(0.3, 0.5)]))
    pytester.makeini("[pytest]\nboardproof_app = app\nboardproof_board = native\n")
    pytester.makepyfile(
        """
        def test_it(application):
            assert [d.what for d in application.replay("loud.wav").decisions] == ["loud"]
        """
    )
    run_pytest(pytester).assert_outcomes(passed=1)
