"""Inputs for a network: as the user has them (`Samples`), and as its input tensors take them (`Vectors`)."""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.affine import quantize_array
from boardproof.model.filekind import FileKind, describe, file_kind
from boardproof.model.fitting import fit_array
from boardproof.model.graph import DType
from boardproof.model.labels import safe_label, safe_lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor

_LABEL_KEYS = ("y", "labels")

_SHOWN_ARRAYS = 8
_MAX_SAMPLE_BYTES = 4 << 30

_LOAD_ERRORS = (
    EOFError,
    KeyError,
    MemoryError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy's and zipfile's readers raise on damaged files."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs and labels as a user's file has them.

    Attributes:
        inputs: Array by name, each with the samples along its first axis; one entry for a network with one input.
        labels: The class of each sample, one-hot rows, or other targets; None when there are none.
        source: Where they come from, for messages.
    """

    inputs: Mapping[str, NDArray[np.generic]]
    labels: NDArray[np.generic] | None = None
    source: str = "the samples"


@dataclass(frozen=True, slots=True)
class Vectors:
    """Inputs exactly as a network's input tensors take them.

    Attributes:
        arrays: One per input tensor, in the graph's order, shape [samples, *shape of the tensor] (so with the batch
            dimension of 1 where the tensor has one), the tensor's dtype, C-contiguous.
    """

    arrays: tuple[NDArray[np.generic], ...]

    @property
    def samples(self) -> int:
        """How many samples."""
        return len(self.arrays[0])


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What a network takes at one of its inputs.

    Attributes:
        name: The input's name, for finding its array.
        shape: The shape of one sample, without the batch dimension of 1.
        dtype: The type of its values before quantization.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType = DType.FLOAT32


def load_samples(path: Path) -> Samples:
    """The inputs and labels in a .npz or .npy file.

    In a .npz, `y` or `labels` holds labels; every other array is an input: `x` for a network with one, else named after
    the inputs, or x0, x1, … in their order. A .npy holds the inputs of a network with one. Pickled objects are never
    loaded.

    Raises:
        InputError: when the file is missing, damaged, of another kind, or holds something other than arrays.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", "Check the path of the samples.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the file and its permissions.") from error
    kind = file_kind(data)
    is_archive = kind in {FileKind.ZIP, FileKind.BROKEN_ZIP} and path.suffix == ".npz"
    if kind not in {FileKind.NPZ, FileKind.NPY} and not is_archive:
        raise InputError(
            f"{path.name} does not hold samples: {describe(data)}.",
            "Save them with numpy.savez(path, x=inputs, y=labels) or numpy.save(path, inputs).",
        )
    arrays = _load_arrays(data, path.name)
    labels = [arrays.pop(key) for key in _LABEL_KEYS if key in arrays]
    if len(labels) > 1 or not arrays:
        raise InputError(
            f"{path.name} holds {'several arrays of labels' if labels[1:] else 'no inputs'}.",
            "Save them with numpy.savez(path, x=inputs, y=labels).",
        )
    return Samples(arrays, labels[0] if labels else None, path.name)


def _load_arrays(data: bytes, source: str) -> dict[str, NDArray[np.generic]]:
    try:
        if file_kind(data) is FileKind.NPY:
            return {"x": _read_array(data)}
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive)
    except _LOAD_ERRORS as error:
        if "allow_pickle" in str(error):
            raise InputError(
                f"{source} holds Python objects, which are never loaded.",
                "Save plain numeric arrays: numpy.asarray(x, dtype=numpy.float32).",
            ) from error
        raise InputError(
            f"{source} is damaged.", "Copy or save it again: it may have been cut short.", safe_lines(str(error))
        ) from error


def _members(archive: zipfile.ZipFile) -> dict[str, NDArray[np.generic]]:
    """The arrays in a .npz, unpacked only if their sizes are sane."""
    size_bytes = sum(info.file_size for info in archive.infolist())
    if size_bytes > _MAX_SAMPLE_BYTES:
        raise ValueError(f"it unpacks to {size_bytes} bytes")
    return {name.removesuffix(".npy"): _read_array(archive.read(name)) for name in archive.namelist()}


def _read_array(data: bytes) -> NDArray[np.generic]:
    """One array in numpy's format; unlike numpy.load, nothing else is tried."""
    array: NDArray[np.generic] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array


def input_specs(graph: Graph) -> tuple[InputSpec, ...]:
    """What a graph takes, one for each input tensor."""
    return tuple(InputSpec(_input_name(tensor.name), _without_batch(tensor.shape)) for tensor in graph.input_tensors)


def vectors_for(graph: Graph, samples: Samples) -> Vectors:
    """The samples in the types of the graph's input tensors.

    Data that already has a quantized tensor's dtype is taken as it is. Anything else is a real value: quantized as
    TensorFlow Lite's QUANTIZE operator does (float32 division, halves away from zero, saturated) where the tensor is
    quantized, converted where it is not.

    Raises:
        InputError: when an array is missing, or its shape, dtype or values do not fit.
    """
    arrays = arrays_for(input_specs(graph), samples)
    converted = (_convert(array, tensor, samples) for array, tensor in zip(arrays, graph.input_tensors, strict=True))
    return Vectors(tuple(converted))


def arrays_for(specs: tuple[InputSpec, ...], samples: Samples) -> tuple[NDArray[np.generic], ...]:
    """The samples' arrays in the order of the inputs, each of shape [samples, *spec.shape].

    Arrays are matched by the input's name, else by the order of their names (x, or x0, x1, …). An absent batch axis (of
    a single sample) and an absent last axis of size 1 are added.

    Raises:
        InputError: when an array is missing or too many, has the wrong shape, or holds NaN or infinity.
    """
    if len(samples.inputs) != len(specs):
        raise _wrong_count(specs, samples)
    names = [spec.name for spec in specs]
    keys = names if set(names) == set(samples.inputs) else sorted(samples.inputs, key=_natural)
    arrays = tuple(
        fit_array(samples.inputs[key], spec.shape, f"{safe_label(key)} in {samples.source}")
        for key, spec in zip(keys, specs, strict=True)
    )
    if len({len(array) for array in arrays}) > 1:
        counts = ", ".join(f"{safe_label(key)}: {len(array)}" for key, array in zip(keys, arrays, strict=True))
        raise InputError(f"The arrays in {samples.source} have different numbers of samples ({counts}).", "Align them.")
    return arrays


def _wrong_count(specs: tuple[InputSpec, ...], samples: Samples) -> InputError:
    keys = [safe_label(key) for key in samples.inputs]
    shown = ", ".join(keys[:_SHOWN_ARRAYS] + ["…"] * (len(keys) > _SHOWN_ARRAYS))
    found, wanted = (f"{n} {what}{'s' * (n != 1)}" for n, what in ((len(keys), "input array"), (len(specs), "input")))
    if len(specs) == 1:
        hint = "Call the inputs x and the labels y, and leave out the rest: numpy.savez(path, x=inputs, y=labels)."
    else:
        names = ", ".join(safe_label(spec.name) for spec in specs)
        hint = f"Give one array per input: {names}; labels are to be called y."
    return InputError(f"{samples.source} holds {found} ({shown}); the model has {wanted}.", hint)


def _convert(array: NDArray[np.generic], tensor: Tensor, samples: Samples) -> NDArray[np.generic]:
    if tensor.dtype.size_bytes == 0:
        raise InputError(
            f"Input {tensor.label} takes {tensor.dtype}s, which boardproof cannot feed to a board.",
            "Move the layers that handle them out of the model, so that it starts from numbers.",
        )
    dtype = tensor.dtype.numpy
    if array.dtype != dtype and tensor.quantization is not None:
        array = quantize_array(array, tensor.quantization, dtype)
    elif array.dtype != dtype:
        array = _cast(array, tensor, samples)
    return np.ascontiguousarray(array).reshape(len(array), *tensor.shape)


def _cast(array: NDArray[np.generic], tensor: Tensor, samples: Samples) -> NDArray[np.generic]:
    """Values of another type for a tensor that is not quantized: only a float tensor may round them."""
    with np.errstate(invalid="ignore", over="ignore"):
        cast = array.astype(tensor.dtype.numpy)
    if not np.issubdtype(cast.dtype, np.floating) and not np.array_equal(cast, array):
        raise InputError(
            f"{samples.source} holds {array.dtype} values that do not fit {tensor.dtype}, the type of {tensor.label}.",
            f"Give {tensor.dtype} data for this input.",
        )
    return cast


def _without_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[1:] if shape[:1] == (1,) else shape


def _input_name(tensor_name: str) -> str:
    """The name the model's author gave an input, without what converting a SavedModel adds."""
    return tensor_name.removeprefix("serving_default_").removesuffix(":0")


def _natural(key: str) -> tuple[str, int]:
    """Sorts x2 before x10."""
    head = key.rstrip("0123456789")
    return head, int(key[len(head) :] or 0)
