"""An application as a library: an Arduino, a PlatformIO and a CMake one at the same time, as libraries of networks are.

Its C files are all of it between samples and decisions. Sensors, actions and the loop around them are C++ for Arduino's
core; CMake leaves them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from boardproof import __version__
from boardproof.project.apps.actions import ACTIONS
from boardproof.project.apps.parts import Names
from boardproof.project.apps.render import (
    application_sources,
    has_own_sensor,
    libraries_of,
    plain_text,
    sensor_sources,
)
from boardproof.project.apps.sensors import SENSORS
from boardproof.project.library import build_files, identifier, library_flags, shared_arena
from boardproof.project.prefixes import require_prefixes
from boardproof.project.templates import render_template
from boardproof.project.types import Project

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boardproof.project.apps.application import Application
    from boardproof.project.apps.parts import CompiledParts
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Generated, Options

_LONGEST_PREFIX = 20
_FIRMWARE_ONLY = ("app_requests.c", "app_requests.h", "app_names.h")

_LINKED = (
    "config reset push sensed listen push_part next_sample step drain get_status take_note resample setup loop lend "
    "add_note lost_notes notes_reset ring ring_reset ring_cross_break ring_copy copy_round windows_begin_anew "
    "windows_ready windows_behind windows_copy windows_drop_hop windows_take_ticks rows_begin_anew rows_compute "
    "rows_filled rows_copy stage_reset stage_begin_anew stage_forget_old stage_is_due stage_run second_reset "
    "second_begin_anew second_look_at second_is_due second_run "
    "sensor_begin sensor_poll sensor_waited_ms on_decision on_fault actions_begin actions_poll act act_on_fault "
    "act_on_failure serial_act_on_fault serial_act_on_failure imu_lsm9ds1 imu_bmi270"
)
"""What the linker sees of an application beside its networks, without app_; and the functions of its actions."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A library of others: its name for PlatformIO and for Arduino, and its version."""

    name: str
    version: str


def library_prefix(application: Application, wanted: str | None) -> str:
    """What the symbols of an application's library begin with: what is wanted, or made of its name.

    Raises:
        InputError: It cannot be that.
    """
    made = identifier(application.name).lower()[:_LONGEST_PREFIX].rstrip("_")
    prefix = wanted or made
    require_prefixes([prefix])
    require_prefixes([name for name, _ in Names.beginning_with(prefix).of(application)])
    return prefix


def application_library(application: Application, board: Board, parts: CompiledParts, options: Options) -> Project:
    """Renders the library, deterministically and without touching the disk.

    Args:
        application: What to make a library of.
        board: Whose core the kernels were chosen for; and whose sensor is read, where sensors of it are known.
        parts: Its networks, compiled `standalone`, with the names that its prefix gives them.
        options: The user's choices; `name` is the prefix.
    """
    generated = {part.name: part.generate() for part in parts.parts}
    sources = {path.rpartition("/")[2]: text for part in generated.values() for path, text in part.files.items()}
    sources = {name: text for name, text in sources.items() if name.endswith((".c", ".h"))} | shared_arena(generated)
    around = (*application_sources(application, parts.names, application.actions), *sensor_sources(application, board))
    sources |= {path.rpartition("/")[2]: text for path, text in around}
    sources = {name: text for name, text in sources.items() if name not in _FIRMWARE_ONLY}
    page = _page(application, board, options, generated)
    for name, template in (("app_names.h", "app_names.h"), (f"{options.name}.h", "application.h")):
        sources[name] = render_template(f"application/library/src/{template}", **page).encode()
    files = {f"src/{name}": text for name, text in sources.items()}
    files |= build_files(files, page)
    files["README.md"] = render_template("application/library/README.md", **page).encode()
    example = render_template("application/library/example.ino", **page).encode()
    files[f"examples/{options.name}/{options.name}.ino"] = example
    return Project(dict(sorted(files.items())), board, parts.runtime, application.digest)


def _page(
    application: Application, board: Board, options: Options, generated: Mapping[str, Generated]
) -> dict[str, object]:
    """What the templates print."""
    name, of_actions = options.name, ("begin", "poll", "act")
    own_sensor = has_own_sensor(board) and bool(SENSORS[application.sensor].sources)
    return {
        "name": name,
        "prefix": name,
        "title": f"The application {plain_text(application.name)}",
        "sentence": f"The application {plain_text(application.name)}, from samples to decisions, as C",
        "headers": [f"{name}.h"],
        "architectures": "mbed_nano,mbed" if own_sensor else "*",
        "depends": [Dependency(*spec.split("@", 1)) for spec in libraries_of(application, board)],
        "version": __version__,
        "sha256s": " and ".join(part.sha256 for part in application.networks),
        "flags": library_flags(options),
        "app": application,
        "labels": [plain_text(label) for label in application.all_labels],
        "board": board.name,
        "cpu": board.cpu,
        "own_sensor": own_sensor,
        "sample_type": application.source.dtype.numpy.name,
        "linked": [*_LINKED.split(), *(f"{action}_{what}" for action in ACTIONS for what in of_actions)],
        "arena_bytes": max(part.arena_bytes for part in generated.values()),
        "kept_bytes": sum(part.kept_bytes for part in generated.values()),
    }
