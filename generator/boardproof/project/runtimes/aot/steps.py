"""The step of an operator with one kernel and one output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operands import SUFFIXES
from boardproof.project.runtimes.aot.program import InPlace, Params, Step

if TYPE_CHECKING:
    from boardproof.model.graph import Operator, Tensor
    from boardproof.project.runtimes.aot.program import Fields


def typed_params(kernel: str, data: Tensor, fields: Fields) -> Params:
    """Parameters for a kernel of the data's type."""
    return Params(f"{kernel}_{SUFFIXES[data.dtype]}", fields)


def kernel_step(
    op: Operator,
    header: str,
    params: Params,
    inputs: tuple[int, ...],
    text: str,
    *in_place: InPlace,
    scratch_bytes: int | None = None,
) -> Step:
    """One kernel with one output; `in_place`: the inputs that the output may overwrite."""
    return Step(
        operator=op.index,
        implements=(op.index,),
        kernel=params.struct,
        header=header,
        params=params,
        inputs=inputs,
        outputs=(op.output,),
        scratch_bytes=scratch_bytes,
        in_place=in_place,
        description=text,
    )
