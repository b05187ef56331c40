"""Generated code and portable kernels are warning-free with every compiler that a project may meet."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.project.resources import resource
from firmware import test_axes, test_elementwise, test_kernels, test_movement
from support.aot import SPECIAL, WARNINGS, generate, plan_quickly, write_sources
from support.dsp import run_on_board
from support.network import Network

COMPILERS = {
    "gcc": ("gcc", "-O2"),
    "clang": ("clang", "-O2"),
    "cortex-m4": ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"),
    "clang for cortex-m4": (
        *("clang", "--target=arm-none-eabi", "-isystem", "/usr/include/newlib"),
        *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-O2"),
    ),
    "cortex-m0plus": ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-Os"),
    "cortex-m3": ("arm-none-eabi-gcc", "-mcpu=cortex-m3", "-mthumb", "-O2"),
    "cortex-m7": ("arm-none-eabi-gcc", "-mcpu=cortex-m7", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-d16", "-O2"),
    "cortex-m33": ("arm-none-eabi-gcc", "-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv5-sp-d16", "-O2"),
}
ONLY_READ = {"clang", "cortex-m0plus", "cortex-m3", "cortex-m7", "cortex-m33"}
"""Clang warns while it reads; for these cores, test_cores compiles all of this with warnings, and runs it."""
OPERATORS = [
    operator
    for tests in (test_axes, test_elementwise, test_kernels, test_movement)
    for operator in tests.OPERATORS.values()
]


@pytest.fixture(scope="module")
def generated():
    with pytest.MonkeyPatch.context() as monkeypatch:
        plan_quickly(monkeypatch)
        return generate(every_operator())


def every_operator():
    """A model with each operator of each type once, and names that try to break out of comments."""
    found = []

    @settings(
        max_examples=1, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def build(data):
        net = Network(7)
        net.outputs = [operator(data.draw, net).index for operator in OPERATORS]
        hostile = ("*/ #error", "/*", "a\nb", "\\", "??/", "%s{{ 1 / 0 }}", "é\u202e\x00", "'\"")
        for tensor, name in zip(net.builder.subgraph.tensors, hostile * 99, strict=False):
            tensor.name = name
        found.append(net.build())

    build()
    return found[0]


@pytest.mark.native
@pytest.mark.parametrize("name", COMPILERS)
def test_no_warnings(name, generated, tmp_path):
    compiler, *flags = COMPILERS[name]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} not on PATH")
    whole = write_sources(generated, tmp_path)
    kernels = resource("firmware/kernels").glob("*.c")
    includes = [f"-I{resource(path)}" for path in ("firmware/app", "firmware/boards", "firmware/kernels")]
    command = [
        compiler,
        *flags,
        *(["-fsyntax-only"] if name in ONLY_READ else []),
        *WARNINGS,
        "-Wshadow",
        "-Wstrict-prototypes",
        *includes,
        "-c",
        str(whole),
        *map(str, kernels),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


RUN_TIME_INTEGERS = ("__aeabi_l", "__aeabi_idiv", "__aeabi_uidiv", "__gnu_thumb1_case", "memcpy", "memmove", "memset")
"""What the compiler calls for 64-bit numbers, divisions and switches on a core that has no instruction for them; moving
bytes."""


@pytest.mark.qemu
def test_kernels_call_nothing_and_integer_kernels_use_no_floats(tmp_path):
    """On a core without an FPU, float arithmetic shows as calls of the compiler's run-time library."""
    kernels = [p for p in resource("firmware/kernels").glob("*.c") if not p.stem.endswith(SPECIAL)]
    compiler, *flags = COMPILERS["cortex-m0plus"]
    subprocess.run(
        [compiler, *flags, *WARNINGS, "-ffunction-sections", "-c", *map(str, kernels)], cwd=tmp_path, check=True
    )
    objects = [str(tmp_path / f"{kernel.stem}.o") for kernel in kernels]
    objdump = [shutil.which("arm-none-eabi-objdump"), "-r", *objects]
    listing = subprocess.run(objdump, capture_output=True, text=True, check=True).stdout
    names = [shutil.which("arm-none-eabi-nm"), "--defined-only", "--format=just-symbols", *objects]
    own = set(subprocess.run(names, capture_output=True, text=True, check=True).stdout.split())
    function, file, seen = "", "", 0
    for line in listing.splitlines():
        if ": " in line and "file format" in line:
            file = Path(line.partition(":")[0]).stem
        if line.startswith("RELOCATION RECORDS FOR"):
            function = line.partition("[")[2].rstrip("]:")
        symbol = line.split()[-1] if "R_ARM_THM_CALL" in line or "R_ARM_THM_JUMP24" in line else ""
        if not symbol or symbol in own or symbol.startswith((".text", *RUN_TIME_INTEGERS)):
            continue
        seen += 1
        assert symbol.startswith("__aeabi_"), f"{function} calls {symbol}"
        # CAST is between any two types, floats among them, and int8 networks have none.
        is_float = file in {"nn_exp", "nn_expm1"} or function == ".text.nn_cast"
        is_float |= any("f32" in name or "f64" in name for name in (file, function))
        assert is_float, f"{function} calls {symbol}"
    assert seen > 0


@pytest.mark.qemu
def test_bytes_of_two_tensors_taken_in_turns(dsp_on_board, tmp_path):
    """GCC 12's link-time optimization left such a PACK out, when it was alone in a network."""
    net = Network(1)
    x, y = net.input((1, 32, 48), 0.1, 0), net.input((1, 32, 48), 0.1, 0)
    both = net.tensor((1, 32, 48, 2), 0.1, 0)
    net.builder.add_operator("PACK", [x.index, y.index], [both.index], axis=3, values_count=2)
    net.outputs = [both.index]
    run = run_on_board(net.build(), net.vectors(2), dsp_on_board, tmp_path, "speed")
    assert run.wrong == 0
    assert run.ticks[0] > 0
