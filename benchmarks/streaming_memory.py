"""Memory of the server and its workers while a large result leaves, or dumps of a generated catalogue.

    python -m benchmarks.streaming_memory --megabytes 300
    python -m benchmarks.streaming_memory --publications 20000

Another client sends small queries meanwhile, and waits for each; the median and the longest wait are shown.
Memory that processes share is left out.
With ``--data`` a data directory that is there already is served, and left as it is.
"""

from __future__ import annotations

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import quote

from benchmarks.catalogue import Catalogue, write
from benchmarks.serving import free_port, process

QUERY = f"/sparql?query={quote('SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }')}"
# Seconds without a new process.
_STILL = 5.0
DUMPS = ("/store.nq", "/store.nq.gz", "/store.nt?default", "/store.trig")


def resident(pid: int) -> float:
    """Megabytes of memory that the process holds; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def private(pid: int) -> float:
    """Megabytes of memory that no other process shares; 0 where it has ended.

    Pages of the image and of the columns, which all workers share, are left out.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 2**10


def settled(parent: int) -> list[int]:
    """Return the process and everything below it, once that stays the same: the image has been read then."""
    seen, since = family(parent), time.monotonic()
    while time.monotonic() < since + _STILL:
        time.sleep(0.1)
        if seen != (now := family(parent)):
            seen, since = now, time.monotonic()
    return seen


def family(parent: int) -> list[int]:
    """The process and everything below it."""
    below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(pid for child in below for pid in family(int(child)))]


def main() -> None:
    """Read each answer and print the memory of each process before, and at most during it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300, help="that are read of an answer at most")
    parser.add_argument("--publications", type=int, default=0, help="of a catalogue to generate and dump")
    parser.add_argument("--data", type=Path, help="a data directory to dump")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder) / "data"
        if options.publications:
            load(Path(folder) / "catalogue.nq", options.publications, data)
        port = free_port()
        command = [sys.executable, "-m", "endpoint", "serve", "--port", str(port), "--data", str(data)]
        with process(command, port) as running:
            for target in DUMPS if options.publications or options.data else (QUERY,):
                measure(running, port, target, options.megabytes * 2**20)


def load(file: Path, publications: int, data: Path) -> None:
    """Load a generated catalogue."""
    with file.open("wb") as out:
        write(Catalogue(publications, 1), out, graphs=True)
    subprocess.run([sys.executable, "-m", "endpoint", "load", str(file), "--data", str(data)], check=True)
    file.unlink()


class Neighbour(threading.Thread):
    """Another client: it sends small queries, one after another, and notes how long each takes."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.waits: list[float] = []
        self.done = threading.Event()
        self._port = port

    def run(self) -> None:
        """Send queries until it is done."""
        # Another loopback address is another client.
        connection = http.client.HTTPConnection("127.0.0.1", self._port, source_address=("127.0.0.2", 0))
        while not self.done.wait(0.01):
            started = time.perf_counter()
            connection.request("GET", f"/sparql?query={quote('ASK { ?s ?p ?o }')}")
            connection.getresponse().read()
            self.waits.append(time.perf_counter() - started)
        connection.close()


def measure(running: subprocess.Popen[bytes], port: int, target: str, wanted: int) -> None:
    """Print what was read of an answer, and one line per process."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/-/ready")
    connection.getresponse().read()
    most: dict[int, float] = {}
    before = {pid: private(pid) for pid in settled(running.pid)}
    neighbour = Neighbour(port)
    neighbour.start()
    started = time.perf_counter()
    connection.request("GET", target)
    response = connection.getresponse()
    read = 0
    while read < wanted and (piece := response.read(2**20)):
        read += len(piece)
        for pid in family(running.pid):
            most[pid] = max(most.get(pid, 0.0), private(pid))
    taken = time.perf_counter() - started
    neighbour.done.set()
    neighbour.join()
    connection.close()
    median, longest = statistics.median(neighbour.waits) * 1000, max(neighbour.waits) * 1000
    print(f"{target.partition('?')[0]}: {read / 2**20:.0f} MB read in {taken:.1f} s;", end=" ")
    print(f"small queries took {median:.1f} ms, at most {longest:.0f} ms")
    for pid, name in zip(most, ["server", "template", *["worker"] * len(most)], strict=False):
        print(f"  {name:<9} {before.get(pid, 0.0):6.0f} MB before, {most[pid]:6.0f} MB at most")


if __name__ == "__main__":
    main()
