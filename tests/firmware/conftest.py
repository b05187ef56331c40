"""The portable kernels, compiled once for all firmware tests."""

from __future__ import annotations

import pytest

from support.aot import build_kernels


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory):
    return build_kernels(tmp_path_factory.mktemp("kernels"), "gcc", "-O1", "-fPIC")
