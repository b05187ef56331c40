"""Native firmware behind a TCP port, as a board on another machine would be: socket://127.0.0.1:PORT."""

from __future__ import annotations

import socket
import subprocess
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ServedBoard:
    """A context manager; each connection finds the firmware freshly started, as after a reset."""

    def __init__(self, elf: Path) -> None:
        self._elf = elf
        self._server = socket.create_server(("127.0.0.1", 0))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._starting = threading.Lock()  # a firmware may answer before it is in the list
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self._server.getsockname()[1]}"

    @property
    def connections(self) -> int:
        return len(self._processes)

    def kill(self) -> None:
        """Ends the firmware in the middle of whatever it does."""
        with self._starting:
            self._processes[-1].kill()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection, self._starting:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                process = subprocess.Popen([self._elf], stdin=connection, stdout=connection, stderr=subprocess.DEVNULL)
                self._processes.append(process)

    def __enter__(self) -> ServedBoard:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()
        for process in self._processes:
            process.kill()
            process.wait()
