"""CPU seconds to compile and generate each network: `python -m benchmarks.generate`.

Every .tflite in ../shared/models or $BOARDPROOF_MODELS, or those named, for mps2-an386 with the default settings, each
in a process of its own so that nothing is remembered from the one before. Reading the file and importing do not count.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.networks import MODELS
from boardproof.model.tflite.reader import read_tflite
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options

ONE = "--one"


def main() -> None:
    if sys.argv[1:2] == [ONE]:
        print(f"{seconds(Path(sys.argv[2])):.2f}")
        return
    for model in map(Path, sys.argv[1:]) if sys.argv[1:] else sorted(MODELS.glob("*.tflite")):
        command = [sys.executable, "-m", "benchmarks.generate", ONE, str(model)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"{model.stem}: {done.stdout.strip() or done.stderr.strip().splitlines()[-1]}")


def seconds(model: Path) -> float:
    data = model.read_bytes()
    graph = read_tflite(data)
    begin = time.process_time()
    compiled = RUNTIMES["aot"].compile(graph, BOARDS["mps2-an386"], Options())
    compiled.generate(data)
    return time.process_time() - begin


if __name__ == "__main__":
    main()
