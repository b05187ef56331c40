"""Resource variables: which there are, what is wrong with how they are used, and the graph without their handles."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof.model.folding import fold
from boardproof.model.graph import (
    AssignVariable,
    CallOnce,
    DType,
    Operator,
    Pad,
    ReadVariable,
    SequenceLstm,
    Svdf,
    VarHandle,
)
from boardproof.model.signal_states import keeps_state, state_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Tensor

VariableOperator = VarHandle | ReadVariable | AssignVariable | CallOnce

_NAMES = frozenset(kind.opcode for kind in (VarHandle, ReadVariable, AssignVariable, CallOnce))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a state cannot be kept; `operator` and `tensor` say where, when known."""

    what: str
    operator: int | None = None
    tensor: int | None = None


@dataclass(frozen=True, slots=True)
class Stateful:
    """A graph in which every state is a tensor.

    Attributes:
        graph: Its tensors are those of the original and one more per variable or state. ReadVariable's input and
            AssignVariable's output is that tensor; its own first input, the handle, is gone. Signal operators have
            their states as further inputs.
        initial: What state tensors hold before the first inference, by tensor index.
    """

    graph: Graph
    initial: Mapping[int, bytes]


def is_stateful(graph: Graph) -> bool:
    """Whether what the network computes can depend on earlier inferences."""
    graphs = (graph, *graph.subgraphs)
    return any(op.name in _NAMES or keeps_state(op) for g in graphs for op in g.operators) or any(
        tensor.is_variable and tensor.index not in begun_by(g) for g in graphs for tensor in g.tensors
    )


def keeps_sequences(graph: Graph) -> bool:
    """Whether there are layers that go on where the last inference ended, unlike the Keras layers they come from."""
    begun = begun_by(graph).keys()
    return any(isinstance(op, SequenceLstm) and not {op.hidden_state, op.cell_state} <= begun for op in graph.operators)


def begun_by(graph: Graph) -> dict[int, Operator]:
    """Variable tensors that have one value at the beginning of each inference, with the PAD that copies it there."""
    begun: dict[int, Operator] = {}
    read: set[int] = set()
    for operator in graph.operators:
        if _copies_constant(operator, graph) and graph.tensors[operator.output].is_variable:
            begun |= {operator.output: operator} if operator.output not in read else {}
        read.update(operator.inputs)
    return begun


def _copies_constant(operator: Operator, graph: Graph) -> bool:
    if not isinstance(operator, Pad):
        return False
    value, padding = (graph.tensors[index] for index in operator.inputs)
    same = (value.shape, value.dtype) == (graph.tensors[operator.output].shape, graph.tensors[operator.output].dtype)
    return same and value.is_constant and padding.is_constant and not padding.array().any()


def check_states(graph: Graph) -> Iterator[Problem]:
    """Everything that keeps `resolve` from working, for a graph whose constants are folded."""
    yield from _check_variable_tensors(graph)
    problems = [*_check_handles(graph)]
    yield from problems
    if not problems:
        try:
            _variables(graph)
        except _UnusableError as error:
            yield error.problem


def resolve(graph: Graph) -> Stateful:
    """Makes every variable a tensor. Raises ValueError when `check_states` has anything to say."""
    initial = {}
    for tensor in graph.tensors:
        if tensor.is_variable:
            value = tensor.quantization.zero_point if tensor.dtype is DType.INT8 and tensor.quantization else 0
            initial[tensor.index] = _filled(tensor, value)
    try:
        variables = _variables(graph)
    except _UnusableError as error:
        raise ValueError(error.problem.what) from error
    tensors = list(graph.tensors)
    index_of: dict[str, int] = {}
    for name, variable in variables.items():
        index_of[name] = len(tensors)
        initial[len(tensors)] = variable.initial
        tensors.append(replace(variable.like, index=len(tensors), name=name, data=None, is_variable=True))
    names, begun = _handles(graph), begun_by(graph)
    operators = [_rewired(operator, names, index_of, begun) for operator in graph.operators]
    for position, operator in enumerate(graph.operators):
        added = state_tensors(operator, graph, len(tensors))
        tensors += added
        initial |= {tensor.index: bytes(tensor.size_bytes) for tensor in added}
        if added:
            operators[position] = replace(operator, inputs=(*operator.inputs, *(t.index for t in added)))
    return Stateful(replace(graph, tensors=tuple(tensors), operators=tuple(operators)), initial)


def _rewired(
    operator: Operator, names: Mapping[int, str], index_of: Mapping[str, int], begun: Mapping[int, Operator]
) -> Operator:
    match operator:
        case Pad() if operator.output in begun:
            return AssignVariable(operator.index, operator.version, operator.inputs[:1], operator.outputs)
        case ReadVariable():
            return replace(operator, inputs=(index_of[names[operator.input]],))
        case AssignVariable():
            return replace(operator, inputs=operator.inputs[1:], outputs=(index_of[names[operator.input]],))
        case _:
            return operator


@dataclass(frozen=True, slots=True)
class _Variable:
    """A variable: a tensor of its type and shape, and its value before the first inference."""

    like: Tensor
    initial: bytes


class _UnusableError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def _variables(graph: Graph) -> dict[str, _Variable]:
    """All variables by name. As TensorFlow Lite Micro does, they begin as the zero point of what is first assigned."""
    found: dict[str, _Variable] = {}
    names = _handles(graph)
    started = {name: assigned for call in _calls(graph) for name, assigned in _initial_values(graph, call).items()}
    for operator in graph.operators:
        if isinstance(operator, AssignVariable):
            tensor = graph.tensors[operator.inputs[1]]
            zero_point = tensor.quantization.zero_point if tensor.quantization else 0
            found.setdefault(names[operator.input], _Variable(tensor, _filled(tensor, zero_point)))
    for name, tensor in started.items():
        found[name] = _Variable(found[name].like if name in found else tensor, tensor.data or b"")
    for operator in graph.operators:
        if isinstance(operator, ReadVariable | AssignVariable):
            _check_use(operator, graph, found.get(names[operator.input]))
    return found


def _check_use(operator: ReadVariable | AssignVariable, graph: Graph, variable: _Variable | None) -> None:
    value = graph.tensors[operator.output if isinstance(operator, ReadVariable) else operator.inputs[1]]
    if variable is None:
        what = "reads a variable that nothing assigns"
        raise _UnusableError(Problem(what, operator.index))
    if (value.dtype, value.size_bytes) != (variable.like.dtype, variable.like.size_bytes):
        what = f"uses a variable of {variable.like.size_bytes} bytes of {variable.like.dtype} as {value.size_bytes} "
        raise _UnusableError(Problem(what + f"bytes of {value.dtype}", operator.index, value.index))
    if len(variable.initial) != variable.like.size_bytes:
        what = f"uses a variable whose first value has {len(variable.initial)} bytes, not {variable.like.size_bytes}"
        raise _UnusableError(Problem(what, operator.index, value.index))


def _filled(tensor: Tensor, value: int) -> bytes:
    """The value in every byte of a tensor, as TensorFlow Lite Micro's memset leaves it, whatever the tensor's type."""
    return bytes([value & 0xFF]) * tensor.size_bytes


def _handles(graph: Graph) -> dict[int, str]:
    """Each handle's variable, by the handle's tensor."""
    return {op.output: op.shared_name for op in graph.operators if isinstance(op, VarHandle)}


def _calls(graph: Graph) -> list[CallOnce]:
    return [operator for operator in graph.operators if isinstance(operator, CallOnce)]


def _initial_values(graph: Graph, call: CallOnce) -> dict[str, Tensor]:
    """What a graph that runs once assigns, by variable: it may do nothing else."""
    if not 1 <= call.subgraph <= len(graph.subgraphs):
        raise _UnusableError(Problem(f"calls graph {call.subgraph}, which is not there", call.index))
    if any(isinstance(op, ReadVariable | AssignVariable) for op in graph.operators[: graph.operators.index(call)]):
        raise _UnusableError(Problem("sets variables that are used before", call.index))
    callee = fold(graph.subgraphs[call.subgraph - 1])
    values: dict[str, Tensor] = {}
    names = _handles(callee)
    for operator in callee.operators:
        known = isinstance(operator, VarHandle) or all(callee.tensors[i].is_constant for i in operator.outputs)
        if isinstance(operator, AssignVariable) and operator.input in names:
            values[names[operator.input]] = callee.tensors[operator.inputs[1]]
        elif not known or not operator.outputs:
            raise _UnusableError(Problem(f"runs a {operator.name} before the first inference", call.index))
    computed = [tensor for tensor in values.values() if not tensor.is_constant]
    if computed:
        raise _UnusableError(Problem("sets a variable to something that is computed", call.index))
    return values


def _check_variable_tensors(graph: Graph) -> Iterator[Problem]:
    """Variable tensors are states of the operators that have some, and nothing else."""
    allowed = {
        index
        for operator in graph.operators
        for index in (operator.inputs[4:] if isinstance(operator, Svdf) else ())
        + ((operator.hidden_state, operator.cell_state) if isinstance(operator, SequenceLstm) else ())
    }
    begun = begun_by(graph)
    written = {index for op in graph.operators for index in op.outputs} - begun.keys()
    used = {index for op in graph.operators for index in (*op.inputs, *op.outputs)} | set(graph.outputs)
    for tensor in graph.tensors:
        if tensor.is_variable and tensor.index in (used - allowed) | set(graph.inputs):
            yield Problem("keeps its value between inferences, but is no state of an operator", tensor=tensor.index)
        elif tensor.is_variable and tensor.index in written:
            yield Problem("keeps its value between inferences, but is computed", tensor=tensor.index)
        elif tensor.is_variable and tensor.is_constant:
            yield Problem("keeps its value between inferences, but has one in the file", tensor=tensor.index)


def _check_handles(graph: Graph) -> Iterator[Problem]:
    """Handles go from VAR_HANDLE straight to where they are used; one container per name."""
    names = _handles(graph)
    containers: dict[str, set[str]] = defaultdict(set)
    for operator in graph.operators:
        match operator:
            case VarHandle():
                containers[operator.shared_name].add(operator.container)
            case ReadVariable() | AssignVariable() if operator.input not in names:
                yield Problem("uses a variable whose handle is computed", operator.index)
            case ReadVariable() | AssignVariable():
                pass
            case _ if names.keys() & set(operator.inputs):
                yield Problem("takes a variable's handle", operator.index)
    if any(len(found - {""}) > 1 for found in containers.values()):
        yield Problem("has variables of one name in several containers")
