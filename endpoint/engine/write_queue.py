"""The queue of writes, and the process that commits them, as the server sees it.

Writes that come while others are committed wait, and are committed together. The process is started by the
first of them, and ended when it has had nothing to do for long, and when a write takes too long: then the
others of its group are done again without it. No write is parsed or evaluated in the server's own process.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from endpoint.engine.write_process import WriteProcess
from endpoint.engine.writes import (
    BEGUN,
    COMMITTED,
    PUBLISHING,
    Terms,
    Write,
    Written,
    unpack_outcome,
)
from endpoint.errors import (
    DeadlineExceeded,
    EndpointError,
    Overloaded,
    StoreError,
    WriteFailed,
)
from endpoint.storage import generations
from endpoint.telemetry import log, log_field
from endpoint.telemetry.write_metrics import WriteMetrics

# Writes that wait at most, and those of one group, with the characters of their texts and their files.
_WAITING: Final = 1000
_TOGETHER: Final = 200
_CHARACTERS: Final = 2**24
_FILES: Final = 100
# Seconds that the process may take to start and to wait for another writer, and to publish what was written.
_START: Final = 120.0
_PUBLICATION: Final = 600.0
# Bytes of an upload for which its write may take a second more.
_READ: Final = 2**20
# Seconds after which a process without work ends.
_IDLE: Final = 300.0
# Times that a write is tried again which others have spoiled, or the end of the process.
_TRIES: Final = 5
# Seconds until a client should come back where there is no room.
_COME_BACK: Final = 5


@dataclass(eq=False)
class _Pending:
    """A write until its outcome is known, which is logged then, also where its sender has left."""

    write: Write
    metrics: WriteMetrics
    began: float = field(default_factory=time.monotonic)
    done: asyncio.Future[Written] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    tries: int = 0

    def settle(self, outcome: Written | EndpointError, times: _Times | None = None) -> None:
        """Tell its sender, the log and the metrics; ``times`` are those of its group, where it has ended."""
        if self.done.done():
            return
        write, now = self.write, time.monotonic()
        fields = f"{log_field('request', write.request)} {log_field('token', write.token)} kind={write.kind}"
        if isinstance(outcome, Written):
            changes = f"added={outcome.added} removed={outcome.removed}"
            seconds = now - self.began
            log.info("write: %s generation=%d %s seconds=%.2f", fields, outcome.generation, changes, seconds)
            phases = (seconds, 0.0, 0.0) if times is None else times.phases(self.began, now)
            self.metrics.done(write.kind, outcome.added, outcome.removed, phases)
            self.done.set_result(outcome)
        else:
            log.info("write refused: %s %s", fields, log_field("code", outcome.code))
            self.metrics.refused(write.kind, outcome.code, now - self.began)
            self.done.set_exception(outcome)
            # Whoever sent it may have left.
            self.done.exception()


@dataclass(slots=True)
class _Times:
    """The times at which a group was sent to the process, and was done but for being published."""

    sent: float
    done: float = math.inf

    def phases(self, began: float, now: float) -> tuple[float, float, float]:
        """Return the seconds that a write waited, was done, and was published, which began and ended then."""
        done = min(self.done, now)
        return self.sent - began, done - self.sent, now - done


class WriteQueue:
    """The writes of one server to its data directory.

    ``terms`` returns the settings that they go by. ``expect`` is called with True when a generation is
    coming, and with False when none has come for long.
    """

    def __init__(
        self, terms: Callable[[], Terms], metrics: WriteMetrics, expect: Callable[[bool], None]
    ) -> None:
        self._terms = terms
        self._metrics = metrics
        self._expect = expect
        self._waiting: deque[_Pending] = deque()
        self._process: WriteProcess | None = None
        self._work: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """The number of writes that wait."""
        return len(self._waiting)

    async def submit(self, write: Write, release: Callable[[], None] = lambda: None) -> Written:
        """Commit a write. When this returns, it is on the disk.

        ``release`` is called when its files are needed no longer, which is later than this ends where the
        sender is cancelled.

        Raises Overloaded where too many wait, WriteFailed, DeadlineExceeded, MemoryLimitExceeded and what the
        write itself is refused for; then nothing has changed. A write whose sender is cancelled is left out
        where it has not begun.
        """
        if len(self._waiting) >= _WAITING:
            release()
            raise Overloaded("Too many writes wait. Try again later, or put several into one.", _COME_BACK)
        pending = _Pending(write, self._metrics)
        pending.done.add_done_callback(lambda _: release())
        self._waiting.append(pending)
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._run())
        try:
            return await asyncio.shield(pending.done)
        except asyncio.CancelledError:
            if pending in self._waiting:
                self._waiting.remove(pending)
                pending.done.cancel()
            raise

    async def aclose(self) -> None:
        """End the process. What it has not published is not done."""
        if self._idle is not None:
            self._idle.cancel()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
        for pending in self._waiting:
            pending.settle(Overloaded("The server is stopping. Try again in a moment.", 1))
        self._waiting.clear()
        self._end_process()

    async def _run(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._expect(True)
        while self._waiting:
            group = self._together()
            try:
                await self._commit(group)
            except Exception as error:  # whatever it is, those who wait are told, and the next ones are done
                log.exception("writes could not be committed")
                for pending in group:
                    pending.settle(WriteFailed(f"The write failed in a way it should not: {error}."))
                self._end_process()
            except BaseException:
                for pending in group:
                    pending.settle(Overloaded("The server is stopping. Look whether the write is there.", 1))
                raise
        self._idle = asyncio.get_running_loop().call_later(_IDLE, self._rest)

    def _together(self) -> list[_Pending]:
        """Take the writes that are committed together."""
        group: list[_Pending] = []
        room, files = _CHARACTERS, _FILES
        while self._waiting and len(group) < _TOGETHER:
            room -= len(self._waiting[0].write.text)
            files -= len(self._waiting[0].write.files)
            if group and min(room, files) < 0:
                break
            group.append(self._waiting.popleft())
        return group

    def _rest(self) -> None:
        self._end_process()
        self._expect(False)

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    async def _commit(self, group: list[_Pending]) -> None:
        """Commit a group; those that have to be done again go back to the front."""
        terms = self._terms()
        if self._process is not None and not self._process.fits(terms):
            self._end_process()
        if self._process is None:
            self._process = await WriteProcess.start(terms)
        attempt = _Attempt(self._process, group, terms)
        before = await asyncio.to_thread(_published, Path(terms.data))
        try:
            outcomes = await attempt.outcomes()
        except _Lost as lost:
            self._process = None
            try:
                known = await asyncio.to_thread(recorded, Path(terms.data), attempt.identifier, before)
            except StoreError as error:
                known = [WriteFailed(f"{error} Look whether the write is there.")] * len(group)
            if known is None:
                self._again(group, attempt, lost.cause)
                return
            outcomes = known
        self._metrics.committed(len(group))
        for pending, outcome in zip(group, outcomes, strict=True):
            pending.settle(outcome, attempt.times)

    def _again(self, group: list[_Pending], attempt: _Attempt, cause: EndpointError) -> None:
        """Refuse the write during which the process ended, and do the others again."""
        for place, pending in reversed([*enumerate(group)]):
            pending.tries += 1
            if place == attempt.place or pending.tries >= _TRIES:
                pending.settle(cause)
            else:
                self._waiting.appendleft(pending)


class _Lost(Exception):
    """The process has ended, or was ended; ``cause`` is what the write is told during which it did."""

    def __init__(self, cause: EndpointError) -> None:
        self.cause = cause


class _Attempt:
    """A group in the process; ``place`` is that of the write that is being done."""

    def __init__(self, process: WriteProcess, group: list[_Pending], terms: Terms) -> None:
        self.identifier = secrets.token_hex(16)
        self.place = PUBLISHING
        self.times = _Times(time.monotonic())
        self._process = process
        self._group = group
        self._terms = terms

    async def outcomes(self) -> list[Written | EndpointError]:
        """Return what became of each write. Raises _Lost."""
        writes = [asdict(pending.write) for pending in self._group]
        files = [file.path for pending in self._group for file in pending.write.files]
        members = {"group": self.identifier, "terms": asdict(self._terms), "writes": writes}
        patience = _START
        try:
            await self._process.send(members, files)
            while True:
                async with asyncio.timeout(patience):
                    kind, answer = await self._process.receive()
                if kind == COMMITTED:
                    return [unpack_outcome(one) for one in answer["outcomes"]]
                if kind == BEGUN:
                    self.place = answer["place"]
                    publishing = self.place == PUBLISHING
                    self.times.done = time.monotonic() if publishing else math.inf
                    patience = _PUBLICATION if publishing else self._deadline()
        except TimeoutError:
            self._process.kill()
            raise _Lost(self._late()) from None
        except (OSError, EOFError):
            raise _Lost(await self._process.cause(self._terms.memory)) from None

    def _deadline(self) -> float:
        """Return the seconds that the write may take which is being done."""
        size = sum(Path(file.path).stat().st_size for file in self._group[self.place].write.files)
        return self._terms.timeout + size / _READ

    def _late(self) -> EndpointError:
        if self.place == PUBLISHING:
            return WriteFailed("The write could not be published in time. Nothing has changed.")
        limit = self._deadline()
        return DeadlineExceeded(
            f"The write ran longer than {limit:g} s and was stopped. Nothing has changed. Split it.", limit
        )


def _published(data: Path) -> int:
    with suppress(StoreError):
        return generations.published(data) or 0
    return 0


def recorded(data: Path, group: str, since: int) -> list[Written | EndpointError] | None:
    """Return the outcomes of a group where a generation was made of it after ``since``; else None.

    :raises StoreError: that cannot be known, because a generation since then is damaged or gone.
    """
    generation = generations.current(data)
    while generation is not None and generation.number > since:
        with suppress(OSError, ValueError, KeyError):  # most were not made of writes over HTTP
            record = json.loads((generation.path / generations.WRITES).read_bytes())
            if record["group"] == group:
                return [unpack_outcome(one) for one in record["outcomes"]]
        # Others may have been published meanwhile. Only those are looked at that were ever current.
        before = generation.before
        if before is None and since:
            raise StoreError(f"Nothing tells what was published before generation {generation.number}.")
        generation = None if before is None or before <= since else generations.read(data, before)
    return None
