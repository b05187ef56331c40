"""What TensorFlow's converter cannot do: its complaints in plain words, and what it leaves in float."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.model.labels import plain_name, safe_label, safe_lines
from boardproof.model.layer_names import layer_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boardproof.model.graph import Graph, Operator, Tensor

_FLOAT16_TENSOR = re.compile(r"tensor<[\dx?]*xf16>")
_ONLY_INT8 = re.compile(r"Quantization to 16x8-bit not yet supported for op: '([A-Z0-9_]+)'")
_MADE_BY: Mapping[str, str] = {
    "DIV": "the activation softsign, for one",
    "ELU": "the activation elu",
    "GREATER": "the activation selu",
    "HARD_SWISH": "the activation hard_silu",
    "NEG": "a LayerNormalization, for one",
}
"""Where Keras needs operators that TensorFlow quantizes to int8 only, if users would not guess it."""

_SCOPE = re.compile(r"'([^']*)' is not a valid (?:root )?scope name")
_FLEX_OPERATORS = re.compile(r"TF Select ops: (.+)")
_CUSTOM_OPERATORS = re.compile(r"Custom ops: (.+)")

_MOVES_FLOATS = frozenset(
    {
        "ASSIGN_VARIABLE",
        "CONCATENATION",
        "EXPAND_DIMS",
        "PACK",
        "READ_VARIABLE",
        "RESHAPE",
        "SLICE",
        "SQUEEZE",
        "STRIDED_SLICE",
    }
)
"""What may stay in float beside a variable: TensorFlow has no integer ones, and what is moved is quantized after it."""

_INSTEAD_OF_FLOAT = {
    "NEG": "Write x * -1.0 for -x, and a LayerNormalization out of ops.mean, ops.var and ops.rsqrt.",
    "SQUARE": "Write x * x for the square of x.",
}
"""What TensorFlow quantizes, where it leaves something in float that is as good."""

_REPLACE = "Replace those layers by ones made of convolutions, dense layers, pools, ReLU, sigmoid, tanh or softmax."


def require_no_loops(graph: Graph, source: str) -> None:
    """Raises InputError for a loop, which TensorFlow cannot quantize."""
    loops = sorted({operator.name for operator in graph.operators} & {"WHILE", "IF"})
    if loops:
        raise InputError(
            f"{source} contains a loop or branch ({', '.join(loops)}), which TensorFlow cannot calibrate.",
            "Give the Keras model itself (.keras, .h5), whose recurrent layers need no loop; or build them with "
            "unroll=True and a fixed number of steps.",
        )


def require_integer(graph: Graph, source: str) -> None:
    """Raises InputError naming the operators that the converter left in float."""
    left = [operator for operator in graph.operators if operator.name not in {"QUANTIZE", "DEQUANTIZE"}]
    if any(operator.name == "ASSIGN_VARIABLE" for operator in left):
        left = [operator for operator in left if operator.name not in _MOVES_FLOATS]
    left = [operator for operator in left if _touches_float(graph, operator)]
    if left:
        if indices := _inputs_made_whole(graph, left):
            raise InputError(
                f"TensorFlow has no integer version of {_places(graph, left)} in {source}: it takes indices, and the "
                f"input {indices} is declared as real values.",
                'Declare it so, keras.Input(shape, dtype="int32"), load the weights, and give whole numbers.',
            )
        if masks := [op for op in left if op.name == "NOT_EQUAL"]:
            raise InputError(
                f"{source} masks steps of its input (a Masking layer, or an Embedding with mask_zero=True): "
                f"{_places(graph, masks)} stayed in float, and no board has masks.",
                "Build the model without the mask (mask_zero=False, or no Masking layer) and load its weights; if "
                "samples differ in length, train it so: it learns what padding looks like.",
            )
        hints = [_INSTEAD_OF_FLOAT[name] for name in dict.fromkeys(op.name for op in left) if name in _INSTEAD_OF_FLOAT]
        raise InputError(
            f"TensorFlow has no integer version of {_places(graph, left)} in {source}: it stayed in float.",
            " ".join(hints) or _REPLACE,
        )


def _touches_float(graph: Graph, operator: Operator) -> bool:
    used = [graph.tensors[i] for i in (*operator.inputs, *operator.outputs) if i >= 0]
    return any(tensor.dtype.value.startswith(("float", "complex")) for tensor in used)


def _places(graph: Graph, operators: Sequence[Operator]) -> str:
    return ", ".join(_place(operator, graph.tensors[operator.output]) for operator in operators)


def _place(operator: Operator, output: Tensor) -> str:
    layer = layer_of(output.name)
    return f"{operator.name} ({output.label})" if layer is None else f"layer {layer} ({operator.name})"


def _inputs_made_whole(graph: Graph, left: Sequence[Operator]) -> str:
    """The inputs that are real values only to be cast to whole numbers, if nothing but such casts and masks is left."""
    makers = {index: operator for operator in graph.operators for index in operator.outputs}
    found = []
    for operator in left:
        source = operator.inputs[0]
        while source in makers and makers[source].name in {"QUANTIZE", "DEQUANTIZE"}:
            source = makers[source].inputs[0]
        is_whole = graph.tensors[operator.output].dtype in {DType.INT32, DType.INT64}
        if source not in graph.inputs or not (operator.name == "NOT_EQUAL" or (operator.name == "CAST" and is_whole)):
            return ""
        if is_whole:
            found.append(plain_name(graph.tensors[source].label))
    return ", ".join(dict.fromkeys(found))


def not_converted(source: str, reason: str, log: str) -> InputError:
    """The error for a converter's complaint: its useful line first, the rest as details."""
    details = safe_lines(f"{reason}\n{log}")
    if _FLOAT16_TENSOR.search(details):
        return InputError(
            f"{source} computes in float16, which TensorFlow Lite does not convert.",
            'Rebuild it with keras.mixed_precision.set_global_policy("float32") and load its weights.',
            details,
        )
    if name := _SCOPE.search(reason):
        return InputError(
            f"{source}, or a layer in it, is called {safe_label(name[1])!r}, which TensorFlow does not take as a name.",
            "Build it with names of letters, digits, _ and - that begin with a letter, such as "
            'keras.Model(inputs, outputs, name="my_model"), and load its weights.',
            details,
        )
    missing = _FLEX_OPERATORS.search(details) or _CUSTOM_OPERATORS.search(details)
    if missing:
        return InputError(
            f"TensorFlow Lite has no operator for {safe_label(missing[1])}, which {source} uses.",
            "Replace the layers that make it by ones that TensorFlow Lite knows.",
            details,
        )
    if narrow := _ONLY_INT8.search(details):
        use = f" (for {_MADE_BY[narrow[1]]})" if narrow[1] in _MADE_BY else ""
        return InputError(
            f"TensorFlow has no int16 version of {narrow[1]}, which {source} uses{use}.",
            "Use --scheme int8, where every activation is a table, or another activation: relu, relu6, sigmoid, tanh "
            "and silu have int16 versions.",
            details,
        )
    first = next((line for line in details.splitlines() if line), "it gave no reason")
    return InputError(
        f"TensorFlow cannot convert {source}: {first}",
        "Check that the model runs in Keras on one sample; try --scheme float32 to see if quantization is the cause.",
        details,
    )
