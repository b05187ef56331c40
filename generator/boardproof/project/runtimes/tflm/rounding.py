"""Whether a network shows that a TensorFlow Lite Micro library rounds otherwise than the oracle, tflite_micro.

Releases compute some rescaling factors in float32 where others use double precision, and means and sums in floating
point where others use integers. Which one a library does `tflm_headers.roundings` reads in its sources. Here both are
computed with the network's own scales, so that a network where nothing comes of it gets no finding.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from boardproof.model.fixed_point import INT32_MAX, INT32_MIN, mean_factor, quantize_multiplier, requantize
from boardproof.model.graph import DType, LeakyRelu
from boardproof.model.preflight import Severity
from boardproof.model.shapes.axes import reduced_axes
from boardproof.project.runtimes.tflm.floats import check_floats
from boardproof.project.runtimes.tflm.resolver import all_uses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from boardproof.model.graph import Graph, Tensor
    from boardproof.model.preflight import Finding
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.runtimes.tflm.resolver import Use

Real: TypeAlias = type[np.float32] | type[np.float64]

NOTE_CODE = "other-rounding"
_HINT = (
    "The verdict compares with tflite_micro, so samples that differ (exit status 1) are then no sign of broken "
    "firmware; --runtime aot computes as tflite_micro does, and so does a library from late 2026."
)
_INTEGERS = frozenset({DType.INT8, DType.INT16})
_MOST_SUMS = 1 << 18
"""How many sums of a MEAN or SUM are tried, spread over all there can be."""


def check_roundings(graph: Graph, library: TflmLibrary) -> Iterator[Finding]:
    """One note for each kind of operator whose outputs can differ from the oracle's."""
    found: dict[str, list[tuple[Use, int]]] = {}
    for use in all_uses(graph):
        if lsb := rounding_lsb(use, library):
            found.setdefault(use.operator.name, []).append((use, lsb))
    for name, uses in sorted(found.items()):
        numbers, plural = ", ".join(use.number for use, _ in uses), "s"[: len(uses) > 1]
        behind = ", and the operators behind can make more of that" if any(_is_read(use) for use, _ in uses) else ""
        yield uses[0][0].finding(
            Severity.NOTE,
            NOTE_CODE,
            f"{library.title} {_how(name)}, so the output{plural} of operator{plural} {numbers} can differ from it by "
            f"{max(lsb for _, lsb in uses)} LSB{behind}.",
            _HINT,
        )


def rounding_texts(graph: Graph, library: TflmLibrary) -> tuple[str, ...]:
    """The notes for a report, those on float32 included, and behind them once what they mean for its verdict."""
    findings = (*check_roundings(graph, library), *check_floats(graph))
    return (*(finding.message for finding in findings), *dict.fromkeys(finding.hint for finding in findings))


def _is_read(use: Use) -> bool:
    """Whether other operators compute with the outputs."""
    return any(index in operator.inputs for operator in use.graph.operators for index in use.operator.outputs)


def _how(name: str) -> str:
    if name in {"MEAN", "SUM"}:
        return f"rounds {name} differently from tflite_micro"
    return f"rounds the rescaling factor of {name} to float32, unlike tflite_micro"


def rounding_lsb(use: Use, library: TflmLibrary) -> int:
    """By how many LSB an operator's output in a library can differ from the oracle's; 0 when it cannot."""
    scaled = (use.input(0), use.output(0))
    if any(tensor is None or tensor.dtype not in _INTEGERS or tensor.quantization is None for tensor in scaled):
        return 0
    if use.opcode in {"MEAN", "SUM"}:
        return _reduction_lsb(use, library)
    if use.opcode not in library.roundings.float32_factors:
        return 0
    pairs = [[quantize_multiplier(factor) for factor in _factors(use, real)] for real in (np.float32, np.float64)]
    if use.opcode == "FULLY_CONNECTED" and pairs[0]:
        return _dense_lsb(use, pairs[0][0], pairs[1][0])
    return int(pairs[0] != pairs[1])


def _factors(use: Use, real: Real) -> list[float]:
    """An operator's rescaling factors as computed in this precision; none where there is one for each channel.

    Sources: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc; activations_common.cc, div.cc,
    leaky_relu_common.cc, sub_common.cc and svdf_common.cc in tensorflow/lite/micro/kernels.
    """
    first, second, target = (real(_scale(tensor)) for tensor in (use.input(0), use.input(1), use.output(0)))
    factors: list[np.floating] = []
    match use.opcode:
        case "FULLY_CONNECTED" | "BATCH_MATMUL" if not _per_channel(use.input(1)):
            factors = [np.float64(first * second) / np.float64(target)]
        case "RELU":
            factors = [first / target]
        case "LEAKY_RELU" if isinstance(use.operator, LeakyRelu):
            factors = [first * real(abs(use.operator.alpha)) / target, first / target]
        case "DIV":
            factors = [first / (second * target)]
        case "SUB":
            common = real(2) * max(first, second)  # powers of two, such as the headroom, round nothing
            factors = [first / common, second / common, common / target]
        case "SVDF":
            time, state = (real(_scale(use.input(position))) for position in (2, 4))
            factors = [first * second / state, state * time / target]
    return [float(factor) for factor in factors]


def _per_channel(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.quantization is not None and tensor.quantization.per_channel


def _scale(tensor: Tensor | None) -> float:
    return 1.0 if tensor is None or tensor.quantization is None else tensor.quantization.scale


def _dense_lsb(use: Use, one: tuple[int, int], other: tuple[int, int]) -> int:
    """1 when some sum that the weights allow is rescaled differently, else 0: the factors are close."""
    data, output = use.input(0), use.output(0)
    if data is None or output is None or one == other:
        return 0
    if data.dtype is DType.INT16:  # its sums are multiplied by the upper 16 bits only
        return int(_upper_bits(one) != _upper_bits(other))
    low, high = _reachable_sums(use, _affine(data)[1])
    steps = np.arange(-128, 128) - _affine(output)[1]
    first, second = (np.clip(_first_sums(steps, pair), low, high + 1) for pair in (one, other))
    return int((first != second).any())


def _upper_bits(pair: tuple[int, int]) -> tuple[int, int]:
    return min((pair[0] + (1 << 15)) >> 16, (1 << 15) - 1), pair[1]


def _reachable_sums(use: Use, zero_point: int) -> tuple[int, int]:
    """The smallest and the largest sum of any output, by the weights where they are constant."""
    weights, bias = use.input(1), use.input(2)
    if weights is None or not weights.is_constant or (bias is not None and not bias.is_constant):
        return INT32_MIN, INT32_MAX - 1
    rows = weights.array().astype(np.int64).reshape(weights.shape[0], -1)
    ends = rows * (-128 - zero_point), rows * (127 - zero_point)
    biases = 0 if bias is None else bias.array().astype(np.int64)
    low, high = (pick(*ends).sum(axis=1) + biases for pick in (np.minimum, np.maximum))
    return max(int(low.min()), INT32_MIN), min(int(high.max()), INT32_MAX - 1)


def _first_sums(steps: NDArray[np.int64], pair: tuple[int, int]) -> NDArray[np.int64]:
    """The smallest int32 sum rescaled to at least each of these, by bisection: a larger sum never becomes less."""
    reach = INT32_MAX >> max(pair[1], 0)  # a left shift beyond it drops bits
    low, high = np.full(steps.shape, -reach), np.full(steps.shape, reach)
    while (low < high).any():
        middle = (low + high) >> 1
        enough = requantize(middle, *pair) >= steps
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return low


def _reduction_lsb(use: Use, library: TflmLibrary) -> int:
    """The largest difference over all sums that int8 elements can have; int16 has too many to try: 1."""
    data, output, axes = use.input(0), use.output(0), use.input(1)
    if not library.roundings.float_sums or data is None or output is None or axes is None or not axes.is_constant:
        return 0
    if data.dtype is not DType.INT8:
        return 1
    count = prod(data.shape[axis] for axis in reduced_axes(data, axes))
    sums = np.unique(np.linspace(-128 * count, 127 * count, min(255 * count + 1, _MOST_SUMS)).round().astype(np.int64))
    exact = _integer_sums(sums, count, data, output, mean=use.opcode == "MEAN")
    other = _float_sums(sums, count, data, output, library, mean=use.opcode == "MEAN")
    return int(np.abs(exact - other).max())


def _integer_sums(
    sums: NDArray[np.int64], count: int, data: Tensor, output: Tensor, *, mean: bool
) -> NDArray[np.int64]:
    """As tflite_micro computes them."""
    (scale, zero_point), (target, target_zero_point) = _affine(data), _affine(output)
    pair = mean_factor(scale / target, count) if mean else quantize_multiplier(scale / target)
    return np.clip(requantize(sums - zero_point * count, *pair) + target_zero_point, -128, 127)


def _float_sums(
    sums: NDArray[np.int64], count: int, data: Tensor, output: Tensor, library: TflmLibrary, *, mean: bool
) -> NDArray[np.int64]:
    """As older releases compute them. Source: Mean and QuantizedMeanOrSum in reference/reduce.h."""
    (scale, zero_point), (target, target_zero_point) = _affine(data), _affine(output)
    if mean and library.roundings.truncated_means and _affine(data) == _affine(output):
        return np.asarray(np.sign(sums) * (np.abs(sums) // count))
    factor = np.float32(scale) / np.float32(target)
    bias = np.float32(-zero_point) * factor * np.float32(1 if mean else count)
    values = sums.astype(np.float32) / np.float32(count if mean else 1)
    real = (values * factor + bias).astype(np.float64)
    whole = (np.trunc(np.abs(real) + 0.5) * np.sign(real)).astype(np.int64)  # round(): halves away from zero
    whole += target_zero_point
    return np.clip(whole, -128, 127) if mean else (whole + 128) % 256 - 128  # a sum is not clamped, it wraps


def _affine(tensor: Tensor) -> tuple[float, int]:
    quantization = tensor.quantization
    return (1.0, 0) if quantization is None else (quantization.scale, quantization.zero_point)
