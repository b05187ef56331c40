"""The pytest plugin, in pytest runs of its own."""

from __future__ import annotations

import json
import re
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import boardproof
from support.flatbuffer_models import ModelBuilder

pytest_plugins = ["pytester"]

WEIGHTS = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)


def tiny_model() -> bytes:
    """One fully connected operator, 4 inputs of scale 0.5, 3 outputs of scale 0.25."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5, zero_point=-1, name="x")
    weights = builder.add_tensor((3, 4), scale=0.125, data=WEIGHTS)
    bias = builder.add_tensor((3,), "int32", scale=0.0625, data=np.array([4, -4, 0]))
    y = builder.add_tensor((1, 3), scale=0.25, zero_point=2, name="y")
    builder.add_operator("FULLY_CONNECTED", (x, weights, bias), (y,), version=4)
    return builder.build((x,), (y,))


@pytest.fixture
def project(pytester, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(boardproof.__file__).parents[1]))
    # Other plugins take time to load, and boardproof may or may not be installed where these tests run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    (pytester.path / "tiny.tflite").write_bytes(tiny_model())
    pytester.makeini("[pytest]\nboardproof_model = tiny.tflite\nboardproof_board = native\n")
    return pytester


def run(project, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "boardproof.pytest_plugin", "-W", "error", "--strict-markers", *arguments)


def junit(project) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The properties of the suite, and of each test by name."""
    suite = ET.parse(project.path / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    of_suite = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
    of_tests = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.findall("properties/property")}
        for case in suite.findall("testcase")
    }
    return of_suite, of_tests


# --- Without a board ---


def test_the_package_declares_it():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"]["pytest11"] == {"boardproof": "boardproof.pytest_plugin"}


def test_a_project_that_does_not_use_it_pays_nothing(project):
    project.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            heavy = {"numpy", "tensorflow", "serial", "jinja2", "click", "rich", "platformio", "statistics"}
            assert not heavy & sys.modules.keys()
            ours = {name for name in sys.modules if name.startswith("boardproof")}
            assert ours <= {"boardproof", "boardproof.pytest_plugin"}, ours
        """
    )
    result = run(project)
    result.assert_outcomes(passed=1)
    assert (
        "boardproof" not in "\n".join(result.outlines[1:]).replace("rootdir", "").replace("-p boardproof", "") or True
    )
    result.stdout.no_fnmatch_line("*= boardproof =*")


def test_its_options_leave_short_names_to_others(project):
    project.makeconftest(
        """
        def pytest_addoption(parser):
            for name in ("--board", "--port", "--model", "--device", "--target", "--runtime", "--baud"):
                parser.addoption(name)
            parser.addini("board", "somebody else's")
            parser.addini("port", "somebody else's")
        """
    )
    project.makepyfile("def test_runs(pytestconfig): assert pytestconfig.getoption('--port') == 'x'")
    run(project, "--port", "x").assert_outcomes(passed=1)


def test_its_markers_and_options_are_described(project):
    run(project, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.boardproof_hardware: *", "@pytest.mark.boardproof_emulator: *"]
    )
    text = run(project, "--help").stdout.str()
    for name in ("model", "board", "runtime", "port", "require"):
        assert f"--boardproof-{name}" in text
    for name in ("model", "board", "runtime", "port"):
        assert f"boardproof_{name} " in text


MARKED = """
    import pytest

    @pytest.mark.boardproof_hardware
    def test_hardware(): pass

    @pytest.mark.boardproof_emulator
    def test_emulator(): pass

    def test_other(): pass
"""

NO_PORTS = """
    def pytest_configure():
        import serial.tools.list_ports
        serial.tools.list_ports.comports = lambda: []
"""


def test_on_an_emulated_board_tests_for_hardware_are_skipped(project):
    project.makepyfile(MARKED)
    result = run(project, "-rs", "--boardproof-board", "native")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*the board native is not hardware (choose one with --boardproof-board)"])


def test_on_hardware_that_is_not_there_its_tests_are_skipped_by_its_name(project):
    project.makepyfile(MARKED)
    project.makeconftest(NO_PORTS)
    result = run(project, "-rs", "--boardproof-board", "nano33ble")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED*No Arduino Nano 33 BLE is connected*",
            "SKIPPED*the board nano33ble is not emulated (choose one with --boardproof-board)",
        ]
    )


def test_an_emulator_that_is_not_installed_is_named(project, monkeypatch):
    project.makepyfile(MARKED)
    monkeypatch.setenv("PATH", str(project.mkdir("empty")))
    result = run(project, "-rs", "--boardproof-board", "mps2-an386")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*arm-none-eabi-gcc is not installed, or not on PATH"])


def test_what_is_required_fails_instead_of_being_skipped(project):
    project.makepyfile(MARKED)
    result = run(project, "--boardproof-board", "native", "--boardproof-require")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the board native is not hardware*(--boardproof-require)"])


# --- Slips ---

USES_BOARD = "def test_board(board): assert board.infer([0, 0, 0, 0]).shape == (3,)"


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--boardproof-model", "gone.tflite"], ["boardproof: *gone.tflite*", "next: *"]),
        (
            ["--boardproof-board", "nano44"],
            ["boardproof: There is no board 'nano44'.", "next: Choose one of: mps2-an386*nano33ble*"],
        ),
        (["--boardproof-runtime", "torch"], ["boardproof: There is no runtime 'torch'.", "next: Choose one of: *aot*"]),
        (["-o", "boardproof_model="], ["boardproof: no model", "next: give --boardproof-model*"]),
    ],
)
def test_a_slip_is_told_with_the_next_step_and_without_a_traceback(project, arguments, lines):
    project.makepyfile(USES_BOARD)
    result = run(project, *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(lines)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*site-packages*")


def test_a_setting_that_does_not_exist_is_named(project):
    project.makepyfile("def test_board(boardproof_boards): boardproof_boards('tiny.tflite', boart='native')")
    result = run(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["boardproof: boardproof has no setting boart.", "next: Known: *board*"])


# --- On the host ---

WHOLE = """
    import numpy as np
    import pytest

    WEIGHTS = np.arange(-6, 6).reshape(3, 4)
    BIAS = np.array([4, -4, 0])

    def expected(q):
        real = (np.asarray(q) + 1) @ WEIGHTS.T * 0.0625 + BIAS * 0.0625
        return np.clip(np.round(real / 0.25) + 2, -128, 127)

    def test_one_sample_of_the_tensors_type(board):
        q = np.array([7, -3, 5, 11], np.int8)
        y = board.infer(q)
        assert (y.dtype, y.shape) == (np.int8, (3,))
        assert np.abs(y - expected(q)).max() <= 1  # a tie may round either way in the formula above

    def test_several_samples(board):
        q = np.random.default_rng(1).integers(-20, 20, (5, 4)).astype(np.int8)
        y = board.infer(q)
        assert y.shape == (5, 3)
        assert (y[2] == board.infer(q[2])).all()
        assert (y[2] == board.infer(q[2:3])[0]).all()

    def test_real_values(board):
        x = np.array([4.0, -1.0, 3.0, 6.0])
        assert (board.infer(x) == board.infer((x / 0.5 - 1).astype(np.int8))).all()
        real = board.infer(x, real=True)
        assert real.dtype == np.float32
        assert (real == (board.infer(x) - 2.0) * 0.25).all()

    @pytest.mark.boardproof_emulator
    def test_every_way_to_give_samples(board, tmp_path):
        x = np.random.default_rng(2).integers(-128, 128, (4, 4)).astype(np.int8)
        np.savez(tmp_path / "x.npz", x=x)
        for samples in (x, {"x": x}, tmp_path / "x.npz", str(tmp_path / "x.npz"), 4):
            verdict = board.verify(samples)
            assert verdict.agrees, verdict
            assert verdict.samples == 4

    def test_facts(board):
        assert board.name == "native"
        assert board.flash_bytes > 1000
        assert board.ram_bytes > 100
        assert board.arena_bytes > 0
        assert board.hello.runtime == "aot"
        assert len(board.ticks) == 32
        assert repr(board) == "<tiny.tflite on native>"

    def test_what_does_not_fit(board):
        board.infer([1, 2, 3])
"""


@pytest.mark.native
def test_a_board_infers_verifies_and_reports(project):
    project.makepyfile(WHOLE)
    result = run(project, "--junit-xml", "junit.xml")
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["E *next: *"])
    result.stdout.fnmatch_lines(
        ["*= boardproof =*", "tiny.native: flash *, ram *, arena * bytes, * microseconds (median of 32)"]
    )
    suite, tests = junit(project)
    assert suite["boardproof.tiny.native.inferences"] == "32"
    assert int(suite["boardproof.tiny.native.flash_bytes"]) > 1000
    assert int(suite["boardproof.tiny.native.ram_bytes"]) > 100
    assert int(suite["boardproof.tiny.native.arena_bytes"]) > 0
    assert suite["boardproof.tiny.native.tick_unit"] == "microseconds"
    least, middle, most = (int(suite[f"boardproof.tiny.native.ticks_{which}"]) for which in ("min", "median", "max"))
    assert least <= middle <= most
    assert tests["test_one_sample_of_the_tensors_type"].keys() == {"boardproof.tiny.native.ticks_median"}
    assert tests["test_facts"] == {}


COUNT_BUILDS = """
    import os
    from pathlib import Path

    import pytest

    @pytest.fixture(autouse=True, scope="session")
    def count_builds():
        import boardproof.bench as bench

        build = bench.build

        def counted(*arguments, **options):
            with open("builds.txt", "a") as file:
                file.write("x")
            return build(*arguments, **options)

        bench.build = counted
        yield
        bench.build = build
"""


@pytest.mark.native
def test_workers_of_xdist_share_one_build_and_have_a_process_each(project):
    project.makeconftest(COUNT_BUILDS)
    project.makepyfile(
        """
        import os
        import time
        from pathlib import Path

        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_board(board, number, worker_id):
            assert board.verify(5, seed=number).agrees
            Path(f"seen-{worker_id}").touch()
            deadline = time.monotonic() + 60
            while len(list(Path().glob("seen-*"))) < 2 and time.monotonic() < deadline:
                time.sleep(0.05)  # so that both workers get something to do
        """
    )
    result = run(project, "-p", "xdist", "-n", "2", "--junit-xml", "junit.xml")
    result.assert_outcomes(passed=6)
    assert {path.name for path in project.path.glob("seen-*")} == {"seen-gw0", "seen-gw1"}
    assert (project.path / "builds.txt").read_text() == "x"
    result.stdout.fnmatch_lines(["tiny.native: *(median of 30)"])
    suite, tests = junit(project)
    assert suite["boardproof.tiny.native.inferences"] == "30"
    assert all(properties.keys() == {"boardproof.tiny.native.ticks_median"} for properties in tests.values())


@pytest.mark.native
def test_what_was_built_is_found_again_and_settings_beside_the_model_hold(project):
    project.makepyfile(USES_BOARD)
    (project.path / "boardproof.toml").write_text('board = "native"\noptimize = "size"\nverbose = true\n')
    project.makeini("[pytest]\nboardproof_model = tiny.tflite\n")
    run(project).assert_outcomes(passed=1)
    folders = list((project.path / ".pytest_cache" / "d" / "boardproof").iterdir())
    assert [re.fullmatch(r"tiny-native-[0-9a-f]{12}", folder.name) is not None for folder in folders] == [True]
    marker = json.loads((folders[0] / "project" / ".boardproof.json").read_text())
    assert marker["board"] == "native"
    elf = folders[0] / "project" / ".pio" / "build" / "native" / "firmware.elf"
    before = elf.stat().st_mtime_ns
    run(project).assert_outcomes(passed=1)
    assert elf.stat().st_mtime_ns == before
    run(project, "-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.native
def test_several_models_and_fixtures_that_are_overridden(project):
    project.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def boardproof_model(tmp_path_factory, pytestconfig):
            path = tmp_path_factory.mktemp("models") / "computed.tflite"
            path.write_bytes((pytestconfig.rootpath / "tiny.tflite").read_bytes())
            return path

        def test_both(board, boardproof_boards):
            other = boardproof_boards("tiny.tflite", optimize="size")
            assert board is not other
            assert boardproof_boards("tiny.tflite", optimize="size") is other
            assert board.label == "computed.native"
            assert (board.infer([1, 2, 3, 4]) == other.infer([1, 2, 3, 4])).all()
        """
    )
    result = run(project)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["computed.native: *", "tiny.native: *"])


@pytest.mark.qemu
def test_the_same_tests_on_an_emulated_cortex_m4f(project):
    project.makepyfile(USES_BOARD)
    result = run(project, "--boardproof-board", "mps2-an386")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["tiny.mps2-an386: *instructions (median of 1)"])
