"""`--optimize`: what each setting chooses, and what is said of the choice."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from math import inf

import numpy as np
import pytest
from rich.console import Console

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot import AotRuntime, optimize
from boardproof.project.runtimes.aot.kernel_files import kernel_files
from boardproof.project.runtimes.aot.kernelsets import KERNEL_SETS, PORTABLE, set_of
from boardproof.project.runtimes.aot.kernelsets.types import Tuning
from boardproof.project.runtimes.aot.optimize import flash_bytes, lower_for, slowdown
from boardproof.project.runtimes.base import Choice, Generated, Options
from boardproof.report.forms.console import table_view
from boardproof.report.sections.kernels import kernels_section
from support.flatbuffer_models import ModelBuilder
from support.small_network import small_network

M4 = BOARDS["mps2-an386"]


def network(*, dense: int = 10) -> bytes:
    """A 3x4 convolution that takes nearly all of the time, and a dense layer."""
    rng = np.random.default_rng(1)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 32, 32, 16), scale=0.5, zero_point=-3)
    w = builder.add_tensor((16, 3, 4, 16), scale=0.01, data=rng.integers(-127, 128, (16, 3, 4, 16)))
    c = builder.add_tensor((1, 32, 32, 16), scale=0.7, zero_point=5)
    builder.add_operator("CONV_2D", [x, w, -1], [c], padding="SAME", stride_w=1, stride_h=1)
    p = builder.add_tensor((1, 1, 1, 16), scale=0.7, zero_point=5)
    size = {"filter_height": 32, "filter_width": 32, "stride_h": 32, "stride_w": 32}
    builder.add_operator("MAX_POOL_2D", [c], [p], padding="VALID", **size)
    v = builder.add_tensor((dense, 16), scale=0.01, data=rng.integers(-127, 128, (dense, 16)))
    f = builder.add_tensor((1, dense), scale=0.5, zero_point=11)
    builder.add_operator("FULLY_CONNECTED", [p, v, -1], [f])
    return builder.build([x], [f])


def lowered(setting: str, data: bytes, board: str = "mps2-an386") -> dict[str, str]:
    """Kernels by operator."""
    program = lower_for(read_tflite(data), BOARDS[board], setting)
    return {program.graph.operators[step.operator].name: step.kernel for step in program.steps}


def generated(setting: str) -> Generated:
    data = network()
    return AotRuntime().generate(read_tflite(data), data, M4, Options(optimize=setting))


def test_what_is_known_of_kernels_is_of_kernels_that_exist() -> None:
    for kernels in KERNEL_SETS:
        named = {*kernels.costs, *kernels.blocks}
        kernel_files(named, ())
        assert {set_of(kernel).name for kernel in named} <= {kernels.name}
        assert not [name for name in kernels.code_bytes if not (resource(kernels.folder) / name).is_file()]


def test_speed_takes_every_specialised_kernel() -> None:
    kernels = lowered("speed", network())
    assert all(kernel.endswith("_dsp") for kernel in kernels.values())


def test_size_goes_back_to_portable_kernels_only_where_they_hardly_cost_time() -> None:
    kernels = lowered("size", network())
    assert kernels["CONV_2D"].endswith("_dsp")
    assert kernels["FULLY_CONNECTED"] == "nn_fully_connected_s8"


@pytest.mark.parametrize("data", [network(), small_network()], ids=["network", "small"])
def test_size_is_smallest_and_within_its_limit(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    size, balanced, speed = (lower_for(read_tflite(data), M4, setting) for setting in ("size", "balanced", "speed"))
    assert flash_bytes(size) <= flash_bytes(balanced) <= flash_bytes(speed)
    assert flash_bytes(size) < flash_bytes(speed)
    assert slowdown(speed, balanced) <= 1
    monkeypatch.setattr(optimize, "SPEED", Tuning())
    fastest_for_its_flash = lower_for(read_tflite(data), M4, "speed")
    assert 1 <= slowdown(size, fastest_for_its_flash) <= optimize.SLOWDOWN["size"]
    assert slowdown(balanced, fastest_for_its_flash) <= optimize.SLOWDOWN["balanced"]


def test_a_kernel_without_an_estimate_is_never_preferred(monkeypatch: pytest.MonkeyPatch) -> None:
    size, speed = (lower_for(read_tflite(network()), M4, setting) for setting in ("size", "speed"))
    known = {name: cost for name, cost in PORTABLE.costs.items() if name != "nn_fully_connected_s8"}
    monkeypatch.setattr("boardproof.project.runtimes.aot.kernelsets.PORTABLE", replace(PORTABLE, costs=known))
    assert slowdown(size, speed) == inf
    assert lowered("size", network())["FULLY_CONNECTED"].endswith("_dsp")


def test_speed_takes_more_memory_for_rows() -> None:
    def scratch(setting: str) -> int:
        return next(c.scratch_bytes for c in generated(setting).choices if "CONV_2D" in c.operators)

    assert scratch("balanced") < scratch("speed") <= optimize.SPEED.rows_scratch_bytes + 64


@pytest.mark.parametrize("setting", ["speed", "balanced", "size"])
def test_a_core_without_the_instructions_gets_portable_kernels(setting: str) -> None:
    assert not [kernel for kernel in lowered(setting, network(), "native").values() if kernel.endswith("_dsp")]


def test_only_size_compiles_kernels_for_size() -> None:
    path = "lib/boardproof_kernels/library.json"
    assert json.loads(generated("size").files[path])["build"]["flags"] == "-Os"
    assert path not in generated("balanced").files
    assert path not in generated("speed").files


def test_choices_tell_what_generates() -> None:
    choices = generated("balanced").choices
    assert [choice.operators for choice in choices] == [("CONV_2D",), ("MAX_POOL_2D",), ("FULLY_CONNECTED",)]
    conv = choices[0]
    assert (conv.kernel, conv.block) == ("nn_conv2d_rows_s8_dsp", "4 pixels x 2 channels")
    assert conv.constant_bytes >= 16 * 3 * 3 * 16
    assert conv.estimated_ticks is not None
    macs = 32 * 32 * 16 * 3 * 3 * 16
    assert 0.5 * macs < conv.estimated_ticks < 2 * macs


def test_the_table_shows_estimates_and_measurements() -> None:
    choice = Choice(3, ("CONV_2D", "ADD"), "nn_pointwise_add_s8_dsp", "4 pixels x 2 channels", 768, 4608, 467164)
    text = StringIO()
    console = Console(width=200, file=text)
    for section in (kernels_section((choice,)), kernels_section((choice,), {3: 452036}, "cycles")):
        assert section is not None
        console.print(table_view(section.blocks[0]))
    before, after = text.getvalue().split("#")[1:]
    for words in ("CONV_2D + ADD", "pointwise_add_s8_dsp", "768", "4,608", "estimated: instructions", "467,164"):
        assert words in before
        assert words in after
    assert "measured" not in before
    assert "measured: cycles" in after
    assert "452,036" in after
