"""The flags of the commands, and how they become settings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.settings import Settings

RUNTIME_NAMES = ("aot", "tflm")
SCHEME_NAMES = ("int8", "int16x8", "dynamic", "float16", "float32")
LINK_NAMES = ("fifo", "uart")
OPTIMIZE_NAMES = ("speed", "balanced", "size")
CI_NAMES = ("github",)
FORM_NAMES = ("project", "library")
PROTOCOL_NAMES = ("boardproof", "mlperf-tiny")

FilePath = click.Path(path_type=Path)


def _apply_settings_file(ctx: click.Context, _param: click.Parameter, model: Path) -> Path:
    """Lets boardproof.toml beside the model set the defaults of this command's flags."""
    from boardproof.settings import read_settings_file

    known = {p.name for p in _every_option(ctx) if p.name}
    ctx.default_map = {**read_settings_file(model, known), **(ctx.default_map or {})}
    return model


def _every_option(ctx: click.Context) -> list[click.Parameter]:
    """The options of all commands: one settings file serves them all."""
    root = ctx.find_root().command
    commands = root.commands.values() if isinstance(root, click.Group) else (root,)
    return [p for command in commands for p in command.params if isinstance(p, click.Option)]


def flags(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in the order written."""

    def decorate(function: Any) -> Any:  # noqa: ANN401 - click's decorators take and give anything
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


model_argument = click.argument("model", type=FilePath, callback=_apply_settings_file, is_eager=True)

sample_options = flags(
    click.option("--samples", type=FilePath, help="Samples to verify with: .npz (x, and labels y) or .npy."),
    click.option("--random", type=click.IntRange(1), help="Verify with this many random samples instead.  [20]"),
    click.option("--seed", type=click.IntRange(0), help="Seed of the random samples.  [0]"),
)
quantize_options = flags(
    click.option("--representative", type=FilePath, help="Samples that calibrate the quantizer; default: --samples."),
    click.option("--scheme", type=click.Choice(SCHEME_NAMES), help="How to quantize a Keras model.  [int8]"),
)
target_options = flags(
    click.option("--board", type=click.Choice(tuple(BOARDS)), help="Where it runs.  [mps2-an386]"),
    click.option("--runtime", type=click.Choice(RUNTIME_NAMES), help="What executes the model.  [aot]"),
    click.option("--optimize", type=click.Choice(OPTIMIZE_NAMES), help="What aot code favours.  [balanced]"),
    click.option("--tflm-lib", metavar="SPEC", help="PlatformIO library spec of TensorFlow Lite Micro."),
    click.option("--arena-bytes", type=click.IntRange(16), help="Tensor arena of tflm; default: found for you."),
    click.option("--protocol", type=click.Choice(PROTOCOL_NAMES), help="What the firmware answers.  [boardproof]"),
    click.option("--debug", is_flag=True, default=None, help="Keep error strings and intermediate tensors."),
    click.option("--out", type=FilePath, help="Project directory.  [boardproof-out/MODEL-RUNTIME-BOARD]"),
)
link_options = flags(
    click.option("--link", type=click.Choice(LINK_NAMES), help="Byte stream to an emulated board.  [fifo]"),
    click.option("--port", multiple=True, help="Serial port, or a URL (rfc2217://…); once for each of several boards."),
    click.option("--resume", is_flag=True, default=None, help="Go on where an earlier run of these samples stopped."),
)
report_options = flags(
    click.option("--json", "as_json", is_flag=True, help="Print the report alone, as JSON, on stdout."),
    click.option("--report", type=FilePath, help="Also write the report here: .json, .md or .html."),
    click.option("--baseline", type=FilePath, help="Show what changed since this JSON report."),
)
console_options = flags(
    click.option("--verbose", "-v", is_flag=True, help="Show the output of compilers and emulators."),
    click.option("--quiet", "-q", is_flag=True, help="Show warnings and errors only."),
    click.option("--traceback", is_flag=True, help="Show where in boardproof an error arose."),
)
ci_options = flags(
    click.option("--ci", type=click.Choice(CI_NAMES), help="Add a workflow that proves the project without hardware."),
    click.option("--ci-install", metavar="SPEC", help="What pip installs there, such as a Git URL.  [this version]"),
)


def settings_of(model: Path, values: dict[str, Any]) -> Settings:
    """Flags that were given, over Settings' own defaults."""
    from boardproof.project.runtimes.base import Options
    from boardproof.settings import Settings

    given = {name: value for name, value in values.items() if value is not None}
    options = Options(**{f.name: given[f.name] for f in fields(Options) if f.name in given})
    rest = {f.name: given[f.name] for f in fields(Settings) if f.name in given}
    return Settings(model=model, options=options, **rest)
