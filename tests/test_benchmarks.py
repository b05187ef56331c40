"""What the benchmarks make of what they measure; the measuring itself takes minutes, and is not done here."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from benchmarks import cycles, networks
from benchmarks.cycles import Instruction, Run
from benchmarks.jobs import in_order
from benchmarks.public import Found, Operation, row, table

from boardproof import pipeline
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.project.subject import Target
from boardproof.proof.prove import Case, prove
from boardproof.settings import Settings
from support import operators_dsp
from support.cases import examples, one_of_each


def instruction(text: str, size: int = 4) -> Instruction:
    mnemonic, _, operands = text.partition(" ")
    return Instruction(mnemonic, operands, size)


# --- Cycles: the table of docs/estimates.md, as a rule, at least and at most ---


@pytest.mark.parametrize(
    ("text", "before", "expected"),
    [
        ("smlad r0, r1, r2, r0", None, (1, 1, 1)),
        ("adds r0, r1, #4", None, (1, 1, 1)),
        ("ldr r0, [r1]", None, (2, 2, 2)),
        ("ldr r0, [r1, #4]", "ldr r2, [r1]", (1, 1, 2)),
        ("ldr r0, [r2]", "ldr r2, [r1]", (2, 2, 2)),
        ("ldr r0, [r1]", "add r1, r1, #4", (2, 2, 3)),
        ("str r0, [r1, #4]", None, (1, 1, 1)),
        ("str r0, [r1, r2]", None, (2, 1, 2)),
        ("str r0, [r1, r2]", "ldr r3, [r4]", (1, 1, 2)),
        ("ldrd r0, r1, [r2]", None, (3, 3, 3)),
        ("ldmia r0!, {r1, r2, r4-r7}", None, (7, 7, 7)),
        ("push {r4-r11, lr}", None, (10, 10, 10)),
        ("sdiv r0, r1, r2", None, (7, 2, 12)),
        ("vdiv.f32 s0, s1, s2", None, (14, 14, 14)),
        ("vmla.f32 s0, s1, s2", None, (3, 3, 3)),
        ("vmul.f32 s0, s1, s2", None, (1, 1, 1)),
        ("vldr s0, [r1]", None, (2, 2, 2)),
        ("bne.n 1234", None, (1, 1, 1)),
        ("tbb [pc, r0]", None, (6, 6, 6)),
    ],
)
def test_an_instruction_has_the_cycles_of_the_table(text, before, expected):
    earlier = instruction(before) if before else None
    assert cycles.cycles(instruction(text), earlier, taken=False) == expected


@pytest.mark.parametrize("text", ["bne.n 1234", "bl 1234 <f>", "bx lr", "pop {r4, pc}", "ldr pc, [r0]"])
def test_where_a_branch_is_taken_the_pipeline_fills_again(text):
    alone = cycles.cycles(instruction(text), None, taken=False)
    taken = cycles.cycles(instruction(text), None, taken=True)
    assert tuple(a - b for a, b in zip(taken, alone, strict=True)) == (2, 1, 3)


def test_a_block_that_only_ends_before_the_next_one_takes_no_branch():
    """add; ldr; bne, executed three times, twice taken; what it does is counted for the step it is in."""
    code = {0: instruction("add r0, r0, #1", 2), 2: instruction("ldr r1, [r2]", 2), 4: instruction("bne.n 0", 2)}
    run = Run(Counter({(1, 0, 6, None, True): 2, (1, 0, 6, None, False): 1}), Counter({1: 3}))
    (step,) = cycles.by_step(run, code)
    assert step.instructions == 9
    assert step.cycles[0] == 2 * (1 + 2 + 3) + (1 + 2 + 1)
    assert step.flash_reads == 3


def test_what_calls_the_first_step_belongs_to_nobody():
    code = {0: instruction("nop", 2)}
    run = Run(Counter({(0, 0, 2, None, False): 5, (2, 0, 2, None, False): 7}), Counter())
    assert [step.instructions for step in cycles.by_step(run, code)] == [7]


CONDITIONAL = one_of_each(
    [operators_dsp.rows, operators_dsp.average_pool, operators_dsp.depthwise, operators_dsp.max_pool]
)
"""Kernels with conditional loads, from RAM too."""


@pytest.mark.qemu
def test_what_is_counted_is_what_qemu_counts(tmp_path):
    model = tmp_path / "model.tflite"
    *_, (data, _) = examples(CONDITIONAL, 2, which=0)
    model.write_bytes(data)
    settings = Settings(model=model, random=1, out=tmp_path / "project", options=Options(debug=True))
    network = pipeline.prepare(settings, Silent())
    target = Target(BOARDS["mps2-an386"], RUNTIMES["aot"])
    firmware, _ = pipeline.compile_network(network, target, settings, Silent())
    inputs = pipeline.choose_inputs(network, settings, Silent())
    report = prove(Case(network, target, inputs, firmware, None), (), settings, Silent())
    run = cycles.execute(firmware.elf, cycles.symbols(firmware.elf))
    steps = cycles.by_step(run, cycles.disassemble(firmware.elf))
    assert report.verdict.exact
    assert [step.instructions for step in steps] == pytest.approx([op.ticks for op in report.ops], rel=0.001, abs=20)
    assert all(step.flash_reads for step in steps)


# --- Other people's networks ---

FAST = Operation("CONV_2D", "", "nn_conv2d_s8_dsp", 900, 10, 800, "")
SLOW = Operation("SVDF", "", "nn_svdf_s8", 100, 10, 700, "there is no other for int8")
CHEAP = Operation("SOFTMAX", "", "nn_softmax_s8", 0, 10, 20, "there is no other for int8")
DEAR = Operation("MUL", "", "nn_mul_s8", 0, 10, 480, "there is no other for int8")


def test_a_network_says_what_share_of_its_work_is_fast_and_what_is_not():
    found = Found("a", "b/c", "", 3, 3, 2000, 5000, 600, (FAST, SLOW, CHEAP, DEAR))
    assert (found.macs, found.fast_share) == (1000, 0.9)
    cells = row(found)
    assert cells[:6] == ("`a`", "b/c", "1,000", "3/3", "2,000", "2.00")
    assert cells[-2:] == (
        "90.00%",
        "SVDF, 35.0% of the instructions: there is no other for int8; "
        "MUL, 24.0% of the instructions: there is no other for int8",
    )
    refused = Found("d", "b/c", "Too large.")
    assert row(refused)[-1] == "refused: Too large."
    lines = table([found, refused]).splitlines()
    assert len({len(re.findall(r"\|", line)) for line in lines}) == 1


def test_results_come_in_order_whoever_is_done_first():
    assert list(in_order(abs, [-3, 2, -1], 1)) == list(in_order(abs, [-3, 2, -1], 2)) == [3, 2, 1]


def test_what_processes_run_is_not_in_the_module_that_is_run():
    """Spawned processes do not import a package's __main__."""
    assert networks.measured.__module__ == "benchmarks.networks"
