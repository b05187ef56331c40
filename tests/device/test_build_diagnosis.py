from __future__ import annotations

from pathlib import Path

import pytest

from boardproof.device.build.diagnosis import explain
from boardproof.errors import BoardproofError, InputError, ToolError
from boardproof.project.boards import BOARDS

LOG = Path("out/build.log")


def diagnose(text: str, board: str = "mps2-an386", scons_problem: str = "") -> BoardproofError:
    lines = text.strip().splitlines()
    error = explain(lines, BOARDS[board], LOG, scons_problem)
    assert error.details == "\n".join(lines)
    return error


def test_platformios_own_check():
    """Linkers let some images pass: in Arduino's script for the Nano 33 BLE, initial values have no region."""
    error = diagnose(
        "Error: The program size (1000000 bytes) is greater than maximum allowed (983040 bytes)", "nano33ble"
    )
    assert type(error) is InputError
    assert error.message == (
        "The firmware does not fit on nano33ble: flash is 16,960 bytes too small: it needs 1,000,000 of 983,040."
    )
    error = diagnose(
        "Warning! The data size (262145 bytes) is greater than maximum allowed (262144 bytes)", "nano33ble"
    )
    assert "RAM is 1 bytes too small: it needs 262,145 of 262,144" in error.message


def test_a_region_that_only_the_linker_knows():
    error = diagnose("ld: region `dram0_0_seg' overflowed by 1234 bytes")
    assert error.message == (
        "The firmware does not fit on mps2-an386: the linker's region dram0_0_seg is 1,234 bytes too small."
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "In file included from a.h:1:\nsrc/model.c:12:5: error: unknown type name 'foo'\nx.c:1:1: error: x",
            "The firmware for mps2-an386 does not compile: src/model.c:12: unknown type name 'foo'",
            "The whole output is in out/build.log",
        ),
        (
            "lib/x/y.cpp:3:10: fatal error: missing.h: No such file or directory",
            "does not compile: lib/x/y.cpp:3: missing.h: No such file or directory",
            "The whole output is in out/build.log",
        ),
        (
            "main.o: in function `setup':\nmain.cpp:(.text.setup+0x4): undefined reference to `model_init'",
            "does not link: model_init is not defined anywhere",
            "The whole output is in out/build.log",
        ),
        (
            "cc1plus: fatal error: error writing to x.s: No space left on device",
            "The disk is full",
            "Free space",
        ),
        (
            "Platform Manager: Installing nordicnrf52 @ ~10.11.0\nHTTPClientError: ",
            "PlatformIO could not fetch what mps2-an386 needs from its registry: HTTPClientError",
            "Connect to the Internet for the first build",
        ),
        (
            "Error: Could not find the package with 'spaziochirale/X @ ^2' requirements for your system 'linux_x86_64'",
            "could not fetch what mps2-an386 needs",
            "mps2-an386 or native",
        ),
        (
            "sh: 1: arm-none-eabi-g++: not found\n*** [a.o] Error 127",
            "was not built: arm-none-eabi-g++ was not found",
            "boardproof doctor",
        ),
        (
            "Error: arm-none-eabi-g++ is not on PATH. On Debian or Ubuntu: sudo apt-get install x",
            "was not built: arm-none-eabi-g++ is not on PATH.",
            "On Debian or Ubuntu: sudo apt-get install x",
        ),
        ("Compiling x\n*** [x.o] Error 1\n----\n", "could not be built: *** [x.o] Error 1", "out/build.log"),
        (
            "a\nKilled\n===== [FAILED] Took 1.28 seconds =====\nEnvironment  Status\nnative  FAILED",
            "could not be built: Killed",
            "out/build.log",
        ),
        ("", "could not be built: it said nothing", "out/build.log"),
    ],
)
def test_what_went_wrong_in_one_sentence(text: str, message: str, hint: str):
    error = diagnose(text)
    assert type(error) is ToolError
    assert message in error.message
    assert hint in error.hint


def test_scons_that_could_not_be_had_is_told_with_what_followed():
    error = diagnose("HTTPClientError: ", scons_problem="pip could not install scons==4.11.1: no network")
    assert "SCons, which PlatformIO builds with, could not be had otherwise: pip could not install" in error.hint
