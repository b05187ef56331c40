"""Sensors: what they give, and the files of firmware/sensors that read them on boards of Arduino's core."""

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
        channels: Numbers in a sample that it can give; empty for any.
        rates: Samples a second that the board's own sensor can give; empty for any.
        sources: Files of firmware/sensors that read it on the Nano 33 BLE Sense; none: a sketch of the user's does.
        libraries: What PlatformIO fetches for them.
        hops_in_ring: How many hops more than one window wait at most.
    """

    name: str
    what: str
    channels: tuple[int, ...] = ()
    rates: tuple[int, ...] = ()
    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    hops_in_ring: int = 4


SENSORS: Mapping[str, Sensor] = {
    sensor.name: sensor
    for sensor in (
        Sensor("stream", "numbers that a sketch of yours, or the host, hands over"),
        Sensor("microphone", "one sample of sound", (1,), (16000, 41667), ("microphone.cpp",)),
        Sensor(
            "imu",
            "acceleration along three axes, and rotation around them where six numbers are wanted",
            (3, 6),
            (100, 119),  # BMI270 as its library sets it, LSM9DS1 as its library sets it
            ("imu.cpp", "imu.h", "sample_clock.h", "imu_lsm9ds1.cpp", "imu_bmi270.cpp"),
            ("arduino-libraries/Arduino_LSM9DS1@^1.1", "arduino-libraries/Arduino_BMI270_BMM150@^1.2"),
        ),
        Sensor("analog", "a reading of each pin, from A0 on", tuple(range(1, 9)), (), ("analog.cpp",)),
        Sensor(
            "camera",
            "all pixels of a picture; 160x120 and grey on the Nano 33 BLE Sense",
            (),
            (1, 5),
            ("camera.cpp",),
            ("arduino-libraries/Arduino_OV767X@^0.0.2",),
            hops_in_ring=1,
        ),
    )
}
"""By name. On emulated boards, the host plays the sensor."""
