"""Connections that are accepted many at once, and begin clients in turn."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from collections.abc import Iterator

import pytest
import uvloop

from endpoint.server.connection_limits import ConnectionLimits
from endpoint.server.listener import Listener
from endpoint.telemetry import log
from tests.server.listening import CLIENT, OTHER, site_of
from tests.waiting import until_async

MANY = 200


class Accepted(asyncio.Protocol):
    """A connection that notes whose it is."""

    begun: list[str]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.begun.append(transport.get_extra_info("peername")[0])


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=MANY * 2) as sock:
        yield sock


def listener_on(sock: socket.socket) -> tuple[Listener, list[str]]:
    begun: list[str] = []

    def made() -> Accepted:
        protocol = Accepted()
        protocol.begun = begun
        return protocol

    return Listener(sock, made, ConnectionLimits(site_of())), begun


def connected(sock: socket.socket, address: str) -> socket.socket:
    return socket.create_connection(sock.getsockname(), source_address=(address, 0))


def test_who_comes_behind_many_of_another_client_begins_before_them(listening: socket.socket) -> None:
    async def main() -> None:
        listener, begun = listener_on(listening)
        clients = [connected(listening, CLIENT) for _ in range(MANY)]
        clients.append(connected(listening, OTHER))
        listener.start()
        await until_async(lambda: len(begun) == MANY + 1)
        assert begun.index(OTHER) < MANY // 4
        assert not listener.busy
        listener.close()
        for client in clients:
            client.close()

    uvloop.run(main())


def test_what_was_accepted_begins_after_the_end_too(listening: socket.socket) -> None:
    async def main() -> None:
        listener, begun = listener_on(listening)
        clients = [connected(listening, CLIENT) for _ in range(20)]
        listener.start()
        listener._accept()
        assert listener.busy
        listener.close()
        await until_async(lambda: not listener.busy)
        assert len(begun) == 20
        # Who comes now waits for the next process that listens.
        clients.append(connected(listening, OTHER))
        await asyncio.sleep(0.05)
        assert len(begun) == 20
        for client in clients:
            client.close()

    uvloop.run(main())


def test_a_system_without_descriptors_is_asked_again_later(
    listening: socket.socket, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Exhausted:
        """The socket of a system that has no descriptor left, once."""

        left = 1

        def __getattr__(self, name: str) -> object:
            return getattr(listening, name)

        def accept(self) -> object:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return listening.accept()

    async def main() -> None:
        listener, begun = listener_on(Exhausted())  # type: ignore[arg-type]
        with connected(listening, CLIENT):
            listener.start()
            await until_async(lambda: begun == [CLIENT])
        listener.close()

    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr("endpoint.server.listener._REST", 0.05)
    with caplog.at_level(logging.ERROR, log.name):
        uvloop.run(main())
    assert [record.getMessage() for record in caplog.records] == [
        "no connection can be accepted: Too many open files"
    ]
