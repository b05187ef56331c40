"""MLPerf Tiny's protocol in a rendered project."""

from __future__ import annotations

import pytest

from boardproof.errors import InputError
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.mlperf import benchmark_of, with_mlperf_protocol
from boardproof.project.render import render
from boardproof.project.renode import ROBOT, SCRIPT
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from support.flatbuffer_models import ModelBuilder
from support.mlperf_models import ad_like, ic_like, kws_like


def rendered(data: bytes):
    graph = read_tflite(data)
    project, _ = render(graph, data, BOARDS["native"], RUNTIMES["aot"], Options())
    return project, with_mlperf_protocol(project, graph)


def relu(shape, dtype="int8", **quantization) -> bytes:
    builder = ModelBuilder()
    x = builder.add_tensor(shape, dtype, **quantization)
    y = builder.add_tensor(shape, dtype, **quantization)
    builder.add_operator("RELU", (x,), (y,))
    return builder.build((x,), (y,))


def test_the_request_loop_gives_way_and_everything_else_stays():
    before, after = rendered(kws_like())
    gone = before.files.keys() - after.files.keys()
    new = after.files.keys() - before.files.keys()
    assert {"src/requests.c", "src/requests.h", "lib/boardproof_link/link_frame.c"} <= gone
    assert all(path.startswith(("src/requests.", "src/tensor_requests.", "lib/boardproof_link/")) for path in gone)
    assert {"src/mlperf.c", "src/mlperf.h", "src/mlperf_config.h"} <= new
    assert all(path.startswith("src/mlperf") for path in new)
    changed = {path for path in after.files.keys() & before.files.keys() if after.files[path] != before.files[path]}
    assert changed == {"src/main.cpp"}
    assert list(after.files) == sorted(after.files)
    assert (after.board, after.runtime, after.model_sha256) == (before.board, before.runtime, before.model_sha256)


def test_renodes_test_goes_with_the_protocol_that_it_speaks():
    data = kws_like()
    graph = read_tflite(data)
    project, _ = render(graph, data, BOARDS["nrf52840-renode"], RUNTIMES["aot"], Options())
    assert ROBOT in project.files
    files = with_mlperf_protocol(project, graph).files
    assert ROBOT not in files
    assert SCRIPT in files


@pytest.mark.parametrize(
    ("data", "defines"),
    [
        (kws_like(), ('"kws01"', "MLPERF_INPUT_RAW", "MLPERF_RESULT_OUTPUTS", "490", "0")),
        (ic_like(), ('"ic01"', "MLPERF_INPUT_UINT8", "MLPERF_RESULT_OUTPUTS", "3072", "3072")),
        (ad_like(), ('"ad01"', "MLPERF_INPUT_FLOAT32", "MLPERF_RESULT_MSE", "2560", "640")),
        (
            relu((1, 96, 96, 3), scale=1.0, zero_point=-128),
            ('"vww01"', "MLPERF_INPUT_UINT8", "MLPERF_RESULT_OUTPUTS", "27648", "27648"),
        ),
    ],
)
def test_what_the_firmware_is_told_of_the_model(data, defines):
    text = rendered(data)[1].files["src/mlperf_config.h"].decode()
    names = ("MODEL", "INPUT", "RESULT", "DATASET_BYTES", "STAGED_BYTES")
    assert [line for line in text.splitlines() if line.startswith("#define MLPERF_")] == [
        f"#define MLPERF_{name} {value}" for name, value in zip(names, defines, strict=True)
    ]


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (
            relu((1, 7), scale=1.0),
            "This network is none of MLPerf Tiny's: its input is [7], without the batch.",
            "kws01 [49, 10, 1]",
        ),
        (
            relu((1, 640), "float32"),
            "The input of ad01 is float32, and MLPerf Tiny's firmware needs int8.",
            "--scheme int8",
        ),
        (
            ic_like(zero_point=0),
            "The input of ic01 has the zero point 0; the dataset's pixels, 0 to 255, need -128.",
            "pixels from 0 to 255",
        ),
    ],
)
def test_a_network_that_is_not_the_benchmarks(data, message, hint):
    with pytest.raises(InputError) as caught:
        benchmark_of(read_tflite(data))
    assert caught.value.message == message
    assert hint in caught.value.hint
