from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from boardproof.device.build.elf import read_sections
from boardproof.device.process import run
from boardproof.errors import ToolError
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("content", [None, b"", b"MZ", b"\x7fELF\x01\x01\x01" + bytes(20)])
def test_what_is_no_elf_file(tmp_path: Path, content: bytes | None):
    elf = tmp_path / "firmware.elf"
    if content is not None:
        elf.write_bytes(content)
    with pytest.raises(ToolError, match="cannot be read") as caught:
        read_sections(elf, BOARDS["mps2-an386"])
    assert "Build it again" in caught.value.hint


@pytest.mark.native
def test_of_a_host_program(tmp_path: Path):
    source = tmp_path / "x.c"
    source.write_text("char zero[5000]; int one[1000] = {1}; const char text[3000] = {1}; int main(void) { return 0; }")
    assert run(["gcc", "-o", tmp_path / "x", source]).status == 0
    sections = {section.name: section for section in read_sections(tmp_path / "x", BOARDS["native"])}
    assert sections[".bss"].size_bytes >= 5000
    assert (sections[".bss"].in_flash, sections[".bss"].in_ram) == (False, True)
    assert sections[".data"].size_bytes >= 4000
    assert (sections[".data"].in_flash, sections[".data"].in_ram) == (True, True)
    assert sections[".rodata"].size_bytes >= 3000
    assert (sections[".rodata"].in_flash, sections[".rodata"].in_ram) == (True, False)
    assert ".comment" not in sections


@pytest.mark.qemu
def test_reservations_for_stack_and_heap_are_no_data(tmp_path: Path):
    source = tmp_path / "x.c"
    source.write_text(
        '__attribute__((section(".heap"))) char heap[64]; __attribute__((section(".stack_dummy"))) char stack[64];'
        "char zero[100]; void entry(void) { zero[0] = heap[0] = stack[0]; }"
    )
    addresses = ["-Ttext=0", "-Tbss=0x20000100", "-Wl,--section-start=.heap=0x20001000", "-Wl,-e,entry"]
    addresses += ["-Wl,--section-start=.stack_dummy=0x20002000"]
    command = ["arm-none-eabi-gcc", "-nostdlib", "-mcpu=cortex-m4", "-mthumb", *addresses]
    assert run([*command, "-o", tmp_path / "x", source]).status == 0
    sections = read_sections(tmp_path / "x", BOARDS["mps2-an386"])
    assert [section.name for section in sections if section.in_ram] == [".bss"]
