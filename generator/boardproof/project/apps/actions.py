"""Actions: what a decision does on the board, each a file of firmware/actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of action.

    Attributes:
        name: As in boardproof.toml, and in its functions' names.
        what: What it does, in words.
        libraries: What PlatformIO fetches for it, on boards of Arduino's core.
        hardware: Whether only a real board can do it: emulated ones leave it out.
    """

    name: str
    what: str
    libraries: tuple[str, ...] = ()
    hardware: bool = False


ACTIONS: Mapping[str, Action] = {
    action.name: action
    for action in (
        Action("serial", "a line of JSON on the serial port"),
        Action("led", "the board's LED lights up for half a second"),
        Action("ble", "a notification by Bluetooth Low Energy", ("arduino-libraries/ArduinoBLE@^1.3",), hardware=True),
        Action("callback", "nothing but app_on_decision, which is called in any case"),
    )
}
"""By name."""
