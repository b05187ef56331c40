"""Models that keep state between inferences, against tflite_micro over sequences of samples: every byte."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.aot import CompiledModel, assert_exact, oracle_outputs, plan_quickly
from support.cases import CASES
from support.flatbuffer_models import ModelBuilder, with_subgraphs
from support.moved import EVERY_TYPE
from support.network import Network
from support.operands import values

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLES = 5

pytestmark = pytest.mark.native


@dataclass(frozen=True)
class Variable:
    """A variable under construction."""

    name: str
    shape: tuple[int, ...]
    scale: float
    zero_point: int
    initial: np.ndarray | None
    dtype: str = "int8"

    @property
    def stored(self) -> dict[str, object]:
        """Type and quantization."""
        scale = self.scale if self.dtype in {"int8", "uint8", "int16"} else None
        return {"dtype": self.dtype, "scale": scale, "zero_point": self.zero_point}


def handle(net: Network, variable: Variable) -> int:
    tensor = net.builder.add_tensor((), "resource")
    net.builder.add_operator("VAR_HANDLE", [], [tensor], container="", shared_name=variable.name)
    return tensor


def value(net: Network, variable: Variable) -> int:
    return net.builder.add_tensor(variable.shape, **variable.stored)


def initializer(variables: list[Variable]) -> bytes:
    """A graph that assigns their first values."""
    builder = ModelBuilder("init")
    for variable in variables:
        tensor = builder.add_tensor((), "resource")
        constant = builder.add_tensor(variable.shape, **variable.stored, data=variable.initial)
        builder.add_operator("VAR_HANDLE", [], [tensor], container="", shared_name=variable.name)
        builder.add_operator("ASSIGN_VARIABLE", [tensor, constant], [])
    return builder.build([], [])


def finish(net: Network, variables: list[Variable]) -> bytes:
    started = [variable for variable in variables if variable.initial is not None]
    return with_subgraphs(net.build(), initializer(started)) if started else net.build()


def begin(draw: st.DrawFn, net: Network, count: int) -> list[Variable]:
    """Variables, and the call that gives some of them a first value."""
    variables = []
    for number in range(count):
        shape = (1, draw(st.integers(1, 5)), draw(st.integers(1, 9)))
        dtype = draw(st.sampled_from(("int8", "int8", "int8", *EVERY_TYPE)))
        initial = values(net, shape, dtype) if draw(st.booleans()) else None
        zero_point = net.zero_point(draw) if dtype == "int8" else 0
        variables.append(Variable(f"v{number}", shape, 0.1, zero_point, initial, dtype))
    if any(variable.initial is not None for variable in variables):
        net.builder.add_operator("CALL_ONCE", [], [], init_subgraph_index=1)
    return variables


def delaying(_draw: st.DrawFn, net: Network, variable: Variable) -> None:
    """A sample comes out one inference later, whatever its type."""
    fresh = net.input(variable.shape, variable.scale, variable.zero_point, variable.dtype)
    place, old = handle(net, variable), value(net, variable)
    net.builder.add_operator("READ_VARIABLE", [place], [old])
    net.builder.add_operator("ASSIGN_VARIABLE", [place, fresh.index], [])
    net.outputs.append(old)


def streaming(draw: st.DrawFn, net: Network, variable: Variable) -> None:
    """The last rows of a sequence are kept: what a streaming convolution does."""
    rows, columns = variable.shape[1:]
    fresh = net.input((1, draw(st.integers(1, 4)), columns), variable.scale, variable.zero_point)
    place, old = handle(net, variable), value(net, variable)
    total = rows + fresh.shape[1]
    joined = net.tensor((1, total, columns), variable.scale, variable.zero_point)
    kept = net.tensor(variable.shape, variable.scale, variable.zero_point)
    net.builder.add_operator("READ_VARIABLE", [place], [old])
    net.builder.add_operator("CONCATENATION", [old, fresh.index], [joined.index], axis=1)
    begin_ = net.constant(np.array([0, total - rows, 0], np.int32), "int32")
    end = net.constant(np.array([0, total, 0], np.int32), "int32")
    strides = net.constant(np.array([1, 1, 1], np.int32), "int32")
    net.builder.add_operator(
        "STRIDED_SLICE", [joined.index, begin_, end, strides], [kept.index], begin_mask=5, end_mask=5
    )
    net.builder.add_operator("ASSIGN_VARIABLE", [place, kept.index], [])
    net.outputs += [joined.index] if draw(st.booleans()) else [kept.index, joined.index]


def accumulating(draw: st.DrawFn, net: Network, variable: Variable) -> None:
    """A sum goes on; what was read before the assignment may be needed after it, and what is assigned read again."""
    fresh = net.input(variable.shape, 0.1, 0)
    place, old = handle(net, variable), value(net, variable)
    total = net.tensor(variable.shape, variable.scale, variable.zero_point)
    net.builder.add_operator("READ_VARIABLE", [place], [old])
    net.builder.add_operator("ADD", [old, fresh.index], [total.index])
    net.builder.add_operator("ASSIGN_VARIABLE", [place, total.index], [])
    net.outputs.append(total.index)
    match draw(st.integers(0, 3)):
        case 0:
            net.outputs.append(old)
        case 1:
            later = net.tensor(variable.shape, variable.scale, variable.zero_point)
            net.builder.add_operator("ADD", [old, total.index], [later.index])
            net.outputs.append(later.index)
        case 2:
            again = value(net, variable)
            net.builder.add_operator("READ_VARIABLE", [place], [again])
            net.outputs.append(again)


def swapping(draw: st.DrawFn, net: Network, first: Variable, second: Variable) -> None:
    """Each variable gets the other's value, if they are of one shape and type."""
    if (first.shape, first.dtype) != (second.shape, second.dtype):
        return
    places = [handle(net, first), handle(net, second)]
    values = [value(net, first), value(net, second)]
    for place, tensor in zip(places, values, strict=True):
        net.builder.add_operator("READ_VARIABLE", [place], [tensor])
    net.builder.add_operator("ASSIGN_VARIABLE", [places[0], values[1]], [])
    net.builder.add_operator("ASSIGN_VARIABLE", [places[1], values[0]], [])


def sequence(draw: st.DrawFn, seed: int) -> tuple[bytes, list[np.ndarray]]:
    """A model with some variables, and samples that it remembers."""
    net = Network(seed)
    variables = begin(draw, net, draw(st.integers(2, 10)))
    for variable in variables:
        use = draw(st.sampled_from((streaming, accumulating, delaying))) if variable.dtype == "int8" else delaying
        use(draw, net, variable)
    for first, second in itertools.pairwise(variables):
        swapping(draw, net, first, second)
    return finish(net, variables), net.vectors(SAMPLES)


def test_sequences_equal_tflite_micro(toolchain, tmp_path, monkeypatch):
    plan_quickly(monkeypatch)
    folders = (tmp_path / str(i) for i in itertools.count())

    @settings(
        max_examples=CASES, deadline=None, phases=(Phase.reuse, Phase.generate), suppress_health_check=list(HealthCheck)
    )
    @given(st.data(), st.integers(0, 2**32))
    def check(data, seed):
        assert_exact(*sequence(data.draw, seed), toolchain, next(folders))

    check()


def accumulator_network(net: Network) -> Callable[[], bytes]:
    """Adds a sum over all samples; what it returns makes the file."""
    variable = Variable("sum", (1, 2, 3), 0.1, 3, np.full((1, 2, 3), 7, np.int8))
    net.builder.add_operator("CALL_ONCE", [], [], init_subgraph_index=1)
    fresh = net.input(variable.shape, 0.1, 0)
    place, old = handle(net, variable), value(net, variable)
    total = net.tensor(variable.shape, variable.scale, variable.zero_point)
    net.builder.add_operator("READ_VARIABLE", [place], [old])
    net.builder.add_operator("ADD", [old, fresh.index], [total.index])
    net.builder.add_operator("ASSIGN_VARIABLE", [place, total.index], [])
    net.outputs.append(total.index)
    return lambda: finish(net, [variable])


def accumulator() -> tuple[bytes, list[np.ndarray]]:
    net = Network(1)
    make = accumulator_network(net)
    return make(), net.vectors(SAMPLES)


def test_preparing_the_model_again_starts_it_afresh(toolchain, tmp_path):
    """A session with the board begins like that, and so does a fresh interpreter."""
    data, inputs = accumulator()
    model = CompiledModel(data, toolchain, tmp_path)
    expected = oracle_outputs(data, inputs)[0]
    for _ in range(2):
        assert model.library.model_init() == 0
        got = [model.run([array[sample] for array in inputs])[0] for sample in range(SAMPLES)]
        np.testing.assert_array_equal(np.stack(got), expected)


def test_a_variable_that_is_only_read_before_it_is_assigned_costs_no_copy(toolchain, tmp_path):
    data, _ = accumulator()
    source = CompiledModel(data, toolchain, tmp_path).generated.files["src/model.c"].decode()
    assert source.count("nn_copy(") == 1, "one copy, to the variable"
    assert source.count("memset(AT(") == 1, "its first value"
