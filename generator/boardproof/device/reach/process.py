"""Firmware built for this machine: a process, whose stdin and stdout are the stream."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from boardproof.device.process import spawn
from boardproof.device.reach.descriptor_link import DescriptorLink

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.process import Child
    from boardproof.device.reach.access import Opening
    from boardproof.device.types import Link


class ProcessAccess:
    """A process of this machine."""

    def require(self) -> None:
        """Needs nothing but the compiler."""

    def open(self, opening: Opening) -> Link:
        """Starts it."""
        return open_native(opening.elf)


def open_native(program: Path) -> DescriptorLink:
    """Starts firmware built for this machine; its stdin and stdout are the stream."""
    child = spawn([program], pipes=True)
    try:
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 - pipes were asked for
        return DescriptorLink(os.dup(child.stdout.fileno()), _detach(child), "The firmware's process", child)
    except BaseException:
        child.close()
        raise


def _detach(child: Child) -> int:
    """A descriptor of its own for the child's stdin, the only one left: closing it is the end of file."""
    assert child.stdin is not None  # noqa: S101 - pipes were asked for
    descriptor = os.dup(child.stdin.fileno())
    child.stdin.close()
    return descriptor
