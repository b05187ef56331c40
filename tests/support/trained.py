"""Weights as training leaves them: BatchNorm and weight decay make channels that say nothing, and quantization then
gives them tiny scales and huge biases."""

from __future__ import annotations

import numpy as np

KINDS = ("dead", "tiny", "nearly", "high", "low", "unread", "huge")
"""What happens to a channel: no weights; weights of no weight; of next to none; all outputs at the top; all at the
bottom; an input that nothing reads; a scale far above the others'."""

HARMLESS = ("dead", "tiny", "high", "low", "unread")
"""Those that leave a constant, or less to compute."""

LARGEST_BIAS = 2**30


def left_by_training(
    rng: np.random.Generator,
    weights: np.ndarray,
    axis: int,
    scales: list[float],
    biases: np.ndarray | None,
    kinds: tuple[str, ...] = KINDS,
    share: float = 0.4,
) -> tuple[np.ndarray, list[float], np.ndarray]:
    """Weights, one scale for each channel, and biases; about `share` of the channels are of one of the kinds.

    Now and then all channels are of one kind.
    """
    channels = weights.shape[axis]
    rows = np.moveaxis(weights.copy(), axis, 0)
    spread = np.broadcast_to(np.array(scales), (channels,)).copy()
    bias = np.zeros(channels, np.int64) if biases is None else biases.astype(np.int64)
    whole = rng.choice(kinds) if rng.random() < 0.08 else None
    for channel in range(channels):
        if whole is None and rng.random() > share:
            continue
        kind = whole or rng.choice(kinds)
        sign = rng.choice((-1, 1))
        match kind:
            case "dead":
                rows[channel] = 0
                spread[channel] *= 10.0 ** rng.uniform(-12, -4)
                bias[channel] = sign * (LARGEST_BIAS - rng.integers(1000))
            case "tiny":
                spread[channel] *= 10.0 ** rng.uniform(-9, -6)
                bias[channel] = sign * rng.integers(LARGEST_BIAS)
            case "nearly":
                spread[channel] *= 10.0 ** rng.uniform(-4, -1)
                bias[channel] = sign * rng.integers(2**22)
            case "high" | "low":
                bias[channel] = (1 if kind == "high" else -1) * rng.integers(2**28, LARGEST_BIAS)
            case "unread":
                rows[..., rng.integers(rows.shape[-1])] = 0
            case _:
                spread[channel] *= 10.0 ** rng.uniform(0.5, 2)
    return np.moveaxis(rows, 0, axis), [float(s) for s in np.float32(spread)], bias.astype(np.int32)
