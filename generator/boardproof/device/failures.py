"""The ways a device fails, as errors."""

from __future__ import annotations

from boardproof.errors import DeviceError


class SilentDeviceError(DeviceError):
    """Nothing that answers: no bytes, or no frames."""


class SessionLostError(DeviceError):
    """The device no longer knows the session: it was reset, or another host spoke to it."""


class BoardFaultError(DeviceError):
    """The firmware crashed and said so."""

    @classmethod
    def of(cls, fault: str, details: str = "") -> BoardFaultError:
        """The error for a fault that the firmware described."""
        return cls(
            f"The firmware crashed: {fault}",
            "Build with --debug and run it again; an arena or a stack that is too small is the usual cause.",
            details,
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
