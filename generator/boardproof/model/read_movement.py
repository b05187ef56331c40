"""Reads the operators of ops_movement.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import Pad, Reshape
from boardproof.model.raw_operator import Reader

if TYPE_CHECKING:
    from collections.abc import Mapping

MOVEMENT_READERS: Mapping[str, Reader] = {
    "PAD": Reader(lambda raw: Pad(*raw.wiring), inputs=(2, 2)),
    "RESHAPE": Reader(lambda raw: Reshape(*raw.wiring), inputs=(1, 2)),
}
