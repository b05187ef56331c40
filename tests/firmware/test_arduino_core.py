"""Projects for the Nano 33 BLE, compiled as PlatformIO compiles them, against the headers of Arduino's own core.

Runs where BOARDPROOF_ARDUINO_CORE names a copy of the core; the tflm project also needs BOARDPROOF_TFLM_LIB. It takes
25 s of CPU time. The core's compiled half (libmbed.a) is not needed: the image is linked without it, to see where
everything goes.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.mlperf import with_mlperf_protocol
from boardproof.project.render import render
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.runtimes.tflm.library import inspect_library
from firmware.test_compilers import every_operator
from support.arduino_core import LANGUAGES, VARIANT, ArduinoCore, arduino_core, compiler_flags
from support.mlperf_models import kws_like
from support.small_network import small_network
from support.tflm import real_library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boardproof.project.runtimes.base import Runtime
    from boardproof.project.types import Project

NANO = BOARDS["nano33ble"]
FLASH = range(0x10000, 0x100000)
VARIABLES_BYTES = 16  # variables that do not start as zero
HEAP = {"malloc", "calloc", "realloc", "free", "_Znwj", "_Znaj", "_ZdlPv", "_ZdlPvj", "_ZdaPv"}


@pytest.fixture(scope="module")
def core() -> ArduinoCore:
    found = arduino_core()
    if shutil.which("arm-none-eabi-g++") is None:
        pytest.skip("arm-none-eabi-g++ not on PATH")
    return found


def make_project(data: bytes, runtime: Runtime, **options: object) -> Project:
    return render(read_tflite(data), data, NANO, runtime, Options(**options))[0]


def write_project(project: Project, root: Path) -> None:
    for name, content in project.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def compile_project(core: ArduinoCore, root: Path, *headers: Path) -> list[Path]:
    """Compiles every source, and insists that there is nothing to warn of in ours. Returns the objects."""
    libraries = sorted((root / "lib").iterdir())
    includes = [f"-I{folder}" for folder in (root / "src", *libraries, *headers)]
    for folder in (root / "src", *libraries):
        objects = root / "objects" / folder.name
        objects.mkdir(parents=True)
        for suffix in LANGUAGES:
            if sources := sorted(map(str, folder.glob(f"*{suffix}"))):
                compiler = "arm-none-eabi-gcc" if suffix == ".c" else "arm-none-eabi-g++"
                flags = compiler_flags(core, root, folder, suffix)
                done = subprocess.run(
                    [compiler, *flags, *includes, *sources], cwd=objects, capture_output=True, text=True
                )
                assert done.returncode == 0, done.stderr
                assert not [
                    line for line in done.stderr.splitlines() if line.startswith(str(root)) and "warning" in line
                ]
        assert len(list(objects.iterdir())) == len([path for path in folder.iterdir() if path.suffix in LANGUAGES])
    return sorted((root / "objects").glob("*/*.o"))


def link(core: ArduinoCore, objects: list[Path], elf: Path) -> Path:
    """Links by the board's linker script, and leaves open what only the core and the C library have."""
    script = core.root / VARIANT / "linker_script.ld"
    options = [
        "--gc-sections",
        "--unresolved-symbols=ignore-all",
        "--entry=setup",
        "--undefined=loop",
        f"--script={script}",
    ]
    subprocess.run(["arm-none-eabi-ld", *options, *map(str, objects), "-o", str(elf)], check=True)
    return elf


def initialized(elf: Path) -> Iterator[tuple[str, int, int]]:
    """The name, address and size of every object that has initial values."""
    with elf.open("rb") as file:
        image = ELFFile(file)
        for symbol in image.get_section_by_name(".symtab").iter_symbols():
            section = symbol["st_shndx"]
            if symbol["st_info"]["type"] != "STT_OBJECT" or not isinstance(section, int):
                continue
            if image.get_section(section)["sh_type"] == "SHT_PROGBITS":
                yield symbol.name, symbol["st_value"], symbol["st_size"]


def undefined(objects: list[Path]) -> set[str]:
    listing = subprocess.run(["arm-none-eabi-nm", "-u", *map(str, objects)], check=True, capture_output=True, text=True)
    return {line.split()[-1] for line in listing.stdout.splitlines() if line.startswith(" ")}


@pytest.fixture(scope="module")
def aot(core: ArduinoCore, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("aot")
    write_project(make_project(every_operator(), AotRuntime()), root)
    return compile_project(core, root)


@pytest.fixture(scope="module")
def tflm(core: ArduinoCore, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    library = real_library()
    root = tmp_path_factory.mktemp("tflm")
    write_project(make_project(small_network(), TflmRuntime(inspect_library(library)), arena_bytes=16384), root)
    headers = library / "src" if (library / "src").is_dir() else library
    return compile_project(core, root, headers)


@pytest.mark.parametrize("runtime", ["aot", "tflm"])
def test_every_source_compiles_without_a_warning(runtime: str, request: pytest.FixtureRequest):
    assert request.getfixturevalue(runtime)


def test_the_firmware_for_mlperf_tiny_compiles_too(core: ArduinoCore, tmp_path: Path):
    data = kws_like()
    write_project(with_mlperf_protocol(make_project(data, AotRuntime()), read_tflite(data)), tmp_path)
    assert compile_project(core, tmp_path)


@pytest.mark.parametrize(("runtime", "tables"), [("aot", "model_op"), ("tflm", "model_data")])
def test_constants_stay_in_flash(
    core: ArduinoCore, runtime: str, tables: str, request: pytest.FixtureRequest, tmp_path: Path
):
    found = list(initialized(link(core, request.getfixturevalue(runtime), tmp_path / "firmware.elf")))
    assert sum(size for name, address, size in found if tables in name and address in FLASH) > 1000
    assert sum(size for _, address, size in found if address not in FLASH) <= VARIABLES_BYTES


def test_aot_takes_nothing_from_the_heap(aot: list[Path]):
    assert not undefined(aot) & HEAP


def test_floats_are_computed_by_the_fpu(aot: list[Path]):
    """PlatformIO's platform appends -mfloat-abi=soft to the core's flags; our build_unflags takes it out again.

    Doubles, which EXP needs, are software's all the same.
    """
    assert {name for name in undefined(aot) if name.startswith("__aeabi_f")} <= {"__aeabi_f2d"}
