from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from boardproof.device.build import pio
from boardproof.device.build.pio import Core, cache_dir, prepare_core, scons_requirement
from boardproof.device.process import Completed, run
from boardproof.errors import ToolError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "a cache"
    monkeypatch.setenv("BOARDPROOF_CACHE_DIR", str(path))
    return path


@pytest.fixture
def no_scons(monkeypatch: pytest.MonkeyPatch) -> str:
    """The environment we run in has another SCons than PlatformIO wants. Returns the one it wants."""
    real = pio.importlib.metadata.version
    monkeypatch.setattr(pio.importlib.metadata, "version", lambda name: "3.1.2" if name == "scons" else real(name))
    return scons_requirement()[1]


class TestCacheDir:
    @pytest.mark.parametrize(
        ("environ", "path"),
        [
            ({"BOARDPROOF_CACHE_DIR": "/x/y", "XDG_CACHE_HOME": "/z"}, Path("/x/y")),
            ({"BOARDPROOF_CACHE_DIR": "", "XDG_CACHE_HOME": "/z"}, Path("/z/boardproof")),
            ({"XDG_CACHE_HOME": "relative"}, Path.home() / ".cache/boardproof"),
            ({}, Path.home() / ".cache/boardproof"),
            ({"BOARDPROOF_CACHE_DIR": "~/c"}, Path.home() / "c"),
        ],
    )
    def test_where(self, environ: dict[str, str], path: Path):
        assert cache_dir(environ) == path


class TestSconsRequirement:
    def test_of_the_installed_platformio(self):
        package, scons = scons_requirement()
        major, minor, patch = scons.split(".")
        assert package.split(".")[1] == f"{major}{int(minor):02}{int(patch):02}"

    @pytest.mark.parametrize(
        ("spec", "expected"), [("~4.41101.0", ("4.41101.0", "4.11.1")), ("~4.40801.0", ("4.40801.0", "4.8.1"))]
    )
    def test_spelling(self, monkeypatch: pytest.MonkeyPatch, spec: str, expected: tuple[str, str]):
        monkeypatch.setattr("platformio.dependencies.get_core_dependencies", lambda: {"tool-scons": spec})
        assert scons_requirement() == expected

    @pytest.mark.parametrize("asked", [{}, {"tool-scons": ">=5"}])
    def test_a_form_we_do_not_understand(self, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]):
        monkeypatch.setattr("platformio.dependencies.get_core_dependencies", lambda: asked)
        with pytest.raises(ToolError, match="does not understand") as caught:
            scons_requirement()
        assert "platformio<7" in caught.value.hint

    def test_without_platformio(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(sys.modules, "platformio.dependencies", None)
        with pytest.raises(ToolError, match="PlatformIO is not installed") as caught:
            scons_requirement()
        assert caught.value.hint.endswith("-m pip install platformio")


@pytest.mark.usefixtures("cache")
class TestPrepareCore:
    def test_makes_what_platformio_takes_for_its_own_package(self, cache: Path):
        core = prepare_core()
        assert core.scons_problem == ""
        assert core.path.parent == core.objects.parent == cache
        script = (
            "from platformio.package.manager.core import get_core_package_dir;"
            "print(get_core_package_dir('tool-scons', auto_install=False))"
        )
        found = run([sys.executable, "-c", script], env={"PLATFORMIO_CORE_DIR": str(core.path)})
        assert found.output == str(core.path / "packages" / "tool-scons")
        version = run([sys.executable, core.path / "packages/tool-scons/scons.py", "--version"])
        assert f"SCons: v{scons_requirement()[1]}" in version.output

    def test_second_time_changes_nothing(self):
        marker = prepare_core().path / "packages/tool-scons/.piopm"
        before = marker.stat().st_ino
        prepare_core()
        assert marker.stat().st_ino == before

    @pytest.mark.parametrize("damage", ["", "{", '{"version": "1.0.0"}', "[]"])
    def test_replaces_a_damaged_package(self, damage: str):
        package = prepare_core().path / "packages/tool-scons"
        (package / ".piopm").write_text(damage)
        (package / "scons.py").unlink()
        core = prepare_core()
        assert core.scons_problem == ""
        assert (package / "scons.py").is_file()
        assert json.loads((package / ".piopm").read_text())["spec"]["owner"] == "platformio"
        assert [path.name for path in core.path.iterdir() if "tool-scons-" in path.name] == []

    def test_asks_pip_when_the_environment_has_another_scons(self, no_scons: str, monkeypatch: pytest.MonkeyPatch):
        commands = []

        def pip(command, **options) -> Completed:
            commands.append([str(word) for word in command])
            target = Path(command[command.index("--target") + 1])
            (target / "SCons" / "Script").mkdir(parents=True)
            return Completed(tuple(command), 0, ())

        monkeypatch.setattr(pio, "run", pip)
        said: list[str] = []
        assert prepare_core(said.append).scons_problem == ""
        assert commands[0][:4] == [sys.executable, "-m", "pip", "install"]
        assert commands[0][-1] == f"scons=={no_scons}"
        assert said == [f"Fetching SCons {no_scons} for PlatformIO with pip"]

    def test_tells_why_pip_could_not(self, no_scons: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(pio, "run", lambda command, **_: Completed(tuple(command), 1, ("ERROR: no network",)))
        core = prepare_core()
        assert core.scons_problem == f"pip could not install scons=={no_scons}: ERROR: no network"
        assert not (core.path / "packages/tool-scons").exists()

    def test_cache_that_cannot_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("BOARDPROOF_CACHE_DIR", str(tmp_path / "file" / "cache"))
        with pytest.raises(ToolError, match="cannot be written") as caught:
            prepare_core()
        assert "BOARDPROOF_CACHE_DIR" in caught.value.hint

    def test_at_once_from_several_processes(self):
        script = "from boardproof.device.build.pio import prepare_core; assert not prepare_core().scons_problem"
        starter = (
            "import subprocess, sys;"
            f"jobs = [subprocess.Popen([sys.executable, '-c', {script!r}]) for _ in range(4)];"
            "sys.exit(sum(job.wait() for job in jobs))"
        )
        generator = str(Path(pio.__file__).parents[3])
        done = run([sys.executable, "-c", starter], env={"PYTHONPATH": generator}, timeout_s=60)
        assert (done.status, done.output) == (0, "")


class TestEnvironment:
    def test_says_nothing_to_anyone_and_leaves_the_users_directory(self, tmp_path: Path):
        variables = Core(tmp_path / "core", tmp_path / "objects").environment(tmp_path / "project")
        assert variables["PLATFORMIO_CORE_DIR"] == str(tmp_path / "core")
        assert variables["PLATFORMIO_SETTING_ENABLE_TELEMETRY"] == "no"
        assert variables["PLATFORMIO_DISABLE_UPGRADE_CHECK"] == "true"
        assert "PLATFORMIO_PLATFORMS_DIR" not in variables

    def test_platforms_of_a_projects_own_are_kept_in_it(self, tmp_path: Path):
        (tmp_path / "platforms").mkdir()
        variables = Core(tmp_path / "core", tmp_path / "objects").environment(tmp_path)
        assert variables["PLATFORMIO_PLATFORMS_DIR"] == str(tmp_path / ".pio" / "platforms")


class TestLibraries:
    def directory(self, tmp_path: Path, name: str, settings: str) -> str | None:
        (tmp_path / name).mkdir()
        (tmp_path / name / "platformio.ini").write_text(settings)
        return Core(tmp_path, tmp_path).environment(tmp_path / name).get("PLATFORMIO_LIBDEPS_DIR")

    def test_are_shared_by_projects_with_the_same_settings(self, tmp_path: Path):
        one, two, other = (
            self.directory(tmp_path, name, f"[env:x]\nlib_deps = a/b@{version}")
            for name, version in [("one", "1.0.0"), ("two", "1.0.0"), ("other", "1.0.1")]
        )
        assert one == two != other

    def test_none_needed(self, tmp_path: Path):
        assert self.directory(tmp_path, "one", "[env:x]\n") is None


@pytest.mark.usefixtures("cache")
class TestPrune:
    def put(self, objects: Path, name: str, size: int, age_s: float) -> Path:
        path = objects / "compiler" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        os.utime(path, (time.time() - age_s,) * 2)
        return path

    def test_drops_the_oldest_first_and_nothing_recent(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(pio, "_OBJECTS_LIMIT_BYTES", 250)
        objects = prepare_core().objects
        day = 24 * 3600
        old, older, new = (self.put(objects, f"A{age}", 100, age * day) for age in (2, 3, 0))
        prepare_core()
        assert [path.exists() for path in (old, older, new)] == [True, False, True]
        monkeypatch.setattr(pio, "_OBJECTS_LIMIT_BYTES", 0)
        prepare_core()
        assert [path.exists() for path in (old, older, new)] == [False, False, True]

    def test_what_another_build_renames_meanwhile_does_not_hinder(self, monkeypatch: pytest.MonkeyPatch):
        passing = self.put(prepare_core().objects, "A1.tmp", 100, 0)
        looks, allowed, stat = 0, 0, Path.stat

        def gone_when_looked_at_again(path: Path, **how: bool) -> os.stat_result:
            nonlocal looks
            looks += path == passing
            if path == passing and looks > allowed:
                raise FileNotFoundError(2, "No such file or directory")
            return stat(path, **how)

        monkeypatch.setattr(Path, "stat", gone_when_looked_at_again)
        prepare_core()
        assert looks > 0
        looks, allowed = 0, 1
        prepare_core()
        assert looks > 0
