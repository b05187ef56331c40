"""`python -m benchmarks.throughput`: samples per second, and which part of the time is not inference.

The same samples run twice through the same connection, in turns: with inference, and with INVOKE told to run no
operator. What the second way takes (inputs sent, checked and written, a request answered) is the harness's part of the
first. Of many exchanges the lower quartile counts, so that what else the machine does matters little. On boards whose
ticks measure time, the part that the board's clock does not count as inference stands beside it: that one includes
sending the results, and waiting for the processor on a busy machine.

Samples per second belong to the machine they were measured on; the shares can be compared. Networks: keyword spotting
(490 bytes of input; from ../shared/models or $BOARDPROOF_MODELS where it is there), visual wake words (27,648 bytes).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from benchmarks.architectures import ARCHITECTURES, with_statistics
from boardproof import pipeline
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.errors import BoardproofError
from boardproof.model.vectors import random_vectors
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS, TickUnit
from boardproof.project.names import CHOICES
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.subject import Target
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from boardproof.device.types import Firmware
    from boardproof.project.subject import Network

MODELS = Path(os.environ.get("BOARDPROOF_MODELS", Path(__file__).parents[2] / "shared" / "models"))
KEYWORDS = MODELS / "kws_ref_model.tflite"
LIMIT = 0.20
Result = TypeVar("Result")
COLUMNS = ("network", "input bytes", "board", "samples a second", "harness", "by the board's clock")


@dataclass(frozen=True, slots=True)
class Row:
    """Seconds an exchange takes with and without inference; `board_s` is the inference by the board's own clock."""

    network: str
    input_bytes: int
    board: str
    full_s: float
    empty_s: float
    board_s: float | None

    @property
    def harness(self) -> float:
        return self.empty_s / self.full_s


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput", description=__doc__)
    parser.add_argument("--board", action="append", choices=("native", "mps2-an386"), help="default: both")
    parser.add_argument("--link", default="fifo", choices=CHOICES["link"])
    parser.add_argument("--samples", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boardproof-throughput-") as scratch:
        rows = [
            measure(network, firmware, arguments.samples, arguments.link)
            for name, settings in networks(Path(scratch))
            for board in arguments.board or ("native", "mps2-an386")
            for network, firmware in [built(name, settings, board, Path(scratch))]
        ]
    print("| " + " | ".join(COLUMNS) + " |\n|---|---:|---|---:|---:|---:|")
    for row in rows:
        by_clock = "" if row.board_s is None else f"{1 - row.board_s / row.full_s:.1%}"
        cells = (
            row.network,
            f"{row.input_bytes:,}",
            row.board,
            f"{1 / row.full_s:,.0f}",
            f"{row.harness:.1%}",
            by_clock,
        )
        print("| " + " | ".join(cells) + " |")
    return 0 if all(row.harness < LIMIT for row in rows) else 1


def networks(scratch: Path) -> Iterator[tuple[str, Settings]]:
    if KEYWORDS.is_file():
        yield "keyword spotting", Settings(model=KEYWORDS)
    else:
        yield "keyword spotting", keras_network("keyword_spotting", scratch)
    yield "visual wake words", keras_network("visual_wake_words", scratch)


def keras_network(name: str, scratch: Path) -> Settings:
    import keras

    keras.utils.set_random_seed(0)
    model = ARCHITECTURES[name]()
    x = np.random.default_rng(0).standard_normal((16, *model.input_shape[1:])).astype(np.float32)
    with_statistics(model, x).save(scratch / f"{name}.keras")
    np.savez(scratch / f"{name}.npz", x=x)
    network = pipeline.prepare(
        Settings(model=scratch / f"{name}.keras", representative=scratch / f"{name}.npz"), Silent()
    )
    (scratch / f"{name}.tflite").write_bytes(network.data)
    return Settings(model=scratch / f"{name}.tflite")


def built(name: str, settings: Settings, board: str, scratch: Path) -> tuple[Network, Firmware]:
    print(f"{name} on {board}", file=sys.stderr)
    network = pipeline.prepare(settings, Silent())
    settings = Settings(model=settings.model, out=scratch / f"{settings.model.stem}-{board}")
    firmware, _ = pipeline.compile_network(network, Target(BOARDS[board], RUNTIMES["aot"]), settings, Silent())
    return network, firmware


def measure(network: Network, firmware: Firmware, samples: int, link: str) -> Row:
    vectors = random_vectors(network.graph, samples, 0)
    full, empty, ticks = [], [], []
    with open_link(firmware, firmware.board, None, link) as stream:
        session = Session(stream, network.sha256)
        unit = session.connect().tick_unit
        for number in range(-1, samples):  # the first one warms up
            inputs = [array[max(number, 0)] for array in vectors.arrays]
            seconds, inference = timed(partial(session.infer, inputs))
            without, _ = timed(partial(session.transfer, inputs))
            if number >= 0:
                full.append(seconds)
                empty.append(without)
                ticks.append(inference.ticks)
    board_s = float(np.percentile(ticks, 25)) * 1e-6 if unit is TickUnit.MICROSECONDS else None
    return Row(
        network=network.model.source,
        input_bytes=sum(array[0].nbytes for array in vectors.arrays),
        board=f"{firmware.board.name}{' (uart)' if link == 'uart' else ''}",
        full_s=float(np.percentile(full, 25)),
        empty_s=float(np.percentile(empty, 25)),
        board_s=board_s,
    )


def timed(action: Callable[[], Result]) -> tuple[float, Result]:
    started = time.perf_counter()
    result = action()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BoardproofError as error:
        sys.exit(f"{error.message}\n{error.details}\n{error.hint}")
