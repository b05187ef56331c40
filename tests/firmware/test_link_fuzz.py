"""The device's link and request loop under libFuzzer, with AddressSanitizer and UndefinedBehaviorSanitizer.

A few seconds here; `BOARDPROOF_FUZZ_RUNS=1000000 pytest tests/firmware/test_link_fuzz.py` for longer.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import zlib

import pytest

from boardproof.device.protocol.frames import Channel, Frame, encode
from boardproof.device.protocol.messages import (
    InvokeFlag,
    Request,
    TensorKind,
    TensorRef,
    pack_hello,
    pack_invoke,
    pack_read,
)
from support.link_library import DEVICE_SOURCES, ROOT, compile_c

RUNS = os.environ.get("BOARDPROOF_FUZZ_RUNS", "20000")

pytestmark = pytest.mark.native


def seeds() -> list[bytes]:
    """A session as it goes over the wire, and its requests in the form the target seals itself."""
    image, shorts = bytes(490), bytes(10)
    requests = [
        (Request.INPUT, struct.pack("<HI", 0, 0) + image),
        (Request.INPUT, struct.pack("<HI", 1, 0) + shorts),
        (Request.INVOKE, pack_invoke(InvokeFlag.OUTPUTS | InvokeFlag.OP_TICKS, 0xFFFF, zlib.crc32(image + shorts))),
        (Request.READ, pack_read(TensorRef(TensorKind.OUTPUT, 1), 0, 12)),
        (Request.TENSOR, TensorRef(TensorKind.OP_OUTPUT, 1).pack()),
        (Request.OPERATORS, struct.pack("<HH", 0, 3)),
        (Request.MARKS, b"\x01"),
    ]
    hello = [(Request.HELLO, pack_hello()), (Request.PREPARE, b"")]
    stream = b"".join(
        encode(Frame(Channel.REQUEST, request, 7, number, payload))
        for number, (request, payload) in enumerate(hello + requests)
    )
    sealed = b"".join(struct.pack("<HBB", len(payload), request, 0) + payload for request, payload in requests)
    return [b"\0" + stream, b"\0" + stream[: len(stream) // 2] + stream, b"\1" + sealed, b"\1" + 3 * sealed]


def test_no_input_makes_the_device_touch_foreign_memory_or_hang(tmp_path):
    if shutil.which("clang") is None:
        pytest.skip("clang not on PATH")
    probe = tmp_path / "probe.c"
    probe.write_text("int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return !d && n; }\n")
    command = ["clang", "-fsanitize=fuzzer", str(probe), "-o", str(tmp_path / "probe")]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("clang has no libFuzzer (Debian: libclang-rt-dev)")
    sources = [path for path in DEVICE_SOURCES if path.name != "fake_device.c"]
    target = compile_c(
        "fuzz_link_device",
        [*sources, ROOT / "tests" / "fuzz" / "fuzz_link_device.c"],
        "-fsanitize=fuzzer,address,undefined",
        "-fno-sanitize-recover=all",
        "-Wno-missing-field-initializers",
        compiler="clang",
    )
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    done = subprocess.run(
        [target, f"-runs={RUNS}", "-seed=1", "-timeout=5", "-max_len=4096", "-print_final_stats=1", corpus],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"stat::number_of_executed_units: {RUNS}" in done.stderr
