"""The protocol over a link that drops, duplicates, damages, delays and resets: the right answer or a clear error.

A few hundred exchanges here; BOARDPROOF_EXCHANGES=10000 for as many in the random run.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.session import Session
from boardproof.errors import DeviceError
from support.fake_model import expected_outputs, open_fake, random_inputs, same
from support.faulty_link import Fault, FaultyLink, Planned, Random, Way

EXCHANGES = int(os.environ.get("BOARDPROOF_EXCHANGES", "300"))

pytestmark = pytest.mark.native


def quick_pace() -> Pace:
    return Pace(base_s=0.02, silent_s=3.0, first_run_s=1.0, connect_s=3.0, byte_s=1e-6)


def infer_all(session: Session, exchanges: int, input_bytes: int = 490, floats: int = 3) -> int:
    """How many inferences were right; the others ended in a DeviceError. A wrong one fails the test."""
    rng = np.random.default_rng(exchanges)
    right = 0
    failures: list[DeviceError] = []
    for _ in range(exchanges):
        inputs = random_inputs(rng, input_bytes)
        try:
            result = session.infer(inputs)
        except DeviceError as error:
            failures.append(error)
            continue
        assert all(map(same, result.outputs, expected_outputs(inputs, floats)))
        assert result.op_ticks == (100, 200, 300)
        right += 1
    assert all(error.message and error.hint for error in failures)
    return right


FAULTS = st.tuples(st.sampled_from(Fault), st.integers(0, 65535))
PLANS = st.dictionaries(st.tuples(st.sampled_from(Way), st.integers(0, 40)), FAULTS, max_size=8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_any_few_faults_leave_every_answer_right(plan):
    with FaultyLink(open_fake, Planned(plan)) as link:
        session = Session(link, pace=quick_pace())
        right = infer_all(session, 4)
    resets = sum(fault is Fault.RESET for fault, _ in plan.values())
    assert right == 4 or resets > 3


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PLANS)
def test_any_few_faults_leave_windowed_inputs_and_chunked_outputs_right(plan):
    with FaultyLink(lambda: open_fake(input_bytes=40000, floats=700), Planned(plan)) as link:
        session = Session(link, pace=quick_pace())
        right = infer_all(session, 2, 40000, 700)
    resets = sum(fault is Fault.RESET for fault, _ in plan.values())
    assert right == 2 or resets > 3


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.RESET])
def test_one_frame_in_four_with_one_fault(fault):
    with FaultyLink(open_fake, Random(1, 0.25, (fault,))) as link:
        assert infer_all(Session(link, pace=quick_pace()), 20) == 20


def test_a_long_run_under_all_faults_and_resets_is_right():
    with FaultyLink(open_fake, Random(7, 0.1, reset_rate=0.005)) as link:
        assert infer_all(Session(link, pace=quick_pace()), EXCHANGES) == EXCHANGES
        assert link.resets > 0
