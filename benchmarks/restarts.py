"""Requests that fail while the server is restarted again and again under load.

.venv/bin/python -m benchmarks.restarts [--restarts 50] [--sequential]

A parent process holds the listening socket, as a systemd socket unit does, and each server takes it over. By
default the next server starts while the one before still answers; with ``--sequential`` it starts when the
one before has ended, as ``systemctl restart`` does it, and connections wait in between.

A client that uses a connection again may find it closed before it sees a byte of an answer. It then sends the
request once more on a new connection, as browsers and most libraries do (RFC 9110 section 9.2.2); these are
counted apart.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

# Each server answers the same: IRIs in an order, since labels of blank nodes differ.
SMALL: Final = "SELECT ?s { ?s ?p ?o FILTER(isIRI(?s)) } ORDER BY ?s LIMIT 20"
_VALUES: Final = " ".join(f"'{number:030}'" for number in range(300))
LARGE: Final = (
    "SELECT ?a ?o { { SELECT ?a { ?a ?p ?x FILTER(isIRI(?a)) } ORDER BY ?a LIMIT 300 } VALUES ?o { "
    f"{_VALUES} }} }}"
)
# Puts the listening socket where a service manager puts it, and becomes the server.
_HAND_OVER: Final = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); "
    "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[2], sys.argv[2:])"
)
# Answers between two restarts.
_BETWEEN: Final = 30
# Seconds that a client waits; longer than a start takes on a machine that is busy with other things.
_PATIENCE: Final = 300
_STALE: Final = (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError)


@dataclass
class Outcome:
    """What the clients met. ``longest`` is the longest answer in seconds."""

    answers: int = 0
    stale: int = 0
    longest: float = 0.0
    failures: list[str] = field(default_factory=list)


class Holder:
    """A supervisor that holds the listening socket of the servers that it starts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sock = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port: int = self._sock.getsockname()[1]
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        """Start a server and wait until it says that it is ready."""
        number = self._sock.fileno()
        serve = [sys.executable, "-m", "endpoint", "serve", "--data", str(self._folder / "data")]
        # A busy machine may take longer to send an answer than the default allows for one.
        serve += ["--drain", str(_PATIENCE)]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            address = self._folder / f"notify-{len(self._running)}"
            notified.bind(str(address))
            notified.settimeout(_PATIENCE)
            with (self._folder / "log").open("ab") as log:
                process = subprocess.Popen(
                    [sys.executable, "-c", _HAND_OVER, str(number), *serve, "--log-level", "warning"],
                    pass_fds=[number],
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env={**os.environ, "NOTIFY_SOCKET": str(address)},
                )
            self._running.append(process)
            while not notified.recv(4096).startswith(b"READY=1"):
                pass
        return process

    def close(self) -> list[int]:
        """End the server that still runs, wait for those that drain, and return all exit codes."""
        self._running[-1].send_signal(signal.SIGTERM)
        codes = [process.wait(_PATIENCE) for process in self._running]
        self._sock.close()
        return codes


class Client:
    """One client in a thread, which sends the same request over and over and compares the answers."""

    def __init__(self, port: int, text: str, *, keep: bool, method: str = "GET") -> None:
        self.outcome = Outcome()
        self._port = port
        self._text = text
        self._keep = keep
        self._method = method
        self._connection: http.client.HTTPConnection | None = None
        self._expected: bytes | None = None

    def run(self, ended: threading.Event) -> None:
        """Send requests until told to stop."""
        while not ended.is_set():
            begun = time.perf_counter()
            try:
                body = self._ask()
            except Exception as error:  # a failure of any kind is what is counted
                self.outcome.failures.append(f"{self._method}: {error!r}")
                self._close()
                continue
            self.outcome.answers += 1
            self.outcome.longest = max(self.outcome.longest, time.perf_counter() - begun)
            self._expected = self._expected or body
            if body != self._expected:
                self.outcome.failures.append(f"{self._method}: another answer, {len(body)} bytes")
        self._close()

    def _ask(self) -> bytes:
        used = self._connection is not None
        try:
            return self._once()
        except _STALE:
            if not used:
                raise
            self._close()
            self.outcome.stale += 1
            return self._once()

    def _once(self) -> bytes:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        headers = {"Accept": "text/csv", "Content-Type": "application/sparql-query"}
        if not self._keep:
            headers["Connection"] = "close"
        path, sent = f"/sparql?query={quote(self._text)}", None
        if self._method == "POST":
            path, sent = "/sparql", self._text.encode()
        self._connection.request(self._method, path, sent, headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.will_close:
            self._close()
        if answer.status != 200:
            raise ValueError(f"{answer.status} {body[:100]!r}")
        return body

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Load:
    """Clients with and without kept connections, and one that streams."""

    def __init__(self, port: int) -> None:
        self._clients = [
            *(Client(port, SMALL, keep=False) for _ in range(2)),
            *(Client(port, SMALL, keep=True) for _ in range(2)),
            Client(port, SMALL, keep=True, method="POST"),
            Client(port, LARGE, keep=True),
        ]
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=client.run, args=(self._ended,)) for client in self._clients]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def outcome(self) -> Outcome:
        """The sum of what the clients have met so far."""
        parts = [client.outcome for client in self._clients]
        return Outcome(
            sum(part.answers for part in parts),
            sum(part.stale for part in parts),
            max(part.longest for part in parts),
            [failure for part in parts for failure in part.failures],
        )

    def await_answers(self, number: int) -> None:
        """Wait until there are so many more answers or failures."""
        wanted = self.met + number
        while self.met < wanted:
            time.sleep(0.01)

    @property
    def met(self) -> int:
        """Answers and failures so far."""
        outcome = self.outcome
        return outcome.answers + len(outcome.failures)


def measure(folder: Path, restarts: int, sequential: bool) -> tuple[Outcome, list[int]]:
    """Restart so often under load; return what the clients met, and the exit codes of the servers."""
    holder = Holder(folder)
    running = holder.start()
    try:
        with Load(holder.port) as load:
            for _ in range(restarts):
                load.await_answers(_BETWEEN)
                before = running
                if sequential:
                    before.send_signal(signal.SIGTERM)
                    before.wait(_PATIENCE)
                    running = holder.start()
                else:
                    running = holder.start()
                    before.send_signal(signal.SIGTERM)
    finally:
        codes = holder.close()
    return load.outcome, codes


def main() -> None:
    """Print one line of what the clients met; exit with 1 where a request failed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--restarts", type=int, default=50)
    parser.add_argument("--sequential", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome, codes = measure(Path(folder), arguments.restarts, arguments.sequential)
    print(
        f"{arguments.restarts} restarts, {outcome.answers} answers, {len(outcome.failures)} failed requests, "
        f"{outcome.stale} sent again on a new connection, longest answer {outcome.longest:.2f} s, "
        f"exit codes {sorted(set(codes))}"
    )
    for failure in outcome.failures[:20]:
        print(f"  {failure}")
    sys.exit(1 if outcome.failures else 0)


if __name__ == "__main__":
    main()
