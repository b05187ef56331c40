"""The sketch on the Mbed core's USB port, whose write() would wait for ever when the host does not read."""

from __future__ import annotations

import functools
import subprocess
from typing import TYPE_CHECKING

import pytest

from boardproof.device.protocol.frames import Channel, Decoder, Frame, encode
from boardproof.device.protocol.messages import Request, pack_hello, unpack_hello, unpack_reply
from boardproof.project.boards import TickUnit
from support.link_library import DEVICE_SOURCES, FIRMWARE, INCLUDES, ROOT, build_folder

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.native

HELLO = encode(Frame(Channel.REQUEST, Request.HELLO, 3, 0, pack_hello()))
USB_CORE = ROOT / "tests" / "firmware" / "usb_core"
STRICT = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]


@functools.cache
def sketch() -> Path:
    program = build_folder() / "sketch_on_usb"
    c_sources = [path for path in DEVICE_SOURCES if path.name != "fake_device.c"]
    objects = build_folder() / "sketch_objects"
    objects.mkdir()
    compile_c = ["gcc", *STRICT, *INCLUDES, "-c", *map(str, c_sources)]
    subprocess.run(compile_c, check=True, cwd=objects)
    sources = [FIRMWARE / "app" / "main.cpp", USB_CORE / "usb_core.cpp", *objects.glob("*.o")]
    flags = [*STRICT, "-std=gnu++14", "-DARDUINO_ARCH_MBED", f"-I{USB_CORE}", *INCLUDES]
    link = ["g++", *flags, *map(str, sources), "-o", str(program)]
    subprocess.run(link, check=True)
    return program


def run(host_takes_bytes: int) -> tuple[bytes, int]:
    """What the sketch sent, and the milliseconds that passed for it."""
    command = [sketch(), HELLO.hex(), str(host_takes_bytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    sent, passed_ms = done.stdout.split(" ")
    return bytes.fromhex(sent), int(passed_ms)


def test_a_host_that_reads_gets_the_reply():
    sent, passed_ms = run(4096)
    (frame,) = Decoder(1024).feed(sent)
    hello = unpack_hello(unpack_reply(frame.payload))
    assert (hello.tick_unit, hello.tick_rate) == (TickUnit.CYCLES, 64_000_000)
    assert passed_ms == 0


@pytest.mark.parametrize("taken", [0, 1, 62, 63, 64, 80])
def test_a_host_that_stops_reading_costs_the_device_a_tenth_of_a_second_a_frame(taken):
    sent, passed_ms = run(taken)
    assert len(sent) == taken
    assert 100 < passed_ms < 110
