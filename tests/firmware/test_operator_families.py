"""An operator's family has one name in all layers, and an operator is what support/toy_operator holds, nothing else."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.model.operators.base import Operator
from boardproof.model.shapes import graph as shapes
from boardproof.model.tflite import readers
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime, kernelsets
from boardproof.project.runtimes.aot.operators import FAMILIES, OPERATORS
from boardproof.project.runtimes.base import Options
from support import toy_operator
from support.aot import CompiledModel, generate, oracle_outputs, write_sources
from support.flatbuffer_models import ModelBuilder

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from support.aot import Toolchain

AOT = "boardproof.project.runtimes.aot.operators"
RESOLVED_BEFORE = {"BROADCAST_ARGS", "CALL_ONCE", "SHAPE", "VAR_HANDLE"}
"""Operators that are gone before kernels are chosen."""


def concrete(module: ModuleType) -> set[type[Operator]]:
    """The classes of a module that operators are of: those without subclasses."""
    kinds = {kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, Operator)}
    return {kind for kind in kinds if not any(kind in other.__mro__[1:] for other in kinds)}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_one_name_in_all_layers(family: str) -> None:
    kinds = import_module(f"boardproof.model.operators.{family}")
    read = import_module(f"boardproof.model.tflite.{family}").READERS
    fit = import_module(f"boardproof.model.shapes.{family}").RULES
    assert set(read) - RESOLVED_BEFORE == set(FAMILIES[family])
    assert set(fit) == concrete(kinds)
    assert {kind.__name__ for kind in fit} <= set(kinds.__all__)


@pytest.mark.parametrize(("family", "name"), [(f, name) for f, entries in FAMILIES.items() for name in entries])
def test_entry_check_and_lowering_are_side_by_side(family: str, name: str) -> None:
    """Beside each other in the family, unless an operator is nothing but movement, or checks what many do."""
    entry = FAMILIES[family][name]
    assert entry.lower.__module__.startswith((f"{AOT}.{family}.", f"{AOT}.movement."))
    if entry.check is not None:
        shared = ("boardproof.project.runtimes.aot.checks.", f"{AOT}.movement.")
        assert entry.check.__module__.startswith((f"{AOT}.{family}.", *shared))


def test_the_families_together_are_all_operators() -> None:
    assert sum(map(len, FAMILIES.values())) == len(OPERATORS)
    assert {*readers.READERS, *readers.CUSTOM_READERS} == set(OPERATORS) | RESOLVED_BEFORE


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy operator in its places."""
    for index, part in (
        (readers.READERS, toy_operator.READERS),
        (shapes.RULES, toy_operator.RULES),
        (OPERATORS, toy_operator.ENTRIES),
    ):
        for name, value in part.items():
            monkeypatch.setitem(index, name, value)
    kernels = replace(
        kernelsets.PORTABLE, name="toy", choose=lambda _op, _graph, _tuning: None, folder=str(toy_operator.FOLDER)
    )
    monkeypatch.setattr(kernelsets, "KERNEL_SETS", (kernels, *kernelsets.KERNEL_SETS))


def division(divisor: np.ndarray | None = None) -> bytes:
    builder = ModelBuilder()
    x, z = (builder.add_tensor((2, 5), "float32") for _ in range(2))
    y = builder.add_tensor((2, 5), "float32", data=divisor)
    builder.add_operator("FLOOR_DIV", [x, y], [z])
    return builder.build([x] if divisor is not None else [x, y], [z])


class ToyModel(CompiledModel):
    """A model with the toy operator's source beside it."""

    def __init__(self, data: bytes, toolchain: Toolchain, folder: Path) -> None:
        self.graph = read_tflite(data)
        self.generated = generate(data)
        whole = write_sources(self.generated, folder)
        toolchain.compile([whole, folder / "nn_floor_div_f32.c"], folder / "model.so", "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(folder / "model.so"))


@pytest.mark.usefixtures("toy")
def test_the_template_is_a_whole_operator(toolchain: Toolchain, tmp_path: Path) -> None:
    x, y = (np.random.default_rng(seed).normal(size=(1, 2, 5)).astype(np.float32) for seed in (1, 2))
    (got,) = ToyModel(division(), toolchain, tmp_path).run([x[0], y[0]])
    (expected,) = oracle_outputs(division(), [x, y])
    np.testing.assert_array_equal(got, expected[0])


@pytest.mark.usefixtures("toy")
def test_the_template_checks_more_than_types() -> None:
    graph = read_tflite(division(np.zeros((2, 5), np.float32)))
    (finding,) = AotRuntime().check(graph, BOARDS["native"], Options())
    assert (finding.code, finding.hint) == ("division-by-zero", "Divide by other numbers.")
    assert "divides by zero" in finding.message


def test_without_its_places_it_is_refused() -> None:
    (finding,) = AotRuntime().check(read_tflite(division()), BOARDS["native"], Options())
    assert finding.code == "unsupported-operator"
