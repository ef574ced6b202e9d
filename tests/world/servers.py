"""Real database servers for tests, started where their programs are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from world.model import Meeting

_STARTING = 20.0
"""Seconds that a server may take until it accepts connections."""


class NotInstalled(Exception):
    """The program is not on this machine; the message says which."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is not None and os.path.realpath(found) != "/usr/share/postgresql-common/pg_wrapper":
        return found
    for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True):
        return str(path)
    raise NotInstalled(f"{name} is not installed")


class _Server:
    """A process in a folder of its own."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="server-")
        self._process: subprocess.Popen[bytes] | None = None
        # PostgreSQL refuses to run as root.
        self._user: dict[str, Any] = {"user": "nobody"} if os.geteuid() == 0 else {}
        if self._user:
            shutil.chown(self.folder, "nobody")

    def run(self, *command: str) -> None:
        """Start the server's program and wait until it answers."""
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
            **self._user,
        )  # fmt: skip
        limit = time.monotonic() + _STARTING
        while True:
            if self.answers():
                return
            if time.monotonic() > limit or self._process.poll() is not None:
                self.close()
                raise NotInstalled(f"{command[0]} does not start here")
            time.sleep(0.02)

    def answers(self) -> bool:
        """Whether it takes connections already."""
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def close(self) -> None:
        """Stop it and remove its folder."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgreSQL(_Server):
    """A fresh cluster on the loopback interface. Raises `NotInstalled`."""

    def __init__(self) -> None:
        initdb, postgres = _program("initdb"), _program("postgres")
        super().__init__()
        data = os.path.join(self.folder, "data")
        command = (initdb, "-D", data, "-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync")
        made = subprocess.run(command, cwd=self.folder, capture_output=True, **self._user)
        if made.returncode:
            self.close()
            raise NotInstalled("initdb fails here")
        options = ("listen_addresses=127.0.0.1", f"port={self.port}", "fsync=off",
                   f"unix_socket_directories={self.folder}")  # fmt: skip
        self.run(postgres, "-D", data, *(part for one in options for part in ("-c", one)))

    def answers(self) -> bool:
        """It listens before it serves."""
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.address).close()
            return True
        return False

    @property
    def address(self) -> str:
        """What a client connects to."""
        return address(self.port)


def address(port: int) -> str:
    """The parameters of a connection to the test's user, through *port*."""
    return f"host=127.0.0.1 port={port} user=tester dbname=postgres gssencmode=disable"


class Redis(_Server):
    """An empty server on the loopback interface. Raises `NotInstalled`."""

    def __init__(self) -> None:
        program = _program("redis-server")
        super().__init__()
        self.run(program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "")


class Relay:
    """Passes bytes on to a server, and lets requests that hold *mark* attend a meeting."""

    def __init__(self, port: int) -> None:
        self.meeting: Meeting | None = None
        self.mark = b""
        self.connections = 0
        self.open = self.peak = 0
        self._target = port
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def reset(self, meeting: Meeting | None = None, mark: bytes = b"") -> None:
        """Count from here; the next requests with *mark* attend *meeting*."""
        self.meeting, self.mark = meeting, mark
        self.connections = self.peak = 0

    def close(self) -> None:
        """Stop accepting."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                with self._lock:
                    self.connections += 1
                    self.open += 1
                    self.peak = max(self.peak, self.open)
                server = socket.create_connection(("127.0.0.1", self._target))
                for parts in ((client, server, True), (server, client, False)):
                    threading.Thread(target=self._pass, args=parts, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                meeting = self.meeting
                if asks and meeting is not None and self.mark in data:
                    meeting.attend("")
                target.sendall(data)
        if asks:
            with self._lock:
                self.open -= 1
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
