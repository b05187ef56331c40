"""RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.checks.findings import RECONVERT_HINT
from boardproof.project.runtimes.aot.checks.parameters import parameters
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, INT16, Entry, alike
from boardproof.project.runtimes.aot.operands import flow_text
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, moves
from boardproof.project.runtimes.aot.program import Step, Table
from boardproof.project.runtimes.aot.steps import kernel_step, typed_params

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Resize, ResizeBilinear
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject
    from boardproof.project.runtimes.aot.program import Fields


_BILINEAR_ONE = 1 << 10
"""The weight 1."""


def lower_resize_bilinear(op: ResizeBilinear, graph: Graph) -> Step:
    """One nn_resize_bilinear."""
    data, output = graph.tensors[op.input], graph.tensors[op.output]
    sizes = [(data.shape[axis], output.shape[axis]) for axis in (1, 2)]
    if data.dtype is DType.INT8:
        tables: Fields = tuple(
            (name, _places(name, bilinear_table(op, *pair)))
            for name, pair in zip(("rows", "columns"), sizes, strict=True)
        )
    else:
        (rows, row_weights), (columns, column_weights) = (float_bilinear_tables(op, *pair) for pair in sizes)
        tables = (
            ("rows", _places("rows", rows)),
            ("columns", _places("columns", columns)),
            ("row_weights", Table("row_weights", row_weights, "of the second row")),
            ("column_weights", Table("column_weights", column_weights, "of the second column")),
        )
    fields: Fields = (
        ("batches", data.shape[0]),
        ("channels", data.shape[3]),
        ("input_height", data.shape[1]),
        ("input_width", data.shape[2]),
        ("output_height", output.shape[1]),
        ("output_width", output.shape[2]),
        *tables,
    )
    text = flow_text(data, output)
    return kernel_step(op, "nn_resize.h", typed_params("nn_resize_bilinear", data, fields), (op.input,), text)


def bilinear_table(op: ResizeBilinear, size: int, output_size: int) -> NDArray[np.int64]:
    """For each output row or column: two input ones, and the weight of the second, shape [output_size, 3].

    Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h, integer version.
    """
    if op.align_corners and output_size > 1:
        scale = (_BILINEAR_ONE * (size - 1) + (output_size - 1) // 2) // (output_size - 1)
    else:
        scale = (_BILINEAR_ONE * size + output_size // 2) // output_size
    places = np.arange(output_size, dtype=np.int64) * scale
    if op.half_pixel_centers:
        places += scale // 2 - _BILINEAR_ONE // 2
    # Division rounds to zero in C, but what is below zero is clamped to it.
    first = places.clip(0) // _BILINEAR_ONE
    second = np.minimum((places + _BILINEAR_ONE - 1).clip(0) // _BILINEAR_ONE, size - 1)
    return np.stack([first, second, places - _BILINEAR_ONE * first], axis=1)


def float_bilinear_tables(
    op: ResizeBilinear, size: int, output_size: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For each output row or column: two input ones, shape [output_size, 2], and the weight of the second.

    Source: tensorflow/lite/kernels/internal/reference/resize_bilinear.h; arithmetic in float32.
    """
    corners = op.align_corners and output_size > 1
    scale = np.float32(size - 1 if corners else size) / np.float32(output_size - 1 if corners else output_size)
    places = np.arange(output_size, dtype=np.float32)
    half = np.float32(0.5)
    places = (places + half) * scale - half if op.half_pixel_centers else places * scale
    first = np.maximum(np.floor(places).astype(np.int64), 0)
    second = np.minimum(np.ceil(places).astype(np.int64), size - 1)
    return np.stack([first, second], axis=1), places - first.astype(np.float32)


def _places(name: str, values: NDArray[np.int64]) -> Table:
    return Table(name, values.astype(np.int16).reshape(-1), "for each of the output, two of the input; and a weight")


def check_resize_bilinear(op: ResizeBilinear, subject: Subject) -> Iterator[Finding]:
    """A constant size, no contradicting options, and no output so large that rounding leaves the image."""
    problems = [*parameters(1)(op, subject)]
    yield from problems
    if op.align_corners and op.half_pixel_centers:
        yield subject.error("unsupported-option", "both aligns corners and uses half-pixel centers", RECONVERT_HINT)
    data, output = subject.input(0), subject.output
    if problems or data.dtype is DType.FLOAT32:
        return
    for size, output_size in zip(data.shape[1:3], output.shape[1:3], strict=True):
        if bilinear_table(op, size, output_size)[:, 0].max() >= size:
            what = f"resizes {size} to {output_size}, for which the arithmetic is not fine enough"
            yield subject.error("unsupported-shape", what, "Resize in two steps.")


def check_resize(op: Resize, subject: Subject) -> Iterator[Finding]:
    """A constant size."""
    yield from parameters(1)(op, subject)


ENTRIES: Mapping[str, Entry] = {
    "RESIZE_BILINEAR": Entry(
        lower_resize_bilinear, alike(INT8, FLOAT), check_resize_bilinear, limits="the size is a constant"
    ),
    "RESIZE_NEAREST_NEIGHBOR": moves(INT8, INT16, FLOAT, check=check_resize, limits=CONSTANT),
}
