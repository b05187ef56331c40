"""Inputs and outputs as a program that calls the network sees them: names, sizes, what numbers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.model.labels import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.graph import Graph, Tensor

_LONGEST_NAME = 40

C_TYPES = {
    "int8": "int8_t",
    "uint8": "uint8_t",
    "bool": "uint8_t",
    "int16": "int16_t",
    "uint16": "uint16_t",
    "int32": "int32_t",
    "uint32": "uint32_t",
    "int64": "int64_t",
    "uint64": "uint64_t",
    "float32": "float",
}
"""The C type of elements, by numpy dtype."""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output.

    Attributes:
        role: "input" or "output".
        position: Among the inputs or outputs.
        name: What the model's author called it, safe to show.
        symbol: A C identifier for its position, such as KWS_INPUT_IMAGE.
        dtype: Of its elements.
        ctype: Their C type.
        shape: Its shape.
        bytes: Its size.
        meaning: What its numbers stand for; "" where they stand for themselves.
    """

    role: str
    position: int
    name: str
    symbol: str
    dtype: str
    ctype: str
    shape: tuple[int, ...]
    bytes: int
    meaning: str

    @property
    def product(self) -> str:
        """Its size as C works it out: what a static assertion compares with `bytes`."""
        return " * ".join((f"sizeof({self.ctype})", *map(str, self.shape)))

    @property
    def title(self) -> str:
        """One line for people."""
        shape = "x".join(map(str, self.shape)) or "scalar"
        return f"{self.name}: {self.dtype} {shape}{', ' if self.meaning else ''}{self.meaning}"


def ports(graph: Graph, prefix: str) -> tuple[Port, ...]:
    """The inputs, then the outputs, with names that differ."""
    return (*_ports(graph.input_tensors, "input", prefix), *_ports(graph.output_tensors, "output", prefix))


def _ports(tensors: tuple[Tensor, ...], role: str, prefix: str) -> Iterator[Port]:
    taken: set[str] = set()
    for position, tensor in enumerate(tensors):
        name = plain_name(tensor.label)
        words = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")[:_LONGEST_NAME].strip("_")
        symbol = f"{prefix}_{role}_{words or position}".upper()
        if symbol in taken or symbol.endswith("_BYTES"):
            symbol += f"_{position}"
        taken.add(symbol)
        dtype = str(tensor.dtype)
        yield Port(
            role=role,
            position=position,
            name=name,
            symbol=symbol,
            dtype=dtype,
            ctype=C_TYPES.get(dtype, "uint8_t"),
            shape=tensor.shape,
            bytes=tensor.size_bytes,
            meaning=_meaning(tensor),
        )


def _meaning(tensor: Tensor) -> str:
    quantization = tensor.quantization
    if quantization is None or quantization.per_channel:
        return ""
    return f"real = {quantization.scale:.9g} * (q - {quantization.zero_point})"
