"""The network as typed, immutable values: tensors, and one dataclass per operator.

`reader.py` makes a `Graph` from a `.tflite`; everything later (arena plan, preflight, code generation) only reads it.
Indices refer to `Graph.tensors`. Shapes are NHWC as in the file, with the batch dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from math import prod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from numpy.typing import NDArray


class DType(StrEnum):
    """Element types of TensorFlow Lite tensors, named as numpy names them where numpy has the type."""

    INT4 = "int4"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT16 = "float16"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    COMPLEX64 = "complex64"
    COMPLEX128 = "complex128"
    BOOL = "bool"
    STRING = "string"
    RESOURCE = "resource"
    VARIANT = "variant"

    @property
    def size_bytes(self) -> int:
        """Bytes of one element; 0 for types without a fixed size (string, resource, variant)."""
        if self in {DType.STRING, DType.RESOURCE, DType.VARIANT}:
            return 0
        return 1 if self is DType.INT4 else self.numpy.itemsize

    @property
    def numpy(self) -> np.dtype[np.generic]:
        """The numpy dtype. int4 is held unpacked, one value to an int8."""
        return np.dtype("int8" if self is DType.INT4 else self.value)


@dataclass(frozen=True, slots=True)
class Quantization:
    """Affine quantization, real = scale * (q - zero_point); one entry per tensor, or per index along `axis`."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether each index along `axis` has its own scale."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The scale of a per-tensor quantization: the float32 of the file, as a Python float."""
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The zero point of a per-tensor quantization."""
        return self.zero_points[0]


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor. `data` holds the bytes of a constant, little-endian; None when it is computed at run time.

    `name` is as the file has it and may hold anything: show `label`. `dynamic_axes` are the axes whose size the file
    leaves open; `shape` has the size they take when nobody resizes them (1 for a batch).
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: bytes | None = None
    is_variable: bool = False
    dynamic_axes: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """The name in a form safe for C comments, terminals and logs."""
        return safe_label(self.name, f"tensor {self.index}")

    @property
    def is_constant(self) -> bool:
        """Whether its value is in the file."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """How many elements; 1 for a scalar."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes it takes at run time."""
        return self.elements * self.dtype.size_bytes

    def array(self) -> NDArray[np.generic]:
        """The constant's value, read-only, in its shape. Raises ValueError when the tensor is not a constant."""
        if self.data is None:
            raise ValueError(f"tensor {self.index} ({self.name}) is not a constant")
        return np.frombuffer(self.data, dtype=self.dtype.numpy).reshape(self.shape)


class Activation(Enum):
    """Fused activation functions."""

    NONE = "none"
    RELU = "relu"
    RELU_N1_TO_1 = "relu_n1_to_1"
    RELU6 = "relu6"
    TANH = "tanh"
    SIGN_BIT = "sign_bit"


class Padding(Enum):
    """How a window meets the border."""

    SAME = "same"
    VALID = "valid"


NO_TENSOR = -1
"""The index of an optional input that is absent."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What every operator has: its place in execution order, and the tensors it reads and writes.

    `inputs` may hold NO_TENSOR for an absent optional input. `opcode` is TensorFlow Lite's name for it.
    """

    opcode: ClassVar[str] = ""

    index: int
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def name(self) -> str:
        """The operator's name as TensorFlow Lite spells it."""
        return self.opcode

    @property
    def input(self) -> int:
        """The first input's tensor index."""
        return self.inputs[0]

    @property
    def output(self) -> int:
        """The first output's tensor index."""
        return self.outputs[0]

    def optional_input(self, position: int) -> int | None:
        """The tensor index of an input that may be missing, or None."""
        if position >= len(self.inputs) or self.inputs[position] == NO_TENSOR:
            return None
        return self.inputs[position]


@dataclass(frozen=True, slots=True)
class Window:
    """The sliding window of convolutions and pools, in elements (height, width)."""

    padding: Padding
    stride: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Conv2D(Operator):
    """inputs: data [N,H,W,C], filter [O,KH,KW,C/groups], bias [O] (optional)."""

    opcode: ClassVar[str] = "CONV_2D"
    window: Window
    activation: Activation


@dataclass(frozen=True, slots=True)
class DepthwiseConv2D(Operator):
    """inputs: data [N,H,W,C], filter [1,KH,KW,C*depth_multiplier], bias (optional)."""

    opcode: ClassVar[str] = "DEPTHWISE_CONV_2D"
    window: Window
    depth_multiplier: int
    activation: Activation


@dataclass(frozen=True, slots=True)
class FullyConnected(Operator):
    """inputs: data [..., I], weights [O,I], bias [O] (optional)."""

    opcode: ClassVar[str] = "FULLY_CONNECTED"
    activation: Activation
    keep_num_dims: bool


@dataclass(frozen=True, slots=True)
class Pool2D(Operator):
    """inputs: data [N,H,W,C]."""

    window: Window
    filter_size: tuple[int, int]
    activation: Activation


@dataclass(frozen=True, slots=True)
class AveragePool2D(Pool2D):
    """The mean over each window, padding left out of the count."""

    opcode: ClassVar[str] = "AVERAGE_POOL_2D"


@dataclass(frozen=True, slots=True)
class MaxPool2D(Pool2D):
    """The maximum over each window."""

    opcode: ClassVar[str] = "MAX_POOL_2D"


@dataclass(frozen=True, slots=True)
class Mean(Operator):
    """inputs: data, axes (constant int32)."""

    opcode: ClassVar[str] = "MEAN"
    keep_dims: bool


@dataclass(frozen=True, slots=True)
class Add(Operator):
    """inputs: two tensors, broadcast against each other."""

    opcode: ClassVar[str] = "ADD"
    activation: Activation


@dataclass(frozen=True, slots=True)
class Pad(Operator):
    """inputs: data, paddings [rank, 2] (constant); pads with the zero point."""

    opcode: ClassVar[str] = "PAD"


@dataclass(frozen=True, slots=True)
class Reshape(Operator):
    """The output tensor's shape is the new shape."""

    opcode: ClassVar[str] = "RESHAPE"


@dataclass(frozen=True, slots=True)
class Softmax(Operator):
    """Along the last axis."""

    opcode: ClassVar[str] = "SOFTMAX"
    beta: float


@dataclass(frozen=True, slots=True)
class Logistic(Operator):
    """The sigmoid function."""

    opcode: ClassVar[str] = "LOGISTIC"


@dataclass(frozen=True, slots=True)
class Relu(Operator):
    """max(x, 0), with rescaling when the scales differ."""

    opcode: ClassVar[str] = "RELU"


@dataclass(frozen=True, slots=True)
class Relu6(Operator):
    """min(max(x, 0), 6)."""

    opcode: ClassVar[str] = "RELU6"


@dataclass(frozen=True, slots=True)
class Quantize(Operator):
    """Float to quantized, or one quantization to another."""

    opcode: ClassVar[str] = "QUANTIZE"


@dataclass(frozen=True, slots=True)
class Dequantize(Operator):
    """Quantized to float."""

    opcode: ClassVar[str] = "DEQUANTIZE"


@dataclass(frozen=True, slots=True)
class Unsupported(Operator):
    """An operator boardproof does not compile ahead of time; `opcode_name` is its name, or a custom operator's code.

    The tflm runtime needs only the name and the version, so such a graph may still run there.
    """

    opcode_name: str
    is_custom: bool = False

    @property
    def name(self) -> str:
        """The operator's name as TensorFlow Lite spells it, or the custom operator's own, safe to show."""
        return safe_label(self.opcode_name)


SupportedOperator = (
    Conv2D
    | DepthwiseConv2D
    | FullyConnected
    | AveragePool2D
    | MaxPool2D
    | Mean
    | Add
    | Pad
    | Reshape
    | Softmax
    | Logistic
    | Relu
    | Relu6
    | Quantize
    | Dequantize
)
"""Every operator boardproof compiles ahead of time: `match` over it and end with `assert_never`."""

AnyOperator = SupportedOperator | Unsupported
"""What `Graph.operators` holds."""


@dataclass(frozen=True, slots=True)
class Graph:
    """One network: `operators` in execution order, `inputs` and `outputs` as tensor indices in signature order.

    `subgraphs` are those that control-flow operators call; they have tensors of their own.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[AnyOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = ""
    subgraphs: tuple[Graph, ...] = ()

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors the caller fills."""
        return tuple(self.tensors[i] for i in self.inputs)

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors the caller reads."""
        return tuple(self.tensors[i] for i in self.outputs)
