"""How long to wait: from the bytes, from the inferences so far, and never longer for frames that were lost."""

from __future__ import annotations

from boardproof.device.protocol.pace import Pace


def test_more_bytes_and_longer_inferences_take_more_patience():
    pace = Pace(base_s=0.25, byte_s=0.001)
    assert pace.retry_s(100, runs=False, attempt=0) == 0.35
    pace.learn_run(ticks=500, tick_rate=0, response_s=2.0, elapsed_s=2.0)
    assert pace.retry_s(100, runs=False, attempt=0) == 0.35
    assert pace.retry_s(100, runs=True, attempt=0) == 0.35 + 4.0


def test_repeated_requests_come_slower_up_to_a_point():
    waits = [Pace(base_s=1.0, byte_s=0).retry_s(0, runs=False, attempt=attempt) for attempt in range(6)]
    assert waits == [1, 2, 4, 4, 4, 4]


def test_ticks_that_measure_time_are_believed():
    pace = Pace()
    pace.learn_run(ticks=64_000_000, tick_rate=64_000_000, response_s=0.001, elapsed_s=0.001)
    assert pace.run_s == 1.0


def test_the_first_inference_may_take_long_later_ones_ten_times_the_longest():
    pace = Pace(silent_s=5.0, first_run_s=60.0, byte_s=0)
    assert pace.give_up_s(0, runs=True) == 65.0
    assert pace.give_up_s(0, runs=False) == 5.0
    pace.learn_run(ticks=1, tick_rate=0, response_s=0.5, elapsed_s=2.0)
    assert pace.give_up_s(0, runs=True) == 25.0


def test_losing_frame_after_frame_does_not_make_the_waits_grow():
    pace = Pace(base_s=0.1, byte_s=0)
    for _ in range(50):  # every first request is lost; the device answers the second one at once
        wait_s = pace.retry_s(0, runs=True, attempt=0)
        pace.learn_run(ticks=1, tick_rate=0, response_s=0.01, elapsed_s=wait_s + 0.01)
    assert pace.retry_s(0, runs=True, attempt=0) < 0.13
    assert pace.give_up_s(0, runs=True) < 5 + 10 * 0.15


def test_a_slow_link_is_learned_and_forgotten():
    pace = Pace(byte_s=0.0001)
    pace.learn_transfer(1000, 1.0)
    assert pace.byte_s == 0.001
    for _ in range(30):
        pace.learn_transfer(1000, 0.01)
    assert pace.byte_s < 0.00002
