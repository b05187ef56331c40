"""Models and samples as a program has them: paths, bytes, Keras models, arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, overload

from numpy.typing import ArrayLike

from boardproof.errors import InputError
from boardproof.model.data.arrays import with_named_classes
from boardproof.model.data.objects import samples_of_objects
from boardproof.model.data.read import read_data
from boardproof.model.filekind import FileKind, describe, file_kind
from boardproof.model.load import LoadedModel, ModelKind, load_model, load_tflite, require_model
from boardproof.model.network import from_keras, unknown_sizes
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Samples

if TYPE_CHECKING:
    from boardproof.model.data.options import DataOptions
    from boardproof.model.data.read import Source
    from boardproof.model.network import Sizes


class KerasModel(Protocol):
    """What is used of a Keras model, of Keras 3 or tf-keras; neither ships types."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def inputs(self) -> Any:  # noqa: ANN401 - a list of Keras' own tensors
        """What it takes."""
        ...


Model = Path | bytes | KerasModel
"""A model's file or SavedModel directory, the bytes of a .tflite, or a Keras model."""

Inputs = Mapping[str, ArrayLike] | ArrayLike
"""An array for a network with one input; arrays by the names of the inputs, or a list of them; samples along the first
axis."""

SamplesLike = Samples | Path | str | tuple[Inputs, ArrayLike] | Inputs
"""Samples: the path of what model/data reads; inputs; a pair of inputs and labels; or a tf.data dataset of either."""


def model_name(model: Model) -> str:
    """How messages name a model: its file's name, or the one it would have."""
    match model:
        case Path():
            return model.name
        case bytes():
            return "model.tflite"
        case _:
            return f"{getattr(model, 'name', type(model).__name__)}.keras"


def require_given(model: Model) -> None:
    """Raises InputError when there is no such file: before anything heavy is imported."""
    if isinstance(model, Path):
        require_model(model)


def open_model(model: Model, sizes: Sizes = unknown_sizes) -> LoadedModel:
    """The model, whatever it was given as.

    Args:
        model: The model.
        sizes: Fixes what a float model leaves open of its inputs' shapes.

    Raises:
        InputError: As `load_model` does; or bytes are not of a .tflite, or an object is no Keras model.
    """
    match model:
        case Path():
            return load_model(model, sizes)
        case bytes():
            if file_kind(model) is not FileKind.TFLITE:
                raise InputError(
                    f"The bytes given are not of a .tflite: {describe(model)}.",
                    "Give the path of a file of another kind.",
                )
            return load_tflite(model, model_name(model))
        case _:
            return _of_keras(model, sizes)


def _of_keras(model: KerasModel, sizes: Sizes) -> LoadedModel:
    homes = {base.__module__.partition(".")[0] for base in type(model).__mro__ if base.__name__ == "Model"}
    source = model_name(model)
    with captured_output():
        if "keras" in homes:
            import keras

            network = from_keras(model, f"keras {keras.__version__}", source, sizes)
            return LoadedModel(ModelKind.KERAS, source, network.inputs, network=network, notes=network.notes)
        if "tf_keras" in homes:
            import tf_keras

            network = from_keras(model, f"tf-keras {tf_keras.__version__}", source, sizes)
            return LoadedModel(ModelKind.LEGACY_KERAS, source, network.inputs, network=network, notes=network.notes)
    raise InputError(
        f"{type(model).__name__} is not a model that boardproof takes.",
        "Give a path, the bytes of a .tflite, or a Keras model.",
    )


def as_samples(given: SamplesLike, source: str) -> Path | Samples:
    """Samples, whatever they were given as: where they are, or themselves.

    Args:
        given: What was given.
        source: How messages name arrays.
    """
    match given:
        case Samples() | Path():
            return given
        case str():
            return Path(given)
        case _:
            return samples_of_objects(given, source)


@overload
def data_of(samples: Path | Samples, options: DataOptions, *, training: bool = False) -> Source: ...
@overload
def data_of(samples: Path | Samples | None, options: DataOptions, *, training: bool = False) -> Source | None: ...
def data_of(samples: Path | Samples | None, options: DataOptions, *, training: bool = False) -> Source | None:
    """The data behind samples; None for None.

    Args:
        samples: Where they are, or themselves.
        options: What the user says about them.
        training: Of a file with a training and a test set, take the training set.

    Raises:
        InputError: As `read_data` does.
    """
    if isinstance(samples, Path):
        return read_data(samples, options, training=training)
    return with_named_classes(samples, options.labels) if samples is not None else None
