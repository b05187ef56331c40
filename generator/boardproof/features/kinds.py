"""Front ends by name and settings, as boardproof.toml has them."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING

from boardproof.errors import InputError, closest
from boardproof.features.motion import scaled_window, spectrum
from boardproof.features.pictures import image
from boardproof.features.sound import log_mel, mfcc

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.features.front_end import FrontEnd

KINDS: Mapping[str, Callable[..., FrontEnd]] = {
    "log_mel": log_mel,
    "mfcc": mfcc,
    "spectrum": spectrum,
    "scaled_window": scaled_window,
    "image": image,
}
"""By name. Their keyword arguments are the settings."""

_LARGEST = 1 << 24


def front_end_of(kind: str, settings: Mapping[str, object], defaults: Mapping[str, object]) -> FrontEnd:
    """The front end that a function of `boardproof.features` makes of settings.

    Args:
        kind: The function's name.
        settings: Its arguments by name, as TOML has them: lists for tuples.
        defaults: More arguments; those that the function does not have are left out.

    Raises:
        InputError: There is no such kind or setting, one is missing or of another type, or they do not fit each other.
    """
    if kind not in KINDS:
        near = closest(kind, KINDS)
        raise InputError(f"There is no front end {kind!r}.", f"{near}Choose from: {', '.join(KINDS)}.")
    parameters = inspect.signature(KINDS[kind]).parameters
    for name, value in settings.items():
        if name not in parameters:
            near = closest(name, parameters)
            known = ", ".join(map(_written, parameters))
            raise InputError(f"{kind} has no setting {_written(name)}.", f"{near}Its settings: {known}.")
        what, fits = _TYPES[str(parameters[name].annotation)]
        if not fits(value):
            raise InputError(f"{_written(name)} of {kind} is {str(value)[:40]!r}, not {what}.", "Correct it there.")
    given = {**{name: value for name, value in defaults.items() if name in parameters}, **settings}
    if missing := [name for name, one in parameters.items() if one.default is one.empty and name not in given]:
        raise InputError(f"{kind} lacks {', '.join(map(_written, missing))}.", "Add it to the front end's settings.")
    return KINDS[kind](**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})


def _written(name: str) -> str:
    """A setting's name as boardproof.toml has it."""
    return name.replace("_", "-")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _real(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _reals(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(_real, value))


def _two(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_whole, value))  # noqa: PLR2004 height and width


_TYPES: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "int": ("a whole number", _whole),
    "int | None": ("a whole number", _whole),
    "float": ("a number", _real),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Sequence[float]": ("a list of numbers", _reals),
    "tuple[int, int]": ("a list of two whole numbers, height and width", _two),
}
"""Of arguments' annotations: what one is in words, and whether a value is one."""
