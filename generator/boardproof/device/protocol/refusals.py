"""Replies whose status is not OK, as errors that say what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.device.failures import ModelFailedError
from boardproof.device.protocol import messages
from boardproof.device.protocol.exchange import refused
from boardproof.device.protocol.messages import Status
from boardproof.errors import DeviceError

if TYPE_CHECKING:
    from boardproof.device.protocol.messages import Reply, Request

_MODEL_ERROR_ARENA = -1


def accepted(request: Request, reply: Reply) -> Reply:
    """The reply. Raises DeviceError when it is a refusal."""
    if reply.status != Status.OK:
        raise refused(request, reply)
    return reply


def wrong_version(reply: Reply) -> DeviceError:
    """Of a board that speaks no version of the protocol that is spoken here."""
    refusal = messages.unpack_refusal(reply)
    return DeviceError(
        f"The board speaks protocol versions {refusal.a} to {refusal.b}; this boardproof speaks "
        f"{messages.VERSION_MIN} to {messages.VERSION_MAX}.",
        "Rebuild and flash the firmware with this version of boardproof.",
    )


def model_failed(what: str, reply: Reply, arena_bytes: int) -> ModelFailedError:
    """Of a model that could not be prepared or run (`what`); `arena_bytes` is what it has."""
    refusal = messages.unpack_refusal(reply)
    if refusal.a == _MODEL_ERROR_ARENA:
        needed = f"at least {refusal.b:,} bytes needed" if refusal.b else "how many bytes it needs is not known"
        return ModelFailedError(
            f"The tensor arena is too small: {needed}, {arena_bytes:,} available.",
            "Let boardproof find the size (leave out --arena-bytes), or choose a larger one.",
            refusal.a,
            refusal.b,
        )
    return ModelFailedError(
        f"The model could not be {what} on the board (error {refusal.a}){': ' + refusal.text if refusal.text else ''}.",
        "Build with --debug for the library's own message; `boardproof inspect` shows the model's operators.",
        refusal.a,
        refusal.b,
    )
