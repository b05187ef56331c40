"""What a sensor gave: sound as .wav, numbers as .csv or .npz, pictures in a folder; always in the sensor's integers."""

from __future__ import annotations

import csv
import io
import wave
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

from boardproof.errors import InputError
from boardproof.host.files import write_atomically
from boardproof.model.graph import DType
from boardproof.model.labels import safe_lines
from boardproof.model.resampling import resampler_between

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PICTURES = (".png", ".bmp", ".jpg", ".jpeg", ".gif", ".ppm", ".pgm")
SUFFIXES = (".wav", ".csv", ".npz")

_BYTES_16 = 2
_MODES = {1: "L", 3: "RGB"}
_RANGES = {DType.INT8: (-128, 127), DType.UINT8: (0, 255), DType.INT16: (-32768, 32767)}


@dataclass(frozen=True, slots=True)
class Form:
    """What an application takes of its sensor.

    Attributes:
        rate: Samples a second of the sensor.
        dtype: int16, or bytes.
        shape: Of one sample: (channels,), or (height, width, channels) of a picture.
        columns: Of tables: the names, or keys; empty for all numbers there are.
        scale: How many units of the sensor stand for 1, where a recording has real numbers.
    """

    rate: int
    dtype: DType
    shape: tuple[int, ...]
    columns: tuple[str, ...] = ()
    scale: float = 1.0

    @property
    def channels(self) -> int:
        """Numbers in one sample."""
        return int(np.prod(self.shape))


@dataclass(frozen=True, slots=True)
class Recording:
    """A stream of samples.

    Attributes:
        name: The file's name.
        samples: [samples, channels] in the sensor's type, at the sensor's rate.
        rate: Samples a second that the file has; those of another rate than the sensor's were resampled.
    """

    name: str
    samples: NDArray[np.generic] = field(repr=False)
    rate: int


def read_recording(path: Path, form: Form) -> Recording:
    """Reads one recording: a .wav, .csv or .npz file, or a folder of pictures.

    Raises:
        InputError: It is none of these, cannot be read, or is not what the application takes.
    """
    rate = form.rate
    if path.is_dir():
        samples = _pictures(path, form)
    elif not path.is_file():
        raise InputError(f"There is no recording {path}.", "Give .wav, .csv or .npz files, or folders of pictures.")
    elif path.suffix.lower() == ".wav":
        samples, rate = _sound(path, form)
    elif path.suffix.lower() == ".csv":
        samples = _table(path, form)
    elif path.suffix.lower() == ".npz":
        samples, rate = _arrays(path, form)
    else:
        raise InputError(f"{path} is no recording that can be read.", f"Known suffixes: {', '.join(SUFFIXES)}.")
    if not len(samples):
        raise InputError(f"{path} holds no samples.", "Record again.")
    return Recording(path.name, _at_rate(path, samples, rate, form), rate)


def _at_rate(path: Path, samples: NDArray[np.generic], rate: int, form: Form) -> NDArray[np.generic]:
    """Samples at the sensor's rate, by the resampler that a board would have."""
    if rate == form.rate:
        return samples
    if form.dtype is not DType.INT16 or len(form.shape) != 1:
        raise InputError(
            f"{path} has {rate} samples a second; the application takes {form.rate}.",
            "Only samples of int16 are resampled: record at the sensor's rate.",
        )
    try:
        found = resampler_between(rate, form.rate).resample(samples)
    except InputError as error:
        raise InputError(
            f"{path} has {rate} samples a second; the application takes {form.rate}. {error.message}",
            f"Convert it: `sox in.wav -r {form.rate} out.wav`. {error.hint}",
        ) from error
    if not len(found):
        raise InputError(f"{path} is too short to be resampled.", "Record again, for longer.")
    return found


def write_recording(path: Path, samples: NDArray[np.generic], rate: int) -> None:
    """Writes int16 samples [samples, channels] as .wav, or anything as .npz with `x` and `rate`; whole, or not at all.

    Raises:
        InputError: It cannot be written there.
    """
    data = io.BytesIO()
    if path.suffix.lower() == ".wav":
        with wave.open(data, "wb") as file:
            file.setnchannels(samples.shape[1])
            file.setsampwidth(_BYTES_16)
            file.setframerate(rate)
            file.writeframes(samples.astype("<i2").tobytes())
    else:
        np.savez_compressed(data, x=samples, rate=rate)
    write_atomically(path, data.getvalue())


def _sound(path: Path, form: Form) -> tuple[NDArray[np.generic], int]:
    """Samples, and how many a second."""
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            promised = file.getnframes()
            data = file.readframes(promised)
    except (wave.Error, EOFError, OSError) as error:
        if str(error).startswith("unknown format"):  # real numbers, as Audacity writes them, or a longer header
            raise InputError(
                f"The sound of {path} is not stored as plain whole numbers ({safe_lines(str(error))}).",
                _sox(path, form),
            ) from error
        raise _unreadable(path, error) from error
    if width != _BYTES_16 or channels != form.channels or form.dtype is not DType.INT16:
        raise InputError(
            f"{path} has {channels} channels of {8 * width} bits; the application takes {form.channels} of "
            f"{form.dtype}.",
            _sox(path, form)
            if form.dtype is DType.INT16
            else "Sound is int16: record the application's sensor as .npz, or put a front end before its network.",
        )
    found = len(data) // (_BYTES_16 * channels)
    if found < promised:
        raise InputError(
            f"{path} is cut short: it has {found:,} of the {promised:,} samples that it promises.",
            "Copy it again, or open and save it with a program that repairs it.",
        )
    whole = found * _BYTES_16 * channels
    return np.frombuffer(data[:whole], "<i2").astype(np.int16).reshape(-1, channels), rate


def _sox(path: Path, form: Form) -> str:
    return f"Convert it: `sox {safe_lines(path.name)} -b 16 -e signed-integer -c {form.channels} out.wav`."


def _table(path: Path, form: Form) -> NDArray[np.generic]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = list(csv.reader(text.splitlines(), delimiter=_delimiter(text)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _unreadable(path, error) from error
    numbered = [(number, row) for number, row in enumerate(rows, 1) if row]
    named = bool(numbered) and not _is_number(numbered[0][1][0])
    header = [name.strip() for name in numbered.pop(0)[1]] if named else []
    width = max(form.channels, len(numbered[0][1]) if numbered else 0)  # more than it takes is refused, not cut
    places = _columns(path, header, form) if form.columns else list(range(width))
    values = np.array([_numbers(path, number, row, places) for number, row in numbered], np.float64)
    return _as_integers(path, values.reshape(len(numbered), len(places)), form)


def _delimiter(text: str) -> str:
    """What is between the numbers of a table: what its first line has."""
    first = text.partition("\n")[0]
    return next((mark for mark in ",;\t" if mark in first), ",")


def _numbers(path: Path, number: int, row: list[str], places: list[int]) -> list[float]:
    """The numbers at those places of a line. Raises InputError where there are none."""
    for place in places:
        text = row[place].strip() if place < len(row) else ""
        if not _is_number(text):
            what = f"is {safe_lines(repr(text))[:40]}, which is no number" if text else "is missing"
            raise InputError(
                f"The recording {path} cannot be read: number {place + 1} of line {number} {what}.",
                "Each line is a sample: numbers with a point, and commas, semicolons or tabs between them.",
            )
    return [float(row[place]) for place in places]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _columns(path: Path, header: list[str], form: Form) -> list[int]:
    if missing := [name for name in form.columns if name not in header]:
        raise InputError(
            f"{path} has no column {', '.join(missing)}.",
            f"Its columns are {safe_lines(', '.join(header))[:200] or 'not named'}: name them in boardproof.toml.",
        )
    return [header.index(name) for name in form.columns]


def _arrays(path: Path, form: Form) -> tuple[NDArray[np.generic], int]:
    """Samples, and how many a second; as many as the sensor gives if the file does not say."""
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, KeyError, EOFError, AttributeError, TypeError, BadZipFile, zlib.error) as error:
        raise _unreadable(path, error) from error
    names = form.columns or ("x",)
    if missing := [name for name in names if name not in arrays]:
        raise InputError(
            f"{path} has no array {', '.join(missing)}.", "Name them with columns in boardproof.toml, or save one as x."
        )
    parts = [arrays[name].reshape(*arrays[name].shape[:1], -1) if arrays[name].size else arrays[name] for name in names]
    if any(part.ndim != 2 or part.dtype.kind not in "biuf" or len(part) != len(parts[0]) for part in parts):  # noqa: PLR2004
        shapes = ", ".join(f"{name} is {arrays[name].dtype} {list(arrays[name].shape)}" for name in names)
        raise InputError(
            f"{path} holds no samples side by side: {safe_lines(shapes)[:120]}.",
            "Save arrays of numbers, one row for each sample and as many rows in each array.",
        )
    return _as_integers(path, np.concatenate(parts, axis=1), form), _stated_rate(path, arrays, form)


def _stated_rate(path: Path, arrays: dict[str, NDArray[np.generic]], form: Form) -> int:
    if "rate" not in arrays:
        return form.rate
    stated = arrays["rate"].ravel()
    rate = float(stated[0]) if stated.size == 1 and stated.dtype.kind in "iuf" else 0.0
    if not rate.is_integer() or rate < 1:
        raise InputError(
            f"{path} says that its rate is {safe_lines(str(stated))[:40]}: no whole number of samples a second.",
            "Save one number as rate, or leave it out.",
        )
    return int(rate)


def _as_integers(path: Path, values: NDArray[np.generic], form: Form) -> NDArray[np.generic]:
    """Rounded to the sensor's units, at the ends of its range where they leave it."""
    if values.ndim != 2 or values.shape[1] != form.channels:  # noqa: PLR2004 samples and channels
        raise InputError(
            f"{path} has samples of {values.shape[1:]} numbers; the application takes {form.channels}.",
            "Name the right columns in boardproof.toml.",
        )
    if values.dtype == form.dtype.numpy:
        return values
    scaled = np.rint(values.astype(np.float64) * form.scale)
    if not np.isfinite(scaled).all():
        raise InputError(f"{path} holds numbers that are not finite.", "Leave out or fill in what was not measured.")
    low, high = _RANGES[form.dtype]
    return np.clip(scaled, low, high).astype(form.dtype.numpy)


def _pictures(folder: Path, form: Form) -> NDArray[np.generic]:
    from PIL import Image, UnidentifiedImageError

    if len(form.shape) != 3 or form.shape[2] not in _MODES:  # noqa: PLR2004 height, width, channels
        raise InputError(f"{folder} is a folder, and the application takes no pictures.", "Give files of its sensor.")
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES):
        try:
            with Image.open(path) as image:
                picture = np.asarray(image.convert(_MODES[form.shape[2]]), np.uint8)
        except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise _unreadable(path, error) from error
        if picture.shape[:2] != form.shape[:2]:
            raise InputError(
                f"{path} is {picture.shape[1]}x{picture.shape[0]}; the application's camera gives "
                f"{form.shape[1]}x{form.shape[0]}.",
                "Give pictures as the camera takes them; the front end scales them, as it does on the board.",
            )
        found.append(picture.reshape(-1))
    if not found:
        raise InputError(f"{folder} holds no pictures.", f"Known suffixes: {', '.join(PICTURES)}.")
    whole = np.stack(found)
    return whole if form.dtype is DType.UINT8 else (whole.astype(np.int16) - 128).astype(np.int8)


def _unreadable(path: Path, error: Exception) -> InputError:
    return InputError(
        f"The recording {path} cannot be read: {safe_lines(str(error)) or 'it is cut short'}.",
        "Save it again, or take it out.",
    )
