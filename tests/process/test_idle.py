"""A server that nobody asks anything uses no processor time."""

from __future__ import annotations

import time
from pathlib import Path

from endpoint.engine.processes import processor_time
from tests.live import Server, run, serving

SECONDS = 3.0
# Looking for new generations ten times a second took three times as much.
MOST = 0.001


def used(server: Server) -> float:
    """Seconds of processor time of all processes so far."""
    return sum(processor_time(pid) or 0.0 for pid in (server.process.pid, *server.children()))


def share(server: Server) -> float:
    """The share of a processor that is used in a few seconds; the least of several tries."""
    shares = []
    for _ in range(5):
        start, began = used(server), time.monotonic()
        time.sleep(SECONDS)
        shares.append((used(server) - start) / (time.monotonic() - began))
        if shares[-1] < MOST:
            break
    return min(shares)


def test_an_idle_server_uses_no_processor_time(tmp_path: Path, data: Path) -> None:
    with serving(data) as server:
        assert server.query("ASK {}").status == 200
        assert share(server) < MOST
        # Also while a replaced generation is kept.
        (tmp_path / "more.ttl").write_text("<urn:s> <urn:p> 1 .\n")
        run("load", str(tmp_path / "more.ttl"), "--data", str(data), "--graph", "urn:g")
        while not server.query("ASK { <urn:s> ?p ?o }").json()["boolean"]:
            time.sleep(0.05)
        assert share(server) < MOST
