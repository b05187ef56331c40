"""Generated models run in this process: .tflite to C to a shared object, called through ctypes."""

from __future__ import annotations

import ctypes
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model import arena
from boardproof.model.graph import DType
from boardproof.model.oracle import interpret
from boardproof.model.preflight import Severity
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from boardproof.project.runtimes.base import Generated

SPECIAL = ("_dsp", "_fpu")
"""Ends of the names of kernels that are not for every core."""

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror")
ARENA_BYTES = 40 << 20
"""More than malloc recycles: the arena begins as zeros. Most of it is never touched."""

TICKS = """
#include "board.h"
uint32_t board_ticks(void) { static uint32_t ticks; return ticks += 3; }
"""


class ModelTensor(ctypes.Structure):
    """struct model_tensor of firmware/app/model.h."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("bytes", ctypes.c_uint32),
        ("dtype", ctypes.c_uint8),
        ("rank", ctypes.c_uint8),
        ("dims", ctypes.c_int32 * 6),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int32),
        ("name", ctypes.c_char_p),
    )


@dataclass(frozen=True)
class Toolchain:
    """A compiler with its flags, and the portable kernels compiled by it."""

    command: tuple[str, ...]
    archive: Path

    def compile(self, sources: Sequence[Path], output: Path, *flags: str) -> None:
        """Compiles and links with the kernels. Fails with the compiler's words."""
        includes = [f"-I{resource(path)}" for path in ("firmware/app", "firmware/boards", "firmware/kernels")]
        command = [
            *self.command,
            *WARNINGS,
            *includes,
            *flags,
            *map(str, sources),
            str(self.archive),
            "-o",
            str(output),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def build_kernels(folder: Path, *command: str) -> Toolchain:
    """Compiles every portable kernel into an archive."""
    sources = sorted(p for p in resource("firmware/kernels").glob("*.c") if not p.stem.endswith(SPECIAL))
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*command, *WARNINGS, "-c", *map(str, sources)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    archive = folder / "libkernels.a"
    archive_objects(command, archive, folder)
    return Toolchain(command, archive)


def archive_objects(command: Sequence[str], archive: Path, objects: Path) -> None:
    """Adds a folder's objects to an archive, with the tool that knows objects for link-time optimization if need be."""
    tool = re.sub("gcc$", "gcc-ar", command[0]) if "-flto" in command else "ar"
    subprocess.run([tool, "rcs", str(archive), *map(str, objects.glob("*.o"))], check=True, capture_output=True)


def generate(data: bytes, board: str = "native", optimize: str = "balanced") -> Generated:
    """What the aot runtime generates, after its check found nothing but notes."""
    graph, options = read_tflite(data), Options(optimize=optimize)
    compiled = AotRuntime().compile(graph, BOARDS[board], options)
    assert all(finding.severity is Severity.NOTE for finding in compiled.findings), compiled.findings
    return compiled.generate(data)


def write_sources(generated: Generated, folder: Path) -> Path:
    """Writes the generated files and one source that includes them, which compiles faster than three."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in generated.files.items():
        (folder / Path(path).name).write_bytes(content)
    whole = folder / "whole.c"
    whole.write_text(f'{TICKS}\n#include "model_weights.c"\n#include "model.c"\n#include "nn_network.c"\n')
    return whole


class CompiledModel:
    """A generated model in a shared object."""

    def __init__(self, data: bytes, toolchain: Toolchain, folder: Path) -> None:
        self.graph = read_tflite(data)
        self.generated = generate(data)
        library = folder / "model.so"
        toolchain.compile([write_sources(self.generated, folder)], library, "-shared", "-fPIC")
        self.library = ctypes.CDLL(str(library))
        assert self.library.model_init() == 0

    def tensor(self, function: str, *position: int) -> ModelTensor:
        """Calls model_input, model_output or model_op_output."""
        tensor = ModelTensor()
        assert getattr(self.library, function)(*position, ctypes.byref(tensor)) == 0
        return tensor

    def set_inputs(self, inputs: Sequence[np.ndarray]) -> None:
        tensors = [self.tensor("model_input", i) for i in range(len(inputs))]
        for tensor, array in zip(tensors, inputs, strict=True):
            assert tensor.bytes == array.nbytes
            ctypes.memmove(tensor.data, array.tobytes(), array.nbytes)

    def run(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """One inference."""
        self.set_inputs(inputs)
        assert self.library.model_invoke() == 0
        return [self.read(self.tensor("model_output", i)) for i in range(len(self.graph.outputs))]

    def read(self, tensor: ModelTensor) -> np.ndarray:
        """A tensor's current value."""
        numbers = {
            0: DType.FLOAT32,
            2: DType.INT32,
            3: DType.UINT8,
            4: DType.INT64,
            6: DType.BOOL,
            7: DType.INT16,
            9: DType.INT8,
            12: DType.UINT64,
            15: DType.UINT32,
        }
        raw = ctypes.string_at(tensor.data, tensor.bytes)
        return np.frombuffer(raw, numbers[tensor.dtype].numpy).reshape(tensor.dims[: tensor.rank])


def oracle_outputs(data: bytes, inputs: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """tflite_micro's outputs; `inputs` have a leading sample axis."""
    return interpret(data, Vectors(tuple(inputs)), ARENA_BYTES)


def assert_exact(data: bytes, inputs: Sequence[np.ndarray], toolchain: Toolchain, folder: Path) -> None:
    """Asserts 0 LSB between the generated model and tflite_micro; `inputs` have a leading sample axis."""
    model = CompiledModel(data, toolchain, folder)
    expected = oracle_outputs(data, inputs)
    for sample in range(len(expected[0])):
        got = model.run([array[sample] for array in inputs])
        for position, (mine, theirs) in enumerate(zip(got, expected, strict=True)):
            np.testing.assert_array_equal(mine, theirs[sample], f"output {position} of sample {sample}")


def plan_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arena plans need not be small where a network is many separate operators in one: then searching takes longest."""
    monkeypatch.setattr(arena, "_SEARCH_ROUNDS", 0)
    monkeypatch.setattr(arena, "_sharing", lambda _: [])
    monkeypatch.setattr(arena, "_leading", lambda _: iter(()))
