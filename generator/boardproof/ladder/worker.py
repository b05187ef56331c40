"""The process of one job: `python -m boardproof.ladder.worker SOURCE BENCH CACHE KEY`, started by an engine."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

from boardproof.errors import BoardproofError, ExitStatus, InputError
from boardproof.host.interrupts import catch_interrupts
from boardproof.ladder.cache import Cache
from boardproof.ladder.loading import Source, load_experiment
from boardproof.ladder.plan import plan
from boardproof.ladder.results import Failure
from boardproof.ladder.variants import Bench


def main(arguments: list[str]) -> int:
    """Does the job; the exit status says whether its result is in the cache."""
    source, bench, root, key = arguments
    catch_interrupts()
    cache = Cache(Path(root))
    log = cache.log(key)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    cache.forget_failure(key)
    try:
        do_job(Source.from_json(source), Bench(**json.loads(bench)), cache, key)
    except BoardproofError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n{error.details}\n")
        cache.keep_failure(key, Failure(error.message, error.hint, str(log)))
        return error.exit_status
    except Exception as error:
        traceback.print_exc()
        cache.keep_failure(key, Failure(f"{type(error).__name__}: {error}", f"See {log}.", str(log)))
        return ExitStatus.TOOL_FAILED
    return ExitStatus.AGREES


def do_job(source: Source, bench: Bench, cache: Cache, key: str) -> None:
    """Trains or measures what has this key.

    Raises:
        InputError: The experiment makes no such key in this process: it is not the same each time.
    """
    experiment = load_experiment(source)
    job = next((job for job in plan(experiment, bench).jobs if job.key == key), None)
    if job is None:
        raise InputError(
            f"{source.path.name} is another experiment in each process: its data or its variants differ.",
            "Let data() give the same arrays each time: set the seeds of what is random in it. If a file was changed "
            "while the ladder ran, run it again.",
        )
    from boardproof.ladder.work import Workshop  # after the experiment, which says what is to be imported

    workshop = Workshop(experiment, bench, cache)
    if job.variant is None:
        workshop.obtain(job.recipe)
    else:
        cache.keep_result(key, workshop.measure(job.variant))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
