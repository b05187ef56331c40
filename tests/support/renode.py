"""A stand-in for Renode: a program of its name that takes the same command line."""

from __future__ import annotations

import re
import socket
import sys
import threading
from pathlib import Path

HERE = Path(__file__).parent
WORKS = ("serve", "echo", "deaf", "refuse", "die", "vanish")
"""What a stand-in does: runs the project's firmware under unicorn, echoes, does not listen, says what Renode's monitor
says when a command fails, ends at once, or closes the connection when the first bytes come."""


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
    commands = re.fullmatch(r"\$port=(\d+); include @(.*)", arguments[-1])
    assert arguments[:-1] == ["--disable-xwt", "--console", "--plain", "-e"], arguments
    assert commands is not None, arguments
    port, script = int(commands[1]), Path(commands[2].replace(r"\ ", " "))
    assert script.is_file()
    _say(f"Renode, version 0 (stand-in)\n(monitor) {arguments[-1]}")
    if work == "die":
        raise SystemExit(3)
    if work == "refuse":
        _say("There was an error executing command 'machine LoadPlatformDescription @boardproof.repl'")
        _say("Error E05: Could not find suitable type")
    elif work != "deaf":
        threading.Thread(target=_serve, args=(work, port, script), daemon=True).start()
    for line in sys.stdin:
        if line == "quit\n":
            return
    threading.Event().wait()  # like Renode, which does not end with its input


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _serve(work: str, port: int, script: Path) -> None:
    with socket.create_server(("127.0.0.1", port)) as server:
        connection, _ = server.accept()
    if work == "serve":
        _run_firmware(connection, script.parent.parent)
    while data := connection.recv(4096):
        if work == "vanish":
            connection.close()
            return
        connection.sendall(data)


def _run_firmware(connection: socket.socket, project: Path) -> None:
    from support.nrf52840_unicorn import UnicornLink

    with UnicornLink(project / ".pio/build/nrf52840-renode/firmware.elf") as link:
        while data := connection.recv(4096):
            link.write(data)
            connection.sendall(link.read(1 << 20, 0))
