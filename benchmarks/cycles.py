"""Estimates the cycles of one inference on an nRF52840 (Cortex-M4F, 64 MHz) from the instructions it executes.

    python -m benchmarks.cycles MODEL.tflite [--optimize speed|balanced|size]

The firmware for mps2-an386 is built without link-time optimization; its model_invoke() then runs under unicorn, block
by block, and every executed instruction is given its cycles from the table in docs/estimates.md: the usual ones, the
least and the most. It is an estimate: nothing here knows the chip's buses and caches. `python -m benchmarks.rates`
makes of it what the report estimates with.
"""

from __future__ import annotations

import argparse
import re
import struct
import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from elftools.elf.elffile import ELFFile
from unicorn import UC_HOOK_BLOCK, UC_HOOK_MEM_READ, Uc
from unicorn import arm_const as arm
from unicorn import unicorn_const as uc_const

from boardproof import pipeline
from boardproof.progress import Silent
from boardproof.project.boards import BOARDS
from boardproof.project.runtimes import RUNTIMES
from boardproof.project.runtimes.base import Options
from boardproof.project.subject import Target
from boardproof.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from boardproof.project.boards import Board
    from boardproof.project.runtimes.base import Choice, Generated

CLOCK_HZ = 64_000_000
FLASH, RAM, TIMERS = range(0x100000), range(0x20000000, 0x20040000), range(0x40000000, 0x40010000)
STOP = 0xFFF00
TENSOR = RAM.stop - 0x100
UNCOUNTED = ("board_ticks", "sample")
"""What only measures."""

REFILL = (2, 1, 3)
"""Cycles to fill the pipeline after a taken branch."""

DIVISION = (7, 2, 12)
FLOAT_CYCLES = {"vdiv": 14, "vsqr": 14, "vmla": 3, "vmls": 3, "vnml": 3, "vfma": 3, "vfms": 3, "vfnm": 3}
"""By the first letters; the others take one."""

FLASH_WAIT_STATES = (0, 0, 3)
"""Of a constant read from flash."""

Cycles = tuple[int, int, int]
"""As a rule, at least, and at most."""


@dataclass(frozen=True, slots=True)
class Instruction:
    mnemonic: str
    operands: str
    bytes: int

    @property
    def registers(self) -> int:
        """How many are in a list such as {r4-r7, lr}."""
        listed = self.operands.partition("{")[2].rstrip("}").split(",")
        spans = (re.findall(r"\d+", part) if "-" in part else [] for part in listed)
        return sum(int(span[1]) - int(span[0]) + 1 if len(span) == 2 else 1 for span in spans)

    @property
    def target(self) -> str:
        return self.operands.partition(",")[0]

    @property
    def target_registers(self) -> str:
        """What it writes, where that may be the program counter: a list, or one register."""
        listed = self.operands.partition("{")[2]
        return listed if self.kind == "load" and listed else self.target

    @property
    def may_jump(self) -> bool:
        """Whether it is a branch, but for TBB and TBH, or writes the program counter."""
        branches = self.kind == "branch" and not self.mnemonic.startswith("tb")
        return branches or "pc" in self.target_registers

    @property
    def is_single(self) -> bool:
        return "{" not in self.operands and not self.mnemonic.startswith(("ldrd", "strd"))

    @property
    def kind(self) -> str:
        name = self.mnemonic
        if re.match(r"(v?ldr|v?ldm|pop|vpop)", name):
            return "load"
        if re.match(r"(v?str|v?stm|push|vpush)", name):
            return "store"
        if re.match(r"(b|bl|bx|blx|cbz|cbnz|tbb|tbh)(eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)?(\.[nw])?$", name):
            return "branch"
        if re.match(
            r"(mul|mla|mls|smul|smla|smmul|smmla|umul|umla|smlal|umlal|umaal|smuad|smlsd|smusd|umull|smull)", name
        ):
            return "multiply"
        if name.startswith(("sdiv", "udiv")):
            return "division"
        return "float" if name.startswith("v") else "other"


@dataclass(frozen=True, slots=True)
class Run:
    """What was executed by each step of the network, in order; before the first one there is what calls it.

    `blocks` are (step, address, bytes, the block before that it follows in memory or None, whether the next block is
    elsewhere); `flash_reads` are the reads of constants, by step.
    """

    blocks: Counter[Block]
    flash_reads: Counter[int]


Span = tuple[int, int]
Block = tuple[int, int, int, Span | None, bool]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cycles", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--optimize", default="balanced", choices=("speed", "balanced", "size"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boardproof-cycles-") as scratch:
        elf, generated = build(arguments.model, arguments.optimize, Path(scratch))
        code, functions = disassemble(elf), symbols(elf)
        run = execute(elf, functions)
    print(table(run, code, functions))
    print("\n" + step_table(run, code, generated.choices))


def build(model: Path, optimize: str, scratch: Path, board: Board = BOARDS["mps2-an386"]) -> tuple[Path, Generated]:
    # debug: without link-time optimization, which leaves no model_invoke().
    settings = Settings(model=model, out=scratch / "project", options=Options(optimize=optimize, debug=True))
    network = pipeline.prepare(settings, Silent())
    target = Target(board, RUNTIMES["aot"])
    firmware, generated = pipeline.compile_network(network, target, settings, Silent())
    return firmware.elf, generated


def symbols(elf: Path) -> dict[str, range]:
    with elf.open("rb") as stream:
        found = ELFFile(stream).get_section_by_name(".symtab").iter_symbols()
        return {
            symbol.name: range(symbol["st_value"] & ~1, (symbol["st_value"] & ~1) + symbol["st_size"])
            for symbol in found
            if symbol["st_info"]["type"] == "STT_FUNC"
        }


def disassemble(elf: Path) -> dict[int, Instruction]:
    command = ["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", str(elf)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = re.findall(r"^ *([0-9a-f]+):\t([a-z0-9.]+)(?:[ \t]+([^;@\n]*))?", listing, re.MULTILINE)
    starts = [int(address, 16) for address, _, _ in lines]
    sizes = [after - before for before, after in zip(starts, [*starts[1:], starts[-1] + 4], strict=True)]
    return {
        start: Instruction(mnemonic, operands.strip(), 2 if size == 2 else 4)
        for start, size, (_, mnemonic, operands) in zip(starts, sizes, lines, strict=True)
    }


def execute(elf: Path, functions: Mapping[str, range]) -> Run:
    core = Uc(uc_const.UC_ARCH_ARM, uc_const.UC_MODE_THUMB | uc_const.UC_MODE_MCLASS)
    core.ctl_set_cpu_model(arm.UC_CPU_ARM_CORTEX_M4)
    for region in (FLASH, RAM, TIMERS):
        core.mem_map(region.start, len(region))
    with elf.open("rb") as stream:
        for segment in ELFFile(stream).iter_segments("PT_LOAD"):
            core.mem_write(segment["p_vaddr"], segment.data())
    call(core, functions["model_init"].start)
    rng, position = np.random.default_rng(0), 0
    while call(core, functions["model_input"].start, position, TENSOR) == 0:
        data, size = struct.unpack("<II", core.mem_read(TENSOR, 8))
        core.mem_write(data, rng.bytes(size))
        position += 1
    return observed(core, functions)


def call(core: Uc, address: int, *arguments: int) -> int:
    for register, value in zip((arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1), arguments, strict=False):
        core.reg_write(register, value)
    core.reg_write(arm.UC_ARM_REG_SP, TENSOR)
    core.reg_write(arm.UC_ARM_REG_LR, STOP | 1)
    core.emu_start(address | 1, STOP)
    return int(core.reg_read(arm.UC_ARM_REG_R0))


def observed(core: Uc, functions: Mapping[str, range]) -> Run:
    """Runs model_invoke() and notes what it executes."""
    blocks: Counter[Block] = Counter()
    reads: Counter[int] = Counter()
    begins = {span.start for name, span in functions.items() if re.match(r"run_op\d+$", name)}
    measuring = [functions[name] for name in UNCOUNTED if name in functions]
    step, last, before = 0, None, None

    def on_block(_: Uc, address: int, size: int, __: Any) -> None:
        nonlocal step, last, before
        if last is not None:
            follows = sum(last) == address
            blocks[step, *last, before, not follows] += 1
            before = last if follows else None
        last = (address, size)
        step += address in begins

    def on_read(*_: Any) -> None:
        reads[step] += 1

    core.hook_add(UC_HOOK_BLOCK, on_block)
    # Of flash alone: a hook on a load from RAM makes unicorn lose count of the IT block around it.
    core.hook_add(UC_HOOK_MEM_READ, on_read, begin=FLASH.start, end=FLASH.stop - 1)
    call(core, functions["model_invoke"].start)
    counted = {block: times for block, times in blocks.items() if not any(block[1] in span for span in measuring)}
    return Run(Counter(counted), reads)


def instructions(block: Block, code: Mapping[int, Instruction]) -> Iterator[tuple[Instruction, Cycles]]:
    """A block's instructions with their cycles."""
    _, address, size, previous, jumps = block
    end, before = address + size, None
    if previous is not None:
        position = previous[0]
        while position < sum(previous):
            before = code[position]
            position += before.bytes
    while address < end:
        instruction = code[address]
        address += instruction.bytes
        yield instruction, cycles(instruction, before, taken=jumps and address >= end)
        before = instruction


def cycles(instruction: Instruction, before: Instruction | None, *, taken: bool) -> Cycles:
    """The table in docs/estimates.md."""
    found = _by_kind(instruction, before)
    if taken and instruction.may_jump:
        found = _sum(found, REFILL)
    computed = before is not None and before.kind in {"other", "multiply"}
    if instruction.kind in {"load", "store"} and computed and before.target in address_registers(instruction):
        found = _sum(found, (0, 0, 1))  # no forwarding from a result to an address: the sources disagree
    return found


def _by_kind(instruction: Instruction, before: Instruction | None) -> Cycles:
    least = usual = most = 1
    match instruction.kind:
        case "load" | "store" if "{" in instruction.operands:
            least = usual = most = 1 + instruction.registers
        case "load" | "store" if instruction.mnemonic.startswith(("ldrd", "strd")):
            least = usual = most = 3
        case "load":
            least = usual = 1 if _streams(instruction, before) else 2
            most = 2
        case "store" if "#" not in instruction.operands and instruction.operands.count(",") > 1:
            usual = 1 if _streams(instruction, before) else 2
            most = 2
        case "division":
            usual, least, most = DIVISION
        case "branch" if instruction.mnemonic.startswith("tb"):
            least = usual = most = 6
        case "float":
            least = usual = most = FLOAT_CYCLES.get(instruction.mnemonic[:4], 1)
        case _:
            pass
    return usual, least, most


def _streams(instruction: Instruction, before: Instruction | None) -> bool:
    """Whether a load or store comes right behind a single load whose result is not its address."""
    follows = before is not None and before.kind == "load" and before.is_single
    return follows and before.target not in address_registers(instruction)


def _sum(first: Cycles, second: Cycles) -> Cycles:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def address_registers(instruction: Instruction) -> set[str]:
    inner = instruction.operands.partition("[")[2].partition("]")[0]
    return {part.strip() for part in inner.split(",")} or {instruction.target.rstrip("!")}


@dataclass(frozen=True, slots=True)
class StepCycles:
    """One step of the network: instructions, their cycles without waiting for flash, and constants read from flash."""

    instructions: int
    cycles: Cycles
    flash_reads: int


def by_step(run: Run, code: Mapping[int, Instruction]) -> tuple[StepCycles, ...]:
    """Each step in order; what calls the first one belongs to nobody."""
    sums: dict[int, list[int]] = {}
    for block, times in run.blocks.items():
        row = sums.setdefault(block[0], [0, 0, 0, 0])
        for _, found in instructions(block, code):
            for i, count in enumerate((1, *found)):
                row[i] += times * count
    steps = sorted((step, row) for step, row in sums.items() if step)
    return tuple(StepCycles(row[0], (row[1], row[2], row[3]), run.flash_reads[step]) for step, row in steps)


def step_table(run: Run, code: Mapping[int, Instruction], choices: tuple[Choice, ...]) -> str:
    """A Markdown table of the network's steps."""
    lines = ["| # | kernel | instructions | cycles | least | most | constants read |", "|---|---" + "|---:" * 5 + "|"]
    for choice, step in zip(choices, by_step(run, code), strict=True):
        numbers = (step.instructions, *step.cycles, step.flash_reads)
        lines.append(f"| {choice.index} | `{choice.kernel}` | {' | '.join(f'{n:,}' for n in numbers)} |")
    return "\n".join(lines)


def table(run: Run, code: Mapping[int, Instruction], functions: Mapping[str, range]) -> str:
    """Two Markdown tables: by kind of instruction, and by function."""
    kinds: dict[str, list[int]] = {}
    places: dict[str, list[int]] = {}
    for block, times in run.blocks.items():
        place = next((name for name, span in functions.items() if block[1] in span), "?")
        for instruction, found in instructions(block, code):
            taken = "branch, taken" if found[0] > 1 else "branch, not taken"
            kind = taken if instruction.kind == "branch" else instruction.kind
            for row in (kinds.setdefault(kind, [0] * 4), places.setdefault(place, [0] * 4)):
                for i, count in enumerate((1, *found)):
                    row[i] += times * count
    reads = run.flash_reads.total()
    waits = [reads * states for states in FLASH_WAIT_STATES]
    total = [sum(row[i] for row in kinds.values()) for i in range(4)]
    sums = [count + wait for count, wait in zip(total[1:], waits, strict=True)]
    lines = ["| instructions | executed | cycles | least | most |", "|---|---:|---:|---:|---:|"]
    lines += [f"| {name} | {' | '.join(f'{n:,}' for n in row)} |" for name, row in sorted(kinds.items())]
    lines += [f"| waiting for constants in flash | | {' | '.join(f'{n:,}' for n in waits)} |"]
    lines += [f"| **sum** | {total[0]:,} | {' | '.join(f'{n:,}' for n in sums)} |"]
    ms = [f"{1000 * count / CLOCK_HZ:.1f}" for count in sums]
    lines += ["", f"{reads:,} reads of constants; {ms[0]} ms at 64 MHz, from {ms[1]} to {ms[2]}.", ""]
    lines += ["| function | instructions | cycles | least | most |", "|---|---:|---:|---:|---:|"]
    ranked = sorted(places.items(), key=lambda item: -item[1][1])
    lines += [f"| `{name}` | {' | '.join(f'{n:,}' for n in row)} |" for name, row in ranked if row[1] > total[1] / 100]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
