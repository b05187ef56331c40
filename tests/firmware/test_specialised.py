"""Specialised kernels for layers of any shape, against tflite_micro, 0 LSB: on the host, and on QEMU.

The operators are those of the portable kernels' property tests. Each test also sees to it that the kernel it is about
computed many of them.
"""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support import (
    operands,
    operators_axes,
    operators_dsp,
    operators_elementwise,
    operators_products,
    operators_windows,
)
from support.aot import plan_quickly
from support.cases import examples, models_of, one_of_each
from support.dsp import check_on_host, run_on_board
from support.network import Network
from support.operands import quantization

CASES_PER_MODEL = 20
MODELS = models_of(CASES_PER_MODEL)


def in_fours(operator, dtype):
    """The operator on an image whose channels come in fours."""

    def make(draw, net):
        shape = (
            draw(st.integers(1, 2)),
            draw(st.integers(1, 9)),
            draw(st.integers(1, 9)),
            draw(st.sampled_from((4, 8))),
        )
        return operator(draw, net, net.input(shape, *quantization(draw, net, dtype), dtype))

    return make


def of_image(operator, dtype, channels, largest=9):
    """The operator on one or two images with so many channels at most, or with one of several numbers."""
    numbers = st.integers(1, channels) if isinstance(channels, int) else st.sampled_from(channels)

    def make(draw, net):
        size = st.integers(1, largest)
        shape = (draw(st.integers(1, 2)), draw(size), draw(size), draw(numbers))
        return operator(draw, net, net.input(shape, *quantization(draw, net, dtype), dtype))

    return make


def row_of_fours(operator, dtype):
    """The operator on rows whose elements come in fours."""

    def make(draw, net):
        shape = (draw(st.integers(1, 3)), 4 * draw(st.integers(1, 12)))
        return operator(draw, net, net.input(shape, *quantization(draw, net, dtype), dtype))

    return make


def of_large_biases(operator):
    """The operator, its biases near 2^29: alone more than the fast kernels' sums can be."""

    def make(draw, net):
        usual, net.biases = net.biases, lambda count, _: net.rng.integers(-(2**29), 2**29, count).astype(np.int32)
        try:
            return operator(draw, net)
        finally:
            net.biases = usual

    return make


def long_rows(operator):
    """The operator on rows of some length, a few of them."""

    def make(draw, net):
        shape = (*draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)), draw(st.integers(4, 45)))
        return operator(draw, net, net.input(shape, *quantization(draw, net, "int8"), "int8"))

    return make


def halfway(draw, net):
    """A sum or difference, broadcast, with scales that take many results half way to the next: none is linear."""
    unit, shape = draw(st.sampled_from((0.5, 1.0, 4.0))), draw(operands.shapes)
    x = net.input(shape, float(np.float32(0.04 * unit)), net.zero_point(draw))
    y = operands.operand(draw, net, x, "int8", (float(np.float32(0.1 * unit)), net.zero_point(draw)))
    pair = [x, y] if draw(st.booleans()) else [y, x]
    result = net.tensor(np.broadcast_shapes(x.shape, y.shape), float(np.float32(0.08 * unit)), net.zero_point(draw))
    opcode = draw(st.sampled_from(("ADD", "SUB")))
    return operands.apply(draw, net, opcode, pair, result, fused_activation_function=net.activation(draw))


OPERATORS = {
    "nn_conv2d_any_s8_dsp": operators_windows.conv2d,
    "nn_conv2d_any_wide_s8_dsp": of_large_biases(operators_windows.conv2d),
    "nn_conv2d_any_wide_s8_dsp of one image": of_large_biases(operators_dsp.windows),
    "nn_conv2d_narrow_s8_dsp of several pixels": operators_dsp.few_outputs,
    "nn_conv2d_rows_s8_dsp of columns": operators_dsp.convolution_of_column,
    "nn_fully_connected_any_s8_dsp of pixels": operators_dsp.one_channel,
    "nn_depthwise_plane_s8_dsp of columns": operators_dsp.depthwise_of_column,
    "nn_depthwise_any_s8_dsp of one window": operators_dsp.depthwise_of_one_window,
    "nn_fully_connected_wide_s8_dsp": of_large_biases(operators_windows.fully_connected),
    "nn_depthwise_any_s8_dsp": operators_windows.depthwise_conv2d,
    "nn_depthwise_any_s8_dsp in fours": in_fours(operators_windows.depthwise_conv2d, "int8"),
    "nn_conv2d_s16_dsp": operators_axes.conv2d("int16"),
    "nn_depthwise_conv2d_s16_dsp": operators_axes.depthwise_conv2d("int16"),
    "nn_depthwise_conv2d_s16_dsp in fours": in_fours(operators_axes.depthwise_conv2d("int16"), "int16"),
    "nn_fully_connected_s16_dsp": operators_axes.fully_connected("int16"),
    "nn_fully_connected_s16_dsp of fours": row_of_fours(operators_axes.fully_connected("int16"), "int16"),
    "nn_add_rows_s8_dsp": operators_elementwise.binary("ADD"),
    "nn_add_scaled_s16_dsp": operators_elementwise.binary("SUB", "int16"),
    "nn_add_scaled_s16_dsp of sums": operators_elementwise.binary("ADD", "int16"),
    "nn_add_scaled_s8_dsp": halfway,
    "nn_transpose_conv_s8_dsp": of_image(operators_products.transpose_conv, "int8", 13),
    "nn_transpose_conv_wide_s8_dsp": of_image(operators_products.transpose_conv, "int8", (9, 300), 4),
    "nn_transpose_conv_s16_dsp": of_image(partial(operators_products.transpose_conv, dtype="int16"), "int16", 13),
    "nn_batch_matmul_s8_dsp": partial(operators_products.batch_matmul, largest=19),
    "nn_batch_matmul_s16_dsp": partial(operators_products.batch_matmul, dtype="int16", largest=9),
    "nn_batch_matmul_s8_dsp of layers": partial(operators_products.dense_product, largest=11),
    "nn_add_s16_dsp": operators_elementwise.binary("ADD", "int16"),
    "nn_mul_s16_dsp": operators_elementwise.binary("MUL", "int16"),
    "nn_mul_s8_dsp": operators_elementwise.binary("MUL"),
    "nn_prelu_s8_dsp": operators_elementwise.prelu("int8"),
    "nn_squared_difference_s8_dsp": operators_elementwise.binary("SQUARED_DIFFERENCE"),
    "nn_max_pool2d_s8_dsp of whole images": operators_dsp.pixel_sums,
    "nn_sum_runs_s8_dsp": long_rows(operators_axes.reduce("MEAN")),
    "nn_sum_runs_s8_dsp of sums": long_rows(operators_axes.reduce("SUM")),
    "nn_svdf_s8_dsp": partial(operators_products.svdf, state_type="int8"),
    "nn_svdf_s8_s16_dsp": partial(operators_products.svdf, state_type="int16"),
    "nn_lstm_s8_dsp": partial(operators_products.lstm, coarsest=0.003, largest=14),
    "nn_lstm_s8_dsp of large factors": partial(operators_products.lstm, coarsest=0.3, largest=14),
    "nn_conv2d_f32_fpu": operators_axes.conv2d("float32"),
    "nn_depthwise_conv2d_f32_fpu": operators_axes.depthwise_conv2d("float32"),
    "nn_depthwise_conv2d_f32_fpu in fours": in_fours(operators_axes.depthwise_conv2d("float32"), "float32"),
    "nn_depthwise_conv2d_f32_fpu of few channels": of_image(
        operators_axes.depthwise_conv2d("float32"), "float32", (2, 3, 5, 6, 7)
    ),
    "nn_conv2d_f32_fpu of several filters": operators_axes.depthwise_conv2d("float32"),
    "nn_fully_connected_f32_fpu": operators_axes.fully_connected("float32"),
}
LEAST_SHARE = 0.08
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
    assert used[kernel.split()[0]] >= LEAST_SHARE * MODELS * CASES_PER_MODEL, used


def float_layers() -> bytes:
    """Layers of positive weights and biases of -0, with each kind of limits."""
    net = Network(5)
    for activation in ("NONE", "RELU", "RELU6"):
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": activation}
        x = net.input((1, 5, 7, 4), 0.0, 0, "float32")
        for opcode, shape in (("CONV_2D", (6, 3, 3, 4)), ("DEPTHWISE_CONV_2D", (1, 3, 3, 4))):
            weights = net.rng.uniform(0.1, 2, shape).astype(np.float32)
            y = net.tensor((1, 5, 7, max(shape[0], 4)), 0.0, 0, "float32")
            more = {"depth_multiplier": 1} if shape[0] == 1 else {}
            ids = [x.index, net.constant(weights, "float32"), net.constant(np.full(y.shape[3], -0.0, "f4"), "float32")]
            net.builder.add_operator(opcode, ids, [y.index], **options, **more)
            net.outputs.append(y.index)
        x, y = net.input((1, 12), 0.0, 0, "float32"), net.tensor((1, 9), 0.0, 0, "float32")
        weights = net.constant(net.rng.uniform(0.1, 2, (9, 12)).astype(np.float32), "float32")
        net.builder.add_operator(
            "FULLY_CONNECTED", [x.index, weights, -1], [y.index], fused_activation_function=activation
        )
        net.outputs.append(y.index)
    return net.build()


def unusual_floats(*values: float) -> list[np.ndarray]:
    """Samples for them: numbers of all sizes among which there are some of the values, one sample for each; and -0."""
    rng = np.random.default_rng(6)
    inputs = []
    for shape in ((1, 5, 7, 4), (1, 12)) * 3:
        array = (rng.normal(0, 1, (len(values), *shape)) * 10.0 ** rng.integers(-44, 38, (len(values), *shape))).astype(
            "f4"
        )
        for sample, value in zip(array, values, strict=True):
            sample[rng.random(shape) < 0.05] = value
        array[rng.random(array.shape) < 0.2] = -0.0
        inputs.append(np.concatenate([array, np.full((1, *shape), -0.0, "f4")]))
    return inputs


def test_unusual_floats_on_the_host(dsp_on_host, tmp_path):
    used = check_on_host(float_layers(), unusual_floats(np.nan, np.inf, -np.inf, 3e38), dsp_on_host, tmp_path, "speed")
    assert sum(used[kernel] for kernel in OPERATORS if kernel.endswith("_fpu")) == 9


@pytest.mark.qemu
def test_unusual_floats_on_qemu(dsp_on_board, tmp_path):
    inputs = unusual_floats(np.inf, -np.inf, 3e38, 1e-44)
    assert run_on_board(float_layers(), inputs, dsp_on_board, tmp_path, "speed").wrong == 0


@pytest.mark.qemu
def test_quantized_floats_on_qemu(dsp_on_board, tmp_path):
    """Half way to the next, at the ends of the types, beyond, and next to nothing: rounded by the FPU.

    Not beyond int32, where TensorFlow Lite Micro's own rounding is undefined.
    """
    net, halves = Network(7), np.arange(-70000, 70000, 137) / np.float32(8)
    sizes = np.float32(1.7) * 10.0 ** np.arange(-44, 5)
    values = np.concatenate([halves, sizes, np.nextafter(halves, np.float32(1e9))]).astype(np.float32)
    for dtype, scale, zero_point in (("int8", 0.25, -7), ("int8", 0.3, 127), ("int16", 0.25, 0), ("int16", 1e-4, 0)):
        x, y = net.input(values.shape, 0.0, 0, "float32"), net.tensor(values.shape, scale, zero_point, dtype)
        net.builder.add_operator("QUANTIZE", [x.index], [y.index])
        net.outputs.append(y.index)
    assert run_on_board(net.build(), [np.stack([values, -values])] * 4, dsp_on_board, tmp_path).wrong == 0


@pytest.mark.qemu
def test_kernels_on_qemu_equal_tflite_micro(dsp_on_board, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    every_kernel = one_of_each(OPERATORS.values(), 2)
    for number, (data, inputs) in enumerate(examples(every_kernel, models_of(40))):
        assert run_on_board(data, inputs, dsp_on_board, tmp_path / str(number), "speed").wrong == 0
