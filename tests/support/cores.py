"""Portable kernels on emulated Cortex-M cores other than the M4: without DSP or FPU, or with more than it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof.project.resources import resource
from support.aot import generate, oracle_outputs, write_sources
from support.m4 import vectors_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np

    from support.aot import Toolchain


@dataclass(frozen=True)
class Core:
    """A core, how to compile for it, and QEMU's machine that has it, with the memory of the board in m4_board."""

    machine: str
    flags: tuple[str, ...]


CORES = {
    "Cortex-M3": Core("mps2-an385", ("-mcpu=cortex-m3", "-mfloat-abi=soft")),
    "Cortex-M7": Core("mps2-an500", ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16")),
}


def wrong_outputs(core: Core, data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path) -> int:
    """How many outputs of all samples are not tflite_micro's, with kernels for any core."""
    write_sources(generate(data), folder)
    (folder / "vectors.h").write_text(vectors_text(inputs, oracle_outputs(data, inputs)))
    harness, elf = resource("tests/firmware/m4_board"), folder / "model.elf"
    sources = [folder / "model.c", folder / "model_weights.c", harness / "board.c"]
    toolchain.compile(sources, elf, f"-I{folder}", f"-T{harness / 'board.ld'}", "-nostartfiles", "-Wl,--gc-sections")
    command = ["qemu-system-arm", "-M", core.machine, "-nographic", "-icount", "shift=0"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stderr.split()[0])
