"""Files and folders that are given as models: what each is, and what to do with it."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.load import ModelKind, load_model
from support.small_network import small_network


def refused(path):
    with pytest.raises(InputError) as caught:
        load_model(path)
    return caught.value


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"content")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says", "hint"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "a Git LFS pointer", "git lfs pull"),
        (b"<!DOCTYPE html>\n<html>", "a web page", "raw link"),
        (b'model_checkpoint_path: "m"\n', "a TensorFlow checkpoint", "model.save"),
        (b"\0" * 60 + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", "a TensorFlow checkpoint", "model.save"),
        (b'{"format": "layers-model", "modelTopology": {}}', "a TensorFlow.js model", "tensorflowjs_converter"),
        (b'{"class_name": "Sequential", "config": {}}', "without its weights", "model_from_json"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "a PyTorch checkpoint", "ai-edge-torch"),
        (zipped("archive/data.pkl"), "a PyTorch checkpoint", "ai-edge-torch"),
        (zipped("model/saved_model.pb"), "a SavedModel in a ZIP archive", "Unpack it"),
        (b"\x08\x08\x12\x07pytorch", "an ONNX model", "onnx2tf"),
        (b"\x0a\x12\x0a\x05input", "a frozen graph", "from_frozen_graph"),
        (b"\x40\0\0\0\0\0\0\0" + b'{"w":{"dtype":"F32"}}', "a safetensors file", "model.save"),
        (b"\x18\0\0\0ET12", "an ExecuTorch program", "ai-edge-torch"),
        (b"\x89PNG\r\n", "a picture", "--samples"),
        (b"int main(void) { return 0; }\n", "a text file", "Give a .keras"),
    ],
)
def test_what_it_is_and_what_to_do(tmp_path, content, says, hint):
    (tmp_path / "model.tflite").write_bytes(content)
    error = refused(tmp_path / "model.tflite")
    assert error.message.startswith("model.tflite is not a model that boardproof reads: it looks like ")
    assert says in error.message
    assert hint in error.hint


def c_source(data, name="g_model"):
    return f"// a model\nalignas(16) const unsigned char {name}[] = {{\n  {', '.join(map(hex, data))},\n}};\n"


def test_a_model_as_a_c_array_is_a_model(tmp_path):
    data = small_network()
    length = f"const int g_model_len = {len(data)};\n"
    (tmp_path / "model.cc").write_text('#include "model.h"\n' + c_source(data) + length)
    model = load_model(tmp_path / "model.cc")
    assert model.kind is ModelKind.TFLITE
    assert model.tflite == data
    (tmp_path / "both.h").write_text(c_source(data, "one") + c_source(data, "two"))
    assert refused(tmp_path / "both.h").message == "both.h holds several .tflite models: one, two."
    (tmp_path / "table.h").write_text(c_source(bytes(40)))
    error = refused(tmp_path / "table.h")
    assert error.message == "table.h holds C arrays, but no .tflite among them."
    assert "xxd -i" in error.hint
    (tmp_path / "cut.h").write_text(c_source(data)[:-200])
    assert refused(tmp_path / "cut.h").message == "cut.h is cut short: its last array of bytes has no end."


def test_what_vela_made(tmp_path):
    (tmp_path / "model_vela.tflite").write_bytes(b"\x1c\0\0\0TFL3" + b"\0" * 40 + b"ethos-u\0")
    error = refused(tmp_path / "model_vela.tflite")
    assert error.message.startswith("model_vela.tflite was compiled by Vela for an Ethos-U accelerator")
    assert error.hint.startswith("Give the .tflite from before Vela")


def test_folders_that_are_no_saved_model(tmp_path):
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    assert "or the directory that tf.saved_model.save wrote" in refused(folder).hint
    (folder / "inner" / "saved_model.pb").write_bytes(b"")
    assert refused(folder).hint == f"Give the directory that holds it: {folder / 'inner'}."
    (folder / "a.tflite").write_bytes(b"")
    assert refused(folder).hint == f"Give the model's own file, such as {folder / 'a.tflite'}."
    (folder / "checkpoint").write_bytes(b"")
    assert refused(folder).message == f"{folder} holds a TensorFlow checkpoint: weights only, and no model."


def test_open_sizes_and_fixed_batches(keras_models):
    model = load_model(keras_models["open_shape.keras"], lambda *_: (12, 10, 1))
    assert model.inputs[0].shape == (12, 10, 1)
    assert model.notes
    assert model.network.call([np.zeros((1, 12, 10, 1), np.float32)])[0].shape[0] == 1
    model = load_model(keras_models["fixed_batch.keras"])
    assert model.network.fixed_batch is None
    (spec,) = model.inputs
    assert model.network.call([np.zeros((3, *spec.shape), np.float32)])[0].shape[0] == 3
