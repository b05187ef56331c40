"""Layers that run together in bands of rows, one after the other: to look into what lies between them."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from boardproof.device.build.compile import build
from boardproof.device.build.narration import narrate
from boardproof.project.runtimes.aot import AotRuntime
from boardproof.proof.judge import Apart
from boardproof.stages.generate import generate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from boardproof.progress import Progress
    from boardproof.project.subject import Network, Target
    from boardproof.settings import Settings


def taken_apart(
    network: Network, target: Target, settings: Settings, progress: Progress
) -> Callable[[int], AbstractContextManager[Apart | None]]:
    """What `Case.apart` is: which layers run together with an operator, and firmware where they do not.

    That firmware is built when it is asked for, in a folder of its own, and only for boards that boardproof starts.
    """

    @contextmanager
    def apart(operator: int) -> Iterator[Apart | None]:
        runtime = target.runtime
        group: tuple[int, ...] = ()
        if isinstance(runtime, AotRuntime):
            group = runtime.compile(network.graph, target.board, settings.options).together(operator)
        if not group or not isinstance(runtime, AotRuntime):
            yield None
        elif not target.board.reach.is_started:
            yield Apart(group, None)
        else:
            progress.stage(f"building for {target.board.name} with operators {group[0]} to {group[-1]} taken apart")
            separate = replace(target, runtime=replace(runtime, bands=False))
            project, _ = generate(network, separate, settings, progress)
            with tempfile.TemporaryDirectory(prefix="boardproof-apart-") as folder:
                yield Apart(group, build(project, Path(folder) / "project", on_line=narrate(progress)))

    return apart
