"""The operators that are compiled ahead of time, by family. docs/operators.md is made from this.

A family has one name in all layers: its operators are in `boardproof.model.operators.<family>`, how they are read in
`boardproof.model.tflite.<family>`, which shapes fit in `boardproof.model.shapes.<family>`, and here what is compiled:
types, what else must hold, and the kernel's parameters, side by side. CONTRIBUTING.md says how to add one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.project.runtimes.aot.operators.axes import AXES
from boardproof.project.runtimes.aot.operators.elementwise import ELEMENTWISE
from boardproof.project.runtimes.aot.operators.images import IMAGES
from boardproof.project.runtimes.aot.operators.movement import MOVEMENT
from boardproof.project.runtimes.aot.operators.products import PRODUCTS
from boardproof.project.runtimes.aot.operators.selection import SELECTION
from boardproof.project.runtimes.aot.operators.signal import SIGNAL
from boardproof.project.runtimes.aot.operators.state import STATE
from boardproof.project.runtimes.aot.operators.windows import WINDOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.runtimes.aot.entry import Entry

FAMILIES: Mapping[str, Mapping[str, Entry]] = {
    "axes": AXES,
    "elementwise": ELEMENTWISE,
    "images": IMAGES,
    "movement": MOVEMENT,
    "products": PRODUCTS,
    "selection": SELECTION,
    "signal": SIGNAL,
    "state": STATE,
    "windows": WINDOWS,
}
"""By the family's name."""

OPERATORS: Mapping[str, Entry] = {name: entry for family in FAMILIES.values() for name, entry in family.items()}
"""All entries by the operator's name."""
