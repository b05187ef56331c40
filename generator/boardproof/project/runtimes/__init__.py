"""What executes a model on the board: one module per runtime, and the dict that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.tflm import TflmRuntime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.base import Runtime

RUNTIMES: Mapping[str, Runtime] = {runtime.name: runtime for runtime in (AotRuntime(), TflmRuntime())}
"""All runtimes by the name used on the command line."""
