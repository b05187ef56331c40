"""The pytest plugin where no board is needed: what it costs, what it skips, what it says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from support.own_boards import PICO
from support.plugin_project import USES_BOARD, make_project, run_pytest

pytest_plugins = ["pytester"]


@pytest.fixture
def project(pytester, monkeypatch):
    return make_project(pytester, monkeypatch)


def test_the_package_declares_it():
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["project"]["entry-points"]["pytest11"] == {"boardproof": "boardproof.testing.plugin"}


def test_a_project_that_does_not_use_it_pays_nothing(project):
    project.makepyfile(
        """
        import sys

        def test_nothing_heavy_was_imported():
            heavy = {"numpy", "tensorflow", "serial", "jinja2", "click", "rich", "platformio", "statistics"}
            assert not heavy & sys.modules.keys()
            ours = {name for name in sys.modules if name.startswith("boardproof")}
            assert ours <= {"boardproof", "boardproof.testing", "boardproof.testing.plugin"}, ours
        """
    )
    result = run_pytest(project)
    result.assert_outcomes(passed=1)
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
    run_pytest(project, "--port", "x").assert_outcomes(passed=1)


def test_its_markers_and_options_are_described(project):
    run_pytest(project, "--markers").stdout.fnmatch_lines(
        ["@pytest.mark.boardproof_hardware: *", "@pytest.mark.boardproof_emulator: *"]
    )
    text = run_pytest(project, "--help").stdout.str()
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
    result = run_pytest(project, "-rs", "--boardproof-board", "native")
    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*the board native is not hardware (choose one with --boardproof-board)"])


def test_on_hardware_that_is_not_there_its_tests_are_skipped_by_its_name(project):
    project.makepyfile(MARKED)
    project.makeconftest(NO_PORTS)
    result = run_pytest(project, "-rs", "--boardproof-board", "nano33ble")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines_random(
        [
            "SKIPPED*No Arduino Nano 33 BLE is connected*",
            "SKIPPED*the board nano33ble is not emulated (choose one with --boardproof-board)",
        ]
    )


def test_a_board_of_the_users_own_is_described_beside_the_model(project):
    project.makepyfile(MARKED)
    project.makeconftest(NO_PORTS)
    (project.path / "boardproof.toml").write_text(PICO)
    result = run_pytest(project, "-rs", "--boardproof-board", "pico")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*the port of pico is not known (give it with --boardproof-port)"])
    (project.path / "boardproof.toml").write_text(PICO + 'usb = ["2e8a:00c0"]\n')
    result = run_pytest(project, "-rs", "--boardproof-board", "pico")
    result.stdout.fnmatch_lines(["SKIPPED*No pico is connected (USB 2e8a:00c0)*"])


TWO_BOARDS = """
    from types import SimpleNamespace

    def port(number):
        return SimpleNamespace(
            device=f"/dev/ttyACM{number}", vid=0x2341, pid=0x805A, serial_number=f"AB{number}", location="", product=""
        )

    def pytest_configure():
        import serial.tools.list_ports
        serial.tools.list_ports.comports = lambda: [port(0), port(1)]
"""


@pytest.mark.parametrize(
    ("ports", "outcomes"),
    [
        ([], {"passed": 2, "skipped": 1}),
        (["--boardproof-port", "AB1"], {"passed": 2, "skipped": 1}),
        (["--boardproof-port", "rfc2217://bench1:4000"], {"passed": 2, "skipped": 1}),
        (["--boardproof-port", "/dev/ttyACM7"], {"passed": 1, "skipped": 2}),
    ],
)
def test_any_of_several_boards_will_do_unless_another_was_asked_for(project, ports, outcomes):
    project.makepyfile(MARKED)
    project.makeconftest(TWO_BOARDS)
    run_pytest(project, "--boardproof-board", "nano33ble", *ports).assert_outcomes(**outcomes)


def test_an_emulator_that_is_not_installed_is_named(project, monkeypatch):
    project.makepyfile(MARKED)
    monkeypatch.setenv("PATH", str(project.mkdir("empty")))
    result = run_pytest(project, "-rs", "--boardproof-board", "mps2-an386")
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["SKIPPED*arm-none-eabi-gcc is not installed, or not on PATH"])


def test_what_is_required_fails_instead_of_being_skipped(project):
    project.makepyfile(MARKED)
    result = run_pytest(project, "--boardproof-board", "native", "--boardproof-require")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*the board native is not hardware*(--boardproof-require)"])


# --- Slips ---


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
    result = run_pytest(project, *arguments)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(lines)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*site-packages*")


def test_a_setting_that_does_not_exist_is_named(project):
    project.makepyfile("def test_board(boardproof_boards): boardproof_boards('tiny.tflite', boart='native')")
    result = run_pytest(project)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["boardproof: boardproof has no setting boart.", "next: Known: *board*"])
