"""What a user asked for: flags and boardproof.toml, as one typed value."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boardproof.errors import InputError
from boardproof.model.data.options import DataOptions
from boardproof.project.runtimes.base import Options

SETTINGS_FILE = "boardproof.toml"
LIMITS_TABLE = "limits"


@dataclass(frozen=True, slots=True)
class Settings:
    """One run.

    Attributes:
        model: .keras, .h5, SavedModel directory or .tflite.
        samples: Labelled or unlabelled samples to verify with: a file or folder that model/data reads; None for
            random ones.
        representative: Samples that calibrate the quantizer; None to use `samples`.
        random: How many random samples, where `samples` is None.
        seed: Seed of the random samples.
        scheme: How to quantize a Keras model.
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
    """

    model: Path
    samples: Path | None = None
    representative: Path | None = None
    random: int = 20
    seed: int = 0
    scheme: str = "int8"
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

    @property
    def project_dir(self) -> Path:
        """Where the project goes."""
        kind = "library" if self.form == "library" else f"{self.runtime}-{self.board}"
        return self.out or Path("boardproof-out") / f"{self.model.stem}-{kind}"


def read_settings_file(model: Path, known: set[str]) -> dict[str, Any]:
    """The settings in boardproof.toml beside the model, keyed as the flags are (with underscores).

    Args:
        model: The model's path; its directory is searched.
        known: Names that are settings.

    Returns:
        Name to value; empty when there is no such file. The [limits] table is left out: budgets read it.

    Raises:
        InputError: It is not TOML, or names a setting that does not exist.
    """
    path = model.parent / SETTINGS_FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", "Correct it, or move it away.") from error
    values.pop(LIMITS_TABLE, None)
    settings = {name.replace("-", "_"): value for name, value in values.items()}
    if unknown := sorted(settings.keys() - known):
        raise InputError(
            f"{path} has an unknown setting: {', '.join(unknown)}",
            f"Known settings: {', '.join(sorted(known)).replace('_', '-')}; budgets go below [{LIMITS_TABLE}].",
        )
    return {name: _anchored(name, value, path.parent) for name, value in settings.items()}


def _anchored(name: str, value: object, base: Path) -> object:
    """File names in the settings file are relative to it, not to where the command runs; one port is a list of one."""
    if name in {"samples", "representative", "baseline"} and isinstance(value, str):
        return str(base / value)
    if name in {"port", "input_shape"}:
        return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    return value
