"""Continuous integration for a generated project: a workflow that builds it and proves its model without hardware."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.errors import InputError
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes.tflm.library import DEFAULT_SPEC
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from boardproof.project.runtimes.base import Options
    from boardproof.project.types import Project

REPORT = "report.html"
_MODEL = "model/model.tflite"
_PROOF_BOARD = "mps2-an386"


@dataclass(frozen=True, slots=True)
class Workflow:
    """What a workflow proves, and with which boardproof.

    Attributes:
        data: The .tflite.
        samples: File name and content of the samples; None for random ones.
        random: How many random samples, where there are none.
        seed: Of the random samples.
        protocol: What the project's firmware answers.
        options: What the project was generated with: the library pinned, the arena as it is in the project.
        install: What pip installs for the `boardproof` command, as a requirement; None for this version from an index.
    """

    data: bytes
    samples: tuple[str, bytes] | None
    random: int
    seed: int
    protocol: str
    options: Options
    install: str | None = None


def require_portable(tflm_lib: str | None) -> None:
    """Raises InputError for a library spec that names something on this machine: no runner has it."""
    if tflm_lib is None or not ("file://" in tflm_lib or "symlink://" in tflm_lib or _is_here(tflm_lib)):
        return
    raise InputError(
        f"--ci cannot use the TensorFlow Lite Micro library {tflm_lib}: it is on this machine, and not where the "
        "workflow runs.",
        f"Give one of PlatformIO's registry, such as --tflm-lib {DEFAULT_SPEC}, or a Git URL.",
    )


def _is_here(spec: str) -> bool:
    try:
        return Path(spec).expanduser().exists()
    except (OSError, RuntimeError):  # far too long for a path, or the home of somebody unknown
        return False


def with_github_workflow(project: Project, workflow: Workflow) -> Project:
    """The same project with a GitHub Actions workflow, and the model and samples it proves.

    Where the project's board runs without hardware, the project itself is proven. Else its model is, on an emulated
    board, in firmware that is generated with the same choices.

    Returns:
        The project with .github/workflows/firmware.yml, .github/requirements.txt and model/.
    """
    files = dict(project.files)
    files[_MODEL] = workflow.data
    inputs = ["--random", str(workflow.random), "--seed", str(workflow.seed)]
    if workflow.samples is not None:
        name = "model/samples" + Path(workflow.samples[0]).suffix
        files[name] = workflow.samples[1]
        inputs = ["--samples", name]
    proves_itself = project.board.reach.is_packaged and workflow.protocol == "boardproof"
    proof_board = project.board if project.board.reach.is_packaged else BOARDS[_PROOF_BOARD]
    words = ["--board", proof_board.name, "--runtime", project.runtime]
    words += _choices(project.runtime, workflow.options, proves_itself=proves_itself)
    files[".github/requirements.txt"] = render_template(
        "ci/github/requirements.txt", version=__version__, install=workflow.install
    ).encode()
    files[".github/workflows/firmware.yml"] = render_template(
        "ci/github/boardproof.yml",
        version=__version__,
        board=project.board,
        proof_board=proof_board,
        proves_itself=proves_itself,
        choices=shlex.join(words),
        inputs=shlex.join(inputs),
        model=_MODEL,
        report=REPORT,
        apt_packages=" ".join(BOARDS[_PROOF_BOARD].packages),
    ).encode()
    return replace(project, files=dict(sorted(files.items())))


def _choices(runtime: str, options: Options, *, proves_itself: bool) -> list[str]:
    """The flags that make the same firmware again; of a project that is there already, just what it is made with."""
    words = []
    if runtime == "tflm":
        words += ["--tflm-lib", options.tflm_lib or DEFAULT_SPEC]
    if proves_itself:
        return words
    if runtime == "tflm":
        words += ["--arena-bytes", str(options.arena_bytes)] if options.arena_bytes is not None else []
    else:
        words += ["--optimize", options.optimize]
    return [*words, "--debug"] if options.debug else words
