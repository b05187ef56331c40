"""Model files of every kind that boardproof takes: .keras, .h5, SavedModel directories and .tflite."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from boardproof.errors import BoardproofError, InputError
from boardproof.model.c_array import model_in_c
from boardproof.model.data.read import read_bytes
from boardproof.model.filekind import FileKind, file_kind
from boardproof.model.keras_config import EXPORT, check_config, is_legacy, is_newer, shorter_by_tf_keras
from boardproof.model.labels import safe_label, safe_lines
from boardproof.model.network import FloatNetwork, Sizes, from_keras, from_saved_model, unknown_sizes
from boardproof.model.not_models import made_by_vela, not_a_model, not_a_saved_model
from boardproof.model.quiet import captured_output
from boardproof.model.rewrite.rewrite import rewrite_operators, unpack
from boardproof.model.samples import InputSpec, input_specs
from boardproof.model.saved_model import check_saved_model
from boardproof.model.tflite.reader import read_tflite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.model.quiet import CapturedOutput

_MAX_CONFIG_BYTES = 64 << 20

_ETHOS_U = b"ethos-u"
"""The custom operator that Vela puts in the place of what it compiled."""

_UNKNOWN_CLASS = re.compile(r"(?:Could not locate (?:class|function) |Unknown layer: ?)'?\"?([\w>.]+)")


class ModelKind(StrEnum):
    """How a model was stored."""

    KERAS = "Keras 3"
    LEGACY_KERAS = "Keras 2"
    SAVED_MODEL = "SavedModel"
    TFLITE = "TensorFlow Lite"


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model as its file has it: a float network, or a .tflite that needs no conversion.

    Attributes:
        kind: How it was stored.
        source: The file's name, for messages.
        inputs: What it takes, in order.
        network: What computes it in float; None for a .tflite.
        tflite: The file's bytes, rewritten where boards need that; None for a float network.
        notes: What was changed while it was loaded.
    """

    kind: ModelKind
    source: str
    inputs: tuple[InputSpec, ...]
    network: FloatNetwork | None = field(default=None, repr=False)
    tflite: bytes | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()


def require_model(path: Path) -> None:
    """Raises InputError when there is nothing at this path: before anything heavy is imported."""
    try:
        found = path.exists()
    except OSError as error:  # a name that is too long
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Check the path of the model.") from error
    if not found:
        raise InputError(f"There is no file {path}.", "Check the path of the model.")


def load_model(path: Path, sizes: Sizes = unknown_sizes) -> LoadedModel:
    """The model in a file or SavedModel directory; what it is, is told by its content, not by its name.

    Keras models load in safe mode: files with Lambda layers or other packages' classes are refused before any of their
    code runs. Files of Keras 2 that Keras 3 cannot read, or converts to more operators, load through tf-keras.

    Args:
        path: The file or directory.
        sizes: Fixes what a float model leaves open of its inputs' shapes.

    Raises:
        InputError: when there is no such file, or it is not a model, or cannot be loaded.
    """
    if path.is_dir():
        return _load_directory(path, sizes)
    data = read_bytes(path, "model")
    match file_kind(data):
        case FileKind.TFLITE:
            return load_tflite(data, path.name)
        case FileKind.C_ARRAY:
            return load_tflite(model_in_c(data, path.name), path.name)
        case FileKind.KERAS:
            version = _archive_version(data, path.name)
            with _named(path, ".keras") as named:
                return _load_keras(named, version, sizes)
        case FileKind.HDF5:
            version = _hdf5_version(data, path.name)
            with _named(path, ".h5") as named:
                return _load_keras(named, version, sizes)
        case _:
            raise not_a_model(path.name, data)


def load_tflite(data: bytes, source: str) -> LoadedModel:
    """The model in the bytes of a .tflite; `source`: how messages name it. Raises InputError when it is damaged."""
    if _ETHOS_U in data:
        raise made_by_vela(source)
    moved = rewrite_operators(data)
    unpacked = unpack(moved.data)
    specs = input_specs(read_tflite(unpacked.data))
    return LoadedModel(ModelKind.TFLITE, source, specs, tflite=unpacked.data, notes=(*moved.notes, *unpacked.notes))


def _archive_version(data: bytes, source: str) -> str:
    """The Keras version that wrote a .keras archive, after the check of its configuration."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_config(_member(archive, "config.json"), source)
            metadata = json.loads(_member(archive, "metadata.json"))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise InputError(
            f"{source} is a damaged .keras archive.", "Copy or save the model again.", str(error)
        ) from error
    return str(metadata.get("keras_version", "")) if isinstance(metadata, dict) else ""


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _MAX_CONFIG_BYTES:
        raise ValueError(f"{name} unpacks to {archive.getinfo(name).file_size} bytes")
    return archive.read(name)


def _hdf5_version(data: bytes, source: str) -> str:
    """The Keras version that wrote a .h5 file, after the check of its configuration."""
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            config, version = (_text(file.attrs.get(key, "")) for key in ("model_config", "keras_version"))
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise InputError(f"{source} is a damaged HDF5 file.", "Copy or save the model again.", str(error)) from error
    if not config:
        raise InputError(
            f"{source} holds weights only, or is not from Keras: there is no model configuration in it.",
            'Save the whole model: model.save("model.keras").',
        )
    check_config(config, source)
    return version


def _text(attribute: object) -> str:
    return attribute.decode("utf-8", errors="replace") if isinstance(attribute, bytes) else str(attribute)


@contextmanager
def _named(path: Path, suffix: str) -> Iterator[Path]:
    """The path of the same file under a name that ends in `suffix`, by which Keras tells what it is."""
    if path.suffix == suffix:
        yield path
        return
    with TemporaryDirectory() as folder:
        link = Path(folder, path.stem + suffix)
        link.symlink_to(path.resolve())
        yield link


def _load_keras(path: Path, keras_version: str, sizes: Sizes) -> LoadedModel:
    with captured_output() as output:
        import keras

        try:
            model = keras.saving.load_model(path, compile=False)
            if is_legacy(keras_version) and (shorter := shorter_by_tf_keras(model)):
                return _by_tf_keras(path, output, sizes, shorter)
            network = from_keras(model, f"keras {keras.__version__}", path.name, sizes)
            kind = ModelKind.KERAS
        except BoardproofError:
            raise
        except Exception as error:  # a loader given an untrusted file raises anything
            if is_newer(keras_version, keras.__version__):
                raise _from_a_newer_keras(path.name, keras_version, keras.__version__, error) from error
            if not is_legacy(keras_version):
                raise _not_loaded(path.name, error, output) from error
            network = _load_legacy(path, output, sizes)
            kind = ModelKind.LEGACY_KERAS
    return LoadedModel(kind, path.name, network.inputs, network=network, notes=network.notes)


def _by_tf_keras(path: Path, output: CapturedOutput, sizes: Sizes, shorter: tuple[str, ...]) -> LoadedModel:
    """A file of Keras 2 that either Keras loads, by the one that converts these layers to fewer operators."""
    network = _load_legacy(path, output, sizes)
    note = f"converted by tf-keras, which makes fewer operators of {', '.join(shorter)} than Keras 3"
    return LoadedModel(ModelKind.LEGACY_KERAS, path.name, network.inputs, network=network, notes=(note, *network.notes))


def _load_legacy(path: Path, output: CapturedOutput, sizes: Sizes) -> FloatNetwork:
    """The model as Keras 2 loads it, for files whose layers have arguments that Keras 3 no longer knows."""
    import tf_keras

    try:
        model = tf_keras.models.load_model(path, compile=False)
    except Exception as error:  # a loader given an untrusted file raises anything
        raise _not_loaded(path.name, error, output) from error
    return from_keras(model, f"tf-keras {tf_keras.__version__}", path.name, sizes)


def _load_directory(path: Path, sizes: Sizes) -> LoadedModel:
    if not (path / "saved_model.pb").is_file():
        raise not_a_saved_model(path)
    with captured_output() as output:
        try:
            check_saved_model(path)
            network = from_saved_model(path, sizes)
        except BoardproofError:
            raise
        except Exception as error:  # a loader given an untrusted file raises anything
            raise _not_loaded(path.name, error, output) from error
    return LoadedModel(ModelKind.SAVED_MODEL, path.name, network.inputs, network=network, notes=network.notes)


def _from_a_newer_keras(source: str, written: str, here: str, error: Exception) -> InputError:
    return InputError(
        f"{source} was written by Keras {safe_label(written)}; the Keras {here} that is installed here cannot read it.",
        "Install that Keras here (pip install --upgrade keras), or give the folder that "
        'model.export("folder") writes where the model was made.',
        safe_lines(str(error)),
    )


def _not_loaded(source: str, error: Exception, output: CapturedOutput) -> InputError:
    reason = safe_lines(str(error)) or type(error).__name__
    unknown = _UNKNOWN_CLASS.search(reason)
    if unknown:
        return InputError(
            f"{source} needs {unknown[1]}, which is not part of Keras; other packages' code is not run.",
            EXPORT,
            reason,
        )
    return InputError(
        f"{source} cannot be loaded: {reason.splitlines()[0]}",
        "Load it with the TensorFlow version that saved it, and save it there as .keras or convert it to .tflite.",
        f"{reason}\n{safe_lines(output.text())}",
    )
