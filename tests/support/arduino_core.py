"""How PlatformIO compiles a project for the Nano 33 BLE: its flags, in its order, without PlatformIO.

What the platform adds to the core's own lists of flags is in arduino-core-mbed.py, which platform-nordicnrf52 10.11.0
takes from platformio/builder-framework-arduino-core-mbed; the order is that of ProcessProgramDeps() in PlatformIO's
builder/tools/piobuild.py. There a user's flags come before the framework's, and only build_unflags comes after both,
and after those of a library's library.json.
"""

from __future__ import annotations

import configparser
import json
import os
from dataclasses import dataclass
from pathlib import Path

import pytest

VARIABLE = "BOARDPROOF_ARDUINO_CORE"
CORE = Path("cores") / "arduino"
VARIANT = Path("variants") / "ARDUINO_NANO33BLE"
NEEDED = (CORE / "Arduino.h", CORE / "api" / "ArduinoAPI.h", VARIANT / "includes.txt", VARIANT / "linker_script.ld")
DEFINES = ("-DPLATFORMIO=60200", "-DARDUINO=10810", "-DARDUINO_ARCH_MBED")
BOARD_DEFINES = ("-DARDUINO_ARDUINO_NANO33BLE", "-DARDUINO_ARCH_NRF52840")  # boards/nano33ble.json: extra_flags
PLATFORM_FPU = ("-mfloat-abi=soft", "-mfpu=fpv4-sp-d16")  # after the core's own -mfloat-abi=softfp
LANGUAGES = {".c": "cflags", ".cpp": "cxxflags"}


@dataclass(frozen=True, slots=True)
class ArduinoCore:
    """A copy of Arduino's core on Mbed OS, with the API that belongs to it."""

    root: Path

    def flags(self, name: str) -> list[str]:
        """One of the variant's lists: cflags, cxxflags or defines."""
        text = (self.root / VARIANT / f"{name}.txt").read_text(encoding="utf-8")
        return [line.strip().replace('\\"', '"') for line in text.splitlines() if line.strip()]

    def includes(self) -> list[str]:
        """The core's folders of headers, which come before a project's."""
        core = self.root / CORE
        folders = (core, core / "api" / "deprecated", core / "api" / "deprecated-avr-comp", self.root / VARIANT)
        return [f"-iprefix{core}", f"@{self.root / VARIANT / 'includes.txt'}", *(f"-I{folder}" for folder in folders)]


def arduino_core() -> ArduinoCore:
    """The core that the environment variable names; skips the test when it names none."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        pytest.skip(f"{VARIABLE} does not name a copy of Arduino's core on Mbed OS (CONTRIBUTING.md)")
    root = Path(name).expanduser().resolve()
    if missing := [str(path) for path in NEEDED if not (root / path).is_file()]:
        pytest.fail(f"{VARIABLE}: {root} has no {', '.join(missing)}")
    return ArduinoCore(root)


def compiler_flags(core: ArduinoCore, project: Path, folder: Path, suffix: str) -> list[str]:
    """What PlatformIO gives the compiler for the sources of one folder, which is src/ or a library of the project."""
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=(";",))
    parser.read(project / "platformio.ini", encoding="utf-8")
    settings = parser["env:nano33ble"]
    c, cpp = (core.flags(name) for name in ("cflags", "cxxflags"))
    own = [flag for flag in core.flags(LANGUAGES[suffix]) if (flag in c) != (flag in cpp)]
    everyones = settings["build_flags"].split() + sorted({*c} & {*cpp}) + list(PLATFORM_FPU)
    removed = settings.get("build_unflags", "").split()
    flags = [flag for flag in own + everyones if flag not in removed]
    return [
        *flags,
        *core.includes(),
        *core.flags("defines"),
        *DEFINES,
        *BOARD_DEFINES,
        *_own(settings, project, folder),
    ]


def _own(settings: configparser.SectionProxy, project: Path, folder: Path) -> list[str]:
    """The flags of src/ from platformio.ini, from which nothing is removed; a library's, less build_unflags."""
    if folder == project / "src":
        return settings["build_src_flags"].split()
    manifest = folder / "library.json"
    flags = json.loads(manifest.read_text(encoding="utf-8"))["build"]["flags"] if manifest.is_file() else ""
    removed = settings.get("build_unflags", "").split()
    return [flag for flag in (flags.split() if isinstance(flags, str) else flags) if flag not in removed]
