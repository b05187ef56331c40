"""Operators that resize or rearrange pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.images import blocks, resize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

IMAGES: Mapping[str, Entry] = {
    **blocks.ENTRIES,
    **resize.ENTRIES,
}
