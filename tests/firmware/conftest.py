"""The kernels, compiled once for all firmware tests: portable ones for the host, all of them for both."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.aot import Toolchain, build_kernels
from support.cores import CORTEX_M4
from support.dsp import add_kernels, build_all_kernels
from support.sanitized import SANITIZERS

if TYPE_CHECKING:
    from collections.abc import Callable


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Toolchain]) -> Toolchain:
    """A toolchain that pytest-xdist's workers share: the first that needs it builds it, and the others wait for it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    folder.mkdir(exist_ok=True)
    with (folder / "built").open("a+") as built:
        fcntl.flock(built, fcntl.LOCK_EX)
        built.seek(0)
        if lines := built.read().splitlines():
            return Toolchain(tuple(lines[1:]), Path(lines[0]))
        toolchain = build(folder)
        built.write("\n".join((str(toolchain.archive), *toolchain.command)))
        return toolchain


@pytest.fixture(scope="session")
def toolchain(tmp_path_factory):
    return built_once(tmp_path_factory, "kernels", lambda folder: build_kernels(folder, "gcc", "-O1", "-fPIC"))


@pytest.fixture(scope="session")
def dsp_on_host(toolchain, tmp_path_factory):
    return built_once(tmp_path_factory, "dsp_on_host", lambda folder: add_kernels(toolchain, folder))


@pytest.fixture(scope="session")
def dsp_on_board(tmp_path_factory):
    command = ("arm-none-eabi-gcc", *CORTEX_M4.flags)
    return built_once(tmp_path_factory, "dsp_on_board", lambda folder: build_all_kernels(folder, *command))


@pytest.fixture(scope="session")
def sanitized(tmp_path_factory):
    return built_once(tmp_path_factory, "sanitized", lambda folder: build_all_kernels(folder, "gcc", *SANITIZERS))
