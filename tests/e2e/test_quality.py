"""Exact, but useless: reports that say so, with the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import boardproof
from boardproof.model.quiet import captured_output

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.native


def test_a_table_whose_columns_share_one_scale(tmp_path: Path) -> None:
    """The second column decides, and spans 0.06 beside one of 60,000."""
    rng = np.random.default_rng(7)
    columns = [rng.normal(mean, spread, 300) for mean, spread in ((1013, 8), (0.02, 0.01), (20, 6), (40000, 9000))]
    x = np.stack(columns, 1).astype(np.float32)
    y = (x[:, 1] > x[:, 1].mean()).astype(int)
    with captured_output():
        import keras

        norm = keras.layers.Normalization(mean=x.mean(0), variance=x.var(0))
        model = keras.Sequential([keras.Input((4,)), norm, keras.layers.Dense(2, "softmax")])
        weights = np.zeros((4, 2))
        weights[1] = -8, 8
        model.layers[-1].set_weights([weights, np.zeros(2)])
    with pytest.warns(boardproof.BoardproofWarning, match="Column 1"):
        report = boardproof.run(model, (x, y), representative=x, board="native", out=tmp_path / "project")
    assert report.agrees
    (accuracy,) = report.quality.measures if report.quality else ()
    assert (accuracy.float_model or 0) > 0.97
    assert accuracy.board < 0.7
    assert report.warnings[0].startswith("accuracy fell from ")
    assert report.warnings[1].startswith("Column 1 (and 2 more) of ")
    assert "less than 1 step of" in report.warnings[1]
    assert "take a Normalization layer out of it" in report.warnings[1]


def test_a_regression_with_three_targets(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    x = rng.random((60, 8), np.float32)
    with captured_output():
        import keras

        model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
        y = model.predict(x, verbose=0) + 0.5
    report = boardproof.run(model, (x, y), representative=x, board="native", out=tmp_path / "project")
    assert report.accuracy is None
    assert report.quality is not None
    assert [m.name for m in report.quality.measures] == ["mean absolute error", "root mean square error"]
    for measure in report.quality.measures:
        assert measure.float_model == pytest.approx(0.5, abs=1e-6)
        assert measure.board == measure.host == pytest.approx(0.5, abs=0.05)
