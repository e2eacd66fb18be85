"""Memory of the server and its workers while a large result leaves.

.venv/bin/python -m benchmarks.streaming_memory [--megabytes 300]
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks.serving import free_port, process

QUERY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"


def resident(pid: int) -> float:
    """Megabytes of memory that the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def family(parent: int) -> list[int]:
    """The process and everything below it."""
    below = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [parent, *(pid for child in below for pid in family(int(child)))]


def main() -> None:
    """Read the result and print the memory of each process before, and at most during it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=300)
    wanted = parser.parse_args().megabytes * 2**20
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [sys.executable, "-m", "endpoint", "serve", "--port", str(port), "--data", f"{folder}/data"]
        with process(command, port) as running:
            measure(running, port, wanted)


def measure(running: subprocess.Popen[bytes], port: int, wanted: int) -> None:
    """Print one line per process."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/-/ready")
    connection.getresponse().read()
    pids = family(running.pid)
    before = {pid: resident(pid) for pid in pids}
    most = dict(before)
    connection.request("GET", f"/sparql?query={quote(QUERY)}")
    response = connection.getresponse()
    read = 0
    while read < wanted and (piece := response.read(2**20)):
        read += len(piece)
        most = {pid: max(most[pid], resident(pid)) for pid in pids}
    connection.close()
    print(f"{read / 2**20:.0f} MB read")
    for pid, name in zip(pids, ["server", "template", *["worker"] * len(pids)], strict=False):
        print(f"{name:<9} {before[pid]:6.0f} MB before, {most[pid]:6.0f} MB at most")


if __name__ == "__main__":
    main()
