"""Functions of one int8 tensor that boards have no operator for become a table of 256 entries.

The converter leaves such a function in float (NEG, SQUARE, ELU, …), between DEQUANTIZE and QUANTIZE, or makes operators
of int8 that TensorFlow Lite Micro does not have (EXP, LOG, GELU, …). All that is computed of one int8 tensor alone,
over any number of operators, is one of 256 values: the table holds them, from the function in float64, rounded once.
What looks it up is CAST, ADD and GATHER, which TensorFlow Lite Micro has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.rewrite.editing import inputs_of
from boardproof.model.rewrite.functions import BINARY, UNARY, WITHOUT_INT8_KERNEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from boardproof.model.rewrite.editing import Editor

_ENTRIES = 256
_OFFSET = 128
_LEAST = np.arange(_ENTRIES, dtype=np.float64) - _OFFSET


@dataclass(frozen=True, slots=True)
class _Function:
    """What a tensor is of another one.

    Attributes:
        root: The int8 tensor that it is a function of.
        values: Its value for each of the root's 256 values.
        lacking: The operators on the way that boards lack.
    """

    root: int
    values: NDArray[np.float64]
    lacking: tuple[str, ...]


def rewrite_functions(editor: Editor) -> set[str]:
    """Replaces functions of one int8 tensor that boards have no operators for; gives the names of the latter."""
    found = _functions(editor)
    wanted = _wanted(editor, found)
    operators: list[Any] = []
    for operator in editor.graph.operators:
        outputs = [] if operator.outputs is None else [int(t) for t in operator.outputs]
        made = [_lookup(editor, found[t], t) for t in outputs if t in wanted]
        operators += made[0] if made else [operator]
    editor.graph.operators = operators
    editor.drop_unused()
    return {name for tensor in wanted for name in found[tensor].lacking}


def _functions(editor: Editor) -> dict[int, _Function]:
    """Every tensor that is a function of one int8 tensor, with what it is, in the graph's order."""
    found: dict[int, _Function] = {}
    for operator in editor.graph.operators:
        if operator.outputs is None or len(operator.outputs) != 1:
            continue
        function = _function(editor, operator, found)
        if function is not None:
            found[int(operator.outputs[0])] = function
    return found


def _function(editor: Editor, operator: Any, found: dict[int, _Function]) -> _Function | None:  # noqa: ANN401
    name, inputs, output = editor.name(operator), inputs_of(operator), int(operator.outputs[0])
    is_choice = name in {"SELECT", "SELECT_V2"}
    if name not in UNARY and name not in BINARY and not is_choice:
        return None
    shape = editor.shape(output)
    terms = [_term(editor, tensor, found, shape) for tensor in inputs]
    known = [term for term in terms if term is not None]
    roots = {term.root for term in known if term.root >= 0}
    if len(known) < len(terms) or len(roots) != 1 or _is_fused(operator):
        return None
    values = [term.values for term in known]
    with np.errstate(all="ignore"):
        if is_choice:
            result = np.where(values[0] != 0, values[1], values[2])
        elif name in UNARY:
            result = UNARY[name](values[0], operator.builtinOptions)
        else:
            result = BINARY[name](values[0], values[1])
    lacking = {item for term in known for item in term.lacking}
    if name in WITHOUT_INT8_KERNEL or (name not in {"DEQUANTIZE", "QUANTIZE"} and _is_float(editor, output)):
        lacking.add(name)
    return _Function(roots.pop(), np.broadcast_to(result, (_ENTRIES,)), tuple(sorted(lacking)))


def _term(editor: Editor, tensor: int, found: dict[int, _Function], shape: tuple[int, ...]) -> _Function | None:
    """A tensor as a function, or as a constant number, whose root is -1; None where it is neither."""
    constant = editor.constant(tensor)
    if constant is not None:
        number = _number(editor, tensor, constant)
        return None if number is None else _Function(-1, np.full(_ENTRIES, number), ())
    if editor.shape(tensor) != shape:
        return None
    if tensor in found:
        return found[tensor]
    scale = _scale(editor, tensor)
    return None if scale is None else _Function(tensor, (_LEAST - scale[1]) * scale[0], ())


def _number(editor: Editor, tensor: int, constant: NDArray[np.generic]) -> float | None:
    """A constant of one value, as a real number."""
    if constant.size != 1:
        return None
    value = float(constant.ravel()[0])
    scale = _scale(editor, tensor)
    if scale is not None:
        return (value - scale[1]) * scale[0]
    return value if constant.dtype.kind in "fb" else None


def _scale(editor: Editor, tensor: int) -> tuple[float, int] | None:
    """An int8 tensor's scale and zero point, where there is one for all of it."""
    found = editor.graph.tensors[tensor]
    quantization = found.quantization
    if found.type != schema.TensorType.INT8 or quantization is None or quantization.scale is None:
        return None
    return (float(quantization.scale[0]), int(quantization.zeroPoint[0])) if len(quantization.scale) == 1 else None


def _is_float(editor: Editor, tensor: int) -> bool:
    return bool(editor.graph.tensors[tensor].type == schema.TensorType.FLOAT32)


def _is_fused(operator: Any) -> bool:  # noqa: ANN401
    """Whether an activation is computed as well."""
    return bool(getattr(operator.builtinOptions, "fusedActivationFunction", 0))


def _wanted(editor: Editor, found: dict[int, _Function]) -> set[int]:
    """The int8 tensors to look up: results of functions that boards lack, where something else takes them."""
    wanted = {int(tensor) for tensor in editor.graph.outputs}
    for operator in editor.graph.operators:
        outputs = [] if operator.outputs is None else [int(t) for t in operator.outputs]
        inside = {found[t].root for t in outputs if t in found and found[t].lacking}
        wanted |= {t for t in inputs_of(operator) if t in found and found[t].root not in inside}
    return {t for t in wanted if t in found and found[t].lacking and _scale(editor, t) is not None}


def _lookup(editor: Editor, function: _Function, output: int) -> list[Any]:
    """The operators that compute a tensor from the function's root."""
    target = editor.graph.tensors[output]
    name = editor.text(output)
    product = _product(editor, function, output)
    if product:
        return product
    scale, zero_point = _scale(editor, output) or (1.0, 0)
    real = np.nan_to_num(function.values, nan=0.0, posinf=1e30, neginf=-1e30) / scale
    steps = np.copysign(np.floor(np.abs(real) + 0.5), real) + zero_point
    table = editor.add_constant(f"{name}/table", np.clip(steps, -128, 127).astype(np.int8), target.quantization)
    shape = editor.shape(output)
    wide = editor.add_tensor(f"{name}/value", shape, np.dtype(np.int32))
    index = editor.add_tensor(f"{name}/index", shape, np.dtype(np.int32))
    offset = editor.add_constant(f"{name}/offset", np.array(_OFFSET, np.int32))
    cast = schema.CastOptionsT(inDataType=schema.TensorType.INT8, outDataType=schema.TensorType.INT32)
    return [
        editor.operator("CAST", [function.root], wide, cast),
        editor.operator("ADD", [wide, offset], index, schema.AddOptionsT()),
        editor.operator("GATHER", [table, index], output, schema.GatherOptionsT(axis=0)),
    ]


def _product(editor: Editor, function: _Function, output: int) -> list[Any]:
    """A multiplication, where the function is a square or the negative and nothing more."""
    scale = _scale(editor, function.root)
    if scale is None:
        return []
    real = (_LEAST - scale[1]) * scale[0]
    if np.array_equal(function.values, real * real):
        factor = function.root
    elif np.array_equal(function.values, -real):
        unit = schema.QuantizationParametersT(scale=np.ones(1, np.float32), zeroPoint=np.zeros(1, np.int64))
        factor = editor.add_constant(f"{editor.text(output)}/minus_one", np.array(-1, np.int8), unit)
    else:
        return []
    return [editor.operator("MUL", [function.root, factor], output, schema.MulOptionsT())]
