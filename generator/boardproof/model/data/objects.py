"""Samples as a Python program has them: arrays, lists, tensors, data frames, dictionaries, tf.data datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.errors import InputError
from boardproof.model.labels import safe_label
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.generic]

_PAIR = 2
_MOST_ELEMENTS = 100_000
"""A dataset that repeats itself never ends."""

_UNPACKING = frozenset({"_FlatMapDataset", "_InterleaveDataset", "_UnbatchDataset"})
"""What makes single elements of batches."""


def samples_of_objects(given: object, source: str) -> Samples:
    """Inputs, or a pair of inputs and labels, as `Samples`.

    Args:
        given: An array, or arrays by the names of the inputs, or a list of arrays, one for each input; a tuple of one
            of these and labels; or a tf.data dataset of either, batched or not.
        source: How messages name it.

    Raises:
        InputError: when it is something else, or its parts differ in shape.
    """
    if _is_dataset(given):
        return _of_dataset(given, source)
    if isinstance(given, tuple):
        if len(given) != _PAIR:
            raise InputError(
                f"{source} are a tuple of {len(given)}, which is not a pair of inputs and labels.",
                "Give (inputs, labels); several inputs as a dictionary by their names, or as a list, come first.",
            )
        first, *further = _by_output(given[1], source)
        return Samples(_inputs(given[0], source), first, source, further=tuple(further))
    return Samples(_inputs(given, source), None, source)


def _inputs(given: object, source: str) -> dict[str, Array]:
    """Arrays by name: `x` for the input of a network with one, x0, x1, … for a list of arrays."""
    if isinstance(given, Mapping):
        return {str(name): _array(values, f"{safe_label(str(name))} in {source}") for name, values in given.items()}
    if isinstance(given, list) and _is_list_of_arrays(given):
        return {f"x{n}": _array(values, f"Array {n} of {source}") for n, values in enumerate(given)}
    return {"x": _array(given, source)}


def _is_list_of_arrays(given: list[Any]) -> bool:
    """Whether a list holds one array for each input: arrays as long as each other, whose samples differ in shape."""
    shapes = {tuple(getattr(values, "shape", ())) for values in given}
    return len(shapes) > 1 and len({shape[:1] for shape in shapes}) == 1 and () not in shapes


def _by_output(given: object, source: str) -> list[Any]:
    """The labels of each output; [None] where there are none."""
    if isinstance(given, Mapping):
        raise _labels_by_name(given, source)
    if isinstance(given, list | tuple) and given and _holds_arrays(given):
        return [_labels(part, source) for part in given]
    return [None if given is None else _labels(given, source)]


def _labels_by_name(given: Mapping[object, object], source: str) -> InputError:
    names = ", ".join(safe_label(str(name)) for name in given)
    return InputError(
        f"The labels of {source} are several arrays by name ({names}).",
        "Give a list of arrays, in the order of the model's outputs.",
    )


def _labels(given: object, source: str) -> Array:
    """One array of labels; words as such."""
    labels = _array(given, f"The labels of {source}")
    if labels.dtype == object and all(isinstance(word, str) for word in labels.ravel()):
        return labels.astype(str)  # as pandas has words
    return labels


def _holds_arrays(given: Sequence[Any]) -> bool:
    return all(len(getattr(part, "shape", ())) > 0 for part in given) and len(given) < len(given[0])


def _array(given: object, place: str) -> Array:
    """An array of numbers or words.

    Raises:
        InputError: when its rows differ in length, or it is no array.
    """
    if isinstance(given, Iterator):
        raise InputError(f"{place}: a {type(given).__name__} is no array.", "Give numpy.stack(list(it)).")
    try:
        found = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{place}: rows differ in length or shape, which is no array.",
            "Pad or cut them to one shape, as it was done for training.",
            str(error),
        ) from error
    if found.ndim == 0:
        raise InputError(
            f"{place}: {type(given).__name__} is no array.",
            "Give numpy arrays with the samples along the first axis, or the path of a file.",
        )
    return found


def _is_dataset(given: object) -> bool:
    """Whether this is a tf.data dataset; without importing TensorFlow for one that is not."""
    return any(
        base.__name__ == "DatasetV2" and base.__module__.startswith("tensorflow.") for base in type(given).__mro__
    )


def _of_dataset(given: Any, source: str) -> Samples:  # noqa: ANN401 a tf.data.Dataset, untyped
    """All elements of a dataset of inputs, or of pairs of inputs and labels, one after another."""
    batched = _is_batched(given)
    inputs: dict[str, list[Array]] = {}
    labels: list[list[Array]] = []
    for count, element in enumerate(given.as_numpy_iterator()):
        if count == _MOST_ELEMENTS:
            raise InputError(f"{source} have no end within {count:,} elements.", "Give dataset.take(500).")
        features, label = element if isinstance(element, tuple) and len(element) == _PAIR else (element, None)
        for name, values in _by_name(features).items():
            inputs.setdefault(name, []).append(np.asarray(values))
        if label is not None:
            labels.append(_of_outputs(label, source))
    if not inputs:
        raise InputError(f"{source} are a dataset without elements.", "Give one that has some.")
    together = {name: _joined(parts, source, batched=batched) for name, parts in inputs.items()}
    found = tuple(_words(_joined(parts, source, batched=batched)) for parts in zip(*labels, strict=True))
    return Samples(together, found[0] if found else None, source, further=found[1:])


def _of_outputs(label: object, source: str) -> list[Array]:
    """An element's labels of each output."""
    if isinstance(label, Mapping):
        raise _labels_by_name(label, source)
    return [np.asarray(part) for part in (label if isinstance(label, tuple) else (label,))]


def _words(labels: Array) -> Array:
    """Labels, words as such: TensorFlow has them as bytes."""
    if labels.dtype != object:
        return labels
    return np.array(
        [word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in labels.ravel()]
    )


def _by_name(features: object) -> Mapping[str, Any]:
    if isinstance(features, Mapping):
        return {str(name): values for name, values in features.items()}
    if isinstance(features, Sequence) and not isinstance(features, bytes):
        return {f"x{n}": values for n, values in enumerate(features)}
    return {"x": features}


def _is_batched(given: Any) -> bool:  # noqa: ANN401 likewise
    """Whether elements are batches: their first axis is open, or `batch` made them, with the remainder dropped."""
    import tensorflow as tf

    shapes = [spec.shape for spec in tf.nest.flatten(given.element_spec)]
    if all(shape.rank and shape[0] is None for shape in shapes):
        return True
    stage = given
    while stage is not None:
        name = type(stage).__name__
        if "Batch" in name or name in _UNPACKING:
            return name not in _UNPACKING
        stage = getattr(stage, "_input_dataset", None)
    return False


def _joined(parts: Iterable[Array], source: str, *, batched: bool) -> Array:
    try:
        return np.concatenate(list(parts)) if batched else np.stack(list(parts))
    except ValueError as error:
        raise InputError(
            f"The elements of {source} differ in shape: {error}.",
            "Give every sample one shape: pad or resize them in the dataset's map.",
        ) from error
