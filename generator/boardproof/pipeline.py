"""All stages, in order. Read this first.

load → quantize → read → preflight → render → build → run on the board → compare with the oracle → report
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.claims import claim
from boardproof.device.build.compile import build, compile_project
from boardproof.device.build.narration import narrate
from boardproof.device.build.workspace import marker_board, read_marker, write_project
from boardproof.device.reach.links import require_tools
from boardproof.device.tflm.arena import bound_arena
from boardproof.device.tflm.fetch import fetch_library, known_library
from boardproof.device.usb.ports import is_url
from boardproof.device.usb.upload import flash, require_board
from boardproof.errors import BoardproofError, InputError, ToolError
from boardproof.files import write_atomically
from boardproof.generating import (
    check_form,
    generate,
    generate_library,
    generate_project,
    library_dir,
    report,
    require_one_library,
)
from boardproof.model.data.pictures import is_guess
from boardproof.model.data.read import sizes_of
from boardproof.model.given import data_of, open_model, require_given
from boardproof.model.preflight import raise_errors
from boardproof.model.quantize import Scheme, quantize_noting
from boardproof.model.rewrite.rewrite import Rewritten, unpack
from boardproof.model.sample_checks import check_calibration, check_inputs
from boardproof.model.samples import arrays_for, input_specs, vectors_for
from boardproof.model.tflite.reader import read_tflite
from boardproof.model.vectors import random_vectors
from boardproof.project.boards import BOARDS
from boardproof.project.inspection import Inspection, inspect_network
from boardproof.project.render import SETTINGS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.project.subject import Network, Target
from boardproof.proof.judge import Case
from boardproof.proof.prove import check_plan, prove

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.device.build.workspace import Marker
    from boardproof.device.types import Firmware
    from boardproof.device.usb.bootloader import Flashed
    from boardproof.model.samples import Vectors
    from boardproof.progress import Progress
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Generated
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.types import Project
    from boardproof.report.document import Report
    from boardproof.settings import Settings

_INSPECT_TIMEOUT_S = 30.0
"""How long `inspect` waits for a library it does not have yet."""


def run(settings: Settings, progress: Progress) -> Report:
    """Everything: from a model to a verdict. The project's folder is ours all the time.

    Raises:
        InputError: The model, the samples or a setting cannot be used.
        ToolError: A compiler or emulator is missing or failed, or another process uses the folder.
        DeviceError: The board is absent, or stopped answering.
    """
    with claim(settings.project_dir):
        return _run(settings, progress)


def _run(settings: Settings, progress: Progress) -> Report:
    target = _target(settings)
    require_tools(target.board)
    if not target.board.reach.is_started:
        _require_boards(target.board, settings.port)
    network = prepare(settings, progress)
    check_plan(network, settings)
    inputs = choose_inputs(network, settings, progress)  # before the build: wrong samples should not cost one
    firmware, generated = compile_network(network, target, settings, progress, inputs)
    ports = _flash_all(firmware, settings.port, progress) if not target.board.reach.is_started else settings.port
    return prove(Case(network, target, inputs, firmware, generated), ports, settings, progress)


def compare(settings: Settings, runtimes: tuple[str, ...], progress: Progress) -> tuple[Report, ...]:
    """The same network on the same board with several runtimes, each in a project directory of its own."""
    try:
        return tuple(
            run(replace(settings, runtime=name, out=settings.out / name if settings.out else None), progress)
            for name in runtimes
        )
    except BoardproofError as error:  # its advice was written for commands with one runtime
        error.hint, error.details = (text.replace("--runtime ", "--runtimes ") for text in (error.hint, error.details))
        raise


def prepare(settings: Settings, progress: Progress, *, for_board: bool = True) -> Network:
    """Loads the model, and quantizes it unless it is a .tflite already.

    `for_board`: unpack weights that boards cannot take as they are, which a file for somebody else keeps.
    """
    require_given(settings.model)
    progress.stage(f"loading {settings.model_name}")
    found = data_of(settings.samples, settings.data)
    calibrating = data_of(settings.representative, settings.data, training=True) or found
    model = open_model(settings.model, sizes_of(calibrating, settings.data))
    samples = found.samples(model.inputs) if found else None
    notes = (*model.notes, *(samples.notes if samples else ()))
    for note in notes:
        if is_guess(note):
            progress.warn(note)
    if model.tflite is not None:
        return Network(model, model.tflite, read_tflite(model.tflite), None, samples, notes)
    scheme = Scheme(settings.scheme)
    representative = samples if calibrating is found else calibrating.samples(model.inputs) if calibrating else None
    if representative is samples is not None and scheme.needs_calibration:
        progress.warn("calibrating on the very samples that verify: give others with --representative")
    if representative is not None and scheme.needs_calibration:
        report(check_calibration(model.inputs, representative), progress)
    progress.stage(f"quantizing to {scheme}")
    made = quantize_noting(model, representative, scheme)
    unpacked = unpack(made.data) if for_board else Rewritten(made.data)
    notes = (*notes, *made.notes, *unpacked.notes)
    return Network(model, unpacked.data, read_tflite(unpacked.data), scheme, samples, notes)


def choose_inputs(network: Network, settings: Settings, progress: Progress) -> Vectors:
    """The user's samples as the network takes them, or random ones."""
    if network.samples is not None:
        arrays = arrays_for(input_specs(network.graph), network.samples)
        findings = check_inputs(network.graph, network.samples, arrays)
        raise_errors(findings, f"in {network.samples.source}")
        report(findings, progress)
        return vectors_for(network.graph, network.samples, arrays)
    return random_vectors(network.graph, settings.random, settings.seed)


def compile_network(
    network: Network, target: Target, settings: Settings, progress: Progress, inputs: Vectors | None = None
) -> tuple[Firmware, Generated]:
    """From a network to built firmware. `inputs`: what the oracle must run later, so that it is asked before."""
    project, generated = generate(network, target, settings, progress, inputs)
    progress.stage(f"building for {target.board.name}")
    return build(project, settings.project_dir, on_line=narrate(progress)), generated


def quantized(settings: Settings, progress: Progress) -> bytes:
    """Quantizes a Keras model: the .tflite."""
    network = prepare(settings, progress, for_board=False)
    if network.scheme is None:
        raise InputError(
            f"{network.model.source} is a .tflite already.", "Give a Keras model or a SavedModel to quantize."
        )
    return network.data


def quantize_to_file(settings: Settings, progress: Progress) -> Path:
    """Quantizes a Keras model and writes the .tflite."""
    path = settings.out or Path(settings.stem + ".tflite")
    write_atomically(path, quantized(settings, progress))
    return path


def generated(settings: Settings, progress: Progress, *, write: bool = True) -> Project:
    """The firmware project, or the library; written to its folder, unless `write` is false.

    Only to measure TensorFlow Lite Micro's arena is anything built.
    """
    if settings.form == "library":
        return generated_together([settings], progress, write=write)
    check_form(settings)
    target = _target(settings)
    with claim(settings.project_dir):
        project = generate_project(prepare(settings, progress), target, settings, progress)
        if write:
            write_project(project, settings.project_dir)
    return project


def generated_together(settings: Sequence[Settings], progress: Progress, *, write: bool = True) -> Project:
    """Networks as one library, each as its settings say; those of the first one say where it goes."""
    require_one_library(settings)
    for asked in settings:
        check_form(asked)
    target, folder = _target(settings[0]), library_dir(settings)
    with claim(folder):
        project = generate_library([prepare(asked, progress) for asked in settings], target, settings, progress)
        if write:
            write_project(project, folder)
    return project


def generate_to_disk(settings: Sequence[Settings], progress: Progress) -> Path:
    """Writes the firmware project, or the library of one network or more; returns its folder."""
    if len(settings) == 1:
        generated(settings[0], progress)
        return settings[0].project_dir
    generated_together(settings, progress)
    return library_dir(settings)


def build_on_disk(root: Path, progress: Progress) -> Firmware:
    """Builds a project that `generate` wrote."""
    marker = _marker(root)
    progress.stage(f"building for {marker.board}")
    return compile_project(root, marker_board(marker), marker.model_sha256, on_line=narrate(progress))


def _marker(root: Path) -> Marker:
    """What `generate` noted of the firmware project it wrote."""
    marker = read_marker(root)
    if marker is None:
        raise InputError(f"{root} is not a project that boardproof generated.", "Make one with `boardproof generate`.")
    if SETTINGS not in marker.files:
        raise InputError(
            f"{root} is a library, which becomes firmware only in a project of yours.",
            "Its README.md says how to use it; for firmware, generate without --as library.",
        )
    return marker


def verify_existing(settings: Settings, progress: Progress) -> Report:
    """Proves firmware that `build` built, or that is on the board already: that needs neither project nor compiler."""
    target = _target(settings)
    if target.board.reach.is_started:
        require_tools(target.board)
    network = prepare(settings, progress)
    check_plan(network, settings)
    inputs = choose_inputs(network, settings, progress)
    firmware = arena_how = None
    if target.board.reach.is_started:
        _require_project_of(network, settings)
        firmware = build_on_disk(settings.project_dir, progress)
        arena_how = _marker(settings.project_dir).arena_how
    return prove(Case(network, target, inputs, firmware, None, arena_how), settings.port, settings, progress)


def _require_project_of(network: Network, settings: Settings) -> None:
    """Makes sure that the project is this network's, before it is built."""
    root, source = settings.project_dir, network.model.source
    marker = _marker(root)
    if marker.model_sha256 != network.sha256:
        raise InputError(
            f"{root} is a project of another model: the SHA-256 of its .tflite begins {marker.model_sha256[:16]}, that "
            f"of {source} {network.sha256[:16]}.",
            f"Make it anew from {source}: `boardproof run` generates, builds and verifies; `boardproof generate` only "
            "generates.",
        )


def flash_on_disk(root: Path, port: str | None, progress: Progress) -> Flashed:
    """Builds a project that `generate` wrote if need be, and puts it on a board."""
    board = marker_board(_marker(root))
    if board.reach.is_started:
        raise InputError(
            f"{board.name} is not flashed: boardproof starts it itself.",
            f"Use `boardproof verify` or `boardproof run`; to flash, generate with --board {_flashable()}.",
        )
    require_board(board, port)
    return flash(build_on_disk(root, progress), port, progress)


def _require_boards(board: Board, ports: tuple[str, ...]) -> None:
    """Makes sure that every board to flash is plugged in, before minutes are spent on firmware for it."""
    for port in ports or (None,):
        if not is_url(port or ""):
            require_board(board, port)


def _flash_all(firmware: Firmware, ports: tuple[str, ...], progress: Progress) -> tuple[str, ...]:
    """Flashes the boards that are here, and returns where each is now; one behind a URL is taken as it is.

    Several boards are known by their serial numbers: flashing one may change the name of another one's port.
    """
    found = [(port, None if is_url(port or "") else flash(firmware, port, progress)) for port in ports or (None,)]
    return tuple(
        str(port) if flashed is None else (len(found) > 1 and flashed.serial_number) or flashed.device
        for port, flashed in found
    )


def inspect(settings: Settings, progress: Progress) -> Inspection:
    """Looks at a network without building anything."""
    target, options = _target(settings), settings.options
    network = prepare(settings, progress)
    if not isinstance(target.runtime, TflmRuntime):
        return inspect_network(network, target, options)
    progress.stage("looking into the TensorFlow Lite Micro library")
    library = _library_to_inspect(options.tflm_lib, progress)
    target = replace(target, runtime=replace(target.runtime, library=library))
    found = inspect_network(network, target, options)
    if options.arena_bytes is not None or found.arena_bytes is None:
        return found
    size_bytes, basis = bound_arena(network.graph, network.data, target.board)
    return replace(found, arena_bytes=size_bytes, arena_how=f"an upper bound from {basis}; `run` measures it")


def _library_to_inspect(spec: str | None, progress: Progress) -> TflmLibrary:
    """The library, fetched if that is quick; else what is assumed of it, which a finding says."""
    try:
        return fetch_library(spec, on_line=progress.line, timeout_s=_INSPECT_TIMEOUT_S)
    except ToolError as error:
        progress.warn(f"{error.message} {error.hint}")
        return known_library(spec)


def _flashable() -> str:
    return " or ".join(board.name for board in BOARDS.values() if not board.reach.is_started)


def _target(settings: Settings) -> Target:
    return Target(settings.target_board, RUNTIMES[settings.runtime])
