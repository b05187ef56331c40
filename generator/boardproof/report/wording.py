"""How numbers read, everywhere in a report."""

from __future__ import annotations


def number(value: float | None) -> str:
    """A count with commas, a fraction with four digits, "" for what is not known."""
    if value is None:
        return ""
    return f"{value:,.4g}" if value != int(value) else f"{int(value):,}"


def size(size_bytes: int | None) -> str:
    """Such as "38,388 bytes"; "not known" for None."""
    return "not known" if size_bytes is None else f"{size_bytes:,} bytes"


def percent(share: float) -> str:
    """A share from 0 to 1, such as "88.5%"."""
    return f"{share:.1%}"


def distance(lsb: int, value: float | None) -> str:
    """How far outputs are apart: in steps of an integer type; for floats, by value and by units in the last place."""
    return f"{lsb} LSB" if value is None else f"{value:.3g} ({lsb:,} ULP)"
