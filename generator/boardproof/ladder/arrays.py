"""One array, or several by name or in order: the inputs and labels of models with one or more of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[[str, NDArray[np.generic]], NDArray[np.generic]]
    """What becomes of an array, by its name."""

Arrays = NDArray[np.generic] | dict[str, NDArray[np.generic]] | list[NDArray[np.generic]]


def structured(given: object, what: str, several: Callable[[list[Any]], bool]) -> Arrays:
    """What a user gave, with arrays in it.

    Args:
        given: An array or what numpy makes one of; or several in a dictionary, a list or a tuple.
        what: How messages name it.
        several: Whether a list of arrays is one for each input or output, and not one for each sample.

    Raises:
        InputError: Rows differ in length, or there is nothing in it.
    """
    if isinstance(given, Mapping) and given:
        return {str(name): _array(part, f"{what} {name}") for name, part in given.items()}
    if isinstance(given, (list, tuple)) and given and all(np.ndim(part) > 0 for part in given) and several([*given]):
        return [_array(part, f"{what}, number {number},") for number, part in enumerate(given)]
    return _array(given, what)


def named(given: Arrays) -> dict[str, NDArray[np.generic]]:
    """The arrays by name: x for one alone, x0, x1, … for those of a list."""
    if isinstance(given, dict):
        return given
    return {f"x{number}": part for number, part in enumerate(given)} if isinstance(given, list) else {"x": given}


def each(given: Arrays, change: Change) -> Arrays:
    """The same structure, of other arrays."""
    if isinstance(given, dict):
        return {name: change(name, part) for name, part in given.items()}
    if isinstance(given, list):
        return [change(name, part) for name, part in named(given).items()]
    return change("x", given)


def in_order(given: Arrays, names: list[str]) -> list[NDArray[np.generic]]:
    """The arrays in the order of a model's inputs, which are called so."""
    found = named(given)
    return [found[name] for name in names] if set(found) == set(names) else list(found.values())


def _array(given: object, what: str) -> NDArray[np.generic]:
    try:
        found = np.asarray(given)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{what} are no array: rows differ in length.", "Pad or cut them to one shape.", str(error)
        ) from error
    if found.ndim == 0:
        raise InputError(f"{what} are {type(given).__name__}, which is no array.", "Give numpy arrays, samples first.")
    return found
