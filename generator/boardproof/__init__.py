"""boardproof: a Keras model in; microcontroller firmware out, proven bit for bit on the board or its emulator.

What the commands do is here as functions: `run`, `verify`, `compare`, `quantize`, `inspect`, `generate` (docs/api.md).
Importing this imports nothing heavy; the first use of a function does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boardproof.api import compare, generate, inspect, quantize, run, verify
    from boardproof.errors import BoardproofError, BoardproofWarning, DeviceError, InputError, ToolError
    from boardproof.model.samples import Samples
    from boardproof.progress import Progress
    from boardproof.project.inspection import Inspection
    from boardproof.project.types import Project
    from boardproof.report.document import Report
    from boardproof.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "BoardproofError",
    "BoardproofWarning",
    "DeviceError",
    "InputError",
    "Inspection",
    "Progress",
    "Project",
    "Report",
    "Samples",
    "Settings",
    "ToolError",
    "__version__",
    "compare",
    "generate",
    "inspect",
    "quantize",
    "run",
    "verify",
]

_HOMES = {
    **dict.fromkeys(("compare", "generate", "inspect", "quantize", "run", "verify"), "boardproof.api"),
    **dict.fromkeys(
        ("BoardproofError", "BoardproofWarning", "DeviceError", "InputError", "ToolError"), "boardproof.errors"
    ),
    "Inspection": "boardproof.project.inspection",
    "Progress": "boardproof.progress",
    "Project": "boardproof.project.types",
    "Report": "boardproof.report.document",
    "Samples": "boardproof.model.samples",
    "Settings": "boardproof.settings",
}


def __getattr__(name: str) -> object:
    """Imports a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
