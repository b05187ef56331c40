"""[app] in boardproof.toml: what is read, and what is said about what cannot be."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.project.apps.application import NEVER
from boardproof.project.apps.render import render_application
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.settings import read_settings_file
from support.flatbuffer_models import ModelBuilder
from support.small_application import SETTINGS, THEN, network, write_application


def test_what_follows_from_the_settings(tmp_path):
    application = read_application(write_application(tmp_path))
    assert (application.window, application.hop, application.rows, application.row_bytes) == (64, 32, 8, 8)
    assert (application.sample_bytes, application.source.dtype) == (2, DType.INT16)
    assert application.on == (NEVER, 154)  # ceil(2 * (0.8 * 256 - 128))
    assert application.off == (52, 52)
    assert application.repeat == 160
    assert application.hop_s == 0.004


def test_the_digest_is_of_what_is_computed(tmp_path):
    one = read_application(write_application(tmp_path / "one"))
    named = read_application(write_application(tmp_path / "named", SETTINGS.replace("loud or not", "another name")))
    other = read_application(write_application(tmp_path / "other", SETTINGS.replace("0.8", "0.75")))
    assert one.digest == named.digest != other.digest


def test_other_commands_leave_the_table_alone(tmp_path):
    write_application(tmp_path)
    assert read_settings_file(tmp_path / "network.tflite", {"board"}) == {}


def refused(folder, settings):
    with pytest.raises(InputError) as caught:
        read_application(write_application(folder, settings))
    assert caught.value.hint
    return f"{caught.value.message} {caught.value.hint}"


CHANGES = {
    "hop = 32": ("hop = 0", "hop in [app]", "is 0, not a whole number from 1 to 16777216"),
    "rate = 8000": ("rate = true", "rate in [app]", "is True, not a whole number"),
    'model = "network.tflite"': ('model = "none.tflite"', "names", "No such file"),
    'labels = ["quiet", "loud"]': ('labels = "loud"', "labels in [app]", "not a list of texts"),
    'sensor = "microphone"': ('sensor = "nose"', "sensor in [app]", "not one of stream, microphone"),
    "threshold = 0.8": ("threshold = 0.5", "release in [app.decision]", "at most the threshold, 0.5"),
    "average = 2": ("averag = 2", "has an unknown setting: averag", "Known settings: average"),
    'version = "1.2"': ("version = 1.2", "version in [app]", "is 1.2, not a text"),
}


@pytest.mark.parametrize("line", CHANGES)
def test_wrong_settings(line, tmp_path):
    instead, *words = CHANGES[line]
    message = refused(tmp_path, SETTINGS.replace(line, instead))
    assert all(word.lower() in message.lower() for word in words), message


MISFITS = {
    'labels = ["quiet", "loud"]': ('labels = ["quiet", "loud", "louder"]', "there are 3 labels and 2 scores"),
    "hop = 32": ("hop = 65", "hop is 65, and the window 64 samples"),
    'sensor = "microphone"': ('sensor = "microphone"\nchannels = 2', "microphone gives 1 numbers, and channels is 2"),
    'model = "network.tflite"': ('model = "front.tflite"', "rows of 8 bytes of int8 do not fill"),
}


@pytest.mark.parametrize("line", MISFITS)
def test_what_does_not_fit_together(line, tmp_path):
    instead, words = MISFITS[line]
    assert words in refused(tmp_path, SETTINGS.replace(line, instead))


THEN_CHANGES = {
    'model = "second.tflite"': ('model = "front.tflite"', "the second network: rows of 8 bytes of int8 do not fill"),
    "wait-ms = 60": ("wait-ms = 60\nafter = ['quiet']", "after names quiet, which the first network never decides"),
    "for-ms = 200": ("for-ms = 16777216\nwait-ms2 = 0", "has an unknown setting: wait-ms2"),
    'labels = ["over", "goes on"]': ('labels = ["over", "loud"]', "both networks decide loud. Give labels different"),
    'silent = ["over"]': ('silent = ["quiet"]', "the second network: silent names quiet, which is no label"),
    "threshold = 0.8": ("threshold = 1.5", "the second network: threshold is 1.5, and the largest score 0.99609375"),
    "average = 2": ("averag = 2", "[app.then.decision] in"),
    "every = 2": ("every = 0", "every in [app.then] of"),
}


@pytest.mark.parametrize("line", THEN_CHANGES)
def test_a_second_network_that_does_not_fit(line, tmp_path):
    instead, words = THEN_CHANGES[line]
    assert words.lower() in refused(tmp_path, SETTINGS + THEN.replace(line, instead)).lower()


def test_what_follows_of_a_second_network(tmp_path):
    alone = read_application(write_application(tmp_path / "alone"))
    both = read_application(write_application(tmp_path / "both", SETTINGS + THEN))
    assert (alone.second, alone.all_labels, alone.kept_rows) == (None, ("quiet", "loud"), 8)
    assert (both.second.rows, both.second.window, both.second.on) == (4, 64, (NEVER, 154))
    assert (both.all_labels, both.kept_rows) == (("quiet", "loud", "over", "goes on"), 8)
    assert (both.wakes, both.wait, both.span) == ((False, True), 480, 1600)
    later = read_application(write_application(tmp_path / "later", SETTINGS + THEN.replace("60", "61")))
    assert len({alone.digest, both.digest, later.digest}) == 3


def test_times_that_a_board_cannot_count(tmp_path):
    settings = SETTINGS.replace("rate = 8000", "rate = 192000")
    long = settings.replace("repeat-ms = 20", "repeat-ms = 16777216")
    assert "repeat-ms is more samples than a board counts" in refused(tmp_path / "repeat", long)
    long = settings + THEN.replace("for-ms = 200", "for-ms = 16777216")
    assert "wait-ms and for-ms are more samples than a board counts" in refused(tmp_path / "span", long)


def test_a_release_that_scores_never_fall_below(tmp_path):
    settings = SETTINGS.replace("release = 0.6", "release = -10000000.0")
    assert read_application(write_application(tmp_path, settings)).off == (-(2**31), -(2**31))


AS_THEY_ARE, AS_MEANT, OTHERWISE = (1.0, 0), (128.0, 0), (0.98, 3)


def written(folder, scaling=AS_MEANT, shape=None, more=""):
    write_application(folder, SETTINGS.replace("hop = 32", f"hop = 32\n{more}"))
    (folder / "network.tflite").write_bytes(network(*scaling, shape=shape))
    return folder


@pytest.mark.parametrize("scaling", [AS_THEY_ARE, AS_MEANT])
def test_networks_that_read_what_the_front_end_writes(scaling, tmp_path):
    assert read_application(written(tmp_path, scaling)).network.input.quantization.scale == scaling[0]


def test_a_network_that_reads_other_numbers(tmp_path):
    with pytest.raises(InputError) as caught:
        read_application(written(tmp_path / "checked", OTHERWISE))
    words = "features have scale 128 and zero point 0, the network's input scale 0.980000019 and zero point 3"
    assert words in caught.value.message
    assert "from one end of their type to the other" in caught.value.hint
    assert "rescaled = true" in caught.value.hint
    assert read_application(written(tmp_path / "meant", OTHERWISE, more="rescaled = true"))
    assert "rescaled in [app]" in refused(tmp_path, SETTINGS.replace("hop = 32", 'hop = 32\nrescaled = "yes"'))


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 2, 4, 8), (1, 8, 4, 2), (1, 16, 4)])
def test_rows_that_lie_along_the_axes(shape, tmp_path):
    assert read_application(written(tmp_path, shape=shape)).network.input.shape == shape


def test_rows_that_lie_across(tmp_path):
    folder = written(tmp_path, shape=(1, 8, 9))
    with pytest.raises(InputError) as caught:
        read_application(folder)
    assert "rows of 8 features do not lie along the axes of the network's input, [1, 8, 9]" in caught.value.message
    assert "[rows, features]" in caught.value.hint


def test_a_sensor_of_int16_and_a_network_of_int8(tmp_path):
    message = refused(tmp_path, SETTINGS.replace('front-end = "front.tflite"', ""))
    assert "microphone gives int16, and samples go to" in message
    assert "which is int8. Put a front end before the network: scaled_window" in message


def test_a_network_with_two_outputs(tmp_path):
    write_application(tmp_path)
    builder = ModelBuilder()
    x = builder.add_tensor((1, 64), scale=1.0)
    first, second = (builder.add_tensor((1, 64), scale=1.0) for _ in range(2))
    builder.add_operator("RELU", [x], [first])
    builder.add_operator("RELU", [first], [second])
    (tmp_path / "network.tflite").write_bytes(builder.build([x], [first, second]))
    with pytest.raises(InputError) as caught:
        read_application(tmp_path)
    assert "has 1 inputs and 2 outputs" in caught.value.message
    assert "keras.Model(model.input, model.outputs[0])" in caught.value.hint


NUMBERS = {
    "threshold = nan": ("threshold in [app.decision]", "is nan, not a number"),
    "threshold = -0.1": ("threshold is -0.1, and the smallest score 0", "a label is decided whatever is there"),
    "threshold = 0.8\nrelease = inf": ("release in [app.decision]", "is inf, not a number"),
}


@pytest.mark.parametrize("line", NUMBERS)
def test_numbers_that_decide_nothing_or_everything(line, tmp_path):
    settings = SETTINGS.replace("release = 0.6\n", "").replace("threshold = 0.8", line)
    message = refused(tmp_path, settings)
    assert all(words in message for words in NUMBERS[line]), message


@pytest.mark.parametrize(("line", "least"), [("scale = 0", "1e-06"), ("hop-percent = -5", "0")])
def test_numbers_that_are_too_small(line, least, tmp_path):
    assert f"not a number from {least} on" in refused(tmp_path, SETTINGS.replace("hop = 32", f"hop = 32\n{line}"))


RATES = {
    41667: ("41667 samples a second are not resampled to 8000: the filter would have", "larger common divisor"),
    400: ("400 samples a second are not resampled to 8000", "It is about sensor-rate and rate"),
    0: ("sensor-rate in [app]", "not a whole number from 1"),
}


@pytest.mark.parametrize("rate", RATES)
def test_sensor_rates_that_cannot_be_resampled(rate, tmp_path):
    message = refused(tmp_path, SETTINGS.replace("rate = 8000", f"rate = 8000\nsensor-rate = {rate}"))
    assert all(words in message for words in RATES[rate]), message


def test_what_follows_from_a_sensor_of_another_rate(tmp_path):
    application = read_application(
        write_application(tmp_path, SETTINGS.replace("rate = 8000", "rate = 8000\nsensor-rate = 16000"))
    )
    assert application.form.rate == 16000
    assert application.capacity == 48 + 2 * 4 * 32
    assert application.fill == 128, "a window"
    assert application.repeat == 320
    assert application.hop_s == 0.004
    assert application.delay_s == 24 / 16000
    same = read_application(write_application(tmp_path / "same"))
    assert same.resampler is None
    assert same.digest != application.digest


def test_nothing_there(tmp_path):
    assert "has no table [app]. docs/applications.md" in refused(tmp_path / "other", 'board = "native"')
    with pytest.raises(InputError) as caught:
        read_application(tmp_path / "boardproof.toml")
    assert "is not there" in caught.value.message
    assert "[app]" in caught.value.hint


def test_names_become_text_and_nothing_else(tmp_path):
    settings = SETTINGS.replace('"loud or not"', r"""'a"; */ ?? \\ é'""")
    application = read_application(write_application(tmp_path, settings))
    project = render_application(application, BOARDS["native"], RUNTIMES["aot"], Options())
    text = project.files["src/app_config.c"].decode()
    assert r'.name = "a\042; */ \077\077 \134\134 \303\251"' in text


def test_rendering_twice_gives_the_same_bytes(tmp_path):
    application = read_application(write_application(tmp_path))
    digests = {
        render_application(application, BOARDS["mps2-an386"], RUNTIMES["aot"], Options()).digest for _ in range(2)
    }
    assert len(digests) == 1


VALUES = (
    *("0", "-1", "1", "99999999999999999999", "0.5", "-2.5", "nan", "inf", "-inf", "1e300", "true", "1979-05-27"),
    *('""', '"loud"', '"a\\u0000b"', '"front.tflite"', '"../"', '"' + "x" * 300 + '"'),
    *("[]", '["loud"]', '["loud", "loud"]', "[1]", "[[1]]", "{}", '{kind = "mfcc"}', "{a = 1}"),
)
NAMES = (
    *("name", "version", "sensor", "rate", "sensor-rate", "channels", "front-end", "model", "hop", "every", "labels"),
    *("actions", "columns", "scale", "hop-percent", "rescaled", "decision", "then", "nonsense"),
    *("average", "threshold", "release", "repeat-ms", "silent"),
)


@hypothesis.settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), min_size=1, max_size=3), st.booleans())
def test_any_settings_are_an_application_or_an_error(tmp_path, changes, in_decision):
    lines = [line for line in SETTINGS.splitlines() if not any(line.startswith(f"{name} =") for name, _ in changes)]
    lines.insert(
        len(lines) if in_decision else 2, "\n".join(f"{name} = {value}" for name, value in dict(changes).items())
    )
    folder = write_application(tmp_path / "app", "\n".join(lines))
    try:
        application = read_application(folder)
    except InputError as error:
        assert error.hint  # noqa: PT017 settings that fit raise nothing
    else:
        assert application.capacity >= application.window >= application.hop >= 1
        assert application.digest


@hypothesis.settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=80) | st.text('[]app.=\n"decison{},10#é', max_size=80).map(str.encode))
def test_any_bytes_are_settings_or_an_error(tmp_path, data):
    folder = write_application(tmp_path / "app")
    (folder / "boardproof.toml").write_bytes(b"[app]\n" + data)
    with pytest.raises(InputError) as caught:
        read_application(folder)
    assert caught.value.hint


def test_a_keras_model_where_a_tflite_is_wanted(tmp_path):
    app = write_application(tmp_path, SETTINGS.replace("network.tflite", "network.keras"))
    (app / "network.keras").write_bytes(b"PK\x03\x04" + bytes(60))
    with pytest.raises(InputError) as caught:
        read_application(app)
    assert f"model in [app] of {app / 'boardproof.toml'} names {app / 'network.keras'}: " in caught.value.message
    assert caught.value.hint == "Name a .tflite. `boardproof quantize` makes one of a Keras model."
