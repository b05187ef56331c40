"""Winograd's 3x3 convolutions against tflite_micro, 0 LSB: definitions in C on the host, assembly on QEMU; their cost.

Here they are taken wherever they can be, fast or not, with weights transformed in flash and with weights expanded.
"""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import optimize
from boardproof.project.runtimes.aot.costs import step_ticks
from boardproof.project.runtimes.aot.kernelsets.dsp import conv
from boardproof.project.runtimes.aot.kernelsets.dsp.winograd import expanded_weights, transformed_weights
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.memory import plan_memory
from boardproof.project.runtimes.aot.optimize import lower_for
from support import operators_dsp
from support.aot import plan_quickly
from support.cases import examples, models_of, one_of_each
from support.dsp import check_on_host, run_on_board
from support.network import Network

CASES_PER_MODEL = 20
KERNELS = {"nn_winograd_s8_dsp", "nn_winograd_add_s8_dsp"}
TUNINGS = {
    "transformed in flash": Tuning(transformed_weights=True),
    "expanded in memory": Tuning(spare_bytes={operator: 3000 + 1111 * operator % 12000 for operator in range(200)}),
}


@pytest.fixture(params=TUNINGS)
def everywhere(request, monkeypatch):
    plan_quickly(monkeypatch)
    monkeypatch.setattr(conv, "is_faster", lambda *_: True)
    monkeypatch.setattr(optimize, "SPEED", TUNINGS[request.param])


def convolution(draw, net):
    """Any size, some smaller than a tile, with any border, and now and then added to something."""
    y = operators_dsp.winograd(draw, net)
    return operators_dsp.add_to(draw, net, y) if draw(st.booleans()) else y


@pytest.mark.native
@pytest.mark.usefixtures("everywhere")
def test_kernel_on_the_host_equals_tflite_micro(dsp_on_host, tmp_path):
    folders = (tmp_path / str(i) for i in itertools.count())
    used = Counter()
    models = models_of(CASES_PER_MODEL)

    @settings(max_examples=models, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed)
        net.outputs = [convolution(data.draw, net).index for _ in range(CASES_PER_MODEL)]
        used.update(check_on_host(net.build(), net.vectors(), dsp_on_host, next(folders), "speed"))

    check()
    assert all(used[kernel] >= 0.15 * CASES_PER_MODEL * models for kernel in KERNELS), used


@pytest.mark.qemu
@pytest.mark.usefixtures("everywhere")
def test_assembly_on_qemu_equals_tflite_micro(dsp_on_board, tmp_path):
    for number, (data, inputs) in enumerate(examples(one_of_each([convolution], 24), models_of(60))):
        assert run_on_board(data, inputs, dsp_on_board, tmp_path / str(number), "speed").wrong == 0


# input [H, W, C], output channels, most instructions per multiply-accumulate under `speed`
LAYERS = (
    ((32, 32, 16), 16, 0.57),
    ((16, 16, 32), 32, 0.46),
    ((8, 8, 64), 64, 0.39),
    ((12, 12, 24), 24, 0.58),
    ((13, 11, 20), 20, 0.79),
    ((7, 7, 32), 32, 0.69),
    ((10, 10, 40), 31, 0.55),
    ((3, 3, 128), 64, 0.69),
)


def add_layer(net: Network, shape: tuple[int, ...], channels: int) -> int:
    """A layer with a RELU; its multiply-accumulates."""
    x = net.input((1, *shape), 0.05, -128)
    weights = np.clip(np.round(net.rng.normal(0, 35, (channels, 3, 3, shape[2]))), -127, 127).astype(np.int8)
    scales = [float(s) for s in np.float32(0.01 * net.rng.uniform(0.3, 1, channels))]
    y = net.tensor((1, *shape[:2], channels), float(np.float32(0.13 * (9 * shape[2]) ** 0.5)), -128)
    ids = [x.index, net.constant(weights, "int8", scales), -1]
    options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU"}
    net.builder.add_operator("CONV_2D", ids, [y.index], **options)
    net.outputs.append(y.index)
    return int(np.prod(y.shape)) * 9 * shape[2]


def layers() -> tuple[Network, list[int]]:
    """Separate layers and their multiply-accumulates."""
    net = Network(1)
    return net, [add_layer(net, shape, channels) for shape, channels, _ in LAYERS]


@pytest.mark.qemu
@pytest.mark.parametrize("way", ["speed", "balanced"])
def test_instructions_and_their_estimates(way, dsp_on_board, tmp_path):
    net, macs = layers()
    data = net.build()
    run = run_on_board(data, net.vectors(2), dsp_on_board, tmp_path, way)
    assert run.wrong == 0
    program = lower_for(read_tflite(data), BOARDS["mps2-an386"], way)
    assert len(run.ticks) == len(program.steps) == len(LAYERS)
    rates = [ticks / count for ticks, count in zip(run.ticks, macs, strict=True)]
    if way == "speed":
        assert {step.kernel for step in program.steps} == {"nn_winograd_s8_dsp"}
        assert [rate for rate, layer in zip(rates, LAYERS, strict=True) if rate > layer[2]] == [], rates
    estimates = [step_ticks(program, step) for step in program.steps if step.kernel in KERNELS]
    measured = [t for t, step in zip(run.ticks, program.steps, strict=True) if step.kernel in KERNELS]
    assert len(measured) >= 4
    assert measured == pytest.approx(estimates, rel=0.08)


def test_expanding_weights_takes_no_more_memory_than_there_is():
    graph = read_tflite(layers()[0].build())
    board = BOARDS["mps2-an386"]
    balanced, size = (lower_for(graph, board, way) for way in ("balanced", "size"))
    expanded = [dict(step.params.fields) for step in balanced.steps if step.kernel in KERNELS]
    assert expanded
    assert all(fields["expanded"] for fields in expanded)
    assert not KERNELS & {step.kernel for step in size.steps}
    assert plan_memory(balanced).plan.size_bytes <= plan_memory(size).plan.size_bytes


def test_a_small_network_does_not_take_the_code_for_a_small_gain():
    net = Network(3)
    add_layer(net, (6, 6, 8), 4)
    program = lower_for(read_tflite(net.build()), BOARDS["mps2-an386"], "balanced")
    assert not KERNELS & {step.kernel for step in program.steps}


def test_transformed_weights_are_the_definition():
    rng = np.random.default_rng(2)
    weights = rng.integers(-128, 128, (3, 3, 3, 8)).astype(np.int8)
    g = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]])
    lanes = transformed_weights(weights).view("<i2").reshape(2, 16, 4, 2, 2)
    for channel, inputs in itertools.product(range(3), range(8)):
        step, lane = inputs // 4 * 2 + inputs % 2, inputs % 4 // 2
        expected = g @ weights[channel, :, :, inputs].astype(int) @ g.T
        np.testing.assert_array_equal(lanes[channel // 2, :, step, channel % 2, lane], expected.reshape(-1))
    assert not lanes[1, :, :, 1].any()
    assert expanded_weights(weights).nbytes == 4 * 9 * 8
