"""Runs every layer and activation of Keras 3 in int8, holds it against tflite_micro, and writes docs/layers.md.

`python scripts/survey_layers.py [NAME …]`, with generator and tests on PYTHONPATH: minutes. With names it only prints.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.errors import BoardproofError
from boardproof.model.preflight import preflight, require_runnable
from boardproof.model.quantize import quantize_noting
from boardproof.model.samples import vectors_for
from boardproof.model.schemes import Scheme
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.project.runtimes.base import Options
from support.aot import assert_exact, build_kernels
from support.keras_layers import CASES, EXCLUDED, activation_cases, layer_names, loaded, samples_of

if TYPE_CHECKING:
    from support.aot import Toolchain
    from support.keras_layers import Case

PAGE = Path(__file__).parents[1] / "docs" / "layers.md"
_SAMPLES = 8
_SHOWN = 300

_INTRODUCTION = """# Layers of Keras 3

Every public layer and activation of Keras {version} in a small model of its own, quantized to int8 and compiled by
`aot`; its outputs are those of `tflite_micro` on every byte. Made by `scripts/survey_layers.py`. How each layer was set
up is in `tests/support/keras_layers.py`: other arguments of the same layer may need other operators.

**{exact} of {all} run, exact ({share:.0%}).** Layers that make no sense on a board are listed below with the reason,
and not counted.

"Rewritten" means that the converter makes operators that boards lack, or leaves floats behind, and boardproof writes
the same values otherwise: a function of one int8 tensor becomes a table of 256 entries, worked out in float64 and
rounded once; what only moves or repeats values moves the same ones; a recurrent layer's loop is written out step by
step, and an LSTM's is one operator. Every report says what was rewritten.
"""


def main(names: list[str]) -> None:
    """Surveys all cases, or those named."""
    logging.disable(logging.WARNING)
    import keras

    if missing := layer_names() - set(CASES) - set(EXCLUDED):
        sys.exit(f"neither surveyed nor left out, in tests/support/keras_layers.py: {missing}")
    with tempfile.TemporaryDirectory() as folder:
        toolchain = build_kernels(Path(folder, "kernels"), "gcc", "-O1", "-fno-strict-aliasing")
        tables = []
        for title, cases in (("Layers", CASES), ("Activations", activation_cases())):
            wanted = {name: case for name, case in cases.items() if not names or name in names}
            rows = [(name, *_survey(name, case, toolchain, Path(folder))) for name, case in sorted(wanted.items())]
            tables.append((title, rows))
    if not names:
        PAGE.write_text(_page(keras.__version__, tables), encoding="utf-8")


def _survey(name: str, case: Case, toolchain: Toolchain, folder: Path) -> tuple[bool, str]:
    """Whether a layer runs and is exact, and what is to be said of it."""
    start = time.monotonic()
    try:
        said = True, _run(name, case, toolchain, folder / name)
    except BoardproofError as error:
        said = False, f"refused: {error.message[:_SHOWN]} {error.hint}"
    print(f"{name}: {said[1]} ({time.monotonic() - start:.1f} s)", flush=True)  # noqa: T201 progress of a script
    return said


def _run(name: str, case: Case, toolchain: Toolchain, folder: Path) -> str:
    model = loaded(case, name)
    samples = samples_of(case, model)
    made = quantize_noting(model, samples, Scheme.INT8)
    graph = read_tflite(made.data)
    compiled = AotRuntime().compile(graph, BOARDS["native"], Options())
    require_runnable(preflight(graph, compiled.findings))
    inputs = vectors_for(graph, samples)
    assert_exact(made.data, [array[:_SAMPLES] for array in inputs.arrays], toolchain, folder)
    return "; ".join((*model.notes, *made.notes)) or "as it is"


def _page(version: str, tables: list[tuple[str, list[tuple[str, bool, str]]]]) -> str:
    rows = [row for _, found in tables for row in found]
    exact = sum(runs for _, runs, _ in rows)
    parts = [_INTRODUCTION.format(version=version, exact=exact, all=len(rows), share=exact / len(rows))]
    for title, found in tables:
        parts.append(f"## {title}\n\n| {title.lower()[:-1]} | int8 | |\n|---|---|---|")
        parts += [f"| `{name}` | {'exact' if runs else 'no'} | {_cell(what)} |" for name, runs, what in found]
        parts.append("")
    parts.append("## Left out\n\n| layer | why |\n|---|---|")
    parts += [f"| `{name}` | {why} |" for name, why in sorted(EXCLUDED.items())]
    return "\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main(sys.argv[1:])
