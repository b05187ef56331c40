"""Why findings of `tflm_crashes` and `tflm_slips` are errors: what the firmware does. About 10 s each, library built.

Runs where BOARDPROOF_TFLM_LIB names a copy of the library; skips what that library has learned.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.device.build.compile import build
from boardproof.device.failures import BoardFaultError, ModelFailedError
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.device.tflm.arena import STAND_IN, ArenaSource, Workload, find_arena
from boardproof.model.oracle import run_oracle
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from support.tflm import (
    choice_model,
    elementwise_model,
    floor_div_model,
    gather_nd_model,
    grouped_conv_model,
    pool_model,
    real_library,
    resize_model,
    softmax_model,
    squares_model,
    transpose_conv_without_bias,
)

if TYPE_CHECKING:
    from pathlib import Path

BOARD = BOARDS[STAND_IN]


@pytest.fixture(scope="module")
def library() -> Path:
    missing = [name for name in ("arm-none-eabi-gcc", "qemu-system-arm") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} not on PATH")
    return real_library()


@pytest.mark.parametrize(
    ("data", "code", "operator", "name"),
    [
        (elementwise_model("ADD", (1, 2, 1, 3, 2), (3, 1)), "too-many-axes", 0, "ADD"),
        (gather_nd_model(), "writes-to-flash", 1, "GATHER_ND"),
        (transpose_conv_without_bias("int16"), "missing-bias", 0, "TRANSPOSE_CONV"),
        (softmax_model(1e-9), "input-scale", 0, "SOFTMAX"),
    ],
    ids=["five axes", "gather_nd", "transpose_conv", "softmax"],
)
def test_the_firmware_crashes_and_says_in_which_operator(library, tmp_path, data, code, operator, name):
    graph = read_tflite(data)
    options = Options(tflm_lib=str(library))
    if code not in {finding.code for finding in TflmRuntime().check(graph, BOARD, options)}:
        pytest.skip("this library runs it")
    with pytest.raises(BoardFaultError) as caught:
        find_arena(Workload(graph, data, TflmRuntime(), options), BOARD, tmp_path / "project")
    assert caught.value.operator == operator
    assert caught.value.message.startswith(f"The firmware crashed in operator {operator}: ")
    assert caught.value.hint.startswith(f"Operator {operator} ({name}) was at work")


@pytest.mark.parametrize(
    "data",
    [
        pool_model("MAX_POOL_2D", 2),
        grouped_conv_model(2),
        squares_model("int16"),
        transpose_conv_without_bias("int8", "RELU", -20),
        resize_model((2, 2), half_pixel_centers=True),
    ],
    ids=["pool", "conv", "mul", "transpose_conv", "resize"],
)
def test_the_firmware_computes_something_else(library, tmp_path, data):
    graph = read_tflite(data)
    options = Options(tflm_lib=str(library), arena_bytes=8192)
    if "wrong-results" not in {finding.code for finding in TflmRuntime().check(graph, BOARD, options)}:
        pytest.skip("this library computes it well")
    vectors = random_vectors(graph, 4, seed=3)
    with open_link(_firmware(data, options, tmp_path / "project"), BOARD) as link:
        session = Session(link)
        got = [session.infer((sample,)).outputs[0] for sample in vectors.arrays[0]]
    assert not np.array_equal(got, run_oracle(data, vectors).arrays[0])


def test_memory_that_an_operator_takes_while_it_runs_is_measured(library, tmp_path):
    """SELECT_V2's tensors, most of such a small network's arena, and without which its kernel would crash."""
    data = choice_model((1, 4))
    graph, root = read_tflite(data), tmp_path / "project"
    options = Options(tflm_lib=str(library))
    arena = find_arena(Workload(graph, data, TflmRuntime(), options), BOARD, root)
    assert arena.source is ArenaSource.MEASURED
    vectors = random_vectors(graph, 10, seed=3)
    with open_link(_firmware(data, replace(options, arena_bytes=arena.arena_bytes), root), BOARD) as link:
        session = Session(link)
        got = [session.infer(sample).outputs[0] for sample in zip(*vectors.arrays, strict=True)]
    np.testing.assert_array_equal(got, run_oracle(data, vectors).arrays[0])

    less = arena.arena_bytes - 16
    with open_link(_firmware(data, replace(options, arena_bytes=less), root), BOARD) as link:
        session = Session(link)
        with pytest.raises(ModelFailedError) as caught:
            session.infer(tuple(array[0] for array in vectors.arrays))
    assert caught.value.message == (
        f"The tensor arena is too small: at least {caught.value.needed_bytes:,} bytes needed, {less:,} available."
    )
    assert less < caught.value.needed_bytes <= arena.arena_bytes


@pytest.mark.parametrize(
    ("data", "source", "how"),
    [
        (floor_div_model(), ArenaSource.MEASURED, f"measured on {STAND_IN}: runs in it, fails in 16 bytes less"),
        (
            floor_div_model(also_at_one=True),
            ArenaSource.BOUND,
            "an upper bound from tflite_micro's recorded allocations, not measured: operator 2 (FLOOR_DIV) fails on "
            "inputs of zeros and of ones",
        ),
    ],
    ids=["zeros", "zeros and ones"],
)
def test_a_kernel_that_refuses_made_up_inputs_keeps_no_network_from_running(library, tmp_path, data, source, how):
    graph, root = read_tflite(data), tmp_path / "project"
    options = Options(tflm_lib=str(library))
    arena = find_arena(Workload(graph, data, TflmRuntime(), options), BOARD, root)
    assert (arena.source, str(arena)) == (source, how)
    vectors = random_vectors(graph, 10, seed=3)
    with open_link(_firmware(data, replace(options, arena_bytes=arena.arena_bytes), root), BOARD) as link:
        session = Session(link)
        got = [session.infer(sample).outputs[0] for sample in zip(*vectors.arrays, strict=True)]
    np.testing.assert_array_equal(got, run_oracle(data, vectors).arrays[0])


def _firmware(data, options, root):
    project, _ = render(read_tflite(data), data, BOARD, TflmRuntime(), options)
    return build(project, root)
