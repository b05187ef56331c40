"""The sketch and the link as generated, on QEMU over both of its streams and as a native build of the Arduino core."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from boardproof.device.failures import BoardFaultError, SilentDeviceError
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.device.reach.qemu import open_qemu_fifo, open_qemu_uart
from boardproof.device.types import Firmware
from boardproof.errors import DeviceError, ToolError
from boardproof.project.boards import BOARDS, TickUnit
from support.fake_firmware import fake_firmware
from support.fake_model import MODEL_SHA256, RNG_SEED, expected_outputs, op_outputs, random_inputs, same, seeded
from support.link_library import ROOT

pytestmark = [pytest.mark.qemu, pytest.mark.native]

QEMU = BOARDS["mps2-an386"]
STREAMS = [("mps2-an386", "fifo"), ("mps2-an386", "uart"), ("native", "fifo")]


@pytest.mark.parametrize(("board", "link"), STREAMS)
def test_inferences_are_right_over_every_stream(board, link):
    firmware = fake_firmware(board)
    rng = seeded(RNG_SEED)
    with open_link(firmware, firmware.board, link=link) as stream:
        session = Session(stream, MODEL_SHA256)
        for _ in range(3):
            inputs = random_inputs(rng)
            assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))
        (classes,) = session.op_outputs(inputs, 1, 1)
        assert same(classes, op_outputs(inputs)[1][0])


@pytest.mark.parametrize(("board", "link"), STREAMS)
def test_large_inputs_and_outputs_are_right_over_every_stream(board, link):
    firmware = fake_firmware(board, input_bytes=27648, floats=700)
    inputs = random_inputs(seeded(RNG_SEED), 27648)
    with open_link(firmware, firmware.board, link=link) as stream:
        session = Session(stream, MODEL_SHA256)
        assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs, 700)))


def test_the_emulator_counts_instructions_and_the_stack():
    inputs = random_inputs(seeded(RNG_SEED))
    with open_qemu_fifo(fake_firmware("mps2-an386").elf, QEMU.machine) as link:
        session = Session(link, MODEL_SHA256)
        assert session.connect().tick_unit is TickUnit.INSTRUCTIONS
        session.marks(repaint=True)
        ticks = {session.infer(inputs).ticks for _ in range(5)}
        marks = session.marks()
    assert len(ticks) == 1
    assert 490 < ticks.pop() < 100_000
    assert 0 < marks.stack_bytes < marks.stack_size_bytes


@pytest.mark.parametrize("link", ["fifo", "uart"])
def test_a_crash_is_told_with_its_cause(link):
    firmware = fake_firmware("mps2-an386", mode="crash")
    with open_link(firmware, QEMU, link=link) as stream, pytest.raises(BoardFaultError) as caught:
        Session(stream).infer(random_inputs(seeded(RNG_SEED)))
    assert caught.value.message.startswith("The firmware crashed: ")
    assert "--debug" in caught.value.hint


def test_a_hang_ends_at_the_deadline_and_leaves_no_emulator():
    pace = Pace(base_s=0.05, silent_s=0.3, first_run_s=0.3)
    with open_qemu_fifo(fake_firmware("mps2-an386", mode="hang").elf, QEMU.machine) as link:
        child = link._child
        with pytest.raises(SilentDeviceError):
            Session(link, pace=pace).infer(random_inputs(seeded(RNG_SEED)))
    assert child.poll() is not None


@pytest.mark.parametrize("opener", [open_qemu_fifo, open_qemu_uart])
def test_an_emulator_that_dies_is_noticed_at_once(opener):
    with opener(fake_firmware("mps2-an386").elf, QEMU.machine) as link:
        session = Session(link)
        session.connect()
        os.kill(link._child.pid, signal.SIGKILL)
        with pytest.raises(DeviceError) as caught:
            session.marks()
    assert caught.value.message.startswith("QEMU was killed by signal 9 in the middle of the conversation: ")
    assert "boardproof doctor" in caught.value.hint


@pytest.mark.parametrize("opener", [open_qemu_fifo, open_qemu_uart])
def test_an_emulator_that_does_not_start_is_told_with_its_words(opener, tmp_path):
    (tmp_path / "firmware.elf").write_text("no program")
    with pytest.raises(DeviceError) as caught, opener(tmp_path / "missing.elf", QEMU.machine) as link:
        Session(link).connect()
    assert "QEMU ended with status 1" in caught.value.message
    assert "missing.elf" in caught.value.message


def test_a_missing_emulator_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ToolError) as caught:
        open_link(Firmware(tmp_path, tmp_path, QEMU, (), ""), QEMU)
    assert "qemu-system-arm" in caught.value.message
    assert "doctor" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


_HOST = """
import sys, time
from boardproof.device.reach.qemu import open_qemu_fifo, open_qemu_uart
from boardproof.device.protocol.session import Session
with {opener}(__import__("pathlib").Path(sys.argv[1]), sys.argv[2]) as link:
    Session(link).connect()
    print(link._child.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("opener", ["open_qemu_fifo", "open_qemu_uart"])
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_emulator_outlives_its_host(opener, end):
    script = _HOST.format(opener=opener)
    command = [sys.executable, "-c", script, str(fake_firmware("mps2-an386").elf), QEMU.machine]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "generator")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as host:
        assert host.stdout is not None
        emulator = int(host.stdout.readline())
        host.send_signal(end)
    for _ in range(500):
        if not Path(f"/proc/{emulator}").exists() or "\nState:\tZ" in Path(f"/proc/{emulator}/status").read_text():
            return
        time.sleep(0.01)
    pytest.fail("QEMU still runs")
