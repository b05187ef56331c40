from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from boardproof.device.build import toolchain
from boardproof.device.build.toolchain import Check, doctor, require_compiler, require_qemu
from boardproof.device.reach import links
from boardproof.device.reach.links import require_tools
from boardproof.errors import ToolError
from boardproof.project.boards import BOARDS

if TYPE_CHECKING:
    from pathlib import Path

ARM_APT = "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A PATH with nothing but what a test puts there: programs(name="shell script")."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(**scripts: str) -> None:
        for name, script in scripts.items():
            path = tmp_path / name.replace("_", "-").replace("pp", "++")
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return put


def by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in checks}


class TestDoctor:
    @pytest.mark.usefixtures("programs")
    def test_with_nothing_installed(self, monkeypatch: pytest.MonkeyPatch):
        def missing(name: str) -> str:
            raise toolchain.importlib.metadata.PackageNotFoundError(name)

        monkeypatch.setattr(toolchain.importlib.metadata, "version", missing)
        for check in doctor():
            assert not check.ok
            assert check.found == ""
            assert check.how_to_get
            assert check.needed_for

    @pytest.mark.usefixtures("programs")
    def test_tells_how_to_get_each(self):
        checks = by_name(doctor())
        assert checks["arm-none-eabi-gcc"].how_to_get == f"On Debian or Ubuntu: {ARM_APT}"
        assert checks["newlib and libstdc++"].how_to_get == f"On Debian or Ubuntu: {ARM_APT}"
        assert checks["qemu-system-arm"].how_to_get == "On Debian or Ubuntu: sudo apt-get install qemu-system-arm"
        assert checks["g++"].how_to_get == "On Debian or Ubuntu: sudo apt-get install g++"

    def test_finds_versions_and_not_the_packagers(self, programs):
        programs(
            arm_none_eabi_gcc="echo 'arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205'",
            qemu_system_arm="echo 'QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)'",
            renode="echo 'Renode v1.15.3.4321'",
        )
        checks = by_name(doctor())
        assert checks["arm-none-eabi-gcc"] == Check(
            "arm-none-eabi-gcc", "12.2.1", ok=True, needed_for="boards with a Cortex-M"
        )
        assert checks["qemu-system-arm"].found == "7.2.22"
        assert checks["renode"].found == "1.15.3.4321"

    @pytest.mark.usefixtures("programs")
    def test_renode_is_optional(self):
        assert [check.name for check in doctor() if check.optional] == ["renode"]

    def test_program_that_does_not_run(self, programs):
        programs(qemu_system_arm="exit 127")
        check = by_name(doctor())["qemu-system-arm"]
        assert not check.ok
        assert "on PATH but does not run" in check.how_to_get

    def test_qemu_without_the_machine(self, programs):
        programs(qemu_system_arm="echo 'mps2-an385           ARM MPS2 with AN385 FPGA image for Cortex-M3'")
        check = by_name(doctor())["qemu-system-arm -machine mps2-an386"]
        assert not check.ok
        assert "A QEMU that knows this machine" in check.how_to_get

    def test_compiler_without_its_library(self, programs):
        # Asked for a file it does not have, GCC answers with the bare name.
        programs(arm_none_eabi_gpp="echo libc_nano.a")
        check = by_name(doctor())["newlib and libstdc++"]
        assert not check.ok
        assert "libc_nano.a, libstdc++_nano.a not found" in check.how_to_get

    def test_another_scons_does_no_harm(self, monkeypatch: pytest.MonkeyPatch):
        real = toolchain.importlib.metadata.version
        monkeypatch.setattr(
            toolchain.importlib.metadata, "version", lambda name: "3.1.2" if name == "scons" else real(name)
        )
        check = by_name(doctor())["scons"]
        assert (check.found, check.ok, check.optional) == ("3.1.2", False, True)
        assert "pip install scons==" in check.how_to_get


class TestRequire:
    @pytest.mark.parametrize(
        ("board", "program", "apt"),
        [("mps2-an386", "arm-none-eabi-gcc", ARM_APT), ("native", "g++", "sudo apt-get install g++")],
    )
    @pytest.mark.usefixtures("programs")
    def test_missing_compiler(self, board: str, program: str, apt: str):
        with pytest.raises(ToolError) as caught:
            require_compiler(BOARDS[board])
        assert caught.value.message == f"{program} is not installed, or not on PATH"
        assert caught.value.hint == f"On Debian or Ubuntu: {apt}"

    def test_missing_newlib(self, programs):
        programs(arm_none_eabi_gcc="", arm_none_eabi_gpp="echo libc_nano.a")
        with pytest.raises(ToolError, match="no C or C\\+\\+ library for a Cortex-M4F") as caught:
            require_compiler(BOARDS["mps2-an386"])
        assert ARM_APT in caught.value.hint

    @pytest.mark.usefixtures("programs")
    def test_hardware_needs_nothing_on_path(self):
        require_compiler(BOARDS["nano33ble"])

    @pytest.mark.usefixtures("programs")
    def test_missing_qemu(self):
        with pytest.raises(ToolError) as caught:
            require_qemu()
        assert caught.value.message == "qemu-system-arm is not installed, or not on PATH"
        assert caught.value.hint == "On Debian or Ubuntu: sudo apt-get install qemu-system-arm"

    @pytest.mark.usefixtures("programs")
    def test_missing_renode(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(links, "require_compiler", lambda _board: None)
        with pytest.raises(ToolError) as caught:
            require_tools(BOARDS["nrf52840-renode"])
        assert caught.value.message == "renode is not installed, or not on PATH"
        assert caught.value.hint == (
            "Get Renode 1.16 or later from https://renode.io, or run the same model on mps2-an386, in QEMU."
        )

    @pytest.mark.qemu
    def test_all_is_well_here(self):
        require_compiler(BOARDS["mps2-an386"])
        assert os.access(require_qemu(), os.X_OK)
