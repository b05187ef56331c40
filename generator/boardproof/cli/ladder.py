"""`boardproof ladder` and its subcommands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from boardproof.cli.flags import FilePath, WholeNumber, console_options, data_options, flags, page_options
from boardproof.cli.pages import show_page
from boardproof.errors import ExitStatus, InputError
from boardproof.project.names import CHOICES

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.ladder.running import Request
    from boardproof.ladder.table import Table


class _RunByDefault(click.Group):
    """A group whose first word, where it is no subcommand, is the experiment to run."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Subcommands come first: a file called `show` is `./show`."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_RunByDefault)
def ladder() -> None:
    """How small can a model get, at what price, on the board? Measures the variants of an experiment.

    `boardproof ladder experiment.py` is short for `boardproof ladder run experiment.py`.
    """


storage_option = click.option(
    "--storage", metavar="DIR|URL", help="Folder of results, or a database that hands them out.  [boardproof's cache]"
)
bench_options = flags(
    click.option("--jobs", type=WholeNumber(1), help="Processes side by side.  [as many as cores, 4 at most]"),
    click.option("--timeout", type=WholeNumber(1, "seconds"), help="End a variant that takes longer."),
    click.option("--memory", type=WholeNumber(1, "megabytes"), help="End a variant that takes more memory."),
    click.option("--board", type=click.Choice(CHOICES["board"]), default="mps2-an386", help="Where.  [mps2-an386]"),
    click.option("--runtime", type=click.Choice(CHOICES["runtime"]), default="aot", help="By what.  [aot]"),
    click.option("--proven", type=WholeNumber(1), default=100, help="Samples to prove on the board.  [100]"),
)
model_options = flags(
    click.option("--representative", type=FilePath, help="Of a model's file: samples that calibrate the quantizer."),
    click.option("--samples", type=FilePath, help="Of a model's file: labelled samples to measure it with."),
    click.option("--scheme", "schemes", multiple=True, type=click.Choice(CHOICES["scheme"]), help="Of a model's file."),
    data_options,
)


@ladder.command()
@click.argument("experiment", type=FilePath)
@click.option("--only", default="*", help="Only the variants whose label matches, such as '*int8'.")
@click.option("--budget", type=click.Choice(CHOICES["board"]), help="Mark what fits this board's memory.")
@click.option("--keep", type=FilePath, help="Write each variant's .keras and .tflite into this folder.")
@flags(bench_options, model_options)
@flags(storage_option, page_options, console_options)
def run(experiment: Path, **values: Any) -> ExitStatus:  # noqa: ANN401 - click passes every flag
    """Measures an experiment's variants, or a trained model in every scheme. What is done already is not done again."""
    from boardproof.cli.console import ConsoleProgress
    from boardproof.ladder.running import run_ladder

    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        found = run_ladder(_request(experiment, values), progress)
    return _tell(found, values)


@ladder.command()
@click.argument("experiment", type=FilePath)
@flags(bench_options, model_options, storage_option, console_options)
def worker(experiment: Path, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Works for a ladder that another machine began with the same database, until all is done."""
    from boardproof.cli.console import ConsoleProgress, show_text
    from boardproof.ladder.running import join_ladder

    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        measured = join_ladder(_request(experiment, {**values, "only": "*", "budget": None, "keep": None}), progress)
    show_text(f"this worker measured {measured} variants; the ladder is done")
    return ExitStatus.AGREES


def _request(experiment: Path, values: dict[str, Any]) -> Request:
    from boardproof.ladder.engines.local import Limits, cores
    from boardproof.ladder.loading import Source
    from boardproof.ladder.running import Request
    from boardproof.ladder.variants import Bench
    from boardproof.model.data.options import options_of

    memory = values["memory"]
    data = options_of({name: values[name] for name in ("labels", "label_column", "pixels", "input_shape")})
    return Request(
        source=Source(experiment, values["representative"], values["samples"], values["schemes"], data=data),
        bench=Bench(values["board"], values["runtime"], values["proven"]),
        limits=Limits(values["jobs"] or min(cores(), 4), values["timeout"], memory << 20 if memory else None),
        storage=values["storage"],
        only=values["only"],
        budget=values["budget"],
        keep=values["keep"],
    )


@ladder.command()
@click.argument("name", required=False)
@click.option("--budget", type=click.Choice(CHOICES["board"]), help="Mark what fits this board's memory.")
@flags(storage_option, page_options)
@click.option("--traceback", is_flag=True, hidden=True)
def show(name: str | None, **values: Any) -> ExitStatus:  # noqa: ANN401
    """Shows the table of a ladder that ran before, without its experiment.

    NAME is the experiment's: of its file, or of its folder where the file is called experiment.py.
    """
    from boardproof.ladder.running import stored_ladders, stored_table

    storage = values["storage"]
    names = stored_ladders(storage)
    if name is None and len(names) != 1:
        raise InputError(
            f"There are {len(names) or 'no'} ladders in {storage or 'the cache'}.",
            f"Name one: {', '.join(names)}." if names else "Run one: boardproof ladder experiment.py",
        )
    return _tell(stored_table(storage, name or names[0], values["budget"]), values)


@ladder.command()
@storage_option
@click.option("--clean", is_flag=True, help="Forget all results and models.")
def cache(storage: str | None, *, clean: bool) -> ExitStatus:
    """Tells how large the folder of results is, or empties it."""
    from boardproof.cli.console import show_text
    from boardproof.ladder.running import cache_of

    found = cache_of(storage)
    size = found.size_bytes()
    if clean:
        found.clean()
    show_text(f"{found.root}: {size:,} bytes{', now emptied' if clean else ''}")
    return ExitStatus.AGREES


def _tell(found: Table, values: dict[str, Any]) -> ExitStatus:
    """Prints the table, writes it where asked, and tells how it went."""
    from boardproof.ladder.page import page_of

    show_page(page_of(found), found.to_json(), values)
    if not found.agrees:
        return ExitStatus.DISAGREES
    return ExitStatus.AGREES if found.is_complete else ExitStatus.TOOL_FAILED


@click.command()
@click.argument("models", type=FilePath, nargs=-1, required=True)
@click.option("--repeats", type=WholeNumber(1), default=5, show_default=True, help="Starts of each form that count.")
@flags(page_options, console_options)
def coldstart(models: tuple[Path, ...], repeats: int, **values: Any) -> ExitStatus:  # noqa: ANN401
    """How long a fresh process takes to its first answer: SavedModel, .keras and .tflite of each Keras model."""
    from boardproof.cli.console import ConsoleProgress
    from boardproof.ladder.coldstart import measure, page_of, to_json

    with ConsoleProgress(verbose=values["verbose"], quiet=values["quiet"]) as progress:
        found = measure(models, repeats, progress)
    show_page(page_of(found, repeats), to_json(found, repeats), values)
    return ExitStatus.AGREES
