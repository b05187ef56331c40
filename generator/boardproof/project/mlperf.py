"""MLPerf Tiny's protocol in place of ours: firmware that the benchmark's own runners can drive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.errors import InputError
from boardproof.model.graph import DType
from boardproof.project.renode import ROBOT
from boardproof.project.resources import resource_files
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from boardproof.model.graph import Graph, Tensor
    from boardproof.project.types import Project

_FLOAT_BYTES = 4
_PIXEL_ZERO_POINT = -128
# The request loop it replaces; model.h stays. Renode's test speaks the protocol that goes.
_REPLACED = ("src/main.cpp", "src/requests.", "src/tensor_requests.", "lib/boardproof_link/", ROBOT)


class Dataset(StrEnum):
    """What one sample's bytes are in the benchmark's dataset; see firmware/mlperf/mlperf.h."""

    RAW = "RAW"
    UINT8 = "UINT8"
    FLOAT32 = "FLOAT32"


class Result(StrEnum):
    """What the device tells after an inference."""

    OUTPUTS = "OUTPUTS"
    MSE = "MSE"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One of MLPerf Tiny's benchmarks, known by the shape of its model's input (without the batch).

    Source: the reference submissions in github.com/mlcommons/tiny, benchmark/reference_submissions.
    """

    name: str
    shape: tuple[int, ...]
    dataset: Dataset
    result: Result = Result.OUTPUTS


BENCHMARKS = (
    Benchmark("ad01", (640,), Dataset.FLOAT32, Result.MSE),
    Benchmark("ic01", (32, 32, 3), Dataset.UINT8),
    Benchmark("kws01", (49, 10, 1), Dataset.RAW),
    Benchmark("vww01", (96, 96, 3), Dataset.UINT8),
)


def with_mlperf_protocol(project: Project, graph: Graph) -> Project:
    """The same project, with firmware that answers MLPerf Tiny's commands.

    Args:
        project: A rendered project.
        graph: The network in it.

    Raises:
        InputError: The network is none of the benchmark's, or not quantized as its dataset needs.
    """
    benchmark, tensor = benchmark_of(graph)
    is_raw = benchmark.dataset is Dataset.RAW
    files = {path: content for path, content in project.files.items() if not path.startswith(_REPLACED)}
    files |= {f"src/{path}": content for path, content in resource_files("firmware/mlperf")}
    files["src/mlperf_config.h"] = render_template(
        "mlperf/src/mlperf_config.h",
        version=__version__,
        benchmark=benchmark,
        dataset_bytes=tensor.elements * _FLOAT_BYTES if benchmark.dataset is Dataset.FLOAT32 else tensor.size_bytes,
        staged_bytes=0 if is_raw else tensor.size_bytes,
    ).encode()
    return replace(project, files=dict(sorted(files.items())))


def benchmark_of(graph: Graph) -> tuple[Benchmark, Tensor]:
    """Which benchmark a network is, and its input tensor. Raises InputError."""
    inputs = [graph.tensors[index] for index in graph.inputs]
    shape = inputs[0].shape[1:] if inputs else ()
    benchmark = next((b for b in BENCHMARKS if b.shape == shape), None)
    if benchmark is None or len(inputs) != 1 or len(graph.outputs) != 1:
        raise InputError(
            f"This network is none of MLPerf Tiny's: its input is {list(shape)}, without the batch.",
            f"The benchmark's inputs are: {', '.join(f'{b.name} {list(b.shape)}' for b in BENCHMARKS)}.",
        )
    (tensor,) = inputs
    quantization = tensor.quantization
    if tensor.dtype is not DType.INT8 or quantization is None:
        raise InputError(
            f"The input of {benchmark.name} is {tensor.dtype}, and MLPerf Tiny's firmware needs int8.",
            "Quantize the model with --scheme int8.",
        )
    if benchmark.dataset is Dataset.UINT8 and quantization.zero_points != (_PIXEL_ZERO_POINT,):
        raise InputError(
            f"The input of {benchmark.name} has the zero point {quantization.zero_points[0]}; the dataset's pixels, "
            f"0 to 255, need {_PIXEL_ZERO_POINT}.",
            "Train on pixels from 0 to 255, or calibrate with samples that cover that range.",
        )
    return benchmark, tensor
