"""A kernel set of one kernel that any core can run: all that a set needs is in its package."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.model.graph import DType, Unary, UnaryFunction
from boardproof.project.runtimes.aot.kernelsets.types import Cost, KernelSet, Tuning
from boardproof.project.runtimes.aot.operators import OPERATORS
from boardproof.project.runtimes.aot.program import Step

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Operator

KERNEL = "nn_neg_f32_toy"


def choose(op: Operator, graph: Graph, _tuning: Tuning) -> Step | None:
    """The portable step with the other kernel, for NEG of floats."""
    if not (
        isinstance(op, Unary) and op.function is UnaryFunction.NEG and graph.tensors[op.input].dtype is DType.FLOAT32
    ):
        return None
    step = OPERATORS[op.name].lower(op, graph)
    assert isinstance(step, Step)
    return replace(step, kernel=KERNEL, header="nn_neg_toy.h")


TOY = KernelSet(
    "toy",
    frozenset(),
    choose,
    costs={KERNEL: Cost(10, 2.0, 0)},
    blocks={KERNEL: "2 elements"},
    code_bytes={"nn_neg_toy.c": 60},
    folder=str(Path(__file__).parent),
)
