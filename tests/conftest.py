"""Which tests can run here: each skip names what is missing, and what must not be skipped fails instead.

BOARDPROOF_REQUIRE=native,qemu (set by `make test`) turns every skip of a test so marked into a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

PROGRAMS = {
    "native": ("gcc", "g++"),
    "qemu": ("arm-none-eabi-gcc", "qemu-system-arm"),
}

# No test depends on how fast the machine is; what else holds (in CI, no randomness) stays.
hypothesis.settings.register_profile(
    "unhurried", parent=hypothesis.settings(), deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")
hypothesis.settings.register_profile("fuzz", max_examples=20_000, deadline=None)  # `make fuzz`


def required_markers() -> set[str]:
    return {name for name in os.environ.get("BOARDPROOF_REQUIRE", "").split(",") if name}


def pytest_configure(config: pytest.Config) -> None:
    unknown = required_markers() - PROGRAMS.keys()
    if unknown:
        raise pytest.UsageError(f"BOARDPROOF_REQUIRE names {', '.join(sorted(unknown))}; known: {', '.join(PROGRAMS)}")
    # A shell starts what runs in its background deaf to Ctrl-C; programs that tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, programs in PROGRAMS.items():
        missing = [program for program in programs if shutil.which(program) is None]
        if item.get_closest_marker(marker) and missing:
            pytest.skip(f"{', '.join(missing)} not on PATH")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, None]:
    outcome = yield
    report = outcome.get_result()
    forbidden = [m for m in sorted(required_markers()) if item.get_closest_marker(m)]
    if report.skipped and forbidden and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} must not be skipped (BOARDPROOF_REQUIRE={','.join(forbidden)}): {reason}"
