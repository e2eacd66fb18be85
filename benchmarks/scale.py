"""Load time, index time, disk and memory of generated catalogues of several sizes, as a Markdown table.

    python -m benchmarks.scale 4174 100000
    python -m benchmarks.scale --abstracts short 1000000
    python -m benchmarks.scale catalogue.nq

Each size runs the real commands in a fresh data directory: ``endpoint load``, then ``endpoint serve``,
then, with ``--reload``, a further small load while the server runs. Where the program ``oxigraph`` is
installed (``pip install oxigraph``), ``oxigraph load`` of the same file runs first; ``--parts load`` ends
after the loads. Processor time is that of all processes of a load.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.catalogue import Catalogue, write
from benchmarks.serving import free_port, program
from benchmarks.streaming_memory import family

_STEP: Final = 0.05  # seconds between two looks
_MOST: Final = 1800.0  # seconds to wait for anything
_MEGABYTE: Final = 2**20
ENDPOINT: Final = (sys.executable, "-m", "endpoint")


@dataclass
class Row:
    """One line of the table: what was measured, by the column's name."""

    name: str
    found: dict[str, str] = field(default_factory=dict)


def generated(folder: Path, publications: int, abstracts: str) -> Path:
    """A generated catalogue."""
    file = folder / f"{publications}.nq"
    with file.open("wb") as out:
        write(Catalogue(publications, 1, 10 if abstracts == "short" else 1), out, graphs=True)
    return file


@dataclass(frozen=True, slots=True)
class Run:
    """A command that has ended: what it said, and its seconds, processor seconds and bytes of memory."""

    text: str
    taken: float
    processor: float
    memory: int


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; its memory is that of its largest process."""
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        taken = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {text}")
    return Run(text, taken, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def load_by_oxigraph(row: Row, folder: Path, file: Path) -> float | None:
    """``oxigraph load``, where there is the program; return its processor time."""
    if (oxigraph := program("oxigraph")) is None:
        return None
    loaded = run([oxigraph, "load", "--location", str(folder / "oxigraph"), "--file", str(file)])
    row.found["oxigraph load"] = seconds(loaded.taken)
    row.found["of a processor"] = seconds(loaded.processor)
    row.found["memory of oxigraph load"] = megabytes(loaded.memory)
    return loaded.processor


def load(row: Row, data: Path, file: Path, beside: float | None = None) -> None:
    """``endpoint load``, its time and memory, and what it says of its parts; ``beside`` is the processor time
    of Oxigraph."""
    loaded = run([*ENDPOINT, "load", str(file), "--data", str(data)])
    text = loaded.text
    row.found["file"] = megabytes(file.stat().st_size)
    if quads := re.search(r"holds ([\d,]+) quads", text):
        row.found["quads"] = quads[1]
    row.found["load"] = seconds(loaded.taken)
    row.found["load, of a processor"] = seconds(loaded.processor)
    if beside is not None:
        row.found["beside oxigraph load"] = f"{loaded.processor / beside:.1f} ×"
    for name, line in (
        ("derive", r"derived .* in ([\d.]+) s"),
        ("columns", r"columns in ([\d.]+) s"),
        ("index", r"indexed .* in ([\d.]+) s"),
    ):
        if part := re.search(line, text, re.IGNORECASE):
            row.found[f"of which {name}"] = seconds(float(part[1]))
    row.found["memory of load"] = megabytes(loaded.memory)


def disk(row: Row, data: Path) -> None:
    """Record the size of the current generation: its store (shared with the writer's) and its text index."""
    number = int((data / "current").read_text())
    generation = data / "generations" / f"{number:06d}"
    row.found["store"] = megabytes(size(generation / "store"))
    if (generation / "text").is_dir():
        row.found["text index"] = megabytes(size(generation / "text"))


def size(folder: Path) -> int:
    """Bytes of the files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@dataclass
class Running:
    """A server that was started, its log and its port."""

    process: subprocess.Popen[bytes]
    log: Path
    port: int
    started: float

    def since(self) -> float:
        """Seconds since it was started."""
        return time.perf_counter() - self.started

    def wait(self, pattern: str) -> None:
        """Until its log says so."""
        while re.search(pattern, self.log.read_text()) is None:
            if self.since() > _MOST or self.process.poll() is not None:
                raise SystemExit(f"the server did not say {pattern!r}: {self.log.read_text()[-2000:]}")
            time.sleep(_STEP)

    def generation(self) -> int:
        """Return the generation that it serves; 0 before it answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_MOST)
        try:
            connection.request("GET", "/-/ready")
            return int(json.loads(connection.getresponse().read()).get("generation", 0))
        except OSError:
            return 0
        finally:
            connection.close()

    def memory(self) -> str:
        """Memory of the server, its template and its workers; shared pages are counted once."""
        total = 0
        for pid in family(self.process.pid):
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(rollup.partition("\nPss:")[2].split()[0]) * 1024
        return megabytes(total)


@contextmanager
def serving(data: Path) -> Iterator[Running]:
    """``endpoint serve``, from its start to its end."""
    log = data.parent / "serve.log"
    port = free_port()
    command = [*ENDPOINT, "serve", "--data", str(data), "--port", str(port)]
    with log.open("wb") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
    try:
        yield Running(process, log, port, started)
    finally:
        process.terminate()
        process.wait()


def serve(row: Row, data: Path, reload: bool) -> None:
    """Time to the first answer and to the image, and the memory then."""
    with serving(data) as server:
        while not server.generation():
            if server.process.poll() is not None or server.since() > _MOST:
                raise SystemExit(f"the server did not start: {server.log.read_text()[-2000:]}")
            time.sleep(_STEP)
        row.found["first answer"] = seconds(server.since())
        row.found["memory then"] = server.memory()
        if "from disk" in server.log.read_text() and fits(server):
            server.wait("from memory")
            row.found["in memory"] = seconds(server.since())
            row.found["memory at last"] = server.memory()
        if reload:
            row.found["new data served after"] = seconds(changed(server, data))


def fits(server: Running) -> bool:
    """Return whether an image is being read: a second template beside the one that serves from disk."""
    time.sleep(1.0)
    templates = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return len(templates) > 1 or "from memory" in server.log.read_text()


def changed(server: Running, data: Path) -> float:
    """Seconds from the publication of a further load until the server serves it."""
    more = data.parent / "more.nt"
    more.write_text("<urn:s> <urn:p> <urn:o> .\n")
    before = server.generation()
    command = [*ENDPOINT, "load", str(more), "--data", str(data), "--graph", "urn:g"]
    loading = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    current = data / "current"
    published = 0.0
    while server.generation() == before:
        if not published and int(current.read_text()) != before:
            # The time of the rename, by the clock of the file system.
            published = current.stat().st_mtime
        time.sleep(_STEP / 5)
    served = time.time()
    loading.wait()
    return served - (published or current.stat().st_mtime)


def megabytes(amount: float) -> str:
    """``1,234 MB``."""
    return f"{amount / _MEGABYTE:,.0f} MB"


def seconds(amount: float) -> str:
    """``12.3 s``."""
    return f"{amount:,.1f} s"


def table(rows: list[Row]) -> str:
    """Markdown: one column for each row, since there are more figures than sizes."""
    names = list(dict.fromkeys(name for row in rows for name in row.found))
    lines = ["| | " + " | ".join(row.name for row in rows) + " |", "|---|" + "---:|" * len(rows)]
    lines += [f"| {name} | " + " | ".join(row.found.get(name, "") for row in rows) + " |" for name in names]
    return "\n".join(lines)


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("sizes", nargs="*", default=["4174"], help="numbers of publications, or files")
    parser.add_argument("--abstracts", choices=("real", "short"), default="real")
    parser.add_argument("--reload", action="store_true", help="also load a little more while it serves")
    parser.add_argument("--parts", choices=("all", "load"), default="all")
    parser.add_argument("--folder", type=Path, help="where to put the data; a temporary folder else")
    options = parser.parse_args()
    rows: list[Row] = []
    for wanted in options.sizes:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            folder = Path(name)
            file = generated(folder, int(wanted), options.abstracts) if wanted.isdigit() else Path(wanted)
            row = Row(f"{int(wanted):,}" if wanted.isdigit() else file.stem)
            load(row, folder / "data", file, load_by_oxigraph(row, folder, file))
            disk(row, folder / "data")
            if options.parts == "all":
                serve(row, folder / "data", options.reload)
            rows.append(row)
            print(f"{row.name}: {row.found}", file=sys.stderr, flush=True)
    print(table(rows))


if __name__ == "__main__":
    main()
