"""How much is tried: BOARDPROOF_EFFORT multiplies the number of random models, 1 as a rule."""

from __future__ import annotations

import os


def effort(models: int) -> int:
    """So many random models, or more or fewer as the environment says; at least one."""
    return max(1, round(models * float(os.environ.get("BOARDPROOF_EFFORT", "1"))))
