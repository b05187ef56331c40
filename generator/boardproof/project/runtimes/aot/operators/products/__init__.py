"""Products, and running sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.products import batch_matmul, cumsum, transpose_conv

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

PRODUCTS: Mapping[str, Entry] = {
    **batch_matmul.ENTRIES,
    **cumsum.ENTRIES,
    **transpose_conv.ENTRIES,
}
