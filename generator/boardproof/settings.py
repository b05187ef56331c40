"""What a user asked for: flags and boardproof.toml, as one typed value."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, fields
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from boardproof.errors import InputError
from boardproof.model.data.options import DataOptions, Pixels
from boardproof.model.given import as_samples, model_name
from boardproof.project.boards import BOARDS
from boardproof.project.names import CHOICES
from boardproof.project.own_boards import BOARDS_TABLE, own_boards
from boardproof.project.runtimes.base import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from boardproof.model.given import Model, SamplesLike
    from boardproof.model.samples import Samples
    from boardproof.project.boards import Board

SETTINGS_FILE = "boardproof.toml"
LIMITS_TABLE = "limits"
APP_TABLE = "app"


@dataclass(frozen=True, slots=True)
class Settings:
    """One run.

    Attributes:
        model: Path of a .keras, .h5, SavedModel directory or .tflite; or the bytes of a .tflite, or a Keras model.
        samples: Labelled or unlabelled samples to verify with: a file or folder that model/data reads, or arrays; None
            for random ones.
        representative: Samples that calibrate the quantizer; None to use `samples`.
        random: How many random samples, where `samples` is None.
        seed: Seed of the random samples.
        scheme: How to quantize a Keras model.
        unroll: Write LSTMs out step by step, where int8 has one operator for all steps.
        board: Name of the board.
        runtime: Name of the runtime.
        out: Directory of the generated project; None for boardproof-out/<model>-<runtime>-<board>, or <model>-library.
        link: Byte stream to an emulated board: "fifo" or "uart".
        port: Serial ports or pyserial URLs, one for each board; empty to find the board.
        resume: Go on where an earlier run of the same samples stopped.
        protocol: What the firmware answers: "boardproof" or "mlperf-tiny".
        ci: Continuous integration to add to a generated project: "github"; None for none.
        ci_install: What pip installs for `boardproof` there, as a requirement; None for this version from an index.
        form: What `generate` writes: "project" or "library".
        options: Choices of code generation.
        data: How samples are read.
        own_boards: The user's own boards, which boardproof.toml describes.
        metric: The user's own measure of outputs: `module:function`, or a function; None for what fits the labels.
        errors: `inspect` measures what quantization does to each layer, on the representative samples.
    """

    model: Model
    samples: Path | Samples | None = None
    representative: Path | Samples | None = None
    random: int = 20
    seed: int = 0
    scheme: str = "int8"
    unroll: bool = False
    board: str = "mps2-an386"
    runtime: str = "aot"
    out: Path | None = None
    link: str = "fifo"
    port: tuple[str, ...] = ()
    resume: bool = False
    protocol: str = "boardproof"
    ci: str | None = None
    ci_install: str | None = None
    form: str = "project"
    options: Options = field(default_factory=Options)
    data: DataOptions = field(default_factory=DataOptions)
    own_boards: tuple[Board, ...] = ()
    metric: str | Callable[[Any, Any], Any] | None = None
    errors: bool = False

    @property
    def target_board(self) -> Board:
        """The board of that name: one of boardproof's, or one of the user's own. Raises InputError."""
        return find_named(self.board, self.own_boards)

    @property
    def unrolls(self) -> bool:
        """Whether LSTMs are written out: the library of runtime tflm computes the one operator in an older way."""
        return self.unroll or self.runtime == "tflm"

    @property
    def project_dir(self) -> Path:
        """Where the project goes."""
        kind = "library" if self.form == "library" else f"{self.runtime}-{self.board}"
        return self.out or Path("boardproof-out") / f"{self.stem}-{kind}"

    @property
    def model_name(self) -> str:
        """How messages name the model."""
        return model_name(self.model)

    @property
    def stem(self) -> str:
        """The model's name without its suffix: what is made of it is named so."""
        return _NOT_UTF_8.sub("_", Path(self.model_name).stem)


_NOT_UTF_8 = re.compile("[\ud800-\udfff]")
"""How Python holds bytes of a file's name that are no UTF-8."""


class Flags(TypedDict, total=False):
    """What a program may say beside the model: the commands' flags, by the same names; see `Settings` and `Options`."""

    representative: SamplesLike | None
    random: int
    seed: int
    scheme: str
    unroll: bool
    board: str
    runtime: str
    out: Path | str | None
    link: str
    port: tuple[str, ...]
    resume: bool
    protocol: str
    ci: str | None
    ci_install: str | None
    form: str
    labels: tuple[str, ...]
    label_column: str | None
    pixels: str | None
    input_shape: tuple[tuple[int, ...], ...]
    metric: str | Callable[[Any, Any], Any] | None
    errors: bool
    optimize: str
    arena_bytes: int | None
    tflm_lib: str | None
    debug: bool
    name: str
    share_arena: bool


_SAMPLES = ("samples", "representative")
_NUMBERS = {"random", "seed", "arena_bytes"}
_SWITCHES = {"unroll", "resume", "errors", "debug", "share_arena"}
_TEXTS = {"out", "ci_install", "tflm_lib", "name"}
"""Settings of one kind; those of few words have their own check."""
_COMMAND_LINE_ONLY = {"as", "json", "runtimes", "report", "baseline", "limits", "verbose", "quiet", "traceback"}


def settings_for(model: Model | str, flags: Mapping[str, Any] | None = None) -> Settings:
    """The settings of a model: what boardproof.toml beside its file says, and flags, which go before that.

    Args:
        model: A path, the bytes of a .tflite, or a Keras model.
        flags: Values by the names in `Flags`, and `samples`.

    Raises:
        InputError: A name or a value is unknown or of another kind, or boardproof.toml cannot be read.
    """
    model = Path(model) if isinstance(model, str) else model
    groups = {"options": Options, "data": DataOptions}
    members = {name: {field.name for field in fields(group)} for name, group in groups.items()}
    known = {field.name for field in fields(Settings)}.union(*members.values()) - {"model", "own_boards", *groups}
    flags = flags or {}
    if unknown := flags.keys() - known:
        raise InputError(
            f"boardproof has no setting {', '.join(sorted(unknown))}.", f"Known: {', '.join(sorted(known))}."
        )
    written = read_settings_file(model, known | _COMMAND_LINE_ONLY) if isinstance(model, Path) else {}
    values = {name: value for name, value in {**written, **flags}.items() if name in known}
    own = read_own_boards(model.parent) if isinstance(model, Path) else ()
    choices = {**CHOICES, "board": (*CHOICES["board"], *(board.name for board in own))}
    for name, names in choices.items():
        if values.get(name) is not None and values[name] not in names:
            raise InputError(f"There is no {name} {values[name]!r}.", f"Choose one of: {', '.join(names)}.")
    for name, value in values.items():
        _require_kind(name, value)
    given = {name: _given(name, value) for name, value in values.items()}
    grouped = {
        name: group(**{key: given.pop(key) for key in members[name] & given.keys()}) for name, group in groups.items()
    }
    return Settings(model=model, own_boards=own, **given, **grouped)


def _require_kind(name: str, value: object) -> None:
    """Raises InputError unless the value is of the setting's kind; samples and metrics say so themselves."""
    if name in _NUMBERS:
        wanted, right = "a whole number", isinstance(value, Integral) and not isinstance(value, bool)
    elif name in _SWITCHES:
        wanted, right = "true or false", isinstance(value, bool)
    elif name in _TEXTS:
        wanted, right = "a text", isinstance(value, str | Path)
    else:
        return
    if value is not None and not right:
        raise InputError(f"The setting {name} is {value!r}.", f"Give {wanted}.")


def _given(name: str, value: Any) -> Any:  # noqa: ANN401 - as the setting has it
    """A flag's value as `Settings` holds it: files as paths, samples in memory as `Samples`."""
    if name in {"out", *_SAMPLES} and isinstance(value, str):
        return Path(value)
    if name in _SAMPLES and value is not None:
        return as_samples(value, "the array of samples" if name == "samples" else "the array of representative samples")
    if name == "pixels" and value is not None:
        return Pixels(value)
    if name == "port":
        return (value,) if isinstance(value, str) else tuple(value)
    return value


def find_named(name: str, own: tuple[Board, ...]) -> Board:
    """A board by its name, among boardproof's and the user's own. Raises InputError."""
    known = {**BOARDS, **{board.name: board for board in own}}
    if name not in known:
        raise InputError(f"There is no board {name!r}.", f"Choose one of: {', '.join(known)}.")
    return known[name]


def read_own_boards(folder: Path) -> tuple[Board, ...]:
    """The boards that boardproof.toml in a folder describes; none where there is no such file.

    Raises:
        InputError: It is not TOML, or a section [boards.NAME] is wrong.
    """
    path = folder / SETTINGS_FILE
    values, text = _read_toml(path)
    return own_boards(values.get(BOARDS_TABLE, {}), str(path), text)


def _read_toml(path: Path) -> tuple[dict[str, Any], str]:
    """What is in a settings file, and its text; nothing where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except (FileNotFoundError, NotADirectoryError):
        return {}, ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Correct it, or move it away.") from error


def read_settings_file(model: Path, known: set[str]) -> dict[str, Any]:
    """The settings in boardproof.toml beside the model, keyed as the flags are (with underscores).

    Args:
        model: The model's path; its directory is searched.
        known: Names that are settings.

    Returns:
        Name to value; empty when there is no such file. Without [limits], [app] and [boards.NAME]: others read those.

    Raises:
        InputError: It is not TOML, or names a setting that does not exist.
    """
    path = model.parent / SETTINGS_FILE
    values, _ = _read_toml(path)
    for table in (LIMITS_TABLE, APP_TABLE, BOARDS_TABLE):
        values.pop(table, None)
    settings = {name.replace("-", "_"): value for name, value in values.items()}
    if unknown := sorted(settings.keys() - known):
        raise InputError(
            f"{path} has an unknown setting: {', '.join(unknown)}",
            f"Known settings: {', '.join(sorted(known)).replace('_', '-')}; budgets go below [{LIMITS_TABLE}], boards "
            f"below [{BOARDS_TABLE}.NAME].",
        )
    return {name: _anchored(name, value, path.parent) for name, value in settings.items()}


def _anchored(name: str, value: object, base: Path) -> object:
    """File names in the settings file are relative to it, not to where the command runs; one port is a list of one."""
    if name in {"samples", "representative", "baseline"} and isinstance(value, str):
        return str(base / value)
    if name in {"port", "input_shape"}:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    return value
