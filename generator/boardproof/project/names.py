"""The names a user may give, without the weight of what they name: `--help` lists them at once."""

from __future__ import annotations

from boardproof.project.boards import BOARDS

CHOICES: dict[str, tuple[str, ...]] = {
    "board": tuple(BOARDS),
    "runtime": ("aot", "tflm"),
    "scheme": ("int8", "int16x8", "int8x4", "dynamic", "float16", "float32"),
    "optimize": ("speed", "balanced", "size"),
    "pixels": ("0..255", "0..1", "-1..1"),
    "link": ("fifo", "uart"),
    "protocol": ("boardproof", "mlperf-tiny"),
    "ci": ("github",),
    "form": ("project", "library"),
}
"""Setting to what it may be."""
