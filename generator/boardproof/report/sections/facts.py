"""The figures a reader came for, and what they are figures of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boardproof.report.page import Fact, Facts, Section
from boardproof.report.wording import percent, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.footprint import Footprint
    from boardproof.report.document import CycleEstimate, Report


def figures(report: Report) -> Section:
    """Ticks, memory and accuracy."""
    return Section("", (Facts(tuple(_figures(report)), prominent=True),))


def _figures(report: Report) -> Iterator[Fact]:
    yield _ticks(report)
    if report.cycles is not None:
        yield _cycles(report.cycles)
    yield Fact("flash", size(report.flash_bytes))
    yield Fact("RAM", size(report.ram_bytes))
    yield _arena(report)
    yield Fact("stack", size(report.stack_bytes))
    if (there := report.nano33ble) is not None:
        yield _on_nano33ble(there)
    if report.accuracy is not None:
        found = report.accuracy
        floats = f", float model {percent(found.float_model)}" if found.float_model is not None else ""
        yield Fact("accuracy", f"board {percent(found.board)}", f"host {percent(found.host)}{floats}")


def _ticks(report: Report) -> Fact:
    ticks = report.ticks
    spread = f"; from {ticks.min:,} to {ticks.max:,}, half from {ticks.p25:,} to {ticks.p75:,}"
    spread = "" if ticks.min == ticks.max else spread
    return Fact(ticks.unit, f"{ticks.median:,} an inference", f"{report.model.macs:,} MACs{spread}")


def _cycles(found: CycleEstimate) -> Fact:
    low, high = (f"{count / found.clock_hz * 1000:.3g} ms" for count in (found.cycles, found.most))
    megahertz = f"{found.clock_hz / 1e6:.0f} MHz"
    waits = f"up to {found.most:,}, {high}, if every constant read from flash waits"
    return Fact("cycles, estimated", f"{found.cycles:,}, {low} on a Cortex-M4 at {megahertz}", waits)


def _arena(report: Report) -> Fact:
    how = [report.arena_how] if report.arena_how else []
    if report.arena_lower_bound_bytes is not None:
        how.append(f"no plan can be below {report.arena_lower_bound_bytes:,}")
    return Fact("arena", size(report.arena_bytes), "; ".join(how))


def _on_nano33ble(there: Footprint) -> Fact:
    """Boards that are emulated have that board's memory, and a core that takes far less of it."""
    missing = {"flash": there.missing_flash_bytes, "RAM": there.missing_ram_bytes}
    lacks = " and ".join(f"{what} is {size(bytes_)} too small" for what, bytes_ in missing.items() if bytes_)
    return Fact(
        "on nano33ble",
        f"does not fit: {lacks}" if lacks else "fits",
        f"about {size(there.flash_bytes)} of flash and {there.ram_bytes:,} of RAM with Arduino's core, its main stack "
        f"of {there.stack_bytes:,} among them; what libraries for BLE, PDM or a camera add is not known",
    )


def facts(report: Report) -> Section:
    """Model, runtime and board; what each of several boards did; and LiteRT beside them."""
    return Section("", (Facts(tuple(_facts(report))),))


def _facts(report: Report) -> Iterator[Fact]:
    model = report.model
    yield Fact("model", f"{model.name}, {size(model.bytes)}", f"scheme {report.scheme}" if report.scheme else "")
    yield Fact("SHA-256", model.sha256)
    yield Fact("runtime", f"{report.runtime} on {report.board}", f"{report.library}, {report.kernels} kernels")
    yield Fact("oracle", f"{report.verdict.oracle} {report.verdict.oracle_version}")
    for share in report.boards if len(report.boards) > 1 else ():
        ticks = f"{share.median:,} {report.ticks.unit}"
        yield Fact(share.board, f"{share.samples} samples, {ticks}", f"from {share.min:,} to {share.max:,}")
    for note in report.preparation:
        yield Fact("prepared", note)
    yield Fact(f"LiteRT {report.litert.version}" if report.litert else "LiteRT", report.litert_text)
