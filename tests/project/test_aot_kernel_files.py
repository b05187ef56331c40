"""A project carries the kernels it needs, with all they call and include, and no others."""

from __future__ import annotations

import pytest

from boardproof.project.runtimes.aot.kernel_files import kernel_files


def test_a_kernel_brings_what_it_calls_and_includes() -> None:
    files = kernel_files(["nn_conv2d_s8_dsp"], ["nn_types.h"])
    assert {
        "nn_conv2d_dsp.c",
        "nn_conv2d_dsp.h",
        "nn_gemm_dsp.c",
        "nn_gemm_dsp.h",
        "nn_dsp.h",
        "nn_types.h",
    } <= files.keys()
    assert not [name for name in files if "softmax" in name or "depthwise" in name]


def test_headers_alone_bring_no_code() -> None:
    assert not [name for name in kernel_files([], ["nn_softmax.h"]) if name.endswith(".c")]


def test_an_unknown_kernel_is_an_error() -> None:
    with pytest.raises(KeyError, match="nn_no_such_kernel"):
        kernel_files(["nn_no_such_kernel"], [])
