"""The oracle's tensors in between."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import ToolError
from boardproof.model import intermediates
from boardproof.model.intermediates import run_oracle_tensors
from boardproof.model.oracle import oracle_available, run_oracle
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from support.flatbuffer_models import ModelBuilder

needs_oracle = pytest.mark.skipif(not oracle_available(), reason="no tflite_micro on this machine")


def relu_then_relu6() -> bytes:
    builder = ModelBuilder()
    x, y, z = (builder.add_tensor((1, 8), scale=0.25) for _ in range(3))
    builder.add_operator("RELU", [x], [y])
    builder.add_operator("RELU6", [y], [z])
    return builder.build([x], [z])


@needs_oracle
def test_every_operators_output_is_there_and_keeping_them_changes_nothing():
    data = relu_then_relu6()
    graph = read_tflite(data)
    inputs = random_vectors(graph, 4, seed=1)
    first, second = (operator.output for operator in graph.operators)
    outputs = run_oracle(data, inputs).arrays[0]
    for sample in range(4):
        tensors = run_oracle_tensors(data, inputs, sample)
        assert sorted(tensors) == sorted([first, second])
        np.testing.assert_array_equal(tensors[first], np.maximum(inputs.arrays[0][sample], 0))
        np.testing.assert_array_equal(tensors[second], outputs[sample])
        assert tensors[first].dtype == np.int8


def test_without_the_oracle_the_error_says_so(monkeypatch):
    monkeypatch.setattr(intermediates, "oracle_available", lambda: False)
    with pytest.raises(ToolError) as caught:
        run_oracle_tensors(b"", None, 0)
    assert "tflite_micro" in caught.value.message
    assert "Linux" in caught.value.hint


@needs_oracle
def test_a_model_that_the_oracle_refuses_is_told():
    builder = ModelBuilder()
    x, y = builder.add_tensor((1, 4), scale=0.5), builder.add_tensor((1, 4), scale=0.5)
    builder.add_operator("DENSIFY", [x], [y])
    data = builder.build([x], [y])
    with pytest.raises(ToolError) as caught:
        run_oracle_tensors(data, random_vectors(read_tflite(data), 1, seed=0), 0)
    assert caught.value.message.startswith("tflite_micro failed while keeping all tensors: ")
    assert "report" in caught.value.hint
