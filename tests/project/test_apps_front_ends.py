"""[app.front-end] in boardproof.toml: a front end made of settings is the one that boardproof.features makes."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from boardproof.errors import InputError
from boardproof.features import KINDS, image, log_mel, scaled_window, spectrum
from boardproof.features.kinds import _TYPES
from boardproof.project.apps.settings import read_application
from support.small_application import network

HEAD = """
[app]
sensor = "{sensor}"
rate = {rate}
model = "network.tflite"
labels = ["quiet", "loud"]
{more}

[app.front-end]
"""

MADE = {
    "log_mel": (
        'kind = "log_mel"\nwindow-ms = 25\nstride_ms = 12.5\nchannels = 20\nhigh-hz = 3800\nnoise-reduction = false\n'
        "gain-control = false",
        log_mel(rate=8000, window_ms=25, stride_ms=12.5, channels=20, high_hz=3800, noise_reduction=False,
                gain_control=False),
    ),
    "scaled_window": (
        'kind = "scaled_window"\nwindow = 20\nhop = 10\nranges = [2000, 3000.5, 4000]',
        scaled_window(window=20, hop=10, ranges=(2000, 3000.5, 4000)),
    ),
    "spectrum": (
        'kind = "spectrum"\nwindow = 32\nhop = 16\naxes = 3\nbands = 4',
        spectrum(window=32, hop=16, axes=3, bands=4),
    ),
    "image": (
        'kind = "image"\nsize = [24, 40]\nchannels = 3\nto = [10, 10]\ngrey = true',
        image(size=(24, 40), channels=3, to=(10, 10), grey=True),
    ),
}  # fmt: skip
SENSORS = {"log_mel": "microphone", "image": "camera"}


def read(folder, settings, sensor="stream", rate=8000, more="", elements=None):
    elements = elements or 2000
    (folder / "network.tflite").write_bytes(network(1.0, shape=(1, elements)))
    (folder / "boardproof.toml").write_text(HEAD.format(sensor=sensor, rate=rate, more=more) + settings)
    return read_application(folder)


@pytest.mark.parametrize("kind", MADE)
def test_it_is_the_one_that_features_makes(kind, tmp_path):
    settings, made = MADE[kind]
    sensor = SENSORS.get(kind, "stream")
    row = made.graph.output_tensors[0].elements
    application = read(tmp_path, settings, sensor, elements=3 * row)
    assert application.front_end.data == made.data
    assert (application.hop, application.channels) == (made.hop, made.channels)
    assert (application.rows, application.rate) == (3, 8000)


def test_hop_and_rate_are_the_applications(tmp_path):
    settings = 'kind = "scaled_window"\nwindow = 20\nranges = [2000, 3000, 4000]'
    application = read(tmp_path, settings, more="hop = 5", elements=180)
    assert application.hop == 5


WRONG = {
    'kind = "logmel"': ("There is no front end 'logmel'", "Did you mean log-mel? Choose from: log_mel, mfcc"),
    'kind = "log_mel"\nwindow_sm = 30': ("log_mel has no setting window-sm", "Did you mean window-ms? Its settings"),
    'kind = "log_mel"\nrate = 16000': ("rate in [app.front-end]", "leave it out"),
    'kind = "log_mel"\nchannels = 2.5': ("channels of log_mel is '2.5', not a whole number", "Correct"),
    'kind = "log_mel"\nnoise-reduction = 1': ("noise-reduction of log_mel is '1', not true or false", "Correct"),
    'kind = "log_mel"\nwindow-ms = nan': ("window-ms of log_mel is 'nan', not a number", "Correct"),
    'kind = "log_mel"': ("A filter bank from 125 to 7500 Hz does not fit", "within half the sample rate"),
    'kind = "image"\nsize = [24]\nchannels = 1\nto = [3, 3]': ("size of image is '[24]', not a list of two", "Correct"),
    'kind = "spectrum"\nwindow = 32': ("spectrum lacks hop, axes, bands", "Add it"),
    'kind = "scaled_window"\nwindow = 8\nhop = 4\nranges = []': ("ranges of scaled_window is '[]'", "Correct"),
    "channels = 4": ("lacks kind", "docs/applications.md"),
}  # fmt: skip


@pytest.mark.parametrize("settings", WRONG)
def test_wrong_settings(settings, tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, settings)
    message, hint = WRONG[settings]
    assert message in caught.value.message
    assert "[app.front-end]" in caught.value.message
    assert hint in caught.value.message + caught.value.hint


def test_a_hop_of_its_own_beside_the_applications(tmp_path):
    with pytest.raises(InputError) as caught:
        read(tmp_path, 'kind = "spectrum"\nwindow = 32\nhop = 16\naxes = 3\nbands = 4', more="hop = 8")
    assert "hop in [app]" in caught.value.message
    assert "is 8, not the front end's, 16; leave out one of them" in caught.value.message


def test_every_argument_of_every_kind_can_be_said():
    kinds = {str(one.annotation) for kind in KINDS.values() for one in inspect.signature(kind).parameters.values()}
    assert kinds <= set(_TYPES)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_names_every_setting(kind):
    page = (Path(__file__).parents[2] / "docs" / "applications.md").read_text()
    (row,) = [line for line in page.splitlines() if line.strip().startswith(f"| `{kind}` |")]
    settings = {name.replace("_", "-") for name in inspect.signature(KINDS[kind]).parameters}
    assert {name for name in settings - {"rate", "hop"} if f"`{name}`" not in row} == set()
