"""The table of docs/operators.md, from the registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.model.graph import DType
from boardproof.project.runtimes.aot.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from boardproof.project.runtimes.aot.entry import Entry

_DATA = {"EMBEDDING_LOOKUP": 1, "FILL": 1, "SELECT_V2": 1, "SPLIT": 1, "TRANSPOSE_CONV": 2}
"""Which input is the data, where it is not the first: before it come indices, shapes and conditions."""

_WEIGHTS = {DType.INT8: "weights int8 or int4", DType.INT16: "weights int8"}
_OTHERS = {
    "CONV_2D": _WEIGHTS,
    "DEPTHWISE_CONV_2D": _WEIGHTS,
    "FULLY_CONNECTED": _WEIGHTS,
    "PRELU": {DType.INT16: "slopes int8"},
    "SVDF": {DType.INT8: "state int8 or int16"},
    "TRANSPOSE_CONV": {DType.INT16: "weights int8"},
    "UNIDIRECTIONAL_SEQUENCE_LSTM": {DType.INT8: "cell state int16"},
}
"""Types of further inputs, by the type of the data, where they differ from it."""

_ORDER = ("int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool", "float32")


def operator_table() -> str:
    """One row for each operator: its name, the types it is compiled for, what is refused."""
    rows = (f"| `{name}` | {'; '.join(_types(name, entry))} | {entry.limits} |" for name, entry in _entries())
    return "\n".join(("| operator | types | limits |", "|---|---|---|", *rows)) + "\n"


def _entries() -> list[tuple[str, Entry]]:
    return sorted(OPERATORS.items())


def _types(name: str, entry: Entry) -> Iterator[str]:
    """The types of the data; "to" and the output's where that is another one."""
    if not entry.types:
        yield "all"
        return
    pairs = {(types.inputs[_DATA.get(name, 0)], types.output) for types in entry.types}
    sources, targets = ({pair[side] for pair in pairs} for side in (0, 1))
    if len(sources) > 1 and len(pairs) == len(sources) * len(targets) and sources == targets:
        yield f"between any of {_listed(name, sources)}"
    elif len(targets) == 1 and len(sources) > 1:
        yield f"{_listed(name, sources)} to {next(iter(targets))}"
    else:
        if alike := {source for source, target in pairs if source is target}:
            yield _listed(name, alike)
        for target in sorted(targets, key=_ORDER.index):
            if others := {source for source, to in pairs if to is target and source is not target}:
                yield f"{_listed(name, others)} to {target}"


def _listed(name: str, dtypes: Iterable[DType]) -> str:
    others = _OTHERS.get(name, {})
    return ", ".join(f"{d} ({others[d]})" if d in others else d for d in sorted(dtypes, key=_ORDER.index))
