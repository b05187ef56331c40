"""A .tflite as objects that can be changed, and back. The file was verified and read before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from boardproof.model.tflite.buffers import AlignedBuffer
from boardproof.model.tflite.schema import FILE_IDENTIFIER

if TYPE_CHECKING:
    from numpy.typing import NDArray

TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int8): schema.TensorType.INT8,
    np.dtype(np.int16): schema.TensorType.INT16,
    np.dtype(np.uint8): schema.TensorType.UINT8,
    np.dtype(np.int32): schema.TensorType.INT32,
    np.dtype(np.int64): schema.TensorType.INT64,
}


class Editor:
    """One .tflite being changed.

    Attributes:
        model: The whole file, as the schema's objects.
        graph: Its main graph.
    """

    def __init__(self, data: bytes) -> None:
        self.model: Any = schema.ModelT.InitFromPackedBuf(bytearray(data), 0)
        self.graph: Any = self.model.subgraphs[0]
        found = [None if b.data is None or not len(b.data) else np.asarray(b.data) for b in self.model.buffers]
        self.model.buffers = [AlignedBuffer(data=data) for data in found]

    def packed(self) -> bytes:
        """The file."""
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), FILE_IDENTIFIER)
        return bytes(builder.Output())

    def name(self, operator: Any) -> str:  # noqa: ANN401 the schema's object
        """What an operator is, such as "TILE"; a custom one's own name."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        return _NAMES.get(number, "") if number != schema.BuiltinOperator.CUSTOM else str(code.customCode)

    def constant(self, tensor: int) -> NDArray[np.generic] | None:
        """A constant's values in its shape; None for a tensor that is computed, or of a type that is not listed."""
        found = self.graph.tensors[tensor]
        data = self.model.buffers[found.buffer].data
        dtype = _DTYPES.get(found.type)
        if data is None or not len(data) or dtype is None:
            return None
        values: NDArray[np.generic] = np.frombuffer(data.tobytes(), dtype).reshape(self.shape(tensor))
        return values

    def shape(self, tensor: int) -> tuple[int, ...]:
        """A tensor's shape."""
        found = self.graph.tensors[tensor].shape
        return () if found is None else tuple(int(size) for size in found)

    def text(self, tensor: int) -> str:
        """A tensor's name."""
        name = self.graph.tensors[tensor].name
        return name.decode("utf-8", errors="replace") if isinstance(name, bytes) else str(name or "")

    def add_constant(self, name: str, values: NDArray[np.generic], quantization: Any = None) -> int:  # noqa: ANN401
        """Adds a constant tensor, and gives its index."""
        self.model.buffers.append(AlignedBuffer(data=np.frombuffer(values.tobytes(), np.uint8)))
        return self.add_tensor(name, values.shape, values.dtype, quantization, buffer=len(self.model.buffers) - 1)

    def add_int4(self, name: str, values: NDArray[np.int8], quantization: Any) -> int:  # noqa: ANN401
        """Adds a constant tensor of int4, two values to a byte, the low half first; gives its index."""
        flat = np.append(values.ravel(), np.zeros(values.size % 2, np.int8)).view(np.uint8) & 0xF
        index = self.add_constant(name, flat[::2] | flat[1::2] << 4, quantization)
        tensor = self.graph.tensors[index]
        tensor.shape, tensor.type = np.array(values.shape, np.int32), schema.TensorType.INT4
        return index

    def add_tensor(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        quantization: Any = None,  # noqa: ANN401 the schema's object
        buffer: int = 0,
    ) -> int:
        """Adds a tensor, computed unless it has a buffer, and gives its index."""
        tensor = schema.TensorT(
            name=name, shape=np.array(shape, np.int32), type=TYPES[dtype], quantization=quantization, buffer=buffer
        )
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name: str, inputs: list[int], output: int, options: Any = None) -> Any:  # noqa: ANN401
        """A new operator, which the caller puts into the graph.

        Args:
            name: Such as "GATHER".
            inputs: Tensors.
            output: A tensor.
            options: The schema's object of options, or None.
        """
        number = getattr(schema.BuiltinOperator, name)
        kind = 0 if options is None else getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        return schema.OperatorT(
            opcodeIndex=self._opcode(number),
            inputs=np.array(inputs, np.int32),
            outputs=np.array([output], np.int32),
            builtinOptionsType=kind,
            builtinOptions=options,
        )

    def _opcode(self, number: int) -> int:
        for index, code in enumerate(self.model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == number:
                return index
        self.model.operatorCodes.append(
            schema.OperatorCodeT(builtinCode=number, deprecatedBuiltinCode=min(number, 127), version=1)
        )
        return len(self.model.operatorCodes) - 1

    def drop_unused(self) -> None:
        """Takes out operators that nothing needs, and empties the constants that nobody reads then."""
        wanted = {int(tensor) for tensor in self.graph.outputs}
        kept = []
        for operator in reversed(self.graph.operators):
            outputs = [int(t) for t in operator.outputs] if operator.outputs is not None else []
            if not outputs or wanted.intersection(outputs):
                kept.append(operator)
                wanted.update(inputs_of(operator))
        self.graph.operators = kept[::-1]
        self._drop_tensors(wanted | {int(tensor) for tensor in self.graph.inputs})
        shared = {tensor.buffer for graph in self.model.subgraphs for tensor in graph.tensors}
        for index, buffer in enumerate(self.model.buffers):
            if index not in shared and not self._is_metadata(index):
                buffer.data = None

    def _drop_tensors(self, wanted: set[int]) -> None:
        """Keeps these tensors only, under new numbers."""
        for operator in self.graph.operators:
            wanted.update(int(t) for t in (() if operator.outputs is None else operator.outputs))
            wanted.update(int(t) for t in (() if operator.intermediates is None else operator.intermediates))
        number = {old: new for new, old in enumerate(sorted(wanted))} | {-1: -1}
        self.graph.tensors = [self.graph.tensors[old] for old in sorted(wanted)]
        for holder in (self.graph, *self.graph.operators):
            for name in ("inputs", "outputs", "intermediates"):
                tensors = getattr(holder, name, None)
                if tensors is not None:
                    setattr(holder, name, np.array([number[int(t)] for t in tensors], np.int32))
        for signature in self.model.signatureDefs or ():
            for port in (*(signature.inputs or ()), *(signature.outputs or ())):
                if signature.subgraphIndex == 0:
                    port.tensorIndex = number[port.tensorIndex]

    def _is_metadata(self, buffer: int) -> bool:
        return any(entry.buffer == buffer for entry in self.model.metadata or ())


def inputs_of(operator: Any) -> list[int]:  # noqa: ANN401 the schema's object
    """The tensors that an operator reads."""
    return [] if operator.inputs is None else [int(tensor) for tensor in operator.inputs if tensor >= 0]


_NAMES = {number: name for name, number in vars(schema.BuiltinOperator).items() if not name.startswith("_")}
_DTYPES = {
    getattr(schema.TensorType, name.upper()): np.dtype(name)
    for name in ("bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8")
}
