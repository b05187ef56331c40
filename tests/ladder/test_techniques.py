"""Techniques of a ladder, apart from one: what they do with a budget."""

from __future__ import annotations

from types import SimpleNamespace

from boardproof.ladder.techniques import TECHNIQUES
from boardproof.ladder.variants import Step


def shrunk(scope: str, *, fits_at_last: bool) -> str:
    """What shrink says of a model that was to fit a budget; `fits_at_last`: whether it does after its training."""
    import keras

    layers = [keras.layers.Dense(64), keras.layers.Dense(64), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((4,)), *layers])
    trained: list[object] = []
    workshop = SimpleNamespace(
        fits=lambda one, *_: fits_at_last if trained else one.count_params() < model.count_params() / 2,
        fit=lambda one, *_: trained.append(one),
    )
    options = {"fraction": None, "flash": 1, "ticks": None, "steps": 2, "multiple": 4, "scope": scope, "by": "weights"}
    return TECHNIQUES["shrink"](model, Step("shrink", 2, tuple({**options, "taught": False}.items())), workshop).note


def test_channels_of_all_layers_that_were_chosen_otherwise_may_exceed_the_budget():
    assert "is above the budget" in shrunk("global", fits_at_last=False)
    assert "budget" not in shrunk("global", fits_at_last=True)
    assert "budget" not in shrunk("layer", fits_at_last=False)  # widths do not depend on training
