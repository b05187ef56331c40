"""Specialised kernels for layers of any shape, against tflite_micro, 0 LSB: on the host, and on QEMU.

The operators are those of the portable kernels' property tests. Each test also sees to it that the kernel it is about
computed many of them.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support import operators_axes, operators_elementwise
from support.aot import plan_quickly
from support.cases import examples, models_of, one_of_each
from support.dsp import check_on_host, run_on_board
from support.network import Network

CASES_PER_MODEL = 20
MODELS = models_of(CASES_PER_MODEL)

OPERATORS = {
    "nn_conv2d_s16_dsp": operators_axes.conv2d("int16"),
    "nn_depthwise_conv2d_s16_dsp": operators_axes.depthwise_conv2d("int16"),
    "nn_fully_connected_s16_dsp": operators_axes.fully_connected("int16"),
    "nn_add_s16_dsp": operators_elementwise.binary("ADD", "int16"),
}
LEAST_SHARE = 0.12
"""Of the cases; the others have factors, shapes or sums that a kernel does not take."""


@pytest.mark.native
@pytest.mark.parametrize("kernel", OPERATORS)
def test_kernel_on_the_host_equals_tflite_micro(kernel, dsp_on_host, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())
    used = Counter()

    @settings(max_examples=MODELS, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed)
        net.outputs = [OPERATORS[kernel](data.draw, net).index for _ in range(CASES_PER_MODEL)]
        used.update(check_on_host(net.build(), net.vectors(), dsp_on_host, next(folders), "speed"))

    check()
    assert used[kernel] >= LEAST_SHARE * MODELS * CASES_PER_MODEL, used


@pytest.mark.qemu
def test_kernels_on_qemu_equal_tflite_micro(dsp_on_board, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    every_kernel = one_of_each(OPERATORS.values(), 4)
    for number, (data, inputs) in enumerate(examples(every_kernel, models_of(40))):
        assert run_on_board(data, inputs, dsp_on_board, tmp_path / str(number), "speed").wrong == 0
