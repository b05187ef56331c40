"""The firmware of an application: the network's project, and around it the front end, windows, decisions, actions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.errors import InputError
from boardproof.project.apps.actions import ACTIONS
from boardproof.project.apps.parts import compile_parts
from boardproof.project.apps.sensors import SENSORS
from boardproof.project.ini import project_ini
from boardproof.project.library import shared_arena
from boardproof.project.render import SETTINGS, assemble
from boardproof.project.resources import resource
from boardproof.project.runtimes.aot.ctext import float_text, table_text
from boardproof.project.templates import render_template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boardproof.project.apps.application import Application
    from boardproof.project.apps.parts import CompiledParts, Names
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Options, Runtime
    from boardproof.project.types import Project

FLAG = "-DBOARDPROOF_APPLICATION=1"


def render_application(application: Application, board: Board, runtime: Runtime, options: Options) -> Project:
    """Renders the project of an application without errors, deterministically and without touching the disk."""
    return assemble_application(application, board, compile_parts(application, board, runtime, options))


def assemble_application(application: Application, board: Board, parts: CompiledParts) -> Project:
    """What `render_application` does once the networks are compiled."""
    generated = {part.name: part.generate() for part in parts.parts}
    network = generated[parts.names.network]
    project = assemble(network, application.network.graph, application.network.data, board, parts.runtime)
    files = dict(project.files)
    for part in generated.values():
        files.update(part.files)
    files.update({f"src/{name}": content for name, content in shared_arena(generated).items()})
    actions = tuple(name for name in application.actions if not (board.is_emulated and ACTIONS[name].hardware))
    files.update(application_sources(application, parts.names, actions))
    files.update(sensor_sources(application, board))
    flags = tuple(dict.fromkeys((*network.build_flags, FLAG, *(f for p in generated.values() for f in p.build_flags))))
    libraries = () if board.is_emulated else libraries_of(application, board)
    files[SETTINGS] = project_ini(board, (*network.lib_deps, *libraries), flags).encode()
    return replace(project, files=dict(sorted(files.items())))


def libraries_of(application: Application, board: Board) -> tuple[str, ...]:
    """What PlatformIO fetches for an application's actions and, where the board has it, its sensor."""
    actions = tuple(spec for name in application.actions for spec in ACTIONS[name].libraries)
    return actions + (SENSORS[application.sensor].libraries if has_own_sensor(board) else ())


def has_own_sensor(board: Board) -> bool:
    """Whether it is a board that firmware/sensors was written for."""
    return board.name == "nano33ble"


def _check_rate(application: Application) -> None:
    rates = SENSORS[application.sensor].rates
    if rates and application.sensor_rate not in rates:
        raise InputError(
            f"The {application.sensor} of the Nano 33 BLE Sense gives {' or '.join(map(str, rates))} samples a second, "
            f"and the application wants {application.sensor_rate}.",
            f"Write sensor-rate = {rates[0]} into [app], and the board resamples them to rate; or use the sensor "
            "stream and a sketch of yours.",
        )


def sensor_sources(application: Application, board: Board) -> Iterator[tuple[str, bytes]]:
    """The sources that read the board's own sensor, at their places; none where it has none of its own.

    Raises:
        InputError: The sensor has not the wanted rate.
    """
    if not has_own_sensor(board):
        return
    _check_rate(application)
    for name in SENSORS[application.sensor].sources:
        yield (
            f"src/app_{name}" if name.endswith(".cpp") else f"src/{name}",
            (resource("firmware/sensors") / name).read_bytes(),
        )


def application_sources(
    application: Application, names: Names, actions: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    """What surrounds the networks, at its places: windows and decisions, their settings, actions of those names."""
    for path in sorted(resource("firmware/application").iterdir()):
        yield f"src/{path.name}", path.read_bytes()
    with_files = [name for name in actions if name != "callback"]
    folder = resource("firmware/actions")
    for name in ("app_actions.h", *(f"app_{action}.{kind}" for action in with_files for kind in ("h", "cpp"))):
        yield f"src/{name}", (folder / name).read_bytes()
    digest = bytes.fromhex(application.digest)
    resampler = application.resampler
    page = {
        "version": __version__,
        "app": application,
        "names": names,
        "headers": [name for name, part in names.of(application)],
        "title": f"{plain_text(application.name)}, version {plain_text(application.version)}",
        "name": _literal(application.name),
        "scale": float_text(application.scale),
        "app_version": _literal(application.version),
        "stages": list(_stages(application, names)),
        "labels": [_literal(label) for label in application.all_labels],
        "actions": with_files,
        "coefficients": None if resampler is None else table_text(resampler.coefficients),
        "digest_lines": [" ".join(f"0x{byte:02x}," for byte in digest[i : i + 16]) for i in (0, 16)],
    }
    for name in ("app_config.c", "app_actions.cpp"):
        yield f"src/{name}", render_template(f"application/src/{name}", **page).encode()


@dataclass(frozen=True, slots=True)
class Stage:
    """A network in the configuration in C: its C symbol, the name of its code, what it is, where its labels begin."""

    symbol: str
    name: str
    app: Application
    first_label: int


def _stages(application: Application, names: Names) -> Iterator[Stage]:
    yield Stage("first", names.network, application, 0)
    if application.second is not None:
        yield Stage("second", names.second, application.second, len(application.labels))


def _literal(text: str) -> str:
    """Text as a C string literal, in bytes of UTF-8."""
    escaped = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text.encode())  # noqa: PLR2004
    return f'"{escaped}"'


def plain_text(text: str) -> str:
    """Text as it can stand in a comment, a file of properties or JSON: what else is in it becomes a question mark."""
    return "".join(c if c.isascii() and (c.isalnum() or c in " .,:;()+-_%") else "?" for c in text)
