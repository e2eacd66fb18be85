"""The queue of writes: what is known after the process has ended, and files that are needed no longer."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from prometheus_client import CollectorRegistry
from pyoxigraph import NamedNode, Store

from endpoint.engine.write_queue import WriteQueue, recorded
from endpoint.engine.writes import Terms, Write, Written, pack_outcome
from endpoint.errors import EndpointError, MalformedQuery, StoreError, WriteFailed
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Writer
from endpoint.telemetry.write_metrics import WriteMetrics
from tests.children import children, command_line
from tests.datasets.listed_values import make
from tests.waiting import until_async

WRITTEN = Written(1, 2, 3, created=True)


def publish(data: Path, record: dict[str, object] | None = None, retain: int = 9) -> None:
    with Writer(data, Retention(retain)) as writer, writer.transaction() as transaction:
        if record is not None:
            (transaction.folder / generations.WRITES).write_text(json.dumps(record))


def test_the_generation_tells_what_became_of_its_group(tmp_path: Path) -> None:
    outcomes: list[Written | EndpointError] = [WRITTEN, MalformedQuery("no", 3, 4)]
    publish(tmp_path, {"group": "a", "outcomes": [pack_outcome(one) for one in outcomes]})
    found = recorded(tmp_path, "a", 0)
    assert found is not None
    assert found[0] == WRITTEN
    assert isinstance(found[1], MalformedQuery)
    assert (found[1].detail, found[1].line, found[1].column) == ("no", 3, 4)
    assert recorded(tmp_path, "b", 0) is None
    assert recorded(tmp_path, "a", 1) is None


def test_a_group_is_found_behind_generations_that_others_published(tmp_path: Path) -> None:
    publish(tmp_path)
    publish(tmp_path, {"group": "a", "outcomes": [pack_outcome(WRITTEN)]})
    publish(tmp_path, {"group": "b", "outcomes": []})
    publish(tmp_path)
    assert recorded(tmp_path, "a", 1) == [WRITTEN]
    assert recorded(tmp_path, "a", 2) is None
    assert recorded(tmp_path, "c", 1) is None
    # The writer was ended before this one became the current one.
    never = shutil.copytree(generations.folder(tmp_path, 2), generations.folder(tmp_path, 5))
    (never / generations.WRITES).write_text(json.dumps({"group": "d", "outcomes": []}))
    publish(tmp_path)
    assert generations.published(tmp_path) == 6
    assert recorded(tmp_path, "d", 1) is None


def test_what_a_generation_that_is_gone_was_made_of_is_not_known(tmp_path: Path) -> None:
    publish(tmp_path)
    publish(tmp_path, {"group": "a", "outcomes": [pack_outcome(WRITTEN)]})
    publish(tmp_path)
    publish(tmp_path, retain=1)
    with pytest.raises(StoreError, match="There is no generation in"):
        recorded(tmp_path, "a", 1)


@pytest.fixture
def queue(tmp_path: Path) -> WriteQueue:
    dataset, data = make(tmp_path / "dataset"), tmp_path / "data"
    publish(data)
    settings = replace(Settings(), data=data)
    return WriteQueue(lambda: Terms.of(settings, dataset), WriteMetrics(CollectorRegistry()), lambda _: None)


def insert(subject: str) -> Write:
    text = f"INSERT DATA {{ GRAPH <urn:g> {{ <urn:{subject}> <urn:p> 1 }} }}"
    return Write("update", "ci", "r", "http://example.org/", text=text)


def test_what_waits_for_nobody_is_left_out_and_lets_its_files_go(queue: WriteQueue) -> None:
    released: list[str] = []

    async def run() -> tuple[Written, Written]:
        first = asyncio.create_task(queue.submit(insert("first"), lambda: released.append("first")))
        await asyncio.sleep(0)
        # It waits, because the first one is being committed.
        second = asyncio.create_task(queue.submit(insert("second"), lambda: released.append("second")))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        await asyncio.sleep(0)
        assert released == ["second"]
        done = await first
        again = await queue.submit(insert("second"))
        await queue.aclose()
        return done, again

    done, again = asyncio.run(run())
    assert released == ["second", "first"]
    assert (done.added, again.added) == (1, 1)


def test_a_write_during_which_the_process_is_killed_is_told_so(tmp_path: Path, queue: WriteQueue) -> None:
    async def run() -> tuple[Written | EndpointError, Written]:
        task = asyncio.create_task(queue.submit(replace(insert("a"), text=ENDLESS)))
        await until_async(lambda: [*(tmp_path / "data" / "generations").glob("tmp-*")])
        (pid,) = writers()
        begun = spent(pid)
        # It evaluates as soon as it has the store.
        await until_async(lambda: spent(pid) > begun + 0.5)
        os.kill(pid, signal.SIGKILL)
        try:
            outcome: Written | EndpointError = await task
        except EndpointError as error:
            outcome = error
        again = await queue.submit(insert("a"))
        await queue.aclose()
        return outcome, again

    outcome, again = asyncio.run(run())
    assert isinstance(outcome, WriteFailed)
    assert "Nothing has changed" in outcome.detail
    assert again.added == 1


def test_the_network_is_open_only_where_load_is_allowed(tmp_path: Path, queue: WriteQueue) -> None:
    """Another process, with another fence, takes the place of the first when the settings change."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "a.ttl").write_text("<urn:loaded> <urn:p> 1 .")
    handler = partial(Quiet, directory=str(tmp_path / "served"))
    allowed: tuple[str, ...] = ()
    terms = queue._terms

    async def run(address: str) -> list[set[int]]:
        nonlocal allowed
        await queue.submit(insert("a"))
        pids = [set(writers())]
        allowed = (address,)
        load = replace(insert(""), text=f"LOAD <{address}a.ttl> INTO GRAPH <urn:g>")
        assert (await queue.submit(load)).added == 1
        pids.append(set(writers()))
        await queue.submit(insert("b"))
        pids.append(set(writers()))
        await queue.aclose()
        return pids

    queue._terms = lambda: replace(terms(), load_from=allowed)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        first, second, third = asyncio.run(run(f"http://localhost:{server.server_port}/"))
        server.shutdown()
    assert first.isdisjoint(second) and second == third
    assert found(tmp_path / "data") == ["urn:a", "urn:b", "urn:loaded"]


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that logs nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


ENDLESS = (
    "INSERT { <urn:a> <urn:b> ?n } WHERE { { SELECT (COUNT(*) AS ?n) { "
    + " ".join(f"VALUES ?v{number} {{ {' '.join(map(str, range(50)))} }}" for number in range(8))
    + " } } }"
)


def writers() -> list[int]:
    return [pid for pid in children() if b"writes.process" in command_line(pid)]


def spent(pid: int) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Python imports it at the start of a process; it lets fsync fail for the file that "fault" names.
FAULT = """
import errno, os
from pathlib import Path
fault, sync = Path(__file__).with_name("fault"), os.fsync
def fsync(descriptor):
    if fault.exists() and os.readlink(f"/proc/self/fd/{descriptor}").endswith(fault.read_text()):
        raise OSError(errno.EIO, os.strerror(errno.EIO))
    sync(descriptor)
os.fsync = fsync
"""


def test_a_write_whose_fsync_fails_is_not_acknowledged(
    tmp_path: Path, queue: WriteQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, fault = tmp_path / "code", tmp_path / "code" / "fault"
    code.mkdir()
    (code / "sitecustomize.py").write_text(FAULT)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(code), os.environ.get("PYTHONPATH")])))

    async def run() -> list[str]:
        acknowledged: list[str] = []
        for name in ("/data", "/generation.json", "/store", "/generations", "/current.new"):
            fault.write_text(name)
            with pytest.raises(WriteFailed, match=r"Input/output error.* Nothing has changed"):
                await queue.submit(insert(f"refused{name}"))
            assert found(tmp_path / "data") == acknowledged
            fault.unlink()
            await queue.submit(insert(name[1:]))
            acknowledged = sorted([*acknowledged, f"urn:{name[1:]}"])
            assert found(tmp_path / "data") == acknowledged
        await queue.aclose()
        return acknowledged

    assert len(asyncio.run(run())) == 5


def found(data: Path) -> list[str]:
    """The subjects in the current generation, sorted."""
    generation = generations.current(data)
    assert generation is not None
    store = Store.read_only(str(generation.path / generations.STORE))
    quads = store.quads_for_pattern(None, NamedNode("urn:p"), None, NamedNode("urn:g"))
    return sorted(str(quad.subject)[1:-1] for quad in quads)
