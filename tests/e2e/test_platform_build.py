"""Building projects with PlatformIO: what goes wrong, what is kept, and who may disturb whom."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.compile import build
from boardproof.device.build.pio import prepare_core
from boardproof.device.build.workspace import LOG, MARKER
from boardproof.device.process import run
from boardproof.errors import InputError, ToolError
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource_root
from support.sketches import ECHO, sketch_project
from support.streams import fifo_stream, process_stream

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.qemu, pytest.mark.native]

QEMU, NATIVE = BOARDS["mps2-an386"], BOARDS["native"]
GENERATOR = Path(__file__).parents[2] / "generator"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BOARDPROOF_CACHE_DIR", str(path))
        yield path


def users_platformio(core_dir: Path) -> dict[str, str]:
    """The environment of somebody who has PlatformIO, and no boardproof: a core directory with SCons in it."""
    ours = prepare_core().path
    (core_dir / "packages").mkdir(parents=True)
    (core_dir / "packages" / "tool-scons").symlink_to(ours / "packages" / "tool-scons")
    quiet = {"PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no", "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true"}
    return {"PLATFORMIO_CORE_DIR": str(core_dir), **quiet}


def pio_run(directory: Path, environment: dict[str, str], *arguments: str) -> str:
    done = run([sys.executable, "-m", "platformio", "run", *arguments], cwd=directory, env=environment, timeout_s=120)
    assert done.status == 0, done.output
    return done.output


class TestKeeping:
    def test_what_did_not_change_is_not_compiled_again(self, tmp_path: Path):
        build(sketch_project(NATIVE), tmp_path / "out")
        said: list[str] = []
        build(sketch_project(NATIVE), tmp_path / "out", on_line=said.append)
        assert not [line for line in said if line.startswith(("Compiling", "Linking", "Retrieved"))]

    def test_another_project_takes_what_is_the_same_from_the_cache(self, tmp_path: Path):
        build(sketch_project(QEMU), tmp_path / "one")
        said: list[str] = []
        build(sketch_project(QEMU, ECHO + b"int different;"), tmp_path / "another" / "two", on_line=said.append)
        assert [line for line in said if line.startswith("Compiling")] == [
            "Compiling .pio/build/mps2-an386/src/main.cpp.o"
        ]

    def test_libraries_are_compiled_once_for_all_projects(self, tmp_path: Path):
        library = tmp_path / "tiny"
        library.mkdir()
        (library / "library.json").write_text('{"name": "tiny", "version": "1.2.3"}')
        (library / "tiny.h").write_text("int tiny();")
        (library / "tiny.cpp").write_text("int tiny() { return 7; }")
        project = sketch_project(NATIVE, b'#include "tiny.h"\n' + ECHO.replace(b"115200", b"tiny()"))
        settings = project.files["platformio.ini"] + f"lib_deps = file://{library}\n".encode()
        project = replace(project, files={**project.files, "platformio.ini": settings})
        build(project, tmp_path / "one")
        said: list[str] = []
        build(project, tmp_path / "another" / "two", on_line=said.append)
        assert [line for line in said if line.startswith("Retrieved") and "tiny.cpp.o" in line]
        assert not [line for line in said if line.startswith("Compiling") and "tiny" in line]

    def test_output_is_kept(self, tmp_path: Path):
        said: list[str] = []
        build(sketch_project(NATIVE), tmp_path / "out", on_line=said.append)
        assert (tmp_path / "out" / LOG).read_text().splitlines() == said
        assert any("[SUCCESS]" in line for line in said)

    def test_users_platformio_directory_is_not_touched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        build(sketch_project(NATIVE), tmp_path / "out")
        assert not (tmp_path / "home").exists()


class TestGoingWrong:
    def test_compile_error(self, tmp_path: Path):
        with pytest.raises(ToolError) as caught:
            build(
                sketch_project(QEMU, b"#include <Arduino.h>\nvoid setup() {}\nvoid loop() { nonsense(); }\n"),
                tmp_path / "o",
            )
        assert caught.value.message.startswith(
            "The firmware for mps2-an386 does not compile: src/main.cpp:3: 'nonsense' was"
        )
        assert caught.value.hint == f"The whole output is in {tmp_path / 'o' / LOG}."
        assert "Compiling" in caught.value.details

    def test_link_error(self, tmp_path: Path):
        with pytest.raises(ToolError, match="does not link: loop is not defined anywhere"):
            build(sketch_project(QEMU, b"#include <Arduino.h>\nvoid setup() {}\n"), tmp_path / "out")

    def test_firmware_too_large_for_both_memories(self, tmp_path: Path):
        sketch = b"extern const char big[1000000] = {1}; char wide[300000];" + ECHO
        sketch = sketch.replace(b"Serial.write", b"Serial.print(big); Serial.print(wide); Serial.write")
        with pytest.raises(InputError) as caught:
            build(sketch_project(QEMU, sketch), tmp_path / "out")
        assert "The firmware does not fit on mps2-an386: flash is " in caught.value.message
        assert " of 983,040; RAM is " in caught.value.message
        assert caught.value.message.endswith(" of 262,144.")

    def test_exactly_the_bytes_that_are_too_many(self, tmp_path: Path):
        """One byte more in the firmware is one byte more in the message (sizes are multiples of 8)."""
        excess = []
        for size in (280_000, 280_008):
            sketch = b"char wide[%d];" % size + ECHO
            sketch = sketch.replace(b"Serial.write", b"Serial.print(wide); Serial.write")
            with pytest.raises(InputError) as caught:
                build(sketch_project(QEMU, sketch), tmp_path / "out")
            excess.append(int(caught.value.message.split("RAM is ")[1].split(" bytes")[0].replace(",", "")))
        assert excess[1] - excess[0] == 8

    def test_no_compiler(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ToolError, match="arm-none-eabi-gcc is not installed") as caught:
            build(sketch_project(QEMU), tmp_path / "out")
        assert "sudo apt-get install gcc-arm-none-eabi" in caught.value.hint
        assert not (tmp_path / "out").exists()

    def test_interrupt_leaves_no_process_and_no_half_project(self, tmp_path: Path):
        # A compilation that never ends: the assembler waits for a FIFO that nobody writes to.
        out = tmp_path / "out"
        script = f"""
import os, sys
from pathlib import Path
from boardproof.device.build.compile import build
from boardproof.project.boards import BOARDS
from support.sketches import sketch_project
os.mkfifo({str(tmp_path / "never")!r})
sketch = b'__asm__(".incbin \\\\"{tmp_path}/never\\\\"");'
build(sketch_project(BOARDS["native"], sketch), Path({str(out)!r}), on_line=lambda line: print(line, flush=True))
"""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(GENERATOR), str(GENERATOR.parent / "tests")])}
        ours = subprocess.Popen(
            [sys.executable, "-c", script],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        with ours:
            assert ours.stdout is not None
            for line in ours.stdout:
                if "Compiling .pio/build/native/src/main.cpp.o" in line:
                    break
            ours.send_signal(signal.SIGINT)
            try:
                assert ours.wait(30) != 0
            finally:
                ours.kill()
        stop = time.monotonic() + 10
        while left := processes_that_mention(str(tmp_path)):
            assert time.monotonic() < stop, left
            time.sleep(0.05)
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        assert (out / MARKER).is_file()


def processes_that_mention(text: str) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if process.name != str(os.getpid()) and (text in words or where.startswith(text)):
            found.append(words)
    return found


class TestWithoutBoardproof:
    """A generated project is a PlatformIO project like any other."""

    def test_plain_pio_run_after_moving_the_project(self, tmp_path: Path):
        build(sketch_project(QEMU), tmp_path / "first" / "place")
        moved = (tmp_path / "first").rename(tmp_path / "second") / "place"
        output = pio_run(moved, users_platformio(tmp_path / "core"))
        assert "Linking" in output or "is up to date" in output or "[SUCCESS]" in output
        with fifo_stream(moved / ".pio/build/mps2-an386/firmware.elf") as stream:
            stream.write(b"abc")
            assert stream.read(3) == b"abc"

    def test_two_projects_in_one_core_directory_use_each_their_own_platform(self, tmp_path: Path):
        environment = users_platformio(tmp_path / "core")
        for name in ("one", "two"):
            project = sketch_project(NATIVE)
            title = project.files["platforms/emulated/platform.json"].replace(b"Emulated boards", name.encode())
            files = {**project.files, "platforms/emulated/platform.json": title}
            for path, content in files.items():
                (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name / path).write_bytes(content)
        for name in ("one", "two"):
            assert f"PLATFORM: {name} (" in pio_run(tmp_path / name, environment)

    @pytest.mark.parametrize("board", [QEMU, NATIVE], ids=lambda board: board.name)
    def test_checkout_builds_a_sketch_with_its_own_files(self, tmp_path: Path, board):
        (tmp_path / "src").mkdir()
        (tmp_path / "src" / "main.cpp").write_bytes(ECHO)
        environment = users_platformio(tmp_path / "core") | {
            "PLATFORMIO_SRC_DIR": str(tmp_path / "src"),
            "PLATFORMIO_WORKSPACE_DIR": str(tmp_path / ".pio"),
        }
        pio_run(resource_root(), environment, "--environment", board.env)
        open_stream = fifo_stream if board is QEMU else process_stream
        with open_stream(tmp_path / ".pio/build" / board.env / "firmware.elf") as stream:
            stream.write(b"abc")
            assert stream.read(3) == b"abc"

    def test_upload_and_exec(self, tmp_path: Path):
        sketch = b'#include <Arduino.h>\nvoid setup() { Serial.println("hi there"); exit(0); }\nvoid loop() {}'
        build(sketch_project(NATIVE, sketch), tmp_path / "an out")
        output = pio_run(tmp_path / "an out", users_platformio(tmp_path / "core"), "-t", "upload", "-t", "exec")
        assert "Nothing to upload to: run the firmware with pio run -t exec" in output
        assert "hi there" in output


def test_builds_at_once_do_not_disturb_each_other(tmp_path: Path):
    script = """
import sys
from pathlib import Path
from boardproof.device.build.compile import build
from boardproof.project.boards import BOARDS
from support.sketches import sketch_project
build(sketch_project(BOARDS[sys.argv[1]]), Path(sys.argv[2]))
"""
    environment = {
        **os.environ,
        "BOARDPROOF_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join([str(GENERATOR), str(GENERATOR.parent / "tests")]),
    }
    boards = ["mps2-an386", "native", "native"]
    jobs = [
        subprocess.Popen([sys.executable, "-c", script, board, str(tmp_path / str(i))], env=environment)
        for i, board in enumerate(boards)
    ]
    assert [job.wait(120) for job in jobs] == [0, 0, 0]
    assert all((tmp_path / str(i) / ".pio/build" / board / "firmware.elf").is_file() for i, board in enumerate(boards))
