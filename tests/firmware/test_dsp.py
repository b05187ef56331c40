"""The _dsp kernels against tflite_micro, 0 LSB: their C definitions on the host, their assembly on QEMU.

One model holds several independent operators, so that one compilation tests several cases. It is optimized for speed:
no kernel is left out for its size. Each test also sees to it that the kernel it is about computed many of them.
"""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support import operators_dsp, operators_signal
from support.aot import plan_quickly
from support.cases import examples, models_of, one_of_each
from support.dsp import check_on_host, run_on_board
from support.network import Network

CASES_PER_MODEL = 20
MODELS = models_of(CASES_PER_MODEL)

OPERATORS = {
    "nn_pointwise_s8_dsp": operators_dsp.pointwise,
    "nn_conv2d_rows_s8_dsp": operators_dsp.rows,
    "nn_conv2d_s8_dsp": operators_dsp.windows,
    "nn_conv2d_any_wide_s8_dsp": operators_dsp.wide,
    "nn_conv2d_narrow_s8_dsp": operators_dsp.narrow,
    "nn_depthwise3_s8_dsp": operators_dsp.depthwise,
    "nn_depthwise3_few_s8_dsp": operators_dsp.depthwise_few,
    "nn_depthwise_plane_s8_dsp": operators_dsp.depthwise_any,
    "nn_depthwise_plane3_s8_dsp": operators_dsp.depthwise_small,
    "nn_depthwise_plane_mixed_s8_dsp": operators_dsp.depthwise_large_factors,
    "nn_depthwise_dilated_s8_dsp": operators_dsp.depthwise_dilated,
    "nn_depthwise_repeated_s8_dsp": operators_dsp.depthwise_repeated,
    "nn_fully_connected_s8_dsp": operators_dsp.dense,
    "nn_fully_connected_any_s8_dsp": operators_dsp.dense,
    "nn_fully_connected_wide_s8_dsp": operators_dsp.dense_wide,
    "nn_add_s8_dsp": operators_dsp.addition,
    "nn_add_table_s8_dsp": operators_dsp.addition_by_table,
    "nn_average_pool2d_s8_dsp": operators_dsp.average_pool,
    "nn_average_pool2x2_s8_dsp": operators_dsp.average_of_four,
    "nn_max_pool2d_s8_dsp": operators_dsp.max_pool,
    "nn_signal_auto_scale_s16_dsp": operators_signal.auto_scale,
    "nn_signal_energy_s16_dsp": operators_signal.energy,
    "nn_signal_filter_bank_u32_dsp": operators_signal.filter_bank,
    "nn_signal_rfft_s16_dsp": operators_signal.rfft,
    "nn_signal_window_s16_dsp": operators_signal.window,
    "nn_sum_s8_dsp": operators_dsp.pixel_sums,
}
DEPTHWISE = {
    "nn_depthwise3_s8_dsp",
    "nn_depthwise3_two_sided_s8_dsp",
    "nn_depthwise3_stride2_s8_dsp",
    "nn_depthwise3_stride2_two_sided_s8_dsp",
}
DILATED = {
    "nn_depthwise_dilated_s8_dsp",
    "nn_depthwise_dilated3_s8_dsp",
    "nn_depthwise_dilated_two_sided_s8_dsp",
    "nn_depthwise_dilated3_two_sided_s8_dsp",
}
FEW = {name.replace("depthwise3", "depthwise3_few") for name in DEPTHWISE}
WITH_ADD = {"nn_pointwise_add_s8_dsp", "nn_conv2d_rows_add_s8_dsp"}
SEVERAL = {
    "with addition": WITH_ADD,
    "nn_depthwise3_s8_dsp": DEPTHWISE,
    "nn_depthwise3_few_s8_dsp": FEW,
    "nn_depthwise_dilated_s8_dsp": DILATED,
    "nn_depthwise_plane_mixed_s8_dsp": {"nn_depthwise_plane_mixed_s8_dsp", "nn_depthwise_plane3_mixed_s8_dsp"},
    "nn_depthwise_plane_s8_dsp": {"nn_depthwise_plane_s8_dsp", "nn_depthwise_plane_two_sided_s8_dsp"},
    "nn_depthwise_repeated_s8_dsp": {"nn_depthwise_repeated_s8_dsp", "nn_depthwise_repeated_two_sided_s8_dsp"},
    "nn_depthwise_plane3_s8_dsp": {"nn_depthwise_plane3_s8_dsp", "nn_depthwise_plane3_two_sided_s8_dsp"},
}
LEAST_SHARE = 0.15
"""Of the cases; the others have rescaling factors, activations or sizes that a kernel does not take."""
LEAST_VARIANT = 0.02
"""Of the cases, for each of several kernels that the same operator may get."""


@pytest.mark.native
@pytest.mark.parametrize("kernel", [*OPERATORS, "with addition"])
def test_kernel_on_the_host_equals_tflite_micro(kernel, dsp_on_host, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())
    operator = OPERATORS.get(kernel, operators_dsp.convolution_add)
    used = Counter()
    cases = 0

    @settings(max_examples=MODELS, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        nonlocal cases
        net = Network(seed)
        net.outputs = [operator(data.draw, net).index for _ in range(CASES_PER_MODEL)]
        used.update(check_on_host(net.build(), net.vectors(), dsp_on_host, next(folders), "speed"))
        cases += CASES_PER_MODEL

    check()
    wanted = SEVERAL.get(kernel, {kernel})
    assert sum(used[name] for name in wanted) >= LEAST_SHARE * cases, (used, cases)
    assert all(used[name] >= LEAST_VARIANT * cases for name in wanted), (used, cases)


TIMES = 3
EVERY_KERNEL = one_of_each([*OPERATORS.values(), operators_dsp.convolution_add], TIMES)


@pytest.mark.qemu
def test_assembly_on_qemu_equals_tflite_micro(dsp_on_board, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    for number, (data, inputs) in enumerate(examples(EVERY_KERNEL, models_of(40))):
        run = run_on_board(data, inputs, dsp_on_board, tmp_path / str(number), "speed")
        assert run.wrong == 0
        assert len(run.ticks) >= len(OPERATORS)
