"""The servers that are measured beside each other, each loaded and started from its own package.

All hold the same triples: those of the data directory that ``endpoint load`` made, derived ones included.
Here they stand in several graphs, of which a query sees the union; elsewhere in one.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from benchmarks.client import Get
from benchmarks.process_tree import tree, usage
from benchmarks.reading_room import Query
from benchmarks.serving import free_port, process, program
from endpoint.engine.processes import processor_time

_GRAPH: Final = "urn:catalogue"
# All requests come from one address, which would soon have used up what one client may.
_OURS: Final = ("--budget", "0", "--max-queries-per-client", "10000", "--timeout", "600")
_VIRTUOSO: Final = """\
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
MaxCheckpointRemap = 2000
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 20
DirsAllowed = {data}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
MaxQueryMem = 2G
ThreadsPerQuery = 4
AsyncQueueMaxThreads = 10
CaseMode = 2
CheckpointInterval = 0
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerRoot = {folder}
ServerThreads = 20
MaxKeepAlives = 20
KeepAliveTimeout = 60
EnabledGzipContent = 0
Charset = UTF-8
[SPARQL]
ResultSetMaxRows = 100000000
MaxQueryCostEstimationTime = 0
MaxQueryExecutionTime = 0
"""


@dataclass(frozen=True)
class Cost:
    """One run of a program or a step: seconds, seconds of all processors, the most memory in bytes."""

    seconds: float
    processor: float = 0.0
    memory: int = 0


def run(command: Sequence[str], checkout: Path | None = None) -> Cost:
    """Run a program to its end. Raises :class:`RuntimeError` where it fails."""
    os.sync()
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": str(checkout)} if checkout else None
        process = subprocess.Popen(command, stdout=said, stderr=said, cwd=checkout, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise RuntimeError(f"{command!r} failed: {said.read().decode(errors='replace')[-2000:]}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024)


class Server:
    """A kind of server: how it is loaded, started and asked. ``folder`` is its own."""

    name = ""
    path = "/sparql"
    parameters: tuple[tuple[str, str], ...] = ()

    def __init__(self, folder: Path, executable: str) -> None:
        self.folder = folder
        self.executable = executable

    def version(self) -> str:
        """Return the name of the program with its version."""
        return self.name

    def load(self, file: Path) -> Cost | None:
        """Load a file into an empty store on disk; ``None`` where the server has none."""
        raise NotImplementedError

    def command(self, port: int) -> list[str]:
        """Return the command that serves what was loaded."""
        raise NotImplementedError

    def fill(self, port: int) -> None:
        """Load what goes into the running server only."""

    @contextmanager
    def serving(self) -> Iterator[Running]:
        """Run the server until the block ends; the block starts when it has all data and answers."""
        port = free_port()
        started = time.perf_counter()
        with process(self.command(port), port, self.checkout) as running:
            self.fill(port)
            yield Running(running.pid, port, time.perf_counter() - started)

    checkout: Path | None = None


class Ours(Server):
    """This project's server, or that of another checkout."""

    name = "this server"

    def __init__(self, folder: Path, checkout: Path | None = None, derive: bool = True) -> None:
        super().__init__(folder, sys.executable)
        self.checkout = checkout
        self._derive = () if derive else ("--derive", "off")
        if checkout is not None:
            self.name = f"checkout {checkout.name}"

    def version(self) -> str:
        """Return the commit that is measured."""
        where = self.checkout or Path(__file__).parent.parent
        found = subprocess.run(
            ["git", "-C", str(where), "describe", "--always", "--dirty"], capture_output=True, text=True
        )
        return f"{self.name} at {found.stdout.strip() or 'no commit'}"

    def load(self, file: Path) -> Cost:
        """``endpoint load``: store, derived statements, text index and columns."""
        command = [self.executable, "-m", "endpoint", "load", str(file), "--data", str(self.folder)]
        return run([*command, *self._derive], self.checkout)

    def command(self, port: int) -> list[str]:
        """``endpoint serve`` without a budget for the one client."""
        command = [self.executable, "-m", "endpoint", "serve", "--data", str(self.folder)]
        return [*command, "--port", str(port), *_OURS, *self._derive]


class OxigraphOnDisk(Server):
    """``oxigraph serve-read-only`` on a store of its own."""

    name = "oxigraph, disk"
    path = "/query"

    def version(self) -> str:
        """``oxigraph --version``."""
        return _said([self.executable, "--version"])

    def load(self, file: Path) -> Cost | None:
        """``oxigraph load``."""
        return run([self.executable, "load", "--location", str(self.folder), "--file", str(file)])

    def command(self, port: int) -> list[str]:
        """``oxigraph serve-read-only``."""
        command = [self.executable, "serve-read-only", "--location", str(self.folder)]
        return [*command, "--bind", f"127.0.0.1:{port}"]


class OxigraphInMemory(OxigraphOnDisk):
    """``oxigraph serve`` without a location, filled over HTTP."""

    name = "oxigraph, memory"

    def load(self, file: Path) -> None:
        """Remember the file."""
        self._file = file

    def command(self, port: int) -> list[str]:
        """``oxigraph serve``."""
        return [self.executable, "serve", "--bind", f"127.0.0.1:{port}"]

    def fill(self, port: int) -> None:
        """Send the file to its Graph Store."""
        connection = http.client.HTTPConnection("127.0.0.1", port)
        with self._file.open("rb") as body:
            headers = {
                "Content-Type": "application/n-triples",
                "Content-Length": str(self._file.stat().st_size),
            }
            connection.request("POST", "/store?default", body, headers)
            answer = connection.getresponse()
            said = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"oxigraph did not take the file: {answer.status} {said[:300]!r}")


class RdflibEndpoint(Server):
    """``rdflib-endpoint serve`` of a file, which it holds in memory."""

    name = "rdflib-endpoint"
    path = "/"

    def version(self) -> str:
        """Return the version that the Python beside the program has installed."""
        script = (
            "from importlib.metadata import version as v; print(v('rdflib-endpoint'), 'rdflib', v('rdflib'))"
        )
        return f"rdflib-endpoint {_said([str(Path(self.executable).with_name('python')), '-c', script])}"

    def load(self, file: Path) -> None:
        """Remember the file."""
        self._file = file

    def command(self, port: int) -> list[str]:
        """``rdflib-endpoint serve``."""
        return [self.executable, "serve", "--host", "127.0.0.1", "--port", str(port), str(self._file)]


class Virtuoso(Server):
    """Virtuoso 7 with a database of its own, and buffers as its makers advise for 2 GB of memory."""

    name = "Virtuoso 7"
    parameters = (("default-graph-uri", _GRAPH),)

    def __init__(self, folder: Path, executable: str) -> None:
        super().__init__(folder, executable)
        self._data = folder
        self._sql = free_port()

    def version(self) -> str:
        """Return the version that the program prints with its usage."""
        said = _said([self.executable, "-?"], line=1)
        return f"Virtuoso {' '.join(said.split()[1:2])}"

    def load(self, file: Path) -> Cost:
        """Load by its bulk loader into the running server, and make a checkpoint."""
        self.folder.mkdir()
        self._data = file.parent
        steps = f"ld_dir('{file.parent}', '{file.name}', '{_GRAPH}'); rdf_loader_run(); checkpoint;"
        # A second isql for the question, since the first goes on after a failure.
        question = "SELECT COUNT(*) FROM DB.DBA.load_list WHERE ll_state <> 2 OR ll_error IS NOT NULL;"
        with self.serving() as server:
            cost = run(self._isql(steps))
            failed = subprocess.run(self._isql(question), capture_output=True, text=True, check=True).stdout
            if not re.search(r"^0\s*$", failed, re.MULTILINE):
                raise RuntimeError(f"Virtuoso did not load {file}: {failed}")
            used = Cost(cost.seconds, server.processor(), server.memory())
            run(self._isql("shutdown;"))
        return used

    def _isql(self, steps: str) -> list[str]:
        isql = program("isql-vt") or program("isql")
        if isql is None:
            raise RuntimeError("the program 'isql' of Virtuoso is missing")
        return [isql, f"127.0.0.1:{self._sql}", "dba", "dba", "VERBOSE=OFF", f"exec={steps}"]

    def command(self, port: int) -> list[str]:
        """``virtuoso-t`` in the foreground."""
        settings = self.folder / "virtuoso.ini"
        settings.write_text(_VIRTUOSO.format(folder=self.folder, data=self._data, sql=self._sql, port=port))
        return [self.executable, "+foreground", "+configfile", str(settings)]


def _said(command: Sequence[str], line: int = 0) -> str:
    found = subprocess.run(command, capture_output=True, text=True)
    lines = (found.stdout + found.stderr).strip().splitlines()
    return lines[line].strip() if len(lines) > line else Path(command[0]).name


@dataclass(frozen=True)
class Running:
    """A running server; ``started`` are the seconds until it had all data and answered."""

    pid: int
    port: int
    started: float

    def processor(self) -> float:
        """Return the processor seconds of the server and all below it so far, ended ones included."""
        return sum(map(_processor, tree(self.pid)))

    def memory(self) -> int:
        """Return the bytes of the server and all below it; what they share counts once."""
        return usage(*tree(self.pid)).memory


def _processor(pid: int) -> float:
    """Return the seconds of a process, and of those below it that have ended and been reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0.0
    return (processor_time(pid) or 0.0) + sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Side:
    """A column of the tables: a server, and the parameters that its requests have beside the query."""

    name: str
    server: Server
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, query: Query) -> Get:
        """Return the request of a query."""
        values = [("query", query.text), *self.server.parameters, *self.parameters]
        return Get(f"{self.server.path}?{urlencode(values)}", query.accept)


_FOREIGN: Final[dict[str, tuple[str, Callable[[Path, str], Server]]]] = {
    "oxigraph-disk": ("oxigraph", OxigraphOnDisk),
    "oxigraph-memory": ("oxigraph", OxigraphInMemory),
    "rdflib-endpoint": ("rdflib-endpoint", RdflibEndpoint),
    "virtuoso": ("virtuoso-t", Virtuoso),
}
NAMES: Final = ("ours", "engine", *_FOREIGN)


def sides(names: Sequence[str], folder: Path, ours: Ours) -> tuple[list[Side], list[str]]:
    """Return the sides that are installed, and a sentence for each that is not."""
    found, missing = [], []
    for name in names:
        if name == "ours":
            found.append(Side(ours.name, ours))
        elif name == "engine":
            found.append(Side("without columns", ours, (("columns", "off"),)))
        else:
            needed, make = _FOREIGN[name]
            executable = program(needed)
            if executable is None:
                missing.append(f"{name} is not measured: the program '{needed}' is not installed")
            else:
                server = make(folder / name, executable)
                found.append(Side(server.name, server))
    return found, missing


def megabytes_on_disk(folder: Path) -> float:
    """Return the megabytes of the files of a folder; a file with several names counts once."""
    files = {(found.st_dev, found.st_ino): found.st_blocks * 512 for found in _stats(folder)}
    return sum(files.values()) / 2**20


def _stats(folder: Path) -> Iterator[os.stat_result]:
    return (path.stat() for path in folder.rglob("*") if path.is_file())


def remove(folder: Path) -> None:
    """Remove what was loaded."""
    shutil.rmtree(folder, ignore_errors=True)
