"""Pixels to channels or batches and back: all of it is movement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.checks.parameters import parameters
from boardproof.project.runtimes.aot.entry import FLOAT, INT8, Entry
from boardproof.project.runtimes.aot.operators.movement.move import CONSTANT, moves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import SpaceToBatchNd
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.aot.checks.findings import Subject


def check_space_to_batch(op: SpaceToBatchNd, subject: Subject) -> Iterator[Finding]:
    """Constant block and paddings; a warning where padding is not with the zero point."""
    problems = [*parameters(1, 2)(op, subject)]
    yield from problems
    zero_point = subject.output.quantization.zero_point if subject.output.quantization else 0
    if not problems and zero_point and np.any(subject.input(2).array()):
        what = f"pads with 0 as TensorFlow Lite Micro does, not with its zero point {zero_point}, as it was trained"
        yield subject.warning("padding", what, "Pad in a layer of its own before it, or use a dilated convolution.")


ENTRIES: Mapping[str, Entry] = {
    "BATCH_TO_SPACE_ND": moves(INT8, FLOAT, check=parameters(1, 2), limits=CONSTANT),
    "DEPTH_TO_SPACE": moves(INT8, FLOAT),
    "SPACE_TO_BATCH_ND": moves(
        *(INT8, FLOAT),
        check=check_space_to_batch,
        limits=f"pads with 0, whatever the zero point; {CONSTANT}",
    ),
    "SPACE_TO_DEPTH": moves(INT8, FLOAT),
}
