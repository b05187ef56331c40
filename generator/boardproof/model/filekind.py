"""What a file is, by its content, so that an error can name what it was given."""

from __future__ import annotations

import io
import re
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
    C_ARRAY = "a .tflite as a C array"
    ARCHITECTURE = "a Keras model's architecture without its weights (.json)"
    CHECKPOINT = "a TensorFlow checkpoint, which holds weights only"
    TENSORFLOW_JS = "a TensorFlow.js model"
    TORCH = "a PyTorch checkpoint"
    EXECUTORCH = "an ExecuTorch program"
    SAFETENSORS = "a safetensors file, which holds weights only"
    ONNX = "an ONNX model"
    SAVED_MODEL_PB = "a TensorFlow graph (.pb)"
    SAVED_MODEL_ZIP = "a SavedModel in a ZIP archive"
    FROZEN_GRAPH = "a frozen graph of TensorFlow 1 (.pb)"
    GIT_LFS = "a Git LFS pointer, which stands for a file that was not fetched"
    WEB_PAGE = "a web page"
    PICTURE = "a picture"
    SOUND = "a WAV recording"
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
    (b"\x89PNG", FileKind.PICTURE),
    (b"\xff\xd8\xff", FileKind.PICTURE),
    (b"GIF8", FileKind.PICTURE),
    (b"II*\0", FileKind.PICTURE),
    (b"MM\0*", FileKind.PICTURE),
    (b"RIFF", FileKind.SOUND),
    (b"version https://git-lfs", FileKind.GIT_LFS),
    (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", FileKind.TORCH),
    (b"\x80\x02", FileKind.PICKLE),
    (b"\x80\x04", FileKind.PICKLE),
    (b"\x80\x05", FileKind.PICKLE),
)

_ZIP_MAGIC = b"PK\x03\x04"
_FLATBUFFERS = {FILE_IDENTIFIER: FileKind.TFLITE, b"ET12": FileKind.EXECUTORCH}
"""By the identifier after the first offset."""

_TABLE_END = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
"""How a checkpoint's index ends: LevelDB's tables have their number last."""

_C_ARRAY = re.compile(rb"\[[^\]]*\]\s*(\w+\s*)*(\([^{;]*\)\s*)*=\s*\{\s*(0[xX][0-9a-fA-F]{1,2}|\d{1,3})\s*,")
_C_HEAD_BYTES = 64 << 10
"""Licences and comments may come before the array."""


def file_kind(data: bytes) -> FileKind:
    """What these bytes are; the whole file when it is a ZIP archive, else its first few hundred bytes are enough."""
    if not data:
        return FileKind.EMPTY
    if data[4:8] in _FLATBUFFERS:
        return _FLATBUFFERS[data[4:8]]
    if data.startswith(_ZIP_MAGIC):
        return _zip_kind(data)
    if data.endswith(_TABLE_END):
        return FileKind.CHECKPOINT
    webp = data.startswith(b"RIFF") and data[8:12] == b"WEBP"
    if webp or (data.startswith(b"BM") and data[6:10] == bytes(4)):  # a table may begin so, too: BMI, age, …
        return FileKind.PICTURE
    known = (kind for magic, kind in _MAGIC if data.startswith(magic))
    return next(known, None) or _kind_by_structure(data[:_C_HEAD_BYTES])


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
    if any(name.endswith("saved_model.pb") for name in names):
        return FileKind.SAVED_MODEL_ZIP
    return FileKind.ZIP


def _kind_by_structure(head: bytes) -> FileKind:
    """Protocol buffers have no magic number: their first field gives them away."""
    # SavedModel: field 1 (schema version, varint 1), then field 2 (meta graphs).
    if head.startswith(b"\x08\x01\x12"):
        return FileKind.SAVED_MODEL_PB
    # ONNX: field 1 (IR version, a small varint), then field 2 (producer's name) or 7 (graph).
    if head[:1] == b"\x08" and head[2:3] in {b"\x12", b"\x3a"}:
        return FileKind.ONNX
    if head[8:10] == b'{"' and head[4:8] == bytes(4):
        return FileKind.SAFETENSORS
    if all(byte >= ord(" ") or byte in b"\t\n\r\f" for byte in head):
        return _kind_of_text(head)
    # A frozen graph: field 1 (a node), whose field 1 is its name.
    if head[:1] == b"\x0a" and b"\x0a" in head[2:4]:
        return FileKind.FROZEN_GRAPH
    return FileKind.UNKNOWN


def _kind_of_text(head: bytes) -> FileKind:
    start = head[:4096].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return FileKind.WEB_PAGE
    if b"model_checkpoint_path" in start:
        return FileKind.CHECKPOINT
    if b'"modeltopology"' in start:
        return FileKind.TENSORFLOW_JS
    if start.startswith(b"{") and b'"class_name"' in start:
        return FileKind.ARCHITECTURE
    return FileKind.C_ARRAY if _C_ARRAY.search(head) else FileKind.TEXT
