"""Operators that together are a function of one byte, and become one table: against tflite_micro, for every byte."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.passes import prepare
from boardproof.project.runtimes.aot.passes.functions import byte_functions
from support import operators_other, operators_unary
from support.aot import plan_quickly
from support.cases import models_of
from support.dsp import check_on_host
from support.network import Network
from support.operands import apply, constant, output

NETWORKS_PER_MODEL = 10
EVERY_BYTE = np.arange(-128, 128, dtype=np.int8)


def chosen_bytes(draw, net, x):
    """CAST, ADD and GATHER, as functions that boards lack are rewritten."""
    wide = apply(draw, net, "CAST", [x], net.tensor(x.shape, 0.0, 0, "int32"))
    offset = constant(net, np.array(draw(st.sampled_from((128, 128, 100, -7))), np.int32), 0.0, 0)
    moved = apply(draw, net, "ADD", [wide, offset], net.tensor(x.shape, 0.0, 0, "int32"))
    result = output(draw, net, x.shape, x.scale, "int8")
    table = constant(net, net.rng.integers(-128, 128, 256).astype(np.int8), result.scale, result.zero_point)
    # Indices beyond the table are refused by the oracle: clamped before, by operators that are part of the function.
    for opcode, limit in (("MAXIMUM", 0), ("MINIMUM", 255)):
        bound = constant(net, np.array(limit, np.int32), 0.0, 0)
        moved = apply(draw, net, opcode, [moved, bound], net.tensor(x.shape, 0.0, 0, "int32"))
    return apply(draw, net, "GATHER", [table, moved], result, axis=0, batch_dims=0)


def renamed(draw, net, x):
    """The same bytes as a row."""
    size = int(np.prod(x.shape))
    shape = draw(st.sampled_from(((size,), (1, size), (size, 1))))
    result = net.tensor(shape, x.scale, x.zero_point)
    net.builder.add_operator(
        "RESHAPE", [x.index, net.constant(np.array(shape, np.int32), "int32")], [result.index], new_shape=list(shape)
    )
    return result


def product_of_two(draw, net, x, y):
    """Of tensors with as many elements, in the shape of the first."""
    opcode = draw(st.sampled_from(("ADD", "MUL", "SUB", "MAXIMUM", "SQUARED_DIFFERENCE")))
    if opcode == "MAXIMUM":
        result = net.tensor(x.shape, x.scale, x.zero_point)
    else:
        result = output(draw, net, x.shape, 100 * x.scale * y.scale if opcode == "MUL" else x.scale + y.scale, "int8")
    options = {} if opcode in {"MAXIMUM", "SQUARED_DIFFERENCE"} else {"fused_activation_function": net.activation(draw)}
    return apply(draw, net, opcode, [x, y], result, **options)


def with_a_number(draw, net, x):
    """A tensor and a constant number."""
    number = constant(net, net.rng.integers(-128, 128, (1,)).astype(np.int8), x.scale, draw(st.integers(-9, 9)))
    return product_of_two(draw, net, x, number)


ONE_BY_ONE = (
    chosen_bytes,
    operators_other.logistic,
    operators_other.requantize,
    operators_unary.unary("ABS"),
    operators_unary.unary("LEAKY_RELU", alpha=0.1),
    operators_unary.unary("RELU"),
    renamed,
    with_a_number,
)


def network(draw, net):
    """Operators on one tensor or two of those before, from every byte; now and then one between is an output, too."""
    made = [net.input(draw(st.sampled_from(((4, 64), (256,), (1, 8, 8, 4)))), 0.03, draw(st.integers(-20, 20)))]
    for _ in range(draw(st.integers(2, 6))):
        x = draw(st.sampled_from((made[-1], made[-1], *made)))
        others = [y for y in made if y.shape == x.shape]
        if len(others) > 1 and draw(st.integers(0, 2)) == 0:
            made.append(product_of_two(draw, net, x, draw(st.sampled_from(others))))
        else:
            made.append(draw(st.sampled_from(ONE_BY_ONE))(draw, net, x))
        if draw(st.integers(0, 7)) == 0:
            net.outputs.append(made[-1].index)
    net.outputs.append(made[-1].index)


def every_byte(net):
    """One sample for each network input: all bytes, in some order."""
    return [net.rng.permutation(EVERY_BYTE).reshape(1, *shape) for shape, _ in net._input_specs]


@pytest.mark.native
def test_joined_functions_equal_tflite_micro(dsp_on_host, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())
    joined = []

    @settings(
        max_examples=models_of(NETWORKS_PER_MODEL),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        net = Network(seed, lively=True)
        for _ in range(NETWORKS_PER_MODEL):
            network(data.draw, net)
        model = net.build()
        joined.extend(len(f.implements) for f in byte_functions(read_tflite(model)).values())
        check_on_host(model, every_byte(net), dsp_on_host, next(folders))

    check()
    assert sum(count > 2 for count in joined) > models_of(NETWORKS_PER_MODEL)


def swish(*, needed=False):
    """A LOGISTIC and a MUL; the LOGISTIC's output may be an output of the network."""
    net = Network(1)
    x = net.input((1, 256), 0.04, 3)
    gate, y = net.tensor((1, 256), 1 / 256, -128), net.tensor((1, 256), 0.04, -100)
    net.builder.add_operator("LOGISTIC", [x.index], [gate.index])
    net.builder.add_operator("MUL", [x.index, gate.index], [y.index])
    net.outputs = [y.index, *([gate.index] if needed else ())]
    return net.build()


@pytest.mark.native
@pytest.mark.parametrize(("needed", "lookups"), [(False, 1), (True, 2)])
def test_a_swish_is_a_table(needed, lookups, dsp_on_host, tmp_path):
    kernels = check_on_host(swish(needed=needed), [EVERY_BYTE.reshape(1, 1, 256)], dsp_on_host, tmp_path)
    assert kernels == {"nn_lookup_8": lookups}


def test_what_another_operator_needs_stays():
    found = prepare(read_tflite(swish(needed=True))).functions
    assert {last: function.implements for last, function in found.items()} == {1: (1,)}
    assert found[1].root == 0


def test_a_row_of_operators_with_a_reader_between():
    net = Network(1)
    x = net.input((1, 8), 0.04, 3)
    tensors = [x, *(net.tensor((1, 8), 0.04, 3) for _ in range(4))]
    for before, after in itertools.pairwise(tensors):
        net.builder.add_operator("RELU", [before.index], [after.index])
    net.outputs = [tensors[2].index, tensors[4].index]
    found = byte_functions(read_tflite(net.build()))
    assert {last: (f.root, f.implements) for last, f in found.items()} == {
        1: (x.index, (0, 1)),
        3: (tensors[2].index, (2, 3)),
    }
