"""The connection to a worker that has just ended."""

from __future__ import annotations

import asyncio
import io
import socket

import uvloop

from endpoint.engine.connection import WorkerConnection


def test_a_worker_that_has_ended_is_sent_nothing() -> None:
    async def test() -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            made = WorkerConnection(io.BytesIO())  # type: ignore[arg-type]
            await asyncio.get_running_loop().create_unix_connection(lambda: made, sock=ours)
            made.kill()
            while not made.lost:
                await asyncio.sleep(0)
            assert made.send(b"frame", lambda: None).ended is None

    uvloop.run(test())
