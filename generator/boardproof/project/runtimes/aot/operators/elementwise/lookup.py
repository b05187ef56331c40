"""Functions of one 8-bit value as tables of 256 entries, indexed by the input's bits (0…127, then -128…-1 for int8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.runtimes.aot.operands import RANGES, flow_text
from boardproof.project.runtimes.aot.program import InPlace, Params, Step, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.graph import DType, Graph, Operator


def inputs_of(dtype: DType) -> NDArray[np.int64]:
    """All values of an 8-bit type in the order of their bits."""
    return np.arange(256, dtype=np.uint8).view(dtype.numpy).astype(np.int64)


def output_bytes(values: NDArray[np.int64], dtype: DType) -> NDArray[np.uint8]:
    """The bits of values of an 8-bit type, saturated."""
    low, high = RANGES[dtype]
    return np.clip(values, low, high).astype(dtype.numpy).view(np.uint8)


def lookup_step(
    op: Operator, graph: Graph, table: NDArray[np.uint8], data: int | None = None, description: str | None = None
) -> Step:
    """One nn_lookup_8.

    Args:
        op: The operator.
        graph: Its graph.
        table: 256 bytes, indexed by the input's bits.
        data: The input tensor, if it is not the operator's first.
        description: What it does, if that is more than its shapes.
    """
    source = graph.tensors[op.input if data is None else data]
    entries = Table("table", table.view(np.uint8), f"{op.name} of every byte")
    shown = flow_text(source, graph.tensors[op.output]) if description is None else description
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel="nn_lookup_8",
        header="nn_elementwise.h",
        params=Params("nn_lookup_8", (("count", source.elements), ("table", entries))),
        inputs=(source.index,),
        outputs=(op.output,),
        in_place=(InPlace(0),),
        description=f"{shown}, table of 256 entries",
    )
