"""How many generated cases each operator is tested with: $BOARDPROOF_CASES, which `make test-long` raises to 300."""

from __future__ import annotations

import os

CASES = int(os.environ.get("BOARDPROOF_CASES", "120"))


def models_of(cases_per_model: int) -> int:
    """How many models make the cases."""
    return -(-CASES // cases_per_model)
