"""Small networks of mixed operators with several inputs and outputs, against tflite_micro: 0 LSB."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import operators_conv, operators_other
from support.aot import assert_exact
from support.network import Network

NETWORKS = 120

IMAGE_OPERATORS = (
    operators_conv.conv2d,
    operators_conv.depthwise_conv2d,
    operators_other.average_pool2d,
    operators_other.max_pool2d,
)
OTHER_OPERATORS = (
    operators_conv.fully_connected,
    operators_other.mean,
    operators_other.add,
    operators_other.pad,
    operators_other.reshape,
    operators_other.softmax,
    operators_other.logistic,
    operators_other.relu,
    operators_other.relu6,
    operators_other.requantize,
)

pytestmark = pytest.mark.native


@st.composite
def networks(draw):
    """Operators applied to whatever is there already; any tensors at all as outputs."""
    net = Network(draw(st.integers(0, 2**32)), lively=True)
    pool = [operators_conv.image(draw, net) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(4, 14))):
        x = draw(st.sampled_from(pool)) if draw(st.booleans()) else pool[-1]
        if len(x.shape) == 0:
            x = pool[0]
        candidates = OTHER_OPERATORS + (IMAGE_OPERATORS * 3 if len(x.shape) == 4 else ())
        operator = draw(st.sampled_from(candidates))
        pool.append(_residual(draw, net, pool, x) if draw(st.integers(0, 5)) == 0 else operator(draw, net, x))
    net.outputs = [pool[-1].index, *draw(st.lists(st.sampled_from([t.index for t in pool]), max_size=3))]
    return net


def _residual(draw, net, pool, x):
    """The sum of two tensors of one shape that are already there."""
    y = draw(st.sampled_from([t for t in pool if t.shape == x.shape]))
    output = net.tensor(x.shape, max(x.scale, y.scale), net.zero_point(draw))
    net.builder.add_operator("ADD", [x.index, y.index], [output.index])
    return output


def test_networks_equal_tflite_micro(toolchain, tmp_path):
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(max_examples=NETWORKS, deadline=None, suppress_health_check=list(HealthCheck))
    @given(networks())
    def check(net):
        assert_exact(net.build(), net.vectors(), toolchain, next(folders))

    check()
