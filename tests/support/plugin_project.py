"""A pytest project that uses boardproof's plugin, for tests that run pytest in it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import boardproof
from support.flatbuffer_models import ModelBuilder

if TYPE_CHECKING:
    import pytest

USES_BOARD = "def test_board(board): assert board.infer([0, 0, 0, 0]).shape == (3,)"

WEIGHTS = np.arange(-6, 6, dtype=np.int8).reshape(3, 4)


def tiny_model() -> bytes:
    """One fully connected operator, 4 inputs of scale 0.5, 3 outputs of scale 0.25."""
    builder = ModelBuilder()
    x = builder.add_tensor((1, 4), scale=0.5, zero_point=-1, name="x")
    weights = builder.add_tensor((3, 4), scale=0.125, data=WEIGHTS)
    bias = builder.add_tensor((3,), "int32", scale=0.0625, data=np.array([4, -4, 0]))
    y = builder.add_tensor((1, 3), scale=0.25, zero_point=2, name="y")
    builder.add_operator("FULLY_CONNECTED", (x, weights, bias), (y,), version=4)
    return builder.build((x,), (y,))


def make_project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with a tiny model, on the host."""
    monkeypatch.setenv("PYTHONPATH", str(Path(boardproof.__file__).parents[1]))
    # Other plugins take time to load, and boardproof may or may not be installed where these tests run.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("PYTEST_XDIST_TESTRUNUID", "PYTEST_XDIST_WORKER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    (pytester.path / "tiny.tflite").write_bytes(tiny_model())
    pytester.makeini("[pytest]\nboardproof_model = tiny.tflite\nboardproof_board = native\n")
    return pytester


def run_pytest(project, *arguments: str) -> pytest.RunResult:
    return project.runpytest_subprocess(
        "-p", "boardproof.testing.plugin", "-W", "error", "--strict-markers", *arguments
    )


def junit(project) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """The properties of the suite, and of each test by name."""
    suite = ET.parse(project.path / "junit.xml").getroot().find("testsuite")  # noqa: S314 - our own file
    of_suite = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
    of_tests = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.findall("properties/property")}
        for case in suite.findall("testcase")
    }
    return of_suite, of_tests
