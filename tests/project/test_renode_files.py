"""What a project for Renode has in renode/. Goldens in golden/renode; BOARDPROOF_REGENERATE=1 rewrites them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boardproof.device.protocol import frames, messages
from boardproof.project.boards import BOARDS
from boardproof.project.renode import SCRIPT, renode_files
from boardproof.project.resources import resource
from support.golden import check_golden

GOLDEN = Path(__file__).parent / "golden" / "renode"
NRF52840 = BOARDS["nrf52840-renode"]
SHA256 = "00ff" + "5a" * 29 + "01"
SESSION = 0x0101


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return {path: content.decode() for path, content in renode_files(NRF52840, SHA256).items()}


@pytest.mark.parametrize("name", ["boardproof.repl", "boardproof.resc", "boardproof.robot"])
def test_files_are_as_reviewed(files: dict[str, str], name: str):
    check_golden(GOLDEN / name, files[f"renode/{name}"].encode())


def test_the_script_that_boardproof_starts_is_among_them(files: dict[str, str]):
    assert SCRIPT in files


def variable(robot: str, name: str) -> str:
    match = re.search(rf"^[$@]{{{name}}}\s+(.*)$", robot, re.MULTILINE)
    assert match is not None
    return match[1]


def pattern(robot: str, name: str) -> re.Pattern[bytes]:
    """The regular expression that Robot Framework makes of what is written."""
    return re.compile(variable(robot, name).replace("\\\\", "\\").encode(), re.DOTALL)


def test_robot_says_hello_as_boardproof_does(files: dict[str, str]):
    said = bytes(int(byte, 16) for byte in variable(files["renode/boardproof.robot"], "HELLO").split())
    hello = frames.Frame(frames.Channel.REQUEST, messages.Request.HELLO, SESSION, 0, messages.pack_hello())
    assert said == frames.encode(hello)


def reply(status: int, sha256: str) -> bytes:
    """A reply as far as the test looks, with fields before and after the SHA-256."""
    payload = status.to_bytes(2, "little", signed=True) + b"\x01" + bytes(5) + bytes.fromhex(sha256) + b"aot"
    return frames.encode(frames.Frame(frames.Channel.REPLY, messages.Request.HELLO, SESSION, 0, payload))


def test_robot_takes_the_answer_of_this_model_only(files: dict[str, str]):
    robot = files["renode/boardproof.robot"]
    answer, model = pattern(robot, "ANSWER"), pattern(robot, "MODEL")
    assert answer.match(reply(0, SHA256))
    assert model.search(reply(0, SHA256))
    assert not answer.match(reply(-4, SHA256))
    assert not model.search(reply(0, SHA256.replace("5a", "5b")))


def test_the_firmware_is_where_platformio_puts_it(files: dict[str, str]):
    assert f"[env:{NRF52840.env}]" in resource("platformio.ini").read_text(encoding="utf-8")
    for name in (SCRIPT, "renode/boardproof.robot"):
        assert f"../.pio/build/{NRF52840.env}/firmware.elf" in files[name]
