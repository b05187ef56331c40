"""A network is compiled once: passes in order, each operator lowered once by each kernel set, and nothing in vain."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime, kernelsets
from boardproof.project.runtimes.aot import compile as compiling
from boardproof.project.runtimes.aot.checks.budget import weight_bytes
from boardproof.project.runtimes.aot.passes import PASSES, RESOLVING, absorb_paddings, join_functions, prepare
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder
from support.small_network import small_network

if TYPE_CHECKING:
    from boardproof.model.graph import Graph

M4 = BOARDS["mps2-an386"]


def padded_convolution() -> Graph:
    builder = ModelBuilder()
    x, padded, y = (builder.add_tensor((1, n, n, 4), scale=0.5, zero_point=3) for n in (4, 6, 4))
    w = builder.add_tensor((4, 3, 3, 4), scale=0.01, data=np.ones((4, 3, 3, 4)))
    sides = builder.add_tensor((4, 2), "int32", data=[[0, 0], [1, 1], [1, 1], [0, 0]])
    builder.add_operator("PAD", [x, sides], [padded])
    builder.add_operator("CONV_2D", [padded, w, -1], [y], padding="VALID", stride_w=1, stride_h=1)
    return read_tflite(builder.build([x], [y]))


def dense(*layers: tuple[int, int], equal: bool = False) -> Graph:
    """Dense layers, each of (inputs, outputs); all weights equal or different ones."""
    builder = ModelBuilder()
    x = first = builder.add_tensor((1, layers[0][0]), scale=0.5)
    for number, (inputs, outputs) in enumerate(layers):
        rng = np.random.default_rng(0 if equal else number)
        w = builder.add_tensor((outputs, inputs), scale=0.01, data=rng.integers(-99, 99, (outputs, inputs)))
        y = builder.add_tensor((1, outputs), scale=0.5)
        builder.add_operator("FULLY_CONNECTED", [x, w, -1], [y])
        x = y
    return read_tflite(builder.build([first], [x]))


def test_passes_run_in_order_and_a_part_of_them_alone() -> None:
    graph = padded_convolution()
    assert prepare(graph, RESOLVING).graph.operators[1].inputs[0] == graph.operators[0].outputs[0]
    whole = prepare(graph)
    assert whole.graph.operators[1].inputs[0] == graph.inputs[0]
    assert whole.absorbed == {1: 0}
    assert tuple(each for each in PASSES if each in RESOLVING) == RESOLVING
    assert PASSES[-2:] == (absorb_paddings, join_functions)


@pytest.mark.parametrize("optimize", ["speed", "balanced", "size"])
def test_each_kernel_set_is_asked_once_for_each_operator(optimize: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[tuple[object, ...]] = Counter()

    def counting(kernels: kernelsets.KernelSet) -> kernelsets.KernelSet:
        def choose(op, graph, tuning):
            asked[kernels.name, op.index, *tuning.spare_bytes.items()] += 1
            return kernels.choose(op, graph, tuning)

        return replace(kernels, choose=choose)

    counted = tuple(counting(kernels) for kernels in kernelsets.KERNEL_SETS)
    monkeypatch.setattr(kernelsets, "KERNEL_SETS", counted)
    monkeypatch.setattr("boardproof.project.runtimes.aot.optimize.PORTABLE", counted[-1])
    data = small_network()
    compiled = AotRuntime().compile(read_tflite(data), M4, Options(optimize=optimize))
    assert compiled.findings == ()
    assert set(asked.values()) == {1}


def test_what_is_compiled_is_what_is_checked_and_generated() -> None:
    data = small_network()
    graph = read_tflite(data)
    compiled = AotRuntime().compile(graph, M4, Options())
    assert compiled.findings == AotRuntime().check(graph, M4, Options())
    assert compiled.generate(data).files == AotRuntime().generate(graph, data, M4, Options()).files


def test_weights_beyond_the_flash_are_refused_before_kernels_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "choose_kernels", lambda *_: pytest.fail("kernels were chosen"))
    graph = dense((100, 8), (8, 4))
    (finding,) = AotRuntime().check(graph, replace(M4, flash_bytes=831, core_flash_bytes=0), Options())
    assert finding.code == "flash-too-small"
    assert (
        "weights alone take 832 bytes, 1 more than the 831 bytes of flash that the core leaves on mps2-an386"
        in finding.message
    )
    assert finding.hint == "Use a smaller model, or a board with more flash (boardproof boards)."


def test_equal_weights_count_once() -> None:
    """They are one table: what would be refused by adding them up is not."""
    assert sum(weight_bytes(prepare(dense((8, 8), (8, 8)))).values()) == 128
    assert sum(weight_bytes(prepare(dense((8, 8), (8, 8), equal=True))).values()) == 64


def test_nothing_is_generated_of_what_cannot_be_compiled() -> None:
    builder = ModelBuilder()
    x, y = (builder.add_tensor((1, 8), scale=0.1) for _ in range(2))
    builder.add_operator("ATAN2", [x, x], [y])
    data = builder.build([x], [y])
    compiled = AotRuntime().compile(read_tflite(data), M4, Options())
    with pytest.raises(ValueError, match=r"cannot be compiled: Operator 0 \(ATAN2\)"):
        compiled.generate(data)
