"""Estimates the cycles of one inference on an nRF52840 (Cortex-M4F, 64 MHz) from the instructions it executes.

    python -m benchmarks.cycles MODEL.tflite [--optimize speed|balanced|size]

The firmware for mps2-an386 is built without link-time optimization; its model_invoke() then runs under unicorn, block
by block, and every executed instruction is given its cycles from the table in docs/estimates.md, as a range. It is an
estimate: nothing here knows the chip's buses and caches.
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

CLOCK_HZ = 64_000_000
FLASH, RAM, TIMERS = range(0x100000), range(0x20000000, 0x20040000), range(0x40000000, 0x40010000)
STOP = 0xFFF00
TENSOR = RAM.stop - 0x100
UNCOUNTED = ("board_ticks", "sample")
"""What only measures."""

REFILL = (1, 3)
"""Cycles to fill the pipeline after a taken branch."""

DIVISION = (2, 12)
FLASH_WAIT_STATES = (0, 2)
"""Of a constant read from flash."""

Cycles = tuple[int, int]
"""At least and at most."""


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
        return "division" if name.startswith(("sdiv", "udiv")) else "other"


@dataclass(frozen=True, slots=True)
class Run:
    """What was executed: blocks as (address, bytes, whether the next block is elsewhere), and constants read."""

    blocks: Counter[tuple[int, int, bool]]
    flash_reads: int


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cycles", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--optimize", default="balanced", choices=("speed", "balanced", "size"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="boardproof-cycles-") as scratch:
        elf = build(arguments.model, arguments.optimize, Path(scratch))
        code, functions = disassemble(elf), symbols(elf)
        run = execute(elf, functions)
    print(table(run, code, functions))


def build(model: Path, optimize: str, scratch: Path) -> Path:
    # debug: without link-time optimization, which leaves no model_invoke().
    settings = Settings(model=model, out=scratch / "project", options=Options(optimize=optimize, debug=True))
    network = pipeline.prepare(settings, Silent())
    target = Target(BOARDS["mps2-an386"], RUNTIMES["aot"])
    return pipeline.compile_network(network, target, settings, Silent())[0].elf


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
    blocks: Counter[tuple[int, int, bool]] = Counter()
    previous: list[tuple[int, int]] = []
    reads = [0]

    def on_block(_: Uc, address: int, size: int, __: Any) -> None:
        if previous:
            before, length = previous.pop()
            blocks[before, length, before + length != address] += 1
        if address != STOP:
            previous.append((address, size))

    def on_read(_: Uc, __: int, address: int, *___: Any) -> None:
        reads[0] += address in FLASH

    core.hook_add(UC_HOOK_BLOCK, on_block)
    core.hook_add(UC_HOOK_MEM_READ, on_read)
    call(core, functions["model_invoke"].start)
    if previous:
        blocks[*previous.pop(), True] += 1
    measuring = [functions[name] for name in UNCOUNTED if name in functions]
    counted = {block: times for block, times in blocks.items() if not any(block[0] in span for span in measuring)}
    return Run(Counter(counted), reads[0])


def instructions(block: tuple[int, int, bool], code: Mapping[int, Instruction]) -> Iterator[tuple[Instruction, Cycles]]:
    """A block's instructions with their cycles."""
    address, size, jumps = block
    end, before = address + size, None
    while address < end:
        instruction = code[address]
        address += instruction.bytes
        yield instruction, cycles(instruction, before, taken=jumps and address >= end)
        before = instruction


def cycles(instruction: Instruction, before: Instruction | None, *, taken: bool) -> Cycles:
    """The table in docs/estimates.md."""
    low = high = 1
    match instruction.kind:
        case "load" | "store" if "{" in instruction.operands:
            low = high = 1 + instruction.registers
        case "load" | "store" if instruction.mnemonic.startswith(("ldrd", "strd")):
            low = high = 3
        case "load":
            follows = before is not None and before.kind == "load" and "{" not in before.operands
            needs = follows and before is not None and before.target in address_registers(instruction)
            low, high = (1 if follows and not needs else 2), 2
        case "store":
            high = 1 if "#" in instruction.operands or instruction.operands.count(",") == 1 else 2
        case "division":
            low, high = DIVISION
        case "branch" if instruction.mnemonic.startswith("tb"):
            return 6, 6
        case _:
            pass
    if taken and (instruction.kind == "branch" or "pc" in instruction.operands):
        low, high = low + REFILL[0], high + REFILL[1]
    computed = before is not None and before.kind in {"other", "multiply"}
    if (
        instruction.kind in {"load", "store"}
        and computed
        and before
        and before.target in address_registers(instruction)
    ):
        low, high = low + 1, high + 1  # no forwarding from a result to an address
    return low, high


def address_registers(instruction: Instruction) -> set[str]:
    inner = instruction.operands.partition("[")[2].partition("]")[0]
    return {part.strip() for part in inner.split(",")} or {instruction.target.rstrip("!")}


def table(run: Run, code: Mapping[int, Instruction], functions: Mapping[str, range]) -> str:
    """Two Markdown tables: by kind of instruction, and by function."""
    kinds: dict[str, list[int]] = {}
    places: dict[str, list[int]] = {}
    for block, times in run.blocks.items():
        place = next((name for name, span in functions.items() if block[0] in span), "?")
        for instruction, (low, high) in instructions(block, code):
            taken = "branch, taken" if low > 1 else "branch, not taken"
            kind = taken if instruction.kind == "branch" else instruction.kind
            for row in (kinds.setdefault(kind, [0, 0, 0]), places.setdefault(place, [0, 0, 0])):
                row[0] += times
                row[1] += times * low
                row[2] += times * high
    reads = [run.flash_reads, *(run.flash_reads * waits for waits in FLASH_WAIT_STATES)]
    total = [sum(row[i] for row in kinds.values()) for i in range(3)]
    rows = [*sorted(kinds.items()), ("waiting for constants in flash", ["", *reads[1:]])]
    low, high = total[1] + reads[1], total[2] + reads[2]
    milliseconds = [f"{1000 * count / CLOCK_HZ:.1f}" for count in (low, high)]
    lines = ["| instructions | executed | cycles, least | most |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {' | '.join(f'{n:,}' if n != '' else '' for n in row)} |" for name, row in rows]
    lines += [f"| **sum** | {total[0]:,} | {low:,} | {high:,} |"]
    lines += ["", f"{reads[0]:,} reads of constants; {milliseconds[0]} to {milliseconds[1]} ms at 64 MHz.", ""]
    lines += ["| function | instructions | cycles, least | most |", "|---|---:|---:|---:|"]
    ranked = sorted(places.items(), key=lambda item: -item[1][1])
    lines += [f"| `{name}` | {' | '.join(f'{n:,}' for n in row)} |" for name, row in ranked if row[1] > total[1] / 100]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
