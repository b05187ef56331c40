"""LSTMs of Keras models in int8: one operator each, which begins at zero with each sample."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.model.affine import dequantize_array
from boardproof.model.given import open_model
from boardproof.model.intermediates import run_oracle_tensors
from boardproof.model.oracle import oracle_available, run_litert, run_oracle
from boardproof.model.quantize import float_twin, quantize_noting
from boardproof.model.recurrence import is_fusable
from boardproof.model.rewrite.editing import Editor
from boardproof.model.rewrite.rewrite import mend
from boardproof.model.samples import Samples, Vectors, vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.variables import check_states, is_stateful, keeps_sequences
from boardproof.settings import settings_for

STEPS, DEPTH = 6, 5
SAMPLES = Samples({"x": np.random.default_rng(0).normal(size=(60, STEPS, DEPTH)).astype(np.float32)})
OPERATOR = "UNIDIRECTIONAL_SEQUENCE_LSTM"

needs_oracle = pytest.mark.skipif(not oracle_available(), reason="no tflite_micro on this machine")


def network(layers, kind):
    import keras

    keras.utils.set_random_seed(1)
    inputs = keras.Input((STEPS, DEPTH))
    pieces = layers.TimeDistributed(layers.LSTM(3))
    outputs = {
        "plain": layers.LSTM(6),
        "backwards, all steps": lambda x: layers.Flatten()(layers.LSTM(4, return_sequences=True, go_backwards=True)(x)),
        "both ways, stacked": lambda x: layers.LSTM(3)(layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)),
        "a cell without bias": layers.RNN(layers.LSTMCell(5, use_bias=False)),
        "several at once": lambda x: layers.Flatten()(pieces(layers.Reshape((2, 3, DEPTH))(x))),
        "before a GRU": lambda x: layers.GRU(3)(layers.LSTM(4, return_sequences=True)(x)),
        "a first state": lambda x: layers.LSTM(4)(x, initial_state=[layers.Dense(4)(layers.Flatten()(x))] * 2),
    }[kind](inputs)
    model = keras.Model(inputs, layers.Dense(3)(outputs))
    for weight in model.weights:
        weight.assign(1.5 * np.asarray(weight.numpy()))
    return model


@pytest.fixture(scope="module")
def quantized():
    """From a kind to the Keras model, its .tflite and the notes, made once each."""
    import keras

    made = {}

    def get(kind):
        if kind not in made:
            model = network(keras.layers, kind)
            made[kind] = model, quantize_noting(open_model(model), SAMPLES, Scheme.INT8)
        return made[kind]

    return get


def count(data):
    return sum(operator.name == OPERATOR for operator in read_tflite(data).operators)


FUSED = {
    "plain": 1,
    "backwards, all steps": 1,
    "both ways, stacked": 3,
    "a cell without bias": 1,
    "several at once": 2,
    "before a GRU": 1,
}
"""How many operators each becomes."""


@needs_oracle
@pytest.mark.parametrize("kind", FUSED)
def test_an_lstm_is_one_operator_that_begins_with_each_sample(kind, quantized):
    model, made = quantized(kind)
    graph = read_tflite(made.data)
    assert count(made.data) == FUSED[kind]
    assert not is_stateful(graph)
    assert not keeps_sequences(graph)
    assert made.notes[0].endswith("which begins at zero with each sample")
    inputs = vectors_for(graph, SAMPLES)
    outputs = run_oracle(made.data, inputs).arrays[0]
    backwards = run_oracle(made.data, Vectors(tuple(array[::-1] for array in inputs.arrays))).arrays[0]
    np.testing.assert_array_equal(outputs, backwards[::-1], "a sample does not depend on those before it")
    expected = np.asarray(model(SAMPLES.inputs["x"]))
    noise = dequantize_array(outputs, graph.output_tensors[0].quantization).reshape(expected.shape) - expected
    assert np.std(noise) < 0.06 * np.std(expected), "with the scale of what an output is joined to: about 0.5"
    differs = run_litert(made.data, inputs).arrays[0].astype(int) - outputs
    assert np.abs(differs).mean() < 0.5, "LiteRT rounds once where TensorFlow Lite Micro rounds twice, at each step"


def test_one_with_a_first_state_is_unrolled(quantized):
    _, made = quantized("a first state")
    assert count(made.data) == 0
    assert made.notes[-1].startswith("recurrent layers were unrolled, with the same values: lstm")


def test_other_layers_are_no_lstms():
    from keras import layers

    assert is_fusable(layers.LSTM(3))
    for layer in (
        layers.LSTM(3, activation="relu"),
        layers.LSTM(3, recurrent_activation="hard_sigmoid"),
        layers.LSTM(3, stateful=True),
        layers.LSTM(3, return_state=True),
        layers.GRU(3),
        layers.RNN(layers.GRUCell(3)),
        layers.Dense(3),
    ):
        assert not is_fusable(layer)


def test_unrolling_can_be_asked_for(quantized):
    model, _ = quantized("plain")
    made = quantize_noting(open_model(model), SAMPLES, Scheme.INT8, unroll=True)
    assert count(made.data) == 0
    assert made.notes == (f"recurrent layers were unrolled, with the same values: {model.layers[1].name}",)


def test_the_runtime_tflm_has_lstms_unrolled():
    assert settings_for(b"", {"runtime": "tflm"}).unrolls
    assert settings_for(b"", {"unroll": True}).unrolls
    assert not settings_for(b"").unrolls


def test_the_users_model_is_left_as_it_was(quantized):
    model, _ = quantized("both ways, stacked")
    for layer in model._flatten_layers():
        assert "inner_loop" not in vars(layer)
        assert getattr(layer, "unroll", False) is False


def test_the_float_twin_has_the_same_operators(quantized):
    model, made = quantized("both ways, stacked")
    twin = float_twin(open_model(model), Scheme.INT8)
    assert count(twin) == count(made.data)
    assert not is_stateful(read_tflite(twin))


@needs_oracle
def test_states_are_not_compared_operator_by_operator(quantized):
    """What was written there at the beginning, the LSTM has changed at the end."""
    _, made = quantized("plain")
    graph = read_tflite(made.data)
    tensors = run_oracle_tensors(made.data, vectors_for(graph, SAMPLES), 0)
    states = {tensor.index for tensor in graph.tensors if tensor.is_variable}
    assert len(states) == 2
    assert tensors.keys().isdisjoint(states)


def test_a_state_holds_all_steps(quantized):
    """Cells that grow and are forgotten again before the last step: a scale of the last step would cut them off."""
    import keras

    inputs = keras.Input((STEPS, 1))
    model = keras.Model(inputs, keras.layers.LSTM(1)(inputs))
    model.layers[1].set_weights(
        [np.float32([[9, -20, 9, 9]]), np.full((1, 4), 1e-3, np.float32), np.float32([9, 9, 0, 9])]
    )  # 0.4 adds nearly one to the cell, 2 empties it
    steps = np.random.default_rng(0).uniform(0.3, 0.4, (40, STEPS, 1)).astype(np.float32)
    steps[:, -1] += 1.6
    made = quantize_noting(open_model(model), Samples({"x": steps}), Scheme.INT8)
    (operator,) = [op for op in read_tflite(made.data).operators if op.name == OPERATOR]
    cell = read_tflite(made.data).tensors[operator.cell_state].quantization.scale
    assert cell * 2**15 == 8, "of 6 steps; the last leaves 1"


def test_a_state_that_is_read_before_it_begins_is_refused(quantized):
    _, made = quantized("plain")
    editor = Editor(made.data)
    pads = [op for op in editor.graph.operators if editor.name(op) == "PAD"]
    editor.graph.operators = [*(op for op in editor.graph.operators if op not in pads), *pads]
    graph = read_tflite(editor.packed())
    assert is_stateful(graph)
    assert {problem.what for problem in check_states(graph)} == {"keeps its value between inferences, but is computed"}


@needs_oracle
def test_what_moves_or_clamps_integers_keeps_their_scale():
    """The converter gives it that of what follows; REVERSE_V2 moves the same integers, and RELU6 clamps them."""
    import keras

    inputs = keras.Input((STEPS, DEPTH))
    turned = keras.ops.flip(keras.activations.relu6(inputs), axis=1)
    model = keras.Model(inputs, keras.layers.Concatenate()([turned, 3 * inputs]))
    made = quantize_noting(open_model(model), SAMPLES, Scheme.INT8)
    graph = read_tflite(made.data)
    assert made.notes == ()
    (reverse,) = [op for op in graph.operators if op.name == "REVERSE_V2"]
    (clamp,) = [op for op in graph.operators if op.name == "RELU6"]
    for operator in (reverse, clamp):
        before, after = (graph.tensors[index].quantization for index in (operator.input, operator.output))
        assert before == after
    outputs = run_oracle(made.data, vectors_for(graph, SAMPLES)).arrays[0]
    expected = np.asarray(model(SAMPLES.inputs["x"]))
    real = dequantize_array(outputs, graph.output_tensors[0].quantization).reshape(expected.shape)
    assert np.abs(real - expected).max() < 1.5 * graph.output_tensors[0].quantization.scale


def test_a_network_without_lstms_is_left_alone():
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    made = quantize_noting(open_model(model), Samples({"x": np.random.default_rng(0).random((30, 4))}), Scheme.INT8)
    assert mend(made.data).data == made.data
    assert made.notes == ()
