from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boardproof.device.process import command_text, run, spawn
from boardproof.errors import ToolError

PYTHON = sys.executable
GENERATOR = Path(__file__).parents[2] / "generator"
# Starts a grandchild that would outlive it, tells its id, and waits.
PARENT = "sleep 300 & echo $!; wait"


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie: nobody may reap orphans in a container."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    stop = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < stop, f"process {pid} outlived its parent"
        time.sleep(0.01)


class TestRun:
    def test_keeps_stdout_and_stderr_in_order(self):
        done = run(["sh", "-c", "echo one; echo two >&2; printf three"])
        assert done.lines == ("one", "two", "three")
        assert done.output == "one\ntwo\nthree"
        assert done.status == 0

    def test_returns_any_exit_status(self):
        assert run(["sh", "-c", "exit 7"]).status == 7
        assert run(["sh", "-c", "kill -9 $$"]).status == -signal.SIGKILL

    def test_passes_arguments_without_a_shell(self):
        words = ["a b", "$HOME", "*", "é", "'\""]
        assert run([PYTHON, "-c", "import sys; print(sys.argv[1:])", *words]).lines == (str(words),)

    def test_adds_to_the_environment(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("OURS", "1")
        assert run(["sh", "-c", "echo $OURS$THEIRS"], env={"THEIRS": "2"}).lines == ("12",)

    def test_runs_in_a_directory(self, tmp_path: Path):
        assert run(["pwd"], cwd=tmp_path).lines == (str(tmp_path),)

    def test_gives_lines_as_they_come(self, tmp_path: Path):
        seen = tmp_path / "seen"
        script = f"echo first; while [ ! -e '{seen}' ]; do sleep 0.01; done; echo second"
        assert run(["sh", "-c", script], timeout_s=20, on_line=lambda _: seen.touch()).lines == ("first", "second")

    def test_reads_any_bytes(self):
        assert run(["printf", r"a\377b\r\nc\303\251\n\nd"]).lines == ("a�b", "cé", "", "d")

    def test_reads_letters_that_arrive_in_pieces(self):
        assert run(["sh", "-c", r"printf '\303'; sleep 0.2; printf '\251'"]).lines == ("é",)

    def test_has_no_stdin(self):
        assert run(["cat"]).lines == ()

    def test_does_not_wait_for_what_outlives_the_program(self):
        done = run(["sh", "-c", "sleep 300 & echo $!"], timeout_s=20)
        wait_until_gone(int(done.lines[0]))

    def test_timeout_kills_the_whole_group(self):
        with pytest.raises(ToolError, match=r"sh did not finish within 0\.5 s") as caught:
            run(["sh", "-c", PARENT], timeout_s=0.5)
        assert "less load" in caught.value.hint
        wait_until_gone(int(caught.value.details))

    def test_timeout_kills_what_ignores_sigterm(self):
        with pytest.raises(ToolError) as caught:
            run(["sh", "-c", "trap '' TERM; echo $$; while :; do sleep 0.1; done"], timeout_s=0.5)
        wait_until_gone(int(caught.value.details))

    def test_timeout_of_a_program_that_closed_its_output(self):
        with pytest.raises(ToolError, match="did not finish"):
            run(["sh", "-c", "exec >&- 2>&-; sleep 300"], timeout_s=0.5)

    def test_exception_kills_the_whole_group(self):
        seen = []

        def fail(line: str) -> None:
            seen.append(int(line))
            raise RuntimeError

        with pytest.raises(RuntimeError):
            run(["sh", "-c", PARENT], on_line=fail)
        wait_until_gone(seen[0])

    def test_interrupt_kills_the_whole_group(self):
        script = (
            "from boardproof.device.process import run;"
            f"run(['sh', '-c', '{PARENT}'], on_line=lambda line: print(line, flush=True))"
        )
        ours = subprocess.Popen(
            [PYTHON, "-c", script],
            env={**os.environ, "PYTHONPATH": str(GENERATOR)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        with ours:
            assert ours.stdout is not None
            grandchild = int(ours.stdout.readline())
            ours.send_signal(signal.SIGINT)
            assert ours.wait(20) != 0
        wait_until_gone(grandchild)

    def test_missing_program(self):
        with pytest.raises(ToolError) as caught:
            run(["no-such-program-here", "--version"])
        assert caught.value.message == "The program no-such-program-here does not exist."
        assert "boardproof doctor" in caught.value.hint

    def test_missing_directory(self, tmp_path: Path):
        with pytest.raises(ToolError, match="gone does not exist"):
            run(["true"], cwd=tmp_path / "gone")

    def test_program_that_is_not_executable(self, tmp_path: Path):
        (tmp_path / "tool").write_text("")
        with pytest.raises(ToolError, match="tool cannot be started: Permission denied"):
            run([tmp_path / "tool"])


class TestSpawn:
    def test_pipes(self):
        with spawn(["cat"], pipes=True) as child:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(b"\x00\xff")
            assert child.stdout.read(2) == b"\x00\xff"
            assert child.poll() is None

    def test_closing_stdin_lets_it_end_by_itself(self):
        child = spawn(["sh", "-c", "cat; echo bye >&2; exit 3"], pipes=True)
        child.close()
        assert child.poll() == 3
        assert child.stderr_text() == "bye\n"

    def test_close_kills_the_whole_group(self, tmp_path: Path):
        told = tmp_path / "pid"
        with spawn(["sh", "-c", f"sleep 300 & echo $! > '{told}.new'; mv '{told}.new' '{told}'; wait"]):
            stop = time.monotonic() + 20
            while not told.exists():
                assert time.monotonic() < stop
                time.sleep(0.01)
        wait_until_gone(int(told.read_text()))

    def test_close_twice(self):
        child = spawn(["sleep", "300"])
        child.close()
        child.close()
        assert child.poll() == -signal.SIGTERM

    def test_stderr_can_be_read_while_it_writes(self):
        script = (
            "import sys, time\nfor i in range(200): sys.stderr.write(f'{i}\\n'); sys.stderr.flush(); time.sleep(0.001)"
        )
        with spawn([PYTHON, "-c", script]) as child:
            while child.poll() is None:
                child.stderr_text()
            assert child.stderr_text().split() == [str(i) for i in range(200)]

    def test_only_the_end_of_a_long_stderr_is_kept(self):
        with spawn([PYTHON, "-c", "import sys; sys.stderr.write('x' * 200_000 + 'end')"]) as child:
            assert child.wait(20) == 0
            text = child.stderr_text()
        assert len(text) == 64 * 1024
        assert text.endswith("end")

    def test_wait_gives_up(self):
        with spawn(["sleep", "300"]) as child:
            assert child.wait(0.05) is None

    def test_missing_program(self):
        with pytest.raises(ToolError, match="does not exist"):
            spawn(["no-such-program-here"])

    @pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) not on PATH")
    def test_dies_with_us_even_when_we_are_killed(self):
        script = (
            "import sys, time; from boardproof.device.process import spawn;"
            "child = spawn(['sh', '-c', 'echo ready >&2; exec sleep 300'], die_with_us=True);"
            "[time.sleep(0.01) for _ in iter(child.stderr_text, 'ready\\n')];"
            "print(child.pid, flush=True); time.sleep(300)"
        )
        ours = subprocess.Popen(
            [PYTHON, "-c", script], env={**os.environ, "PYTHONPATH": str(GENERATOR)}, stdout=subprocess.PIPE
        )
        with ours:
            assert ours.stdout is not None
            pid = int(ours.stdout.readline())
            ours.kill()
        wait_until_gone(pid)


def test_command_text_is_what_one_would_type():
    assert command_text(["pio", "run", Path("a b")]) == "pio run 'a b'"
