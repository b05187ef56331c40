"""What an older TensorFlow Lite Micro library computes wrongly without a word; read in its sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from boardproof.model.graph import DType, ResizeNearestNeighbor, TransposeConv
from boardproof.model.preflight import Severity
from boardproof.model.ranges import activation_range
from boardproof.project.runtimes.tflm.headers import MICRO, source_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boardproof.model.graph import Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.runtimes.tflm.resolver import Use

_POOLS = {"AVERAGE_POOL_2D": "arm_avgpool_s8.c", "MAX_POOL_2D": "arm_max_pool_s8.c"}
_BATCHES = re.compile(r"\bbatch|input_dims->n\b")
_NO_ACTIVATION = re.compile(r"PopulateConvolutionQuantizationParams\([^;]*\bkTfLiteActNone\b")
_FACTOR_OF_INT8 = re.compile(r"if\s*\(output->type == kTfLiteInt8\)\s*\{[^}]*QuantizeMultiplier\(")
_WHOLE_PIXELS = re.compile(r"half_pixel_centers\s*=\s*false")
_WAYS_ON = "give a newer library with --tflm-lib, or use --runtime aot."
_QUANTIZED = frozenset({DType.INT8, DType.INT16})


@dataclass(frozen=True, slots=True)
class Slips:
    """What a library leaves out.

    Attributes:
        first_image: Poolings of int8 that compute the first image of a batch only.
        no_activation: Whether a quantized TRANSPOSE_CONV leaves out its fused activation.
        no_groups: Whether CONV_2D of int8 computes a grouped convolution as if it had one group.
        no_factor: Whether MUL of int16 has no rescaling factor, so that its output is all zeros.
        whole_pixels: Whether RESIZE_NEAREST_NEIGHBOR takes half_pixel_centers for false.
    """

    first_image: frozenset[str] = frozenset()
    no_activation: bool = False
    no_groups: bool = False
    no_factor: bool = False
    whole_pixels: bool = False


def slips(sources: Path) -> Slips:
    """What the library below `sources` leaves out."""
    kernels = f"{MICRO}/kernels"
    transpose_conv = source_text(sources, f"{kernels}/cmsis_nn/transpose_conv") or source_text(
        sources, f"{kernels}/transpose_conv"
    )
    return Slips(
        first_image=_first_image_only(sources),
        no_activation=_NO_ACTIVATION.search(transpose_conv) is not None,
        no_groups=_convolves_without_groups(sources),
        no_factor=_FACTOR_OF_INT8.search(source_text(sources, f"{kernels}/mul_common")) is not None,
        whole_pixels=_WHOLE_PIXELS.search(source_text(sources, f"{kernels}/resize_nearest_neighbor")) is not None,
    )


def _first_image_only(sources: Path) -> frozenset[str]:
    """Current poolings of CMSIS-NN go through the batch; older ones do not mention it."""
    if not source_text(sources, f"{MICRO}/kernels/cmsis_nn/pooling"):
        return frozenset()
    found = {opcode: next(sources.rglob(name), None) for opcode, name in _POOLS.items()}
    return frozenset(opcode for opcode, path in found.items() if path and not _BATCHES.search(path.read_text("utf-8")))


def _convolves_without_groups(sources: Path) -> bool:
    if not source_text(sources, f"{MICRO}/kernels/cmsis_nn/conv"):
        return False
    path = next(sources.rglob("arm_convolve_s8.c"), None)
    return path is not None and "groups" not in path.read_text("utf-8")


def check_slips(use: Use, library: TflmLibrary) -> Iterator[Finding]:
    """An error for an operator that the library computes wrongly."""
    operator, known, output = use.operator, library.slips, use.output(0)
    data = use.input(2 if isinstance(operator, TransposeConv) else 0)
    if data is None or output is None:
        return
    if operator.name in known.first_image and data.dtype is DType.INT8 and data.shape[:1] > (1,):
        yield _error(
            use,
            f"has a batch of {data.shape[0]}, of which {library.title} computes the first image only",
            f"Give the model a batch size of 1, {_WAYS_ON}",
        )
    weights = use.input(1)
    if known.no_groups and operator.name == "CONV_2D" and data.dtype is DType.INT8 and _is_grouped(data, weights):
        yield _error(
            use,
            f"is a grouped convolution, which {library.title} computes as if it had one group",
            f"Use groups=1, or a depthwise convolution, {_WAYS_ON}",
        )
    if known.no_factor and operator.name == "MUL" and data.dtype is DType.INT16:
        yield _error(
            use,
            f"multiplies int16, for which {library.title} has no rescaling factor: all of its output is zero",
            f"Quantize to int8 (boardproof quantize MODEL --scheme int8), {_WAYS_ON}",
        )
    if known.no_activation and isinstance(operator, TransposeConv) and _clamps(operator, output):
        yield _error(
            use,
            f"has a fused {operator.activation.name}, which {library.title} leaves out",
            f"Convert with TensorFlow's own converter, which gives the output the activation's range, {_WAYS_ON}",
        )
    if known.whole_pixels and isinstance(operator, ResizeNearestNeighbor) and _centers_matter(operator, data, output):
        yield _error(
            use,
            f"takes the pixels at half_pixel_centers, and {library.title} takes others",
            f"Resize by a whole factor (keras.layers.UpSampling2D does), {_WAYS_ON}",
        )


def _is_grouped(data: Tensor, weights: Tensor | None) -> bool:
    return weights is not None and data.shape[-1] != weights.shape[-1]


def _clamps(operator: TransposeConv, output: Tensor) -> bool:
    """Whether the activation changes anything: TensorFlow's converter mostly lets the output's range do it."""
    if output.dtype not in _QUANTIZED or output.quantization is None:
        return False
    bits = 8 if output.dtype is DType.INT8 else 16
    return activation_range(operator.activation, output) != (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def _centers_matter(operator: ResizeNearestNeighbor, data: Tensor, output: Tensor) -> bool:
    """Whether some output pixel is another input pixel with half_pixel_centers than without."""
    if not operator.half_pixel_centers or len(data.shape) != len(output.shape):
        return False
    return any(
        _pixels(size, count, 0.5, align=operator.align_corners) != _pixels(size, count, 0, align=operator.align_corners)
        for size, count in zip(data.shape[1:3], output.shape[1:3], strict=True)
    )


def _pixels(size: int, count: int, offset: float, *, align: bool) -> list[int]:
    """Which of `size` pixels each of `count` is, in float32 as TensorFlow Lite's GetNearestNeighbor computes it."""
    corners = align and count > 1
    scale = np.float32(size - 1) / np.float32(count - 1) if corners else np.float32(size) / np.float32(count)
    places = (np.arange(count, dtype=np.float32) + np.float32(offset)) * scale
    whole = np.floor(places + np.float32(0.5)) if align else np.floor(places)
    return [int(pixel) for pixel in np.minimum(whole, size - 1)]


def _error(use: Use, what: str, hint: str) -> Finding:
    return use.finding(Severity.ERROR, "wrong-results", f"{use.place} {what}.", hint)
