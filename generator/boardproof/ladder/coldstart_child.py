"""One cold start, measured: run as a script, so that nothing of boardproof is imported before the clock starts.

Arguments: the kind, the model's path, how many inferences come after the first. Prints a line of JSON: seconds of wall
and of CPU for import, load and first inference, the median of later ones, and the most memory it took.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Infer = Callable[[], Any]
    Kind = Callable[[str, Callable[[], None]], Infer]


def main() -> None:
    """Imports, loads, infers; the clock is read between."""
    kind, path, later = sys.argv[1], sys.argv[2], int(sys.argv[3])
    marks = [_now()]
    infer = KINDS[kind](path, lambda: marks.append(_now()))
    marks.append(_now())
    infer()
    marks.append(_now())
    times = []
    for _ in range(later):
        start = time.perf_counter()
        infer()
        times.append(time.perf_counter() - start)
    wall, cpu = ([after[i] - before[i] for before, after in pairwise(marks)] for i in (0, 1))
    found = {"wall": wall, "cpu": cpu, "later": sorted(times)[len(times) // 2], "peak_bytes": _peak_bytes()}
    sys.stdout.write("\n" + json.dumps(found) + "\n")


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _peak_bytes() -> int:
    """The most memory since this program began; getrusage() would count what started it, before it did."""
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 pathlib is not imported yet
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def _keras(path: str, imported: Callable[[], None]) -> Infer:
    import keras

    imported()
    model = keras.saving.load_model(path, compile=False)
    inputs = [keras.ops.zeros((1, *tensor.shape[1:]), tensor.dtype) for tensor in model.inputs]
    given = inputs[0] if len(inputs) == 1 else inputs
    return lambda: keras.ops.convert_to_numpy(model(given, training=False))


def _saved_model(path: str, imported: Callable[[], None]) -> Infer:
    import tensorflow as tf

    imported()
    loaded = tf.saved_model.load(path)
    serve = loaded.signatures["serving_default"]
    specs = serve.structured_input_signature[1]
    inputs = {name: tf.zeros([1, *spec.shape[1:]], spec.dtype) for name, spec in specs.items()}
    return lambda: [value.numpy() for value in serve(**inputs).values()]


def _tflite(path: str, imported: Callable[[], None]) -> Infer:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    imported()
    interpreter = Interpreter(path)
    interpreter.allocate_tensors()
    sources, result = interpreter.get_input_details(), interpreter.get_output_details()[0]["index"]

    def infer() -> Any:  # noqa: ANN401 an array of numpy, which is not imported yet
        for source in sources:
            interpreter.set_tensor(source["index"], np.zeros(source["shape"], source["dtype"]))
        interpreter.invoke()
        return interpreter.get_tensor(result)

    return infer


KINDS: dict[str, Kind] = {"keras": _keras, "saved_model": _saved_model, "tflite": _tflite, "tflite_dynamic": _tflite}

if __name__ == "__main__":
    main()
