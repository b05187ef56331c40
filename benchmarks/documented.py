"""Writes what benchmarks/results says of whole networks into README and docs/: `python -m benchmarks.documented`.

tests/test_documented_numbers.py holds them together.
"""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SETTINGS = ("speed", "balanced", "size")
IN_README = {
    "keyword spotting (DS-CNN)": "kws_ref_model",
    "image classification (ResNet-8)": "pretrainedResnet_quant",
    "visual wake words (MobileNet 0.25)": "vww_96_int8",
    "anomaly detection (autoencoder)": "ad01_int8",
    "keywords yes and no (micro_speech)": "micro_speech_quantized",
}
"""Networks of README's table, by what they are called there."""

IN_OPTIMIZE = ("kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8", "hello_world_int8")
IN_KERNELS = (*IN_OPTIMIZE, "micro_speech_quantized")

Rows = dict[tuple[str, str], dict[str, Any]]


def main() -> None:
    found = {setting: results(setting) for setting in SETTINGS}
    replace_in("README.md", r"(?<=\|---\|---\|---:\|---:\|---:\|---:\|\n)(?:\|[^\n]*\n)+", readme(found["balanced"]))
    replace_in("docs/optimize.md", r"(?<=\|---\|---\|---:\|---:\|---:\|---:\|\n)(?:\|[^\n]*\n)+", optimize(found))
    replace_in("docs/kernels.md", r"Whole inferences.*?(?=\n\n)", kernels(found["balanced"]))


def results(setting: str) -> Rows:
    """Rows by network and runtime."""
    document = json.loads((ROOT / "benchmarks" / "results" / f"mps2-an386-{setting}.json").read_text())
    return {(row["network"], row["runtime"]): row for row in document["rows"]}


def replace_in(page: str, pattern: str, text: str) -> None:
    """What the pattern finds first in a page becomes the text."""
    path = ROOT / page
    path.write_text(re.sub(pattern, lambda _: text, path.read_text(), count=1, flags=re.DOTALL))


def table_row(*cells: str | int) -> str:
    texts = [f"{cell:,}" if isinstance(cell, int) else cell for cell in cells]
    return "|" + "|".join(f" {text} " if text else " " for text in texts) + "|\n"


def readme(rows: Rows) -> str:
    """The table's rows."""
    return "".join(
        table_row(title if runtime == "aot" else "", runtime, *sizes(rows[network, runtime]))
        for title, network in IN_README.items()
        for runtime in ("aot", "tflm")
    )


def sizes(row: dict[str, Any]) -> tuple[int, ...]:
    return row["ticks"], row["flash_bytes"], row["arena_bytes"], row["stack_bytes"]


def optimize(found: dict[str, Rows]) -> str:
    """The table's rows."""
    return "".join(
        table_row(f"`{network}`", setting, row["ticks"], row["flash_bytes"], beside_constants(row), row["arena_bytes"])
        for network in IN_OPTIMIZE
        for setting in SETTINGS
        for row in (found[setting][network, "aot"],)
    )


def beside_constants(row: dict[str, Any]) -> int:
    """Below 0 where constants were removed."""
    return int(row["flash_bytes"] - row["constant_bytes"])


def kernels(rows: Rows) -> str:
    """The paragraph."""
    counts = (f"`{name}` {rows[name, 'aot']['ticks']:,} ({rows[name, 'tflm']['ticks']:,})" for name in IN_KERNELS)
    text = (
        "Whole inferences (`--optimize balanced`, in the firmware), and with TensorFlow Lite Micro and CMSIS-NN"
        f" (Chirale_TensorFLowLite 2.0.0): {', '.join(counts)}."
    )
    return textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    main()
