"""Which operators the interpreter must be able to find, and the smallest kernel of each that will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.graph import NO_TENSOR, DType, Unsupported
from boardproof.model.labels import safe_label
from boardproof.model.layer_names import place_of
from boardproof.model.operators.signal import SignalOperator
from boardproof.model.preflight import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Operator, Tensor
    from boardproof.model.preflight import Severity
    from boardproof.project.runtimes.tflm.library import TflmLibrary

_WEIGHTED = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "SVDF", "TRANSPOSE_CONV"})
"""Operators whose second input is a filter that the kernel for int8 wants in int8 too."""


@dataclass(frozen=True, slots=True)
class Registration:
    """One operator in the resolver.

    Attributes:
        opcode: TensorFlow Lite's name, or a custom operator's own.
        method: The resolver's method that adds it.
        is_custom: Whether it is found by name.
        variant: The registration to pass, such as CONV_2D_INT8, or None for the method's default.
        header: The library's header that declares the variant, or None.
    """

    opcode: str
    method: str
    is_custom: bool
    variant: str | None = None
    header: str | None = None

    @property
    def call(self) -> str:
        """The C++ call, without the object, that adds the operator."""
        return f"{self.method}({f'tflite::Register_{self.variant}()' if self.variant else ''})"

    @property
    def find(self) -> str:
        """The C++ call, without the object, that finds it again."""
        key = f'"{self.opcode}"' if self.is_custom else f"tflite::BuiltinOperator_{self.opcode}"
        return f"FindOp({key})"


@dataclass(frozen=True, slots=True)
class Use:
    """An operator and the graph its tensor indices refer to.

    Attributes:
        graph: That graph.
        operator: The operator.
        part: The graph's number in the file: 0 is the main one, the others are what control-flow operators call.
    """

    graph: Graph
    operator: Operator
    part: int = 0

    @property
    def code(self) -> tuple[str, int]:
        """The kind of operator, as the file has it: one code for all operators of that name and version."""
        return self.opcode, self.operator.version

    @property
    def number(self) -> str:
        """The operator's index, with the subgraph it counts in unless that is the main one."""
        if self.part == 0:
            return str(self.operator.index)
        return f"{self.operator.index} of subgraph {self.part} ({safe_label(self.graph.name, 'without a name')})"

    @property
    def place(self) -> str:
        """How a sentence about it begins."""
        known = place_of(self.operator, self.graph) if not self.part else None
        return known[0].upper() + known[1:] if known else f"Operator {self.number}, {self.operator.name},"

    @property
    def is_custom(self) -> bool:
        """Whether the operator is found by its own name rather than TensorFlow Lite's number."""
        unknown = isinstance(self.operator, Unsupported) and self.operator.is_custom
        return unknown or isinstance(self.operator, SignalOperator)

    @property
    def opcode(self) -> str:
        """The name the resolver finds it by, which for a custom operator is untrusted text."""
        return self.operator.opcode_name if isinstance(self.operator, Unsupported) else self.operator.name

    def input(self, position: int) -> Tensor | None:
        """An input tensor, or None when it is absent."""
        index = self.operator.optional_input(position)
        return None if index is None else self.graph.tensors[index]

    def output(self, position: int) -> Tensor | None:
        """An output tensor, or None when there is none."""
        if position >= len(self.operator.outputs) or self.operator.outputs[position] == NO_TENSOR:
            return None
        return self.graph.tensors[self.operator.outputs[position]]

    def finding(self, severity: Severity, code: str, message: str, hint: str, tensor: Tensor | None = None) -> Finding:
        """A finding about it. Indices are the main graph's, so that one about a subgraph has none."""
        if self.part != 0:
            return Finding(severity, code, message, hint)
        return Finding(severity, code, message, hint, self.operator.index, None if tensor is None else tensor.index)


def all_uses(graph: Graph) -> Iterator[Use]:
    """Every operator, also of the graphs that control-flow operators call: the interpreter prepares them all."""
    for number, part in enumerate((graph, *graph.subgraphs)):
        for operator in part.operators:
            yield Use(part, operator, number)


def registrations(graph: Graph, library: TflmLibrary) -> tuple[Registration, ...]:
    """One registration for each kind of operator used, in order of name.

    Operators the library does not have are left out: `check` reports them.
    """
    kinds: dict[tuple[bool, str], list[Use]] = {}
    for use in all_uses(graph):
        kinds.setdefault((use.is_custom, use.opcode), []).append(use)
    found: list[Registration] = []
    for (is_custom, opcode), uses in sorted(kinds.items()):
        method = library.method(opcode, is_custom=is_custom)
        if method is None:
            continue
        variant = _variant(opcode, uses) if method.takes_registration else None
        if variant not in library.variants:
            variant = None
        header = library.variants[variant] if variant else None
        found.append(Registration(opcode, method.name, is_custom, variant, header))
    return tuple(found)


def _variant(opcode: str, uses: list[Use]) -> str | None:
    """The name of the registration that serves all uses and no more, whether or not the library has it."""
    types = {_types(opcode, use) for use in uses}
    if len(types) != 1:
        return None
    match types.pop():
        case (DType.INT8, DType.INT8):
            return f"{opcode}_INT8"
        case (DType.INT16, DType.INT16):
            return f"{opcode}_INT16"
        case (DType.INT8, DType.INT16):
            return f"{opcode}_INT8_INT16"
        case _:
            return None


def _types(opcode: str, use: Use) -> tuple[DType, DType] | None:
    """Input and output type; None when there is no kernel for just these."""
    data, result = use.input(0), use.output(0)
    if data is None or result is None:
        return None
    if opcode in _WEIGHTED:
        weights = use.input(1)
        if weights is None or weights.dtype is not DType.INT8:
            return None
    return data.dtype, result.dtype
