"""Model files of every kind, and files that are none."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.conversion import require_no_loops
from boardproof.model.load import ModelKind, load_model, require_model
from boardproof.model.quantize import quantize
from boardproof.model.quiet import captured_output
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from support.keras_models import save_unsafe_saved_model


def refused(path):
    with pytest.raises(InputError) as caught:
        load_model(path)
    return caught.value


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("image.keras", ModelKind.KERAS),
        ("image.h5", ModelKind.KERAS),
        ("saved_model", ModelKind.SAVED_MODEL),
    ],
)
def test_keras_models_load_without_a_sound(keras_models, name, kind, capfd):
    model = load_model(keras_models[name])
    assert model.kind is kind
    assert model.source == name
    assert [spec.shape for spec in model.inputs] == [(8, 8, 1)]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("legacy.h5", "Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}"),
        ("legacy.keras", "Could not locate class 'Functional'"),
        ("legacy_call.h5", "Unknown layer: 'TFOpLambda'"),
    ],
)
def test_what_keras_3_cannot_read_loads_as_keras_2(legacy_models, name, why, capfd):
    import keras

    with pytest.raises((TypeError, ValueError), match=re.escape(why)):
        keras.saving.load_model(legacy_models[name], compile=False)
    capfd.readouterr()
    model = load_model(legacy_models[name])
    assert model.kind is ModelKind.LEGACY_KERAS
    assert model.inputs[0].shape == (8, 8, 1)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def legacy(tmp_path):
    """Saves layers of Keras 2 as an .h5 file, which is given back with the model."""

    def save(shape, *layers, dtype="float32"):
        with captured_output():
            import tf_keras

            made = [getattr(tf_keras.layers, name)(*arguments) for name, *arguments in layers]
            model = tf_keras.Sequential([tf_keras.Input(shape, dtype=dtype), *made])
            model.save(tmp_path / "old.h5", save_format="h5")
        return model, tmp_path / "old.h5"

    return save


def test_the_shorter_conversion_of_a_file_of_keras_2_wins(legacy):
    _, path = legacy((6,), ("Embedding", 10, 4), ("Flatten",), ("Dense", 2), dtype="int32")
    model = load_model(path)
    assert model.kind is ModelKind.LEGACY_KERAS
    assert model.notes == ("converted by tf-keras, which makes fewer operators of Embedding than Keras 3",)
    _, path = legacy((6,), ("Embedding", 10, 4), ("UpSampling1D", 2), ("Flatten",), ("Dense", 2), dtype="int32")
    model = load_model(path)
    assert (model.kind, model.notes) == (ModelKind.KERAS, ())


@pytest.mark.parametrize("layer", ["GRU", "SimpleRNN"])
def test_loops_of_keras_2_are_unrolled_with_the_same_values(legacy, layer):
    made, path = legacy((5, 3), (layer, 4), ("Dense", 2))
    model = load_model(path)
    (name,) = model.network.loops
    assert name.replace("_", "").startswith(layer.lower())
    x = np.random.default_rng(1).standard_normal((7, 5, 3)).astype(np.float32)
    with captured_output():
        expected = np.asarray(made(x))
        (got,) = model.network.call([x])
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    require_no_loops(read_tflite(quantize(model, None, Scheme.FLOAT32)), "old.h5")


def test_a_name_that_is_too_long_is_no_defect():
    with pytest.raises(InputError) as caught:
        require_model(Path("x" * 300))
    assert caught.value.message.endswith("cannot be read: File name too long.")


def test_tflite_loads_as_it_is(tmp_path, mixed_tflite):
    path = tmp_path / "model.tflite"
    path.write_bytes(mixed_tflite)
    model = load_model(path)
    assert model.kind is ModelKind.TFLITE
    assert model.tflite == mixed_tflite
    assert model.inputs[0].shape == (4, 4, 3)


def test_content_counts_not_the_name(keras_models, tmp_path):
    for name, other in (("image.keras", "model.zip"), ("image.h5", "model.keras")):
        path = tmp_path / other
        shutil.copy(keras_models[name], path)
        assert load_model(path).kind is ModelKind.KERAS


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5"])
def test_lambda_is_refused_by_its_layers_name(keras_models, name):
    error = refused(keras_models[name])
    assert error.message.startswith('The layer "lambda')
    assert f"in {name} is a Lambda: it holds code" in error.message
    assert "Rescaling" in error.hint


@pytest.mark.parametrize("name", ["custom.keras", "custom.h5"])
def test_custom_layer_is_named(keras_models, name):
    error = refused(keras_models[name])
    assert error.message == f"{name} needs Doubling, which is not part of Keras; other packages' code is not run."
    assert "Keras's own layers" in error.hint


def rewritten(source, target, change):
    """A copy of a .keras archive with its configuration changed."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, json.dumps(change(json.loads(data))) if name == "config.json" else data)
    return target


@pytest.mark.parametrize(
    "payload",
    [
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"}, "registered_name": None},
        {"module": "keras.utils", "class_name": "get_file", "config": {}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function"},
        {"module": "builtins.x", "class_name": "function", "config": "y", "registered_name": "function"},
        {"class_name": "__lambda__", "config": {"value": "AAAA"}},
        {"class_name": "TFOpLambda", "config": {"name": "w", "function": "io.write_file"}},
        {"class_name": "TFSMLayer", "config": {"filepath": "somewhere"}},
    ],
)
def test_configuration_that_names_code_is_refused_before_keras_sees_it(keras_models, tmp_path, payload):
    def change(config):
        config["config"]["layers"][1]["config"]["kernel_initializer"] = payload
        return config

    error = refused(rewritten(keras_models["image.keras"], tmp_path / "evil.keras", change))
    assert "evil.keras" in error.message
    assert "not run" in error.message


def test_configuration_of_training_is_not_looked_at(keras_models, tmp_path):
    def change(config):
        config["compile_config"] = {"loss": {"module": "my_losses", "class_name": "Mine", "config": {}}}
        return config

    path = rewritten(keras_models["image.keras"], tmp_path / "trained.keras", change)
    assert load_model(path).kind is ModelKind.KERAS


def test_deep_configuration_is_refused(keras_models, tmp_path):
    nested: dict[str, object] = {}
    for _ in range(500):
        nested = {"config": nested}
    error = refused(rewritten(keras_models["image.keras"], tmp_path / "deep.keras", lambda _: nested))
    assert "model configuration in deep.keras is not valid" in error.message


def test_saved_model_that_writes_files_is_refused(tmp_path):
    error = refused(save_unsafe_saved_model(tmp_path))
    assert "contains WriteFile, which reaches outside the model" in error.message
    assert "inference only" in error.hint
    assert not (tmp_path / "written").exists()


def test_a_file_of_a_newer_keras_is_told_with_both_versions(keras_models, tmp_path):
    source, path = zipfile.ZipFile(keras_models["image.keras"]), tmp_path / "new.keras"
    with zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name).replace(b'"class_name": "Conv2D"', b'"class_name": "ConvNext2D"')
            target.writestr(name, b'{"keras_version": "99.1.0"}' if name == "metadata.json" else data)
    error = refused(path)
    assert re.fullmatch(
        r"new.keras was written by Keras 99.1.0; the Keras 3.* that is installed here cannot read it.", error.message
    )
    assert "pip install --upgrade keras" in error.hint


def test_the_only_signature_is_taken_and_several_are_named(tmp_path):
    with captured_output():
        import tensorflow as tf

        class Scaled(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec((None, 3), name="x")])
            def up(self, x):
                return {"y": x * 2.0}

            @tf.function(input_signature=[tf.TensorSpec((None, 3), name="x")])
            def down(self, x):
                return {"y": x / 2.0}

        module = Scaled()
        tf.saved_model.save(module, tmp_path / "one", signatures={"up": module.up})
        tf.saved_model.save(module, tmp_path / "two", signatures={"up": module.up, "down": module.down})
        tf.saved_model.save(module, tmp_path / "none")
    assert load_model(tmp_path / "one").notes == ("the signature up is what runs: one has no other",)
    error = refused(tmp_path / "two")
    assert error.message == "The SavedModel two has no signature serving_default: it has down, up."
    assert error.hint.startswith("Export the one function that the board is to compute")
    assert refused(tmp_path / "none").message.endswith("no signature serving_default: it has none at all.")


def test_open_shapes_are_named(keras_models):
    error = refused(keras_models["open_shape.keras"])
    assert "leaves its shape open: [?, ?, ?, 1]" in error.message
    assert "--input-shape 96,96,3" in error.hint


def test_weights_alone_are_no_model(keras_models):
    error = refused(keras_models["only.weights.h5"])
    assert "only.weights.h5 holds weights only" in error.message
    assert "Save the whole model" in error.hint


@pytest.mark.parametrize("name", ["image.keras", "image.h5"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_files_are_damaged(keras_models, tmp_path, name, share):
    data = keras_models[name].read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * share)])
    error = refused(path)
    assert name in error.message
    assert error.hint
    if name.endswith(".keras"):
        assert error.message == (
            f"{name} is cut short or damaged: its {path.stat().st_size} bytes begin as a .keras file does, but do not "
            "end so."
        )
        assert error.hint == f"Copy {name} again, or save the model again."


FILES = {
    "empty.keras": (b"", "it is empty", "Copy or save"),
    "notes.txt": (b"hello\nworld\n", "a text file, 12 bytes", "SavedModel directory"),
    "net.onnx": (b"\x08\x08\x12\x07pytorch\x1a\x051.9:" + bytes(40), "an ONNX model", "onnx2tf"),
    "graph.pb": (b"\x08\x01\x12\xa0\x10" + bytes(50), "a TensorFlow graph (.pb)", "directory that holds"),
    "noise.tflite": (bytes(range(255, 0, -1)), "a file of unknown kind", "Give a .keras"),
    "program": (b"\x7fELF" + bytes(60), "an ELF executable", "Give a .keras"),
    "old.pkl": (b"\x80\x04\x95" + bytes(20), "a Python pickle", "Give a .keras"),
    "model.tar.gz": (b"\x1f\x8b\x08" + bytes(20), "a gzip archive", "Give a .keras"),
}


@pytest.mark.parametrize("name", FILES)
def test_other_files_are_named_by_what_they_are(tmp_path, name):
    content, what, hint = FILES[name]
    path = tmp_path / name
    path.write_bytes(content)
    error = refused(path)
    assert error.message.startswith(f"{name} is not a model that boardproof reads: ")
    assert what in error.message
    assert hint in error.hint


def test_archives_are_told_apart(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"")
    assert "a numpy archive (.npz)" in refused(tmp_path / "data.npz").message
    assert "a PyTorch checkpoint" in refused(tmp_path / "net.pt").message
    assert "a ZIP archive" in refused(tmp_path / "photos.zip").message


def test_missing_file_and_wrong_directory(tmp_path):
    assert refused(tmp_path / "none.keras").message == f"There is no file {tmp_path / 'none.keras'}."
    error = refused(tmp_path)
    assert "is a directory, but not a SavedModel" in error.message
    assert "tf.saved_model.save" in error.hint


def test_damaged_saved_model(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 100)
    assert "saved_model.pb is damaged" in refused(tmp_path).message
