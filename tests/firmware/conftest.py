"""The kernels, compiled once for all firmware tests: portable ones for the host, all of them for both."""

from __future__ import annotations

import pytest

from support.aot import build_kernels
from support.cores import CORTEX_M4
from support.dsp import add_kernels, build_all_kernels
from support.sanitized import SANITIZERS


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory):
    return build_kernels(tmp_path_factory.mktemp("kernels"), "gcc", "-O1", "-fPIC")


@pytest.fixture(scope="session")
def dsp_on_host(toolchain, tmp_path_factory):
    return add_kernels(toolchain, tmp_path_factory.mktemp("dsp_on_host"))


@pytest.fixture(scope="session")
def dsp_on_board(tmp_path_factory):
    return build_all_kernels(tmp_path_factory.mktemp("dsp_on_board"), "arm-none-eabi-gcc", *CORTEX_M4.flags)


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory):
    return build_all_kernels(tmp_path_factory.mktemp("sanitized"), "gcc", *SANITIZERS)
