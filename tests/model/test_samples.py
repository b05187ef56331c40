"""Samples from files, and what becomes of them on the way to a network's inputs."""

from __future__ import annotations

import contextlib
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array, quantize_array
from boardproof.model.data.read import read_data
from boardproof.model.graph import DType, Quantization
from boardproof.model.samples import InputSpec, Samples, arrays_for, input_specs, vectors_for
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from support.flatbuffer_models import ModelBuilder
from support.keras_layers import CASES, quantized_case

IMAGE = InputSpec("image", (8, 6, 3))
GRAY = InputSpec("gray", (8, 6, 1))


def network(*tensors):
    """A graph with these inputs, as keyword arguments of ModelBuilder.add_tensor."""
    builder = ModelBuilder()
    inputs = [builder.add_tensor(**tensor) for tensor in tensors]
    return read_tflite(builder.build(inputs, inputs))


def refused(call, *args):
    with pytest.raises(InputError) as caught:
        call(*args)
    assert caught.value.hint
    return caught.value


# --- files


def test_npz_with_labels(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.ones((3, 2)), y=[0, 1, 2])
    samples = read_data(tmp_path / "data.npz")
    assert list(samples.inputs) == ["x"]
    assert samples.source == "data.npz"
    np.testing.assert_array_equal(samples.labels, [0, 1, 2])


def test_compressed_npz_with_several_inputs(tmp_path):
    np.savez_compressed(tmp_path / "data.npz", x0=np.ones((3, 2)), x1=np.zeros((3, 4)), labels=[0, 1, 2])
    samples = read_data(tmp_path / "data.npz")
    assert list(samples.inputs) == ["x0", "x1"]
    assert samples.labels is not None


def test_words_of_several_outputs_are_numbered_apart(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.ones((3, 2)), y0=["b", "a", "b"], y1=np.array(["é".encode(), b"z", b"z"]))
    samples = read_data(tmp_path / "data.npz")
    np.testing.assert_array_equal(samples.labels, [1, 0, 1])
    np.testing.assert_array_equal(samples.further[0], [1, 0, 0])
    np.savez(tmp_path / "data.npz", x=np.ones((2, 2)), y=[["a", "b"], ["b", "c"]])
    error = refused(read_data, tmp_path / "data.npz")
    assert error.message == "The labels of data.npz are words in an array of shape [2, 2]: several for a sample."
    assert "rows of 0 and 1" in error.hint


def test_an_open_size_is_that_of_the_array_of_its_name():
    samples = Samples({"image": np.ones((5, 8, 6, 3)), "extra": np.ones((5, 4))})
    assert samples.size(0, (None, None, 3), "image") == (8, 6, 3)
    assert samples.size(0, (None,), "input_1") == (4,)  # of no such name: in the order of the names


def test_arrays_of_one_shape_are_parted_among_the_inputs():
    specs = (InputSpec("a", (4,)), InputSpec("b", (4,)))
    one, other = arrays_for(specs, Samples({"x": np.arange(24).reshape(2, 3, 4)}))
    np.testing.assert_array_equal(one, np.arange(12).reshape(3, 4))
    np.testing.assert_array_equal(other, np.arange(12, 24).reshape(3, 4))


def test_npy_is_the_input(tmp_path):
    np.save(tmp_path / "data.npy", np.ones((3, 2), np.int8))
    samples = read_data(tmp_path / "data.npy")
    assert samples.inputs["x"].dtype == np.int8
    assert samples.labels is None


@pytest.mark.parametrize("name", ["data.npz", "data.npy"])
def test_pickled_objects_are_never_loaded(tmp_path, name):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was executed",))

    array = np.array([Bomb()], dtype=object)
    np.savez(tmp_path / name, x=array) if name.endswith("z") else np.save(tmp_path / name, array)
    error = refused(read_data, tmp_path / name)
    assert error.message == f"{name} holds Python objects, which are never loaded."
    assert "plain numeric arrays" in error.hint


@pytest.mark.parametrize("name", ["data.npz", "data.npy"])
@pytest.mark.parametrize("keep", [20, 100, 500])
def test_truncated_files_are_damaged(tmp_path, name, keep):
    path = tmp_path / name
    array = np.random.default_rng(0).random((40, 40))
    np.savez_compressed(path, x=array) if name.endswith("z") else np.save(path, array)
    path.write_bytes(path.read_bytes()[:keep])
    error = refused(read_data, path)
    assert error.message == f"{name} is damaged."
    assert "cut short" in error.hint


def test_other_files_are_named(tmp_path):
    (tmp_path / "data.npz").write_text("x,y\n1,2\n")
    error = refused(read_data, tmp_path / "data.npz")
    assert error.message == "data.npz does not hold samples: it looks like a text file, 8 bytes."
    assert "numpy.savez" in error.hint
    assert "There is no file" in refused(read_data, tmp_path / "none.npz").message


def test_archive_without_inputs_or_with_something_else(tmp_path):
    np.savez(tmp_path / "labels.npz", y=[1])
    assert refused(read_data, tmp_path / "labels.npz").message == "labels.npz holds no inputs."
    np.savez(tmp_path / "both.npz", x=[1], y=[1], labels=[1])
    assert refused(read_data, tmp_path / "both.npz").message == "both.npz holds several arrays of labels."
    np.savez(tmp_path / "both.npz", x=[1], y0=[1], y1=[2], labels=[1])
    assert refused(read_data, tmp_path / "both.npz").message == "both.npz holds several arrays of labels."
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("x.npy", b"no array")
    assert refused(read_data, tmp_path / "other.npz").message == "other.npz is damaged."


def test_labels_of_several_outputs_are_numbered(tmp_path):
    np.savez(tmp_path / "data.npz", x=[[1], [2]], y_1=[3, 4], y_0=["b", "a"])
    samples = read_data(tmp_path / "data.npz")
    np.testing.assert_array_equal(samples.labels, [1, 0])
    assert [labels.tolist() for labels in samples.further] == [[3, 4]]
    assert sorted(samples.inputs) == ["x"]


def test_archive_that_unpacks_to_too_much_is_refused(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros(4))
    data = bytearray((tmp_path / "data.npz").read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")  # the directory's unpacked size
    data[entry + 20 : entry + 24] = (0xFFFFFFF0).to_bytes(4, "little")
    (tmp_path / "data.npz").write_bytes(data)
    assert refused(read_data, tmp_path / "data.npz").message == "data.npz is damaged."


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_end_in_arrays_or_an_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.npz"
    if data.draw(st.booleans()):
        np.savez_compressed(path, x=np.arange(30), y=np.arange(3))
    else:
        with path.open("wb") as file:
            np.save(file, np.arange(30.0))
    content = bytearray(path.read_bytes())
    for position in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=6)):
        content[position] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    with contextlib.suppress(InputError):
        assert all(isinstance(array, np.ndarray) for array in read_data(path).inputs.values())


# --- shapes


@pytest.mark.parametrize(
    ("given_shape", "spec"),
    [
        ((5, 8, 6, 3), IMAGE),
        ((5, 1, 8, 6, 3), IMAGE),
        ((8, 6, 3), IMAGE),
        ((5, 8, 6), GRAY),
        ((8, 6), GRAY),
        ((5, 8, 6, 1), GRAY),
        ((5,), InputSpec("x", (1,))),
        ((5, 1), InputSpec("x", (1,))),
        ((5,), InputSpec("x", ())),
    ],
)
def test_absent_axes_of_size_1_are_added(given_shape, spec):
    array = np.arange(np.prod(given_shape)).reshape(given_shape)
    (fitted,) = arrays_for((spec,), Samples({"x": array}))
    assert fitted.shape[1:] == spec.shape
    np.testing.assert_array_equal(fitted.ravel(), array.ravel())


@pytest.mark.parametrize(
    ("given_shape", "spec", "hint"),
    [
        ((5, 3, 8, 6), IMAGE, "channels come first: move them last with numpy.moveaxis(x, 1, -1)"),
        ((5, 6, 3, 8), IMAGE, "Its axes are in another order: x.transpose(0, 3, 1, 2)."),
        ((5, 6, 8, 3), IMAGE, "Its axes are in another order: x.transpose(0, 2, 1, 3)."),
        ((5, 8, 6, 1), IMAGE, "The model takes 3 channels and the data has 1"),
        ((5, 8, 6), IMAGE, "Prepare the data exactly"),
        ((5, 144), IMAGE, "reshape with x.reshape(-1, 8, 6, 3)"),
        ((5, 28, 28, 3), IMAGE, "Prepare the data exactly"),
        ((), IMAGE, "Prepare the data exactly"),
    ],
)
def test_wrong_shapes_say_what_was_expected(given_shape, spec, hint):
    error = refused(arrays_for, (spec,), Samples({"x": np.zeros(given_shape)}, source="data.npz"))
    assert error.message == f"x in data.npz has shape {list(given_shape)}; the model takes [samples, 8, 6, 3]."
    assert hint in error.hint


def test_arrays_are_matched_by_name_else_by_order():
    specs = (InputSpec("b", (1,)), InputSpec("a", (2,)))
    named = arrays_for(specs, Samples({"a": np.zeros((4, 2)), "b": np.zeros((4, 1))}))
    assert [array.shape for array in named] == [(4, 1), (4, 2)]
    many = tuple(InputSpec(f"input {i}", (i + 1,)) for i in range(11))
    ordered = arrays_for(many, Samples({f"x{i}": np.zeros((4, i + 1)) for i in reversed(range(11))}))
    assert [array.shape[1] for array in ordered] == list(range(1, 12))


def test_number_of_arrays_must_be_that_of_inputs():
    error = refused(arrays_for, (IMAGE,), Samples({"a": np.zeros(1), "b": np.zeros(1)}, source="data.npz"))
    assert error.message == "data.npz holds 2 input arrays (a, b); the model has 1 input."
    assert error.hint == (
        "Call the inputs x and the labels y, and leave out the rest: numpy.savez(path, x=inputs, y=labels)."
    )
    error = refused(arrays_for, (IMAGE, GRAY), Samples({f"a{i}": np.zeros(1) for i in range(9)}, source="data.npz"))
    assert error.message == (
        "data.npz holds 9 input arrays (a0, a1, a2, a3, a4, a5, a6, a7, …); the model has 2 inputs."
    )
    assert error.hint == "Give one array per input: image, gray; labels are to be called y."


@pytest.mark.parametrize(("x", "y"), [("data", "truth"), ("in", "out")])
def test_arrays_of_other_names_are_told_with_the_right_ones(tmp_path, x, y):
    np.savez(tmp_path / "data.npz", **{x: np.zeros((2, 8, 6, 3)), y: np.zeros(2)})
    error = refused(arrays_for, (IMAGE,), read_data(tmp_path / "data.npz"))
    assert error.message == f"data.npz holds 2 input arrays ({x}, {y}); the model has 1 input."
    assert "Call the inputs x and the labels y" in error.hint


def test_arrays_must_have_as_many_samples():
    specs = (InputSpec("a", (2,)), InputSpec("b", (2,)))
    error = refused(arrays_for, specs, Samples({"a": np.zeros((3, 2)), "b": np.zeros((4, 2))}, source="data.npz"))
    assert "different numbers of samples (a: 3, b: 4)" in error.message


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_located(bad):
    array = np.zeros((5, 4), np.float32)
    array[3, 1] = bad
    error = refused(arrays_for, (InputSpec("x", (4,)),), Samples({"x": array}, source="data.npz"))
    assert error.message == "x in data.npz holds NaN or infinity, first in sample 3."
    assert "divides by zero" in error.hint


@pytest.mark.parametrize("array", [np.array([["a"]]), np.zeros((1, 1), complex), np.zeros((1, 1), "datetime64[s]")])
def test_other_dtypes_are_refused(array):
    error = refused(arrays_for, (InputSpec("x", (1,)),), Samples({"x": array}, source="data.npz"))
    assert error.message == f"x in data.npz has dtype {array.dtype}, not numbers."


def test_no_samples_at_all():
    error = refused(arrays_for, (InputSpec("x", (4,)),), Samples({"x": np.zeros((0, 4))}, source="data.npz"))
    assert error.message == "x in data.npz holds no samples."


def test_names_that_a_saved_model_decorates_are_found():
    graph = network({"shape": (1, 2), "name": "serving_default_image:0"})
    assert input_specs(graph)[0].name == "image"


# --- values


QUANTIZATION = Quantization((0.5,), (-3,))


def test_quantization_rounds_halves_away_from_zero_and_saturates():
    values = np.array([0.0, 0.25, 0.74, -0.25, -0.74, 0.76, 1000.0, -1000.0], np.float32)
    quantized = quantize_array(values, QUANTIZATION, np.dtype(np.int8))
    np.testing.assert_array_equal(quantized, [-3, -2, -2, -4, -4, -1, 127, -128])


@given(st.floats(2**-20, 2**20, width=32), st.integers(-128, 127), st.integers(0, 2**32))
def test_quantized_values_survive_a_round_trip(scale, zero_point, seed):
    quantization = Quantization((scale,), (zero_point,))
    values = np.random.default_rng(seed).integers(-128, 128, 50).astype(np.int8)
    real = dequantize_array(values, quantization)
    np.testing.assert_array_equal(quantize_array(real, quantization, np.dtype(np.int8)), values)


def test_quantization_is_that_of_the_quantize_operator():
    """Bit for bit what tflite_micro's QUANTIZE makes of the same values."""
    from boardproof.model.oracle import run_oracle

    builder = ModelBuilder()
    x = builder.add_tensor((1, 500), "float32")
    y = builder.add_tensor((1, 500), scale=0.1, zero_point=5)
    builder.add_operator("QUANTIZE", [x], [y])
    data = builder.build([x], [y])
    graph = read_tflite(data)
    steps = np.arange(-2500, 2500) / 2  # every half step, where rounding shows, and beyond the range
    values = (steps.reshape(-1, 500) * np.float32(0.1)).astype(np.float32)
    outputs = run_oracle(data, vectors_for(graph, Samples({"x": values}))).arrays[0]
    expected = quantize_array(values, graph.output_tensors[0].quantization, np.dtype(np.int8))
    np.testing.assert_array_equal(outputs[:, 0], expected)


def test_data_of_the_tensors_type_is_taken_as_it_is():
    graph = network({"shape": (1, 4), "scale": 0.5, "zero_point": -3})
    array = np.array([[-128, -1, 0, 127]], np.int8)
    (vector,) = vectors_for(graph, Samples({"x": array})).arrays
    assert vector.shape == (1, 1, 4)
    np.testing.assert_array_equal(vector[0], array)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64, np.bool_])
def test_other_data_is_real_values(dtype):
    graph = network({"shape": (1, 4), "scale": 0.5, "zero_point": -3})
    (vector,) = vectors_for(graph, Samples({"x": np.array([[0, 1, 1, 0]]).astype(dtype)})).arrays
    assert vector.dtype == np.int8
    np.testing.assert_array_equal(vector[0, 0], [-3, -1, -1, -3])


def test_tensors_that_are_not_quantized_are_cast_only_without_loss():
    graph = network({"shape": (1, 2), "dtype": "int32", "name": "index"})
    (vector,) = vectors_for(graph, Samples({"x": np.array([[1.0, 2.0]])})).arrays
    assert vector.dtype == np.int32
    for values in ([1.5, 2.0], [1e12, 2.0]):
        error = refused(vectors_for, graph, Samples({"x": np.array([values])}, source="data.npz"))
        assert error.message == "data.npz holds float64 values that do not fit int32, the type of index."


def test_strings_cannot_be_fed():
    graph = network({"shape": (1, 2), "dtype": "string", "name": "words"})
    for call in (lambda: vectors_for(graph, Samples({"x": np.zeros((1, 2))})), lambda: random_vectors(graph, 1, 0)):
        with pytest.raises(InputError, match="words takes string"):
            call()


# --- random


def test_random_vectors_reach_the_whole_range():
    graph = network(
        {"shape": (1, 3, 50), "scale": 0.5, "zero_point": -3},
        {"shape": (1, 50), "dtype": "int16", "scale": 0.5},
        {"shape": (1, 50), "dtype": "float32"},
        {"shape": (1, 50), "dtype": "bool"},
        {"shape": (50,), "dtype": "int64"},
    )
    vectors = random_vectors(graph, 30, seed=1)
    assert vectors.samples == 30
    first, wide, real, flag, index = vectors.arrays
    assert [array.shape for array in vectors.arrays] == [(30, 1, 3, 50), *[(30, 1, 50)] * 3, (30, 50)]
    assert [array.dtype for array in vectors.arrays] == [tensor.dtype.numpy for tensor in graph.input_tensors]
    assert set(first[5:].ravel()) == set(range(-128, 128))
    assert (first[1] == -128).all()
    assert (first[2] == 127).all()
    assert (first[3] == -3).all()
    assert set(first[4].ravel()) == {-128, 127}
    assert (wide.min(), wide.max()) == (-(2**15), 2**15 - 1)
    assert np.isfinite(real).all()
    assert set(flag.ravel()) == {False, True}
    assert (index.min() >= 0, index.max() < 100) == (True, True)


def test_random_vectors_depend_on_the_seed_alone():
    graph = network({"shape": (1, 50), "scale": 0.5})
    same = [random_vectors(graph, 3, seed=4).arrays[0] for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert (random_vectors(graph, 3, seed=5).arrays[0] != same[0]).any()


def test_a_single_random_vector_is_not_an_extreme():
    graph = network({"shape": (1, 50), "scale": 0.5})
    assert len(set(random_vectors(graph, 1, seed=0).arrays[0].ravel())) > 10


def test_no_random_vectors():
    error = refused(random_vectors, network({"shape": (1, 2)}), 0, 0)
    assert error.message == "0 random samples were asked for."


def test_graph_input_types_are_known():
    assert input_specs(network({"shape": (1, 2)}))[0].dtype is DType.FLOAT32


def test_random_indices_are_in_the_table():
    """Also where the index is computed of the input, as Keras' Embedding does for negative ones."""
    case = CASES["Embedding"]
    graph = read_tflite(quantized_case(case, "embedding")[0])
    (array,) = random_vectors(graph, 200, seed=0).arrays
    assert (array.min(), array.max()) == (0, case.highest - 1)
