"""Which names networks may have in C: of their symbols and files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFIX = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 31

_HEADERS = (
    "arduino assert complex ctype errno fenv float inttypes iso646 limits locale main math memory setjmp signal "
    "stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar unistd "
    "wchar wctype"
)
"""A network's header must not be found where another one is meant."""

_OURS = "app board link model_types nn shared_arena"
_TAKEN = frozenset((*_HEADERS.split(), *_OURS.split()))


def require_prefixes(names: Sequence[str]) -> None:
    """Raises InputError unless each name can be the prefix of a network's symbols and files, beside the others."""
    for name in names:
        if not _PREFIX.fullmatch(name) or len(name) > _LONGEST:
            raise InputError(
                f"A network cannot be called {name!r} in C.",
                f"Give a name of up to {_LONGEST} small letters, digits and underscores, such as kws or hello_world.",
            )
        if name in _TAKEN or name.startswith("nn_"):
            raise InputError(
                f"A network cannot be called {name}: there is a header or a function of that name.",
                f"Choose another name, such as {name}_net." if not name.startswith("nn") else "Choose another name.",
            )
        for other in names:
            if names.count(name) > 1 or (other != name and name.startswith(f"{other}_")):
                raise InputError(
                    f"The networks {other} and {name} would define the same names.",
                    "Choose names of which none begins with another one and an underscore.",
                )
