"""The real server as a process, and a plain HTTP client for it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from tests.children import below
from tests.forking import PYTHON, Forked, run_forked, start_forked
from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent
# The flags of all servers; others may follow.
ALWAYS = ("--allowed-hosts", "*", "--cache", "0")


@dataclass(frozen=True)
class Answer:
    """A whole HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def type(self) -> str:
        return self.headers["content-type"].partition(";")[0]

    def json(self) -> Any:
        return json.loads(self.body)

    def rows(self) -> list[dict[str, str]]:
        """The solutions of a SPARQL JSON answer, values only."""
        bindings = self.json()["results"]["bindings"]
        return [{name: term["value"] for name, term in row.items()} for row in bindings]


@dataclass
class Server:
    """A running server process."""

    process: subprocess.Popen[str] | Forked
    host: str
    port: int
    data: Path
    log: Path

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def connection(self, timeout: float = PATIENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = PATIENCE,
    ) -> Answer:
        connection = self.connection(timeout)
        try:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str, accept: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if accept is not None:
            named["Accept"] = accept
        return self.request("GET", path, headers=named)

    def query(self, text: str, accept: str | None = None, path: str = "/sparql", **parameters: str) -> Answer:
        """GET the query, with more parameters of the protocol where given."""
        named = {name.replace("_", "-"): value for name, value in parameters.items()}
        return self.get(f"{path}?{urlencode({'query': text, **named}, quote_via=quote)}", accept)

    def post(
        self, text: str, accept: str = "*/*", path: str = "/sparql", timeout: float = PATIENCE
    ) -> Answer:
        """POST the query directly."""
        headers = {"Content-Type": "application/sparql-query", "Accept": accept}
        return self.request("POST", path, text.encode(), headers, timeout)

    def quickest(self, tries: int = 5) -> float:
        """Seconds of the quickest of a few small queries: what the next client notices."""
        taken = []
        for _ in range(tries):
            start = time.perf_counter()
            assert self.query("ASK {}", cache="off").status == 200
            taken.append(time.perf_counter() - start)
        return min(taken)

    def children(self) -> list[int]:
        """Process ids of everything below the server: the template and its workers."""
        return below(self.process.pid)

    def stop(self) -> int:
        """Ask it to end, and wait. Returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


_CLIENTS = count(1)


def new_client() -> str:
    """Return the address of a client that has asked nothing yet, for ``X-Forwarded-For``.

    Who has asked much lately gives way to others, and on a busy machine meets the deadline instead.
    """
    number = next(_CLIENTS)
    return f"198.18.{number // 256}.{number % 256}"


def environment(code: Path = ROOT) -> dict[str, str]:
    """The environment of the checkout ``code``, without settings of the machine that runs the tests."""
    found = {name: value for name, value in os.environ.items() if not name.startswith("ENDPOINT_")}
    return {**found, "PYTHONPATH": str(code)}


def command(*arguments: str) -> list[str]:
    """The command line of ``endpoint`` with warnings as errors."""
    return [*PYTHON, "-m", "endpoint", *arguments]


def run(
    *arguments: str, cwd: Path = ROOT, text: str = "", code: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run ``endpoint`` to its end; forked from a process that has imported it, unless of another checkout."""
    if code == ROOT:
        return run_forked(arguments, cwd, environment(), text, PATIENCE)
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        env=environment(code),
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def serving(
    data: Path, *flags: str, cwd: Path = ROOT, code: Path = ROOT, forked: bool = True
) -> Iterator[Server]:
    """A server process on a free port, of any host name; ended afterwards, whatever happens.

    Unless a flag says otherwise it keeps no answers, which would be given in place of the workers' that most
    tests ask for. It is forked from a process that has imported what it needs, unless it is of another
    checkout or a test is about the start.
    """
    log = data.parent / f"{data.name}.log"
    arguments = ("serve", "--port", "0", "--data", str(data), *ALWAYS, *flags)
    process: subprocess.Popen[str] | Forked
    with log.open("w") as errors:
        if forked and code == ROOT:
            process = start_forked(arguments, cwd, environment(), errors.fileno())
        else:
            process = subprocess.Popen(
                command(*arguments),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment(code),
            )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("Serving SPARQL at http"), log.read_text()
        host, _, port = line.split("//")[1].removesuffix("/sparql\n").rpartition(":")
        yield Server(process, host, int(port), data, log)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        process.stdout.close()
