"""Generated code and portable kernels are warning-free with every compiler that a project may meet."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from boardproof.project.resources import resource
from firmware.test_kernels import OPERATORS
from support.aot import WARNINGS, generate, write_sources
from support.network import Network

COMPILERS = {
    "gcc": ("gcc", "-O2"),
    "clang": ("clang", "-O2"),
    "cortex-m4": ("arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-O2"),
    "cortex-m0plus": ("arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb", "-Os"),
}


def every_operator():
    """A model with each operator once, and names that try to break out of comments."""
    found = []

    @settings(max_examples=1, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.data())
    def build(data):
        net = Network(7)
        net.outputs = [operator(data.draw, net).index for operator in OPERATORS.values()]
        hostile = ("*/ #error", "/*", "a\nb", "\\", "??/", "%s{{ 1 / 0 }}", "é\u202e\x00", "'\"")
        for tensor, name in zip(net.builder.subgraph.tensors, hostile * 99, strict=False):
            tensor.name = name
        found.append(net.build())

    build()
    return found[0]


@pytest.mark.native
@pytest.mark.parametrize("name", COMPILERS)
def test_no_warnings(name, tmp_path):
    compiler, *flags = COMPILERS[name]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} not on PATH")
    whole = write_sources(generate(every_operator()), tmp_path)
    kernels = [p for p in resource("firmware/kernels").glob("*.c") if not p.stem.endswith("_m4")]
    includes = [f"-I{resource(path)}" for path in ("firmware/app", "firmware/boards", "firmware/kernels")]
    command = [
        compiler,
        *flags,
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


@pytest.mark.qemu
def test_kernels_call_nothing_and_int8_kernels_use_no_floats(tmp_path):
    kernels = [p for p in resource("firmware/kernels").glob("*.c") if not p.stem.endswith("_m4")]
    compiler, *flags = COMPILERS["cortex-m0plus"]
    subprocess.run([compiler, *flags, *WARNINGS, "-c", *map(str, kernels)], cwd=tmp_path, check=True)
    for kernel in kernels:
        symbols = subprocess.run(
            [shutil.which("arm-none-eabi-nm"), "--undefined-only", str(tmp_path / f"{kernel.stem}.o")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        called = {s for s in symbols if s not in {"U", "memcpy", "memset"}}
        # On a core without an FPU, float arithmetic shows as calls of the run-time library's __aeabi_f… and __aeabi_d….
        integer_only = {s for s in called if s.startswith(("__aeabi_l", "__aeabi_i", "__aeabi_u", "__gnu_thumb1_case"))}
        floats = {s for s in called if s.startswith(("__aeabi_f", "__aeabi_d", "__aeabi_i2"))}
        assert called <= integer_only | floats, kernel.stem
        assert not floats or "f32" in kernel.stem, kernel.stem
