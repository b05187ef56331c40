"""A stand-in for Renode: a program of its name that takes the same command line, and the project's script.

It behaves as Renode 1.16.1 was seen to:

- every emulation has an external of the name "host" already; a name that is taken is refused;
- a script ends at the line that fails, and the monitor prints its prompt and waits;
- the UART's port opens with the terminal, before the firmware runs; what comes until then is lost;
- commands end at every semicolon, whatever the quoting;
- it ends when its standard input does.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
WORKS = ("serve", "echo", "slow", "deaf", "refuse", "unknown", "die", "vanish")
"""What a stand-in does: runs the project's firmware under unicorn; echoes; takes its time between opening the port and
starting the firmware, then echoes; never comes to the script's end; says what Renode's monitor says when the machine's
description is wrong, or when it does not know a command; ends at once; or closes the connection when the first bytes
come."""

PROMPT = "(boardproof) "
SLOW_S = 1.0


class CommandError(Exception):
    """What the monitor says of a command that failed."""


def stand_in(folder: Path, work: str) -> Path:
    """Makes a program called renode; returns its directory, for PATH."""
    assert work in WORKS
    program = folder / "bin" / "renode"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = [{str(HERE.parent)!r}, *{sys.path!r}]\n"
        f"from support.renode import main\nmain({work!r}, sys.argv[1:])\n"
    )
    program.chmod(0o755)
    return program.parent


def main(work: str, arguments: list[str]) -> None:
    assert arguments[:-1] == ["--disable-xwt", "--console", "--plain", "-e"], arguments
    _say("Renode, version 0 (stand-in)")
    if work == "die":
        raise SystemExit(3)
    monitor = Monitor(work)
    for command in arguments[-1].split(";"):
        _say(f"(monitor) {command.strip()}")
        if not monitor.try_to_run(command.strip()):
            break
    for line in sys.stdin:
        if line == "quit\n":
            return


class Monitor:
    """As much of Renode's monitor as the project's script needs."""

    def __init__(self, work: str) -> None:
        self._work = work
        self._variables: dict[str, str] = {}
        self._externals = {"host"}
        self._running = threading.Event()
        self._project = Path()

    def try_to_run(self, command: str) -> bool:
        """Runs a command; when it fails says so as Renode does, prompt included."""
        try:
            self.run(command)
        except CommandError as error:
            _say(f"{error}\n")
            sys.stdout.write(PROMPT)
            sys.stdout.flush()
            return False
        return True

    def run(self, command: str) -> None:
        words = self._expanded(command).replace(r"\ ", "\0").split()
        match [word.replace("\0", " ").strip('"') for word in words]:
            case [name, "?=", value]:
                self._variables.setdefault(name, value)
            case [name, "=", value]:
                self._variables[name] = value
            case ["include", path]:
                self._include(Path(path.removeprefix("@")))
            case ["echo", *rest]:
                _say(" ".join(rest))
            case rest:
                self._emulate(command, rest)

    def _emulate(self, command: str, words: list[str]) -> None:
        match words:
            case [("using" | "mach" | "connector"), *_]:
                pass
            case ["machine", "LoadPlatformDescription", path]:
                self._describe(command, Path(path))
            case ["sysbus", "LoadELF", path]:
                if not Path(path).is_file():
                    raise CommandError(f"There was an error executing command '{command}'\nFile does not exist: {path}")
            case ["emulation", "CreateServerSocketTerminal", port, name, "false"]:
                self._open_terminal(command, int(port), name)
            case ["emulation", "SetGlobalAdvanceImmediately", "true"]:
                time.sleep(SLOW_S if self._work == "slow" else 0)
            case ["start"]:
                self._start()
            case [unknown, *_]:
                raise CommandError(f"No such command or device: {unknown}")

    def _expanded(self, command: str) -> str:
        if assignment := re.fullmatch(r"(\$\w+)\s*(\??=)\s*(.*)", command):
            return " ".join(assignment.groups())
        for name, value in self._variables.items():
            command = command.replace(name, value)
        return command

    def _include(self, script: Path) -> None:
        if not script.is_file():
            raise CommandError(f"There was an error executing command 'include @{script}'\nNo such file {script}.")
        self._project = script.parent.parent
        self._variables["$ORIGIN"] = str(script.parent).replace(" ", r"\ ")
        for line in script.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", ":")):
                self.run(line)

    def _describe(self, command: str, path: Path) -> None:
        if self._work == "refuse" or not path.is_file():
            raise CommandError(
                f"There was an error executing command '{command}'\n"
                "Error E05: Could not find suitable type\nAt boardproof.repl:9:6:\n"
                "dwt: Miscellaneous.DWT @ sysbus\n     ^^^^^^^^^^^^^^^^^"
            )
        if self._work == "unknown":
            raise CommandError("No such command or device: dwt")

    def _open_terminal(self, command: str, port: int, name: str) -> None:
        if name in self._externals:
            raise CommandError(f"There was an error executing command '{command}'\nExternal's name already in use")
        self._externals.add(name)
        server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, args=(server,), daemon=True).start()

    def _start(self) -> None:
        if self._work == "deaf":
            threading.Event().wait()
        self._running.set()

    def _serve(self, server: socket.socket) -> None:
        with server:
            connection, _ = server.accept()
        while not self._running.is_set():
            connection.setblocking(False)  # nobody listens to the UART yet
            try:
                connection.recv(4096)
            except BlockingIOError:
                time.sleep(0.01)
        connection.setblocking(True)
        if self._work == "serve":
            _run_firmware(connection, self._project)
        while data := connection.recv(4096):
            if self._work == "vanish":
                connection.close()
                return
            connection.sendall(data)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _run_firmware(connection: socket.socket, project: Path) -> None:
    from support.nrf52840_unicorn import UnicornLink

    with UnicornLink(project / ".pio/build/nrf52840-renode/firmware.elf") as link:
        while data := connection.recv(4096):
            link.write(data)
            connection.sendall(link.read(1 << 20, 0))
