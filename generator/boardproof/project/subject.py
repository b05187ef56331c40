"""What a run is about: the network, and where it goes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boardproof.model.graph import Graph
    from boardproof.model.load import LoadedModel
    from boardproof.model.samples import Samples
    from boardproof.model.schemes import Scheme
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Runtime


@dataclass(frozen=True, slots=True)
class Network:
    """A network ready to compile.

    Attributes:
        model: As the user gave it; has the float network when it was not a .tflite.
        data: The .tflite.
        graph: What is in it.
        scheme: How it was quantized here; None when it came as a .tflite.
        samples: What the user gave to verify with, if anything.
        notes: How model and data were read, where there was a choice.
    """

    model: LoadedModel
    data: bytes
    graph: Graph
    scheme: Scheme | None
    samples: Samples | None
    notes: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """SHA-256 of the .tflite, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Target:
    """Where the network will run, and what executes it."""

    board: Board
    runtime: Runtime
