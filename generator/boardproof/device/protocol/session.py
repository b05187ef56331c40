"""A conversation with a board: who it is, inferences, tensors, marks. Survives lost frames and resets in between."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from boardproof.device.failures import BoardFaultError, SessionLostError
from boardproof.device.protocol import messages
from boardproof.device.protocol.exchange import Exchange
from boardproof.device.protocol.messages import (
    ALL_OPERATORS,
    InvokeFlag,
    MarksFlag,
    Request,
    Status,
    TensorKind,
    TensorRef,
)
from boardproof.device.protocol.pace import Pace
from boardproof.device.protocol.refusals import accepted, model_failed, wrong_version
from boardproof.device.types import Hello, TensorInfo
from boardproof.errors import DeviceError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from boardproof.device.protocol.messages import HelloReply, InvokeReply, Reply
    from boardproof.device.types import Link

MAX_RESETS = 3
"""How many resets in a row one request survives."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Inference:
    """One sample's result: an array per output tensor, in its shape; ticks in all, and of each operator in order."""

    outputs: tuple[NDArray[np.generic], ...]
    ticks: int
    op_ticks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Marks:
    """High-water marks. `stack_bytes` and `stack_size_bytes` are 0 when the board does not know."""

    arena_bytes: int
    stack_bytes: int
    stack_size_bytes: int


def _ignore(_text: str) -> None:
    pass


class Session:
    """Talks to one board.

    Args:
        link: The byte stream; the caller closes it.
        model_sha256: The model the board must run; None takes any.
        on_log: Gets each line the board logs, and notes about resets.
        pace: How long to wait.
        on_warning: Is told, at the first greeting, why the board was reset before: its last program's crash.

    Attributes:
        resets: How often the board was reset in between and a request begun anew.
    """

    def __init__(
        self,
        link: Link,
        model_sha256: str | None = None,
        on_log: Callable[[str], None] = _ignore,
        pace: Pace | None = None,
        *,
        on_warning: Callable[[str], None] = _ignore,
    ) -> None:
        self._exchange = Exchange(link, pace or Pace(), on_log)
        self._model_sha256 = model_sha256
        self._on_log = on_log
        self._on_warning = on_warning
        self._facts: HelloReply | None = None
        self._hello: Hello | None = None
        self.resets = 0

    # --- Getting to know each other ---

    def connect(self) -> Hello:
        """Says hello, has the model prepared, and learns its tensors and operators.

        Raises:
            DeviceError: Nothing answers, or another protocol version or model does.
            ModelFailedError: The model cannot be prepared; `needed_bytes` says what the arena lacks, when known.
        """
        if self._hello is None:
            self.greet()
            self._hello = self._surviving_resets(self._describe)
        return self._hello

    def greet(self) -> HelloReply:
        """Says hello only, which works whatever state the model is in."""
        reply = self._exchange.hello(messages.pack_hello())
        if reply.status == Status.VERSION:
            raise wrong_version(reply)
        facts = messages.unpack_hello(accepted(Request.HELLO, reply))
        if self._model_sha256 not in {None, facts.model_sha256}:
            raise DeviceError(
                f"The board runs firmware for another model (SHA-256 {facts.model_sha256[:16]}…, "
                f"not {str(self._model_sha256)[:16]}…).",
                "Flash the firmware built for this model: `boardproof flash`.",
            )
        if self._facts is None and facts.fault:
            self._on_warning(f"the board was reset before this: {facts.fault}")
        self._facts = facts
        return facts

    def _describe(self) -> Hello:
        facts = self._prepare()
        return Hello(
            protocol_version=facts.version,
            model_sha256=facts.model_sha256,
            runtime=facts.runtime,
            library=facts.library,
            kernels=facts.kernels,
            tick_unit=facts.tick_unit,
            tick_rate=facts.tick_rate,
            arena_bytes=facts.arena_bytes,
            op_indices=self._per_operator(Request.OPERATORS, "H"),
            inputs=tuple(self._tensor(TensorRef(TensorKind.INPUT, i)) for i in range(facts.inputs)),
            outputs=tuple(self._tensor(TensorRef(TensorKind.OUTPUT, i)) for i in range(facts.outputs)),
            fault=facts.fault,
        )

    def _prepare(self) -> HelloReply:
        facts = self._known_facts()
        reply = self._exchange.call(Request.PREPARE)
        if reply.status == Status.MODEL:
            raise model_failed("prepared", reply, facts.arena_bytes)
        accepted(Request.PREPARE, reply)
        return facts

    def restart(self) -> None:
        """Has the model prepared anew: what it keeps from one inference to the next gets its first value."""
        self.connect()
        self._surviving_resets(self._prepare)

    def _known_facts(self) -> HelloReply:
        return self._facts or self.greet()

    def _tensor(self, tensor: TensorRef) -> TensorInfo:
        return messages.unpack_tensor(self._ask(Request.TENSOR, tensor.pack()))

    def _per_operator(self, request: Request, layout: str) -> tuple[int, ...]:
        """One number for each operator, fetched in as many pieces as it takes."""
        facts = self._known_facts()
        step = (facts.max_payload_bytes - messages.STATUS_BYTES) // struct.calcsize(layout)
        values: tuple[int, ...] = ()
        for first in range(0, facts.operators, step):
            count = min(step, facts.operators - first)
            values += self._ask(request, messages.pack_range(first, count)).cursor.fields(f"{count}{layout}")
        return values

    def _ask(self, request: Request, payload: bytes = b"") -> Reply:
        return accepted(request, self._exchange.call(request, payload))

    # --- Inference ---

    def infer(self, inputs: Sequence[NDArray[np.generic]]) -> Inference:
        """Runs one sample.

        Args:
            inputs: One array per input tensor, with the tensor's dtype and as many elements.

        Raises:
            ModelFailedError: An operator failed.
            DeviceError: The board went silent, crashed or was reset too often.
        """
        packed = self._pack_inputs(inputs)
        return self._surviving_resets(lambda: self._infer(packed))

    def transfer(self, inputs: Sequence[NDArray[np.generic]]) -> None:
        """Everything that `infer` takes but the inference and its results: what talking costs. Raises as it does."""
        packed = self._pack_inputs(inputs)
        self._surviving_resets(lambda: self._invoke(packed, 0))

    def _infer(self, packed: tuple[bytes, ...]) -> Inference:
        exchange = self._exchange
        reply = messages.unpack_invoke(self._invoke(packed, ALL_OPERATORS))
        tick_rate = self._known_facts().tick_rate
        exchange.pace.learn_run(reply.ticks, tick_rate, exchange.response_s, exchange.elapsed_s)
        outputs = self._fetch_outputs(reply)
        op_ticks = self._per_operator(Request.OP_TICKS, "I") if reply.op_ticks is None else reply.op_ticks
        if len(op_ticks) != (operators := self._known_facts().operators):
            raise DeviceError(
                f"The device tells the ticks of {len(op_ticks)} operators, and has {operators}.",
                "Rebuild and flash the firmware.",
            )
        return Inference(outputs, reply.ticks, op_ticks)

    def _pack_inputs(self, inputs: Sequence[NDArray[np.generic]]) -> tuple[bytes, ...]:
        """The bytes of each input tensor. Raises InputError for arrays that are not those tensors."""
        tensors = self.connect().inputs
        given = [(str(array.dtype), array.size) for array in inputs]
        wanted = [(str(t.dtype.numpy), int(np.prod(t.shape))) for t in tensors]
        if given != wanted:
            names = ", ".join(t.name or f"input {i}" for i, t in enumerate(tensors))
            raise InputError(
                f"The inputs do not fit the model on the board: given {given}, wanted {wanted} (dtype, elements) for "
                f"{names}.",
                "Convert the samples to the input tensors' dtype and shape.",
            )
        return tuple(np.ascontiguousarray(_little_endian(array)).tobytes() for array in inputs)

    def _invoke(self, packed: tuple[bytes, ...], operators: int) -> Reply:
        """Writes the inputs and runs the first `operators` operators, in one burst where the window allows it."""
        facts = self._known_facts()
        step = facts.max_payload_bytes - messages.INPUT_HEADER_BYTES
        writes = [
            messages.pack_input(index, offset, data[offset : offset + step])
            for index, data in enumerate(packed)
            for offset in range(0, len(data), step)
        ]
        while len(writes) > facts.window:
            burst, writes = writes[: facts.window], writes[facts.window :]
            accepted(
                Request.CHECKSUM, self._exchange.call(Request.CHECKSUM, TensorRef(TensorKind.INPUT, 0).pack(), burst)
            )
        crc = 0
        for data in packed:
            crc = zlib.crc32(data, crc)
        payload = messages.pack_invoke(InvokeFlag.OUTPUTS | InvokeFlag.OP_TICKS, operators, crc)
        reply = self._exchange.call(Request.INVOKE, payload, writes)
        if reply.status == Status.MODEL:
            raise model_failed("run", reply, facts.arena_bytes)
        return accepted(Request.INVOKE, reply)

    def _fetch_outputs(self, reply: InvokeReply) -> tuple[NDArray[np.generic], ...]:
        """The output tensors, from the reply or, when they did not fit, by reading them."""
        tensors = self.connect().outputs
        sizes = [messages.tensor_bytes(t.dtype, t.shape) for t in tensors]
        data = reply.outputs
        if data is None:
            refs = [TensorRef(TensorKind.OUTPUT, i) for i in range(len(tensors))]
            data = b"".join(self._read(ref, size) for ref, size in zip(refs, sizes, strict=True))
        if len(data) != sum(sizes) or zlib.crc32(data) != reply.outputs_crc:
            raise DeviceError(
                f"The outputs read from the board ({len(data)} bytes) do not match their checksum.",
                "Something on the board writes to the arena between requests: report this with the model.",
            )
        bounds = np.cumsum([0, *sizes])
        return tuple(_array(t, data[bounds[i] : bounds[i + 1]]) for i, t in enumerate(tensors))

    def _read(self, tensor: TensorRef, size_bytes: int) -> bytes:
        step = self._known_facts().max_payload_bytes - messages.STATUS_BYTES
        pieces = []
        for offset in range(0, size_bytes, step):
            count = min(step, size_bytes - offset)
            pieces.append(self._ask(Request.READ, messages.pack_read(tensor, offset, count)).cursor.take(count))
        return b"".join(pieces)

    # --- Looking inside ---

    def op_outputs(
        self, inputs: Sequence[NDArray[np.generic]], position: int, count: int
    ) -> tuple[NDArray[np.generic] | None, ...]:
        """The first `count` outputs of the operator at this execution position, for one sample.

        Runs the sample up to and including that operator. An entry is None where the tensor has no memory of its own.
        """
        packed = self._pack_inputs(inputs)

        def attempt() -> tuple[NDArray[np.generic] | None, ...]:
            self._invoke(packed, position + 1)
            return tuple(self._op_output(TensorRef(TensorKind.OP_OUTPUT, position, i)) for i in range(count))

        return self._surviving_resets(attempt)

    def _op_output(self, ref: TensorRef) -> NDArray[np.generic] | None:
        tensor = self._tensor(ref)
        reply = self._exchange.call(Request.CHECKSUM, ref.pack())
        if reply.status == Status.NO_MEMORY:
            return None
        accepted(Request.CHECKSUM, reply)
        return _array(tensor, self._read(ref, messages.tensor_bytes(tensor.dtype, tensor.shape)))

    def marks(self, *, repaint: bool = False) -> Marks:
        """High-water marks so far; `repaint` starts the stack's afresh."""
        flags = MarksFlag.REPAINT if repaint else MarksFlag(0)
        reply = self._surviving_resets(lambda: self._ask(Request.MARKS, messages.pack_marks(flags)))
        return Marks(*reply.cursor.fields("III"))

    def last_error(self) -> tuple[str, str]:
        """The model's last error message, and the reason for the last reset; "" where there was none."""
        cursor = self._surviving_resets(lambda: self._ask(Request.LAST_ERROR)).cursor
        return cursor.text(), cursor.text()

    # --- Resets ---

    def _surviving_resets(self, attempt: Callable[[], _Result]) -> _Result:
        """Does it again after a reset, but not after a crash, and not for ever."""
        for reset in range(MAX_RESETS + 1):
            try:
                if reset:
                    self._reconnect()
                return attempt()
            except SessionLostError as error:
                lost = error
                self.resets += 1
                self._on_log("the board was reset; starting this request again")
        raise DeviceError(f"The board was reset {MAX_RESETS + 1} times during one request.", lost.hint)

    def _reconnect(self) -> None:
        facts = self.greet()
        if facts.fault:
            raise BoardFaultError.of(facts.fault)
        self._prepare()


def _little_endian(array: NDArray[np.generic]) -> NDArray[np.generic]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _array(tensor: TensorInfo, data: bytes) -> NDArray[np.generic]:
    dtype = tensor.dtype.numpy
    return np.frombuffer(data, dtype.newbyteorder("<")).astype(dtype).reshape(tensor.shape)
