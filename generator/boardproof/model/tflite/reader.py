"""From the bytes of a .tflite to a `Graph`. Nothing in the file is trusted: see also verifier.py and ../wiring.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, prod
from typing import TYPE_CHECKING

import numpy as np
import tflite

from boardproof.errors import InputError
from boardproof.model.filekind import describe
from boardproof.model.graph import DType, Graph, Quantization, Tensor
from boardproof.model.labels import safe_label
from boardproof.model.shapes.graph import check_shapes
from boardproof.model.tflite.raw_operator import RawOperator
from boardproof.model.tflite.readers import read_operator
from boardproof.model.tflite.schema import FILE_IDENTIFIER, MODEL, SCHEMA_VERSION
from boardproof.model.tflite.verifier import verify
from boardproof.model.wiring import check_wiring

if TYPE_CHECKING:
    from boardproof.model.graph import Operator

MAX_RANK = 6
"""What TensorFlow Lite Micro's kernels and firmware/app/model.h hold."""

MAX_TENSOR_BYTES = 64 << 20
"""Far beyond any microcontroller, and small enough that sizes stay within 32 bits."""

_DTYPES = {
    number: DType(name.lower())
    for name, number in vars(tflite.TensorType).items()
    if not name.startswith("_") and name.lower() in {dtype.value for dtype in DType}
}

_ZERO_POINT_RANGES = {
    DType.INT4: (-8, 7),
    DType.INT8: (-128, 127),
    DType.UINT8: (0, 255),
    DType.INT16: (-32768, 32767),
    DType.UINT16: (0, 65535),
}
"""Other types are quantized symmetrically: their zero point is 0."""

_RECONVERT = "Convert the model again with a current TensorFlow; if it came from another tool, report it there."


def read_tflite(data: bytes) -> Graph:
    """The network in a .tflite file.

    Args:
        data: The whole file.

    Returns:
        The graph. Operators that boardproof has no dataclass for are `Unsupported`, not an error: which operators and
        types will run is for preflight to say.

    Raises:
        InputError: when the bytes are not a valid .tflite, or use features that no microcontroller runtime reads.
    """
    if data[4:8] != FILE_IDENTIFIER:
        raise InputError(
            f"This is not a .tflite file: {describe(data)}.",
            "Give a .tflite made by TensorFlow's converter, or the Keras model itself.",
        )
    verify(data, MODEL)
    model = tflite.Model.GetRootAs(data)
    if model.Version() != SCHEMA_VERSION:
        raise InputError(f"The .tflite file has schema version {model.Version()}, not {SCHEMA_VERSION}.", _RECONVERT)
    if model.SubgraphsLength() == 0:
        raise _invalid("it holds no graph")
    buffers = tuple(_buffer(model.Buffers(i), i) for i in range(model.BuffersLength()))
    opcodes = tuple(_opcode(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength()))
    graphs = [_graph(model.Subgraphs(i), buffers, opcodes) for i in range(model.SubgraphsLength())]
    return replace(graphs[0], subgraphs=tuple(graphs[1:]), file_bytes=len(data))


@dataclass(frozen=True, slots=True)
class _Opcode:
    name: str
    version: int
    is_custom: bool


def _buffer(buffer: tflite.Buffer, index: int) -> bytes:
    """A buffer's bytes; b"" for the buffer of tensors computed at run time."""
    if buffer.Offset() > 1 or buffer.Size() > 1:
        raise InputError(
            f"The .tflite file keeps buffer {index} outside the FlatBuffer, as files over 2 GB do.",
            "Such a model does not fit any microcontroller: convert a smaller one.",
        )
    return bytes(buffer.DataAsNumpy()) if buffer.DataLength() else b""


def _opcode(code: tflite.OperatorCode) -> _Opcode:
    # Codes past 127 did not fit the first field; files since 2020 fill both.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    if number == tflite.BuiltinOperator.CUSTOM:
        return _Opcode(_text(code.CustomCode()) or "CUSTOM", code.Version(), is_custom=True)
    name = tflite.BUILTIN_OPCODE2NAME.get(number, f"builtin operator {number}")
    return _Opcode(name, code.Version(), is_custom=False)


def _graph(subgraph: tflite.SubGraph, buffers: tuple[bytes, ...], opcodes: tuple[_Opcode, ...]) -> Graph:
    operators = tuple(_operator(subgraph.Operators(i), i, opcodes) for i in range(subgraph.OperatorsLength()))
    # A tensor without elements has no bytes: it is a constant unless something computes it.
    computed = {t for operator in operators for t in operator.outputs} | set(_ints(subgraph.InputsAsNumpy()))
    graph = Graph(
        tensors=tuple(_tensor(subgraph.Tensors(i), i, buffers, i in computed) for i in range(subgraph.TensorsLength())),
        operators=operators,
        inputs=_ints(subgraph.InputsAsNumpy()),
        outputs=_ints(subgraph.OutputsAsNumpy()),
        name=_text(subgraph.Name()),
    )
    check_wiring(graph)
    check_shapes(graph)
    return graph


def _operator(operator: tflite.Operator, index: int, opcodes: tuple[_Opcode, ...]) -> Operator:
    if operator.OpcodeIndex() >= len(opcodes):
        raise _invalid(f"operator {index} has code {operator.OpcodeIndex()} of {len(opcodes)}")
    code = opcodes[operator.OpcodeIndex()]
    return read_operator(
        RawOperator(
            opcode=code.name,
            index=index,
            version=code.version,
            inputs=_ints(operator.InputsAsNumpy()),
            outputs=_ints(operator.OutputsAsNumpy()),
            options_type=operator.BuiltinOptionsType(),
            options=operator.BuiltinOptions(),
            custom_options=bytes(operator.CustomOptionsAsNumpy()) if operator.CustomOptionsLength() else b"",
        ),
        is_custom=code.is_custom,
    )


def _tensor(tensor: tflite.Tensor, index: int, buffers: tuple[bytes, ...], computed: bool) -> Tensor:
    name = _text(tensor.Name())
    place = f"tensor {index} ({safe_label(name)})"
    dtype = _DTYPES.get(tensor.Type())
    if dtype is None:
        raise _invalid(f"{place} has the unknown type {tensor.Type()}")
    if tensor.Sparsity() is not None:
        raise InputError(
            f"The .tflite file stores {place} sparsely, which no microcontroller runtime reads.",
            "Convert the model without sparsity: leave EXPERIMENTAL_SPARSITY out of the converter's optimizations.",
        )
    shape = _shape(tensor, dtype, place)
    if tensor.Buffer() >= len(buffers):
        raise _invalid(f"{place} has buffer {tensor.Buffer()} of {len(buffers)}")
    raw = buffers[tensor.Buffer()]
    is_constant = bool(raw) or (prod(shape) == 0 and not computed)
    return Tensor(
        index=index,
        name=name,
        shape=shape,
        dtype=dtype,
        quantization=_quantization(tensor, shape, dtype, place),
        data=_constant(raw, shape, dtype, place) if is_constant else None,
        is_variable=bool(tensor.IsVariable()),
        dynamic_axes=tuple(axis for axis, size in enumerate(_ints(tensor.ShapeSignatureAsNumpy())) if size < 0),
    )


def _shape(tensor: tflite.Tensor, dtype: DType, place: str) -> tuple[int, ...]:
    if tensor.ShapeLength() > MAX_RANK:
        raise _invalid(f"{place} has {tensor.ShapeLength()} dimensions; microcontroller runtimes hold {MAX_RANK}")
    shape = _ints(tensor.ShapeAsNumpy())
    if min(shape, default=0) < 0:
        raise _invalid(f"{place} has the impossible shape {list(shape)}")
    if prod(shape) * max(dtype.size_bytes, 1) > MAX_TENSOR_BYTES:
        raise _invalid(f"{place} of shape {list(shape)} takes more than {MAX_TENSOR_BYTES >> 20} MiB")
    return shape


def _constant(raw: bytes, shape: tuple[int, ...], dtype: DType, place: str) -> bytes:
    """A constant's bytes, int4 unpacked to one value per byte."""
    elements = prod(shape)
    stored_bytes = (elements + 1) // 2 if dtype is DType.INT4 else elements * dtype.size_bytes
    if dtype.size_bytes and len(raw) != stored_bytes:
        raise _invalid(
            f"{place} of shape {list(shape)} needs {stored_bytes} bytes of {dtype}; its buffer has {len(raw)}"
        )
    return _unpack_int4(raw, elements) if dtype is DType.INT4 else raw


def _unpack_int4(raw: bytes, elements: int) -> bytes:
    """Two values to a byte, the low half first, become one signed byte each."""
    packed = np.frombuffer(raw, np.int8)
    return np.stack([packed << 4 >> 4, packed >> 4], axis=-1).astype(np.int8).tobytes()[:elements]


def _quantization(tensor: tflite.Tensor, shape: tuple[int, ...], dtype: DType, place: str) -> Quantization | None:
    parameters = tensor.Quantization()
    if parameters is None:
        return None
    if parameters.DetailsType() != tflite.QuantizationDetails.NONE:
        raise _invalid(f"{place} is quantized in a custom or blockwise way")
    if parameters.ScaleLength() == 0:  # only the range seen while calibrating: not quantized
        return None
    scales = tuple(float(scale) for scale in parameters.ScaleAsNumpy())
    zero_points = _ints(parameters.ZeroPointAsNumpy()) or (0,) * len(scales)
    # Older converters gave biases, which have one axis, the axis of the filter.
    axis = 0 if len(shape) == 1 else parameters.QuantizedDimension()
    if len(zero_points) != len(scales):
        raise _invalid(f"{place} has {len(scales)} scales but {len(zero_points)} zero points")
    if len(scales) > 1 and not (0 <= axis < len(shape) and shape[axis] == len(scales)):
        raise _invalid(f"{place} of shape {list(shape)} has {len(scales)} scales along axis {axis}")
    if not all(isfinite(scale) and scale > 0 for scale in scales):
        raise _invalid(f"{place} has a scale that is not a positive number")
    low, high = _ZERO_POINT_RANGES.get(dtype, (0, 0))
    if not all(low <= zero_point <= high for zero_point in zero_points):
        raise _invalid(f"{place} has a zero point outside {dtype}")
    return Quantization(scales, zero_points, axis)


def _ints(values: np.ndarray | int) -> tuple[int, ...]:
    """A vector of integers as the schema package gives it: 0 when the file has none."""
    return () if isinstance(values, int) else tuple(int(v) for v in values)


def _text(name: bytes | None) -> str:
    return (name or b"").decode("utf-8", errors="replace")


def _invalid(what: str) -> InputError:
    return InputError(f"The .tflite file is not valid: {what}.", _RECONVERT)
