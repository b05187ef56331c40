"""How each operator is tested, and with how many generated cases: $BOARDPROOF_CASES, 300 in `make test-long`."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.aot import assert_exact
from support.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    import numpy as np

    from support.aot import Toolchain
    from support.network import Activation

    Operator = Callable[[st.DrawFn, Network], Activation]
    """Adds an operator to a network."""

    Model = tuple[bytes, Sequence[np.ndarray]]
    """A model and samples for it, with a leading sample axis."""

CASES = int(os.environ.get("BOARDPROOF_CASES", "120"))
ALL_CASES = 300
"""With so many or more, what is slower than the host runs them all, instead of a few."""


def rounds_of(share: int) -> int:
    """How many models the slower tests make, each with every operator once: all cases, or one in `share`."""
    return CASES if CASES >= ALL_CASES else max(CASES // share, 1)


def models_of(cases_per_model: int) -> int:
    """How many models make the cases: one more, because hypothesis's first is the simplest that there is."""
    return -(-CASES // cases_per_model) + 1


def one_of_each(operators: Iterable[Operator], times: int = 1) -> Callable[[st.DrawFn, int], Model]:
    """Makes a model with every operator, and samples."""
    repeated = list(operators) * times

    def make(draw: st.DrawFn, seed: int) -> Model:
        net = Network(seed)
        net.outputs = [operator(draw, net).index for operator in repeated]
        return net.build(), net.vectors(3)

    return make


def examples(make: Callable[[st.DrawFn, int], Model], count: int, *, which: int | None = None) -> Iterator[Model]:
    """So many models, and their samples. Numbered ones are always the same, and others for each number."""
    found: list[Model] = []

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.integers(0, 2**32))
    def collect(data: st.DataObject, seed: int) -> None:
        found.append(make(data.draw, seed))

    (collect if which is None else hypothesis.seed(which)(collect))()
    assert len(found) >= count, "too few: hypothesis gives up on models that need too many choices"
    yield from found


def assert_cases_exact(operator: Operator, cases_per_model: int, toolchain: Toolchain, folder: Path) -> None:
    """Asserts 0 LSB against tflite_micro for all cases of an operator.

    One model holds several, so that one compilation tests them all. One that fails among many does not get clearer by
    shrinking the others, and that takes long.
    """
    folders = (folder / str(i) for i in itertools.count())

    @settings(
        max_examples=models_of(cases_per_model),
        deadline=None,
        phases=(Phase.reuse, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data(), st.integers(0, 2**32))
    def check(data: st.DataObject, seed: int) -> None:
        net = Network(seed)
        for _ in range(cases_per_model if seed > 0 else 1):  # 0 is the simplest model's: all cases are the same
            net.outputs.append(operator(data.draw, net).index)
        assert_exact(net.build(), net.vectors(), toolchain, next(folders))

    check()
