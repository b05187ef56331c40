"""Whether the board is worse than the float model on the same samples, beyond what their number explains."""

from __future__ import annotations

from math import comb, sqrt
from typing import TYPE_CHECKING

from boardproof.report.wording import percent

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHANCE = 0.05
_LIMIT = 3.0
"""Standard errors of the mean that a difference of errors must exceed."""

_RELATIVE = 0.1
"""A mean error that grows by less than this is not worth a warning, however certain it is."""


def worse_classes(
    float_right: NDArray[np.bool_], board_right: NDArray[np.bool_], source: str, what: str = "accuracy"
) -> str | None:
    """A warning in words where more samples became wrong than right by more than chance; None otherwise.

    The exact test of McNemar: of the samples on which float model and board differ, each is as likely to go one way as
    the other, if the board is as good.

    Args:
        float_right: Whether the float model is right, for each sample (or each label of it).
        board_right: Whether the board is.
        source: Where the samples come from.
        what: Name of the measure.
    """
    lost, won = int((float_right & ~board_right).sum()), int((~float_right & board_right).sum())
    chance = sum(comb(lost + won, k) for k in range(lost, lost + won + 1)) / 2 ** (lost + won)
    if lost <= won or chance >= _CHANCE:
        return None
    return (
        f"{what} fell from {percent(float(float_right.mean()))} (float model) to {percent(float(board_right.mean()))} "
        f"(board) on {source}: of {float_right.size}, {lost} that the float model has right are wrong on the board, "
        f"and {won} the other way round; chance alone would do that {_odds(chance)}"
    )


def worse_values(float_errors: NDArray[np.float64], board_errors: NDArray[np.float64], source: str) -> str | None:
    """A warning in words where the absolute error grew by more than the samples' spread explains; None otherwise.

    Args:
        float_errors: The float model's mean absolute error of each sample.
        board_errors: The board's.
        source: Where the samples come from.
    """
    grown = board_errors - float_errors
    before, after = float(float_errors.mean()), float(board_errors.mean())
    spread = float(grown.std()) / sqrt(len(grown))
    if after <= before * (1 + _RELATIVE) or grown.mean() <= _LIMIT * spread:
        return None
    return (
        f"the mean absolute error grew from {before:.4g} (float model) to {after:.4g} (board) on {source}: more than "
        f"the spread of its {len(grown)} samples explains"
    )


def _odds(chance: float) -> str:
    return "less than once in 1,000 times" if chance < 1 / 1000 else f"about once in {round(1 / chance)} times"
