"""Channels that are constant, or that nothing reads: what leaves a graph, what stays, and which kernels are chosen."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.aot.fallbacks import fallbacks
from boardproof.project.runtimes.aot.kernelsets.dsp import DSP
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.optimize import lower_for
from boardproof.project.runtimes.aot.passes import PASSES, drop_idle_channels, prepare
from boardproof.project.runtimes.aot.passes.channels import ANYTHING
from boardproof.project.runtimes.base import Options
from boardproof.report.forms.console import table_view
from boardproof.report.sections.kernels import kernels_section
from support.flatbuffer_models import ModelBuilder
from support.operators_trained import single_layer
from support.trained import HARMLESS, KINDS

M4 = BOARDS["mps2-an386"]
LAYERS = [
    ("CONV_2D", (6, 6, 64), (1, 1), 32, 1),
    ("CONV_2D", (16, 16, 16), (3, 3), 16, 1),
    ("CONV_2D", (16, 16, 3), (3, 3), 16, 2),
    ("DEPTHWISE_CONV_2D", (12, 12, 16), (3, 3), 0, 1),
    ("DEPTHWISE_CONV_2D", (24, 24, 8), (3, 3), 0, 2),
    ("DEPTHWISE_CONV_2D", (6, 6, 16), (5, 5), 0, 1),
]


class Chain:
    """Convolutions one after another, of ordinary numbers but where a test changes them."""

    def __init__(self, channels: int) -> None:
        self.builder, self.rng = ModelBuilder(), np.random.default_rng(3)
        self.channels: dict[int, int] = {}
        self.layers: list[tuple[int, int]] = []
        self.x = self.last = self.image(channels)

    def image(self, channels: int) -> int:
        index = self.builder.add_tensor((1, 4, 4, channels), scale=0.05, zero_point=-128)
        self.channels[index] = channels
        return index

    def conv(self, outputs, *, dead=(), value=40, unread=(), kernel=1):
        """`dead` outputs are `value`; nothing reads the inputs `unread`."""
        weights = self.rng.integers(-40, 41, (outputs, kernel, kernel, self.channels[self.last]))
        bias = self.rng.integers(-500, 500, outputs)
        for channel in dead:
            weights[channel] = 0
            bias[channel] = (value + 128) * 100
        weights[..., list(unread)] = 0
        w = self.builder.add_tensor(weights.shape, scale=[0.01] * outputs, data=weights)
        b = self.builder.add_tensor((outputs,), "int32", scale=[5e-4] * outputs, data=bias.astype(np.int32))
        self.layers.append((w, b))
        return self.apply(w, b, outputs)

    def apply(self, weights, bias, outputs):
        y = self.image(outputs)
        options = {"padding": "SAME", "stride_h": 1, "stride_w": 1, "fused_activation_function": "RELU"}
        self.builder.add_operator("CONV_2D", [self.last, weights, bias], [y], **options)
        self.last = y
        return y

    def graph(self, *others: int):
        return read_tflite(self.builder.build([self.x], [self.last, *others]))


def channels_of(graph) -> list[int]:
    return [graph.tensors[op.output].shape[-1] for op in graph.operators]


def test_constant_channels_leave_the_layer_before_and_go_into_the_biases_behind():
    chain = Chain(8)
    first = chain.conv(16, dead=(1, 5, 6, 7, 11))
    chain.conv(8)
    found = prepare(chain.graph())
    assert channels_of(found.graph) == [12, 8]
    # Filled up to what is computed at once: 11 channels are needed, so one of the constants stays.
    assert found.kept == {first: (0, 1, 2, 3, 4, 8, 9, 10, 12, 13, 14, 15)}
    second = found.graph.operators[1]
    biases = [graph.tensors[graph.operators[1].inputs[2]].array() for graph in (chain.graph(), found.graph)]
    weights = chain.graph().tensors[chain.graph().operators[1].inputs[1]].array().astype(int)
    gone = [5, 6, 7, 11]
    np.testing.assert_array_equal(biases[1] - biases[0], weights[:, 0, 0, gone].sum(axis=1) * (40 + 128))
    assert found.graph.tensors[second.inputs[1]].shape == (8, 1, 1, 12)


def test_channels_that_nothing_reads_leave_and_their_values_do_not_matter():
    chain = Chain(8)
    first = chain.conv(8)
    chain.conv(8, unread=(0, 1, 2))
    found = prepare(chain.graph())
    assert channels_of(found.graph) == [8, 8]
    chain = Chain(8)
    first = chain.conv(12)
    chain.conv(8, unread=(0, 1, 2, 3, 4, 5))
    found = prepare(chain.graph())
    assert channels_of(found.graph) == [8, 8]
    assert found.kept == {first: (ANYTHING, ANYTHING, 6, 7, 8, 9, 10, 11)}


@pytest.mark.parametrize(("value", "left"), [(-128, [12, 8]), (40, [16, 8])])
def test_where_a_window_leaves_the_image_a_constant_goes_only_if_it_is_the_zero_point(value, left):
    chain = Chain(8)
    chain.conv(16, dead=(1, 5, 6, 7), value=value)
    chain.conv(8, kernel=3)
    assert channels_of(prepare(chain.graph()).graph) == left


def test_outputs_and_summands_keep_all_channels():
    chain = Chain(16)
    first = chain.conv(16, dead=range(8))
    second = chain.conv(16, dead=range(8))
    chain.last = chain.image(16)
    chain.builder.add_operator("ADD", [first, second], [chain.last])
    assert channels_of(prepare(chain.graph()).graph) == [16, 16, 16]
    chain = Chain(16)
    first = chain.conv(16, dead=range(8))
    chain.conv(8)
    assert channels_of(prepare(chain.graph(first)).graph) == [16, 8]


def test_a_dead_layer_keeps_as_many_channels_as_are_computed_at_once():
    chain = Chain(8)
    chain.conv(16, dead=range(16))
    chain.conv(8)
    assert channels_of(prepare(chain.graph()).graph) == [4, 8]


def test_weights_that_two_layers_share_are_not_changed_for_both():
    chain = Chain(8)
    chain.conv(8, dead=(0, 1, 2, 3))
    chain.apply(*chain.layers[0], 8)
    found = prepare(chain.graph()).graph
    shapes = [found.tensors[op.inputs[1]].shape for op in found.operators]
    assert shapes == [(4, 1, 1, 8), (8, 1, 1, 4)]


MIXED = "nn_depthwise_plane3_mixed_s8_dsp"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: f"{layer[0]} {layer[1]}")
def test_the_kernel_is_that_of_the_shape_whatever_training_did_to_a_channel(layer, kind):
    """Without taking channels out. One- and two-sided rescaling may change places where a channel is nearly dead."""
    for seed in range(6):
        for activation in ("NONE", "RELU"):
            usual, odd = (chosen(single_layer(seed, layer, activation, kinds)) for kinds in ((), (kind,)))
            assert odd is not None
            if odd.kernel == MIXED != usual.kernel:  # a factor of a half or more has no two-sided form
                assert (kind, activation, layer[0]) == ("huge", "NONE", "DEPTHWISE_CONV_2D")
            elif kind in HARMLESS:
                assert usual.kernel == odd.kernel
            else:
                assert usual.kernel.replace("_two_sided", "") == odd.kernel.replace("_two_sided", "")


def chosen(data: bytes):
    graph = prepare(read_tflite(data), [run for run in PASSES if run is not drop_idle_channels]).graph
    return DSP.choose(graph.operators[0], graph, Tuning(transformed_weights=True))


def huge_depthwise() -> bytes:
    layer = ("DEPTHWISE_CONV_2D", (12, 12, 16), (3, 3), 0, 1)
    models = (single_layer(seed, layer, "NONE", ("huge",)) for seed in range(100))
    return next(data for data in models if chosen(data).kernel == MIXED)


def small_svdf(weights: list[int]) -> bytes:
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5)
    features = builder.add_tensor((1, 4), scale=0.1, data=weights)
    times = builder.add_tensor((1, 3), "int16", scale=0.01, data=[5, 6, 7])
    bias = builder.add_tensor((1,), "int32", scale=0.005, data=[3])
    state = builder.add_tensor((1, 3), "int16", scale=0.5, is_variable=True)
    y = builder.add_tensor((1, 1), scale=0.5)
    builder.add_operator("SVDF", [x, features, times, bias, state], [y], rank=1, fused_activation_function="RELU")
    return builder.build([x], [y])


def test_an_svdf_with_weights_that_do_not_fit_a_lane_says_so():
    graphs = [prepare(read_tflite(small_svdf(weights))).graph for weights in ([9, -128, 9, 1], [-9, -128, 9, 1])]
    found = [fallbacks(lower_for(graph, M4, "speed"), M4, Tuning()) for graph in graphs]
    reason = "operator 0 (SVDF): portable kernel, because a filter has a weight of -128 beside a negative one"
    assert found == [{}, {0: reason}]


def test_what_still_has_a_slow_kernel_is_named_with_its_reason():
    data = huge_depthwise()
    choice = AotRuntime().generate(read_tflite(data), data, M4, Options()).choices[0]
    assert choice.kernel == MIXED
    assert choice.fallback.startswith(f"operator 0 (DEPTHWISE_CONV_2D): kernel {MIXED}, because ")
    assert "a factor of a half or more; about " in choice.fallback
    assert choice.fallback.endswith(" times slower")
    ordinary = single_layer(0, LAYERS[0], "RELU")
    choice = AotRuntime().generate(read_tflite(ordinary), ordinary, M4, Options()).choices[0]
    assert choice.fallback == ""


def test_the_table_of_kernels_shows_how_many_channels_are_computed():
    chain = Chain(8)
    first = chain.conv(16, dead=(1, 5, 6, 7, 11))
    chain.conv(8)
    data = chain.builder.build([chain.x], [chain.last])
    runtime = AotRuntime()
    choices = runtime.generate(read_tflite(data), data, M4, Options()).choices
    assert [choice.channels for choice in choices] == [(12, 16), None]
    assert list(runtime.kept_channels(read_tflite(data))) == [first]
    table = kernels_section(choices).blocks[0]
    assert "channels" in [column.title for column in table.columns]
    assert "12 of 16" in table.rows[0]
    assert table_view(table) is not None


def test_a_convolution_with_a_group_for_each_channel_works_channel_by_channel():
    chain = Chain(8)
    first = chain.conv(16, dead=range(6), value=-128)
    weights = chain.builder.add_tensor((16, 3, 3, 1), scale=[0.01] * 16, data=chain.rng.integers(1, 41, (16, 3, 3, 1)))
    bias = chain.builder.add_tensor((16,), "int32", scale=[5e-4] * 16, data=np.zeros(16, np.int32))
    second = chain.apply(weights, bias, 16)
    chain.conv(8)
    found = prepare(chain.graph())
    assert channels_of(found.graph) == [12, 12, 8]
    assert found.kept == dict.fromkeys((first, second), (0, 1, *range(6, 16)))
