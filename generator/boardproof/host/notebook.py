"""What work is doing, below a notebook's cell: one line that changes, and warnings that stay."""

from __future__ import annotations

import sys
from typing import Any
from uuid import uuid4


def in_notebook() -> bool:
    """Whether this runs in a notebook's kernel, as Jupyter and Colab have it; a terminal's IPython is none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and getattr(shell, "kernel", None) is not None


class NotebookProgress:
    """A `Progress` that shows itself with IPython's display."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._title = ""

    def stage(self, title: str) -> None:
        """Shows the stage in place of the one before."""
        self._title = title
        self._show(f"boardproof: {title} …")

    def advance(self, done: int, total: int) -> None:
        """Shows how far the stage is."""
        self._show(f"boardproof: {self._title}: {done} of {total}")

    def line(self, text: str) -> None:
        """A tool's output is not shown."""

    def warn(self, text: str) -> None:
        """Shows a warning that stays."""
        _display().display({"text/plain": f"warning: {text}"}, raw=True)

    def _show(self, text: str) -> None:
        if self._id is None:
            self._id = uuid4().hex
            _display().display({"text/plain": text}, raw=True, display_id=self._id)
        else:
            _display().update_display({"text/plain": text}, raw=True, display_id=self._id)


def _display() -> Any:  # noqa: ANN401 IPython is not one of our dependencies
    return sys.modules["IPython"].display
