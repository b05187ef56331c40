"""Sensors: which boards have them, what they give, and the file of firmware/sensors that reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Sensor:
    """A kind of sensor.

    Attributes:
        name: As in boardproof.toml.
        what: One sample, in words.
        channels: Numbers in a sample; None for any.
        sources: The file of firmware/sensors for each board that has one, by the board's name.
        libraries: What PlatformIO fetches for that file.
        rates: Samples a second that the board's own sensor can give; empty for any.
    """

    name: str
    what: str
    channels: int | None = None
    sources: Mapping[str, str] | None = None
    libraries: tuple[str, ...] = ()
    rates: tuple[int, ...] = ()


SENSORS: Mapping[str, Sensor] = {
    sensor.name: sensor
    for sensor in (
        Sensor("stream", "numbers that your own sketch, or the host, hands over"),
        Sensor("microphone", "one sample of sound", channels=1, rates=(16000,)),
        Sensor("imu", "acceleration along three axes, and rotation around them"),
        Sensor("analog", "a reading of each pin"),
        Sensor("camera", "all pixels of a picture"),
    )
}
"""By name. On boards without an own one, the host plays the sensor."""
