"""From an application to a firmware project or a library: what is checked, in memory, and written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.claims import claim
from boardproof.device.build.workspace import write_project
from boardproof.model.preflight import preflight, require_runnable
from boardproof.project.apps.library import application_library, library_prefix
from boardproof.project.apps.parts import Names, compile_parts
from boardproof.project.apps.render import assemble_application
from boardproof.project.apps.settings import read_application
from boardproof.project.runtimes import RUNTIMES
from boardproof.stages.generate import warn_of

if TYPE_CHECKING:
    from boardproof.applications.settings import ReplaySettings
    from boardproof.progress import Progress
    from boardproof.project.apps.application import Application
    from boardproof.project.apps.parts import CompiledParts
    from boardproof.project.types import Project


def make_project(application: Application, settings: ReplaySettings, progress: Progress) -> Project:
    """The application's project, in memory, after its networks were checked.

    Raises:
        InputError: A network cannot be compiled, or does not fit the board.
    """
    board = settings.target_board
    compiled = _checked(compile_parts(application, board, RUNTIMES["aot"], settings.options), progress)
    progress.stage(f"generating the application {application.name}")
    return assemble_application(application, board, compiled)


def make_library(application: Application, settings: ReplaySettings, progress: Progress) -> Project:
    """The same as a library, whose symbols begin with the options' name.

    Raises:
        InputError: The same, or that name cannot be used.
    """
    board = settings.target_board
    options = replace(settings.options, standalone=True)
    names = Names.beginning_with(options.name)
    compiled = _checked(compile_parts(application, board, RUNTIMES["aot"], options, names), progress)
    progress.stage(f"generating the application {application.name} as a library")
    return application_library(application, board, compiled, options)


def _checked(compiled: CompiledParts, progress: Progress) -> CompiledParts:
    """Networks that can run. Raises one InputError with all that keeps them from it; warns of the rest."""
    findings = tuple(found for p in compiled.parts for found in preflight(p.part.graph, p.compiled.findings))
    require_runnable(findings)
    warn_of(findings, progress)
    return compiled


def generate_application(settings: ReplaySettings, progress: Progress) -> Path:
    """Writes the application's project."""
    application = read_application(settings.app)
    with claim(settings.project_dir):
        write_project(make_project(application, settings, progress), settings.project_dir)
    return settings.project_dir


def generate_application_library(settings: ReplaySettings, name: str | None, progress: Progress) -> Path:
    """Writes the application's library; `name` is what its symbols begin with, made of the application's if None."""
    application = read_application(settings.app)
    options = replace(settings.options, name=library_prefix(application, name))
    folder = settings.out or Path("boardproof-out") / f"{options.name}-library"
    with claim(folder):
        write_project(make_library(application, replace(settings, options=options), progress), folder)
    return folder
