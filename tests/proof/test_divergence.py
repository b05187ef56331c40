"""The first operator that goes astray, found by reading tensors from the test device."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import DeviceError
from boardproof.model.graph import DType, Graph, Tensor, Unsupported
from boardproof.model.samples import Vectors
from boardproof.proof.divergence import find_divergence
from support.fake_model import CLASSES, fake_session, op_outputs, random_inputs, seeded

pytestmark = pytest.mark.native

SAMPLE = 1

# Six operators; 1, 3 and 4 do not run on the device. Operator i writes tensor i, the last one 6 as well.
GRAPH = Graph(
    tensors=tuple(Tensor(index, f"tensor {index}", (1,), DType.INT8) for index in range(7)),
    operators=tuple(Unsupported(i, 1, (), (i,) if i < 5 else (5, 6), opcode_name=f"OP_{i}") for i in range(6)),
    inputs=(),
    outputs=(5, 6),
)


@pytest.fixture
def inputs() -> Vectors:
    rng = seeded(4)
    return Vectors(tuple(np.stack(column) for column in zip(*(random_inputs(rng) for _ in range(2)), strict=True)))


@pytest.fixture
def expected(inputs) -> dict[int, np.ndarray]:
    first, classes, last = op_outputs([array[SAMPLE] for array in inputs.arrays])
    return {0: first[0], 2: classes[0], 5: last[0], 6: last[1]}


def test_nothing_is_found_when_all_tensors_agree(inputs, expected):
    seen = []
    with fake_session() as session:
        found = find_divergence(session, GRAPH, expected, inputs, SAMPLE, on_progress=lambda *done: seen.append(done))
    assert found is None
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_the_first_operator_that_differs_is_named_with_values_around_the_difference(inputs, expected):
    correct = expected[2].copy()
    expected[2] = correct.copy()
    expected[2][0, 7] ^= 1
    expected[2][0, 9] ^= 1
    expected[5] = expected[5] + 1  # later ones do not matter
    with fake_session() as session:
        found = find_divergence(session, GRAPH, expected, inputs, SAMPLE)
    assert found is not None
    assert (found.sample, found.index, found.op, found.tensor, found.name) == (SAMPLE, 2, "OP_2", 2, "tensor 2")
    assert (found.differing, found.elements, found.max_lsb, found.first) == (2, CLASSES, 1, 7)
    assert found.shown_from == 2
    assert found.got == tuple(int(value) for value in correct[0, 2:12])
    assert found.expected == tuple(int(value) for value in expected[2][0, 2:12])


def test_a_network_with_state_sees_all_samples_before_for_each_operator(inputs, expected):
    with fake_session() as session:
        session.connect()
        done, infer, prepare = [], session.infer, session._prepare
        session.infer = lambda arrays: done.append(arrays[0]) or infer(arrays)
        session._prepare = lambda: done.append("afresh") or prepare()
        assert find_divergence(session, GRAPH, expected, inputs, SAMPLE, stateful=True) is None
    assert done[::2] == ["afresh"] * 3
    assert all(array is not None and (array == inputs.arrays[0][0]).all() for array in done[1::2])


def test_a_reset_in_between_is_an_error_where_there_is_state(inputs, expected):
    with fake_session() as session:
        session.connect()
        infer = session.infer

        def reset_after(arrays):
            session.resets += 1
            return infer(arrays)

        session.infer = reset_after
        with pytest.raises(DeviceError) as caught:
            find_divergence(session, GRAPH, expected, inputs, SAMPLE, stateful=True)
    assert caught.value.message == "The board was reset, and this network remembers earlier samples."
    assert caught.value.hint == "Run it again."


def test_any_output_of_an_operator_counts(inputs, expected):
    expected[6] = expected[6] + np.float32(0.5)
    with fake_session() as session:
        found = find_divergence(session, GRAPH, expected, inputs, SAMPLE)
    assert found is not None
    assert (found.index, found.tensor) == (5, 6)


def test_a_tensor_of_another_form_is_an_error(inputs, expected):
    expected[2] = expected[2].astype(np.int16)
    with fake_session() as session, pytest.raises(DeviceError) as caught:
        find_divergence(session, GRAPH, expected, inputs, SAMPLE)
    assert caught.value.message == "The board has 12 elements of int8; the oracle 12 of int16."
    assert "this model" in caught.value.hint


def test_only_the_channels_that_the_board_computes_are_compared(inputs, expected):
    """Of 14 channels in the network it has 12, one of which does not matter."""
    wide = np.full((1, CLASSES + 2), 99, expected[2].dtype)
    wide[:, 1:-1] = expected[2]
    wide[0, 4] ^= 1
    channels = (1, 2, 3, -1, *range(5, CLASSES + 1))
    expected[2] = wide
    with fake_session() as session:
        assert find_divergence(session, GRAPH, expected, inputs, SAMPLE, kept={2: channels}) is None
        wide[0, 9] ^= 1
        found = find_divergence(session, GRAPH, expected, inputs, SAMPLE, kept={2: channels})
        assert found is not None
        assert (found.index, found.differing, found.elements, found.first) == (2, 1, CLASSES + 2, 9)
        with pytest.raises(DeviceError):
            find_divergence(session, GRAPH, expected, inputs, SAMPLE, kept={2: channels[1:]})
