"""Runs the samples on the boards, judges what they computed, and looks for the operator at which they go astray."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from boardproof.device.failures import BoardFaultError
from boardproof.device.protocol.session import Session
from boardproof.device.reach.links import open_link
from boardproof.device.reach.serial_port import open_port
from boardproof.device.tflm.fetch import rounding_notes
from boardproof.errors import BoardproofError, DeviceError, InputError
from boardproof.model.intermediates import run_oracle_tensors
from boardproof.model.oracle import run_oracle
from boardproof.model.variables import is_stateful, keeps_sequences
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.proof.checkpoint import Checkpoint, identify
from boardproof.proof.compare import compare
from boardproof.proof.divergence import find_divergence
from boardproof.proof.judge import Case, Judgement, judge
from boardproof.proof.repeats import doubts
from boardproof.proof.samples import Seat, run_samples

if TYPE_CHECKING:
    from pathlib import Path

    from boardproof.device.types import BoardRun, Hello, Link
    from boardproof.progress import Progress
    from boardproof.project.subject import Network
    from boardproof.report.document import Report
    from boardproof.report.verdict import Divergence
    from boardproof.settings import Settings


SEQUENCES_GO_ON = (
    "the LSTM layers remember earlier samples, on the board as on the host: all samples count as one sequence, where "
    "Keras begins a new one with each; in an application, model_init() begins a new one"
)
"""TensorFlow Lite keeps an LSTM's state until it is told to forget it."""

MAX_REPLAYED = 10_000
"""Inferences that looking for an operator may take where all samples before run again for each operator."""


def check_plan(network: Network, settings: Settings) -> None:
    """Raises InputError for what cannot be done with this network, before anything is built."""
    ports = settings.port
    if len(set(ports)) < len(ports):
        raise InputError("The same port was given twice.", "Give each board's port once.")
    if not is_stateful(network.graph):
        return
    if settings.resume:
        raise InputError(
            f"{network.model.source} keeps state between samples, so a run of it cannot go on in the middle.",
            "Leave out --resume: all samples run again.",
        )
    if len(ports) > 1:
        raise InputError(
            f"{network.model.source} keeps state between samples, so they cannot be split over several boards.",
            "Give one --port.",
        )


def prove(case: Case, ports: tuple[str, ...], settings: Settings, progress: Progress) -> Report:
    """Runs the samples on the boards and on the host, and compares every byte.

    Args:
        case: What to prove.
        ports: One for each board; empty for the one that boardproof starts or finds itself.
        settings: The user's choices.
        progress: Is told what happens.

    Raises:
        InputError: The checkpoint is of another run.
        DeviceError: A board is absent, or stopped answering.
        ToolError: There is no oracle here.
    """
    path = _checkpoint_path(settings.project_dir)
    try:
        run, checkpoint = _run(case, ports, path, settings, progress)
    except BoardFaultError as error:
        raise error.naming([operator.name for operator in case.network.graph.operators]) from error
    progress.stage("comparing with the host")
    expected = run_oracle(case.network.data, case.inputs)
    verdict = compare(expected, run)
    divergence, warnings = None, doubts(run)
    if keeps_sequences(case.network.graph) and case.inputs.samples > 1:
        warnings = (*warnings, SEQUENCES_GO_ON)
    if (bad := verdict.first_bad) is not None:
        port = run.ran_on[bad.sample] if run.ran_on[bad.sample] in ports else next(iter(ports), None)
        divergence, why_none = _first_divergence(case, run, bad.sample, port=port, settings=settings, progress=progress)
        warnings = (*warnings, *why_none)
    report = judge(case, run, Judgement(expected, verdict, divergence, warnings, _notes(case, run, settings)))
    checkpoint.remove()
    return report


def _notes(case: Case, run: BoardRun, settings: Settings) -> tuple[str, ...]:
    """Why the board may differ from the oracle, or not: of firmware that was there already, by what it says it is."""
    if case.generated is not None:
        return (*case.generated.notes, *case.generated.remarks)
    if run.hello.runtime != TflmRuntime().name:
        return ()
    return rounding_notes(case.network.graph, run.hello.library, settings.options.tflm_lib)


def _checkpoint_path(project_dir: Path) -> Path:
    """Beside the project's directory, also where that is the current one."""
    named = project_dir if project_dir.name not in {"", ".."} else project_dir.resolve()
    return named.with_name(f"{named.name}.checkpoint.npz")


def _run(
    case: Case, ports: tuple[str, ...], path: Path, settings: Settings, progress: Progress
) -> tuple[BoardRun, Checkpoint]:
    board = case.target.board
    names = " and ".join(ports) if len(ports) > 1 else board.name
    progress.stage(f"running {case.inputs.samples} samples on {names}")
    with ExitStack() as links:
        seats = []
        for port in ports or (None,):
            link = links.enter_context(_open(case, port, settings, progress))
            session = Session(link, case.network.sha256, on_log=progress.line, on_warning=progress.warn)
            seats.append(Seat(port or board.name, session))
        elf = case.firmware.elf if case.firmware is not None else None
        hello = seats[0].session.connect()
        _check_operators(hello, case.network)
        checkpoint = Checkpoint(path, identify(hello, case.inputs, elf))
        if settings.resume and not path.exists():
            progress.warn(f"there is no checkpoint {path} to resume from: all samples run")
        stateful = is_stateful(case.network.graph)
        try:
            run = run_samples(
                tuple(seats),
                case.inputs,
                stateful=stateful,
                checkpoint=None if stateful else checkpoint,
                resume=settings.resume,
                on_progress=progress.advance,
            )
        except BaseException:
            if checkpoint.kept:
                kept = f"{checkpoint.kept} of {case.inputs.samples} samples are kept in {path}"
                progress.warn(f"{kept}: --resume goes on from there")
            raise
        finally:
            if checkpoint.problem:
                progress.warn(checkpoint.problem)
    return run, checkpoint


def _check_operators(hello: Hello, network: Network) -> None:
    """Raises DeviceError where the board runs operators that the network does not have."""
    if any(index >= len(network.graph.operators) for index in hello.op_indices):
        raise DeviceError(
            f"The board runs operator {max(hello.op_indices)}; {network.model.source} has "
            f"{len(network.graph.operators)} operators.",
            "Flash the firmware built for this model.",
        )


def _open(case: Case, port: str | None, settings: Settings, progress: Progress) -> Link:
    board = case.target.board
    if case.firmware is None:
        return open_port(board, port, progress)
    return open_link(case.firmware, board, port, settings.link, progress)


def _first_divergence(
    case: Case, run: BoardRun, sample: int, *, port: str | None, settings: Settings, progress: Progress
) -> tuple[Divergence | None, tuple[str, ...]]:
    """The first operator that went astray; or none, and why it was not found."""
    progress.stage(f"looking for the first operator that differs, in sample {sample}")
    inferences = (sample + 1) * len(run.hello.op_indices)
    if is_stateful(case.network.graph) and inferences > MAX_REPLAYED:
        why = f"this network keeps state, so that sample {sample} would take {inferences} inferences"
        return None, (f"the first operator that differs is not looked for: {why}",)
    try:
        with _open(case, port, settings, progress) as link:
            found = _search(case, sample, link, progress)
    except BoardproofError as error:
        return None, (f"the first operator that differs was not found: {error.message}",)
    if found is not None:
        return _in_group(case, found, settings, progress)
    why = (
        f"run operator by operator, sample {sample} agrees in every tensor that can be read: what differs comes "
        f"after the last operator, from memory shared between operators, or does not happen every time"
    )
    return None, (why,)


def _in_group(
    case: Case, found: Divergence, settings: Settings, progress: Progress
) -> tuple[Divergence, tuple[str, ...]]:
    """The first of the layers that run together with the one found, and how it was found."""
    try:
        with case.apart(found.index) as group:
            if group is None:
                return found, ()
            names = f"operators {group.operators[0]} to {group.operators[-1]} run together in bands of rows"
            if group.firmware is None:
                return found, (f"{names}: which of them differs first takes other firmware to find out",)
            with open_link(group.firmware, case.target.board, None, settings.link, progress) as link:
                first = _search(case, found.sample, link, progress)
    except BoardproofError as error:
        why = f"operator {found.index} runs together with others, which could not be taken apart: {error.message}"
        return found, (why,)
    if first is None or first.index > found.index:
        return found, (f"{names}: one after the other they agree, so that what differs comes of the bands",)
    return first, (f"{names}: the first that differs was found with them one after the other",)


def _search(case: Case, sample: int, link: Link, progress: Progress) -> Divergence | None:
    expected = run_oracle_tensors(case.network.data, case.inputs, sample)
    session = Session(link, case.network.sha256, on_log=progress.line)
    return find_divergence(
        session,
        case.network.graph,
        expected,
        case.inputs,
        sample,
        stateful=is_stateful(case.network.graph),
        kept=case.target.runtime.kept_channels(case.network.graph),
        on_progress=progress.advance,
    )
