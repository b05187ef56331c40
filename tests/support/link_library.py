"""firmware/link compiled for this machine: as a library for ctypes, and as the device of the protocol's tests."""

from __future__ import annotations

import atexit
import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

from boardproof.device.protocol.frames import Damage, Damaged, Frame

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
INCLUDES = [f"-I{FIRMWARE / folder}" for folder in ("link", "app", "boards")]
STRICT = ["-std=gnu11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-g", "-O1"]
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
LINK_SOURCES = sorted((FIRMWARE / "link").glob("*.c"))
DEVICE_SOURCES = [
    *LINK_SOURCES,
    *sorted((FIRMWARE / "app").glob("*.c")),
    ROOT / "tests" / "firmware" / "fake_model.c",
    ROOT / "tests" / "firmware" / "fake_device.c",
]
MAX_PAYLOAD_BYTES = 1024
OVERHEAD_BYTES = 10


@functools.cache
def build_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="boardproof-tests-"))
    atexit.register(shutil.rmtree, folder)
    return folder


def compile_c(name: str, sources: list[Path], *flags: str, compiler: str = "gcc") -> Path:
    out = build_folder() / name
    command = [compiler, *STRICT, *flags, *INCLUDES, *map(str, sources), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@functools.cache
def fake_device(input_bytes: int = 490, floats: int = 3) -> Path:
    """The protocol's device as a program (tests/firmware/fake_device.c), with sanitizers on."""
    flags = [f"-DFAKE_INPUT_BYTES={input_bytes}", f"-DFAKE_FLOATS={floats}"]
    return compile_c(f"fake_device_{input_bytes}_{floats}", DEVICE_SOURCES, *SANITIZE, *flags)


class CFrame(ctypes.Structure):
    _fields_ = (
        ("channel", ctypes.c_uint8),
        ("type", ctypes.c_uint8),
        ("session", ctypes.c_uint16),
        ("sequence", ctypes.c_uint16),
        ("payload", ctypes.c_void_p),
        ("payload_bytes", ctypes.c_size_t),
    )


class CEncoder(ctypes.Structure):
    _fields_ = (
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_size_t),
        ("position", ctypes.c_size_t),
        ("run", ctypes.c_uint8),
        ("full", ctypes.c_bool),
        ("state", ctypes.c_uint8),
    )


class CDecoder(ctypes.Structure):
    _fields_ = (
        ("buffer", ctypes.c_void_p),
        ("capacity", ctypes.c_size_t),
        ("length", ctypes.c_size_t),
        ("remaining", ctypes.c_uint8),
        ("zero_follows", ctypes.c_bool),
        ("started", ctypes.c_bool),
        ("overflow", ctypes.c_bool),
    )


@functools.cache
def link_library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(compile_c("link.so", LINK_SOURCES, "-shared", "-fPIC")))
    library.link_crc32.argtypes = [ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]
    library.link_crc32.restype = ctypes.c_uint32
    library.link_frame_seal.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.link_frame_seal.restype = ctypes.c_size_t
    library.link_encoder_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.link_encoder_next.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.link_encoder_next.restype = ctypes.c_size_t
    library.link_decoder_init.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.link_decoder_feed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t] + [ctypes.c_void_p] * 2
    return library


def c_encode(frame: Frame, chunk_bytes: int) -> bytes:
    """The frame as the firmware sends it, asked for in pieces of at most chunk_bytes."""
    library = link_library()
    data = ctypes.create_string_buffer(len(frame.payload) + OVERHEAD_BYTES)
    ctypes.memmove(ctypes.addressof(data) + 6, frame.payload, len(frame.payload))
    c_frame = CFrame(frame.channel, frame.type, frame.session, frame.sequence, None, len(frame.payload))
    used = library.link_frame_seal(ctypes.byref(c_frame), data)
    assert used == len(data)
    encoder, out, pieces = CEncoder(), ctypes.create_string_buffer(chunk_bytes), []
    library.link_encoder_init(ctypes.byref(encoder), data, used)
    while count := library.link_encoder_next(ctypes.byref(encoder), out, chunk_bytes):
        pieces.append(out.raw[:count])
    return b"".join(pieces)


def c_decode(stream: list[bytes], capacity_bytes: int) -> list[Frame | Damage]:
    """What the firmware's decoder finds in a stream that comes in these pieces."""
    library = link_library()
    guard = b"\xa5" * 16
    memory = ctypes.create_string_buffer(guard + bytes(capacity_bytes) + guard)
    decoder, frame, used = CDecoder(), CFrame(), ctypes.c_size_t()
    library.link_decoder_init(ctypes.byref(decoder), ctypes.addressof(memory) + len(guard), capacity_bytes)
    found: list[Frame | Damage] = []
    for piece in stream:
        left = piece
        while left:
            result = library.link_decoder_feed(
                ctypes.byref(decoder), left, len(left), ctypes.byref(used), ctypes.byref(frame)
            )
            assert 0 < used.value <= len(left)
            left = left[used.value :]
            if result > 0:
                payload = ctypes.string_at(frame.payload, frame.payload_bytes)
                found.append(Frame(frame.channel, frame.type, frame.session, frame.sequence, payload))
            elif result < 0:
                found.append((Damage.COBS, Damage.LENGTH, Damage.CRC)[-result - 1])
    assert memory.raw.startswith(guard)
    assert memory.raw[len(guard) + capacity_bytes :].startswith(guard)
    return found


def kinds(found: list[Frame | Damaged]) -> list[Frame | Damage]:
    """Python's decoder's findings in the form of `c_decode`."""
    return [item if isinstance(item, Frame) else item.damage for item in found]
