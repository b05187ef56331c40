"""Numbers and tables as C text: what is written reads back as the same values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from boardproof.project.runtimes.aot.ctext import LINE_WIDTH, float_text, table_text, value_text


@given(st.sampled_from(("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64")), st.data())
def test_integers_read_back(dtype, data):
    values = data.draw(arrays.arrays(dtype, st.integers(1, 200)))
    text = table_text(values)
    assert [int(item, 0) for item in text.replace("\n", " ").strip(" ,").split(",")] == values.tolist()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32"])
def test_lines_are_full_but_not_too_long(dtype):
    info = np.iinfo(dtype)
    values = np.linspace(info.min, info.max, 1000).astype(dtype)
    lines = table_text(values).splitlines()
    assert max(map(len, lines)) <= LINE_WIDTH
    assert len({len(line) for line in lines[:-1]}) == 1
    assert all(line.startswith("    ") and line.endswith(",") for line in lines)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_read_back(value):
    text = float_text(value)
    assert text.endswith("F")
    assert np.float32(text[:-1]) == np.float32(value)
    assert "." in text or "e" in text


def test_float_tables():
    assert table_text(np.array([0.5, -1e-20], np.float32)).split() == ["0.5F,", "-1.0e-20F,"]


def test_an_empty_table():
    assert table_text(np.array([], np.int8)) == ""


def test_values():
    assert value_text(None) == "NULL"
    assert value_text(7) == "7"
    assert value_text(0.25) == "0.25F"
    assert value_text((1, 2)) == "{1, 2}"
