"""Steps that run together in bands of rows: exact whatever the bands are, and the memory that they are for."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof import pipeline
from boardproof.model.graph import Padding, Window
from boardproof.model.tflite.reader import read_tflite
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource_root
from boardproof.project.runtimes.aot import optimize, streaming
from boardproof.project.runtimes.aot.bands import streamed
from boardproof.project.runtimes.aot.checks.budget import arena_room
from boardproof.project.runtimes.aot.kernelsets import usable_sets
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.optimize import lower_for
from boardproof.project.runtimes.aot.program import Move
from boardproof.project.runtimes.base import Options
from boardproof.proof import prove
from boardproof.settings import Settings
from support import operators_dsp
from support.cases import rounds_of
from support.dsp import check_on_host, run_on_board
from support.network import Network

MODELS = Path(os.environ.get("BOARDPROOF_MODELS", resource_root().parent / "shared" / "models"))
M4 = BOARDS["mps2-an386"]
STEPS = (
    *("pointwise", "square", "strided", "depthwise", "depthwise", "wide depthwise"),
    *("valid", "add", "add", "pool", "pool"),
)


@st.composite
def images(draw):
    """Convolutions of all kinds one after another, some with an ADD of what was there before."""
    net = Network(draw(st.integers(0, 2**32)), lively=True)
    x = operators_dsp.image(draw, net, st.sampled_from((4, 8)), 17)
    for kind in draw(st.lists(st.sampled_from(STEPS), min_size=2, max_size=6)):
        x = _step(draw, net, x, kind)
    net.outputs = [x.index]
    return net


def _step(draw, net, x, kind):
    channels, same = draw(st.sampled_from((4, 8, 12))), Window(Padding.SAME, (1, 1))
    stride = int(net.rng.integers(1, 3))
    match kind:
        case "pointwise":
            return operators_dsp.convolution(draw, net, x, (1, 1), same, channels)
        case "square":
            return operators_dsp.convolution(draw, net, x, (3, 3), same, channels)
        case "strided":
            kernel = (int(net.rng.integers(1, 5)), 3)
            return operators_dsp.convolution(draw, net, x, kernel, Window(Padding.SAME, (2, 2)), channels)
        case "valid" if min(x.shape[1:3]) > 4:
            return operators_dsp.convolution(draw, net, x, (3, 2), Window(Padding.VALID, (stride, 1)), channels)
        case "add":
            y = operators_dsp.convolution(draw, net, x, (3, 3), same, channels)
            z = operators_dsp.convolution(draw, net, y, (1, 1), same, x.shape[3])
            if z.shape != x.shape:  # there may be a PAD before a convolution
                return z
            return operators_dsp.add(draw, net, *((z, x) if draw(st.booleans()) else (x, z)))
        case "pool" if min(x.shape[1:3]) > 1:
            return operators_dsp.pool_of(draw, net, x, (int(net.rng.integers(1, 4)), 2), strided_window(net))
        case "wide depthwise":
            return operators_dsp.depthwise_of(draw, net, x, (5, 5), Window(Padding.SAME, (stride, stride)))
        case _:
            return operators_dsp.depthwise_of(draw, net, x, (3, 3), Window(Padding.SAME, (stride, stride)))


def strided_window(net):
    """Of a pool; with VALID where its three rows may be too many for the image, there are none left over."""
    stride = int(net.rng.integers(1, 4)), int(net.rng.integers(1, 3))
    return Window(Padding.SAME, stride)


def assert_inside(step, graph):
    """All that a stream reads, writes and moves begins inside the scratch memory or the tensor."""
    for round_ in step.stream.rounds:
        for action in round_.actions:
            if isinstance(action, Move):
                ends = [(None, begin + action.size_bytes) for begin in (action.target, action.source)]
                assert min(action.target, action.source) >= 0
            else:
                ends = [
                    (place.tensor, place.offset_bytes + (round_.count - 1) * place.advance_bytes)
                    for place in action.places
                ]
                assert min(place.offset_bytes for place in action.places) >= 0
            for tensor, end in ends:
                assert end <= (step.scratch_bytes if tensor is None else graph.tensors[tensor].size_bytes)


def stream_everything(seen, rng):
    """In place of `with_streams`: all chains there are, in bands of any height, whether that lowers anything or not."""

    def with_streams(program, lowers, _):
        for first in itertools.count():
            if first >= len(program.steps):
                return program
            for last in range(min(first + 4, len(program.steps)) - 1, first, -1):
                chain = streaming.chain_of(program, program.steps[first : last + 1])
                step = chain and streamed(chain, program.graph, int(rng.integers(1, 6)), lowers[rng.integers(2)])
                if step:
                    assert_inside(step, program.graph)
                    steps = (*program.steps[:first], step, *program.steps[last + 1 :])
                    program = replace(program, steps=steps)
                    bands = sum(round_.count for round_ in step.stream.rounds)
                    seen.update(streams=1, bands=bands, adds=any("_add_" in part.kernel for part in step.parts))
                    seen.update(pools=any("_pool2" in part.kernel for part in step.parts))
                    break
        return program

    return with_streams


@pytest.mark.native
def test_bands_of_any_height_equal_tflite_micro(dsp_on_host, tmp_path, monkeypatch):
    folders, seen = (tmp_path / str(i) for i in itertools.count()), Counter()
    monkeypatch.setattr(optimize, "with_streams", stream_everything(seen, np.random.default_rng(5)))

    @settings(
        max_examples=rounds_of(4), deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate]
    )
    @given(images())
    def check(net):
        seen.update(networks=1)
        check_on_host(net.build(), net.vectors(), dsp_on_host, next(folders), "size")

    check()
    assert seen["streams"] >= 0.6 * seen["networks"], seen
    assert seen["bands"] >= 1.5 * seen["streams"], seen
    assert seen["adds"] >= 1, seen
    assert seen["pools"] >= 2, seen


def mobile_start(*, changed: int = 0) -> bytes:
    """What visual wake words begin with: a 1x1 convolution that doubles the channels, before a strided one.

    `changed`: how much larger one weight of the first is.
    """
    net = Network(3)
    x = net.input((1, 24, 24, 8), 0.05, -128)
    rng = np.random.default_rng(0)
    weights = rng.integers(-60, 60, (32, 1, 1, 8)).astype(np.int8)
    weights[9, 0, 0, 3] += changed
    w = net.constant(weights, "int8", [0.01] * 32)
    y = net.tensor((1, 24, 24, 32), 0.1, -128)
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU"}
    net.builder.add_operator("CONV_2D", [x.index, w], [y.index], **options)
    v = net.constant(rng.integers(-60, 60, (1, 3, 3, 32)).astype(np.int8), "int8", [0.01] * 32, 3)
    z = net.tensor((1, 12, 12, 32), 0.05, -128)
    options |= {"stride_h": 2, "stride_w": 2, "depth_multiplier": 1}
    net.builder.add_operator("DEPTHWISE_CONV_2D", [y.index, v], [z.index], **options)
    net.outputs = [z.index]
    return net.build()


@pytest.mark.qemu
def test_what_lies_between_is_never_in_memory_as_a_whole(dsp_on_board, tmp_path):
    data = mobile_start()
    inputs = [np.random.default_rng(1).integers(-128, 128, (2, 1, 24, 24, 8)).astype(np.int8)]
    arenas, ticks = {}, {}
    for setting in ("speed", "size"):
        program = lower_for(read_tflite(data), M4, setting)
        arenas[setting] = plan_memory(program).plan.size_bytes
        run = run_on_board(data, inputs, dsp_on_board, tmp_path / setting, setting)
        assert run.wrong == 0
        ticks[setting] = sum(run.ticks)
    assert arenas["speed"] > 24 * 24 * 32
    assert arenas["size"] < 0.5 * arenas["speed"]
    assert ticks["size"] < 1.2 * ticks["speed"]


def test_rows_that_nothing_reads_have_their_place():
    """A 1x1 convolution with stride 3, behind another: two of three rows are computed for nothing."""
    net = Network(4)
    x = net.input((1, 20, 4, 4), 0.05, -128)
    for stride, rows in ((1, 20), (3, 7)):
        y = net.tensor((1, rows, -(-4 // stride), 4), 0.1, -128)
        w = net.constant(net.rng.integers(-60, 60, (4, 1, 1, 4)).astype(np.int8), "int8", [0.01] * 4)
        options = {"padding": "SAME", "stride_h": stride, "stride_w": stride, "fused_activation_function": "RELU"}
        net.builder.add_operator("CONV_2D", [x.index, w], [y.index], **options)
        x = y
    net.outputs = [x.index]
    program = lower_for(read_tflite(net.build()), M4, "speed")
    chain = streaming.chain_of(program, program.steps)
    for height in (1, 2, 3):
        step = streamed(chain, program.graph, height, optimize._again(usable_sets(M4.cpu), frozenset(), Tuning()))
        assert_inside(step, program.graph)


@pytest.mark.parametrize("setting", ["speed", "balanced"])
def test_what_does_not_fit_otherwise_runs_in_bands_whatever_it_costs(setting, monkeypatch):
    graph = read_tflite(mobile_start())
    monkeypatch.setitem(optimize.SLOWDOWN, "balanced", 1.0)
    monkeypatch.setattr(optimize, "SLOWDOWN_FOR_ARENA", 0.0)
    whole = lower_for(graph, M4, setting)
    assert [step.stream for step in whole.steps] == [None, None]
    missing = arena_room(M4) - plan_memory(whole).plan.size_bytes + 1
    smaller = replace(M4, ram_bytes=M4.ram_bytes - missing)
    (step,) = lower_for(graph, smaller, setting).steps
    assert step.stream is not None


@pytest.mark.parametrize(
    ("share", "slower", "worth"), [(0.9, 1.005, True), (0.9, 1.015, False), (0.5, 1.024, True), (0.5, 1.026, False)]
)
def test_balanced_takes_more_time_for_much_less_memory(share, slower, worth, monkeypatch):
    monkeypatch.setattr(optimize, "total_ticks", lambda program: program.ticks)
    monkeypatch.setattr(optimize, "plan_memory", lambda program: SimpleNamespace(plan=program))
    whole, bands = (SimpleNamespace(ticks=1e6 * t, size_bytes=1e5 * s) for t, s in ((1, 1), (slower, share)))
    assert optimize.is_worth_its_time(bands, whole) == worth


@pytest.mark.qemu
def test_the_search_for_what_differs_takes_them_apart(tmp_path, monkeypatch):
    """The oracle has another weight in the first of two layers that run together: what differs is found there."""
    model, other = tmp_path / "start.tflite", mobile_start(changed=40)
    model.write_bytes(mobile_start())
    for name in ("run_oracle", "run_oracle_tensors"):
        monkeypatch.setattr(prove, name, partial(lambda run, _, *given: run(other, *given), getattr(prove, name)))
    settings = Settings(model=model, random=1, out=tmp_path / "out", options=Options(optimize="size"))
    report = pipeline.run(settings, Silent())
    assert [op.index for op in report.ops] == [1]
    assert report.divergence is not None
    assert (report.divergence.index, report.divergence.op) == (0, "CONV_2D")
    told = (
        "operators 0 to 1 run together in bands of rows: the first that differs was found with them one after the other"
    )
    assert told in report.warnings


@pytest.mark.parametrize(
    ("name", "setting", "most"),
    [("vww_96_int8", "balanced", 29_500), ("pretrainedResnet_quant", "size", 28_500), ("kws_ref_model", "size", 8_832)],
)
def test_the_arena_of_networks_as_people_have_them(name, setting, most):
    path = MODELS / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there: set BOARDPROOF_MODELS")
    assert plan_memory(lower_for(read_tflite(path.read_bytes()), M4, setting)).plan.size_bytes <= most
