"""Models on emulated Cortex-M cores, with their samples in the program."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.project.resources import resource
from support.aot import generate, oracle_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.aot import Toolchain

BOARD = "mps2-an386"
"""With the _dsp kernels."""


@dataclass(frozen=True)
class Memory:
    """Where QEMU's machine has memory for code and for data: (address, kilobytes)."""

    code: tuple[int, int] = (0, 4096)
    data: tuple[int, int] = (0x20000000, 4096)

    @property
    def most_arena_bytes(self) -> int:
        """With room for the stack and all else."""
        return 1024 * (self.data[1] - 4)

    @property
    def text(self) -> str:
        """memory.ld."""
        areas = (("CODE (rx)", *self.code), ("DATA (rw)", *self.data))
        lines = [f"    {name} : ORIGIN = {address:#010x}, LENGTH = {size}K" for name, address, size in areas]
        return "\n".join(["MEMORY", "{", *lines, "}", ""])


@dataclass(frozen=True)
class Core:
    """A core, how to compile for it, and QEMU's machine that has it.

    Attributes:
        machine: QEMU's name for it.
        flags: The compiler's.
        board: Whose kernels the model gets.
        memory: Of the machine.
        has_timer: Whether its timer is the AN386's.
    """

    machine: str
    flags: tuple[str, ...]
    board: str = "native"
    memory: Memory = Memory()
    has_timer: bool = True


@dataclass(frozen=True)
class BoardRun:
    """What a model did on the emulated core: outputs unlike the oracle's, and instructions of each kernel call."""

    wrong: int
    ticks: tuple[int, ...]


# As projects for emulated boards are built.
CORTEX_M4 = Core(
    BOARD,
    (
        *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
        *("-O2", "-ffunction-sections", "-flto"),
    ),
    BOARD,
)
_PLAIN = ("-mthumb", "-O2", "-ffunction-sections")
CORES = {
    "Cortex-M0": Core(
        "microbit",
        ("-mcpu=cortex-m0", "-mfloat-abi=soft", *_PLAIN),
        memory=Memory(code=(0, 256), data=(0x20000000, 16)),
        has_timer=False,
    ),
    "Cortex-M3": Core("mps2-an385", ("-mcpu=cortex-m3", "-mfloat-abi=soft", *_PLAIN)),
    "Cortex-M7": Core("mps2-an500", ("-mcpu=cortex-m7", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16", *_PLAIN), BOARD),
    "Cortex-M33": Core(
        "mps2-an505",
        ("-mcpu=cortex-m33", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16", *_PLAIN),
        BOARD,
        Memory(code=(0x10000000, 4096), data=(0x38000000, 2048)),
        has_timer=False,
    ),
}
"""The M0 is the M0+ without some of its speed: QEMU has no M0+, and both have the same instructions."""


def run_on_core(
    core: Core,
    data: bytes,
    inputs: Sequence[np.ndarray],
    toolchain: Toolchain,
    folder: Path,
    optimize: str = "balanced",
) -> BoardRun:
    """Runs samples that are part of the program under QEMU; `inputs` have a leading sample axis."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in generate(data, core.board, optimize).files.items():
        (folder / path.rpartition("/")[2]).write_bytes(content)
    (folder / "vectors.h").write_text(vectors_text(inputs, oracle_outputs(data, inputs)))
    (folder / "memory.ld").write_text(core.memory.text)
    harness, elf = resource("tests/firmware/m4_board"), folder / "model.elf"
    sources = [folder / "model.c", folder / "model_weights.c", folder / "nn_network.c", harness / "board.c"]
    flags = (f"-I{folder}", f"-DHAS_TIMER={core.has_timer:d}", f"-L{folder}", f"-T{harness / 'board.ld'}")
    toolchain.compile(sources, elf, *flags, "-nostartfiles", "-Wl,--gc-sections")
    command = ["qemu-system-arm", "-M", core.machine, "-nographic", "-icount", "shift=0"]
    command += ["-semihosting-config", "enable=on,target=native", "-kernel", str(elf)]
    # Semihosting's console is QEMU's standard error.
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
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
