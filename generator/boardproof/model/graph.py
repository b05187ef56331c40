"""The network as typed, immutable values: tensors, and one dataclass per operator or family of operators.

The operators are in operators/, by family, and are all found here: what a family has in its `__all__`.
`tflite/reader.py` makes a `Graph` from a `.tflite`; everything later (arena plan, preflight, code generation) only
reads it. Indices refer to `Graph.tensors`. Shapes are NHWC as in the file, with the batch dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.labels import safe_label
from boardproof.model.operators.axes import *
from boardproof.model.operators.base import *
from boardproof.model.operators.elementwise import *
from boardproof.model.operators.images import *
from boardproof.model.operators.movement import *
from boardproof.model.operators.products import *
from boardproof.model.operators.selection import *
from boardproof.model.operators.signal import *
from boardproof.model.operators.state import *
from boardproof.model.operators.windows import *

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


@dataclass(frozen=True, slots=True)
class Graph:
    """One network: `operators` in execution order, `inputs` and `outputs` as tensor indices in signature order.

    `subgraphs` are those that control-flow operators call; they have tensors of their own. `file_bytes` is the size of
    the file it was read from; 0 for a subgraph, or where there is no file.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    name: str = ""
    subgraphs: tuple[Graph, ...] = ()
    file_bytes: int = 0

    @property
    def input_tensors(self) -> tuple[Tensor, ...]:
        """The tensors the caller fills."""
        return tuple(self.tensors[i] for i in self.inputs)

    @property
    def output_tensors(self) -> tuple[Tensor, ...]:
        """The tensors the caller reads."""
        return tuple(self.tensors[i] for i in self.outputs)
