"""Random networks: hypothesis chooses operators, shapes and quantization; a seeded generator fills in the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import strategies as st

from support.flatbuffer_models import ModelBuilder

if TYPE_CHECKING:
    from collections.abc import Sequence

zero_points = st.one_of(st.sampled_from((-128, 127, 0)), st.integers(-128, 127))
scales = st.floats(1e-4, 4.0).map(lambda x: float(np.float32(x)))
activations = st.sampled_from(("NONE", "RELU", "RELU6", "RELU_N1_TO_1"))

LEAST_CLAMPED_SCALE = 1e-7
"""TensorFlow Lite Micro refuses activations whose limits do not fit in int32 when quantized."""

MODERATE, TINY, ONE, LARGE = "moderate", "tiny", "one", "large"
factors = st.sampled_from((MODERATE, MODERATE, MODERATE, TINY, ONE, LARGE))
"""Kinds of rescaling factors; most tests should see outputs that vary."""


@dataclass(frozen=True)
class Activation:
    """A tensor in a network under construction."""

    index: int
    shape: tuple[int, ...]
    scale: float
    zero_point: int


class Network:
    """A model under construction, and the vectors to run it with.

    `lively`: quantization is chosen so that values vary through many operators, instead of for its extremes.
    `trained`: many channels of int8 layers are as training leaves them.
    """

    def __init__(self, seed: int, *, lively: bool = False, trained: bool = False) -> None:
        self.builder = ModelBuilder()
        self.rng = np.random.default_rng(seed)
        self.lively = lively
        self.trained = trained
        self.inputs: list[int] = []
        self.outputs: list[int] = []
        self._input_specs: list[tuple[tuple[int, ...], str]] = []
        self._given: dict[int, np.ndarray] = {}

    def tensor(self, shape: Sequence[int], scale: float, zero_point: int, dtype: str = "int8") -> Activation:
        quantized = dtype in {"int8", "uint8", "int16"}
        index = self.builder.add_tensor(shape, dtype, scale=scale if quantized else None, zero_point=zero_point)
        return Activation(index, tuple(shape), scale, zero_point)

    def input(self, shape: Sequence[int], scale: float, zero_point: int, dtype: str = "int8") -> Activation:
        tensor = self.tensor(shape, scale, zero_point, dtype)
        self.inputs.append(tensor.index)
        self._input_specs.append((tuple(shape), dtype))
        return tensor

    def input_values(self, values: np.ndarray) -> int:
        """An input that gets these values, in other orders along the first axis of a matrix, and no others."""
        self._given[len(self.inputs)] = values
        return self.input(values.shape, 0.0, 0, str(values.dtype)).index

    def zero_point(self, draw: st.DrawFn) -> int:
        return draw(st.integers(-20, 20) if self.lively else zero_points)

    def activation(self, draw: st.DrawFn, scale: float = 1.0) -> str:
        """A fused activation; NONE where the output's scale is too fine for the limits of the one drawn."""
        drawn = draw(st.sampled_from(("NONE", "NONE", "RELU")) if self.lively else activations)
        return drawn if scale > LEAST_CLAMPED_SCALE else "NONE"

    def scale(self, draw: st.DrawFn, natural: float) -> float:
        """A scale; near the natural one in a lively network."""
        return float(np.float32(natural * draw(st.floats(0.7, 1.5)))) if self.lively else draw(scales)

    def output_scale(self, draw: st.DrawFn, product: float, depth: int) -> float:
        """An output scale that gives the rescaling factor product / scale a kind that was drawn."""
        match draw(st.just(MODERATE) if self.lively else factors):
            case "tiny":
                factor = 2.0 ** draw(st.integers(-36, -20))
            case "one":
                factor = draw(st.sampled_from((1.0, 1.0 - 2**-20, 1.0 + 2**-20)))
            case "large":
                factor = draw(st.floats(1.0, 300.0))
            case _:
                factor = draw(st.floats(0.2, 3.0)) / (100 * max(depth, 1) ** 0.5)
        return float(np.float32(product / factor))

    def constant(self, values: np.ndarray, dtype: str, scale: object = None, axis: int = 0) -> int:
        return self.builder.add_tensor(values.shape, dtype, scale=scale, axis=axis, data=values)

    def build(self) -> bytes:
        return self.builder.build(self.inputs, self.outputs)

    def vectors(self, samples: int = 4) -> list[np.ndarray]:
        """Random inputs; the first sample is all minimum, the second all maximum."""
        return [
            self._orders(samples, self._given[position])
            if position in self._given
            else self._vector(samples, shape, dtype)
            for position, (shape, dtype) in enumerate(self._input_specs)
        ]

    def _orders(self, samples: int, values: np.ndarray) -> np.ndarray:
        return np.stack([np.roll(values, i, axis=0) if values.ndim > 1 else values for i in range(samples)])

    def _vector(self, samples: int, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        if dtype == "float32":
            halves = self.rng.integers(-600, 600, (samples, *shape)) / 2
            noise = self.rng.normal(0, 100, (samples, *shape))
            return np.where(self.rng.random((samples, *shape)) < 0.5, halves, noise).astype(np.float32)
        if dtype == "bool":
            return self.rng.random((samples, *shape)) < 0.5
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        values = self.rng.integers(low, high + 1, (samples, *shape)).astype(dtype)
        values[0], values[1] = low, high
        return values

    def weights(self, shape: Sequence[int], dtype: str = "int8") -> np.ndarray:
        """int8, but for int4 in its range."""
        low, high = (-8, 8) if dtype == "int4" else (-127, 128)
        return self.rng.integers(low, high, tuple(shape)).astype(np.int8)

    def biases(self, count: int, depth: int) -> np.ndarray:
        """Of the order of the sums they are added to, now and then far larger."""
        largest = int(1000 * max(depth, 1) ** 0.5) + 1
        if not self.lively and self.rng.random() < 0.1:
            largest = 2**28
        return self.rng.integers(-largest, largest + 1, count).astype(np.int32)
