"""Small networks of mixed operators with several inputs and outputs, against tflite_micro: 0 LSB."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import (
    operators_axes,
    operators_dsp,
    operators_elementwise,
    operators_images,
    operators_movement,
    operators_other,
    operators_products,
    operators_selection,
    operators_unary,
    operators_windows,
)
from support.aot import assert_exact
from support.cases import CASES, rounds_of
from support.dsp import check_on_host
from support.network import Network

MEAN, RELU = operators_axes.reduce("MEAN"), operators_unary.unary("RELU")

IMAGE_OPERATORS = (
    operators_windows.conv2d,
    operators_windows.depthwise_conv2d,
    *(operators_axes.pool(opcode, "int8") for opcode in ("AVERAGE_POOL_2D", "MAX_POOL_2D")),
)
OTHER_OPERATORS = (
    operators_windows.fully_connected,
    MEAN,
    operators_elementwise.binary("ADD"),
    operators_other.pad,
    operators_other.reshape,
    operators_other.softmax,
    operators_other.logistic,
    RELU,
    operators_unary.unary("RELU6"),
    operators_other.requantize,
)

MOVEMENTS = (
    operators_movement.broadcast_to,
    operators_movement.concatenation,
    operators_movement.expand_dims,
    operators_selection.gather,
    operators_selection.gather_nd,
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
    operators_images.resize_nearest_neighbor,
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
INT16_IMAGES = (
    operators_axes.conv2d("int16"),
    operators_axes.depthwise_conv2d("int16"),
    *(operators_axes.pool(opcode, "int16") for opcode in ("AVERAGE_POOL_2D", "MAX_POOL_2D")),
)
INT16_OTHERS = (
    operators_axes.fully_connected("int16"),
    operators_axes.reduce("MEAN", "int16"),
    *(operators_elementwise.binary(opcode, "int16") for opcode in ("ADD", "SUB", "MUL", "MINIMUM", "MAXIMUM")),
    operators_elementwise.prelu("int16"),
    operators_elementwise.select("int16"),
    *(operators_unary.unary(opcode, "int16") for opcode in ("ABS", "RELU", "RELU6")),
    operators_unary.unary("LEAKY_RELU", "int16", alpha=0.1),
)
FEW_AXES, MANY_ELEMENTS = 4, 3000

pytestmark = pytest.mark.native


def candidates(x, kind):
    """The operators for a tensor."""
    if kind == "int16":
        return INT16_OTHERS + (INT16_IMAGES * 2 if len(x.shape) == 4 else ())
    if math.prod(x.shape) > MANY_ELEMENTS:
        return (MEAN, operators_movement.slice_, RELU)
    found = OTHER_OPERATORS + ELEMENTWISE
    if len(x.shape) == 4:
        found += IMAGE_OPERATORS * 3 + IMAGE_MOVEMENTS
    if len(x.shape) <= FEW_AXES:
        found += ALONG_AXES + MOVEMENTS
    takes_blocks = kind in {"in fours", "trained"} and len(x.shape) == 4 and x.shape[0] == 1 and x.shape[3] % 4 == 0
    return found + (operators_dsp.block,) * 2 * len(found) if takes_blocks else found


def image(draw, net, kind):
    """A network input."""
    match kind:
        case "int16":
            return operators_axes.picture(draw, net, kind)
        case "in fours" | "trained":
            return operators_dsp.image(draw, net, st.sampled_from((4, 8)), 14)
        case _:
            return operators_windows.image(draw, net)


@st.composite
def networks(draw, kind="int8"):
    """Operators applied to whatever is there already; any tensors at all as outputs.

    `kind`: int8, int16, or int8 with channels "in fours", as the _dsp kernels take them, and convolutions with an ADD;
    "trained": the same, with many channels that are constant, nearly, or of no use.
    """
    net = Network(draw(st.integers(0, 2**32)), lively=True, trained=kind == "trained")
    pool = [image(draw, net, kind) for _ in range(draw(st.integers(1, 2)))]
    for _ in range(draw(st.integers(4, 14))):
        x = draw(st.sampled_from(pool)) if draw(st.booleans()) else pool[-1]
        if len(x.shape) == 0:
            x = pool[0]
        operator = draw(st.sampled_from(candidates(x, kind)))
        is_residual = kind != "int16" and draw(st.integers(0, 5)) == 0
        pool.append(_residual(draw, net, pool, x) if is_residual else operator(draw, net, x))
    net.outputs = [pool[-1].index, *draw(st.lists(st.sampled_from([t.index for t in pool]), max_size=3))]
    return net


def _residual(draw, net, pool, x):
    """The sum of two tensors of one shape that are already there."""
    y = draw(st.sampled_from([t for t in pool if t.shape == x.shape]))
    output = net.tensor(x.shape, max(x.scale, y.scale), net.zero_point(draw))
    net.builder.add_operator("ADD", [x.index, y.index], [output.index])
    return output


def checked(build, count, check, tmp_path):
    """So many random networks, each checked in a folder of its own."""
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))
    @given(build)
    def one(net):
        check(net.build(), net.vectors(), next(folders))

    one()


@pytest.mark.parametrize(("kind", "count"), [("int8", CASES), ("int16", rounds_of(3)), ("trained", rounds_of(2))])
def test_networks_equal_tflite_micro(kind, count, toolchain, tmp_path):
    checked(networks(kind), count, lambda *case: assert_exact(*case[:2], toolchain, case[2]), tmp_path)


def test_networks_with_dsp_kernels_equal_tflite_micro(dsp_on_host, tmp_path):
    """Together with what works in place, takes over a PAD, or adds what an ADD would."""
    used = Counter()
    count = rounds_of(2)

    def check(data, inputs, folder):
        used.update(check_on_host(data, inputs, dsp_on_host, folder))

    checked(networks("in fours"), count, check, tmp_path)
    convolutions = [
        number for kernel, number in used.items() if re.search("(conv2d|pointwise|depthwise).*_dsp$", kernel)
    ]
    assert sum(convolutions) >= count / 2, used
    assert used["nn_pointwise_add_s8_dsp"], used
