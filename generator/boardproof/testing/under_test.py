"""A network on a board, in the hands of a test: run a sample, prove many, ask for sizes and ticks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from boardproof.device.protocol.session import Session
from boardproof.errors import DeviceError, InputError, told_in_full
from boardproof.model.affine import dequantize_array
from boardproof.model.data.options import DataOptions
from boardproof.model.given import as_samples, data_of
from boardproof.model.oracle import run_oracle
from boardproof.model.samples import Samples, input_specs, vectors_for
from boardproof.model.variables import is_stateful
from boardproof.model.vectors import random_vectors
from boardproof.proof.compare import compare, run_on_board

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from boardproof.device.types import Firmware, Hello, Link
    from boardproof.model.given import SamplesLike
    from boardproof.model.graph import Tensor
    from boardproof.model.samples import Vectors
    from boardproof.project.subject import Network
    from boardproof.report.verdict import Verdict

    Outputs = NDArray[np.generic] | tuple[NDArray[np.generic], ...]
    Given = SamplesLike | int | None


class BoardUnderTest:
    """One network on one board. It is connected when it is first used, and keeps its connection.

    Args:
        network: The network.
        firmware: What was built from it.
        connect: Opens a link to the board that runs this firmware; on hardware, flashes it first.
        on_log: Gets each line the board logs.

    Attributes:
        network: The network.
        firmware: The firmware.
        ticks: Ticks of every inference so far, in order.
        stack_bytes: The stack's high-water mark in the last verify(); None before, or when the board does not know.
    """

    def __init__(
        self,
        network: Network,
        firmware: Firmware,
        connect: Callable[[BoardUnderTest], Link],
        on_log: Callable[[str], None],
    ) -> None:
        self.network = network
        self.firmware = firmware
        self.ticks: list[int] = []
        self.stack_bytes: int | None = None
        self._connect = connect
        self._on_log = on_log
        self._link: Link | None = None
        self._session: Session | None = None
        self._hello: Hello | None = None

    def __repr__(self) -> str:
        return f"<{self.network.model.source} on {self.name}>"

    @property
    def name(self) -> str:
        """The board's name."""
        return self.firmware.board.name

    @property
    def flash_bytes(self) -> int:
        """Bytes of flash the firmware takes."""
        return self.firmware.flash_bytes

    @property
    def ram_bytes(self) -> int:
        """Bytes of statically allocated RAM."""
        return self.firmware.ram_bytes

    @property
    def hello(self) -> Hello:
        """What the board says of itself: runtime, kernels, arena, tick unit, tensors."""
        with told_in_full():
            self._hello = self._connected().connect()
            return self._hello

    @property
    def arena_bytes(self) -> int:
        """Bytes of the tensor arena."""
        return self.hello.arena_bytes

    @property
    def label(self) -> str:
        """The network's and the board's name, for reports."""
        return f"{Path(self.network.model.source).stem}.{self.name}"

    def facts(self) -> dict[str, int | str]:
        """What is known by now, by name; sizes in bytes. Does not talk to the board."""
        known: dict[str, int | str] = {"flash_bytes": self.flash_bytes, "ram_bytes": self.ram_bytes}
        if self._hello is not None:
            known |= {"arena_bytes": self._hello.arena_bytes, "tick_unit": self._hello.tick_unit.value}
        if self.stack_bytes is not None:
            known["stack_bytes"] = self.stack_bytes
        return known

    def infer(self, *inputs: ArrayLike, real: bool = False) -> Outputs:
        """Runs one sample, or several. A network that keeps state goes on where the last one left it: see `restart`.

        Args:
            *inputs: One array per input of the network, in its order: one sample, or samples along the first axis.
                Values of the input tensor's own dtype are taken as they are; others are real values, to be quantized.
            real: Return real values rather than quantized ones.

        Returns:
            The output, without the batch axis for one sample and with it for several; a tuple when the network has
            several outputs.

        Raises:
            InputError: An array does not fit its tensor.
            DeviceError: The board went silent, or crashed; or it was reset and forgot what a network with state needs.
        """
        with told_in_full():
            arrays = {f"x{i}": np.asarray(values) for i, values in enumerate(inputs)}
            vectors = vectors_for(self.network.graph, Samples(arrays, source="the arrays given to infer()"))
            is_single = vectors.samples == 1 and all(
                array.ndim <= len(spec.shape)
                for array, spec in zip(arrays.values(), input_specs(self.network.graph), strict=False)
            )
            outputs = self._run(vectors)
        shaped = tuple(
            _shaped(output, tensor, real=real)[0 if is_single else slice(None)]
            for output, tensor in zip(outputs, self.network.graph.output_tensors, strict=True)
        )
        return shaped[0] if len(shaped) == 1 else shaped

    def restart(self) -> None:
        """Begins afresh: a network that keeps state from one sample to the next forgets those that ran.

        Raises:
            DeviceError: The board went silent, or crashed.
        """
        with told_in_full():
            self._connected().restart()

    def verify(self, samples: Given = None, seed: int = 0) -> Verdict:
        """Runs samples on the board and on the host, and compares every byte.

        Args:
            samples: A file or folder of samples, an array, arrays by the inputs' names, or a number of random samples;
                None for those that boardproof.toml names.
            seed: Of the random samples.

        Returns:
            The verdict: `exact` says whether every byte agrees.

        Raises:
            InputError: The samples do not fit.
            ToolError: There is no oracle here.
            DeviceError: The board went silent, or crashed.
        """
        with told_in_full():
            vectors = self._vectors(samples, seed)
            run = run_on_board(self._connected(), vectors, stateful=is_stateful(self.network.graph))
            self.ticks.extend(int(ticks) for ticks in run.ticks)
            self._hello, self.stack_bytes = run.hello, run.stack_bytes
            return compare(run_oracle(self.network.data, vectors), run)

    def disconnect(self) -> None:
        """Lets go of the board; the next use connects again. Safe to call twice."""
        link, self._link, self._session = self._link, None, None
        if link is not None:
            link.close()

    def _connected(self) -> Session:
        if self._session is None:
            self._link = self._connect(self)
            self._session = Session(self._link, self.firmware.model_sha256, on_log=self._on_log)
        return self._session

    def _run(self, vectors: Vectors) -> tuple[NDArray[np.generic], ...]:
        """One array per output, samples along the first axis."""
        session = self._connected()
        self._hello = session.connect()
        resets, stateful = session.resets, is_stateful(self.network.graph)
        rows = []
        for i in range(vectors.samples):
            inference = session.infer([array[i] for array in vectors.arrays])
            if stateful and session.resets > resets:
                raise DeviceError(
                    "The board was reset, and this network remembers earlier samples.",
                    "Check its power supply and cable, and begin afresh with restart().",
                )
            self.ticks.append(inference.ticks)
            rows.append(inference.outputs)
        return tuple(np.stack(column) for column in zip(*rows, strict=True))

    def _vectors(self, samples: Given, seed: int) -> Vectors:
        graph = self.network.graph
        given = self.network.samples if samples is None else samples
        if given is None:
            raise InputError(
                "verify() was given no samples, and no boardproof.toml beside the model names any.",
                "Give it a file, an array, or a number of random samples.",
            )
        if isinstance(given, int):
            return random_vectors(graph, given, seed)
        data = data_of(as_samples(given, "the samples given to verify()"), DataOptions())
        return vectors_for(graph, data.samples(input_specs(graph)))


def _shaped(output: NDArray[np.generic], tensor: Tensor, *, real: bool) -> NDArray[np.generic]:
    """[samples, 1, …] as [samples, …]: the samples take the place of the network's batch; real values if asked for."""
    values = dequantize_array(output, tensor.quantization).astype(np.float32) if real else output
    return values.reshape(len(values), *tensor.shape[1:]) if tensor.shape[:1] == (1,) else values
