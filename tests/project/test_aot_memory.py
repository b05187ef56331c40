"""From steps to buffers: lifetimes, views, and outputs that run into their inputs without harm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.model.graph import Padding, Window
from boardproof.model.shapes.graph import window_output
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.runtimes.aot.lowering.graph import lower_prepared
from boardproof.project.runtimes.aot.memory import arena_buffers, plan_memory
from boardproof.project.runtimes.aot.overlap import (
    channelwise_offset,
    first_reads,
    padding_before,
    pixelwise_offset,
    safe_offset,
)
from boardproof.project.runtimes.aot.passes import prepare
from support.flatbuffer_models import ModelBuilder


def program_of(builder, inputs, outputs):
    """Each operator as a step of its own."""
    return lower_prepared(replace(prepare(read_tflite(builder.build(inputs, outputs))), functions={}))


def buffers_of(*arguments):
    return {buffer.name: buffer for buffer in arena_buffers(program_of(*arguments))}


def unary(builder, source, shape=(1, 16), opcode="RELU", scale=0.1):
    target = builder.add_tensor(shape, scale=scale)
    builder.add_operator(opcode, [source], [target])
    return target


def reshape(builder, source, shape):
    target = builder.add_tensor(shape, scale=0.1)
    size = builder.add_tensor((len(shape),), "int32", data=list(shape))
    builder.add_operator("RESHAPE", [source, size], [target], new_shape=list(shape))
    return target


def test_lifetimes_from_before_the_first_step_to_after_the_last():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    a = unary(builder, x)
    b = unary(builder, a)
    found = buffers_of(builder, [x], [b])
    assert [(b.name, b.first, b.last, b.alias_of) for b in found.values()] == [
        (f"tensor {x}", -1, 0, None),
        (f"tensor {a}", 0, 1, f"tensor {x}"),
        (f"tensor {b}", 1, 2, f"tensor {a}"),
    ]


def test_a_view_has_no_buffer_and_keeps_its_source_alive():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    a = unary(builder, x)
    seen = reshape(builder, reshape(builder, a, (4, 4)), (16,))
    b = unary(builder, x)
    c = unary(builder, seen, (16,))
    program = program_of(builder, [x], [b, c])
    found = {buffer.name: buffer for buffer in arena_buffers(program)}
    assert f"tensor {seen}" not in found
    assert (found[f"tensor {a}"].first, found[f"tensor {a}"].last) == (0, 2)
    memory = plan_memory(program)
    assert memory.offsets[seen] == memory.offsets[a]


def test_an_input_read_later_is_not_taken_over():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    a, b = unary(builder, x), unary(builder, x)
    assert buffers_of(builder, [x], [a, b])[f"tensor {a}"].alias_of is None


def test_an_output_of_the_network_is_not_taken_over():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    a = unary(builder, x)
    b = unary(builder, reshape(builder, a, (16,)), (16,))
    assert buffers_of(builder, [x], [a, b])[f"tensor {b}"].alias_of is None


def test_a_buffer_read_under_two_shapes_is_not_taken_over():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 6), scale=0.1)
    column = reshape(builder, x, (6, 1))
    y = builder.add_tensor((6, 6), scale=0.2)
    builder.add_operator("ADD", [column, x], [y])
    assert buffers_of(builder, [x], [y])[f"tensor {y}"].alias_of is None


def test_a_sum_takes_over_the_operand_that_dies():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    a = unary(builder, x)
    total = builder.add_tensor((1, 16), scale=0.2)
    builder.add_operator("ADD", [x, a], [total])
    assert buffers_of(builder, [x], [total, x])[f"tensor {total}"].alias_of == f"tensor {a}"


def test_constants_need_no_arena():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 16), scale=0.1)
    constant = builder.add_tensor((1, 16), scale=0.1, data=np.ones((1, 16), np.int8))
    total = builder.add_tensor((1, 16), scale=0.2)
    builder.add_operator("ADD", [x, constant], [total])
    program = program_of(builder, [x], [total, constant])
    assert {buffer.name for buffer in arena_buffers(program)} == {f"tensor {x}", f"tensor {total}"}
    assert plan_memory(program).constants[constant].size_bytes == 16


def test_inputs_of_the_network_live_together():
    builder = ModelBuilder()
    inputs = [builder.add_tensor((1, 16), scale=0.1) for _ in range(3)]
    outputs = [unary(builder, tensor) for tensor in inputs[:2]]
    memory = plan_memory(program_of(builder, inputs, outputs))
    assert len({memory.offsets[tensor] for tensor in inputs}) == 3
    assert memory.plan.size_bytes == memory.plan.lower_bound_bytes == 48


windows = st.builds(
    Window,
    st.sampled_from(Padding),
    st.tuples(st.integers(1, 3), st.integers(1, 3)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)


def all_reads(shape, kernel, window):
    """For each output pixel: every input pixel it reads."""
    size = (shape[1], shape[2])
    top, left = padding_before(size, kernel, window)
    height, width = window_output(size, kernel, window)
    for n in range(shape[0]):
        for oy in range(height):
            for ox in range(width):
                rows = [oy * window.stride[0] - top + k * window.dilation[0] for k in range(kernel[0])]
                columns = [ox * window.stride[1] - left + k * window.dilation[1] for k in range(kernel[1])]
                inside = [(y, x) for y in rows for x in columns if 0 <= y < size[0] and 0 <= x < size[1]]
                yield [(n * size[0] + y) * size[1] + x for y, x in inside]


def survives(offset, reads, writes, *, reads_first):
    """Whether nothing is read after it was overwritten, unit by unit; reads and writes are sets of bytes."""
    overwritten = set()
    for read, written in zip(reads, writes, strict=True):
        now = {byte + offset for byte in written}
        if overwritten & read or (not reads_first and now & read):
            return False
        overwritten |= now
    return True


shapes = st.tuples(st.integers(1, 2), st.integers(3, 6), st.integers(3, 6), st.integers(1, 3))
kernels = st.tuples(st.integers(1, 2), st.integers(1, 2))


@given(shapes, kernels, windows, st.integers(1, 4))
def test_no_window_loses_what_it_still_reads(shape, kernel, window, outputs):
    channels = shape[3]
    reads = list(all_reads(shape, kernel, window))
    assert first_reads(shape, kernel, window).tolist() == [min(read) * channels for read in reads]

    wide = [{pixel * channels + c for pixel in read for c in range(channels)} for read in reads]
    pixels = [set(range(i * outputs, (i + 1) * outputs)) for i in range(len(reads))]
    offset = pixelwise_offset(first_reads(shape, kernel, window), outputs)
    assert offset <= 0
    assert survives(offset, wide, pixels, reads_first=False)

    narrow = [{pixel * channels + c // outputs for pixel in read} for read in reads for c in range(channels * outputs)]
    single = [{i} for i in range(len(narrow))]
    offset = channelwise_offset(first_reads(shape, kernel, window), channels, outputs)
    assert survives(offset, narrow, single, reads_first=True)


@pytest.mark.parametrize("reads_first", [True, False])
def test_the_offset_is_the_largest_that_is_safe(reads_first):
    rng = np.random.default_rng(0)
    for _ in range(50):
        reads = np.sort(rng.integers(0, 20, 8))
        writes = np.cumsum(rng.integers(1, 4, 8))
        offset = safe_offset(reads, writes, reads_first=reads_first)
        read_sets = [{int(r)} for r in reads]
        write_sets = [set(range(a, b)) for a, b in zip([0, *writes[:-1]], writes, strict=True)]
        assert survives(offset, read_sets, write_sets, reads_first=reads_first)


def test_a_depthwise_convolution_runs_into_its_input():
    """3x3 over 25x5x64: the output leads by one row, one pixel, nothing more."""
    window = Window(Padding.SAME, (1, 1))
    assert channelwise_offset(first_reads((1, 25, 5, 64), (3, 3), window), 64) == -(5 + 1) * 64
    assert pixelwise_offset(first_reads((1, 25, 5, 64), (1, 1), window), 64) == -64
