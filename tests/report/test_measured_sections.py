"""Sections made of what a run measured: memory, flash, wrong samples."""

from __future__ import annotations

from dataclasses import replace

from boardproof.model.arena import Buffer, plan_arena
from boardproof.model.tflite.reader import read_tflite
from boardproof.report.memory import MemoryKind, memory_use
from boardproof.report.page import Paragraph, Picture, Table
from boardproof.report.sections.flash import flash
from boardproof.report.sections.memory import memory
from boardproof.report.sections.mistakes import mistakes
from support.flatbuffer_models import ModelBuilder
from support.reports import full_report, made_up_report


def two_layers() -> bytes:
    builder = ModelBuilder()
    x, y, z = (builder.add_tensor([1, n], "int8", scale=0.5) for n in (40, 40, 40))
    builder.add_operator("RELU", [x], [y])
    builder.add_operator("RELU", [y], [z])
    return builder.build([x], [z])


def test_a_plan_is_shown_as_it_is() -> None:
    plan = plan_arena(
        [Buffer("tensor 0", 40, -1, 0), Buffer("tensor 1", 40, 0, 1), Buffer("scratch of step 1", 8, 1, 1)]
    )
    use = memory_use(read_tflite(two_layers()), plan)
    assert use.planned
    assert [(block.kind, block.first, block.last, block.bytes) for block in use.blocks] == [
        (MemoryKind.INPUT, -1, 0, 40),
        (MemoryKind.ACTIVATION, 0, 1, 40),
        (MemoryKind.SCRATCH, 1, 1, 8),
    ]
    assert use.used_bytes(0) == 80


def test_without_a_plan_live_activations_are_stacked() -> None:
    use = memory_use(read_tflite(two_layers()), None)
    assert not use.planned
    assert use.steps == 2
    assert [(block.kind.value, block.first, block.offset) for block in use.blocks] == [
        ("input", 0, 0),
        ("activation", 0, 40),
        ("activation", 1, 0),
        ("output", 1, 40),
    ]


def test_the_section_names_the_fullest_step() -> None:
    section = memory(full_report())
    assert section is not None
    paragraph, picture = section.blocks
    assert isinstance(paragraph, Paragraph)
    assert paragraph.text == "Fullest in step 0 of 3: 1,432 bytes."
    assert isinstance(picture, Picture)
    assert "<title>scratch of step 0: 132 bytes</title>" in picture.svg
    assert "&lt;with&gt;" in picture.svg
    assert memory(made_up_report()) is None


def test_wrong_samples_come_with_their_labels() -> None:
    section = mistakes(full_report())
    assert section is not None
    (table,) = section.blocks
    assert isinstance(table, Table)
    assert table.rows == (("3", "seven", "one", "seven"), ("5", "two <2>", "three", "three"))
    assert table.marked == {0}  # there the board is at fault, not the network
    assert mistakes(made_up_report()) is None


def test_flash_is_told_by_part_or_else_by_what_is_known() -> None:
    for report, expected in (
        (full_report(), [("weights and tables", "80,000"), ("kernels", "20,000"), ("protocol", "6,000")]),
        (made_up_report(), [("the model", "53,936"), ("runtime, protocol, core and C library", "52,064")]),
    ):
        section = flash(report)
        assert section is not None
        (table,) = section.blocks
        assert isinstance(table, Table)
        assert [(row[0], row[1]) for row in table.rows] == expected
    assert flash(replace(made_up_report(), flash_bytes=None)) is None
