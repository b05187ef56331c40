"""Models with _m4 kernels, as generated for a board with the DSP extension: compiled for the host, where the kernels'
portable definitions of the instructions run, or for the board itself.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.resources import resource
from support.aot import (
    WARNINGS,
    CompiledModel,
    Toolchain,
    archive_objects,
    build_kernels,
    generate,
    oracle_outputs,
    write_sources,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BOARD = "mps2-an386"
INCLUDES = tuple(f"-I{resource(path)}" for path in ("firmware/app", "firmware/boards", "firmware/kernels"))
# As projects for emulated boards are built.
CORTEX_M4 = (
    "-mcpu=cortex-m4",
    "-mthumb",
    "-mfloat-abi=hard",
    "-mfpu=fpv4-sp-d16",
    "-O2",
    "-ffunction-sections",
    "-flto",
)
QEMU = (
    *("qemu-system-arm", "-M", BOARD, "-nographic", "-icount", "shift=0"),
    *("-semihosting-config", "enable=on,target=native"),
)


def build_all_kernels(folder: Path, *command: str) -> Toolchain:
    """Compiles every kernel, _m4 or not, into an archive."""
    return add_kernels(build_kernels(folder, *command), folder)


def add_kernels(toolchain: Toolchain, folder: Path) -> Toolchain:
    """The portable kernels of a toolchain and the _m4 ones, in an archive in `folder`."""
    objects, archive = folder / "m4", folder / "liball.a"
    objects.mkdir(parents=True, exist_ok=True)
    sources = [str(path) for path in sorted(resource("firmware/kernels").glob("*_m4.c"))]
    done = subprocess.run(
        [*toolchain.command, *WARNINGS, "-c", *sources], cwd=objects, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    archive.write_bytes(toolchain.archive.read_bytes())
    archive_objects(toolchain.command, archive, objects)
    return Toolchain(toolchain.command, archive)


class HostModel(CompiledModel):
    """A model generated for the board, in a shared object for the host."""

    def __init__(self, data: bytes, toolchain: Toolchain, folder: Path) -> None:
        self.graph = read_tflite(data)
        self.generated = generate(data, BOARD)
        library = folder / "model.so"
        toolchain.compile([write_sources(self.generated, folder)], library, "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(library))

    @property
    def kernels(self) -> Counter[str]:
        """How often each kernel is called."""
        return Counter(re.findall(r"^\s+(nn_\w+)\(&", self.generated.files["src/model.c"].decode(), re.MULTILINE))


def check_on_host(data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path) -> Counter[str]:
    """Asserts 0 LSB between the generated model and tflite_micro; returns which kernels it has."""
    model = HostModel(data, toolchain, folder)
    expected = oracle_outputs(data, inputs)
    for sample in range(len(expected[0])):
        got = model.run([array[sample] for array in inputs])
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True)):
            np.testing.assert_array_equal(mine, theirs[sample], f"output {position} of sample {sample}")
    return model.kernels


@dataclass(frozen=True)
class BoardRun:
    """What a model did on the emulated board: outputs unlike the oracle's, and instructions of each kernel call."""

    wrong: int
    ticks: tuple[int, ...]


def run_on_board(data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path) -> BoardRun:
    """Runs samples that are part of the program under QEMU; `inputs` have a leading sample axis."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in generate(data, BOARD).files.items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    (folder / "vectors.h").write_text(vectors_text(inputs, oracle_outputs(data, inputs)))
    harness, elf = resource("tests/firmware/m4_board"), folder / "model.elf"
    sources = [folder / "model.c", folder / "model_weights.c", harness / "board.c"]
    toolchain.compile(sources, elf, f"-I{folder}", f"-T{harness / 'board.ld'}", "-nostartfiles", "-Wl,--gc-sections")
    # Semihosting's console is QEMU's standard error.
    done = subprocess.run([*QEMU, "-kernel", str(elf)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    wrong, *ticks = map(int, done.stderr.split())
    return BoardRun(wrong, tuple(ticks))


def vectors_text(inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> str:
    """vectors.h for tests/firmware/m4_board/board.c."""
    lines = [f"enum {{ SAMPLES = {len(inputs[0])} }};"]
    for name, arrays in (("inputs", inputs), ("outputs", outputs)):
        for i, array in enumerate(arrays):
            numbers = ", ".join(map(str, np.ascontiguousarray(array).view(np.uint8).reshape(-1)))
            lines.append(f"static const uint8_t {name}{i}[] = {{{numbers}}};")
        pointers = ", ".join(f"{name}{i}" for i in range(len(arrays)))
        lines.append(f"static const uint8_t *const {name}[] = {{{pointers}}};")
    return "\n".join(lines) + "\n"
