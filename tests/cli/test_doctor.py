"""What `boardproof doctor` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.cli.commands import run_command
from boardproof.device.build import toolchain
from boardproof.device.build.toolchain import Check
from boardproof.report.tables import doctor_advice

if TYPE_CHECKING:
    import pytest

HOW = f"On Debian or Ubuntu: sudo apt-get install {' '.join(f'a-package-with-a-long-name-{i}' for i in range(9))}"
CHECKS = (
    Check("gcc", "", ok=False, needed_for="boards", how_to_get=HOW),
    Check("newlib", "", ok=False, needed_for="boards", how_to_get=HOW),
    Check("g++", "12.2.0", ok=True, needed_for="the board native"),
)


def test_commands_can_be_copied_however_narrow_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr(toolchain, "doctor", lambda: CHECKS)
    assert run_command(["doctor"]) == 3
    out = capsys.readouterr().out
    assert f"\nTo get gcc, newlib:\n  {HOW}\n" in out
    assert "12.2.0" in out


def test_where_all_is_here_there_is_nothing_to_get() -> None:
    assert doctor_advice(CHECKS[2:]) == ""
