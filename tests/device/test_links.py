"""Byte streams: processes, sockets and serial ports that work, end, vanish and come back."""

from __future__ import annotations

import os
import pty
import socket
import subprocess
import threading
import tty
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import serial
import serial.rfc2217

from boardproof.device.failures import BoardFaultError
from boardproof.device.protocol.session import Session
from boardproof.device.reach import descriptor_link, serial_link
from boardproof.device.reach.links import open_link
from boardproof.device.reach.process import open_native
from boardproof.device.reach.serial_link import SerialLink
from boardproof.device.reach.serial_port import open_port, open_socket
from boardproof.device.types import Firmware
from boardproof.errors import DeviceError, InputError, ToolError
from boardproof.project.boards import BOARDS
from support.fake_model import MODEL_SHA256, RNG_SEED, expected_outputs, open_fake, random_inputs, same, seeded
from support.link_library import fake_device

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.device.types import Link

pytestmark = pytest.mark.native


def check(link: Link, inferences: int = 2) -> None:
    """A conversation over the link is right."""
    session = Session(link, MODEL_SHA256)
    rng = seeded(RNG_SEED)
    for _ in range(inferences):
        inputs = random_inputs(rng)
        assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))


def test_a_process_is_spoken_to_and_ended():
    with open_fake() as link:
        check(link)
        child = link._child
        assert child is not None
        assert child.poll() is None
    assert child.poll() == 0
    link.close()


def test_open_link_starts_what_a_native_board_is():
    firmware = Firmware(fake_device(), Path(), BOARDS["native"], (), MODEL_SHA256)
    with open_link(firmware, BOARDS["native"]) as link:
        check(link)


@pytest.mark.parametrize(
    ("board", "port", "link", "message", "hint"),
    [
        ("native", "/dev/ttyACM0", "fifo", "The board native has no port.", "Leave out --port"),
        ("mps2-an386", None, "smoke", "There is no link 'smoke'.", "Choose one of: fifo, uart."),
    ],
)
def test_ports_and_links_that_do_not_fit_the_board(board, port, link, message, hint):
    firmware = Firmware(Path("firmware.elf"), Path(), BOARDS[board], (), MODEL_SHA256)
    with pytest.raises(InputError) as caught:
        open_link(firmware, BOARDS[board], port, link)
    assert caught.value.message == message
    assert hint in caught.value.hint


def test_a_program_that_is_not_there():
    with pytest.raises(ToolError) as caught:
        open_native(Path("/nonexistent/firmware"))
    assert "does not exist" in caught.value.message
    assert "doctor" in caught.value.hint


def test_a_process_that_ends_is_told_with_its_status_and_last_words():
    with open_fake("exit") as link, pytest.raises(DeviceError) as caught:
        Session(link).connect()
    assert caught.value.message == (
        "The firmware's process ended with status 3 in the middle of the conversation: no such device"
    )
    assert "boardproof doctor" in caught.value.hint
    assert caught.value.details == "no such device"


def test_a_process_that_is_killed_is_noticed_at_once():
    with open_fake() as link:
        session = Session(link)
        session.connect()
        link._child._process.kill()
        with pytest.raises(DeviceError) as caught:
            session.marks()
    assert "was killed by signal 9" in caught.value.message


def test_faults_on_stderr_are_last_words_too():
    with open_fake("crash") as link, pytest.raises(BoardFaultError) as caught:
        check(link)
    assert caught.value.message == "The firmware crashed: deliberate"


def test_a_stream_nobody_empties_does_not_block_for_ever(monkeypatch):
    monkeypatch.setattr(descriptor_link, "_STALLED_S", 0.2)
    (reads, _their_writes), (_their_reads, writes) = os.pipe(), os.pipe()
    with descriptor_link.DescriptorLink(reads, writes, "The other side") as link, pytest.raises(DeviceError) as caught:
        link.write(bytes(1_000_000))
    assert caught.value.message == "The other side has taken no bytes for 0 s."
    assert "hangs" in caught.value.hint
    os.close(_their_reads)
    os.close(_their_writes)


def test_a_stream_that_ends_while_it_is_full_is_told_at_once():
    ours, theirs = socket.socketpair()
    descriptor = ours.detach()
    with descriptor_link.DescriptorLink(descriptor, descriptor, "The other side") as link:
        threading.Timer(0.1, theirs.close).start()
        with pytest.raises(DeviceError) as caught:
            link.write(bytes(10_000_000))
    assert caught.value.message == "The other side closed the connection."


def test_what_arrives_while_writing_is_taken_in():
    ours, theirs = socket.socketpair()
    size = 3_000_000

    def echo() -> None:
        left = size
        while left:
            data = theirs.recv(65536)
            theirs.sendall(data)
            left -= len(data)

    thread = threading.Thread(target=echo)
    thread.start()
    descriptor = ours.detach()
    with theirs, descriptor_link.DescriptorLink(descriptor, descriptor, "The echo") as link:
        link.write(bytes(size))
        received = 0
        while received < size:
            received += len(link.read(100_000, 10.0))
        thread.join()


@contextmanager
def device_behind(descriptor: int) -> Iterator[subprocess.Popen[bytes]]:
    """The test device with this descriptor as its stream."""
    with subprocess.Popen([fake_device()], stdin=descriptor, stdout=descriptor) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_serial_port_served_as_a_socket():
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"
        with open_port(None, url) as link:
            connection, _ = server.accept()
            with connection, device_behind(connection.fileno()) as process:
                check(link)
                process.kill()
                process.wait()
                connection.shutdown(socket.SHUT_RDWR)
                with pytest.raises(DeviceError) as caught:
                    check(link)
    assert caught.value.message == f"{url} closed the connection."


@pytest.mark.parametrize("url", ["socket://127.0.0.1:1", "socket://nonsense", "socket://127.0.0.1:port"])
def test_a_socket_that_does_not_answer(url):
    with pytest.raises(DeviceError) as caught:
        open_socket(url)
    assert caught.value.message.startswith(f"Cannot connect to {url}: ")
    assert "server" in caught.value.hint


class Bench:
    """Pseudo-terminals as serial ports, each with a test device behind it, at most one at a time."""

    def __init__(self) -> None:
        self.port = ""
        self._master = self._slave = -1
        self._process: subprocess.Popen[bytes] | None = None

    def plug_in(self) -> None:
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._process = subprocess.Popen([fake_device()], stdin=self._master, stdout=self._master)

    def unplug(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        os.close(self._slave)
        os.close(self._master)
        self.port = "/dev/nonexistent"


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    bench.plug_in()
    yield bench
    if bench.port != "/dev/nonexistent":
        bench.unplug()


def test_a_serial_port_by_name(bench):
    with open_port(None, bench.port) as link:
        check(link)


def test_a_port_that_returns_under_another_name_is_found_and_the_session_goes_on(bench):
    lines: list[str] = []
    with SerialLink(lambda: serial.Serial(bench.port, timeout=0.05), "the board", return_s=5.0) as link:
        session = Session(link, MODEL_SHA256, on_log=lines.append)
        inputs = random_inputs(seeded(RNG_SEED))
        session.infer(inputs)
        before = bench.port
        bench.unplug()
        back = threading.Timer(0.3, bench.plug_in)
        back.start()
        assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))
        back.join()
        assert bench.port != "/dev/nonexistent"
        assert lines == ["the board was reset; starting this request again"]
        assert before


def test_a_port_that_stays_away_is_told(bench, monkeypatch):
    monkeypatch.setattr(serial_link, "_RETRY_S", 0.05)
    with SerialLink(lambda: serial.Serial(bench.port, timeout=0.05), "/dev/ttyX", return_s=0.2) as link:
        session = Session(link)
        session.connect()
        bench.unplug()
        with pytest.raises(DeviceError) as caught:
            session.marks()
    assert caught.value.message == "The port /dev/ttyX vanished and did not come back within 0 s."
    assert "cable" in caught.value.hint


def test_a_port_that_is_not_there():
    with pytest.raises(DeviceError) as caught:
        open_port(None, "/dev/ttyNONE")
    assert caught.value.message.startswith("Cannot open /dev/ttyNONE: ")
    assert "boards --connected" in caught.value.hint
    with pytest.raises(InputError) as no_port:
        open_port(None, None)
    assert "--port" in no_port.value.hint


class NoModemLines(serial.Serial):
    """Pseudo-terminals have none."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


def serve_rfc2217(server: socket.socket, port: str) -> None:
    """One connection of a serial port over the network, as `rfc2217_server.py` of pyserial does."""
    connection, _ = server.accept()
    connection.settimeout(0.01)
    with connection, NoModemLines(port, timeout=0) as device:
        writer = type("Writer", (), {"write": staticmethod(connection.sendall)})
        manager = serial.rfc2217.PortManager(device, writer)
        while True:
            try:
                if waiting := device.read(4096):
                    connection.sendall(b"".join(manager.escape(waiting)))
                data = connection.recv(4096)
                if not data:
                    return
                device.write(b"".join(manager.filter(data)))
            except TimeoutError:
                pass
            except OSError:  # the connection or the port is gone
                return


# pyserial 3.5 still uses thread methods that Python 3.10 deprecated.
@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_a_port_on_another_machine_through_rfc2217(bench):
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve_rfc2217, args=(server, bench.port))
        thread.start()
        with open_port(None, f"rfc2217://127.0.0.1:{server.getsockname()[1]}") as link:
            check(link)
        thread.join(10)
        assert not thread.is_alive()
