"""A conversation in lines of text with the lab sketch (lab.cpp) under unicorn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.nrf52840_unicorn import UnicornLink

if TYPE_CHECKING:
    from pathlib import Path


class UnicornLab(UnicornLink):
    """The lab sketch: asked for something in a line, it answers with one."""

    def __init__(self, elf: Path, *, counting: bool = False, arrival: str = "poll") -> None:
        super().__init__(elf, counting=counting, arrival=arrival)

    def ask(self, request: str) -> str:
        self.write(request.encode() + b"\n")
        answer = self.everything()
        assert answer.endswith("\r\n"), f"{request!r} was answered {answer!r}"
        return answer.removesuffix("\r\n")

    def everything(self) -> str:
        """What the sketch says before it waits for more, or stops."""
        return self.read(1 << 20, 0).decode()
