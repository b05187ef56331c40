"""Tables as people save them: names or none, labels by name or last, and what is wrong with a cell."""

from __future__ import annotations

import numpy as np
import pytest

from boardproof.errors import InputError
from boardproof.model.data.options import DataOptions
from boardproof.model.data.read import read_data
from boardproof.model.samples import InputSpec

TWO = (InputSpec("x", (2,)),)


def read(tmp_path, text, specs=TWO, name="t.csv", **options):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_data(tmp_path / name, DataOptions(**options)).samples(specs)


def refused(tmp_path, text, specs=TWO, **options):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, specs, **options)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("a,b\n1,2\n3,4\n", None),
        ("1,2\n3,4\n", None),
        ("a,b,label\n1,2,0\n3,4,1\n", [0, 1]),
        ("1,2,0\n3,4,1\n", [0, 1]),
        ("label,a,b\n0,1,2\n1,3,4\n", [0, 1]),
        ("a;b;y\n1,0;2,0;0\n3,0;4,0;1\n", [0, 1]),
        (",a,b,kind\n0,1,2,0\n1,3,4,1\n", [0, 1]),
        ("\ufeffa,b\r\n\r\n1,2\r\n3,4\r\n", None),
        ("1.0e0, 2\n 3,4\n", None),
        ("1,0;2,0\n3,0;4,0\n", None),
        ("a\tb\n1,0\t2,0\n3,0\t4,0\n", None),
        ("x,y,kind\n1,2,0\n3,4,1\n", [0, 1]),
        ("time,x,y\n5,1,2\n6,3,4\n", None),
        ("BMI,age\n1,2\n3,4\n", None),
    ],
)
def test_names_labels_and_separators_are_found(tmp_path, text, labels):
    samples = read(tmp_path, text)
    np.testing.assert_array_equal(samples.inputs["x"], np.array([[1, 2], [3, 4]], np.float32))
    if labels is None:
        assert samples.labels is None
    else:
        np.testing.assert_array_equal(samples.labels, labels)


def test_tabs(tmp_path):
    samples = read(tmp_path, "a\tb\n1\t2\n", name="t.tsv")
    np.testing.assert_array_equal(samples.inputs["x"], [[1, 2]])


def test_the_column_of_labels_by_name_and_by_number(tmp_path):
    text = "kind,a,b\n5,1,2\n6,3,4\n"
    for column in ("kind", "1"):
        samples = read(tmp_path, text, label_column=column)
        np.testing.assert_array_equal(samples.labels, [5, 6])
        np.testing.assert_array_equal(samples.inputs["x"], [[1, 2], [3, 4]])
        assert samples.notes == ("labels: column kind of t.csv",)
    error = refused(tmp_path, text, label_column="none")
    assert error.message == "t.csv has no column none."
    assert error.hint == "Its columns are: kind, a, b."


def test_words_become_classes_in_order_and_are_said(tmp_path):
    text = "1,2,dog\n3,4,cat\n"
    samples = read(tmp_path, text)
    np.testing.assert_array_equal(samples.labels, [1, 0])
    assert samples.classes == ("cat", "dog")
    assert samples.notes[1] == "labels: cat is 0, dog is 1, in alphabetical order; --labels gives another"
    samples = read(tmp_path, text, labels=("dog", "cat"))
    np.testing.assert_array_equal(samples.labels, [0, 1])
    error = refused(tmp_path, text, labels=("dog", "bird"))
    assert error.message == "The label in line 2 of t.csv is cat, which is not one of the classes dog is 0, bird is 1."


def test_several_targets_of_real_values(tmp_path):
    samples = read(tmp_path, "1,2,0.5,0.25\n3,4,1.5,2\n")
    np.testing.assert_array_equal(samples.labels, [[0.5, 0.25], [1.5, 2]])


def test_columns_named_after_the_inputs(tmp_path):
    specs = (InputSpec("age", (1,)), InputSpec("fare", (1,)))
    samples = read(tmp_path, "fare,age,y\n7,30,1\n", specs)
    np.testing.assert_array_equal(samples.inputs["age"], [[30]])
    np.testing.assert_array_equal(samples.inputs["fare"], [[7]])


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a,b\n1,2\n3\n", "t.csv, line 3 has 1 cells; line 1 has 2.", "stray separators"),
        ("a,b\n1,2\nx,4\n", "t.csv, line 3, column a: x is not a number.", "--label-column"),
        ("a,b\n1,2\n,4\n", "t.csv, line 3, column a: the value is missing.", "Fill it"),
        ("1,2\n3,nan\n", "t.csv, line 2, column 2: the value is missing.", "Fill it"),
        ("a,b\n", "t.csv holds no rows of numbers.", "One row is one sample"),
        ("a,b\n1,2\0\n", "t.csv does not hold samples", "One row"),
        ("1\n2\n", "t.csv has 1 columns: 1; the model takes 2 values for a sample ([2]).", "One row is one sample"),
    ],
)
def test_what_is_wrong_says_where(tmp_path, text, message, hint):
    if "\0" in text:
        error = refused(tmp_path, text)
        assert error.message == "t.csv is not a table: it holds binary data."
        return
    error = refused(tmp_path, text)
    assert error.message == message
    assert hint in error.hint


def test_rows_that_are_steps_of_a_series(tmp_path):
    error = refused(tmp_path, "1,2,3\n4,5,6\n", (InputSpec("x", (50, 3)),))
    assert error.message == "t.csv has 3 columns: 1, 2, 3; the model takes 150 values for a sample ([50, 3])."
    assert "cut it into windows" in error.hint


def savetxt(tmp_path, **options):
    np.savetxt(tmp_path / "n.csv", [[1, 2], [3, 4]], **options)
    return (tmp_path / "n.csv").read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "a|b\n1|2\n3|4\n",
        "a,b,\n1,2,\n3,4,\n",
        "a,b\n1,2\n3,4\n".encode("utf-16"),
        '"a";"b"\r\n"1,0";"2,0"\r\n"3,0";"4,0"\r\n',
    ],
)
def test_separators_and_encodings_of_other_programs(tmp_path, text):
    np.testing.assert_array_equal(read(tmp_path, text).inputs["x"], [[1, 2], [3, 4]])


@pytest.mark.parametrize("options", [{}, {"header": "a b"}, {"delimiter": ",", "header": "a,b"}, {"fmt": "%8.3f"}])
def test_what_numpy_savetxt_writes(tmp_path, options):
    np.testing.assert_array_equal(read(tmp_path, savetxt(tmp_path, **options)).inputs["x"], [[1, 2], [3, 4]])


def test_true_and_false_are_numbers(tmp_path):
    samples = read(tmp_path, "a,b,y\nTrue,2,False\nfalse,4,True\n")
    np.testing.assert_array_equal(samples.inputs["x"], [[1, 2], [0, 4]])
    np.testing.assert_array_equal(samples.labels, [0, 1])


@pytest.mark.parametrize("labels", [("0", ""), ("no", " ")])
def test_a_missing_label_is_no_class_of_its_own(tmp_path, labels):
    error = refused(tmp_path, "a,b,y\n1,2,{}\n3,4,{}\n".format(*labels))
    assert error.message == "The label in line 3 of t.csv is missing."


def test_infinity_is_told_as_such(tmp_path):
    assert refused(tmp_path, "a,b\n1,inf\n").message == "t.csv, line 2, column b: the value is infinite."


def test_blank_lines_are_no_frozen_graph(tmp_path):
    assert refused(tmp_path, "\n\n\n").message == "t.csv holds no rows of numbers."


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("timestamp,a,b\n0,1,2\n20,3,4\n", "the first column, timestamp, only counts the rows"),
        ("Time (ms),a,b\n0,1,2\n20,3,4\n", "the first column, Time (ms), only counts the rows"),
        (
            "date;a;b\n2024-01-01 10:00:00;1;2\n2024-01-01 10:00:00;3;4\n",
            "the first column, date, only counts the rows",
        ),
        ("sep=;\na;b\n1;2\n3;4\n", None),
        ("# made by a device\n# on a day\n\na,b\n1,2\n3,4\n", None),
        ("# made by a device\n1,2\n3,4\n", None),
    ],
)
def test_what_stands_beside_the_values_is_left_out(text, note, tmp_path):
    samples = read(tmp_path, text)
    np.testing.assert_array_equal(samples.inputs["x"], [[1, 2], [3, 4]])
    assert samples.labels is None
    assert [found.partition(": ")[2].partition(", and")[0] for found in samples.notes] == [note] * (note is not None)


def test_a_clock_that_the_model_takes_or_that_goes_back_is_a_value(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, "time,a\n1,2\n3,4\n").inputs["x"], [[1, 2], [3, 4]])
    samples = read(tmp_path, "time,a,b\n3,1,0\n2,4,1\n")
    np.testing.assert_array_equal(samples.inputs["x"], [[3, 1], [2, 4]])
    np.testing.assert_array_equal(samples.labels, [0, 1])


def test_lines_are_counted_from_the_top_of_the_file(tmp_path):
    assert refused(tmp_path, "# a device\na,b\n1,x\n").message == "t.csv, line 3, column b: x is not a number."


def test_cells_are_shown_as_they_are(tmp_path):
    assert refused(tmp_path, "a,b\n1,10%\n").message == "t.csv, line 2, column b: 10% is not a number."
    assert "'\\u22121' is not a number" in refused(tmp_path, "a,b\n1,\u22121\n").message
    error = refused(tmp_path, "a,b\n1,2024-05-01\n")
    assert error.hint.startswith("A moment is no input: leave the column out")


def test_utf_16_without_its_mark(tmp_path):
    (tmp_path / "t.csv").write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    samples = read_data(tmp_path / "t.csv").samples(TWO)
    np.testing.assert_array_equal(samples.inputs["x"], [[1, 2]])


def test_a_first_row_with_a_missing_value_is_no_header(tmp_path):
    error = refused(tmp_path, "?,2\n3,4\n")
    assert error.message == "t.csv, line 1, column 1: the value is missing."
