"""Small networks of mixed operators with several inputs and outputs, against tflite_micro: 0 LSB."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import (
    operators_axes,
    operators_conv,
    operators_elementwise,
    operators_movement,
    operators_other,
    operators_picks,
    operators_products,
    operators_unary,
)
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

MOVEMENTS = (
    operators_movement.broadcast_to,
    operators_movement.concatenation,
    operators_movement.expand_dims,
    operators_picks.gather,
    operators_picks.gather_nd,
    operators_movement.mirror_pad,
    operators_movement.pack,
    operators_movement.pad_v2,
    operators_movement.reverse,
    operators_movement.slice_,
    operators_movement.split,
    operators_movement.split_v,
    operators_movement.squeeze,
    operators_movement.strided_slice,
    operators_movement.transpose,
    operators_movement.unpack,
    operators_products.cumsum,
)
"""Of tensors with few axes, as these may add some."""
IMAGE_MOVEMENTS = (
    operators_picks.resize_nearest_neighbor,
    operators_products.resize_bilinear,
    operators_products.transpose_conv,
)
ELEMENTWISE = (
    *(operators_elementwise.binary(opcode) for opcode in ("SUB", "MUL", "MINIMUM", "MAXIMUM", "SQUARED_DIFFERENCE")),
    operators_unary.unary("ABS"),
    operators_unary.unary("LEAKY_RELU", alpha=0.1),
    operators_elementwise.add_n("int8"),
    operators_unary.choose,
    operators_unary.elu,
    operators_unary.hard_swish,
    operators_elementwise.prelu("int8"),
    operators_unary.tanh,
)
ALONG_AXES = (
    *(operators_axes.reduce(opcode) for opcode in ("SUM", "REDUCE_MAX", "REDUCE_MIN")),
    operators_axes.l2_normalization("int8"),
    operators_axes.log_softmax,
)
FEW_AXES, MANY_ELEMENTS = 4, 3000

pytestmark = pytest.mark.native


def candidates(x):
    """The operators for a tensor."""
    if math.prod(x.shape) > MANY_ELEMENTS:
        return (operators_other.mean, operators_movement.slice_, operators_other.relu)
    found = OTHER_OPERATORS + ELEMENTWISE
    if len(x.shape) == 4:
        found += IMAGE_OPERATORS * 3 + IMAGE_MOVEMENTS
    return found + ALONG_AXES + MOVEMENTS if len(x.shape) <= FEW_AXES else found


@st.composite
def networks(draw):
    """Operators applied to whatever is there already; any tensors at all as outputs."""
    net = Network(draw(st.integers(0, 2**32)), lively=True)
    pool = [operators_conv.image(draw, net) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(4, 14))):
        x = draw(st.sampled_from(pool)) if draw(st.booleans()) else pool[-1]
        if len(x.shape) == 0:
            x = pool[0]
        operator = draw(st.sampled_from(candidates(x)))
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
