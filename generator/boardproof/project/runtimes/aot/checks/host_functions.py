"""Whether this machine's C library computes what the board's kernels do.

tflite_micro calls expf, expm1f, logf and tanhf of the C library that it finds here, and libraries differ in the last
bits: the kernels compute what glibc has given on processors with fused multiplication, tanhf and expm1f until release
2.40. So the library is asked, on numbers whose nearest result is another one.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import platform
import struct
from functools import cache
from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.model.preflight import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.model.graph import Graph, Operator

HOST_CODE = "host-functions"

CALLS: Mapping[str, str] = {
    "ELU": "expm1f",
    "EXP": "expf",
    "LOG": "logf",
    "LOGISTIC": "expf",
    "SOFTMAX": "expf",
    "TANH": "tanhf",
}
"""Operators whose float32 kernels call the C library in tflite_micro, and the function."""

SETTLED = frozenset({"expf"})
"""Functions that libraries have computed in one way for years: only worth a word where this one does not."""

PROBES: Mapping[str, Mapping[int, int]] = {
    "expf": {
        0x3D25AA1C: 0x3F85487C,
        0xC0704F06: 0x3CBFBAFB,
        0xC128E5C7: 0x37DA641B,
        0xBE974541: 0x3F3E83A9,
        0xC19FFB02: 0x310DFCB2,
        0xBFBD0BB0: 0x3E69D1FC,
        0xC027B004: 0x3D951529,
        0xC18FC093: 0x3286F084,
        0xC0F2D814: 0x3A04A863,
        0x405A120B: 0x41F17B43,
        0x4099A3E2: 0x42F3537A,
        0xC15F530D: 0x3568D6A7,
    },
    "expm1f": {
        0xC0498C9D: 0xBF75056A,
        0xC04FE09E: 0xBF760E06,
        0xBFAE1BDE: 0xBF3E4F46,
        0xC08C313C: 0xBF7CCBF8,
        0xC0109187: 0xBF6541A4,
        0xBFA3B68E: 0xBF38C07A,
        0xC0049244: 0xBF5FBE16,
        0xBEDCAAC2: 0xBEB344DE,
        0xBF13BF5E: 0xBEE082BA,
        0xBFA49068: 0xBF393956,
        0xBF81927E: 0xBF22F8FA,
        0xBFEBF68D: 0xBF577BB6,
    },
    "logf": {
        0x3F80E40B: 0x3BE340CD,
        0x3FBB2036: 0x3EC26EB8,
        0x3F7C818F: 0xBC61267B,
        0x3F538D2A: 0xBE434950,
        0x3FBCA8B2: 0x3EC69C3B,
        0x3EF510AA: 0xBF3C9EFA,
        0x3F7A66C2: 0xBCB524B1,
        0x3EA23102: 0xBF93245D,
        0x3F58ADA9: 0xBE2AC406,
        0x3FAA9814: 0x3E93134A,
        0x3F6A4058: 0xBDB5D3C0,
        0x3FC22477: 0x3ED54799,
    },
    "tanhf": {
        0x3ECB22C0: 0x3EC11BAE,
        0xBFC9874B: 0xBF6AF050,
        0xBEBE78FF: 0xBEB62576,
        0xBDF2A18E: 0xBDF18092,
        0xC02DBF05: 0xBF7DC3C2,
        0x3F7CE832: 0x3F41A839,
        0x3F676E46: 0x3F37DF6A,
        0x3E6A3408: 0x3E663405,
        0xBEA68F6B: 0xBEA0EC53,
        0x3F3E57DC: 0x3F219B0C,
        0x3DB2674B: 0x3DB1F41E,
        0x401ACF7A: 0x3F7BF984,
    },
}
"""Floats and what the kernels make of them, both as bits: a correctly rounded function gives other results for all."""

_HINT = "Quantize the model to int8 or int16x8, or run boardproof where the C library is glibc 2.28 to 2.40."


def check_host_functions(graph: Graph) -> Iterator[Finding]:
    """An error for functions that differ here, a note for those that were found to agree; one each."""
    used: dict[str, list[Operator]] = {}
    for op in graph.operators:
        if op.name in CALLS and op.outputs and graph.tensors[op.output].dtype is DType.FLOAT32:
            used.setdefault(CALLS[op.name], []).append(op)
    for function, operators in sorted(used.items()):
        if not _agrees(function):
            yield _finding(Severity.ERROR, function, operators)
        elif function not in SETTLED:
            yield _finding(Severity.NOTE, function, operators)


def _finding(severity: Severity, function: str, operators: list[Operator]) -> Finding:
    names = " and ".join(sorted({op.name for op in operators}))
    many = f", {len(operators)} operators," if len(operators) > 1 else ""
    library = " ".join(part for part in platform.libc_ver() if part) or "C library"
    subject = f"{names} in float32{many} is {function} of the C library in the oracle"
    if severity is Severity.NOTE:
        message = f"{subject}; this machine's, {library}, gives what the board's kernel computes, on all numbers tried."
        return Finding(severity, HOST_CODE, message, "", operators[0].index)
    message = f"{subject}; this machine's, {library}, differs from the board's kernel in the last bits."
    return Finding(severity, HOST_CODE, message, _HINT, operators[0].index)


@cache
def _agrees(function: str) -> bool:
    """Whether the C library of this process gives the kernels' results."""
    call = getattr(ctypes.CDLL(ctypes.util.find_library("m")), function)
    call.restype, call.argtypes = ctypes.c_float, [ctypes.c_float]
    return all(_bits(call(_float(x))) == y for x, y in PROBES[function].items())


def _float(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def _bits(value: float) -> int:
    return int(struct.unpack("<I", struct.pack("<f", value))[0])
