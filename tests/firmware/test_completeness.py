"""Every operator that is compiled, with every combination of types that it claims, is in a property test.

A generator's name in its property test begins with the operator that it makes.
"""

from __future__ import annotations

from boardproof.model.graph import DType
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.operators import OPERATORS
from firmware import test_axes, test_elementwise, test_kernels, test_movement, test_signal, test_variables
from support.cases import examples, one_of_each
from support.moved import EVERY_TYPE

ROUNDS = 40
"""Each of what is missing still: more than CAST's 36 pairs of types take."""

TIMES, MODELS = 6, 2

INT4_WEIGHTS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
STATE = ("ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE")
MODELS_OF = [
    ({*STATE}, test_variables.sequence),
    *(
        ({name.split()[0]}, one_of_each([operator], TIMES))
        for test in (test_axes, test_elementwise, test_kernels, test_movement, test_signal)
        for name, operator in test.OPERATORS.items()
    ),
]
"""What makes models, and the operators that these are asked for."""


def claimed(registry):
    """(operator, types) for all of a registry; those that take any type: each with each."""
    anything = [DType(name) for name in EVERY_TYPE]
    return {(name, types) for name, entry in registry.items() for types in entry.types or anything}


def made(graph, registry):
    """What of it a graph has, and each operator with each type of a tensor, or without any."""
    for op in graph.operators:
        yield op.name, None
        yield from ((op.name, graph.tensors[i].dtype) for i in (*op.inputs, *op.outputs) if i >= 0)
        entry = registry.get(op.name)
        yield from ((op.name, types) for types in (entry.types if entry else ()) if types.fit(op, graph))


def untested(missing, registry, rounds=ROUNDS):
    """What of `missing` no generator makes in so many rounds of those that may."""
    for number in range(rounds):
        for names, make in MODELS_OF:
            if not names & {name for name, _ in missing}:
                continue
            for data, _ in examples(make, MODELS, which=number):
                missing = missing - {*made(read_tflite(data), registry)}
    return missing


def test_every_operator_with_every_type_is_in_a_property_test():
    wanted = claimed(OPERATORS) | {(name, DType.INT4) for name in INT4_WEIGHTS} | {(name, None) for name in STATE}
    assert untested(wanted, OPERATORS) == set()


def test_an_operator_or_a_type_that_nothing_makes_is_found():
    registry = {"NEW": OPERATORS["SQRT"], "SQRT": OPERATORS["RELU"]}
    left = {(name, types.output) for name, types in untested(claimed(registry), registry, rounds=2)}
    assert left == {("NEW", DType.FLOAT32), ("SQRT", DType.INT8), ("SQRT", DType.INT16)}
