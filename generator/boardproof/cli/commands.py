"""Arguments and exit statuses. What a person sees is in console.py; what happens is in pipeline.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boardproof import __version__
from boardproof.cli import applications
from boardproof.cli.flags import (
    FilePath,
    Given,
    ci_options,
    console_options,
    data_options,
    flags,
    ignored_flags,
    link_options,
    metric_option,
    model_argument,
    models_argument,
    page_options,
    quantize_options,
    report_options,
    sample_options,
    settings_file_error,
    settings_of,
    target_options,
)
from boardproof.cli.ladder import coldstart, ladder
from boardproof.cli.pages import show_page
from boardproof.errors import BoardproofError, ExitStatus, InputError
from boardproof.host.interrupts import catch_interrupts
from boardproof.project.names import CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.cli.console import ConsoleProgress
    from boardproof.cli.flags import Named
    from boardproof.progress import Progress
    from boardproof.report.document import Report
    from boardproof.report.page import Block
    from boardproof.settings import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="boardproof")
def main() -> None:
    """A Keras model in; microcontroller firmware out, proven bit for bit on the board or its emulator.

    Exit status: 0 the board agrees; 1 it disagrees, or a budget is exceeded; 2 bad input or usage;
    3 a tool or the device failed; 130 interrupted.
    """


main.add_command(ladder)
main.add_command(coldstart)


@main.command()
@model_argument
@flags(sample_options, data_options, quantize_options, target_options, link_options, report_options, console_options)
@metric_option
def run(model: Path, **values: Any) -> ExitStatus:  # noqa: ANN401 - click passes every flag
    """Does everything: quantize, generate, build, run on the board, compare with the host."""
    from boardproof import pipeline

    return _prove(pipeline.run, model, values)


@main.command()
@model_argument
@flags(quantize_options, data_options, console_options)
@click.option("--samples", type=Given("samples"), hidden=True)
@click.option("--out", "-o", type=FilePath, help="Where to write it.  [MODEL.tflite, in this directory]")
def quantize(model: Path, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Quantizes a Keras model to a .tflite file."""
    from boardproof import pipeline

    settings = _settings(model, values)
    with _progress(values) as progress:
        path = pipeline.quantize_to_file(settings, progress)
    return _say(f"{path} ({path.stat().st_size:,} bytes)")


@main.command()
@models_argument
@flags(sample_options, data_options, quantize_options, target_options, ci_options, console_options)
@click.option(
    "--as", "as_form", type=click.Choice(CHOICES["form"]), help="Firmware, or C for any build system.  [project]"
)
@click.option("--app", is_flag=True, help="MODEL is a folder whose boardproof.toml has [app]: its whole application.")
@click.option("--name", help="What a library's names begin with: NAME_init, NAME.h.  [model, or as the application]")
@click.option("--share-arena", is_flag=True, default=None, help="One arena for all networks of a library.")
def generate(models: tuple[Named, ...], **values: Any) -> ExitStatus:  # noqa: ANN401
    """Writes the firmware project, or the network as a library.

    Several networks go into one library as NAME=MODEL, with the kernels there once.

    With aot nothing is built. With tflm, firmware that measures the tensor arena is built and run on an emulated board:
    minutes, until the library has been compiled once. Without compiler or emulator the arena is an upper bound, and the
    project says so.
    """
    from boardproof import pipeline

    if values["app"]:
        return applications.generate(models, values)
    asked = _settings_of_each(models, {**values, "form": values["as_form"]})
    settings = asked[0]
    with _progress(values) as progress:
        path = pipeline.generate_to_disk(asked, progress)
    if settings.form == "library":
        return _say(f"{path}: a library for CMake, Arduino and PlatformIO; its README.md says how to use it")
    return _say(f"{path}: build it with `boardproof build {path}`, or with `pio run` in that directory")


@main.command()
@click.argument("project", type=FilePath)
@flags(console_options)
def build(project: Path, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Builds a generated project and shows what it takes."""
    from boardproof import pipeline
    from boardproof.report.tables import firmware_blocks

    with _progress(values) as progress:
        firmware = pipeline.build_on_disk(project, progress)
    return _show(*firmware_blocks(firmware))


@main.command()
@model_argument
@flags(sample_options, data_options, quantize_options, target_options, link_options, report_options, console_options)
@metric_option
def verify(model: Path, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Checks firmware that is already built, or already on the board, against the host."""
    from boardproof import pipeline

    return _prove(pipeline.verify_existing, model, values)


@main.command()
@click.argument("project", type=FilePath)
@click.option("--port", help="The board's port or USB serial number, where there are several.")
@flags(console_options)
def flash(project: Path, port: str | None, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Builds a generated project if need be, and puts it on a board."""
    from boardproof import pipeline

    with _progress(values) as progress:
        flashed = pipeline.flash_on_disk(project, port, progress)
    return _say(f"{flashed.device} (serial number {flashed.serial_number}) runs {flashed.hello.library}")


@main.command()
@model_argument
@flags(sample_options, data_options, quantize_options, target_options, link_options, console_options)
@metric_option
@click.option("--runtimes", default="tflm,aot", show_default=True, help="Runtimes to compare, separated by commas.")
@page_options
def compare(model: Path, runtimes: str, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Proves the same network with several runtimes, and puts what they take side by side."""
    from boardproof import pipeline
    from boardproof.report.comparison import comparison_json, comparison_page

    names = tuple(name.strip() for name in runtimes.split(","))
    if unknown := sorted(set(names) - set(CHOICES["runtime"])):
        raise InputError(f"There is no runtime {', '.join(unknown)}.", f"Choose from: {', '.join(CHOICES['runtime'])}.")
    settings = _settings(model, values, names)
    with _progress(values) as progress:
        reports = pipeline.compare(settings, names, progress)
    show_page(comparison_page(reports), comparison_json(reports), values)
    return ExitStatus.AGREES if all(report.verdict.agrees for report in reports) else ExitStatus.DISAGREES


@main.command()
@model_argument
@flags(target_options, quantize_options, data_options, console_options)
@click.option("--samples", type=Given("samples"), hidden=True)
@click.option("--errors", is_flag=True, default=None, help="Measure what quantization costs, layer by layer.")
@page_options
def inspect(model: Path, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Shows operators, tensors, memory, and what would not run: then the exit status is 2."""
    from boardproof import pipeline
    from boardproof.report.inspection import inspection_json, inspection_page

    settings = _settings(model, values)
    with _progress(values) as progress:
        inspection = pipeline.inspect(settings, progress)
    show_page(inspection_page(inspection), inspection_json(inspection), values)
    return ExitStatus.AGREES if inspection.runnable else ExitStatus.BAD_INPUT


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.option("--connected", is_flag=True, help="List the boards that are plugged in.")
def boards(*, as_json: bool, connected: bool) -> ExitStatus:
    """Lists the boards that can be targeted, or those that are plugged in.

    Yours are those that boardproof.toml in this directory describes.
    """
    from boardproof.project.boards import BOARDS
    from boardproof.report.tables import boards_json, boards_table, connected_block, connected_json
    from boardproof.settings import read_own_boards

    own = read_own_boards(Path())
    if connected:
        from boardproof.device.usb.ports import connected_boards, serial_ports

        found = connected_boards(serial_ports(), (*BOARDS.values(), *own))
        return _say(connected_json(found)) if as_json else _show(connected_block(found))
    return _say(boards_json(own)) if as_json else _show(boards_table(own))


@main.command()
def doctor() -> ExitStatus:
    """Shows which tools are here, which are missing, and how to get them."""
    from boardproof.device.build import toolchain
    from boardproof.report.tables import doctor_advice, doctor_table

    checks = toolchain.doctor()
    _show(doctor_table(checks))
    if advice := doctor_advice(checks):
        _say(advice)
    return ExitStatus.AGREES if all(check.ok or check.optional for check in checks) else ExitStatus.TOOL_FAILED


for _command in (applications.replay, applications.record, applications.watch):
    main.add_command(_command)


def _settings(model: Path, values: dict[str, Any], runtimes: tuple[str, ...] = ()) -> Settings:
    """The settings, with a warning for each flag that changes nothing. `runtimes`: where they are not --runtime's."""
    from boardproof.cli.console import show_warning

    settings = settings_of(model, values)
    for ignored in ignored_flags(settings, runtimes or (settings.runtime,)):
        show_warning(ignored)
    return settings


def _settings_of_each(models: tuple[Named, ...], values: dict[str, Any]) -> list[Settings]:
    """The settings of each network that is generated. Raises InputError where names are missing, or given twice."""
    unnamed = [str(model.path) for model in models if model.name is None]
    if unnamed and len(models) > 1:
        raise InputError(
            f"{unnamed[0]} has no name beside other models.", f"Write it as NAME={unnamed[0]}: its functions begin so."
        )
    if values["name"] is not None and unnamed != [str(models[0].path)]:
        raise InputError("--name is for one model without a name of its own.", "Leave it out: NAME=MODEL is enough.")
    return [_settings(m.path, {**values, "name": m.name or values["name"]}) for m in models]


def _progress(values: dict[str, Any]) -> ConsoleProgress:
    from boardproof.cli.console import ConsoleProgress

    return ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"])


def _say(text: str) -> ExitStatus:
    from boardproof.cli.console import show_text

    show_text(text)
    return ExitStatus.AGREES


def _show(*blocks: Block) -> ExitStatus:
    from boardproof.cli.console import show_table
    from boardproof.report.forms.console import blocks_view

    show_table(blocks_view(blocks))
    return ExitStatus.AGREES


def _prove(stage: Callable[[Settings, Progress], Report], model: Path, values: dict[str, Any]) -> ExitStatus:
    """Runs a stage that ends in a report; prints the report, writes it where asked, and tells the verdict."""
    from boardproof.cli.console import show_notes
    from boardproof.report.acceptance import assess, read_acceptance
    from boardproof.report.forms.console import blocks_view
    from boardproof.report.sections import page_of
    from boardproof.report.tables import assessment_blocks

    settings = _settings(model, values)
    acceptance = read_acceptance(model, settings.board, values["baseline"])
    with _progress(values) as progress:
        report = stage(settings, progress)
    show_page(page_of(report), report.to_json(), values)
    assessment = assess(report, acceptance)
    if assessment.violations or assessment.changes:
        show_notes(blocks_view(assessment_blocks(assessment)))
    return ExitStatus.AGREES if report.agrees and not assessment.violations else ExitStatus.DISAGREES


def _fail(error: BoardproofError | click.ClickException, arguments: list[str]) -> ExitStatus:
    if isinstance(error, click.ClickException):
        error.show()
        return ExitStatus.BAD_INPUT
    from boardproof.cli.console import show_error

    show_error(error, with_traceback="--traceback" in arguments)
    return error.exit_status


def entry() -> None:
    """The `boardproof` command."""
    catch_interrupts()  # a plain kill must end compilers and emulators too, as Ctrl-C does
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Runs one command and returns its exit status; the single place where errors become words."""
    try:
        return int(main.main(arguments, prog_name="boardproof", standalone_mode=False) or 0)
    except click.ClickException as error:
        return _fail(settings_file_error(error) or error, arguments)
    except BoardproofError as error:
        return _fail(error, arguments)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return ExitStatus.INTERRUPTED
    except BrokenPipeError:
        # Whoever read stdout has gone (`boardproof … | head`): there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitStatus.TOOL_FAILED
    except Exception as error:
        from boardproof.cli.console import show_defect

        show_defect(error, with_traceback="--traceback" in arguments)
        return ExitStatus.TOOL_FAILED
