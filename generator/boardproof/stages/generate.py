"""From a network to a firmware project or a library, in memory: what is checked, looked into and measured for it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from boardproof.device.build.narration import narrate
from boardproof.device.tflm.arena import Workload, find_arena
from boardproof.device.tflm.fetch import fetch_library
from boardproof.errors import InputError
from boardproof.model.data.options import DataOptions
from boardproof.model.oracle import require_oracle_runs
from boardproof.model.preflight import Severity, preflight, require_runnable
from boardproof.project.ci import Workflow, require_portable, with_github_workflow
from boardproof.project.library import Part, render_library, require_library
from boardproof.project.mlperf import with_mlperf_protocol
from boardproof.project.own_boards import check_core_sizes
from boardproof.project.prefixes import require_prefixes
from boardproof.project.render import assemble
from boardproof.project.runtimes.base import Options
from boardproof.project.runtimes.tflm import TflmRuntime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boardproof.model.preflight import Finding
    from boardproof.model.samples import Vectors
    from boardproof.progress import Progress
    from boardproof.project.runtimes.base import Compiled, Generated
    from boardproof.project.subject import Network, Target
    from boardproof.project.types import Project
    from boardproof.settings import Settings


def check_form(settings: Settings) -> None:
    """Raises InputError for what does not go together, before anything is looked into or measured."""
    if settings.form == "library" and (settings.ci is not None or settings.protocol != "boardproof"):
        raise InputError(
            "A library has no firmware, so --ci and --protocol mean nothing to it.",
            "Leave them out, or leave out --as library.",
        )
    require_prefixes([settings.options.name])
    if settings.form != "library" and (settings.options.name != Options().name or settings.options.share_arena):
        raise InputError(
            "Firmware has one network, which it calls model.",
            "Leave out --name and --share-arena, or make a library of it: --as library.",
        )
    if settings.ci is not None and settings.runtime == TflmRuntime().name:
        require_portable(settings.options.tflm_lib)


def check(network: Network, target: Target, options: Options, progress: Progress) -> Compiled:
    """The network, compiled. Raises one InputError with everything that keeps it from running; warns of the rest."""
    compiled = target.runtime.compile(network.graph, target.board, options)
    findings = preflight(network.graph, (*compiled.findings, *check_core_sizes(target.board)))
    require_runnable(findings)
    warn_of(findings, progress)
    return compiled


def warn_of(findings: tuple[Finding, ...], progress: Progress) -> None:
    """Shows the warnings among the findings; errors are for whoever raises them."""
    for finding in findings:
        if finding.severity is Severity.WARNING:
            progress.warn(f"{finding.message} {finding.hint}")


def generate(
    network: Network, target: Target, settings: Settings, progress: Progress, inputs: Vectors | None = None
) -> tuple[Project, Generated]:
    """The firmware project, in memory. TensorFlow Lite Micro's library and arena are looked into for it.

    `inputs`: what the oracle must run later, so that it is asked before.
    """
    options, runtime = settings.options, target.runtime
    if isinstance(runtime, TflmRuntime):
        progress.stage("looking into the TensorFlow Lite Micro library")
        runtime = replace(runtime, library=fetch_library(options.tflm_lib, on_line=narrate(progress)))
        target = replace(target, runtime=runtime)
    compiled = check(network, target, options, progress)
    if inputs is not None:
        require_oracle_runs(network.data, inputs)
    if isinstance(runtime, TflmRuntime):
        runtime, options = _with_arena(network, runtime, target, settings, progress)
        compiled = runtime.compile(network.graph, target.board, options)
    progress.stage(f"generating {runtime.name} firmware")
    generated = compiled.generate(network.data)
    project = assemble(generated, network.graph, network.data, target.board, runtime.name)
    if settings.protocol == "mlperf-tiny":
        project = with_mlperf_protocol(project, network.graph)
    return project, generated


def _with_arena(
    network: Network, runtime: TflmRuntime, target: Target, settings: Settings, progress: Progress
) -> tuple[TflmRuntime, Options]:
    """The runtime and the options with the tensor arena's size, and how it was obtained."""
    workload = Workload(network.graph, network.data, runtime, settings.options)
    arena = find_arena(workload, target.board, settings.project_dir, on_line=narrate(progress), on_stage=progress.stage)
    if not arena.is_measured:
        progress.warn(f"the tensor arena, {arena.arena_bytes:,} bytes, is {arena}")
    return replace(runtime, arena_how=str(arena)), replace(settings.options, arena_bytes=arena.arena_bytes)


def generate_project(network: Network, target: Target, settings: Settings, progress: Progress) -> Project:
    """The firmware project for a user to keep, with continuous integration if that is wanted."""
    project, generated = generate(network, target, settings, progress)
    for note in generated.notes:
        progress.warn(note)
    if settings.ci is None:
        return project
    options = settings.options
    if generated.lib_deps:  # the version that was resolved, and the arena that goes with it
        options = replace(options, tflm_lib=generated.lib_deps[0], arena_bytes=generated.arena_bytes)
    workflow = Workflow(
        data=network.data,
        samples=_samples_file(network, settings),
        random=settings.random,
        seed=settings.seed,
        protocol=settings.protocol,
        options=options,
        install=settings.ci_install,
    )
    return with_github_workflow(project, workflow)


def _samples_file(network: Network, settings: Settings) -> tuple[str, bytes] | None:
    """The user's file of arrays as it is, where nothing was said about it; all else that was read becomes one."""
    if network.samples is None or settings.samples is None:
        return None
    is_whole = isinstance(settings.samples, Path) and settings.samples.suffix in {".npz", ".npy"}
    if isinstance(settings.samples, Path) and is_whole and settings.data == DataOptions():
        return settings.samples.name, settings.samples.read_bytes()
    arrays: dict[str, Any] = dict(network.samples.inputs)
    labels = (network.samples.labels, *network.samples.further)
    if network.samples.labels is not None:
        arrays |= {"y" if len(labels) == 1 else f"y{output}": one for output, one in enumerate(labels)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return "samples.npz", file.getvalue()


def generate_library(
    networks: Sequence[Network], target: Target, settings: Sequence[Settings], progress: Progress
) -> Project:
    """Networks as one library, in memory, each with its own settings; it is named after the first one's."""
    require_library(target.runtime)
    parts: list[Part] = []
    for network, asked in zip(networks, settings, strict=True):
        options = replace(asked.options, standalone=True)
        compiled = check(network, target, options, progress)
        progress.stage(f"generating {options.name}" if len(networks) > 1 else "generating a library")
        parts.append(Part(options.name, network.graph, network.data, compiled.generate(network.data)))
    return render_library(parts, target.board, settings[0].options, name=library_name(settings))


def require_one_library(settings: Sequence[Settings]) -> None:
    """Raises InputError unless networks can go into one library."""
    if len(settings) != 1 and any(asked.form != "library" for asked in settings):
        raise InputError(
            f"There are {len(settings)} models, and firmware has one.", "Add --as library, or give one of them."
        )
    require_prefixes([asked.options.name for asked in settings])


def library_dir(settings: Sequence[Settings]) -> Path:
    """Where a library goes: where its settings say, or a folder named after its networks."""
    first = settings[0]
    if len(settings) == 1 or first.out is not None:
        return first.project_dir
    return first.project_dir.with_name(f"{library_name(settings)}-library")


def library_name(settings: Sequence[Settings]) -> str:
    """What a library is called: as its model, or as its networks are."""
    if len(settings) > 1:
        return "_".join(asked.options.name for asked in settings)
    prefix = settings[0].options.name
    return settings[0].stem if prefix == Options().name else prefix
