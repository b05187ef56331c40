"""Samples on one board or several, checkpoints, and what makes a board doubtful; on the test device."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from boardproof.device.failures import SessionLostError
from boardproof.device.types import Repeat
from boardproof.errors import DeviceError, InputError
from boardproof.model.samples import Vectors
from boardproof.project.boards import TickUnit
from boardproof.proof.checkpoint import Checkpoint, identify
from boardproof.proof.repeats import doubts
from boardproof.proof.results import Results
from boardproof.proof.samples import Seat, run_samples
from support.fake_model import fake_session, random_inputs, seeded

pytestmark = pytest.mark.native

SAMPLES = 8


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    rng = seeded(5)
    columns = zip(*(random_inputs(rng) for _ in range(SAMPLES)), strict=True)
    return Vectors(tuple(np.stack(column) for column in columns))


def run(vectors, *names, **choices):
    with ExitStack() as stack:
        seats = tuple(Seat(name, stack.enter_context(fake_session())) for name in names)
        return run_samples(seats, vectors, **choices)


class StopError(Exception):
    pass


def stop_at(number):
    def on_progress(done, _total):
        if done == number:
            raise StopError

    return on_progress


def cut_short(vectors, checkpoint, number=5):
    with pytest.raises(StopError):
        run(vectors, "a", checkpoint=checkpoint, on_progress=stop_at(number))


@pytest.fixture
def identity(vectors):
    with fake_session() as session:
        return identify(session.connect(), vectors, None)


def test_the_first_sample_runs_again_at_the_end(vectors):
    result = run(vectors, "a")
    assert result.repeats == (Repeat("a", 0, (700, 700), (), same_outputs=True),)
    assert result.ran_on == ("a",) * SAMPLES
    assert [(share.board, share.samples, share.median) for share in result.shares] == [("a", SAMPLES, 700)]
    assert result.op_spread == ((100, 100), (200, 200), (300, 300))


def test_a_network_with_state_begins_afresh(vectors):
    """Whatever ran before in the same session: the oracle begins afresh as well. Once more for the sample repeated."""
    with fake_session() as session:
        session.connect()
        prepare, prepared = session._prepare, []
        session._prepare = lambda: prepared.append(len(prepared)) or prepare()
        run_samples((Seat("a", session),), vectors)
        assert prepared == []
        result = run_samples((Seat("a", session),), vectors, stateful=True)
    assert prepared == [0, 1]
    assert [repeat.sample for repeat in result.repeats] == [0]


def test_several_boards_give_the_results_of_one_in_the_same_order(vectors):
    one, three = run(vectors, "a"), run(vectors, "a", "b", "c")
    assert all(np.array_equal(x, y) for x, y in zip(one.outputs, three.outputs, strict=True))
    assert one.op_ticks == three.op_ticks
    assert sum(share.samples for share in three.shares) == SAMPLES
    assert set(three.ran_on) <= {"a", "b", "c"}


def test_boards_with_different_firmware_are_not_mixed(vectors):
    with fake_session() as one, fake_session(floats=4) as other, pytest.raises(DeviceError) as caught:
        run_samples((Seat("a", one), Seat("b", other)), vectors)
    assert caught.value.message == "b runs other firmware than a."
    assert "same firmware" in caught.value.hint


def test_a_reset_ends_a_run_that_depends_on_its_history(vectors):
    with fake_session() as session:
        real, left = session._infer, [1]

        def reset_once(packed):
            if left:
                left.pop()
                raise SessionLostError("The device was reset.", "Check its power supply.")
            return real(packed)

        session._infer = reset_once
        with pytest.raises(DeviceError) as caught:
            run_samples((Seat("a", session),), vectors, stateful=True)
    assert caught.value.message == "The board was reset at sample 0, and this network remembers earlier samples."
    assert "power supply" in caught.value.hint


def test_a_run_goes_on_from_its_checkpoint(vectors, identity, tmp_path):
    path = tmp_path / "new directory" / "c.npz"
    first = Checkpoint(path, identity)
    cut_short(vectors, first)
    assert first.kept == 5
    assert [p.name for p in path.parent.iterdir()] == ["c.npz"]
    seen = []
    second = Checkpoint(path, identity)
    rest = run(vectors, "b", checkpoint=second, resume=True, on_progress=lambda *done: seen.append(done))
    assert seen == [(6, SAMPLES), (7, SAMPLES), (8, SAMPLES)]
    whole = run(vectors, "a")
    assert all(np.array_equal(x, y) for x, y in zip(rest.outputs, whole.outputs, strict=True))
    assert rest.ticks.tolist() == whole.ticks.tolist()
    assert rest.op_ticks == whole.op_ticks
    assert rest.ran_on == ("a",) * 5 + ("b",) * 3
    assert [(share.board, share.samples) for share in rest.shares] == [("a", 5), ("b", 3)]
    assert rest.repeats[0].sample == 5
    second.remove()
    second.remove()
    assert list(path.parent.iterdir()) == []


def test_without_resume_all_samples_run(vectors, identity, tmp_path):
    cut_short(vectors, Checkpoint(tmp_path / "c.npz", identity))
    seen = []
    run(vectors, "a", checkpoint=Checkpoint(tmp_path / "c.npz", identity), on_progress=lambda *done: seen.append(done))
    assert len(seen) == SAMPLES


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (("samples",), "the samples changed"),
        (("firmware",), "the firmware changed"),
        (("model", "firmware"), "the model and firmware changed"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(changed, named, vectors, identity, tmp_path):
    path = tmp_path / "c.npz"
    cut_short(vectors, Checkpoint(path, identity))
    other = Checkpoint(path, replace(identity, **dict.fromkeys(changed, "0")))
    with pytest.raises(InputError) as caught:
        run(vectors, "a", checkpoint=other, resume=True)
    assert named in caught.value.message
    assert "Leave out --resume" in caught.value.hint
    assert path.exists()


def test_every_input_and_the_firmware_make_the_identity(vectors, tmp_path):
    first, second = vectors.arrays
    changed = second.copy()
    changed[-1, -1, -1] ^= 1
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    with fake_session() as session:
        hello = session.connect()
    one = identify(hello, vectors, tmp_path / "a")
    assert identify(replace(hello, fault="a reset"), vectors, None) == identify(hello, vectors, None)
    assert identify(hello, Vectors((first, changed)), tmp_path / "a").samples != one.samples
    assert identify(hello, vectors, tmp_path / "b") == replace(
        one, firmware=identify(hello, vectors, tmp_path / "b").firmware
    )
    assert identify(hello, vectors, tmp_path / "b").firmware != one.firmware
    assert identify(hello, Vectors((first[:-1], second[:-1])), None).samples != one.samples


@pytest.mark.parametrize("length", [0, 10, 300, -1])
def test_a_damaged_checkpoint_is_refused(length, vectors, identity, tmp_path):
    path = tmp_path / "c.npz"
    cut_short(vectors, Checkpoint(path, identity))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError) as caught:
        run(vectors, "a", checkpoint=Checkpoint(path, identity), resume=True)
    assert "is damaged" in caught.value.message
    assert "Leave out --resume" in caught.value.hint


def test_whatever_byte_of_a_checkpoint_changes_it_is_read_or_refused(vectors, identity, tmp_path):
    path = tmp_path / "c.npz"
    cut_short(vectors, Checkpoint(path, identity))
    whole = path.read_bytes()
    with fake_session() as session:
        hello = session.connect()
    refused = 0
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x21]) + whole[place + 1 :])
        try:
            Checkpoint(path, identity).restore(Results(hello, SAMPLES))
        except InputError:
            refused += 1
    assert refused > len(whole) // 14


def test_arrays_of_another_form_are_no_checkpoint(vectors, identity, tmp_path):
    checkpoint = Checkpoint(tmp_path / "c.npz", identity)
    with fake_session() as session:
        hello = session.connect()
    checkpoint.save(Results(hello, SAMPLES - 1))
    with pytest.raises(InputError) as caught:
        checkpoint.restore(Results(hello, SAMPLES))
    assert "is damaged: ticks is int64[7]" in caught.value.message


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(vectors, identity, tmp_path):
    (tmp_path / "file").write_text("not a directory")
    checkpoint = Checkpoint(tmp_path / "file" / "c.npz", identity)
    cut_short(vectors, checkpoint)
    assert checkpoint.kept == 0
    assert "cannot be written" in checkpoint.problem


def doubtful(board_run, unit, **changes):
    (repeat,) = board_run.repeats
    return doubts(
        replace(board_run, hello=replace(board_run.hello, tick_unit=unit), repeats=(replace(repeat, **changes),))
    )


def test_ticks_that_vary_where_they_should_not_are_doubted(vectors):
    result = run(vectors, "a")
    for unit in TickUnit:
        assert doubtful(result, unit) == ()
    (doubt,) = doubtful(result, TickUnit.INSTRUCTIONS, ticks=(700, 701), ops=(2,))
    assert "took 700 instructions, then 701 (operators 2)" in doubt
    assert doubtful(result, TickUnit.CYCLES, ticks=(700, 707)) == ()
    assert len(doubtful(result, TickUnit.CYCLES, ticks=(700, 708))) == 1
    assert doubtful(result, TickUnit.MICROSECONDS, ticks=(700, 7000)) == ()


def test_other_outputs_for_the_same_sample_are_doubted_whatever_the_unit(vectors):
    result = run(vectors, "a")
    for unit in TickUnit:
        (doubt,) = doubtful(result, unit, same_outputs=False)
        assert "gave other outputs the second time" in doubt
