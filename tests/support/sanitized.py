"""Generated models under AddressSanitizer and UndefinedBehaviorSanitizer, as programs of their own."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import numpy as np

from support.aot import generate, oracle_outputs, write_sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.aot import Toolchain

SANITIZERS = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

# Samples from stdin, outputs to stdout.
MAIN = r"""
#include <stdio.h>
#include "whole.c"
int main(void)
{
    model_init();
    for (;;) {
        struct model_tensor tensor;
        for (uint16_t i = 0; i < model_info.input_count; ++i) {
            model_input(i, &tensor);
            if (fread(tensor.data, 1, tensor.bytes, stdin) != tensor.bytes) {
                return 0;
            }
        }
        model_invoke();
        for (uint16_t i = 0; i < model_info.output_count; ++i) {
            model_output(i, &tensor);
            fwrite(tensor.data, 1, tensor.bytes, stdout);
        }
    }
}
"""


def assert_defined(
    data: bytes,
    inputs: Sequence[np.ndarray],
    toolchain: Toolchain,
    folder: Path,
    board: str = "native",
    optimize: str = "balanced",
) -> None:
    """Asserts that a model, with a board's kernels, computes tflite_micro's outputs and nothing undefined on the way.

    `inputs` have a leading sample axis; the toolchain has the flags SANITIZERS.
    """
    write_sources(generate(data, board, optimize), folder)
    (folder / "main.c").write_text(MAIN)
    toolchain.compile([folder / "main.c"], folder / "main", f"-I{folder}")
    samples = range(len(inputs[0]))
    stream = b"".join(array[i].tobytes() for i in samples for array in inputs)
    done = subprocess.run([str(folder / "main")], input=stream, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    expected = oracle_outputs(data, inputs)
    assert done.stdout == b"".join(np.ascontiguousarray(out[i]).tobytes() for i in samples for out in expected)
