"""Cold starts: each form in a process of its own, and what is told of them."""

from __future__ import annotations

import json

import pytest

from boardproof.errors import InputError, ToolError
from boardproof.ladder import coldstart
from boardproof.model.quiet import captured_output
from boardproof.progress import Silent
from boardproof.report.forms.html import to_html


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "small.keras"
    with captured_output():
        import keras

        hidden = keras.layers.Dense(40, activation="relu")
        keras.Sequential([keras.Input((8,)), hidden, keras.layers.Dense(2)]).save(path)
    return path


def test_each_form_starts_in_a_process_of_its_own(model, tmp_path):
    found = coldstart.measure([model], 1, Silent())
    assert [one.form for one in found] == list(coldstart.FORMS)
    for one in found:
        assert min(one.import_s, one.load_s, one.first_s, one.later_s, one.cpu_s) > 0
        assert one.peak_bytes > 10 << 20
    sizes = {one.form: one.bytes for one in found}
    assert sizes["tflite"] < sizes["keras"] < sizes["saved_model"]
    assert found[2].peak_bytes < found[1].peak_bytes  # TensorFlow is not imported
    text = to_html(coldstart.page_of(found, 1))
    assert text.count("<rect") >= 12
    assert "small.keras, .tflite, LiteRT: load" in text
    assert "medians of 1" in text
    rows = json.loads(coldstart.to_json(found, 1))["rows"]
    assert rows[0]["total_s"] == pytest.approx(found[0].total_s)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError) as caught:
        coldstart.measure([tmp_path / "none.keras"], 1, Silent())
    assert "There is no file" in caught.value.message


def test_a_process_that_fails_is_told_with_its_words(tmp_path):
    (tmp_path / "broken.tflite").write_bytes(b"nothing")
    with pytest.raises(ToolError) as caught:
        coldstart._start("tflite", tmp_path / "broken.tflite")
    assert "could not run the model as .tflite, LiteRT" in caught.value.message
    assert "Traceback" in caught.value.details
