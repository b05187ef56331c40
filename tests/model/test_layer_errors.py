"""What quantization costs, layer by layer: the figures, and the causes that are told."""

from __future__ import annotations

import json
from math import log10
from pathlib import Path

import numpy as np
import pytest

import boardproof
from boardproof.cli.commands import run_command
from boardproof.errors import InputError
from boardproof.model.affine import dequantize_array
from boardproof.model.layer_names import layer_of
from boardproof.model.oracle import run_oracle
from boardproof.model.quiet import captured_output
from boardproof.model.samples import Samples, vectors_for
from support.small_network import small_network

pytestmark = pytest.mark.filterwarnings("ignore::boardproof.BoardproofWarning")
RNG_SEED = 7
EXAMPLE = Path(__file__).parents[2] / "examples" / "digits"


def dense(*layers, size=8, weights=()):
    """A Sequential model; `weights`: of some of its layers, by number."""
    with captured_output():
        import keras

        keras.utils.set_random_seed(RNG_SEED)
        model = keras.Sequential([keras.Input((size,), name="given"), *(layer(keras.layers) for layer in layers)])
        for number, values in weights:
            model.layers[number].set_weights(values)
    return model


def normal(samples=200, size=8):
    return np.random.default_rng(RNG_SEED).normal(size=(samples, size)).astype(np.float32)


def causes(inspection):
    return [
        f for f in inspection.findings if f.code in {"dominating-layer", "noisy-outputs", "narrow-column", "outlier"}
    ]


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("m_1/conv2d_1/Relu;m_1/bn_1/batchnorm/mul;m_1/conv2d_1/convolution;m_1/bn/batchnorm/sub1", "conv2d_1"),
        ("m_1/block_1/dense_1/MatMul;m_1/block_1/dense_1/BiasAdd", "block_1/dense_1"),
        ("m_1/add_1/Add", "add_1"),
        ("m_1/a\x1b*/b/Add", "a_/b"),
        ("Identity", None),
        ("", None),
    ],
)
def test_names_of_layers(name, layer):
    assert layer_of(name) == layer


def test_the_last_row_is_what_float_model_and_oracle_say():
    """By another way: Keras' predict, and the oracle's outputs."""
    model, x = dense(lambda k: k.Dense(6, "relu", name="hidden"), lambda k: k.Dense(3, name="last")), normal(60)
    inspection = boardproof.inspect(model, representative=x, errors=True)
    data = boardproof.quantize(model, x)
    output = inspection.graph.output_tensors[0]
    board = run_oracle(data, vectors_for(inspection.graph, Samples({"x": x}))).arrays[0]
    with captured_output():
        exact = model.predict(x, verbose=0).astype(np.float64)
    noise = ((dequantize_array(board, output.quantization)[:, 0] - exact) ** 2).sum()
    signal = ((exact - exact.mean(axis=0)) ** 2).sum()
    given, hidden, last = inspection.errors
    assert (given.layer, given.op, given.operator) == ("given", "input", None)
    assert (hidden.op, last.op) == ("FULLY_CONNECTED", "FULLY_CONNECTED")
    assert hidden.layer.startswith("hidden")
    assert 10 * log10(last.noise) == pytest.approx(10 * log10(noise / signal), abs=0.3)
    assert given.noise == given.rounding == given.added
    assert last.added == pytest.approx(max(0, last.noise - hidden.noise))
    assert given.range == (x.min(), x.max())
    assert not causes(inspection)


def test_a_column_that_the_input_loses():
    """The layer at which it shows is named, and the column that causes it first."""
    columns = (1013, 8), (0.02, 0.01), (20, 6), (40000, 9000)
    rng = np.random.default_rng(RNG_SEED)
    x = np.stack([rng.normal(mean, spread, 300) for mean, spread in columns], 1).astype(np.float32)
    model = dense(
        lambda k: k.Normalization(mean=x.mean(0), variance=x.var(0), name="norm"),
        lambda k: k.Dense(2, name="decide"),
        size=4,
        weights=[(1, [np.array([[0, 0], [-8, 8], [0, 0], [0, 0]]), np.zeros(2)])],
    )
    column, layer = causes(boardproof.inspect(model, representative=x, errors=True))
    assert column.message.startswith("Column 1 (and 2 more) of the array of representative samples spans 0.0")
    assert layer.code == "dominating-layer"
    assert layer.message.startswith("Layer norm")


def test_a_few_values_that_stretch_a_range():
    """One channel of a hidden layer is large for one sample alone; the next layer reads the others."""
    x = np.clip(normal(200), -1, 1)
    x[0] = 1
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(1, 8, 400), scale=0.02)
    weights[..., 0] = 3
    bias = np.zeros(400)
    bias[0] = -18
    last = rng.normal(size=(400, 3))
    last[0] = 0
    model = dense(
        lambda k: k.Reshape((1, 8)),
        lambda k: k.Conv1D(400, 1, activation="relu", name="wide"),
        lambda k: k.Flatten(),
        lambda k: k.Dense(3, name="last"),
        weights=[(1, [weights, bias]), (3, [last, np.zeros(3)])],
    )
    (finding,) = causes(boardproof.inspect(model, representative=x, errors=True))
    assert finding.code == "dominating-layer"
    assert finding.message.startswith("Layer wide")
    assert "a few values stretch its range to 0 to 6, where 99 % of them lie in 0 to 0." in finding.message
    assert "clip them (a ReLU with max_value). Else: Use --scheme int16x8" in finding.hint


def uneven():
    """A hidden layer of four units, one of them 1000 times as large, and a layer that reads the others."""
    weights = np.random.default_rng(1).normal(size=(8, 4)) * [1000, 1, 1, 1]
    last = np.eye(4, 3, k=-1) * [[0], [1], [1], [1]]
    model = dense(
        lambda k: k.Dense(4, name="uneven"),
        lambda k: k.Dense(3, name="last"),
        weights=[(0, [weights, np.zeros(4)]), (1, [last, np.zeros(3)])],
    )
    return causes(boardproof.inspect(model, representative=normal(200), errors=True))


def test_channels_whose_ranges_differ():
    (finding,) = uneven()
    assert finding.code == "dominating-layer"
    assert "of the 4 channels that it reads from uneven" in finding.message
    assert "3 span less than 4 steps of the scale that all share" in finding.message
    assert finding.hint.startswith("Bring the values that matter to like ranges")


def test_units_whose_weights_share_a_scale():
    """A unit's weights are large where its input is small, so that its output is no larger than others'."""
    weights = np.random.default_rng(1).normal(size=(8, 8), scale=0.02)
    weights[:, 0] = [1, 0, 0, 0, 0, 0, 0, 0]
    x = normal(200) * np.float32([0.05] + [1] * 7)
    model = dense(lambda k: k.Dense(8, name="uneven"), weights=[(0, [weights, np.zeros(8)])])
    (finding,) = causes(boardproof.inspect(model, representative=x, errors=True))
    assert finding.message.startswith("Layer ")
    assert "its weights share one scale, of which 7 of its 8 units use less than 8 steps" in finding.message
    assert finding.hint.endswith("(docs/smaller.md) lets the layer learn to live with it.")


def test_with_finer_steps_nothing_is_said():
    x = normal(200)
    x[::100] = 4
    model = dense(lambda k: k.Dense(6, "relu"), lambda k: k.Dense(3))
    eight, sixteen = (
        boardproof.inspect(model, representative=x, errors=True, scheme=scheme) for scheme in ("int8", "int16x8")
    )
    assert sixteen.errors[0].noise < eight.errors[0].noise / 10_000
    assert not causes(sixteen)


def refused(*arguments, **flags):
    with pytest.raises(InputError) as caught:
        boardproof.inspect(*arguments, errors=True, **flags)
    return caught.value


def test_what_has_no_errors_to_measure():
    error = refused(small_network())
    assert error.message.startswith("model.tflite is a .tflite: what it was made from is not in it")
    assert error.hint == "Give the Keras model, with --representative; or leave out --errors."
    model = dense(lambda k: k.Dense(3))
    error = refused(model, scheme="float32")
    assert error.message.endswith("float32 leaves activations in float.")
    assert error.hint == "Choose --scheme int8 or int16x8."
    error = refused(model, representative=normal(1))
    assert error.message == (
        "There is one sample only in the array of representative samples: what varies between samples cannot be told."
    )


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    samples = EXAMPLE / "digits_representative.npz"
    arguments = ["inspect", str(EXAMPLE / "digits.keras"), "--representative", str(samples), "--errors"]
    assert run_command(arguments) == 0
    shown = capsys.readouterr().out.split("What quantization costs")[1]
    assert "depthwise_conv2d_1" in shown
    assert "████" in shown
    assert run_command([*arguments, "--json", "--report", str(tmp_path / "look.html")]) == 0
    page = (tmp_path / "look.html").read_text().split("What quantization costs")[1]
    assert page.count('<td class="bar">') == 7
    rows = json.loads(capsys.readouterr().out)["errors"]
    assert [row["op"] for row in rows][:3] == ["input", "CONV_2D", "DEPTHWISE_CONV_2D"]
    assert len(rows) == 7
    assert all(20 < row["snr_db"] <= row["rounding_db"] + 1 for row in rows)
