"""Kernel sets are values: one more of them is one package, here support/toy_kernels, and nothing else."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot import kernelsets
from support.aot import CompiledModel, generate, oracle_outputs, write_sources
from support.flatbuffer_models import ModelBuilder
from support.toy_kernels import KERNEL, TOY

if TYPE_CHECKING:
    from support.aot import Toolchain


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernelsets, "KERNEL_SETS", (TOY, *kernelsets.KERNEL_SETS))


def negation(elements: int = 7) -> bytes:
    """NEG, then ABS, which the toy set has no kernel for."""
    builder = ModelBuilder()
    x, y, z = (builder.add_tensor((1, elements), "float32") for _ in range(3))
    builder.add_operator("NEG", [x], [y])
    builder.add_operator("ABS", [y], [z])
    return builder.build([x], [y, z])


@pytest.mark.parametrize("optimize", ["speed", "balanced", "size"])
def test_its_kernel_is_chosen_reported_and_carried(optimize: str) -> None:
    generated = generate(negation(), optimize=optimize)
    first, second = generated.choices
    assert (first.kernel, first.block, first.estimated_ticks) == (KERNEL, "2 elements", 10 + 2 * 7)
    assert second.kernel == "nn_abs_f32"
    assert b'.kernels = "toy"' in generated.files["src/model.c"]
    source = (Path(TOY.folder) / "nn_neg_toy.c").read_bytes()
    assert generated.files["lib/boardproof_kernels/nn_neg_toy.c"] == source
    assert "lib/boardproof_kernels/nn_unary.h" in generated.files


class ToyModel(CompiledModel):
    """A model with the toy set's source beside it."""

    def __init__(self, data: bytes, toolchain: Toolchain, folder: Path) -> None:
        self.graph = read_tflite(data)
        self.generated = generate(data)
        whole = write_sources(self.generated, folder)
        toolchain.compile([whole, folder / "nn_neg_toy.c"], folder / "model.so", "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(folder / "model.so"))


def test_its_kernel_runs(toolchain: Toolchain, tmp_path: Path) -> None:
    data, x = negation(), np.linspace(-3, 3, 7, dtype=np.float32)[None]
    got = ToyModel(data, toolchain, tmp_path).run([x])
    for mine, theirs in zip(got, oracle_outputs(data, [x[None]]), strict=True):
        np.testing.assert_array_equal(mine, theirs[0])
