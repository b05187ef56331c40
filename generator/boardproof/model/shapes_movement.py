"""Shapes of the operators of ops_movement.py."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from boardproof.model.shape_rules import MisfitError, constant_ints, require_output

if TYPE_CHECKING:
    from boardproof.model.graph import Pad, Reshape
    from boardproof.model.shape_rules import Fit


def fit_reshape(operator: Reshape, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """As many elements as before."""
    if fit.inputs[0].elements != prod(fit.output):
        raise MisfitError(f"{fit.inputs[0].elements} elements cannot take the shape {list(fit.output)}")


def fit_pad(operator: Pad, fit: Fit) -> None:  # noqa: ARG001 one signature for all
    """The output is the input and its paddings."""
    data, paddings = fit.data, constant_ints(fit.inputs[1])
    if fit.inputs[1].shape != (len(data), 2):
        raise MisfitError(f"paddings of shape {list(fit.inputs[1].shape)} do not fit the input {list(data)}")
    if paddings is None:
        return
    if min(paddings, default=0) < 0:
        raise MisfitError(f"the paddings {paddings} are negative")
    pairs = zip(data, paddings[::2], paddings[1::2], strict=True)
    require_output(fit.output, tuple(size + before + after for size, before, after in pairs))
