"""Shapes of the operators of operators/state.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import AssignVariable, CallOnce, ReadVariable, SequenceLstm, Svdf, VarHandle
from boardproof.model.shapes.rules import MisfitError, require_output, require_rank

if TYPE_CHECKING:
    from boardproof.model.graph import Operator
    from boardproof.model.shapes.rules import Fit, Rules, Shape

_SEQUENCE_RANK = 3


def fit_nothing(operator: Operator, fit: Fit) -> None:
    """Operators about variables: their shapes are those of what is assigned, which the runtimes compare."""


def fit_svdf(operator: Svdf, fit: Fit) -> None:
    """Weights, bias and state fit the input; one output per unit."""
    feature, time, state = fit.inputs[1].shape, fit.inputs[2].shape, fit.inputs[-1].shape
    for shape in (fit.data, feature, time):
        require_rank(shape, 2)
    (batches, depth), (filters, memory) = fit.data, time
    units, rest = divmod(filters, operator.rank)
    if rest or feature != (filters, depth) or 0 in (*feature, *time):
        raise MisfitError(f"the weights {list(feature)} and {list(time)} do not fit the input {list(fit.data)}")
    if state != (batches, memory * filters):
        raise MisfitError(f"the state {list(state)} should be {[batches, memory * filters]}")
    if len(fit.inputs) > 4 and fit.inputs[3].shape != (units,):  # noqa: PLR2004 all five are there
        raise MisfitError(f"the biases {list(fit.inputs[3].shape)} should be {[units]}")
    require_output(fit.output, (batches, units))


def fit_lstm(operator: SequenceLstm, fit: Fit) -> None:
    """Weights, biases and states of all gates fit the input; optional inputs are not looked at.

    `fit.inputs` leaves absent inputs out: which is which follows from the operator's own list.
    """
    present = [position for position, index in enumerate(operator.inputs) if index >= 0]
    by_position = dict(zip(present, (tensor.shape for tensor in fit.inputs), strict=True))
    require_rank(fit.data, _SEQUENCE_RANK)
    require_rank(fit.output, _SEQUENCE_RANK)
    batches = fit.data[1] if operator.time_major else fit.data[0]
    depth, units = fit.data[2], fit.output[2]
    require_output(fit.output, (*fit.data[:2], units))
    require_output(fit.data, fit.data)
    expected: dict[int, Shape] = {
        **dict.fromkeys(range(1, 5), (units, depth)),
        **dict.fromkeys(range(5, 9), (units, units)),
        **dict.fromkeys(range(12, 16), (units,)),
        **dict.fromkeys((18, 19), (batches, units)),
    }
    for position, shape in expected.items():
        if by_position[position] != shape:
            raise MisfitError(f"input {position} has shape {list(by_position[position])}, not {list(shape)}")


RULES: Rules = {
    AssignVariable: fit_nothing,
    CallOnce: fit_nothing,
    ReadVariable: fit_nothing,
    SequenceLstm: fit_lstm,
    Svdf: fit_svdf,
    VarHandle: fit_nothing,
}
