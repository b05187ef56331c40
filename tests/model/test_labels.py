"""Names and other programs' output, made safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardproof.model.labels import MAX_LABEL_CHARS, MAX_LINE_CHARS, safe_label, safe_lines


@given(st.text())
def test_labels_are_short_printable_and_cannot_end_a_comment(name):
    label = safe_label(name)
    assert 0 < len(label) <= MAX_LABEL_CHARS
    assert label.isascii()
    assert label.isprintable()
    assert not set(label) & set("*\\?\"'`$<>&%{}")


@pytest.mark.parametrize("name", ["model/conv2d_1/BiasAdd;model/relu", "serving_default_x:0", "a[0] (b)"])
def test_usual_names_are_shown_as_they_are(name):
    assert safe_label(name) == name


def test_nothing_printable_has_a_fallback():
    assert safe_label("", "tensor 3") == "tensor 3"
    assert safe_label("  ", "tensor 3") == "tensor 3"


@given(st.text())
def test_lines_are_printable_and_not_blank(text):
    for line in safe_lines(text).splitlines():
        assert line.isascii()
        assert line.isprintable()
        assert 0 < len(line) <= MAX_LINE_CHARS
