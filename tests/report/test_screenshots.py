"""HTML reports in a real browser, as a phone and as a desk shows them, by day and by night.

BOARDPROOF_SCREENSHOTS=<folder> keeps the pictures, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from boardproof.report.forms.html import to_html
from boardproof.report.sections import page_of
from support.reports import full_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
HEIGHT = 2400
THEMES = {"light": 1, "dark": 0}  # Blink's numbers for what the reader prefers

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


def browse(*arguments: str) -> str:
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(to_html(page_of(full_report())), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [400, 1280])
def test_it_looks_like_a_page(page: Path, width: int) -> None:
    folder = Path(os.environ.get("BOARDPROOF_SCREENSHOTS", page.parent))
    brightness = {}
    for theme, number in THEMES.items():
        picture = folder / f"{page.stem}-{width}-{theme}.png"
        browse(
            f"--window-size={width},{HEIGHT}",
            f"--blink-settings=preferredColorScheme={number}",
            f"--screenshot={picture}",
            page.as_uri(),
        )
        with Image.open(picture) as image:
            assert image.size == (width, HEIGHT)
            grey = image.convert("L").histogram()
        brightness[theme] = sum(value * count for value, count in enumerate(grey)) / sum(grey)
        assert max(grey) < 0.99 * sum(grey), "nothing is on it"
    assert brightness["light"] > 200
    assert brightness["dark"] < 60


def test_nothing_sticks_out_on_a_phone(page: Path) -> None:
    """Wide tables scroll in a box of their own: the page itself is never wider than the screen."""
    text = page.read_text(encoding="utf-8")
    measure = "<script>document.title = `${document.documentElement.scrollWidth} of ${innerWidth}`</script></body>"
    page.write_text(text.replace("</body>", measure), encoding="utf-8")
    found = re.search(r"<title>(\d+) of (\d+)</title>", browse("--window-size=400,900", "--dump-dom", page.as_uri()))
    assert found is not None
    assert int(found[1]) <= int(found[2]) <= 500
