"""Whatever one client sends, the others are answered meanwhile, and the memory comes back."""

from __future__ import annotations

import http.client
import re
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import Server, serving
from tests.process.flooding import Flood, floods
from tests.waiting import PATIENCE, until

# Seconds of the processor for which one request may hold the event loop. On a quiet machine the longest
# takes 0.05; each mistake that this test is about took seconds.
HELD = 0.3
# Bytes that the server may keep: caches, and what its allocator does not give back.
KEPT = 64 * 2**20

PAUSE = re.compile(r"the event loop was held pause_ms=\S+ cpu_ms=(\S+)(?:.* request=(\S+))?")


@pytest.fixture(scope="module")
def target(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = shutil.copytree(published, tmp_path_factory.mktemp("flood") / "data")
    with serving(data, "--timeout", "0.5", "--memory", "256MB", "--workers", "2") as running:
        yield running


class Onlooker(threading.Thread):
    """Another client, that wants to know whether the server lives."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server
        self._ending = threading.Event()
        self.failures: list[str] = []

    def run(self) -> None:
        connection = self._server.connection()
        while not self._ending.wait(0.02):
            try:
                connection.request("GET", "/-/live")
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                break
            if answer.status != 200:
                self.failures.append(str(answer.status))
        connection.close()

    def finish(self) -> None:
        self._ending.set()
        self.join(PATIENCE)


def resident(server: Server) -> int:
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096


class Flooder:
    """Sends requests one after the other; ``asked`` is what each was, by its identifier."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = server.connection()
        self.asked: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.failed: list[str] = []

    def finish(self) -> None:
        self._connection.close()

    def send(self, text: str, flood: Flood) -> None:
        try:
            self._connection.request(flood.method, flood.target, flood.body or None, dict(flood.headers))
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            # The server may refuse before it has read everything.
            self._connection.close()
            self._connection = self._server.connection()
            return
        self.statuses[answer.status] += 1
        self.asked[answer.headers.get("x-request-id", "")] = f"{text} in {flood.place}"
        if answer.status == 500:
            self.failed.append(f"{text} in {flood.place}")
        if answer.will_close:
            self._connection.close()


def test_no_request_holds_the_others_up(target: Server, pytestconfig: pytest.Config) -> None:
    target.quickest()
    before = resident(target)
    onlooker, flooder = Onlooker(target), Flooder(target)
    onlooker.start()
    for text, flood in floods(pytestconfig.getoption("thorough")):
        flooder.send(text, flood)
    flooder.finish()
    onlooker.finish()
    log = target.log.read_text()
    held = {flooder.asked.get(found[2] or "", "?"): float(found[1]) / 1000 for found in PAUSE.finditer(log)}
    assert not {what: seconds for what, seconds in held.items() if seconds > HELD}
    assert not flooder.failed
    assert "Traceback" not in log
    assert not onlooker.failures
    # It was a flood, and most of it was read and refused.
    assert sum(flooder.statuses.values()) > 500
    assert flooder.statuses[400] > 200
    until(lambda: resident(target) - before < KEPT)
