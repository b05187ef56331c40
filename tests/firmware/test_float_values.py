"""Special floats: infinities, zeros of both signs, subnormal numbers, no numbers; and exp as the C library has it."""

from __future__ import annotations

import ctypes
import ctypes.util
import re
import shutil
import subprocess

import numpy as np
import pytest

from boardproof.project.resources import resource
from boardproof.project.runtimes.aot.checks.host_functions import PROBES
from support.aot import CompiledModel, oracle_outputs
from support.flatbuffer_models import ModelBuilder

VALUES = np.array(
    [
        *(np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, -0.3, 1.5, -1.5, 2.5, -2.5, 3.5, 127.9, -129.2, 255.5),
        *(1e-45, -1e-45, 1e-40, -1e-40, 1.2e-38, 3e38, 3.4e38, -3.4e38, 8388607.5, -8388607.5, 8388609.0),
        *(2.0000002e9, 5e9, -3e9, 2147483648.0, -2147483648.0, 88.7, 88.8, -87.4, -103.9, -104.1, 16.62, -9.0),
    ],
    np.float32,
)
FIRST, SECOND = np.repeat(VALUES, VALUES.size), np.tile(VALUES, VALUES.size)
SQUARE = (1, VALUES.size, VALUES.size, 1)

UNARY = (
    *("ABS", "CEIL", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOG", "LOGISTIC", "NEG", "RELU", "RELU6", "ROUND", "RSQRT"),
    *("SQRT", "SQUARE", "TANH"),
)
ARITHMETIC = ("ADD", "SUB", "MUL", "DIV")
BINARY = ("ADD_N", "MAXIMUM", "MINIMUM", "PRELU", "SQUARED_DIFFERENCE")
RELATIONS = ("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL")
WINDOW = {"padding": "SAME", "stride_h": 1, "stride_w": 1}


class Values:
    """A model with many operators, each on special values."""

    def __init__(self):
        self.builder = ModelBuilder()
        self.inputs, self.outputs, self.vectors, self.names = [], [], [], []

    def add(self, opcode, *arrays, dtype="float32", shape=None, constants=(), **options):
        tensors = [self.builder.add_tensor(array.shape, "float32") for array in arrays]
        fixed = [self.builder.add_tensor(c.shape, str(c.dtype), data=c) for c in constants]
        output = self.builder.add_tensor(arrays[0].shape if shape is None else shape, dtype)
        self.builder.add_operator(opcode, [*tensors, *fixed], [output], **options)
        self.inputs += tensors
        self.outputs.append(output)
        self.vectors += [array[None] for array in arrays]
        self.names.append(opcode)


def every_operator():
    model = Values()
    with np.errstate(all="ignore"):
        matrix = (FIRST * SECOND).reshape(-1, VALUES.size)
    for opcode in UNARY:
        model.add(opcode, VALUES)
    model.add("LEAKY_RELU", VALUES, alpha=-0.5)
    for dtype in ("int8", "int16", "int32", "uint32", "bool"):
        model.add("CAST", VALUES, dtype=dtype)
    for opcode in ARITHMETIC:
        for activation in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            model.add(opcode, FIRST, SECOND, fused_activation_function=activation)
    for opcode in BINARY:
        model.add(opcode, FIRST, SECOND)
    for opcode in RELATIONS:
        model.add(opcode, FIRST, SECOND, dtype="bool")
    for opcode in ("SUM", "MEAN", "REDUCE_MAX", "REDUCE_MIN"):
        model.add(opcode, matrix, shape=(VALUES.size,), constants=[np.array([1], np.int32)])
    for opcode in ("AVERAGE_POOL_2D", "MAX_POOL_2D"):
        model.add(opcode, FIRST.reshape(SQUARE), filter_height=2, filter_width=3, **WINDOW)
    model.add("L2_NORMALIZATION", matrix)
    model.add("SOFTMAX", matrix, beta=1.0)
    weights = SECOND[: 3 * VALUES.size].reshape(3, VALUES.size)
    model.add("FULLY_CONNECTED", matrix, shape=(VALUES.size, 3), constants=[weights])
    return model


def bits(array):
    """As they are in memory, but all that are no number alike: their bits are the processor's business."""
    whole = array.view(np.uint32).copy() if array.dtype == np.float32 else array
    if array.dtype == np.float32:
        whole[np.isnan(array)] = 0x7FC00000
    return whole


@pytest.mark.native
def test_special_floats_are_what_tflite_micro_makes_of_them(toolchain, tmp_path):
    model = every_operator()
    data = model.builder.build(model.inputs, model.outputs)
    with np.errstate(all="ignore"):
        expected = oracle_outputs(data, model.vectors)
    got = CompiledModel(data, toolchain, tmp_path).run([vector[0] for vector in model.vectors])
    for name, mine, theirs in zip(model.names, got, expected, strict=True):
        np.testing.assert_array_equal(bits(mine), bits(theirs[0]), name)


KERNELS = resource("firmware/kernels")
CALLED = """
#include "nn_exp.h"
#include "nn_expm1.h"
#include "nn_unary.h"
static const struct nn_unary one = {1};
float called_expf(float x) { return nn_exp_f32_of(x); }
float called_expm1f(float x) { return nn_expm1_f32_of(x); }
float called_logf(float x) { nn_log_f32(&one, &x, &x); return x; }
float called_tanhf(float x) { nn_tanh_f32(&one, &x, &x); return x; }
"""

HARD = {"expf": ("0x1.04845ep+5", "-0x1.f8cbb2p+5"), "tanhf": ("1.0", "22.0", "0x1p-55")}
"""Where a less careful argument reduction is off, and where one formula ends and the next begins."""

RANGES = {"expf": (-105, 90), "expm1f": (-30, 90), "logf": (0, 1e6), "tanhf": (-24, 24)}


@pytest.fixture(scope="module")
def functions(tmp_path_factory):
    """What the kernels make of one float, by the C library's name for it."""
    folder = tmp_path_factory.mktemp("functions")
    (folder / "called.c").write_text(CALLED, encoding="utf-8")
    sources = [KERNELS / f"{name}.c" for name in ("nn_exp", "nn_expm1", "nn_log_f32", "nn_tanh_f32")]
    library = folder / "called.so"
    command = ["gcc", "-O2", "-shared", "-fPIC", f"-I{KERNELS}", str(folder / "called.c"), *map(str, sources)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return {name: typed(ctypes.CDLL(str(library)), f"called_{name}") for name in PROBES}


def typed(library, name):
    function = getattr(library, name)
    function.restype, function.argtypes = ctypes.c_float, [ctypes.c_float]
    return function


@pytest.mark.native
@pytest.mark.parametrize("name", PROBES)
def test_functions_are_the_c_librarys(name, functions):
    """Drawn floats, special ones, and the neighbours of hard ones; every one of the 2^32 was compared once."""
    theirs = typed(ctypes.CDLL(ctypes.util.find_library("m")), name)
    if not all(theirs(as_float(x)) == as_float(y) for x, y in PROBES[name].items()):
        pytest.skip(f"this machine's C library has another {name}")
    hard = np.array([float.fromhex(number) for number in HARD.get(name, ("0x1.62e430p-2",))], np.float32)
    neighbours = (hard.view(np.int32)[:, None] + np.arange(-50, 51)).astype(np.int32).view(np.float32)
    drawn = np.random.default_rng(3).uniform(*RANGES[name], 100_000).astype(np.float32)
    for x in np.concatenate([neighbours.reshape(-1), drawn, VALUES[1:]]).tolist():
        mine, right = functions[name](x), theirs(x)
        assert mine == right or (np.isnan(mine) and np.isnan(right)), x


EXPONENTIALS = """
#include <stdio.h>
#include "nn_exp.c"
int main(void) {
    uint32_t differ = 0;
    for (uint32_t bits = 0; bits <= 0x42d00000U; bits += STEP) {
        for (uint32_t sign = 0; sign < 2; ++sign) {
            const float x = nn_from_bits_f32(bits | sign << 31);
            differ += nn_bits_f32(nn_exp_f32_of(x)) != nn_bits_f32(in_doubles(x));
        }
    }
    printf("%u", (unsigned)differ);
    return 0;
}
"""


@pytest.mark.native
def test_exponentials_in_integers_are_those_in_doubles(tmp_path):
    """One float in 331 up to where results overflow; each of them was compared once, with a step of 1."""
    source, program = tmp_path / "exponentials.c", tmp_path / "exponentials"
    source.write_text(EXPONENTIALS, encoding="utf-8")
    subprocess.run(["gcc", "-O2", "-DSTEP=331", f"-I{KERNELS}", str(source), "-o", str(program)], check=True)
    assert subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout == "0"


@pytest.mark.native
@pytest.mark.parametrize("name", PROBES)
def test_probes_are_what_the_kernels_compute(name, functions):
    """They tell other ways of computing it apart: the nearest float is another one."""
    exactly = {"expf": np.exp, "expm1f": np.expm1, "logf": np.log, "tanhf": np.tanh}[name]
    for x, y in PROBES[name].items():
        assert functions[name](as_float(x)) == as_float(y)
        assert np.float32(exactly(np.float64(as_float(x)))) != np.float32(as_float(y))


def as_float(bits):
    return float(np.array(bits, np.uint32).view(np.float32))


CORTEX_M4 = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("arm-none-eabi-gcc", *CORTEX_M4), marks=pytest.mark.qemu),
        pytest.param(("gcc", "-mfma"), marks=pytest.mark.native),
        pytest.param(("clang", "-mfma"), marks=pytest.mark.skipif(not shutil.which("clang"), reason="no clang")),
    ],
    ids=lambda command: command[0],
)
def test_no_product_is_fused_with_a_sum(command):
    """What these processors can do in one rounding is done in two, even where the compiler may choose."""
    sources = sorted(KERNELS.glob("nn_*f32*.c"))
    assert len(sources) > 10
    for source in (*sources, KERNELS / "nn_exp.c", KERNELS / "nn_expm1.c"):
        done = subprocess.run(
            [*command, "-std=gnu11", "-O2", "-S", str(source), "-o", "-"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert not re.findall(r"^\s*(vfn?m[as]\w*)", done.stdout, re.MULTILINE), source.name
