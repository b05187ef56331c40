"""What the aot runtime generates. Goldens in golden/aot; BOARDPROOF_REGENERATE=1 rewrites them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.aot.lowering.graph import lower
from boardproof.project.runtimes.aot.program import Params, Step
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder
from support.golden import check_golden

GOLDEN = Path(__file__).parent / "golden" / "aot"


def tiny_network():
    """CONV_2D, MAX_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX, with a hostile name."""
    rng = np.random.default_rng(2)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 6, 6, 1), scale=0.5, zero_point=-4, name="image */ #error")
    w = builder.add_tensor((2, 3, 3, 1), scale=[0.02, 0.03], data=rng.integers(-127, 128, (2, 3, 3, 1)), name="conv/w")
    b = builder.add_tensor((2,), "int32", data=[100, -200])
    y = builder.add_tensor((1, 6, 6, 2), scale=0.4, zero_point=-128, name="conv")
    builder.add_operator(
        "CONV_2D", [x, w, b], [y], padding="SAME", stride_h=1, stride_w=1, fused_activation_function="RELU"
    )
    p = builder.add_tensor((1, 2, 2, 2), scale=0.4, zero_point=-128, name="pool")
    size = {"filter_height": 3, "filter_width": 3, "stride_h": 3, "stride_w": 3}
    builder.add_operator("MAX_POOL_2D", [y], [p], padding="VALID", **size)
    f = builder.add_tensor((1, 8), scale=0.4, zero_point=-128, name="flat")
    builder.add_operator("RESHAPE", [p, builder.add_tensor((2,), "int32", data=[1, 8])], [f], new_shape=[1, 8])
    v = builder.add_tensor((3, 8), scale=0.01, data=rng.integers(-127, 128, (3, 8)), name="dense/w")
    d = builder.add_tensor((1, 3), scale=0.3, zero_point=2, name="dense")
    builder.add_operator("FULLY_CONNECTED", [f, v, -1], [d])
    s = builder.add_tensor((1, 3), scale=1 / 256, zero_point=-128, name="classes")
    builder.add_operator("SOFTMAX", [d], [s], beta=1.0)
    return builder.build([x], [s])


def generate(data, board="native"):
    return AotRuntime().generate(read_tflite(data), data, BOARDS[board], Options())


@pytest.mark.parametrize("file", ["model.c", "model_weights.h", "model_weights.c"])
def test_generated_sources_are_as_reviewed(file):
    check_golden(GOLDEN / file, generate(tiny_network()).files[f"src/{file}"])


def test_the_same_model_gives_the_same_bytes():
    assert generate(tiny_network()).files == generate(tiny_network()).files


def test_the_arena_and_its_bound_are_reported():
    generated = generate(tiny_network())
    assert generated.plan is not None
    assert generated.arena_bytes == generated.plan.size_bytes >= generated.arena_lower_bound_bytes > 0
    assert "lib/boardproof_kernels/nn_types.h" in generated.files


def test_specialised_kernels_are_for_boards_that_have_the_instructions():
    portable, special = generate(tiny_network(), "native"), generate(tiny_network(), "mps2-an386")
    assert b'.kernels = "portable"' in portable.files["src/model.c"]
    assert b'.kernels = "dsp"' in special.files["src/model.c"]


def test_equal_tables_are_emitted_once():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8), scale=0.1)
    w = builder.add_tensor((8, 8), scale=0.01, data=100 * np.eye(8))
    y, z = (builder.add_tensor((1, 8), scale=0.1) for _ in range(2))
    builder.add_operator("FULLY_CONNECTED", [x, w, -1], [y])
    builder.add_operator("FULLY_CONNECTED", [y, w, -1], [z])
    header = generate(builder.build([x], [z])).files["src/model_weights.h"].decode()
    assert header.count("extern const int8_t model_op0_weights[64];") == 1
    assert "model_op1" not in header


def test_a_chosen_step_replaces_the_operators_it_implements():
    """A fused kernel for the last operators: their own steps and views are gone."""
    graph = read_tflite(tiny_network())

    def fuse(op, graph):
        if op.index != 4:
            return None
        return Step(
            4, (2, 3, 4), "nn_fused", "nn_fused.h", Params("nn_fused", ()), (graph.operators[1].output,), op.outputs
        )

    program = lower(graph, [fuse])
    assert [step.kernel for step in program.steps] == ["nn_conv2d_s8", "nn_max_pool2d_s8", "nn_fused"]
    assert program.views == ()


def test_an_operator_without_kernel_is_refused():
    builder = ModelBuilder()
    x, y = (builder.add_tensor((1, 8), scale=0.1) for _ in range(2))
    builder.add_operator("ATAN2", [x, x], [y])
    with pytest.raises(ValueError, match=r"operator 0 \(ATAN2\) has no kernel"):
        lower(read_tflite(builder.build([x], [y])))
