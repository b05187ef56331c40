"""What the database of a sweep says, by plain SQL on the tables that Optuna writes.

Optuna itself reads every trial with everything it holds, for each question; and it takes a second to be imported.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from boardproof.errors import InputError, ToolError
from boardproof.ladder.results import Failure, Result, result_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

LADDER, KEY, RESULT, FAILURE = "ladder", "key", "result", "failure"
"""What Optuna keeps for us: of a study, what the ladder consists of; of a trial, its row, and what came of it."""

WAITING, RUNNING = "WAITING", "RUNNING"

_NAMES = """
    SELECT study_name FROM studies JOIN study_user_attributes USING (study_id) WHERE key = :ladder ORDER BY study_id"""
_ABOUT = """
    SELECT value_json FROM studies JOIN study_user_attributes USING (study_id)
    WHERE key = :ladder AND study_name = :name"""
_TRIALS = """
    SELECT trials.trial_id, trials.state, attributes.value_json
    FROM studies JOIN trials USING (study_id) JOIN trial_user_attributes attributes USING (trial_id)
    WHERE study_name = :name AND attributes.key = 'key' ORDER BY trials.trial_id"""
_FOUND = """
    SELECT keys.value_json, found.value_json
    FROM studies JOIN trials USING (study_id) JOIN trial_user_attributes keys USING (trial_id)
    JOIN trial_user_attributes found USING (trial_id)
    WHERE study_name = :name AND keys.key = 'key' AND found.key = :what ORDER BY trial_id"""
_OF_ONE = f"{_FOUND.partition(' ORDER BY')[0]} AND keys.value_json = :key"


class Rows:
    """The rows of ladders in a database.

    Args:
        url: As SQLAlchemy has it.

    Raises:
        InputError: SQLAlchemy is not installed.
        ToolError: The database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        with database(url):
            from sqlalchemy import create_engine

            self._engine: Engine = create_engine(with_driver(url), **no_pool())

    def ladders(self) -> tuple[str, ...]:
        """Their names, in the order in which they began."""
        return tuple(name for (name,) in self._read(_NAMES, ladder=LADDER))

    def about(self, name: str) -> dict[str, Any] | None:
        """What a ladder consists of; None where it was not begun."""
        found = self._read(_ABOUT, ladder=LADDER, name=name)
        return json.loads(found[0][0]) if found else None

    def trials(self, name: str) -> list[tuple[int, str, str]]:
        """Each trial's number, its state ("WAITING", "RUNNING", "COMPLETE", "FAIL"), and the key of its row."""
        return [(number, state, json.loads(key)) for number, state, key in self._read(_TRIALS, name=name)]

    def results(self, name: str) -> dict[str, Result]:
        """Every result, by key."""
        found = self._read(_FOUND, name=name, what=RESULT)
        return {json.loads(key): result_from(json.loads(values)) for key, values in found}

    def result(self, name: str, key: str) -> Result | None:
        """The result of a row, or None."""
        found = self._read(_OF_ONE, name=name, what=RESULT, key=json.dumps(key))
        return result_from(json.loads(found[0][1])) if found else None

    def failures(self, name: str) -> dict[str, Failure]:
        """Why rows failed, by key; some may have been done after that."""
        found = self._read(_FOUND, name=name, what=FAILURE)
        return {json.loads(key): Failure(**json.loads(values)) for key, values in found}

    def _read(self, question: str, **values: str) -> list[Any]:
        from sqlalchemy import inspect, text

        with database(self._url), self._engine.connect() as connection:
            if not inspect(connection).has_table("study_user_attributes"):
                return []  # nothing was ever begun here
            return list(connection.execute(text(question), values))


@contextmanager
def database(url: str) -> Iterator[None]:
    """What goes wrong with a database, as our errors."""
    try:
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError as error:
        raise InputError(
            "A ladder in a database needs Optuna, which is not installed.",
            "Install it: pip install 'boardproof[sweep]'.",
        ) from error
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        place = url.rpartition("@")[2]  # without user and password
        raise ToolError(
            f"The database {place} cannot be used: {str(error).splitlines()[0]}",
            "Check that it runs and that its URL is right: postgresql://user@host/name, or sqlite:///file.db.",
            str(error).replace(url, place),
        ) from error


def no_pool() -> dict[str, Any]:
    """A connection for each request: between two, minutes pass, and a database may have closed it."""
    from sqlalchemy.pool import NullPool

    return {"poolclass": NullPool}


def with_driver(url: str) -> str:
    """PostgreSQL through psycopg 3, which the extra installs."""
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if scheme in {"postgres", "postgresql"} else url


def is_url(storage: str) -> bool:
    """Whether a storage is a database, not a folder."""
    return "://" in storage


def same_ladder(names: tuple[str, ...], name: str) -> str:
    """Of the ladders in a database, the last one that is called so, or so and its digest.

    Raises:
        InputError: There is none.
    """
    found = [one for one in names if one == name or one.rpartition("-")[0] == name]
    if not found:
        raise InputError(
            f"There is no ladder {name} in this database.", f"Ladders there: {', '.join(names) or 'none'}."
        )
    return found[-1]
