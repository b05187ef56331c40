"""The same firmware as in test_nrf52840_unicorn.py, in Renode itself: where `renode` is on PATH."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.compile import build
from boardproof.device.process import run
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.model.oracle import run_oracle
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS
from boardproof.project.render import render
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.proof.compare import compare, run_on_board
from support.small_network import small_network

if TYPE_CHECKING:
    from boardproof.device.types import Firmware

RENODE_SECONDS = 300


def require(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} not on PATH")
    return path


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    require("renode")
    require("arm-none-eabi-gcc")
    data = small_network()
    project, _ = render(read_tflite(data), data, BOARDS["nrf52840-renode"], RUNTIMES["aot"], Options())
    return build(project, tmp_path_factory.mktemp("renode") / "project")


def test_small_network_is_exact(firmware: Firmware):
    inputs = random_vectors(read_tflite(small_network()), 5, seed=3)
    with open_link(firmware, firmware.board) as link:
        result = run_on_board(Session(link, firmware.model_sha256), inputs)
    verdict = compare(run_oracle(small_network(), inputs), result)
    assert verdict.agrees, verdict
    assert min(result.ticks) > 1000


def test_robot_test_passes(firmware: Firmware):
    renode_test = require("renode-test")
    completed = run([renode_test, "renode/boardproof.robot"], cwd=firmware.project_dir, timeout_s=RENODE_SECONDS)
    assert completed.status == 0, completed.output
