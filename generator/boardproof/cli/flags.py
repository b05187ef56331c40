"""The flags of the commands, and how they become settings."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from click.core import ParameterSource

from boardproof.errors import InputError
from boardproof.project.names import CHOICES

if TYPE_CHECKING:
    from collections.abc import Callable

    from boardproof.settings import Settings

_OWN_BOARDS = "boardproof.own_boards"


class PathText(click.Path):
    """A path, which boardproof.toml may also have as something else than text."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The path, or click's BadParameter."""
        if not isinstance(value, str | Path):
            self.fail(f"{value!r} is no path.", param, ctx)
        return super().convert(value, param, ctx)


FilePath = PathText()


class Given(PathText):
    """The path of something that must be there: said at once, before anything heavy is imported. `what`: its name."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The path, or InputError."""
        path = Path(str(super().convert(value, param, ctx)))
        if not path.exists():
            raise InputError(f"There is no file {path}.", f"Check the path of the {self._what}.")
        return path


class ReportPath(PathText):
    """Where a report goes: a name that cannot hold one is refused before the work, not after it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The path, or InputError."""
        from boardproof.report.write import check_report_path

        path = Path(str(super().convert(value, param, ctx)))
        check_report_path(path)
        return path


class Named(NamedTuple):
    """A model, and what its network is to be called in C, if the user says so."""

    name: str | None
    path: Path


class NamedModel(Given):
    """A model's path, or NAME=PATH."""

    name = "[NAME=]MODEL"

    def __init__(self) -> None:
        super().__init__("model")

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The name and the path, or InputError."""
        name, sign, path = str(value).partition("=")
        if not sign or Path(str(value)).exists():
            return Named(None, super().convert(value, param, ctx))
        return Named(name, super().convert(path, param, ctx))


class WholeNumber(click.IntRange):
    """A whole number from a smallest one on, whose error says what it counts. `unit`: such as "bytes"."""

    def __init__(self, smallest: int, unit: str = "") -> None:
        super().__init__(smallest)
        self._what = f"a whole number of {unit}" if unit else "a whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The number, or click's BadParameter."""
        try:
            int(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not {self._what}.", param, ctx)
        return super().convert(value, param, ctx)


class Words(click.ParamType[Any]):
    """Words between commas, or a file with one a line."""

    name = "WORDS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The words, or click's BadParameter."""
        if isinstance(value, list | tuple):
            return tuple(map(str, value))
        if not isinstance(value, str):
            self.fail(f"{value!r} are no words: write them in quotes, with commas between them.", param, ctx)
        path = Path(value)
        if not path.is_file():
            return tuple(word.strip() for word in value.split(","))
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"{path} cannot be read as text: {error}", param, ctx)
        return tuple(line.strip() for line in lines if line.strip())


class Shape(click.ParamType[Any]):
    """The sizes of a sample's axes, between commas."""

    name = "SIZES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """The sizes, or click's BadParameter."""
        try:
            sizes = tuple(
                int(size) for size in (value.replace("x", ",").split(",") if isinstance(value, str) else value)
            )
        except (TypeError, ValueError):
            sizes = ()
        if not sizes or min(sizes) < 1:
            self.fail(f"{value!r} is no shape: write its sizes, such as 96,96,3.", param, ctx)
        return sizes


class BoardName(click.Choice[str]):
    """A board: one of boardproof's, or one that boardproof.toml beside the model describes."""

    def __init__(self) -> None:
        super().__init__(CHOICES["board"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """The name, or click's BadParameter."""
        own = ctx.meta.get(_OWN_BOARDS, ()) if ctx is not None else ()
        names = (*self.choices, *(board.name for board in own))
        if value not in names:
            known = ", ".join(map(repr, names))
            hint = f"A section [boards.{value}] in boardproof.toml describes a board of your own (docs/boards.md)."
            self.fail(f"{value!r} is not one of {known}. {hint}", param, ctx)
        return str(value)


def note_own_boards(ctx: click.Context, _param: click.Parameter, app: Path) -> Path:
    """Lets --board know the boards that boardproof.toml of an application describes."""
    from boardproof.settings import read_own_boards

    ctx.meta[_OWN_BOARDS] = read_own_boards(app if app.is_dir() else app.parent)
    return app


def _apply_first_settings_file(ctx: click.Context, param: click.Parameter, models: tuple[Named, ...]) -> object:
    """The same where several models may be given: the first one's."""
    _apply_settings_file(ctx, param, models[0].path)
    return models


def _apply_settings_file(ctx: click.Context, _param: click.Parameter, model: Path) -> Path:
    """Lets boardproof.toml beside the model set the defaults of this command's flags."""
    from boardproof.settings import SETTINGS_FILE, read_own_boards, read_settings_file

    names = {_written(p): p.name for p in _every_option(ctx)}
    values = read_settings_file(model, set(names))
    ctx.meta[_OWN_BOARDS] = read_own_boards(model if (model / SETTINGS_FILE).is_file() else model.parent)  # of --app
    ctx.default_map = {**{str(names[key]): value for key, value in values.items()}, **(ctx.default_map or {})}
    return model


def _every_option(ctx: click.Context) -> list[click.Parameter]:
    """The options of all commands: one settings file serves them all."""
    root = ctx.find_root().command
    commands = root.commands.values() if isinstance(root, click.Group) else (root,)
    return [p for command in commands for p in command.params if isinstance(p, click.Option)]


def _written(option: click.Parameter) -> str:
    """An option's name as a user writes it in boardproof.toml, with underscores."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def settings_file_error(error: click.ClickException) -> InputError | None:
    """The same error where a value in boardproof.toml caused it, naming the file; None where no such value did."""
    from boardproof.settings import SETTINGS_FILE

    if not isinstance(error, click.BadParameter) or error.ctx is None or error.param is None:
        return None
    if error.ctx.get_parameter_source(error.param.name or "") is not ParameterSource.DEFAULT_MAP:
        return None
    params = error.ctx.params
    path = (params["model"] if "model" in params else params["models"][0].path).parent / SETTINGS_FILE
    setting = _written(error.param).replace("_", "-")
    return InputError(
        f"{path} has a wrong {setting}: {error.message}", f"Correct it there; --{setting} goes before what is there."
    )


def flags(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options as one decorator, in the order written."""

    def decorate(function: Any) -> Any:  # noqa: ANN401 - click's decorators take and give anything
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


model_argument = click.argument("model", type=Given("model"), callback=_apply_settings_file, is_eager=True)
models_argument = click.argument(
    "models", type=NamedModel(), nargs=-1, required=True, callback=_apply_first_settings_file, is_eager=True
)

sample_options = flags(
    click.option("--samples", type=Given("samples"), help="Samples to verify with: .npz, .npy, .csv, or a folder."),
    click.option("--random", type=WholeNumber(1), help="Verify with this many random samples instead.  [20]"),
    click.option("--seed", type=WholeNumber(0), help="Seed of the random samples.  [0]"),
)
data_options = flags(
    click.option("--labels", type=Words(), help="Classes in the outputs' order: a,b,c or a file with one a line."),
    click.option("--label-column", metavar="COLUMN", help="Name or number of a table's column of labels."),
    click.option(
        "--pixels", type=click.Choice(CHOICES["pixels"]), help="Range of a picture's values.  [what the model takes]"
    ),
    click.option(
        "--input-shape", type=Shape(), multiple=True, help="Shape of a sample, where the model leaves it open: 96,96,3."
    ),
)
metric_option = click.option(
    "--metric", metavar="MODULE:FUNCTION", help="Your own measure: function(outputs, labels).  [what fits the labels]"
)
quantize_options = flags(
    click.option(
        "--representative", type=Given("samples"), help="Samples that calibrate the quantizer; default: --samples."
    ),
    click.option("--scheme", type=click.Choice(CHOICES["scheme"]), help="How to quantize a Keras model.  [int8]"),
    click.option(
        "--unroll", is_flag=True, default=None, help="Write LSTMs out step by step, where int8 has one operator."
    ),
)
target_options = flags(
    click.option("--board", type=BoardName(), help="Where it runs.  [mps2-an386]"),
    click.option("--runtime", type=click.Choice(CHOICES["runtime"]), help="What executes the model.  [aot]"),
    click.option("--optimize", type=click.Choice(CHOICES["optimize"]), help="What aot code favours.  [balanced]"),
    click.option("--tflm-lib", metavar="SPEC", help="PlatformIO library spec of TensorFlow Lite Micro."),
    click.option("--arena-bytes", type=WholeNumber(16, "bytes"), help="Tensor arena of tflm; default: found for you."),
    click.option("--protocol", type=click.Choice(CHOICES["protocol"]), help="What the firmware answers.  [boardproof]"),
    click.option("--debug", is_flag=True, default=None, help="Keep error strings and intermediate tensors."),
    click.option("--out", type=FilePath, help="Project directory.  [boardproof-out/MODEL-RUNTIME-BOARD]"),
)
link_options = flags(
    click.option("--link", type=click.Choice(CHOICES["link"]), help="Byte stream to an emulated board.  [fifo]"),
    click.option("--port", multiple=True, help="Serial port, or a URL (rfc2217://…); once for each of several boards."),
    click.option("--resume", is_flag=True, default=None, help="Go on where an earlier run of these samples stopped."),
)
page_options = flags(
    click.option("--json", "as_json", is_flag=True, help="Print the report alone, as JSON, on stdout."),
    click.option("--report", type=ReportPath(), help="Also write the report here: .json, .md or .html."),
)
report_options = flags(
    page_options,
    click.option("--baseline", type=FilePath, help="Show what changed since this JSON report."),
)
console_options = flags(
    click.option("--verbose", "-v", is_flag=True, help="Show the output of compilers and emulators."),
    click.option("--quiet", "-q", is_flag=True, help="Show warnings and errors only."),
    click.option("--traceback", is_flag=True, help="Show where in boardproof an error arose."),
)
ci_options = flags(
    click.option(
        "--ci", type=click.Choice(CHOICES["ci"]), help="Add a workflow that proves the project without hardware."
    ),
    click.option("--ci-install", metavar="SPEC", help="What pip installs there, such as a Git URL.  [this version]"),
)


def settings_of(model: Path, values: dict[str, Any]) -> Settings:
    """Flags that were given, over Settings' own defaults."""
    from boardproof.model.data.options import DataOptions, options_of
    from boardproof.project.runtimes.base import Options
    from boardproof.settings import Settings

    given = {name: value for name, value in values.items() if value is not None}
    options = Options(**{f.name: given[f.name] for f in fields(Options) if f.name in given})
    data = options_of({f.name: given.get(f.name) for f in fields(DataOptions)})
    rest = {f.name: given[f.name] for f in fields(Settings) if f.name in given}
    own = click.get_current_context().meta.get(_OWN_BOARDS, ())
    return Settings(model=model, options=options, data=data, own_boards=own, **rest)


def ignored_flags(settings: Settings, runtimes: tuple[str, ...]) -> tuple[str, ...]:
    """What the user gave on the command line though nothing comes of it, and why; a line for each.

    Args:
        settings: What came of all flags, and of boardproof.toml.
        runtimes: The runtimes that are used.
    """
    ctx = click.get_current_context()
    reasons: dict[str, str] = {}
    if "tflm" not in runtimes:
        reasons["arena_bytes"] = reasons["tflm_lib"] = "only the runtime tflm uses it"
    if ctx.info_name == "verify":  # what is on the board may be tflm, whatever --runtime says
        reasons.pop("tflm_lib", None)
    if settings.model_name.endswith(".tflite"):
        reasons["scheme"] = reasons["representative"] = reasons["unroll"] = (
            f"{settings.model_name} is a .tflite, which is not quantized again"
        )
    if isinstance(settings.samples, Path):
        reasons["random"] = reasons["seed"] = f"the samples in {settings.samples.name} are used"
    if "runtimes" in ctx.params:
        reasons["runtime"] = f"--runtimes says what {ctx.info_name} uses"
    return tuple(
        f"--{name.replace('_', '-')} is ignored: {reason}"
        for name, reason in reasons.items()
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    )
