"""The networks of an application, compiled: what each is called in C, and the one arena that they share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from boardproof.project.apps.application import Application, Part
    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Compiled, Generated, Options, Runtime


@dataclass(frozen=True, slots=True)
class Names:
    """What the code of an application's networks is named, so that they live in one program. Kernels are the same."""

    front_end: str = "frontend"
    network: str = "model"
    second: str = "second"

    @classmethod
    def beginning_with(cls, prefix: str) -> Names:
        """Names for a library, which lives beside other code."""
        return cls(f"{prefix}_frontend", f"{prefix}_network", f"{prefix}_second")

    def of(self, application: Application) -> tuple[tuple[str, Part], ...]:
        """The networks that an application has, in the order in which they run, with their names."""
        second = None if application.then is None else application.then.network
        known = (
            (self.front_end, application.front_end),
            (self.network, application.network),
            (self.second, second),
        )
        return tuple((name, part) for name, part in known if part is not None)


@dataclass(frozen=True, slots=True)
class CompiledPart:
    """A network of an application, compiled under that name."""

    name: str
    part: Part
    compiled: Compiled

    def generate(self) -> Generated:
        """Its sources, for a network without errors among its findings."""
        return self.compiled.generate(self.part.data)


@dataclass(frozen=True, slots=True)
class CompiledParts:
    """All networks of an application, compiled by the runtime of that name, in the order in which they run."""

    runtime: str
    names: Names
    parts: tuple[CompiledPart, ...]


def compile_parts(
    application: Application, board: Board, runtime: Runtime, options: Options, names: Names | None = None
) -> CompiledParts:
    """Compiles all networks, once; what keeps them from running is in their findings.

    They run one after the other, so all that does not last from one run to the next is in one arena.
    """
    names = names or Names()
    parts = names.of(application)
    options = replace(options, share_arena=len(parts) > 1)
    return CompiledParts(
        runtime.name,
        names,
        tuple(
            CompiledPart(name, part, runtime.compile(part.graph, board, replace(options, name=name)))
            for name, part in parts
        ),
    )
