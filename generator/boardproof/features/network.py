"""Builds a .tflite of one chain of operators, with LiteRT's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import flexbuffers

from boardproof.model.tflite.buffers import AlignedBuffer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Scale = tuple[float, int]
    """A scale and a zero point."""

INT16_TYPE = 7
"""TensorFlow Lite's number of int16, as the option T of signal operators."""


class Chain:
    """Tensors and operators of a network under construction; all are known by the tensors' indices."""

    def __init__(self, name: str) -> None:
        self._graph = schema.SubGraphT(tensors=[], operators=[], name=name)
        self._buffers: list[Any] = [AlignedBuffer()]
        self._codes: list[Any] = []
        self._shapes: list[tuple[int, ...]] = []

    def tensor(self, shape: Sequence[int], dtype: str, name: str, scale: Scale | None = None) -> int:
        """A tensor that is computed, or given."""
        return self._add(shape, dtype, name, 0, scale)

    def constant(
        self, values: NDArray[np.generic] | int, dtype: str, name: str, scales: Sequence[float] | None = None
    ) -> int:
        """A constant; `scales` along the first axis, or one."""
        array = np.asarray(values, dtype)
        self._buffers.append(AlignedBuffer(data=np.ascontiguousarray(array).tobytes()))
        index = self._add(array.shape, dtype, name, len(self._buffers) - 1, None)
        if scales is not None:
            zeros = [0] * len(scales)
            self._graph.tensors[index].quantization = schema.QuantizationParametersT(
                scale=list(scales), zeroPoint=zeros, quantizedDimension=0
            )
        return index

    def shape(self, tensor: int) -> tuple[int, ...]:
        """A tensor's shape."""
        return self._shapes[tensor]

    def _add(self, shape: Sequence[int], dtype: str, name: str, buffer: int, scale: Scale | None) -> int:
        tensor = schema.TensorT(shape=list(shape), buffer=buffer, name=name, hasRank=True)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if scale is not None:
            tensor.quantization = schema.QuantizationParametersT(scale=[scale[0]], zeroPoint=[scale[1]])
        self._graph.tensors.append(tensor)
        self._shapes.append(tuple(shape))
        return len(self._shapes) - 1

    def signal(self, name: str, inputs: Sequence[int], outputs: Sequence[int], **options: int | bool) -> int:
        """A signal operator; its options are a FlexBuffer. Returns the first output."""
        custom: list[int] | None = None
        if options:
            builder = flexbuffers.Builder()
            with builder.Map():
                for key, value in sorted(options.items()):
                    (builder.Bool if isinstance(value, bool) else builder.Int)(key, value)
            custom = list(builder.Finish())
        return self._operator("CUSTOM", inputs, outputs, custom_code=name, custom_options=custom)

    def operator(self, opcode: str, inputs: Sequence[int], output: int, options: object = None) -> int:
        """A builtin operator with its options table. Returns the output."""
        return self._operator(opcode, inputs, [output], options=options)

    def _operator(
        self,
        opcode: str,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        options: object = None,
        custom_code: str | None = None,
        custom_options: list[int] | None = None,
    ) -> int:
        operator = schema.OperatorT(inputs=list(inputs), outputs=list(outputs), customOptions=custom_options)
        operator.opcodeIndex = self._code(opcode, custom_code)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._graph.operators.append(operator)
        return outputs[0]

    def _code(self, opcode: str, custom_code: str | None) -> int:
        builtin = getattr(schema.BuiltinOperator, opcode)
        for index, known in enumerate(self._codes):
            if (known.builtinCode, known.customCode) == (builtin, custom_code):
                return index
        placeholder = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
        code = schema.OperatorCodeT(builtinCode=builtin, version=1, customCode=custom_code)
        code.deprecatedBuiltinCode = min(builtin, placeholder)
        self._codes.append(code)
        return len(self._codes) - 1

    # --- What several front ends need ---

    def cast(self, source: int, source_type: str, dtype: str, scale: Scale | None = None) -> int:
        """The same numbers as another type."""
        options = schema.CastOptionsT()
        options.inDataType = getattr(schema.TensorType, source_type.upper())
        options.outDataType = getattr(schema.TensorType, dtype.upper())
        output = self.tensor(self.shape(source), dtype, f"as {dtype}", scale)
        return self.operator("CAST", [source], output, options)

    def with_number(self, opcode: str, source: int, dtype: str, number: int) -> int:
        """An operator with a constant number as its second input: MUL, ADD, DIV, MINIMUM, MAXIMUM."""
        tables = {"MINIMUM": "MaximumMinimumOptionsT", "MAXIMUM": "MaximumMinimumOptionsT"}
        options = getattr(schema, tables.get(opcode, f"{opcode.title()}OptionsT"))()
        scale = (1.0, 0) if dtype == "int16" else None
        constant = self.constant(number, dtype, f"{opcode} {number}", None if scale is None else [scale[0]])
        output = self.tensor(self.shape(source), dtype, f"{opcode} {number}", scale)
        return self.operator(opcode, [source, constant], output, options)

    def reshape(self, source: int, dtype: str, shape: Sequence[int], scale: Scale | None = None) -> int:
        """The same elements under another shape."""
        target = self.constant(np.array(shape), "int32", "shape")
        output = self.tensor(shape, dtype, "reshaped", scale)
        return self.operator("RESHAPE", [source, target], output, schema.ReshapeOptionsT(newShape=list(shape)))

    def build(self, source: int, result: int) -> bytes:
        """The .tflite."""
        self._graph.inputs, self._graph.outputs = [source], [result]
        model = schema.ModelT(version=3, description="boardproof features")
        model.subgraphs, model.buffers, model.operatorCodes = [self._graph], self._buffers, self._codes
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())
