"""What a report says of nano33ble is within 3 % of what PlatformIO built for it."""

from __future__ import annotations

import pytest

from boardproof.project.footprint import Footprint, on_nano33ble

KWS = ((38_388, 13_360), (125_324, 53_008))
VWW = ((250_828, 52_032), (337_396, 91_696))
"""Flash and static RAM on mps2-an386, and on nano33ble, of keyword spotting and visual wake words with aot."""


@pytest.mark.parametrize(("here", "there"), [KWS, VWW])
@pytest.mark.parametrize("board", ["mps2-an386", "nrf52840-renode"])
def test_two_networks_that_were_built_for_both(board: str, here: tuple[int, int], there: tuple[int, int]):
    found = on_nano33ble(board, *here)
    assert found is not None
    assert found.flash_bytes == pytest.approx(there[0], rel=0.03)
    assert found.ram_bytes == pytest.approx(there[1], rel=0.03)
    assert found.fits


def test_what_is_missing_is_told_by_the_byte():
    assert on_nano33ble("mps2-an386", 900_000, 13_360) == Footprint(986_752, 53_016, 32_768, 3_712, 0)
    found = on_nano33ble("mps2-an386", 38_388, 220_000)
    assert found is not None
    assert (found.missing_flash_bytes, found.missing_ram_bytes) == (0, 220_000 + 39_656 + 1_536 + 2_304 - 262_144)
    assert not found.fits


@pytest.mark.parametrize("board", ["native", "nano33ble", "a board of somebody's"])
def test_nothing_is_said_where_the_sizes_say_nothing(board: str):
    assert on_nano33ble(board, 1000, 1000) is None


def test_firmware_that_was_on_the_board_has_no_sizes():
    assert on_nano33ble("mps2-an386", None, None) is None
