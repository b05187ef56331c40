from __future__ import annotations

import pytest

from boardproof.device.build.narration import installation, narrate


class Recorder:
    def __init__(self) -> None:
        self.stages: list[str] = []
        self.lines: list[str] = []

    def stage(self, title: str) -> None:
        self.stages.append(title)

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.parametrize(
    ("line", "manager", "spec"),
    [
        ("Platform Manager: Installing nordicnrf52 @ ~10.11.0", "Platform", "nordicnrf52 @ ~10.11.0"),
        ("Tool Manager: Installing platformio/tool-bossac-nordicnrf52 @ ~1.10901.0 ", "Tool", None),
        ("Library Manager: Installing spaziochirale/Chirale_TensorFLowLite @ ^2.0.0", "Library", None),
    ],
)
def test_what_platformio_fetches_is_a_stage_of_its_own_before_it_takes_a_minute(
    line: str, manager: str, spec: str | None
):
    found = installation(line)
    assert found is not None
    assert (found.manager, found.spec) == (manager, spec or line.partition("Installing ")[2].strip())
    progress = Recorder()
    narrate(progress)(line)
    assert progress.stages == [
        f"fetching {found.spec} for PlatformIO (without a connection it gives up after a minute)"
    ]
    assert progress.lines == [line]


@pytest.mark.parametrize(
    "line",
    [
        "Platform Manager: Installing symlink:///home/me/project/platforms/emulated",
        "Library Manager: Installing file:///home/me/library",
        "Library Manager: Chirale_TensorFLowLite@2.0.0 has been installed!",
        "Compiling .pio/build/nano33ble/src/main.cpp.o",
    ],
)
def test_other_lines_pass_through(line: str):
    progress = Recorder()
    narrate(progress)(line)
    assert (progress.stages, progress.lines) == ([], [line])
