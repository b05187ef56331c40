"""The firmware of an application: the network's project, and around it the front end, windows, decisions, actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.errors import InputError
from boardproof.project.apps.actions import ACTIONS
from boardproof.project.apps.sensors import SENSORS
from boardproof.project.ini import project_ini
from boardproof.project.render import SETTINGS, assemble
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot.ctext import float_text
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.apps.application import Application
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Compiled, Options, Runtime
    from boardproof.project.types import Project

FLAG = "-DBOARDPROOF_APPLICATION=1"

FRONT_END = "frontend"
"""What the front end's code is named, so that two networks live in one firmware. Kernels are the same."""


def render_application(application: Application, board: Board, runtime: Runtime, options: Options) -> Project:
    """Renders the project of an application without errors, deterministically and without touching the disk."""
    return assemble_application(application, board, compile_parts(application, board, runtime, options))


@dataclass(frozen=True, slots=True)
class CompiledParts:
    """Both networks of an application, compiled by the runtime of that name."""

    runtime: str
    network: Compiled
    front_end: Compiled | None


def compile_parts(application: Application, board: Board, runtime: Runtime, options: Options) -> CompiledParts:
    """Compiles both networks, once; what keeps them from running is in their findings."""
    front = application.front_end
    return CompiledParts(
        runtime.name,
        runtime.compile(application.network.graph, board, options),
        None if front is None else runtime.compile(front.graph, board, replace(options, name=FRONT_END)),
    )


def assemble_application(application: Application, board: Board, parts: CompiledParts) -> Project:
    """What `render_application` does once both networks are compiled."""
    generated = parts.network.generate(application.network.data)
    project = assemble(generated, application.network.data, board, parts.runtime)
    files = dict(project.files)
    flags = (*generated.build_flags, FLAG)
    if application.front_end is not None and parts.front_end is not None:
        front_end = parts.front_end.generate(application.front_end.data)
        files.update(front_end.files)
        flags = tuple(dict.fromkeys((*flags, *front_end.build_flags)))
    own_sensor = _has_own_sensor(board)
    if own_sensor:
        _check_rate(application)
        files.update(_sensor_sources(application))
    actions = [name for name in application.actions if not (board.is_emulated and ACTIONS[name].hardware)]
    files.update(_sources(application, [name for name in actions if name != "callback"]))
    libraries = tuple(spec for name in actions if not board.is_emulated for spec in ACTIONS[name].libraries)
    libraries += SENSORS[application.sensor].libraries if own_sensor else ()
    files[SETTINGS] = project_ini(board, (*generated.lib_deps, *libraries), flags).encode()
    return replace(project, files=dict(sorted(files.items())))


def _has_own_sensor(board: Board) -> bool:
    """Whether it is a board that firmware/sensors was written for."""
    return board.name == "nano33ble"


def _check_rate(application: Application) -> None:
    rates = SENSORS[application.sensor].rates
    if rates and application.rate not in rates:
        raise InputError(
            f"The {application.sensor} of the Nano 33 BLE Sense gives {' or '.join(map(str, rates))} samples a second, "
            f"and the application wants {application.rate}.",
            "Train with recordings of that rate: nothing is resampled. Or use the sensor stream and a sketch of yours.",
        )


def _sensor_sources(application: Application) -> Iterator[tuple[str, bytes]]:
    for name in SENSORS[application.sensor].sources:
        yield (
            f"src/app_{name}" if name.endswith(".cpp") else f"src/{name}",
            (resource("firmware/sensors") / name).read_bytes(),
        )


def _sources(application: Application, actions: list[str]) -> Iterator[tuple[str, bytes]]:
    for path in sorted(resource("firmware/application").iterdir()):
        yield f"src/{path.name}", path.read_bytes()
    folder = resource("firmware/actions")
    for name in ("app_actions.h", *(f"app_{action}.{kind}" for action in actions for kind in ("h", "cpp"))):
        yield f"src/{name}", (folder / name).read_bytes()
    digest = bytes.fromhex(application.digest)
    page = {
        "version": __version__,
        "app": application,
        "name": _literal(application.name),
        "scale": float_text(application.scale),
        "app_version": _literal(application.version),
        "labels": [_literal(label) for label in application.labels],
        "actions": actions,
        "digest_lines": [" ".join(f"0x{byte:02x}," for byte in digest[i : i + 16]) for i in (0, 16)],
    }
    for name in ("app_config.c", "app_actions.cpp"):
        yield f"src/{name}", render_template(f"application/src/{name}", **page).encode()


def _literal(text: str) -> str:
    """Text as a C string literal, in bytes of UTF-8."""
    escaped = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text.encode())  # noqa: PLR2004
    return f'"{escaped}"'
