"""Firmware with MLPerf Tiny's protocol, driven as the benchmark's runners do, against the oracle."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from boardproof.device.build.compile import build
from boardproof.device.reach.links import open_link
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Vectors
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.mlperf import with_mlperf_protocol
from boardproof.project.render import render
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from support.mlperf_client import Runner
from support.mlperf_models import ad_like, ic_like, kws_like

native, qemu = pytest.mark.native, pytest.mark.qemu


@pytest.fixture(scope="module")
def make_firmware(tmp_path_factory):
    built = {}

    def make(name: str, data: bytes, board: str):
        if (name, board) not in built:
            graph = read_tflite(data)
            project, _ = render(graph, data, BOARDS[board], RUNTIMES["aot"], Options())
            lines = []
            root = tmp_path_factory.mktemp(f"{name}-{board}") / "project"
            built[name, board] = build(with_mlperf_protocol(project, graph), root, on_line=lines.append)
            assert not [line for line in lines if "warning:" in line]
        return built[name, board]

    return make


def oracle(data: bytes, samples: np.ndarray) -> np.ndarray:
    """Outputs as real numbers, [samples, elements]."""
    graph = read_tflite(data)
    shape = (len(samples), *graph.input_tensors[0].shape)
    (outputs,) = run_oracle(data, Vectors((np.ascontiguousarray(samples).reshape(shape),))).arrays
    quantization = graph.output_tensors[0].quantization
    real = (outputs.astype(np.float32) - np.float32(quantization.zero_point)) * np.float32(quantization.scale)
    return real.reshape(len(samples), -1)


def printed(values) -> tuple[float, ...]:
    return tuple(float(f"{value:.3f}") for value in values)


@pytest.mark.parametrize(
    ("board", "link"),
    [
        pytest.param("native", "fifo", marks=native),
        pytest.param("mps2-an386", "fifo", marks=qemu),
        pytest.param("mps2-an386", "uart", marks=qemu),
    ],
)
def test_keywords(make_firmware, board, link):
    data = kws_like()
    samples = np.random.default_rng(0).integers(-128, 128, (3, 490)).astype(np.int8)
    expected = oracle(data, samples)
    with open_link(make_firmware("kws", data, board), BOARDS[board], link=link) as stream:
        runner = Runner(stream)
        assert runner.read_until_ready()[-1] == "m-init-done"
        assert runner.command("name") == ["m-name-dut-[boardproof]"]
        assert runner.model() == "kws01"
        for sample, outputs in zip(samples, expected, strict=True):
            runner.load(sample.tobytes())
            once = runner.infer(1, 0)
            assert once.results == printed(outputs)
            # The arena may reuse the input's memory: every inference must get it anew.
            assert runner.infer(5, 2).results == once.results
            assert once.elapsed_us > 0 or board == "native"
        assert runner.command("results") == [f"m-results-[{','.join(f'{v:.3f}' for v in expected[-1])}]"]
        assert runner.ask("bogus") == ["e-[Unknown command: bogus]"]


@pytest.mark.native
def test_images_are_bytes_from_0_to_255(make_firmware):
    data = ic_like()
    pixels = np.random.default_rng(1).integers(0, 256, (2, 3072)).astype(np.uint8)
    pixels[1] //= 3
    expected = oracle(data, (pixels.astype(np.int16) - 128).astype(np.int8))
    with open_link(make_firmware("ic", data, "native"), BOARDS["native"]) as stream:
        runner = Runner(stream)
        runner.read_until_ready()
        assert runner.model() == "ic01"
        for sample, outputs in zip(pixels, expected, strict=True):
            runner.load(sample.tobytes())
            assert runner.infer(1, 1).results == printed(outputs)


@pytest.mark.native
def test_anomalies_are_floats_scored_by_their_distance(make_firmware):
    data = ad_like()
    graph = read_tflite(data)
    quantization = graph.input_tensors[0].quantization
    spectrum = np.random.default_rng(2).normal(0, 20, 640).astype(np.float32)
    steps = spectrum / np.float32(quantization.scale)
    quantized = np.clip(np.copysign(np.floor(np.abs(steps) + 0.5), steps) + quantization.zero_point, -128, 127)
    outputs = oracle(data, quantized.astype(np.int8).reshape(1, -1))[0]
    score = np.mean((outputs.astype(np.float64) - spectrum) ** 2)
    with open_link(make_firmware("ad", data, "native"), BOARDS["native"]) as stream:
        runner = Runner(stream)
        runner.read_until_ready()
        assert runner.model() == "ad01"
        runner.load(struct.pack("<640f", *spectrum))
        assert runner.infer(1, 0).results == (pytest.approx(score, rel=1e-5),)
