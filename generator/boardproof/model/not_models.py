"""Files and folders that people give as models, and what to do with each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.model.filekind import FileKind, describe, file_kind
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from pathlib import Path

_WEIGHTS = 'Build the model in Python, load the weights into it, and save all of it: model.save("model.keras").'
_DATA = "This looks like data: give it with --samples, and the model first."
_MODELS = "Give a .keras, .h5 or .tflite file, or a SavedModel directory."

_HINTS = {
    FileKind.ARCHITECTURE: "Build it with keras.models.model_from_json, load its weights, and save all of it: "
    'model.save("model.keras").',
    FileKind.CHECKPOINT: _WEIGHTS,
    FileKind.EMPTY: "Copy or save the model again.",
    FileKind.EXECUTORCH: "Convert the PyTorch model it was made from to .tflite, for example with ai-edge-torch.",
    FileKind.FROZEN_GRAPH: "Convert it to .tflite with tf.compat.v1.lite.TFLiteConverter.from_frozen_graph.",
    FileKind.GIT_LFS: "Get the file itself: `git lfs install`, then `git lfs pull` in the folder it lies in.",
    FileKind.NPY: _DATA,
    FileKind.NPZ: _DATA,
    FileKind.ONNX: "Convert it to Keras or .tflite first, for example with onnx2tf.",
    FileKind.PICTURE: _DATA,
    FileKind.SAFETENSORS: _WEIGHTS,
    FileKind.SAVED_MODEL_PB: "For a SavedModel, give the directory that holds saved_model.pb.",
    FileKind.SAVED_MODEL_ZIP: "Unpack it, and give the directory that holds saved_model.pb.",
    FileKind.SOUND: _DATA,
    FileKind.TENSORFLOW_JS: "Convert it back with tensorflowjs_converter --input_format=tfjs_layers_model "
    "--output_format=keras, or give the Keras model it came from.",
    FileKind.TORCH: "Convert it to .tflite first, for example with ai-edge-torch.",
    FileKind.WEB_PAGE: "A download saved the page around the file: use the page's download or raw link.",
    FileKind.ZIP: "Unpack it, and give the model in it.",
}


def not_a_model(name: str, data: bytes) -> InputError:
    """The error for a file that is no model that boardproof reads."""
    kind = file_kind(data)
    if kind is FileKind.BROKEN_ZIP:
        return InputError(
            f"{name} is cut short or damaged: its {len(data)} bytes begin as a .keras file does, but do not end so.",
            f"Copy {name} again, or save the model again.",
        )
    what = "it is empty" if kind is FileKind.EMPTY else describe(data)
    return InputError(f"{name} is not a model that boardproof reads: {what}.", _HINTS.get(kind, _MODELS))


def not_a_saved_model(path: Path) -> InputError:
    """The error for a folder that is no SavedModel."""
    names = sorted(entry.name for entry in path.iterdir())
    if "checkpoint" in names or any(name.endswith(".index") for name in names):
        return InputError(f"{path} holds a TensorFlow checkpoint: weights only, and no model.", _WEIGHTS)
    message = f"{path} is a directory, but not a SavedModel: there is no saved_model.pb in it."
    inside = [name for name in names if name.endswith((".keras", ".tflite", ".h5", ".hdf5"))]
    if inside:
        return InputError(message, f"Give the model's own file, such as {path / safe_label(inside[0])}.")
    below = next(iter(sorted(path.glob("*/saved_model.pb"))), None)
    if below is not None:
        return InputError(message, f"Give the directory that holds it: {below.parent}.")
    return InputError(message, "Give the model's own file, or the directory that tf.saved_model.save wrote.")


def made_by_vela(source: str) -> InputError:
    """The error for a .tflite whose operators were compiled for an Ethos-U accelerator."""
    return InputError(
        f"{source} was compiled by Vela for an Ethos-U accelerator: its operators are that processor's code.",
        "Give the .tflite from before Vela: boardproof compiles for the Cortex-M itself.",
    )
