"""How large a model's files are, each as it is and compressed."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from boardproof.ladder.results import Sizes
from boardproof.model.keras_weights import give_weights


def plain(model: Any) -> Any:  # noqa: ANN401 a Keras model
    """The model without its optimizer, which is twice its size and of no use to who runs it."""
    import keras

    bare = keras.models.clone_model(model)
    give_weights(bare, model.get_weights())
    bare.optimizer, bare.compiled = None, False  # a clone of a compiled model is compiled
    return bare


def sizes_of(model: Any, tflite: bytes) -> Sizes:  # noqa: ANN401
    """Bytes of a model as each kind of file."""
    with tempfile.TemporaryDirectory(prefix="boardproof-ladder-") as scratch:
        keras_file, saved = Path(scratch, "model.keras"), Path(scratch, "saved")
        bare = plain(model)
        bare.save(keras_file)
        bare.export(saved, verbose=False)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(saved, arcname="saved")
        as_keras = keras_file.read_bytes()
        return Sizes(
            keras=len(as_keras),
            keras_gzip=_gzipped(as_keras),
            saved_model=sum(path.stat().st_size for path in saved.rglob("*") if path.is_file()),
            saved_model_gzip=_gzipped(archive.getvalue()),
            tflite=len(tflite),
            tflite_gzip=_gzipped(tflite),
        )


def _gzipped(data: bytes) -> int:
    return len(gzip.compress(data, mtime=0))
