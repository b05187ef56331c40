"""Inputs for a network: as the user has them (`Samples`), and as its input tensors take them (`Vectors`)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array, quantize_array
from boardproof.model.fitting import fit_array
from boardproof.model.graph import DType
from boardproof.model.labels import plain_name, safe_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor

_SHOWN_ARRAYS = 8


@dataclass(frozen=True, slots=True)
class Samples:
    """Inputs and labels as a user's file has them.

    Attributes:
        inputs: Array by name, each with the samples along its first axis; one entry for a network with one input.
        labels: The class of each sample, one-hot rows, or other targets; None when there are none.
        source: Where they come from, for messages.
        classes: Names of the classes in order, where the labels were words; else empty.
        notes: How they were read, where there was a choice.
        further: The labels of the second output, the third, and so on; `labels` are those of the first.
    """

    inputs: Mapping[str, NDArray[np.generic]]
    labels: NDArray[np.generic] | None = None
    source: str = "the samples"
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    further: tuple[NDArray[np.generic], ...] = ()

    def size(self, position: int, shape: tuple[int | None, ...], name: str) -> tuple[int, ...] | None:
        """The whole shape of an input that leaves parts of it open: that of the array of its name, or at its place."""
        keys = [name] if name in self.inputs else sorted(self.inputs, key=_natural)[position:]
        found = self.inputs[keys[0]].shape[1:] if keys else ()
        if len(found) + 1 == len(shape) and shape[-1] == 1:
            found = (*found, 1)
        fits = len(found) == len(shape) and all(open_ in {None, size} for open_, size in zip(shape, found, strict=True))
        return found if fits else None

    def samples(self, _specs: tuple[InputSpec, ...]) -> Samples:
        """These samples: arrays are the same whatever takes them."""
        return self


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
        values: The lowest and the highest value that it is made for, where that is known.
    """

    name: str
    shape: tuple[int, ...]
    dtype: DType = DType.FLOAT32
    values: tuple[float, float] | None = field(default=None, compare=False)


def input_specs(graph: Graph) -> tuple[InputSpec, ...]:
    """What a graph takes, one for each input tensor."""
    return tuple(
        InputSpec(plain_name(tensor.name), _without_batch(tensor.shape), values=_quantized_range(tensor))
        for tensor in graph.input_tensors
    )


def _quantized_range(tensor: Tensor) -> tuple[float, float] | None:
    """What a quantized input can hold."""
    if tensor.quantization is None or tensor.dtype not in {DType.INT8, DType.UINT8}:
        return None
    limits = np.iinfo(tensor.dtype.numpy)  # type: ignore[type-var] # quantized types are integers
    low, high = dequantize_array(np.array([limits.min, limits.max]), tensor.quantization)
    return float(low), float(high)


def vectors_for(graph: Graph, samples: Samples, arrays: tuple[NDArray[np.generic], ...] | None = None) -> Vectors:
    """The samples in the types of the graph's input tensors.

    Data that already has a quantized tensor's dtype is taken as it is. Anything else is a real value: quantized as
    TensorFlow Lite's QUANTIZE operator does (float32 division, halves away from zero, saturated) where the tensor is
    quantized, converted where it is not.

    Args:
        graph: The network.
        samples: The samples.
        arrays: What `arrays_for` made of them, if it did.

    Raises:
        InputError: when an array is missing, or its shape, dtype or values do not fit.
    """
    arrays = arrays_for(input_specs(graph), samples) if arrays is None else arrays
    converted = (_convert(array, tensor, samples) for array, tensor in zip(arrays, graph.input_tensors, strict=True))
    return Vectors(tuple(converted))


def arrays_for(specs: tuple[InputSpec, ...], samples: Samples) -> tuple[NDArray[np.generic], ...]:
    """The samples' arrays in the order of the inputs, each of shape [samples, *spec.shape].

    Arrays are matched by the input's name, else by the order of their names (x, or x0, x1, …). An absent batch axis (of
    a single sample) and an absent last axis of size 1 are added. One array of an axis for the inputs, which numpy makes
    of a list of arrays, is parted.

    Raises:
        InputError: when an array is missing or too many, has the wrong shape, or holds NaN or infinity.
    """
    samples = _parted(specs, samples)
    if len(samples.inputs) != len(specs):
        raise _wrong_count(specs, samples)
    names = [spec.name for spec in specs]
    known = set(names) & set(samples.inputs)
    if known and len(known) < len(names):
        raise _wrong_names(names, samples)
    keys = names if known else sorted(samples.inputs, key=_natural)
    arrays = tuple(
        _whole(fit_array(samples.inputs[key], spec.shape, f"{safe_label(key)} in {samples.source}"), spec, samples)
        for key, spec in zip(keys, specs, strict=True)
    )
    if len({len(array) for array in arrays}) > 1:
        counts = ", ".join(f"{safe_label(key)}: {len(array)}" for key, array in zip(keys, arrays, strict=True))
        raise InputError(
            f"The arrays in {samples.source} have different numbers of samples ({counts}).",
            "Row n of every array belongs to sample n: save as many rows of each.",
        )
    return arrays


def _parted(specs: tuple[InputSpec, ...], samples: Samples) -> Samples:
    """The samples with an array for each input, where they are one of shape [inputs, samples, *shape of all]."""
    given = list(samples.inputs.values())
    if len(given) != 1 or len(specs) == 1 or given[0].shape[:1] != (len(specs),):
        return samples
    if {spec.shape for spec in specs} != {given[0].shape[2:]}:
        return samples
    return replace(samples, inputs={f"x{number}": part for number, part in enumerate(given[0])})


def _whole(array: NDArray[np.generic], spec: InputSpec, samples: Samples) -> NDArray[np.generic]:
    """The array itself. Raises InputError where the model takes whole numbers of a type that does not hold them."""
    if spec.dtype.numpy.kind in "iub" and not _holds(spec.dtype, array):
        raise InputError(
            f"{samples.source} holds {array.dtype} values that do not fit {spec.dtype}, the type of "
            f"{safe_label(spec.name)}.",
            f"Give {spec.dtype} data for this input.",
        )
    return array


def _holds(dtype: DType, array: NDArray[np.generic]) -> bool:
    with np.errstate(invalid="ignore", over="ignore"):
        return np.array_equal(array.astype(dtype.numpy), array)


def _wrong_names(names: list[str], samples: Samples) -> InputError:
    """The error for arrays of which some have an input's name and others none: their order would be a guess."""
    strange, missing = sorted(set(samples.inputs) - set(names)), sorted(set(names) - set(samples.inputs))
    return InputError(
        f"{samples.source} holds {', '.join(map(safe_label, strange))}, which is no input of the model, and lacks "
        f"{', '.join(map(safe_label, missing))}.",
        f"Name the arrays as the inputs: {', '.join(map(safe_label, names))}.",
    )


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
    if tensor.dtype.numpy.kind != "f" and not _holds(tensor.dtype, array):
        raise InputError(
            f"{samples.source} holds {array.dtype} values that do not fit {tensor.dtype}, the type of {tensor.label}.",
            f"Give {tensor.dtype} data for this input.",
        )
    return array.astype(tensor.dtype.numpy)


def _without_batch(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[1:] if shape[:1] == (1,) else shape


def _natural(key: str) -> tuple[str, int]:
    """Sorts x2 before x10."""
    head = key.rstrip("0123456789")
    return head, int(key[len(head) :] or 0)
