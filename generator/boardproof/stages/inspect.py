"""A look at a network, without building anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boardproof.device.tflm.arena import bound_arena
from boardproof.device.tflm.fetch import fetch_library, known_library
from boardproof.errors import ToolError
from boardproof.model.preflight import by_severity
from boardproof.project.inspection import Inspection, inspect_network
from boardproof.project.runtimes.tflm import TflmRuntime
from boardproof.stages.errors import errors_of, require_quantized
from boardproof.stages.network import prepare, target_of

if TYPE_CHECKING:
    from boardproof.progress import Progress
    from boardproof.project.runtimes.tflm.library import TflmLibrary
    from boardproof.project.subject import Network, Target
    from boardproof.settings import Settings

_INSPECT_TIMEOUT_S = 30.0
"""How long `inspect` waits for a library it does not have yet."""


def inspect(settings: Settings, progress: Progress) -> Inspection:
    """Looks at a network without building anything."""
    target = target_of(settings)
    network = prepare(settings, progress)
    if not settings.errors:
        return _inspect(network, target, settings, progress)
    require_quantized(network)
    found = _inspect(network, target, settings, progress)
    progress.stage("measuring what quantization costs, layer by layer")
    errors, causes = errors_of(network, settings)
    return replace(found, errors=errors, findings=by_severity((*found.findings, *causes)))


def _inspect(network: Network, target: Target, settings: Settings, progress: Progress) -> Inspection:
    options = settings.options
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
