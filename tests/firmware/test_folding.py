"""Operators of constants are computed while compiling: what comes out, against tflite_micro, which computes it anew."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.lowering.graph import lower
from support.aot import assert_exact, plan_quickly
from support.cases import models_of
from support.moved import ints
from support.network import Activation, Network
from support.operators_movement import MOVEMENT

pytestmark = pytest.mark.native

ROUNDS = models_of(20)


class ConstantNetwork(Network):
    """A network whose inputs are constants."""

    def input(self, shape, scale, zero_point, dtype="int8"):
        if dtype == "float32":
            values = self.rng.normal(0, 100, shape)
        else:
            values = self.rng.integers(0, 2 if dtype == "bool" else 100, shape)
        quantized = dtype in {"int8", "uint8", "int16"}
        index = self.builder.add_tensor(
            shape, dtype, scale=scale if quantized else None, zero_point=zero_point, data=values
        )
        return Activation(index, tuple(shape), scale, zero_point)

    def input_values(self, values):
        return self.constant(values, str(values.dtype))

    def live_input(self):
        """One input, which nothing else depends on: interpreters want one."""
        x = Network.input(self, (3,), 0.1, 0)
        y = self.tensor((3,), 0.1, 0)
        self.builder.add_operator("RELU", [x.index], [y.index])
        self.outputs.append(y.index)


def constants(draw, seed):
    """A model with every operator that moves elements twice, of constants, and samples."""
    net = ConstantNetwork(seed)
    net.live_input()
    for operator in MOVEMENT.values():
        for _ in range(2):
            net.outputs.append(operator(draw, net).index)
    return net.build(), net.vectors(2)


def test_constants_equal_tflite_micro(toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(
        max_examples=ROUNDS,
        deadline=None,
        phases=(Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        model, inputs = constants(data.draw, seed)
        left = {step.kernel for step in lower(read_tflite(model)).steps}
        growing = {"nn_copy", "nn_fill", "nn_pad_s8", "nn_pick", "nn_place"}
        assert left <= {"nn_lookup_8", "nn_update_slice", *growing}  # updates are left to run time
        assert_exact(model, inputs, toolchain, next(folders))

    check()


def test_arithmetic_on_shapes_is_gone(toolchain, tmp_path):
    """What converters write for a reshape to the batch and the rest."""
    net = Network(1)
    x = net.input((2, 3, 4), 0.1, 0)
    shape, batch, two = (net.tensor(dims, 0.0, 0, "int32") for dims in ((3,), (), (2,)))
    y, z = net.tensor((2, 12), 0.1, 0), net.tensor((2, 12), 0.1, 0)
    net.builder.add_operator("SHAPE", [x.index], [shape.index], out_type="INT32")
    net.builder.add_operator(
        "STRIDED_SLICE",
        [shape.index, ints(net, [0]), ints(net, [1]), ints(net, [1])],
        [batch.index],
        shrink_axis_mask=1,
    )
    net.builder.add_operator("PACK", [batch.index, ints(net, -1)], [two.index], values_count=2, axis=0)
    net.builder.add_operator("RESHAPE", [x.index, two.index], [y.index])
    net.builder.add_operator("RELU", [y.index], [z.index])
    net.outputs = [z.index, two.index]
    program = lower(read_tflite(net.build()))
    assert [step.kernel for step in program.steps] == ["nn_lookup_8"]
    assert program.folded == (0, 1, 2)
    np.testing.assert_array_equal(program.graph.tensors[two.index].array(), [2, -1])
    assert_exact(net.build(), net.vectors(), toolchain, tmp_path)
