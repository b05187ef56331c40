"""Builds small .tflite files without TensorFlow: one operator, or a few, exactly as a test wants them.

The writer uses LiteRT's schema and the reader under test uses the `tflite` package's: two generators of the same format
check each other. The result is accepted by boardproof, by tflite_micro and by LiteRT, if the operators are.

    builder = ModelBuilder()
    x = builder.add_tensor((1, 4, 4, 3), scale=0.5, zero_point=-3)
    w = builder.add_tensor((8, 3, 3, 3), scale=[0.01] * 8, zero_point=[0] * 8, data=weights)
    b = builder.add_tensor((8,), "int32", scale=[0.005] * 8, zero_point=[0] * 8, data=biases)
    y = builder.add_tensor((1, 4, 4, 8), scale=0.25, zero_point=7)
    builder.add_operator("CONV_2D", [x, w, b], [y], padding="SAME", stride_w=1, stride_h=1)
    data = builder.build(inputs=[x], outputs=[y])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.tflite.buffers import AlignedBuffer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

_IRREGULAR_TABLES = {
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions",
    "REDUCE_ALL": "ReducerOptions",
    "MAXIMUM": "MaximumMinimumOptions",
    "MINIMUM": "MaximumMinimumOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNNOptions",
}
"""Operators whose options table is not simply named after them."""

_ENUMS: dict[str, type] = {
    "padding": schema.Padding,
    "fusedActivationFunction": schema.ActivationFunctionType,
    "inDataType": schema.TensorType,
    "outDataType": schema.TensorType,
    "outType": schema.TensorType,
    "outputType": schema.TensorType,
    "quantizedBiasType": schema.TensorType,
    "weightsFormat": schema.FullyConnectedOptionsWeightsFormat,
    "mode": schema.MirrorPadMode,
}
"""Options that take a name of an enumeration instead of its number."""


class ModelBuilder:
    """Collects tensors and operators, in execution order, into one subgraph."""

    def __init__(self, name: str = "main") -> None:
        self.subgraph = schema.SubGraphT(tensors=[], operators=[], name=name)
        self.buffers: list[Any] = [AlignedBuffer()]
        self.operator_codes: list[Any] = []

    def add_tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        *,
        scale: float | Sequence[float] | None = None,
        zero_point: int | Sequence[int] = 0,
        axis: int = 0,
        data: ArrayLike | bytes | None = None,
        name: str | bytes | None = None,
        is_variable: bool = False,
        shape_signature: Sequence[int] | None = None,
    ) -> int:
        """Adds a tensor and returns its index.

        Args:
            shape: Its shape, () for a scalar.
            dtype: Its type as TensorFlow Lite or numpy names it, in any case: "int8", "FLOAT32", "string", …
            scale: One scale, or one per index along `axis`; None for a tensor that is not quantized.
            zero_point: As many as scales (a single one is repeated).
            axis: The quantized dimension of per-channel scales.
            data: The value of a constant: an array (converted to dtype) or raw bytes; None for an activation.
            name: Its name; "t<index>" when None.
            is_variable: Whether it keeps its value from one inference to the next.
            shape_signature: The shape with -1 where it is dynamic.
        """
        index = len(self.subgraph.tensors)
        tensor = schema.TensorT()
        tensor.shape = list(shape)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        tensor.buffer = 0 if data is None else self._add_buffer(data, dtype)
        tensor.name = f"t{index}" if name is None else name
        tensor.isVariable = is_variable
        tensor.hasRank = True
        tensor.quantization = _quantization(scale, zero_point, axis)
        if shape_signature is not None:
            tensor.shapeSignature = list(shape_signature)
        self.subgraph.tensors.append(tensor)
        return index

    def add_operator(
        self,
        opcode: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        version: int = 1,
        custom_code: str | None = None,
        custom_options: bytes | None = None,
        **options: Any,
    ) -> None:
        """Adds an operator after those already there.

        Args:
            opcode: Its name in the schema, such as "CONV_2D"; "CUSTOM" needs `custom_code`.
            inputs: Tensor indices, -1 for an absent optional one.
            outputs: Tensor indices.
            version: The operator's version.
            custom_code: The name of a custom operator.
            custom_options: Bytes of a custom operator's options.
            **options: The fields of its options table in snake_case, enumerations by name: padding="SAME",
                stride_w=2, fused_activation_function="RELU6", keep_dims=True. Dilations default to 1.
        """
        operator = schema.OperatorT()
        operator.opcodeIndex = self._operator_code(opcode, version, custom_code)
        operator.inputs = list(inputs)
        operator.outputs = list(outputs)
        if custom_options is not None:
            operator.customOptions = list(custom_options)
        table = _table_name(opcode)
        if table is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, table)
            operator.builtinOptions = _options(table, options)
        elif options:
            raise ValueError(f"{opcode} has no options table, but options {sorted(options)} were given")
        self.subgraph.operators.append(operator)

    def build(self, inputs: Sequence[int], outputs: Sequence[int], *, description: str = "boardproof test") -> bytes:
        """The .tflite file's bytes, with these tensors as the network's inputs and outputs."""
        self.subgraph.inputs = list(inputs)
        self.subgraph.outputs = list(outputs)
        model = schema.ModelT(version=3, description=description)
        model.subgraphs = [self.subgraph]
        model.buffers = self.buffers
        model.operatorCodes = self.operator_codes
        return pack(model)

    def _add_buffer(self, data: ArrayLike | bytes, dtype: str) -> int:
        if isinstance(data, bytes):
            raw = data
        elif dtype.lower() == "int4":
            raw = _pack_int4(np.asarray(data, np.int8).reshape(-1))
        else:
            raw = np.ascontiguousarray(data, dtype=np.dtype(dtype.lower()).newbyteorder("<")).tobytes()
        self.buffers.append(AlignedBuffer(data=raw))
        return len(self.buffers) - 1

    def _operator_code(self, opcode: str, version: int, custom_code: str | None) -> int:
        builtin = getattr(schema.BuiltinOperator, opcode)
        for index, known in enumerate(self.operator_codes):
            if (known.builtinCode, known.version, known.customCode) == (builtin, version, custom_code):
                return index
        code = schema.OperatorCodeT(
            # Codes past 127 did not fit the old field: readers take the larger of the two.
            deprecatedBuiltinCode=min(builtin, schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES),
            builtinCode=builtin,
            version=version,
            customCode=custom_code,
        )
        self.operator_codes.append(code)
        return len(self.operator_codes) - 1


def _pack_int4(values: np.ndarray) -> bytes:
    """Two values from -8 to 7 to a byte, the low half first."""
    halves = np.append(values, np.zeros(len(values) % 2, np.int8)).view(np.uint8) & 15
    return (halves[0::2] | halves[1::2] << 4).tobytes()


def pack(model: Any) -> bytes:
    """Serialises a `schema.ModelT`, for tests that change one by hand (several subgraphs, signatures, damage)."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def unpack(data: bytes) -> Any:
    """Parses a .tflite into a `schema.ModelT` that a test can change and `pack` again."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    model.buffers = [AlignedBuffer(data=b.data, offset=b.offset, size=b.size) for b in model.buffers]
    return model


def with_subgraphs(main: bytes, *others: bytes) -> bytes:
    """One file with the graph of each of these files: those of `others` are the graphs 1, 2, … that operators call."""
    model = unpack(main)
    for other in map(unpack, others):
        (subgraph,) = other.subgraphs
        for operator in subgraph.operators:
            operator.opcodeIndex += len(model.operatorCodes)
        for tensor in subgraph.tensors:
            tensor.buffer += len(model.buffers)
        model.subgraphs.append(subgraph)
        model.operatorCodes += other.operatorCodes
        model.buffers += other.buffers
    return pack(model)


def _quantization(scale: float | Sequence[float] | None, zero_point: int | Sequence[int], axis: int) -> Any:
    if scale is None:
        return None
    scales = [float(s) for s in np.atleast_1d(scale)]
    zero_points = [int(z) for z in np.atleast_1d(zero_point)]
    if len(zero_points) == 1:
        zero_points *= len(scales)
    return schema.QuantizationParametersT(scale=scales, zeroPoint=zero_points, quantizedDimension=axis)


def _table_name(opcode: str) -> str | None:
    """The options table of an operator, or None when it has none."""
    if opcode in _IRREGULAR_TABLES:
        return _IRREGULAR_TABLES[opcode]
    wanted = opcode.replace("_", "").lower() + "options"
    tables = [name for name in vars(schema.BuiltinOptions) if name.lower() == wanted]
    return tables[0] if tables else None


def _options(table: str, options: dict[str, Any]) -> Any:
    """An options object with its fields set."""
    result = getattr(schema, table + "T")()
    for key, value in options.items():
        head, *tail = key.split("_")
        field = head + "".join(part.capitalize() for part in tail)
        if not hasattr(result, field):
            raise ValueError(f"{table} has no field {field} (from {key})")
        setattr(result, field, getattr(_ENUMS[field], value) if isinstance(value, str) and field in _ENUMS else value)
    return result
