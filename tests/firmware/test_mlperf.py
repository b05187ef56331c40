"""MLPerf Tiny's protocol in C, before a network that counts: every command, every complaint, and bytes at random."""

from __future__ import annotations

import math
import struct
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.link_library import FIRMWARE, ROOT, SANITIZE, compile_c

pytestmark = pytest.mark.native

GREETING = ["m-timestamp-mode-performance", "m-lap-us-10", "m-init-done", "m-ready"]
SAMPLE = bytes([1, 2, 3, 250, 128])


@pytest.fixture(scope="session")
def device():
    sources = [*sorted((FIRMWARE / "mlperf").glob("*.c")), ROOT / "tests" / "firmware" / "mlperf_device.c"]
    return compile_c("mlperf_device", sources, f"-I{FIRMWARE / 'mlperf'}", *SANITIZE, "-lm")


def talk(device, text, *, dataset="raw", result="outputs", output="int8", failure="") -> list[str]:
    """The device's lines after its greeting."""
    data = text if isinstance(text, bytes) else text.encode("latin-1")
    done = subprocess.run(
        [device, dataset, result, output, failure], input=data, capture_output=True, check=False, timeout=20
    )
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode()
    lines = done.stdout.decode("latin-1").split("\r\n")
    assert lines.pop() == "", "every line ends with CR LF"
    assert lines[:4] == GREETING
    return lines[4:]


def loaded(sample: bytes) -> str:
    return f"db load {len(sample)}%db {sample.hex()}%"


def results(lines: list[str]) -> list[float]:
    (line,) = [line for line in lines if line.startswith("m-results-[")]
    return [float(text) for text in line.removeprefix("m-results-[").removesuffix("]").split(",")]


def test_who_it_is(device):
    assert talk(device, "name%") == ["m-name-dut-[boardproof]", "m-ready"]
    assert talk(device, "profile%") == [
        "m-profile-[ULPMark for tinyML Firmware V0.0.1]",
        "m-model-[kws01]",
        "m-ready",
    ]
    assert talk(device, "timestamp%timestamp%") == ["m-lap-us-20", "m-ready", "m-lap-us-30", "m-ready"]
    assert {"name", "profile", "timestamp", "db", "infer", "results"} <= {
        line.split(" ")[0] for line in talk(device, "help%")
    }


def test_a_sample_arrives_in_pieces_and_is_shown(device):
    assert talk(device, "db load 5%db 01fF%db 02%db 80aB%db print%") == [
        "m-[Expecting 5 bytes]",
        "m-ready",
        "m-ready",
        "m-ready",
        "m-load-done",
        "m-ready",
        "m-buffer-01-ff-02-80-ab",
        "m-ready",
    ]


def test_bytes_are_shown_eight_to_a_line_from_an_offset(device):
    sample = bytes(range(20))
    lines = talk(device, loaded(sample) + "db print%db print 10 3%db print 99 18%db print 5 20%", dataset="float32")
    assert lines[4:] == [
        "m-buffer-00-01-02-03-04-05-06-07",
        "m-buffer-08-09-0a-0b-0c-0d-0e-0f",
        "m-ready",
        "m-buffer-03-04-05-06-07-08-09-0a",
        "m-buffer-0b-0c",
        "m-ready",
        "m-buffer-12-13",
        "m-ready",
        "m-ready",
    ]


def test_an_inference_tells_its_warmups_its_timestamps_and_its_results(device):
    # The network adds the number of inferences so far: five of them, the input given anew before each.
    expected = [(q - 256 * (q > 127) + 5) for q in SAMPLE]
    lines = talk(device, loaded(SAMPLE) + "infer 3 2%")[4:]
    assert lines[:5] == ["m-warmup-start-2", "m-warmup-done", "m-infer-start-3", "m-lap-us-2020", "m-lap-us-5030"]
    assert lines[5] == "m-infer-done"
    assert lines[6] == "m-results-[" + ",".join(f"{(q + 3) * 0.25:.3f}" for q in expected) + "]"
    assert lines[7:] == ["m-ready"]


@pytest.mark.parametrize(
    ("command", "warmups", "times"),
    [("infer", 10, 1), ("infer 4", 10, 4), ("infer 2 0", 0, 2), (" infer  2  1 ", 1, 2)],
)
def test_an_inference_has_defaults(device, command, warmups, times):
    lines = talk(device, loaded(SAMPLE) + command + "%")[4:]
    assert lines[0] == f"m-warmup-start-{warmups}"
    assert lines[2] == f"m-infer-start-{times}"


def test_results_are_repeated_until_another_sample_comes(device):
    lines = talk(device, loaded(SAMPLE) + "infer 1 0%results%db load 5%results%")
    first, again = [line for line in lines if line.startswith("m-results-[")]
    assert again == first
    assert lines[-2:] == ["e-[There are no results yet]", "m-ready"]


@given(pixels=st.binary(min_size=5, max_size=5))
@settings(max_examples=20, deadline=None)
def test_pixels_become_int8_with_the_zero_point_of_minus_128(device, pixels):
    expected = [((pixel - 128 + 1 + 128) % 256 - 128 + 3) * 0.25 for pixel in pixels]
    assert results(talk(device, loaded(pixels) + "infer 1 0%", dataset="uint8")) == expected


floats = st.floats(width=32, allow_nan=False)


@given(reals=st.lists(floats | st.floats(-40, 40, width=32), min_size=5, max_size=5))
@settings(max_examples=50, deadline=None)
def test_reals_are_quantized_as_the_reference_does(device, reals):
    with np.errstate(over="ignore"):
        steps = np.array(reals, np.float32) / np.float32(0.25)
    # roundf: half away from zero, in a wider type where nothing is lost
    rounded = [math.copysign(math.floor(abs(float(s)) + 0.5), s) if math.isfinite(s) else s for s in steps]
    quantized = [int(min(max(r - 3, -128), 127)) for r in rounded]
    expected = [((q + 1 + 128) % 256 - 128 + 3) * 0.25 for q in quantized]
    lines = talk(device, loaded(struct.pack("<5f", *reals)) + "infer 1 0%", dataset="float32")
    assert results(lines) == expected


@given(reals=st.lists(floats | st.floats(-2, 2, width=32) | st.integers(-300, 300).map(lambda k: k / 256), min_size=2))
@settings(max_examples=100, deadline=None)
def test_reals_are_printed_as_printf_does(device, reals):
    reals = (reals + [0.0] * 3)[:5]
    lines = talk(device, loaded(struct.pack("<5f", *reals)) + "infer 1 0%", dataset="float32", output="float32")
    (line,) = [line for line in lines if line.startswith("m-results-[")]
    texts = [f"{real:.3f}" if abs(real) <= 1e15 else ("-inf" if real < 0 else "inf") for real in reals[:2]]
    assert line == f"m-results-[{texts[0]},{texts[1]}]"


def test_what_is_no_number_is_printed_as_such(device):
    sample = struct.pack("<5f", math.nan, -math.inf, 0, 0, 0)
    lines = talk(device, loaded(sample) + "infer 1 0%", dataset="float32", output="float32")
    assert "m-results-[nan,-inf]" in lines


def test_the_anomaly_score_is_the_mean_squared_difference_from_the_input(device):
    reals = [1.0, -2.0, 0.3, 7.75, 100.0]
    outputs = [(min(max(round(r / 0.25) - 3, -128), 127) + 1 + 3) * 0.25 for r in reals]
    outputs[4] = (-128 + 3) * 0.25  # 127 + 1 wraps
    expected = sum((o - r) ** 2 for o, r in zip(outputs, reals, strict=True)) / 5
    lines = talk(device, loaded(struct.pack("<5f", *reals)) + "infer 1 0%", dataset="float32", result="mse")
    assert results(lines) == [pytest.approx(expected, abs=5e-4)]


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("bogus", "Unknown command: bogus"),
        ("nam", "Unknown command: nam"),
        ("names", "Unknown command: names"),
        ("db", "Command 'db' requires a subcommand"),
        ("db load", "Command 'db load' requires the # of bytes"),
        ("db load 0", "Command 'db load' must be >0 bytes"),
        ("db load -1", "Command 'db load' must be >0 bytes"),
        ("db load 5x", "Command 'db load' must be >0 bytes"),
        ("db load 99999999999999999999", "Command 'db load' must be >0 bytes"),
        ("db load 6", "Supplied buffer size 6 exceeds maximum of 5"),
        ("db 00", "No bytes are expected: use 'db load' first"),
        ("db 012", "Insufficent number of hex digits"),
        ("db 0g", "Invalid hex digit 'g'"),
        ("db print x", "Command 'db print' takes a number of bytes and an offset"),
        ("infer 0", "Inference iterations must be >0"),
        ("infer x", "Inference iterations must be >0"),
        ("infer 1 -1", "Inference warmup must be >=0"),
        ("infer 1", "Input db has 0 bytes, expected 5"),
        ("db load 4%db 01020304%infer 1", "Input db has 4 bytes, expected 5"),
        ("db load 5%db 01020304%infer 1", "Input db has 4 bytes, expected 5"),
        ("results", "There are no results yet"),
        ("x" * 81, "Command too long"),
        ("db load 5%" + loaded(SAMPLE) + "db 00", "No bytes are expected: use 'db load' first"),
    ],
)
def test_what_cannot_be_done_is_said_and_the_device_goes_on(device, command, complaint):
    lines = talk(device, f"{command}%name%")
    assert lines[-4:] == [f"e-[{complaint}]", "m-ready", "m-name-dut-[boardproof]", "m-ready"]


def test_a_damaged_line_of_data_stores_nothing_and_can_be_sent_again(device):
    lines = talk(device, "db load 5%db 0102zz%db 01020304%db 05%db print%")
    assert "m-buffer-01-02-03-04-05" in lines


def test_digits_beyond_the_sample_are_dropped(device):
    assert "m-buffer-01-02-03-04-05" in talk(device, "db load 5%db 0102030405ffff%db print%")


@pytest.mark.parametrize(
    ("failure", "complaint"),
    [
        ("init", "e-[The model cannot be prepared: error -1 deliberate]"),
        ("invoke", "e-[Inference failed: error -4]"),
    ],
)
def test_a_network_that_fails_is_reported_and_leaves_no_results(device, failure, complaint):
    lines = talk(device, loaded(SAMPLE) + "infer 1 0%results%", failure=failure)
    assert complaint in lines
    assert "m-infer-done" not in lines
    assert lines[-2:] == ["e-[There are no results yet]", "m-ready"]


def test_nothing_before_the_percent_sign_clears_the_line(device):
    assert talk(device, "%\r\n%name%") == ["m-ready", "m-ready", "m-name-dut-[boardproof]", "m-ready"]


commands = st.sampled_from(
    ["name%", "profile%", "help%", "db load 5%", "db 0102030405%", "db 01%", "db print 9 1%", "infer 2 1%", "results%"]
)


@given(st.lists(commands | st.binary(max_size=100), max_size=12))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_each_command_is_answered_once(device, pieces):
    data = b"".join(piece.encode() if isinstance(piece, str) else piece for piece in pieces)
    lines = talk(device, data)
    assert lines.count("m-ready") == data.count(b"%")
    assert all(line.isprintable() for line in lines)
