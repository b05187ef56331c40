"""What will not run, as findings: causes once, consequences not at all."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.preflight import Finding, Severity, check_graph, preflight, require_runnable
from boardproof.model.tflite.reader import read_tflite
from support.flatbuffer_models import ModelBuilder


def finding(code, severity=Severity.ERROR, hint="Do this."):
    return Finding(severity, code, f"There is {code}.", hint)


def codes(data):
    return [found.code for found in check_graph(read_tflite(data))]


def test_full_integer_and_float_models_have_no_findings(image_tflites):
    assert codes(image_tflites["int8"]) == []
    assert codes(image_tflites["int16x8"]) == []
    assert codes(image_tflites["float32"]) == []


def test_dynamic_range_model_is_one_finding(image_tflites):
    graph = read_tflite(image_tflites["dynamic"])
    (found,) = check_graph(graph)
    assert found.severity is Severity.ERROR
    assert found.code == "dynamic-range"
    assert "weights are integers, but activations are float" in found.message
    assert "--scheme int8" in found.hint
    assert graph.operators[found.operator].name in found.message


def test_float16_model_is_one_finding(image_tflites):
    (found,) = check_graph(read_tflite(image_tflites["float16"]))
    assert found.code == "float16-weights"
    assert "This is a float16 model" in found.message
    assert "--scheme int8" in found.hint


def test_uint8_of_tensorflow_1_is_one_finding():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), "uint8", scale=0.5)
    for _ in range(3):
        weights = builder.add_tensor((4, 4), "uint8", scale=0.5, data=np.ones((4, 4), np.uint8))
        y = builder.add_tensor((1, 4), "uint8", scale=0.5)
        builder.add_operator("FULLY_CONNECTED", [x, weights, -1], [y])
        x = y
    graph = read_tflite(builder.build([0], [x]))
    (found,) = preflight(graph, (finding("unsupported-type"), finding("unsupported-type")))
    assert found.code == "uint8-quantization"
    assert found.message == (
        "This model is quantized to uint8, as TensorFlow 1 did it: 3 of its 3 operators have uint8 weights, first "
        "operator 0 (FULLY_CONNECTED)."
    )
    assert found.hint.startswith("Convert the float model that it was made from again, to int8")


def test_open_batch_size_is_fine_but_open_shapes_are_not():
    builder = ModelBuilder()
    x = builder.add_tensor((1, 8, 1), name="sound", shape_signature=(-1, 8, 1))
    assert codes(builder.build([x], [x])) == []
    builder = ModelBuilder()
    x = builder.add_tensor((1, 1, 1), name="sound", shape_signature=(-1, -1, 1))
    (found,) = check_graph(read_tflite(builder.build([x], [x])))
    assert found.code == "dynamic-shape"
    assert "leaves shapes open, first that of sound: [?, ?, 1]" in found.message
    assert "keras.Input" in found.hint


def test_strings_are_found():
    builder = ModelBuilder()
    x = builder.add_tensor((1,), "string", name="words")
    (found,) = check_graph(read_tflite(builder.build([x], [])))
    assert found.code == "no-numbers"
    assert "strings (words)" in found.message


def test_findings_of_graph_and_runtime_come_together_errors_first_notes_last(image_tflites):
    notes = finding("other-rounding", Severity.NOTE), finding("slow", Severity.WARNING)
    given = (*notes, finding("unsupported-operator"))
    found = preflight(read_tflite(image_tflites["int8"]), given)
    assert [f.code for f in found] == ["unsupported-operator", "slow", "other-rounding"]


def test_float16_weights_are_one_cause_whatever_the_runtime_says_of_them(image_tflites):
    given = (finding("weights"), finding("unsupported-type"), finding("flash-exceeded"))
    found = preflight(read_tflite(image_tflites["float16"]), given)
    assert [f.code for f in found] == ["float16-weights", "flash-exceeded"]


def test_what_follows_from_a_cause_is_left_out(image_tflites):
    given = (finding("unsupported-type"), finding("unsupported-type"), finding("flash-exceeded"))
    found = preflight(read_tflite(image_tflites["dynamic"]), given)
    assert [f.code for f in found] == ["dynamic-range", "flash-exceeded"]
    found = preflight(read_tflite(image_tflites["int8"]), given)
    assert [f.code for f in found] == ["unsupported-type", "unsupported-type", "flash-exceeded"]


def test_warnings_let_a_model_run():
    require_runnable(())
    require_runnable((finding("slow", Severity.WARNING), finding("other-rounding", Severity.NOTE)))


def test_a_single_error_is_raised_as_it_is():
    with pytest.raises(InputError) as caught:
        require_runnable((finding("slow", Severity.WARNING), finding("large")))
    assert caught.value.message == "There is large."
    assert caught.value.hint == "Do this."


def test_all_errors_are_raised_at_once_each_with_its_way_out():
    with pytest.raises(InputError) as caught:
        require_runnable((finding("large"), finding("odd", hint="Do that."), finding("slow", Severity.WARNING)))
    assert caught.value.message == "2 problems keep this model from running; the first: There is large."
    assert caught.value.hint == "Each has its own way out, given with it."
    assert caught.value.details.splitlines() == [
        "1. There is large.",
        "   Do this.",
        "2. There is odd.",
        "   Do that.",
    ]


def test_errors_with_the_same_way_out_say_it_once():
    with pytest.raises(InputError) as caught:
        require_runnable((finding("large"), finding("odd")))
    assert caught.value.hint == "Do this."
