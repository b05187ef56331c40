"""Where results are kept: under the key of everything that decides them, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boardproof.device.build.locks import try_lock
from boardproof.errors import BoardproofError, InputError
from boardproof.host.files import write_atomically
from boardproof.host.interrupts import check_interrupted
from boardproof.ladder.results import Failure, Result, result_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_POLL_S = 0.2

_RESULTS, _MODELS, _LOGS, _LOCKS, _LADDERS, _FAILURES = "results", "models", "logs", "locks", "ladders", "failures"


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of results, trained models, logs, and what each ladder consisted of when it last ran."""

    root: Path

    def result(self, key: str) -> Result | None:
        """A variant's result; None where there is none, or none that can be read."""
        try:
            return result_from(json.loads(self._result(key).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def keep_result(self, key: str, result: Result) -> None:
        """Keeps it. Raises InputError where it cannot be written."""
        path = self._result(key)
        _make(path.parent)
        write_atomically(path, json.dumps(result.to_dict(), indent=1).encode())

    def model(self, key: str) -> Path | None:
        """The folder of a trained model, or None."""
        path = self.root / _MODELS / key
        return path if path.is_dir() else None

    def keep_model(self, key: str, fill: Callable[[Path], None]) -> Path:
        """A trained model's folder, which `fill` fills; nobody sees it half full.

        Raises:
            InputError: It cannot be written.
        """
        path = self.root / _MODELS / key
        _make(path.parent)
        folder = Path(tempfile.mkdtemp(prefix=".", dir=path.parent))
        try:
            fill(folder)
            folder.rename(path)
        except OSError as error:
            if not path.is_dir():  # else another process was faster, with the same
                raise _refused(path, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return path

    def failure(self, key: str) -> Failure | None:
        """Why a job failed when it last ran; None where it did not, or could not say."""
        try:
            return Failure(**json.loads(self._failure(key).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def keep_failure(self, key: str, failure: Failure) -> None:
        """Keeps why a job failed. On a full disk it is only in the log, if there."""
        with suppress(BoardproofError):
            _make(self._failure(key).parent)
            write_atomically(self._failure(key), json.dumps(asdict(failure)).encode())

    def forget_failure(self, key: str) -> None:
        """Before a job runs again."""
        self._failure(key).unlink(missing_ok=True)

    def log(self, key: str) -> Path:
        """Where the output of a job goes."""
        path = self.root / _LOGS / f"{key}.txt"
        _make(path.parent)
        return path

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Keeps other processes from computing the same at once; waits for them."""
        path = self.root / _LOCKS / key
        _make(path.parent)
        while (lock := try_lock(path)) is None:
            check_interrupted()
            time.sleep(_POLL_S)
        with lock:
            yield

    def keep_ladder(self, name: str, content: dict[str, Any]) -> None:
        """What the ladder of an experiment consists of, so that its table needs no experiment."""
        path = self.root / _LADDERS / f"{name}.json"
        _make(path.parent)
        write_atomically(path, json.dumps(content).encode())

    def ladder(self, name: str) -> dict[str, Any]:
        """What keep_ladder() kept.

        Raises:
            InputError: There is no such ladder here.
        """
        try:
            content: dict[str, Any] = json.loads((self.root / _LADDERS / f"{name}.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError) as error:
            known = ", ".join(self.ladders()) or "none"
            raise InputError(
                f"There is no ladder {name} in {self.root}.", f"Ladders there: {known}; --storage names another folder."
            ) from error
        return content

    def ladders(self) -> tuple[str, ...]:
        """The names of the ladders here."""
        return tuple(sorted(path.stem for path in (self.root / _LADDERS).glob("*.json")))

    def size_bytes(self) -> int:
        """Of all that is kept."""
        total = 0
        for folder, _, files in os.walk(self.root):
            for name in files:
                with suppress(FileNotFoundError):
                    total += Path(folder, name).stat().st_size
        return total

    def clean(self) -> None:
        """Forgets everything."""
        for name in (_RESULTS, _MODELS, _LOGS, _LOCKS, _LADDERS, _FAILURES):
            shutil.rmtree(self.root / name, ignore_errors=True)

    def _failure(self, key: str) -> Path:
        return self.root / _FAILURES / f"{key}.json"

    def _result(self, key: str) -> Path:
        return self.root / _RESULTS / f"{key}.json"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} cannot be written: {error.strerror}.",
        "Make room or give another folder with --storage, then run the ladder again: what is done is kept.",
    )
