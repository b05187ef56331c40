"""The ways a device fails, as errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Sequence

_IN_OPERATOR = re.compile(r"in operator (\d{1,5}): ")


class SilentDeviceError(DeviceError):
    """Nothing that answers: no bytes, or no frames."""


class SessionLostError(DeviceError):
    """The device no longer knows the session: it was reset, or another host spoke to it."""


class BoardFaultError(DeviceError):
    """The firmware crashed and said so.

    Args:
        message: What it said.
        hint: What to do next.
        details: Its last words, where there are more.
        operator: The index of the operator that was running or being prepared; None when that is not known.
    """

    def __init__(self, message: str, hint: str, details: str = "", operator: int | None = None) -> None:
        super().__init__(message, hint, details)
        self.operator = operator

    @classmethod
    def of(cls, fault: str, details: str = "") -> BoardFaultError:
        """The error for a fault that the firmware described."""
        where = _IN_OPERATOR.match(fault)
        if where is None:
            hint = "Build with --debug and run it again; an arena or a stack that is too small is the usual cause."
            return cls(f"The firmware crashed: {fault}", hint, details)
        message = f"The firmware crashed in operator {where[1]}: {fault[where.end() :]}"
        return cls(message, _hint_at(where[1]), details, int(where[1]))

    def naming(self, names: Sequence[str]) -> BoardFaultError:
        """The same error with the operator's name in its hint. `names`: of the network's operators, in order."""
        if self.operator is None or self.operator >= len(names):
            return self
        hint = _hint_at(f"{self.operator} ({names[self.operator]})")
        return BoardFaultError(self.message, hint, self.details, self.operator)


def _hint_at(operator: str) -> str:
    return (
        f"Operator {operator} was at work: the library's kernel may not be up to what this model asks of it. Build "
        "with --debug and run it again to hear more, give a newer library with --tflm-lib, or use --runtime aot."
    )


class RefusedError(DeviceError):
    """The device refused a request.

    Args:
        message: What was refused, and why.
        hint: What to do next.
        status: The reply's status.
    """

    def __init__(self, message: str, hint: str, status: int) -> None:
        super().__init__(message, hint)
        self.status = status


class ModelFailedError(DeviceError):
    """The model could not be prepared or run on the device.

    Args:
        message: What failed.
        hint: What to do next.
        code: The number from `enum model_error`.
        needed_bytes: The arena bytes it asked for; 0 when not known.
    """

    def __init__(self, message: str, hint: str, code: int, needed_bytes: int) -> None:
        super().__init__(message, hint)
        self.code = code
        self.needed_bytes = needed_bytes
