"""Names from a model file, made safe to show: a model's author chooses them, and they may hold anything."""

from __future__ import annotations

import re

MAX_LABEL_CHARS = 80
MAX_LINE_CHARS = 500

_UNSAFE = re.compile(r"[^A-Za-z0-9_./:;,()\[\]=+ -]+")
_UNSAFE_IN_LINE = re.compile(r"[^\x20-\x7e]")


def safe_label(name: str, fallback: str = "unnamed") -> str:
    """A short form of `name` that is safe in a C comment, a terminal, a path-free log line and JSON.

    Only printable ASCII that cannot end or continue a comment, start an escape sequence or form a trigraph is kept;
    any other run of characters becomes one underscore. A long name keeps its end, which is what tells layers apart.

    Args:
        name: Any text.
        fallback: What to show when nothing printable is left.
    """
    # A hostile name may be megabytes long: look only at what can be shown.
    shown = name if len(name) <= MAX_LABEL_CHARS else "..." + name[-(MAX_LABEL_CHARS - 3) :]
    # In "/*" the asterisk is replaced already; "//" inside a comment is harmless.
    return _UNSAFE.sub("_", shown).strip() or fallback


def safe_lines(text: str) -> str:
    """Several lines of another program's output, each safe to show; blank ones are dropped.

    Args:
        text: What the program wrote.
    """
    lines = (_UNSAFE_IN_LINE.sub("?", line).strip() for line in text.splitlines())
    return "\n".join(line[:MAX_LINE_CHARS] for line in lines if line)


def plain_name(tensor_name: str) -> str:
    """The name the model's author gave an input or output, without what converting a SavedModel adds."""
    return tensor_name.removeprefix("serving_default_").removesuffix(":0")
