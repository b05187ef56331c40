"""Inputs and outputs of a converted network, as the float network has them.

TensorFlow converts some networks by way of a SavedModel only, which renames inputs and may permute inputs and outputs.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import tflite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflite import SubGraph

_NAME_SLOT = 10  # of a tensor's name, in TensorFlow Lite's schema


def restore_ports(data: bytes, names: Sequence[str]) -> bytes:
    """The same network with its inputs of these names, in this order, and its outputs in the order of the function.

    Everything stays at its place in the file, so that constants keep their alignment.

    Args:
        data: A .tflite made by way of a SavedModel; its one signature says which port is which.
        names: The inputs' names in the function that was converted.

    Raises:
        ValueError: The signature does not say so.
    """
    buffer = bytearray(data)
    model = tflite.Model.GetRootAs(buffer, 0)
    if model.SignatureDefsLength() != 1:
        raise ValueError("the converted model has no signature")
    signature, graph = model.SignatureDefs(0), model.Subgraphs(0)
    inputs = _ports([signature.Inputs(i) for i in range(signature.InputsLength())])
    outputs = _ports([signature.Outputs(i) for i in range(signature.OutputsLength())])
    if set(inputs) != set(names):
        raise ValueError(f"the converted model takes {sorted(inputs)}, not {sorted(names)}")
    by_number = sorted(outputs, key=lambda name: int(name.rpartition("_")[2]))
    # Numpy's views of the buffer: what is assigned here is in the file.
    graph.InputsAsNumpy()[:] = np.array([inputs[name] for name in names], np.int32)
    graph.OutputsAsNumpy()[:] = np.array([outputs[name] for name in by_number], np.int32)
    for name in names:
        _rename(buffer, graph, inputs[name], name)
    return bytes(buffer)


def name_inputs(data: bytes, names: Sequence[str]) -> bytes:
    """The same network with its inputs of these names, where what they are called now is not shorter."""
    buffer = bytearray(data)
    graph = tflite.Model.GetRootAs(buffer, 0).Subgraphs(0)
    for tensor, name in zip(graph.InputsAsNumpy(), names, strict=True):
        _rename(buffer, graph, int(tensor), name)
    return bytes(buffer)


def _ports(maps: Sequence[tflite.TensorMap]) -> Mapping[str, int]:
    return {port.Name().decode(): port.TensorIndex() for port in maps}


def _rename(buffer: bytearray, graph: SubGraph, tensor: int, name: str) -> None:
    """Writes a name over a longer one."""
    table = graph.Tensors(tensor)._tab
    start = table.Vector(table.Offset(_NAME_SLOT))
    (length,) = struct.unpack_from("<I", buffer, start - 4)
    encoded = name.encode()
    if len(encoded) <= length:
        struct.pack_into("<I", buffer, start - 4, len(encoded))
        buffer[start : start + length] = encoded.ljust(length, b"\0")
