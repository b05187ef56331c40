"""What flashing needs of this machine: the touch, on a pseudo-terminal, and the upload by PlatformIO, with a platform
that only tells what it was asked to do.
"""

from __future__ import annotations

import json
import os
import termios

import pytest

from boardproof.device.types import Firmware
from boardproof.device.usb import upload as upload_module
from boardproof.device.usb.bootloader import Flashed
from boardproof.device.usb.upload import MachineUsb, PlatformioUpload, SessionGreet
from boardproof.errors import DeviceError, ToolError
from support.usb_world import MODEL, NANO, Listener, hello

BUILDER = """
import os
from SCons.Script import COMMAND_LINE_TARGETS, AlwaysBuild, Default, DefaultEnvironment

env = DefaultEnvironment()
settings = env.BoardConfig().get("upload")


def upload(target, source, env):
    port = env.subst("$UPLOAD_PORT")
    print(f"UPLOAD {port} touch={settings['use_1200bps_touch']} wait={settings['wait_for_upload_port']} "
        f"flush={not settings.get('disable_flushing', False)}")
    return 1 if "bad" in port else 0


AlwaysBuild(env.Alias("upload", None, env.Action(upload, "Uploading")))
Default(env.Alias("buildprog", None, env.Action(lambda target, source, env: None, "Compiling everything")))
"""
PLATFORM = {"name": "telling", "version": "1.0.0", "title": "telling", "packages": {}, "frameworks": {}}
BOARD = {
    "build": {"mcu": "m", "f_cpu": "1L"},
    "name": "board",
    "upload": {"use_1200bps_touch": True, "wait_for_upload_port": True, "maximum_size": 1, "maximum_ram_size": 1},
    "url": "https://example.org",
    "vendor": "nobody",
}
INI = """[env:nano33ble]
platform = symlink://${PROJECT_DIR}/platforms/telling
board = board
"""


@pytest.fixture
def firmware(tmp_path):
    platform = tmp_path / "platforms" / "telling"
    files = {
        "platformio.ini": INI,
        "src/main.c": "int main(void) { return 0; }\n",
        "platforms/telling/platform.json": json.dumps(PLATFORM),
        "platforms/telling/platform.py": (
            "from platformio.public import PlatformBase\n\n\nclass TellingPlatform(PlatformBase):\n    pass\n"
        ),
        "platforms/telling/boards/board.json": json.dumps(BOARD),
        "platforms/telling/builder/main.py": BUILDER,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert platform.is_dir()
    return Firmware(tmp_path / "firmware.elf", tmp_path, NANO, (), MODEL)


def test_platformio_uploads_to_the_port_it_is_given_without_touching_or_waiting_for_others(firmware):
    listener = Listener()
    PlatformioUpload(firmware, listener)("/dev/ttyACM7", 120.0)
    assert [line for line in listener.lines if line.startswith("UPLOAD")] == [
        "UPLOAD /dev/ttyACM7 touch=False wait=False flush=False"
    ]


def test_an_upload_that_fails_shows_what_platformio_said(firmware):
    with pytest.raises(ToolError) as caught:
        PlatformioUpload(firmware, Listener())("/dev/bad", 120.0)
    assert caught.value.message.startswith("PlatformIO's uploader ended with status")
    assert "UPLOAD /dev/bad" in caught.value.details


@pytest.fixture
def terminal():
    master, slave = os.openpty()
    yield os.ttyname(slave), slave
    os.close(master)
    os.close(slave)


def test_a_touch_opens_the_port_at_1200_baud(terminal):
    name, descriptor = terminal
    MachineUsb().touch(name)
    assert termios.tcgetattr(descriptor)[4:6] == [termios.B1200, termios.B1200]


def test_a_port_that_is_not_there_cannot_be_touched_or_probed(tmp_path):
    for action in (MachineUsb().touch, MachineUsb().probe):
        with pytest.raises(OSError, match="No such file"):
            action(str(tmp_path / "ttyACM0"))


def test_a_port_in_exclusive_use_is_busy(terminal):
    import serial

    name, _ = terminal
    MachineUsb().probe(name)
    with serial.Serial(name, exclusive=True), pytest.raises(OSError, match="lock"):
        MachineUsb().probe(name)


def test_a_port_where_nobody_answers(terminal):
    name, _ = terminal
    with pytest.raises(DeviceError) as caught:
        SessionGreet(Listener())(name, 0.3)
    assert caught.value.hint


def test_the_whole_machine_is_put_together(monkeypatch, firmware):
    made = []

    class Recorder:
        def __init__(self, *parts):
            made.extend(parts)

        def flash(self, of, port):
            return Flashed(port, of.model_sha256, hello(MODEL))

    monkeypatch.setattr(upload_module, "Flasher", Recorder)
    progress = Listener()
    assert upload_module.flash(firmware, "/dev/ttyACM0", progress).device == "/dev/ttyACM0"
    usb, upload, greet, _clock, told = made
    assert usb == MachineUsb()
    assert upload == PlatformioUpload(firmware, progress)
    assert greet == SessionGreet(progress)
    assert told is progress
