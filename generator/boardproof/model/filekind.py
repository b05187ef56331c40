"""What a file is, by its content, so that an error can name what it was given."""

from __future__ import annotations

import io
import zipfile
from enum import Enum

from boardproof.model.tflite.schema import FILE_IDENTIFIER


class FileKind(Enum):
    """Kinds of files people hand to a model converter; the value is how messages name it."""

    TFLITE = "a .tflite model"
    KERAS = "a Keras model archive (.keras)"
    HDF5 = "an HDF5 file (.h5)"
    KERAS_WEIGHTS = "a Keras weights file"
    NPZ = "a numpy archive (.npz)"
    NPY = "a numpy array (.npy)"
    TORCH = "a PyTorch checkpoint"
    ONNX = "an ONNX model"
    SAVED_MODEL_PB = "a TensorFlow graph (.pb)"
    ELF = "an ELF executable"
    ZIP = "a ZIP archive"
    BROKEN_ZIP = "a ZIP archive that is cut short or damaged"
    GZIP = "a gzip archive"
    PICKLE = "a Python pickle"
    EMPTY = "an empty file"
    TEXT = "a text file"
    UNKNOWN = "a file of unknown kind"


_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", FileKind.HDF5),
    (b"\x93NUMPY", FileKind.NPY),
    (b"\x7fELF", FileKind.ELF),
    (b"\x1f\x8b", FileKind.GZIP),
    (b"\x80\x02", FileKind.PICKLE),
    (b"\x80\x04", FileKind.PICKLE),
    (b"\x80\x05", FileKind.PICKLE),
)

_ZIP_MAGIC = b"PK\x03\x04"


def file_kind(data: bytes) -> FileKind:
    """What these bytes are; the whole file when it is a ZIP archive, else its first few hundred bytes are enough."""
    if not data:
        return FileKind.EMPTY
    if data[4:8] == FILE_IDENTIFIER:
        return FileKind.TFLITE
    if data.startswith(_ZIP_MAGIC):
        return _zip_kind(data)
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    return _kind_by_structure(data[:4096])


def describe(data: bytes) -> str:
    """How a message names these bytes, with their size."""
    kind = file_kind(data)
    return kind.value if kind is FileKind.EMPTY else f"it looks like {kind.value}, {len(data)} bytes"


def _zip_kind(data: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:  # its directory, which comes last, is missing or makes no sense
        return FileKind.BROKEN_ZIP
    if "config.json" in names and any(name.endswith(".weights.h5") for name in names):
        return FileKind.KERAS
    if names and all(name.endswith(".npy") for name in names):
        return FileKind.NPZ
    if any(name.endswith("data.pkl") for name in names):
        return FileKind.TORCH
    return FileKind.ZIP


def _kind_by_structure(head: bytes) -> FileKind:
    """Protocol buffers have no magic number: their first field gives them away."""
    # SavedModel: field 1 (schema version, varint 1), then field 2 (meta graphs).
    if head.startswith(b"\x08\x01\x12"):
        return FileKind.SAVED_MODEL_PB
    # ONNX: field 1 (IR version, a small varint), then field 2 (producer's name) or 7 (graph).
    if head[:1] == b"\x08" and head[2:3] in {b"\x12", b"\x3a"}:
        return FileKind.ONNX
    # A frozen graph: field 1 (a node), whose field 1 is its name.
    if head[:1] == b"\x0a" and b"\x0a" in head[2:4]:
        return FileKind.SAVED_MODEL_PB
    if all(byte >= ord(" ") or byte in b"\t\n\r\f" for byte in head):
        return FileKind.TEXT
    return FileKind.UNKNOWN
