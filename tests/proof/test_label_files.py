"""Label files: what is read, and what is said about those that cannot be."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.proof.listening import Event, read_events, require_within

LABELS = ("quiet", "loud", "very loud")
EVENTS = (Event(0.5, 1.25, "loud"), Event(2.0, 2.0, "very loud"))

GOOD = {
    "tabs.txt": "0.5\t1.25\tloud\n2\t2\tvery loud\n",
    "frequencies.txt": "0.5\t1.25\tloud\n\\\t100.0\t200.0\n2\t2\tvery loud\n",
    "windows.txt": "\ufeff0.5\t1.25\tloud\r\n\r\n2\t2\tvery loud\r\n",
    "commas.csv": "start,end,label\n0.5,1.25,loud\n2,2,very loud\n",
    "semicolons.csv": "Start;End;Label\n0.5;1.25;loud\n2;2;very loud\n",
    "commas.txt": "0.5,1.25,loud\n2,2,very loud",
    "silent.txt": "0.5\t1.25\tloud\n1\t3\tquiet\n2\t2\tvery loud\n",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_read(name, tmp_path):
    (tmp_path / name).write_text(GOOD[name], encoding="utf-8")
    assert read_events(tmp_path / name, LABELS, ("quiet",)) == EVENTS


BAD = {
    "1\t2\tlood\n": ("labels lood, which the application does not know", "Did you mean loud? Its labels are quiet"),
    "1\t2\tloud\n3\t2\tloud\n": ("Line 2 of", "the end not before the start"),
    "nan\tnan\tloud\n": ("Line 1 of", "Times are seconds"),
    "0\tinf\tloud\n": ("Line 1 of", "Times are seconds"),
    "-1\t2\tloud\n": ("Line 1 of", "Times are seconds"),
    "1\t2\n": ("Line 1 of", "Times are seconds"),
    "1,5\t2,5\tloud\n": ("is ['1,5', '2,5', 'loud'], not start", "Write them with a point, not a comma"),
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_read(text, tmp_path):
    (tmp_path / "day.txt").write_text(text)
    with pytest.raises(InputError) as caught:
        read_events(tmp_path / "day.txt", LABELS, ())
    message, hint = BAD[text]
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_other_texts_and_nothing(tmp_path):
    (tmp_path / "day.txt").write_bytes(b"1\t2\t\xe9\n")
    for name, words in (("day.txt", "can't decode byte"), ("none.txt", "No such file or directory")):
        with pytest.raises(InputError) as caught:
            read_events(tmp_path / name, LABELS, ())
        assert words in caught.value.message
        assert "in UTF-8" in caught.value.hint


def test_labels_of_another_recording(tmp_path):
    require_within(EVENTS, 2.5, tmp_path / "day.txt", "day.wav")
    with pytest.raises(InputError) as caught:
        require_within(EVENTS, 2.0, tmp_path / "day.txt", "day.wav")
    assert "has very loud at 2 s, and day.wav is 2.00 s long" in caught.value.message
    assert "the labels of this recording" in caught.value.hint


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60) | st.text('0123456789.,;\t\n"\\loudeEnaif-\r\x00\x85\u2028', max_size=60).map(str.encode))
def test_any_bytes_are_events_or_an_error(tmp_path, data):
    (tmp_path / "day.txt").write_bytes(data)
    try:
        events = read_events(tmp_path / "day.txt", LABELS, ())
    except InputError as error:
        assert error.hint  # noqa: PT017 bytes that can be read raise nothing
    else:
        assert all(event.label in LABELS and 0 <= event.start_s <= event.end_s for event in events)
