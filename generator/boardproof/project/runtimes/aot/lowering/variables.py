"""Variables that can be read in their places."""

from __future__ import annotations

from dataclasses import replace

from boardproof.model.graph import ReadVariable
from boardproof.project.runtimes.aot.program import Program, View


def show_variables(program: Program) -> Program:
    """Reads a variable in its place instead of copying it, where nothing assigns to it until the last one has read."""
    for step in program.steps:
        if isinstance(program.graph.operators[step.operator], ReadVariable):
            shown = replace(
                program,
                steps=tuple(other for other in program.steps if other is not step),
                views=(*program.views, View(step.outputs[0], step.inputs[0], step.operator)),
            )
            if _is_unchanged(shown, step.inputs[0], program.steps.index(step)):
                program = shown
    return program


def _is_unchanged(program: Program, variable: int, position: int) -> bool:
    """Whether from here on, nothing reads a variable's memory once something writes it."""
    roots = {tensor: program.root(tensor)[0] for step in program.steps for tensor in (*step.inputs, *step.outputs)}
    after = list(enumerate(program.steps))[position:]
    writes = [i for i, step in after if variable in {roots[tensor] for tensor in step.outputs}]
    reads = [i for i, step in after if variable in {roots[tensor] for tensor in step.inputs}]
    if variable in {program.root(tensor)[0] for tensor in program.graph.outputs}:
        reads.append(len(program.steps))
    return not writes or not reads or max(reads) < min(writes)
