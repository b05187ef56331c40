"""Conversations with the test device: what it says of itself, inferences, tensors, and every way it fails."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from boardproof.device.failures import (
    BoardFaultError,
    ModelFailedError,
    RefusedError,
    SessionLostError,
    SilentDeviceError,
)
from boardproof.device.protocol import messages
from boardproof.device.protocol.frames import Channel, Frame, encode
from boardproof.device.protocol.messages import Request, TensorKind, TensorRef
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import MAX_RESETS, Marks, Session
from boardproof.device.types import TensorInfo
from boardproof.errors import DeviceError, ExitStatus, InputError
from boardproof.model.graph import DType
from boardproof.project.boards import TickUnit
from support.fake_model import (
    MODEL_SHA256,
    OP_INDICES,
    expected_outputs,
    fake_session,
    op_outputs,
    open_fake,
    random_inputs,
    same,
)
from support.faulty_link import Fault, FaultyLink, Planned, Way

pytestmark = pytest.mark.native

RNG = np.random.default_rng(5)


def impatient() -> Pace:
    return Pace(base_s=0.02, silent_s=0.3, first_run_s=0.3, connect_s=0.3)


def test_hello_says_everything_about_the_firmware():
    with fake_session() as session:
        hello = session.connect()
    assert hello.protocol_version == 1
    assert hello.model_sha256 == MODEL_SHA256
    assert (hello.runtime, hello.library, hello.kernels) == ("aot", "fake 1.0", "portable")
    assert (hello.tick_unit, hello.tick_rate) == (TickUnit.INSTRUCTIONS, 0)
    assert hello.arena_bytes == 4096
    assert hello.op_indices == OP_INDICES
    assert hello.inputs == (
        TensorInfo(DType.INT8, (1, 490), 0.25, -3, "image"),
        TensorInfo(DType.INT16, (1, 5), 0.0, 0, "shorts"),
    )
    assert hello.outputs == (
        TensorInfo(DType.INT8, (1, 12), 0.25, -3, "scores"),
        TensorInfo(DType.FLOAT32, (1, 3), 0.0, 0),
    )
    assert hello.fault == ""


@pytest.mark.parametrize(("input_bytes", "floats"), [(490, 3), (27648, 700), (40000, 260)])
def test_inferences_are_right_whatever_the_sizes(input_bytes, floats):
    with fake_session(input_bytes=input_bytes, floats=floats) as session:
        for _ in range(3):
            inputs = random_inputs(RNG, input_bytes)
            result = session.infer(inputs)
            assert all(map(same, result.outputs, expected_outputs(inputs, floats)))
            assert result.ticks == 700
            assert result.op_ticks == (100, 200, 300)


def test_a_sample_of_the_usual_size_costs_one_exchange(monkeypatch):
    with open_fake() as link:
        session = Session(link)
        session.connect()
        writes = []
        monkeypatch.setattr(link, "write", lambda data, write=link.write: (writes.append(len(data)), write(data)))
        session.infer(random_inputs(RNG))
    assert len(writes) == 1


@pytest.mark.parametrize("input_bytes", [490, 40000])
def test_talking_alone_sends_everything_and_runs_nothing(input_bytes):
    inputs = random_inputs(np.random.default_rng(1), input_bytes)
    with fake_session(input_bytes=input_bytes) as session:
        session.transfer(inputs)
        left = session._exchange.call(Request.CHECKSUM, TensorRef(TensorKind.INPUT, 0).pack())
        assert left.cursor.fields("II") == (input_bytes, zlib.crc32(inputs[0].tobytes()))  # an inference reuses it
        session.infer(inputs)
        left = session._exchange.call(Request.CHECKSUM, TensorRef(TensorKind.INPUT, 0).pack())
        assert left.cursor.fields("II") != (input_bytes, zlib.crc32(inputs[0].tobytes()))
        with pytest.raises(InputError):
            session.transfer(inputs[:1])


def test_any_tensor_can_be_read():
    inputs = random_inputs(RNG)
    expected = op_outputs(inputs)
    with fake_session() as session:
        for position in range(3):
            outputs = session.op_outputs(inputs, position, len(expected[position]))
            assert all(map(same, outputs, expected[position]))


def test_a_tensor_that_is_not_there_is_refused_by_name():
    with fake_session() as session, pytest.raises(RefusedError) as caught:
        session.op_outputs(random_inputs(RNG), 1, 2)
    assert caught.value.status == messages.Status.RANGE
    assert caught.value.message == "The device refused TENSOR: RANGE."
    assert "report" in caught.value.hint


def test_marks_and_errors_are_their_own_requests():
    with fake_session() as session:
        assert session.marks(repaint=True) == Marks(4000, 1234, 8192)
        assert session.last_error() == ("", "")
    with fake_session("fault") as session:
        assert session.connect().fault == "hard fault at 0x00012345"
        assert session.last_error() == ("", "hard fault at 0x00012345")


def test_why_the_board_was_reset_before_is_told_at_the_first_greeting_only():
    warnings: list[str] = []
    with open_fake("fault") as link:
        session = Session(link, on_warning=warnings.append)
        session.greet()
        session.greet()
        session.connect()
    assert warnings == ["the board was reset before this: hard fault at 0x00012345"]


def test_logs_and_boot_messages_go_to_the_callback_and_into_no_reply():
    lines: list[str] = []
    inputs = random_inputs(RNG)
    with fake_session("chatty", log=lines) as session:
        assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))
    assert lines == ["about to run three operators"]
    with fake_session("noise") as session:
        assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))


def test_another_models_firmware_is_refused():
    with open_fake() as link, pytest.raises(DeviceError) as caught:
        Session(link, "ab" * 32).connect()
    assert caught.value.message == (
        "The board runs firmware for another model (SHA-256 face010203000000…, not abababababababab…)."
    )
    assert "boardproof flash" in caught.value.hint
    assert caught.value.exit_status is ExitStatus.TOOL_FAILED


def test_another_protocol_version_is_refused(monkeypatch):
    monkeypatch.setattr(messages, "VERSION_MIN", 7)
    monkeypatch.setattr(messages, "VERSION_MAX", 9)
    with fake_session() as session, pytest.raises(DeviceError) as caught:
        session.connect()
    assert caught.value.message == "The board speaks protocol versions 1 to 1; this boardproof speaks 7 to 9."
    assert "flash" in caught.value.hint


def test_an_arena_too_small_says_what_it_needs():
    with fake_session("arena") as session, pytest.raises(ModelFailedError) as caught:
        session.connect()
    assert caught.value.message == "The tensor arena is too small: at least 5,000 bytes needed, 4,096 available."
    assert "--arena-bytes" in caught.value.hint
    assert (caught.value.code, caught.value.needed_bytes) == (-1, 5000)


def test_an_operator_that_fails_is_told_with_its_message_and_the_next_request_works():
    with fake_session("invoke") as session:
        with pytest.raises(ModelFailedError) as caught:
            session.infer(random_inputs(RNG))
        assert caught.value.message == "The model could not be run on the board (error -4): CONV_2D refused its input."
        assert session.last_error() == ("CONV_2D refused its input", "")


def test_a_crash_is_told_with_the_firmwares_last_words():
    with fake_session("crash") as session, pytest.raises(BoardFaultError) as caught:
        session.infer(random_inputs(RNG))
    assert caught.value.message == "The firmware crashed: deliberate"
    assert "--debug" in caught.value.hint
    assert "some context" in caught.value.details


def test_a_hang_ends_at_the_deadline():
    with fake_session("hang", pace=impatient()) as session, pytest.raises(SilentDeviceError) as caught:
        session.infer(random_inputs(RNG))
    assert caught.value.message.startswith("The device stopped answering during an inference")
    assert "Reset the board" in caught.value.hint


class Canned:
    """A link that says the same thing whenever it is written to."""

    def __init__(self, says: bytes) -> None:
        self._says = says
        self._pending = b""

    def write(self, _data: bytes) -> None:
        self._pending += self._says

    def read(self, max_bytes: int, _timeout_s: float) -> bytes:
        data, self._pending = self._pending[:max_bytes], self._pending[max_bytes:]
        return data


def test_a_silent_device_is_told_from_one_that_speaks_gibberish():
    with pytest.raises(SilentDeviceError) as caught:
        Session(Canned(b""), pace=impatient()).connect()
    assert caught.value.message == "The device did not say anything for 0.3 s."
    assert "reset button" in caught.value.hint
    with pytest.raises(SilentDeviceError) as caught:
        Session(Canned(b"m-ready\r\n"), pace=impatient()).connect()
    assert "nothing that is boardproof's protocol" in caught.value.message
    assert "m-ready" in caught.value.message


def test_a_hello_that_makes_no_sense_is_an_error_not_a_crash(monkeypatch):
    monkeypatch.setattr("boardproof.device.protocol.exchange.random.randrange", lambda *_: 41)
    short = Frame(Channel.REPLY, messages.Request.HELLO, 42, 0, b"\0\0\1")
    with pytest.raises(DeviceError) as caught:
        Session(Canned(encode(short)), pace=impatient()).connect()
    assert "bytes where at least" in caught.value.message
    assert "flash" in caught.value.hint


def test_ticks_of_other_operators_than_there_are_make_no_sense(monkeypatch):
    unpack = messages.unpack_invoke
    monkeypatch.setattr(messages, "unpack_invoke", lambda reply: replace(unpack(reply), op_ticks=(1, 2)))
    with fake_session() as session, pytest.raises(DeviceError) as caught:
        session.infer(random_inputs(RNG))
    assert caught.value.message == "The device tells the ticks of 2 operators, and has 3."
    assert "flash" in caught.value.hint


def test_inputs_that_do_not_fit_are_refused_before_anything_is_sent():
    with fake_session() as session, pytest.raises(InputError) as caught:
        session.infer([np.zeros((1, 490), np.uint8), np.zeros((1, 5), np.int16)])
    assert "given [('uint8', 490), ('int16', 5)], wanted [('int8', 490), ('int16', 5)]" in caught.value.message
    assert "dtype" in caught.value.hint


def reset_at(*frames: int) -> FaultyLink:
    return FaultyLink(open_fake, Planned({(Way.TO_DEVICE, number): (Fault.RESET, 0) for number in frames}))


def test_a_reset_in_the_middle_is_told_and_survived():
    lines: list[str] = []
    inputs = random_inputs(RNG)
    with reset_at(10) as link:
        session = Session(link, on_log=lines.append, pace=impatient())
        for _ in range(3):
            assert all(map(same, session.infer(inputs).outputs, expected_outputs(inputs)))
        assert link.resets == 1
    assert lines == ["the board was reset; starting this request again"]


def test_a_board_that_is_reset_by_every_inference_is_given_up(monkeypatch):
    def lose(_self, _packed, _operators):
        raise SessionLostError("The device was reset in the middle of a session.", "Check its power supply and cable.")

    monkeypatch.setattr(Session, "_invoke", lose)
    with fake_session() as session, pytest.raises(DeviceError) as caught:
        session.infer(random_inputs(RNG))
    assert caught.value.message == f"The board was reset {MAX_RESETS + 1} times during one request."
    assert "power supply" in caught.value.hint


def test_a_reset_by_a_fault_is_told_with_the_fault():
    modes = iter(["", "fault", "fault"])
    link = FaultyLink(lambda: open_fake(next(modes)), Planned({(Way.TO_DEVICE, 9): (Fault.RESET, 0)}))
    with link:
        session = Session(link, pace=impatient())
        session.connect()
        with pytest.raises(BoardFaultError) as caught:
            session.infer(random_inputs(RNG))
    assert caught.value.message == "The firmware crashed: hard fault at 0x00012345"
