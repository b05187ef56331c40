"""What --keep writes: each variant's .keras and .tflite, for `run` and `generate`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boardproof.errors import InputError
from boardproof.host.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.ladder.cache import Cache
    from boardproof.ladder.plan import Plan
    from boardproof.ladder.variants import Variant
    from boardproof.ladder.work import Workshop


def make_folder(folder: Path) -> None:
    """Makes it, if it is not there. Raises InputError where it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder} cannot be a folder for models: {error.strerror}.", "Give another one with --keep."
        ) from error


def keep_models(workshop: Workshop, planned: Plan, cache: Cache, folder: Path) -> None:
    """Writes the models of all rows that have a result, named by their labels.

    Raises:
        InputError: The folder cannot be written.
    """
    for row in planned.rows:
        if cache.result(row.key) is None:
            continue
        model, data = workshop.tflite(row.variant)
        write_atomically(folder / f"{_name(row.variant)}.tflite", data)
        try:
            model.save(folder / f"{_name(row.variant)}.keras")
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written: {error.strerror or error}.",
                "Make room or give another folder with --keep, then run the ladder again: what is done is kept.",
            ) from error


def _name(variant: Variant) -> str:
    seed = f"-seed{variant.recipe.seed}" if variant.recipe.seed else ""
    return re.sub(r"[^A-Za-z0-9_]+", "-", variant.label).strip("-") + seed
