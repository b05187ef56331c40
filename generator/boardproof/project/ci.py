"""Continuous integration for a generated project: a workflow that builds it and proves its model without hardware."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.project.boards import BOARDS, Reach
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from boardproof.project.types import Project

_PROOF_BOARD = "mps2-an386"
_APT_PACKAGES = (
    "gcc-arm-none-eabi",
    "libnewlib-arm-none-eabi",
    "libstdc++-arm-none-eabi-newlib",
    "qemu-system-arm",
)


def with_github_workflow(project: Project, data: bytes, samples: tuple[str, bytes] | None, random: int) -> Project:
    """The same project with a GitHub Actions workflow, and the model and samples it proves.

    Args:
        project: A rendered project.
        data: The .tflite.
        samples: File name and content of the samples; None to use random ones.
        random: How many random samples, where there are none.

    Returns:
        The project with .github/workflows/firmware.yml, .github/requirements.txt and model/.
    """
    files = dict(project.files)
    files["model/model.tflite"] = data
    inputs = f"--random {random}"
    if samples is not None:
        name = "samples" + samples[0][samples[0].rfind(".") :]
        files[f"model/{name}"] = samples[1]
        inputs = f"--samples model/{name}"
    emulated = project.board.reach in {Reach.QEMU, Reach.PROCESS}
    files[".github/requirements.txt"] = f"boardproof=={__version__}\n".encode()
    files[".github/workflows/firmware.yml"] = render_template(
        "ci/github/boardproof.yml",
        version=__version__,
        board=project.board,
        runtime=project.runtime,
        proof_board=project.board.name if emulated else BOARDS[_PROOF_BOARD].name,
        inputs=inputs,
        apt_packages=" ".join(_APT_PACKAGES),
    ).encode()
    return replace(project, files=dict(sorted(files.items())))
