"""A soak: the real server under mixed traffic, with every answer checked against the plain engine.

Polite clients ask for answers that are known beforehand. Beside them hostile ones come and go, the saved
queries are read again, generations are published, and workers are killed. At the end the run fails where an
answer was wrong, a status was not a documented one, the server was not ready for a moment, or memory,
descriptors, processes or threads had grown:

    python -m benchmarks.soak --minutes 30
    make soak                               two minutes
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pyoxigraph import Quad, QueryResultsFormat, QueryTriples, Store

from benchmarks.answers import read_solutions
from benchmarks.catalogue import Catalogue, write
from benchmarks.hostile_traffic import HOSTILE_CLIENTS, Reply, Target, ask, head, send
from benchmarks.process_tree import Usage, tree, usage
from benchmarks.serving import free_port, generation_store, process, store_of

# The codes of failures that a polite client may meet while the server is under attack and its workers die.
DOCUMENTED: Final = {"overloaded", "worker-died"}
# The share of polite requests that has to be answered with 200.
ANSWERED: Final = 0.9
# Growth that is noise: memory as a factor and in bytes, descriptors, threads.
FACTOR, BYTES, DESCRIPTORS, THREADS = 1.3, 64 * 2**20, 40, 8
# Seconds at the beginning whose usage is not compared, and in which a quiet server has to return to it.
WARM: Final = 20.0
QUIET: Final = 60.0

# Publications of the generated catalogue.
PUBLICATIONS: Final = 500

PUB: Final = "http://opendata.mofa.go.kr/mofapub/"
YEAR: Final = "http://opendata.mofa.go.kr/core/yearOfData"
QUERIES: Final = (
    f"SELECT ?p ?o {{ <{PUB}resource/Publication/14209> ?p ?o }}",
    f"SELECT ?s ?title {{ ?s a <{PUB}Publication> ; "
    "<http://www.w3.org/2004/02/skos/core#prefLabel> ?title } ORDER BY ?title ?s LIMIT 40",
    f"SELECT ?year (COUNT(DISTINCT ?s) AS ?n) {{ ?s <{YEAR}> ?year }} GROUP BY ?year ORDER BY ?year",
    f"SELECT DISTINCT ?type {{ ?s a ?type . ?s <{YEAR}> ?year }} ORDER BY ?type",
    f"ASK {{ <{PUB}resource/Publication/14209> ?p ?o }}",
    "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a <http://www.w3.org/2002/07/owl#Class> }",
    f"SELECT ?s {{ ?s <{PUB}pubDate> ?date }} ORDER BY DESC(?date) ?s LIMIT 25",
)
PAGES: Final = ("/", "/query", "/api", "/mofapub/resource/Publication/14209", "/?q=korea", "/-/live")


def canonical(answer: bytes) -> object:
    """Return an answer in SPARQL JSON as a value that is equal where the solutions are, in any order."""
    found = read_solutions(answer)
    return found if isinstance(found, bool) else found.bag()


def references(data: Path) -> dict[str, object]:
    """Return the answers of the plain engine, on the union of all graphs as a set of triples."""
    stored, merged = generation_store(data), Store()
    merged.bulk_extend(Quad(quad.subject, quad.predicate, quad.object) for quad in stored)
    found = {}
    for query in QUERIES:
        results = merged.query(query)
        if isinstance(results, QueryTriples):
            raise TypeError("a soak asks for solutions and booleans only")
        answer = canonical(results.serialize(format=QueryResultsFormat.JSON) or b"")
        if answer == Counter():
            raise ValueError(f"the dataset has nothing for {query}")
        found[query] = answer
    return found


def page_request(target: Target, path: str) -> bytes:
    """Return the request for a page, or for a failure that tells its code."""
    accept = "application/problem+json, text/html;q=0.9, */*;q=0.1"
    return head(target, "GET", path, {"Accept": accept, "Connection": "close"})


@dataclass
class Seen:
    """What a run has seen: counts of everything that happened, and each thing that must not happen."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    usage: list[tuple[float, Usage]] = field(default_factory=list)

    def blame(self, message: str) -> None:
        """Note something that must not happen."""
        self.counts["wrong"] += 1
        if len(self.wrong) < 50:
            self.wrong.append(message)

    def judge(self, reply: Reply, expected: object | None, what: str) -> None:
        """Count an answer to a polite client, and blame the server where it is wrong."""
        self.counts["polite requests"] += 1
        if reply.status == 200 and not reply.whole:
            # A worker was killed after its first byte: what came does not look whole.
            self.counts["cut"] += 1
        elif reply.status == 200:
            self.counts["answered"] += 1
            if expected is not None and canonical(reply.body) != expected:
                self.blame(f"a wrong answer to {what}: {reply.body[:300]!r}")
        else:
            code = _code(reply)
            self.counts[f"{reply.status} {code}"] += 1
            if code not in DOCUMENTED:
                self.blame(f"{reply.status} {code} for {what}")


def _code(reply: Reply) -> str:
    with contextlib.suppress(ValueError, KeyError):
        return str(json.loads(reply.body)["code"])
    return "without a code"


class Soak:
    """One run against one server."""

    def __init__(self, target: Target, pid: int, data: Path, seed: int) -> None:
        self.seen = Seen()
        self._target = target
        self._pid = pid
        self._data = data
        self._random = random.Random(seed)
        self._answers = references(data)
        self._began = time.monotonic()

    async def run(self, seconds: float) -> Seen:
        """Let everybody loose for a while, then wait for quiet and judge what is left."""
        await self._settled()
        actors = [
            *(self._polite(f"127.0.1.{number}") for number in range(1, 5)),
            self._readiness(),
            self._sample(),
            self._hostile("127.0.2.1"),
            self._hostile("127.0.2.2"),
            self._every(7.0, self._reload),
            self._every(3.0, self._kill),
            self._every(25.0, self._publish),
        ]
        tasks = [asyncio.create_task(actor) for actor in actors]
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error
        await self._compare()
        answered, asked = self.seen.counts["answered"], self.seen.counts["polite requests"]
        if answered < ANSWERED * asked:
            self.seen.blame(f"{answered} of {asked} polite requests were answered")
        return self.seen

    async def _settled(self) -> None:
        """Ask everything once, so that what is made once is made before usage is compared."""
        for path in PAGES:
            await send(
                self._target, head(self._target, "GET", path, {"Accept": "text/html", "Connection": "close"})
            )
        for query in QUERIES:
            await ask(self._target, query)

    async def _polite(self, source: str) -> None:
        target = Target(self._target.port, self._target.path, source)
        accept = "application/sparql-results+json, application/problem+json;q=0.5"
        while True:
            if self._random.random() < 0.8:
                query = self._random.choice(QUERIES)
                request, expected, what = None, self._answers[query], query
            else:
                what = self._random.choice(PAGES)
                request, expected = page_request(target, what), None
            try:
                reply = await (ask(target, what, accept) if request is None else send(target, request))
            except OSError as error:
                self.seen.blame(f"no answer to {what}: {error!r}")
            else:
                self.seen.judge(reply, expected, what)
            await asyncio.sleep(self._random.random() * 0.1)

    async def _readiness(self) -> None:
        request = head(self._target, "GET", "/-/ready", {"Connection": "close"})
        while True:
            try:
                async with asyncio.timeout(10):
                    reply = await send(self._target, request)
                if reply.status != 200:
                    self.seen.blame(f"not ready: {reply.status} {reply.body[:200]!r}")
            except (OSError, TimeoutError) as error:
                self.seen.blame(f"readiness was not told: {error!r}")
            await asyncio.sleep(0.2)

    async def _hostile(self, source: str) -> None:
        target = Target(self._target.port, self._target.path, source)
        while True:
            name, attack = self._random.choice(list(HOSTILE_CLIENTS.items()))
            self.seen.counts[f"attack: {name}"] += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(6):
                    await attack(target)

    async def _every(self, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds * (0.5 + self._random.random()))
            await act()

    async def _reload(self) -> None:
        os.kill(self._pid, signal.SIGHUP)

    async def _kill(self) -> None:
        """Kill a worker: a process below one that is below the server."""
        below = [pid for pid in tree(self._pid)[1:] if _parent(pid) not in (0, self._pid)]
        if below:
            self.seen.counts["killed workers"] += 1
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(below), signal.SIGKILL)

    async def _publish(self) -> None:
        """Publish a generation that changes no answer that is checked."""
        number = self.seen.counts["published generations"] = self.seen.counts["published generations"] + 1
        loading = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "endpoint", "load", "-", "--format", "n-triples"),
            *("--graph", "urn:soak", "--data", str(self._data)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await loading.communicate(f'<urn:soak:{number}> <urn:soak:p> "{number}" .\n'.encode())
        if loading.returncode:
            self.seen.blame(f"a generation could not be published: {errors.decode()[-500:]}")

    async def _sample(self) -> None:
        while True:
            self.seen.usage.append((time.monotonic() - self._began, await self._usage()))
            await asyncio.sleep(1.0)

    async def _usage(self) -> Usage:
        return await asyncio.to_thread(lambda: usage(self._pid))

    async def _compare(self) -> None:
        """Blame the server where its own process does not return to what it took in the beginning."""
        early = [sample for when, sample in self.seen.usage if when < WARM] or [self.seen.usage[0][1]]
        memory = max(sample.memory for sample in early)
        descriptors, threads = (
            max(getattr(sample, name) for sample in early) for name in ("descriptors", "threads")
        )
        end = time.monotonic() + QUIET
        while True:
            now, processes = await self._usage(), len(tree(self._pid))
            grown = [
                f"{name} grew from {before} to {after}"
                for name, before, after, most in (
                    ("memory", memory, now.memory, max(memory * FACTOR, memory + BYTES)),
                    ("descriptors", descriptors, now.descriptors, descriptors + DESCRIPTORS),
                    ("threads", threads, now.threads, threads + THREADS),
                    ("processes", 8, processes, 12),
                )
                if after > most
            ]
            if not grown or time.monotonic() > end:
                break
            await asyncio.sleep(1.0)
        for sentence in grown:
            self.seen.blame(sentence)


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def lines(seen: Seen) -> Iterator[str]:
    """Yield the report of a run."""
    yield from (f"{count:>8} {name}" for name, count in sorted(seen.counts.items()))
    if seen.usage:
        peak = max(sample.memory for _, sample in seen.usage)
        last = seen.usage[-1][1].memory
        yield f"{peak / 2**20:>8.0f} MB at most in the server process, {last / 2**20:.0f} in the end"
    yield from (f"WRONG    {sentence}" for sentence in seen.wrong)


def main() -> None:
    """Soak and report; exit with 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all that is chosen by chance")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        file, port = Path(name) / "catalogue.nq", free_port()
        with file.open("wb") as out:
            write(Catalogue(PUBLICATIONS, 1, 4), out, graphs=True)
        data = store_of(Path(name), file)
        limits = ["--timeout", "5", "--client-timeout", "5", "--memory", "256MB"]
        command = [
            sys.executable,
            "-m",
            "endpoint",
            "serve",
            "--port",
            str(port),
            "--data",
            str(data),
            *limits,
        ]
        with process(command, port) as running:
            soak: Coroutine[object, object, Seen] = Soak(
                Target(port, "/sparql"), running.pid, data, options.seed
            ).run(options.minutes * 60)
            seen = asyncio.run(soak)
            if running.poll() is not None:
                seen.blame(f"the server ended with {running.returncode}")
    print("\n".join(lines(seen)))
    sys.exit(1 if seen.wrong else 0)


if __name__ == "__main__":
    main()
