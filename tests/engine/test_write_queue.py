"""The queue of writes: what is known after the process has ended, and files that are needed no longer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from endpoint.engine.write_queue import WriteQueue, recorded
from endpoint.engine.writes import Terms, Write, Written, pack_outcome
from endpoint.errors import EndpointError, MalformedQuery, WriteFailed
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.writer import Writer
from tests.children import children, command_line
from tests.datasets.listed_values import make
from tests.waiting import until_async

WRITTEN = Written(1, 2, 3, created=True)


def publish(data: Path, record: dict[str, object] | None = None) -> None:
    with Writer(data) as writer, writer.transaction() as transaction:
        if record is not None:
            (transaction.folder / generations.WRITES).write_text(json.dumps(record))


def test_the_generation_tells_what_became_of_its_group(tmp_path: Path) -> None:
    outcomes: list[Written | EndpointError] = [WRITTEN, MalformedQuery("no", 3, 4)]
    publish(tmp_path, {"group": "a", "outcomes": [pack_outcome(one) for one in outcomes]})
    found = recorded(tmp_path, "a")
    assert found is not None
    assert found[0] == WRITTEN
    assert isinstance(found[1], MalformedQuery)
    assert (found[1].detail, found[1].line, found[1].column) == ("no", 3, 4)
    assert recorded(tmp_path, "b") is None
    publish(tmp_path)
    assert recorded(tmp_path, "a") is None


@pytest.fixture
def queue(tmp_path: Path) -> WriteQueue:
    dataset, data = make(tmp_path / "dataset"), tmp_path / "data"
    publish(data)
    settings = replace(Settings(), data=data)
    return WriteQueue(lambda: Terms.of(settings, dataset))


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
