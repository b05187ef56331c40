"""What every form of a report says: console, JSON, Markdown and HTML; and reports side by side."""

from __future__ import annotations

import html
import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from boardproof.report.comparison import comparison_json, comparison_page
from boardproof.report.document import LiteRtDifference, Report
from boardproof.report.forms.console import page_view
from boardproof.report.forms.html import to_html
from boardproof.report.sections import page_of
from boardproof.report.sections.facts import figures
from boardproof.report.write import write_page
from support.reports import made_up_report

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

LITERT = "LiteRT's own kernels (without XNNPACK, which an interpreter in a notebook uses by default)"
WHY = (
    f"{LITERT} round once when they requantize, where TensorFlow Lite Micro's round twice, so it can differ from a "
    "board that is exact"
)
WHY_IN_FLOAT = (
    f"{LITERT} add float32 products in another order than TensorFlow Lite Micro's, so it can differ from a board that "
    "is exact"
)
BOUND = "an upper bound from the graph alone, not measured: qemu-system-arm is not installed"
FORMS = ("console", ".json", ".md", ".html")


def on_console(renderable: RenderableType) -> str:
    console = Console(file=io.StringIO(), width=500)
    console.print(renderable)
    text = console.file
    assert isinstance(text, io.StringIO)
    return text.getvalue()


def in_form(report: Report, form: str, folder: Path) -> str:
    if form == "console":
        return on_console(page_view(page_of(report)))
    path = folder / f"report{form}"
    write_page(page_of(report), report.to_json(), path)
    return html.unescape(path.read_text())


@pytest.mark.parametrize("form", FORMS)
def test_litert_differs_with_its_accuracy_and_why(form: str, tmp_path: Path):
    report = made_up_report(litert=LiteRtDifference("2.3", max_lsb=1, samples_differing=2, accuracy=0.885))
    text = in_form(report, form, tmp_path)
    assert f"differs in 2 of 10 samples, by 1 LSB at most, accuracy 88.5%: {WHY}" in text


@pytest.mark.parametrize("form", FORMS)
def test_litert_differs_in_float32_for_another_reason(form: str, tmp_path: Path):
    litert = LiteRtDifference("2.3", max_lsb=3072, samples_differing=10, accuracy=None, in_float=True, max_abs=0.25)
    text = in_form(made_up_report(litert=litert), form, tmp_path)
    assert f"differs in 10 of 10 samples, by 0.25 (3,072 ULP) at most: {WHY_IN_FLOAT}" in text
    assert "requantize" not in text


@pytest.mark.parametrize("form", FORMS)
def test_litert_agrees_and_needs_no_reason(form: str, tmp_path: Path):
    report = made_up_report(litert=LiteRtDifference("2.3", max_lsb=0, samples_differing=0, accuracy=0.9))
    text = in_form(report, form, tmp_path)
    assert "agrees as well, accuracy 90.0%" in text
    assert "round once" not in text


@pytest.mark.parametrize("form", FORMS)
def test_an_arena_that_is_a_bound_is_called_one(form: str, tmp_path: Path):
    assert BOUND in in_form(made_up_report(), form, tmp_path)


def test_runtimes_side_by_side():
    aot = made_up_report(runtime="aot", flash_bytes=38_604, arena_how="planned ahead of time")
    page = comparison_page((made_up_report(), aot))
    lines = on_console(page_view(page)).splitlines()
    rows = [" ".join(line.split()) for line in lines]
    header = next(i for i, row in enumerate(rows) if "flash runtime flash beside constants" in row)
    assert rows[header + 1 : header + 3] == [
        "tflm cmsis-nn (Pretend_TFLM 9.1.2) 10/10 7,900,000 106,000 52,064 81,608 30,000 23,872 1,080",
        "aot cmsis-nn (Pretend_TFLM 9.1.2) 10/10 7,900,000 38,604 14,212 14,212 30,000 23,872 1,080",
    ]
    said = " ".join(rows)
    assert "runtime flash: beside the .tflite of 53,936 bytes (tflm), or beside the 24,392 bytes" in said
    assert "beside constants: beside the latter, for both" in said
    assert rows[-2:] == [f"{who}: exact: 10 of 10 samples equal tflite_micro" for who in ("tflm", "aot")]
    assert "tflm: exact: 10 of 10 samples" in to_html(page)
    assert [report["runtime_flash_bytes"] for report in json.loads(comparison_json((made_up_report(), aot)))] == [
        52_064,
        14_212,
    ]


def test_firmware_that_was_there_already_has_no_sizes():
    report = made_up_report(flash_bytes=None, ram_bytes=None)
    assert report.runtime_flash_bytes is None
    assert "10/10" in on_console(page_view(comparison_page((report,))))


def test_a_report_of_an_emulated_board_says_what_the_nano_33_ble_would_hold():
    report = made_up_report(flash_bytes=38_388, ram_bytes=13_360)
    fact = next(f for f in figures(report).blocks[0].rows if f.name == "on nano33ble")
    assert fact.value == "fits"
    assert fact.detail == (
        "about 125,140 bytes of flash and 53,016 of RAM with Arduino's core, its main stack of 32,768 among them; what "
        "libraries for BLE, PDM or a camera add is not known"
    )
    assert report.to_dict()["nano33ble"]["flash_bytes"] == 125_140
    assert report.to_dict()["nano33ble"]["fits"] is True
    too_large = made_up_report(flash_bytes=900_000, ram_bytes=220_000)
    fact = next(f for f in figures(too_large).blocks[0].rows if f.name == "on nano33ble")
    assert fact.value == "does not fit: flash is 3,712 bytes too small and RAM is 1,352 bytes too small"


def test_a_report_of_another_board_says_nothing_of_it():
    report = made_up_report(board="native")
    assert "on nano33ble" not in [f.name for f in figures(report).blocks[0].rows]
    assert report.to_dict()["nano33ble"] is None
