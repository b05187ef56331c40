"""Magnitude pruning: the smallest weights become zero while the model is trained."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import layers

from boardproof.compress.channels import TRANSPOSED
from boardproof.errors import InputError
from boardproof.model.labels import safe_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from boardproof.compress.schedules import Schedule

    Mask = NDArray[np.bool_]

_KERNELS = {
    layers.Conv1D: "kernel",
    layers.Conv2D: "kernel",
    layers.Conv1DTranspose: "kernel",
    layers.Conv2DTranspose: "kernel",
    layers.Dense: "kernel",
    layers.SeparableConv1D: "pointwise_kernel",
    layers.SeparableConv2D: "pointwise_kernel",
}
"""What is pruned. Biases, BatchNormalization and depthwise kernels are few, and each of their values counts."""

_EVERY_BATCHES = 20
"""How often masks are chosen anew while the schedule runs."""


@dataclass(frozen=True, slots=True)
class LayerSparsity:
    """One layer's kernel: its weights, and how many of them are zero."""

    layer: str
    weights: int
    zeros: int

    @property
    def share(self) -> float:
        """Of zeros, 0 to 1."""
        return self.zeros / self.weights


class MagnitudePruning(keras.callbacks.Callback):  # type: ignore[misc] # Keras is untyped
    """A callback that sets the smallest weights to zero and keeps them there. The model itself is not changed.

    After each batch the pruned weights are zero again; which ones they are is chosen anew every 20 batches until the
    schedule ends. There is nothing to strip: the trained model is an ordinary one with zeros in it.

    Args:
        schedule: How many weights are zero, when. With a pattern, only when.
        scope: "layer", each layer as sparse as the schedule says; or "global", the smallest weights of all.
        block: Inputs and outputs of a block, which is pruned as a whole; the schedule says how many blocks are.
        pattern: (n, m): of m weights of an output in sequence, n are kept, such as (2, 4).
        layers: Whether a layer is pruned; None for all with a kernel, depthwise ones left out.

    Raises:
        InputError: Arguments that do not go together.
    """

    def __init__(
        self,
        schedule: Schedule,
        *,
        scope: str = "layer",
        block: tuple[int, int] = (1, 1),
        pattern: tuple[int, int] | None = None,
        layers: Callable[[keras.layers.Layer], bool] | None = None,
    ) -> None:
        super().__init__()
        _check(scope, block, pattern)
        self._schedule = schedule
        self._scope = scope
        self._block = block
        self._pattern = pattern
        self._wanted = layers
        self._masks: list[tuple[Any, Mask]] = []
        self._epoch = 0
        self._seen = 0
        self._settled = False

    def on_train_begin(self, _logs: object = None) -> None:
        """Begins anew."""
        self._epoch = self._seen = 0
        self._masks, self._settled = [], False
        if not list(self._kernels()):
            raise InputError(
                f"Model {safe_label(self.model.name)} has no kernel to prune.",
                "Convolutions and dense layers have one; see the argument layers.",
            )

    def on_epoch_begin(self, epoch: int, _logs: object = None) -> None:
        """Notes where training is."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 Keras names it
        """Chooses the masks when it is time to."""
        progress = self._progress(batch)
        if not self._settled and (self._seen % _EVERY_BATCHES == 0 or progress >= self._schedule.end):
            self._choose(self._schedule.sparsity(progress))
            self._settled = progress >= self._schedule.end
        self._seen += 1

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 Keras names them
        """The optimizer has moved all weights: those that are pruned go back to zero."""
        self.apply()

    def on_train_end(self, _logs: object = None) -> None:
        """The last word, also where training was so short that the schedule did not get to its end."""
        if not self._settled:
            self._choose(self._schedule.sparsity(1.0))
        self.apply()

    def apply(self) -> None:
        """Sets the pruned weights to zero: again after what restores earlier weights, as EarlyStopping does."""
        for kernel, mask in self._masks:
            kernel.assign(kernel * mask)

    def _progress(self, batch: int) -> float:
        """How much of training is over; by epochs alone where the number of batches is not known."""
        steps = self.params.get("steps")
        return float((self._epoch + (batch / steps if steps else 0.0)) / self.params["epochs"])

    def _kernels(self) -> Iterator[tuple[keras.layers.Layer, Any]]:
        for layer, kernel in _kernels(self.model):
            if self._wanted is None or self._wanted(layer):
                yield layer, kernel

    def _choose(self, sparsity: float) -> None:
        if sparsity <= 0:
            return
        kernels = list(self._kernels())
        scores = [self._scores(layer, np.asarray(kernel)) for layer, kernel in kernels]
        if self._pattern is not None:
            masks = [_pattern_mask(score, self._pattern) for score in scores]
        elif self._scope == "global":
            every = np.concatenate([score.ravel() for score in scores])
            masks = np.split(_largest(every, sparsity), np.cumsum([score.size for score in scores])[:-1])
        else:
            masks = [_largest(score.ravel(), sparsity) for score in scores]
        self._masks = [
            (kernel, self._spread(layer, mask.reshape(score.shape), kernel.shape).astype(np.float32))
            for (layer, kernel), score, mask in zip(kernels, scores, masks, strict=True)
        ]

    def _scores(self, layer: keras.layers.Layer, kernel: NDArray[np.float32]) -> NDArray[np.float32]:
        """The mean magnitude of each block, of a matrix [inputs of all taps, outputs]."""
        ordered = kernel.swapaxes(-1, -2) if isinstance(layer, TRANSPOSED) else kernel
        matrix = np.abs(ordered.reshape(-1, ordered.shape[-1]))
        return matrix if self._block == (1, 1) else _block_means(matrix, self._block)

    def _spread(self, layer: keras.layers.Layer, mask: Mask, shape: tuple[int, ...]) -> Mask:
        """The mask of blocks, over the weights in the layout of the layer's kernel."""
        is_transposed = isinstance(layer, TRANSPOSED)
        ordered = (*shape[:-2], shape[-1], shape[-2]) if is_transposed else shape
        high, wide = self._block
        matrix = np.repeat(np.repeat(mask, high, axis=0), wide, axis=1)[: prod(ordered[:-1]), : ordered[-1]]
        kernel = matrix.reshape(ordered)
        return kernel.swapaxes(-1, -2) if is_transposed else kernel


def sparsity(model: keras.Model) -> tuple[LayerSparsity, ...]:
    """How many zeros are in each kernel that pruning looks at, in the order of the layers; in nested models too."""
    counted = ((layer.name, np.asarray(kernel)) for layer, kernel in _kernels(model))
    return tuple(LayerSparsity(name, kernel.size, int((kernel == 0).sum())) for name, kernel in counted)


def _kernels(model: keras.Model) -> Iterator[tuple[keras.layers.Layer, Any]]:
    """The layers with a kernel, and it: also inside of models and of wrappers, such as quantization-aware ones."""
    for layer in model.layers:
        inner = getattr(layer, "layer", layer)
        if isinstance(inner, keras.Model):
            yield from _kernels(inner)
        elif name := next((name for kind, name in _KERNELS.items() if type(inner) is kind), None):
            yield inner, getattr(inner, name)


def _largest(scores: NDArray[np.float32], sparsity: float) -> Mask:
    """True for all but the smallest of the scores; of equal ones, the first go."""
    mask = np.ones(len(scores), np.bool_)
    mask[np.argsort(scores, kind="stable")[: round(sparsity * len(scores))]] = False
    return mask


def _pattern_mask(scores: NDArray[np.float32], pattern: tuple[int, int]) -> Mask:
    """True for the n largest of every m in a column; a rest below m at the end is kept."""
    kept, of = pattern
    whole = len(scores) // of * of
    groups = scores[:whole].reshape(-1, of, scores.shape[1])
    order = np.argsort(np.argsort(-groups, axis=1, kind="stable"), axis=1)
    return np.concatenate([(order < kept).reshape(whole, -1), np.ones_like(scores[whole:], np.bool_)])


def _block_means(matrix: NDArray[np.float32], block: tuple[int, int]) -> NDArray[np.float32]:
    """The mean of each block, [blocks down, blocks across]; those at the edges are smaller."""
    (rows, columns), (high, wide) = matrix.shape, block
    sums, counts = (
        np.add.reduceat(np.add.reduceat(values, range(0, rows, high), axis=0), range(0, columns, wide), axis=1)
        for values in (matrix, np.ones_like(matrix))
    )
    return np.asarray(sums / counts)


def _check(scope: str, block: tuple[int, int], pattern: tuple[int, int] | None) -> None:
    if scope not in {"layer", "global"}:
        raise InputError(f"There is no scope {scope}.", 'Choose "layer" or "global".')
    if min(block) < 1:
        raise InputError(f"A block of {block[0]} inputs and {block[1]} outputs is none.", "Both are 1 or more.")
    if pattern is not None and not 0 < pattern[0] < pattern[1]:
        raise InputError(f"{pattern[0]} of {pattern[1]} weights cannot be kept.", "Give (n, m) with 0 < n < m: (2, 4).")
    if pattern is not None and (scope != "layer" or block != (1, 1)):
        raise InputError("A pattern says itself which weights go.", "Leave out scope and block.")
