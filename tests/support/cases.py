"""How each operator is tested, and with how many generated cases: $BOARDPROOF_CASES, 300 in `make test-long`."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from support.aot import assert_exact
from support.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from support.aot import Toolchain
    from support.network import Activation

CASES = int(os.environ.get("BOARDPROOF_CASES", "120"))


def models_of(cases_per_model: int) -> int:
    """How many models make the cases: one more, because hypothesis's first is the simplest that there is."""
    return -(-CASES // cases_per_model) + 1


def assert_cases_exact(
    operator: Callable[[st.DrawFn, Network], Activation], cases_per_model: int, toolchain: Toolchain, folder: Path
) -> None:
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
        for _ in range(cases_per_model):
            net.outputs.append(operator(data.draw, net).index)
        assert_exact(net.build(), net.vectors(), toolchain, next(folders))

    check()
