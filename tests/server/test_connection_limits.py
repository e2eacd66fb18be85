"""What connections hold together: how many there may be, and who makes room for whom."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from endpoint.server.connection import Connection
from endpoint.server.connection_limits import connections_allowed
from endpoint.settings import Settings
from tests.server.listening import CLIENT, OTHER, Application, Client, Listening, listening, run
from tests.waiting import until_async

LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"


async def opened(
    server: Listening, stack: AsyncExitStack, number: int, address: str, data: bytes
) -> list[Client]:
    """Clients that have sent ``data``; all of them were accepted."""
    clients = [await stack.enter_async_context(server.client(address)) for _ in range(number)]
    for client in clients:
        await client.send(data)
    return clients


def test_a_client_has_a_limit_of_busy_connections() -> None:
    async def test() -> None:
        app = Application()
        async with (
            listening(app, max_connections_per_client=5, client_timeout=30) as server,
            AsyncExitStack() as stack,
        ):
            busy = await opened(server, stack, 5, CLIENT, GET)
            await until_async(lambda: app.begun == 5)
            answer = await server.ask(GET)
            assert answer.startswith(b"HTTP/1.1 429 ")
            assert b"retry-after: " in answer
            # Nobody else is concerned.
            async with server.client(OTHER) as other:
                await other.send(GET)
                await until_async(lambda: app.begun == 6)
            app.open.set()
            for client in busy:
                assert (await client.answers(1)).startswith(b"HTTP/1.1 200")

    run(test())


@pytest.mark.parametrize(
    "data", [b"", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"]
)
def test_idle_connections_make_room_for_new_ones_of_their_client(data: bytes) -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with (
            listening(app, max_connections_per_client=5, client_timeout=30) as server,
            AsyncExitStack() as stack,
        ):
            first, *_ = await opened(server, stack, 5, CLIENT, data)
            await until_async(lambda: len(server.connections) == 5)
            async with server.client() as another:
                await another.send(GET)
                assert (await another.answers(1)).startswith(b"HTTP/1.1 200")
            assert await first.rest() == b""
            assert len(server.connections) <= 5

    run(test())


def test_where_the_server_is_full_who_has_most_makes_room() -> None:
    async def test() -> None:
        app = Application()
        async with listening(app, max_connections=20, client_timeout=30) as server, AsyncExitStack() as stack:
            (lonely,) = await opened(server, stack, 1, "127.0.1.9", b"")
            await opened(server, stack, 19, CLIENT, b"GET / HTTP/1.1\r\n")
            await until_async(lambda: len(server.connections) == 20)
            for number in range(10, 18):
                await opened(server, stack, 1, f"127.0.1.{number}", GET)
            await until_async(lambda: app.begun == 8)
            assert len(server.connections) == 20
            app.open.set()
            await lonely.send(GET)
            assert (await lonely.answers(1)).startswith(b"HTTP/1.1 200")

    run(test())


def test_who_makes_room_is_not_looked_for_with_every_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    waited = Connection.waited

    def counted(self: Connection, now: float) -> float | None:
        nonlocal looks
        looks += 1
        return waited(self, now)

    monkeypatch.setattr(Connection, "waited", counted)

    async def test() -> None:
        app = Application()
        app.open.set()
        limits = {"max_connections": 200, "client_timeout": 30}
        async with listening(app, **limits) as server, AsyncExitStack() as stack:
            await opened(server, stack, 60, CLIENT, b"")
            for number in range(140):
                await opened(server, stack, 1, f"127.0.2.{number}", b"")
            await until_async(lambda: len(server.connections) == 200)
            for number in range(100):
                assert (await server.ask(LAST, f"127.0.3.{number}")).startswith(b"HTTP/1.1 200 ")
            assert len(server.connections) <= 200

    run(test())
    # To look at all of them each time would be 20,000.
    assert 100 <= looks < 10_000


def test_a_request_that_is_held_makes_room_for_others_and_not_for_its_client() -> None:
    async def test() -> None:
        app = Application(holding=True)
        limits = {"max_connections": 20, "max_connections_per_client": 20, "client_timeout": 30}
        async with listening(app, **limits) as server, AsyncExitStack() as stack:
            await opened(server, stack, 20, CLIENT, GET)
            await until_async(lambda: app.begun == 20)
            assert (await server.ask(GET)).startswith(b"HTTP/1.1 429 ")
            assert len([each for each in server.connections if each.held]) == 20
            async with server.client(OTHER) as other:
                await other.send(GET)
                await until_async(lambda: app.begun == 21)
                assert len([each for each in server.connections if each.peer == CLIENT]) == 19

    run(test())


def test_where_all_are_busy_others_are_told_to_come_back() -> None:
    async def test() -> None:
        app = Application()
        async with listening(app, max_connections=16, client_timeout=30) as server, AsyncExitStack() as stack:
            await opened(server, stack, 16, CLIENT, GET)
            await until_async(lambda: app.begun == 16)
            answer = await server.ask(GET, OTHER)
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"retry-after: " in answer
            assert b"code" not in answer
            # However many come, they hold few descriptors.
            crowd = await asyncio.gather(*(server.ask(GET, OTHER) for _ in range(200)))
            assert {answer[:13] for answer in crowd} <= {b"HTTP/1.1 503 ", b""}
            assert len(server.connections) <= 16 + 64

    run(test())


def test_trusted_proxies_have_no_limit_of_their_own() -> None:
    async def test() -> None:
        app = Application()
        async with (
            listening(
                app, client_timeout=30, trusted_proxies=(f"{CLIENT}/32",), max_connections_per_client=2
            ) as server,
            AsyncExitStack() as stack,
        ):
            await opened(server, stack, 10, CLIENT, GET)
            await until_async(lambda: app.begun == 10)

    run(test())


def test_no_timer_is_left_when_all_have_gone() -> None:
    async def test() -> None:
        async with listening(Application(), client_timeout=0.1) as server:
            async with server.client() as client:
                await client.send(b"GET")
                await until_async(lambda: server.limits.watching)
            await until_async(lambda: not server.limits.watching)

    run(test())


def test_the_limit_of_descriptors_is_raised_or_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [256, 4096]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(
        resource, "setrlimit", lambda _, wanted: limits.__setitem__(slice(None), list(wanted))
    )
    assert connections_allowed(Settings(workers=2, max_connections=1000)) == 1000
    assert 2000 < limits[0] <= 4096
    assert connections_allowed(Settings(workers=2, max_connections=50_000)) < 4096 // 2
    assert limits == [4096, 4096]


def test_what_is_thrown_away_is_read_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        app = Application()
        async with listening(app, client_timeout=30) as server, server.client() as client:
            waiting: list[Callable[[], None]] = []
            monkeypatch.setattr(server.limits.turns, "begin", lambda _, __, start: waiting.append(start))
            sending = asyncio.create_task(client.send(b"GET /?" + b"a" * 3_000_000))
            await until_async(lambda: len(waiting) == 1)
            (connection,) = server.connections
            before = connection._discarded
            for _ in range(50):
                await asyncio.sleep(0)
            assert (connection.flow.read_paused, connection._discarded) == (True, before)
            waiting.pop()()
            await until_async(lambda: connection._discarded > before)
            while not sending.done():
                while waiting:
                    waiting.pop()()
                await asyncio.sleep(0)
            assert (await client.read()).startswith(b"HTTP/1.1 414 ")

    run(test())
