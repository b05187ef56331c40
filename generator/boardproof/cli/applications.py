"""The commands about applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from boardproof.cli.flags import BoardName, FilePath, console_options, flags, note_own_boards, page_options
from boardproof.cli.pages import show_page
from boardproof.errors import ExitStatus, InputError
from boardproof.project.names import CHOICES

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.applications.settings import ReplaySettings
    from boardproof.cli.flags import Named

app_options = flags(
    click.option("--board", type=BoardName(), help="Where it runs.  [mps2-an386]"),
    click.option("--optimize", type=click.Choice(CHOICES["optimize"]), help="What kernels are chosen for.  [balanced]"),
    click.option("--out", type=FilePath, help="Project directory.  [boardproof-out/APP-app-BOARD]"),
    click.option("--link", type=click.Choice(CHOICES["link"]), help="Byte stream to an emulated board.  [fifo]"),
    click.option("--port", help="Serial port, or a URL (rfc2217://…)."),
)


@click.command()
@click.argument("app", type=FilePath, callback=note_own_boards, is_eager=True)
@click.argument("recordings", type=FilePath, nargs=-1)
@flags(app_options, console_options)
@click.option("--labels", type=FilePath, help="What there is to hear: a label track, or a folder with one for each.")
@click.option("--tune", is_flag=True, help="Propose average and threshold from labelled recordings.")
@click.option("--real-time", is_flag=True, help="Let samples come in time: a board that is too slow loses some.")
@page_options
def replay(app: Path, recordings: tuple[Path, ...], **values: Any) -> ExitStatus:  # noqa: ANN401 - every flag
    """Plays recordings into an application on a board, and compares all that it does with the host.

    APP is a folder with a boardproof.toml that has a table [app], or that file. Every feature, score and decision is
    compared. Exit status 1: something differs, or a hop takes longer than hop-percent allows.
    """
    from boardproof.applications import replay as replaying
    from boardproof.cli.console import ConsoleProgress
    from boardproof.report.replay_page import replay_page

    settings = settings_of(app, recordings, values)
    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        report = replaying.replay(settings, progress)
    show_page(replay_page(report), report.to_json(), values)
    return ExitStatus.AGREES if report.passes else ExitStatus.DISAGREES


@click.command()
@click.argument("app", type=FilePath, callback=note_own_boards, is_eager=True)
@click.argument("recordings", type=FilePath, nargs=-1)
@flags(app_options, console_options)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, help="How long.")
@click.option("--save", type=FilePath, required=True, help="Where to keep the samples: .wav or .npz.")
def record(app: Path, recordings: tuple[Path, ...], **values: Any) -> ExitStatus:  # noqa: ANN401
    """Keeps what a board's sensor gives, for replay; on an emulated board, what a recording plays into it."""
    from boardproof.applications import live
    from boardproof.cli.console import ConsoleProgress, show_text

    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        kept = live.record(settings_of(app, recordings, values), values["seconds"], values["save"], progress)
    missing = sum(gap.samples for gap in kept.gaps)
    show_text(f"{kept.path}: {kept.samples:,} samples, {missing:,} of them missing in {len(kept.gaps)} gaps")
    return ExitStatus.AGREES if not kept.gaps else ExitStatus.DISAGREES


@click.command()
@click.argument("app", type=FilePath, callback=note_own_boards, is_eager=True)
@click.argument("recordings", type=FilePath, nargs=-1)
@flags(app_options, console_options)
@click.option("--seconds", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="How long.")
def watch(app: Path, recordings: tuple[Path, ...], **values: Any) -> ExitStatus:  # noqa: ANN401
    """Shows scores and decisions as they come, of a board's sensor, or of a recording on an emulated board."""
    from boardproof.applications import live
    from boardproof.cli.console import ConsoleProgress, show_text

    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        for seen in live.watch(settings_of(app, recordings, values), values["seconds"], progress):
            scores = "  ".join(f"{label} {score:5.2f}" for label, score in zip(seen.labels, seen.scores, strict=True))
            show_text(f"{seen.at_s:8.2f} s  {scores}{f'  -> {seen.label}' if seen.label else ''}")
    return ExitStatus.AGREES


def settings_of(app: Path, recordings: tuple[Path, ...], values: dict[str, Any]) -> ReplaySettings:
    """Flags that were given, over ReplaySettings' own defaults."""
    from boardproof.applications.settings import ReplaySettings
    from boardproof.project.runtimes.base import Options

    names = ("board", "out", "link", "port", "labels", "tune", "real_time")
    given = {name: values[name] for name in names if values.get(name) is not None}
    optimize = values.get("optimize")
    options = Options(optimize=optimize) if optimize else Options()
    return ReplaySettings(app=app, recordings=recordings, options=options, **given)


_MEANT_BY_APP = {"app", "as_form", "board", "name", "optimize", "out", "quiet", "runtime", "traceback", "verbose"}
"""What `generate` takes together with --app."""


def _refuse_what_means_nothing(values: dict[str, Any]) -> None:
    """Raises InputError for flags that have no effect on an application."""
    given = {name for name, value in values.items() if value not in (None, False, ())} - _MEANT_BY_APP
    if values.get("runtime") == "tflm":
        given.add("runtime")
    if given:
        named = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(given))
        raise InputError(
            f"{named} cannot be said of an application: what it computes stands in boardproof.toml.",
            "Leave it out. Applications are compiled with aot, networks share one arena, and no workflow is made.",
        )


def generate(models: tuple[Named, ...], values: dict[str, Any]) -> ExitStatus:
    """`boardproof generate --app`: writes an application's project, or its library."""
    from boardproof.applications.generate import generate_application, generate_application_library
    from boardproof.cli.console import ConsoleProgress, show_text

    _refuse_what_means_nothing(values)
    (name, app), *others = models
    if others or name is not None:
        raise InputError(
            "--app takes the folder of one application, without a name.",
            "Its networks stand in its boardproof.toml; --name says what a library's symbols begin with.",
        )
    as_library = values["as_form"] == "library"
    if not as_library and values.get("name") is not None:
        raise InputError("Firmware of an application has no name in C.", "Leave out --name, or add --as library.")
    settings = settings_of(app, (), values)
    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        if as_library:
            path = generate_application_library(settings, values.get("name"), progress)
        else:
            path = generate_application(settings, progress)
    if as_library:
        show_text(f"{path}: a library for CMake, Arduino and PlatformIO; its README.md says how to use it")
    else:
        show_text(f"{path}: build it with `boardproof build {path}`, or with `pio run` in that directory")
    return ExitStatus.AGREES
