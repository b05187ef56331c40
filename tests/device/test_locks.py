"""Locks between processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import boardproof
from boardproof.device.build.locks import lock_first, try_lock
from support.usb_world import SimulatedClock

HOLDER = """
import sys
from pathlib import Path
from boardproof.device.build.locks import try_lock

lock = try_lock(Path(sys.argv[1]))
print("held" if lock else "taken", flush=True)
sys.stdin.read()
"""


def ignore() -> None:
    pass


def test_a_lock_is_held_once_and_can_be_had_again(tmp_path):
    path = tmp_path / "deeper" / "board.lock"
    with try_lock(path) as lock:
        assert try_lock(path) is None
        lock.release()
        with try_lock(path) as again:
            assert again is not None
    with try_lock(path) as last:
        assert last is not None


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path):
    path = tmp_path / "board.lock"
    command = [sys.executable, "-c", HOLDER, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(boardproof.__file__).parents[1])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, env=environment) as holder:
        assert holder.stdout.readline() == "held\n"
        assert try_lock(path) is None
        holder.kill()
        holder.wait()
        with try_lock(path) as lock:
            assert lock is not None


def test_the_first_free_lock_is_taken(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    with try_lock(one):
        path, lock = lock_first((one, two), 5.0, SimulatedClock(), ignore)
        lock.release()
    assert path == two


def test_a_taken_lock_is_waited_for_and_said_so_once(tmp_path):
    clock = SimulatedClock()
    held = try_lock(tmp_path / "one")
    waits = []

    def on_wait() -> None:
        waits.append(clock.time_s)

    sleep = clock.sleep

    def release_after_three_seconds(seconds: float) -> None:
        sleep(seconds)
        if clock.time_s > 3.0:
            held.release()

    clock.sleep = release_after_three_seconds
    path, lock = lock_first((tmp_path / "one",), 5.0, clock, on_wait)
    lock.release()
    assert (path, waits) == (tmp_path / "one", [0.0])


def test_waiting_for_a_lock_ends(tmp_path):
    clock = SimulatedClock()
    with try_lock(tmp_path / "one"), pytest.raises(TimeoutError, match="one stayed locked"):
        lock_first((tmp_path / "one",), 5.0, clock, ignore)
    assert clock.time_s >= 5.0
