"""Models with _dsp kernels, as generated for a board with the DSP extension: compiled for the host, where the kernels'
portable definitions of the instructions run, or for the board itself.
"""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.tflite.reader import read_tflite
from boardproof.project.resources import resource
from support.aot import (
    SPECIAL,
    WARNINGS,
    CompiledModel,
    Toolchain,
    archive_objects,
    build_kernels,
    generate,
    oracle_outputs,
    write_sources,
)
from support.cores import BOARD, CORTEX_M4, run_on_core

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.cores import BoardRun


def build_all_kernels(folder: Path, *command: str) -> Toolchain:
    """Compiles every kernel, _dsp or not, into an archive."""
    return add_kernels(build_kernels(folder, *command), folder)


def add_kernels(toolchain: Toolchain, folder: Path) -> Toolchain:
    """The portable kernels of a toolchain and the _dsp ones, in an archive in `folder`."""
    objects, archive = folder / "dsp", folder / "liball.a"
    objects.mkdir(parents=True, exist_ok=True)
    sources = [str(p) for p in sorted(resource("firmware/kernels").glob("*.c")) if p.stem.endswith(SPECIAL)]
    done = subprocess.run(
        [*toolchain.command, *WARNINGS, "-c", *sources], cwd=objects, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    archive.write_bytes(toolchain.archive.read_bytes())
    archive_objects(toolchain.command, archive, objects)
    return Toolchain(toolchain.command, archive)


class HostModel(CompiledModel):
    """A model generated for the board, in a shared object for the host."""

    def __init__(self, data: bytes, toolchain: Toolchain, folder: Path, optimize: str) -> None:
        self.graph = read_tflite(data)
        self.generated = generate(data, BOARD, optimize)
        library = folder / "model.so"
        toolchain.compile([write_sources(self.generated, folder)], library, "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(library))
        assert self.library.model_init() == 0

    @property
    def kernels(self) -> Counter[str]:
        """How often each kernel is called."""
        return Counter(re.findall(r"^\s+(nn_\w+)\(&", self.generated.files["src/model.c"].decode(), re.MULTILINE))


def check_on_host(
    data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path, optimize: str = "balanced"
) -> Counter[str]:
    """Asserts 0 LSB between the generated model and tflite_micro; returns which kernels it has."""
    model = HostModel(data, toolchain, folder, optimize)
    expected = oracle_outputs(data, inputs)
    for sample in range(len(expected[0])):
        got = model.run([array[sample] for array in inputs])
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True)):
            np.testing.assert_array_equal(mine, theirs[sample], f"output {position} of sample {sample}")
    return model.kernels


def run_on_board(
    data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path, optimize: str = "balanced"
) -> BoardRun:
    """Runs samples that are part of the program under QEMU; `inputs` have a leading sample axis."""
    return run_on_core(CORTEX_M4, data, inputs, toolchain, folder, optimize)
