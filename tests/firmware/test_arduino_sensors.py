"""Applications for the Nano 33 BLE Sense, compiled against Arduino's core and the headers of the sensors' libraries.

Runs where BOARDPROOF_ARDUINO_CORE names a copy of the core (with its libraries PDM, Wire and SPI), and
BOARDPROOF_ARDUINO_LIBRARIES a folder with copies of Arduino_LSM9DS1, Arduino_BMI270_BMM150, Arduino_OV767X, ArduinoBLE.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boardproof.errors import InputError
from boardproof.features import image, scaled_window
from boardproof.project.apps.library import application_library
from boardproof.project.apps.parts import Names, compile_parts
from boardproof.project.apps.render import render_application
from boardproof.project.apps.settings import read_application
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from firmware.test_arduino_core import HEAP, compile_project, core, undefined, write_project
from support.flatbuffer_models import ModelBuilder
from support.small_application import SETTINGS, THEN, write_application

if TYPE_CHECKING:
    from boardproof.project.apps.application import Application
    from boardproof.project.types import Project

__all__ = ["core"]

VARIABLE = "BOARDPROOF_ARDUINO_LIBRARIES"
NANO = BOARDS["nano33ble"]


def classifier(elements: int) -> bytes:
    """[elements] int8 to two scores: the first of them."""
    builder = ModelBuilder()
    x = builder.add_tensor((elements,), scale=1.0)
    limits = [builder.add_tensor((1,), "int32", data=[value]) for value in (0, 2, 1)]
    y = builder.add_tensor((2,), scale=1.0)
    builder.add_operator("STRIDED_SLICE", [x, *limits], [y])
    return builder.build([x], [y])


def written(sensor: str, folder: Path) -> Application:
    actions = 'actions = ["serial", "led", "ble"]\n'
    if sensor == "microphone":
        settings = SETTINGS.replace("rate = 8000", "rate = 16000\n" + actions)
        return read_application(write_application(folder, settings + THEN))
    channels = {"imu": 6, "analog": 2, "camera": 160 * 120, "stream": 3}[sensor]
    front = (
        image(size=(120, 160), channels=1, to=(12, 12))
        if sensor == "camera"
        else scaled_window(window=10, hop=5, ranges=(4000,) * channels)
    )
    folder.mkdir(parents=True, exist_ok=True)
    front.save(folder / "front.tflite")
    (folder / "network.tflite").write_bytes(classifier(front.graph.output_tensors[0].elements))
    rate = {"imu": 119, "analog": 100, "camera": 5, "stream": 50}[sensor]
    settings = f'[app]\nsensor = "{sensor}"\nrate = {rate}\nchannels = {channels}\nhop = {front.hop}\n{actions}'
    files = 'front-end = "front.tflite"\nmodel = "network.tflite"\nlabels = ["a", "b"]\nscale = 4096\n'
    (folder / "boardproof.toml").write_text(settings + files + "[app.decision]\nthreshold = 10\n")
    return read_application(folder)


def rendered(application: Application) -> Project:
    return render_application(application, NANO, RUNTIMES["aot"], Options())


@pytest.fixture(scope="module")
def headers(core):
    name = os.environ.get(VARIABLE, "")
    if not name:
        pytest.skip(f"{VARIABLE} does not name a folder with the sensors' libraries")
    libraries = sorted(Path(name).expanduser().resolve().iterdir())
    bundled = (core.root / "libraries" / library / "src" for library in ("PDM", "Wire", "SPI"))
    older = (core.root / "libraries" / library for library in ("Wire", "SPI"))
    return [*(folder for folder in (*bundled, *older) if folder.is_dir()), *(path / "src" for path in libraries)]


SENSORS = ("microphone", "imu", "analog", "camera", "stream")


@pytest.mark.parametrize("sensor", SENSORS)
def test_every_sensor_compiles_without_a_warning(sensor, core, headers, tmp_path):
    root = tmp_path / "project"
    write_project(rendered(written(sensor, tmp_path / "app")), root)
    objects = compile_project(core, root, *headers)
    ours = [path for path in objects if path.stem in {"app", "app_config", "app_loop", f"app_{sensor}"}]
    assert len(ours) >= 3
    assert not undefined(ours) & HEAP


@pytest.mark.parametrize("sensor", SENSORS)
def test_every_sensor_compiles_in_a_library(sensor, core, headers, tmp_path):
    """The library's sources in lib/, its example as the sketch; PlatformIO's settings are those of the project."""
    application, root = written(sensor, tmp_path / "app"), tmp_path / "project"
    names, options = Names.beginning_with("ear"), Options(standalone=True, name="ear")
    parts = compile_parts(application, NANO, RUNTIMES["aot"], options, names)
    library = application_library(application, NANO, parts, options)
    sketch = library.files["examples/ear/ear.ino"]
    files = {"src/sketch.cpp": b"#include <Arduino.h>\n" + sketch}
    files["platformio.ini"] = rendered(application).files["platformio.ini"]
    files |= {f"lib/ear/{path[4:]}": content for path, content in library.files.items() if path.startswith("src/")}
    write_project(replace(library, files=files), root)
    assert compile_project(core, root, *headers)
    needed = {"imu": "Arduino_LSM9DS1,Arduino_BMI270_BMM150", "camera": "Arduino_OV767X"}.get(sensor)
    wanted = f"depends=ArduinoBLE{f',{needed}' if needed else ''}"
    assert wanted in library.files["library.properties"].decode().splitlines()


@pytest.mark.parametrize("sensor", SENSORS)
def test_the_project_names_what_it_needs(sensor, tmp_path):
    project = rendered(written(sensor, tmp_path))
    settings = project.files["platformio.ini"].decode()
    wanted = {"imu": "Arduino_LSM9DS1", "camera": "Arduino_OV767X"}.get(sensor)
    assert wanted is None or wanted in settings
    assert "arduino-libraries/ArduinoBLE" in settings
    assert (f"src/app_{sensor}.cpp" in project.files) == (sensor != "stream")


def test_a_rate_that_the_sensor_has_not(tmp_path):
    with pytest.raises(InputError) as caught:
        rendered(read_application(write_application(tmp_path)))
    assert "microphone of the Nano 33 BLE Sense gives 16000 or 41667 samples a second" in caught.value.message
    assert "Write sensor-rate = 16000 into [app]" in caught.value.hint
