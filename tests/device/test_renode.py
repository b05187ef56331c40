"""Starting Renode and connecting to its firmware, with a stand-in for Renode. About 5 s."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from boardproof.device.process import run
from boardproof.device.reach import renode
from boardproof.device.reach.renode import open_renode
from boardproof.errors import DeviceError, InputError, ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.renode import SCRIPT, renode_files
from support.renode import stand_in

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = bytes(range(256))
NRF52840 = BOARDS["nrf52840-renode"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project directory with what Renode needs, and a space in its name."""
    return make_project(tmp_path / "my project")


def make_project(folder: Path) -> Path:
    elf = folder / ".pio" / "build" / NRF52840.env / "firmware.elf"
    elf.parent.mkdir(parents=True)
    elf.write_bytes(b"")
    (folder / "renode").mkdir()
    for name, content in renode_files(NRF52840, "ab" * 32).items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def put_on_path(work: str) -> None:
        monkeypatch.setenv("PATH", str(stand_in(tmp_path, work)), prepend=os.pathsep)

    return put_on_path


def test_bytes_go_both_ways_and_renode_ends_with_the_link(use, project: Path):
    use("echo")
    with open_renode(project) as link:
        link.write(MESSAGE)
        received = b""
        while len(received) < len(MESSAGE):
            received += link.read(1000, 5)
        child = link._monitor
        assert child.poll() is None
    assert received == MESSAGE
    assert child.poll() == 0  # it obeyed "quit", and was not killed
    link.close()


def test_without_renode_the_error_says_where_it_is_and_what_else_works(monkeypatch, project: Path, tmp_path: Path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        open_renode(project)
    assert caught.value.message == "renode is not installed, or not on PATH"
    assert "https://renode.io" in caught.value.hint
    assert "mps2-an386" in caught.value.hint


def test_a_project_for_another_board_is_named(use, tmp_path: Path):
    use("echo")
    with pytest.raises(InputError) as caught:
        open_renode(tmp_path)
    assert str(tmp_path / "renode" / "boardproof.resc") in caught.value.message
    assert "nrf52840-renode" in caught.value.hint


FAILURES = {
    "refuse": "Renode cannot run the project's script: There was an error executing command 'machine "
    "LoadPlatformDescription $ORIGIN/boardproof.repl' Error E05: Could not find suitable type",
    "unknown": "Renode cannot run the project's script: No such command or device: dwt",
    "die": "Renode ended with status 3 before it started the firmware: Renode, version 0 (stand-in)",
    "deaf": "Renode did not start the firmware within 1 s: Renode, version 0 (stand-in)",
}


@pytest.mark.parametrize(("work", "message"), FAILURES.items())
def test_a_renode_that_does_not_start_the_firmware(use, monkeypatch, project: Path, work: str, message: str):
    use(work)
    if work == "deaf":
        monkeypatch.setattr(renode, "_START_S", 1.0)
    with pytest.raises(DeviceError) as caught:
        open_renode(project)
    assert caught.value.message == message
    assert caught.value.hint == "Start it by hand and see: renode renode/boardproof.resc"
    assert "Renode, version 0 (stand-in)" in caught.value.details


def test_a_name_that_is_taken_stops_the_script_after_its_port_is_open(use, project: Path):
    """As with "host", which is taken in every emulation: here a second terminal, behind the one that works."""
    script = project / SCRIPT
    again = 'emulation CreateServerSocketTerminal 0 "host" false'
    script.write_text(script.read_text().replace("\nstart\n", f"\n{again}\nstart\n"))
    use("echo")
    with pytest.raises(DeviceError, match=f"executing command '{again}' External's name already in use$"):
        open_renode(project)


def test_nothing_is_said_before_the_firmware_runs(use, project: Path):
    use("slow")
    with open_renode(project) as link:
        link.write(MESSAGE)
        assert link.read(1, 5) == MESSAGE[:1]


def test_a_path_that_renode_would_split_is_refused(use, tmp_path: Path):
    folder = make_project(tmp_path / "my;project")
    use("echo")
    with pytest.raises(InputError) as caught:
        open_renode(folder)
    assert caught.value.message == f"Renode cannot work in {folder}: its path contains ';'."
    assert caught.value.hint == "Choose another directory for the project with --out, or move it."


def test_renode_ends_when_its_standard_input_does(tmp_path: Path):
    """So it does not outlive us, however we end."""
    program = stand_in(tmp_path, "echo") / "renode"
    words = ["--disable-xwt", "--console", "--plain", "-e", f"$port=0; include @{tmp_path}/nothing"]
    assert run([program, *words], timeout_s=20).status == 0


def test_a_connection_that_breaks_is_an_error(use, project: Path):
    use("vanish")
    with open_renode(project) as link:
        link.write(b"x")
        with pytest.raises(DeviceError, match=r"^Renode closed its stream"):
            link.read(1, 5)
