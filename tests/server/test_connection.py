"""Connections, on real sockets: what a client can send, leave unread, and hold."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from tests.server.listening import OTHER, Application, listening, run
from tests.waiting import until_async

GET = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def statuses(answers: bytes) -> list[int]:
    return [int(found) for found in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


def status(answer: bytes) -> int:
    return next(iter(statuses(answer)), 0)


def test_pipelined_requests_wait_in_the_kernel() -> None:
    async def test() -> None:
        app = Application()
        async with listening(app) as server, server.client() as client:
            number = 2000
            sending = asyncio.create_task(client.send(b"".join(get(f"/n{n}") for n in range(number)) + LAST))
            await until_async(lambda: app.begun == 1)
            (connection,) = server.connections
            await until_async(lambda: connection.flow.read_paused)
            for _ in range(50):
                await asyncio.sleep(0)
            assert app.begun == 1
            assert len(connection.pipeline) <= 8
            app.open.set()
            answer = await client.rest()
            await sending
            assert [path for _, path, *_ in app.seen] == [*(f"/n{n}" for n in range(number)), "/last"]
            assert answer.count(b"HTTP/1.1 200") == number + 1

    run(test())


def test_a_request_waits_until_the_answer_before_is_taken() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with listening(app, client_timeout=30) as server, server.client(receive_buffer=4096) as client:
            await client.send(get("/3000000") * 8 + LAST)
            await until_async(lambda: app.begun == 1)
            await asyncio.sleep(0.2)
            assert app.begun == 1
            answer = await client.rest()
            assert len(answer) > 8 * 3_000_000
            assert app.seen[-1][1] == "/last"

    run(test())


@pytest.mark.parametrize("path", ["/20000000", "/400000"])
def test_a_client_that_reads_nothing_is_cut(path: str) -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with listening(app) as server, server.client(receive_buffer=4096) as client:
            # Many smaller answers are written behind each other; a larger one whole.
            await client.send(get(path) * 8)
            await until_async(lambda: app.begun > 0)
            await until_async(lambda: not server.connections)
            assert app.begun < 8

    run(test())


def test_a_slow_reader_has_a_lowest_rate() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        rate = 100_000
        async with listening(app, min_rate=rate) as server:

            async def read(each: int) -> int:
                async with server.client(receive_buffer=4096) as client:
                    await client.send(get("/600000"))
                    size = 0
                    while size < 600_000 and (piece := await client.read(each)):
                        size += len(piece)
                        await asyncio.sleep(0.01)
                    return size

            # A hundred times a second: one reader takes 20 times the rate, the other a tenth of it.
            honest, slow = await asyncio.gather(read(20_000), read(100))
            assert honest >= 600_000
            assert slow < 600_000

    run(test())


SLOW = [
    pytest.param(b"GET / HTTP/1.1\r\nX: ", 408, id="head"),
    pytest.param(b"", 0, id="nothing"),
]


@pytest.mark.parametrize(("first", "expected"), SLOW)
def test_a_head_has_one_deadline(first: bytes, expected: int) -> None:
    async def test() -> None:
        async with listening(Application()) as server, server.client() as client:
            await client.send(first)
            reading = asyncio.create_task(client.rest())
            while not reading.done():
                if first:
                    await client.send(b"x")
                await asyncio.sleep(0.05)
            # A byte now and then does not prolong it, or it would go on for ever.
            assert status(await reading) == expected

    run(test())


TOO_LONG = [
    pytest.param(b"GET /" + b"a" * 20_000, 414, id="URL without end"),
    pytest.param(b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, id="URL"),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000, 431, id="field without end"),
    pytest.param(b"GET / HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431, id="field"),
    pytest.param(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 300 + b"\r\n", 431, id="300 fields"),
    pytest.param(b"\r\n" * 20_000, 431, id="empty lines"),
    pytest.param(b"nonsense\r\n\r\n", 400, id="no HTTP"),
    pytest.param(b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 400, id="HTTP/2.0"),
    pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="preface of HTTP/2"),
    pytest.param(b"CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 400, id="CONNECT"),
    pytest.param(b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="URL of another host"),
    pytest.param(b"GET http://x:8080/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="URL of another port"),
    pytest.param(b"GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400, id="no path"),
    pytest.param(
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", 400, id="lengths"
    ),
    pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\nX\0: y\r\n\r\n", 400, id="NUL in a name"),
]


@pytest.mark.parametrize(("data", "expected"), TOO_LONG)
def test_what_is_no_request_is_refused(data: bytes, expected: int) -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with listening(app, max_url=10_000, max_head=10_000) as server:
            answer = await server.ask(data)
            assert status(answer) == expected
            assert b"connection: close\r\n" in answer
            assert b"access-control-allow-origin: *\r\n" in answer
            # Answers that are owed come first, and nothing is answered afterwards.
            answer = await server.ask(GET + data)
            assert statuses(answer) == [200, expected]
            assert [path for _, path, *_ in app.seen] == ["/a"]

    run(test())


def test_a_url_of_this_host_is_a_path() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with listening(app) as server:
            await server.ask(b"GET http://X:80/b?c HTTP/1.1\r\nHost: x:80\r\nConnection: close\r\n\r\n")
            assert [path for _, path, *_ in app.seen] == ["/b"]

    run(test())


UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEA\r\n"
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\nX: "
OFFERS = [
    pytest.param(b"GET /o HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n", b"", id="no body"),
    pytest.param(
        b"POST /o HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        HIDDEN,
        id="body with a length",
    ),
    pytest.param(
        b"POST /o HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nHost: y\r\n\r\n"
        % (UPGRADE, len(HIDDEN), HIDDEN),
        HIDDEN,
        id="body in chunks",
    ),
    pytest.param(
        b"POST /o HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n\r\nUpgrade: h2c\r\n\r\nUpgrade: x\r\n",
        b"\r\nUpgrade: h2c\r\n\r\nUpgrade: x\r\n",
        id="a body that looks like an offer",
    ),
]


@pytest.mark.parametrize(("offer", "body"), OFFERS)
def test_an_offer_to_upgrade_is_passed_over_wherever_reading_stops(offer: bytes, body: bytes) -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        data = GET + offer + LAST
        async with listening(app, client_timeout=30) as server:
            for cut in range(1, len(data)):
                async with server.client() as client:
                    await client.send(data[:cut])
                    # The server reads the first part alone.
                    await until_async(lambda: any(each.parser for each in server.connections))
                    for _ in range(3):
                        await asyncio.sleep(0)
                    await client.send(data[cut:])
                    answer = await client.rest()
                assert answer.count(b"HTTP/1.1 200") == 3, cut
                assert [(path, text) for _, path, text, _ in app.seen] == [
                    ("/a", b""),
                    ("/o", body),
                    ("/last", b""),
                ]
                hosts = [value for name, value in app.seen[1][3] if name == b"host"]
                assert hosts == [b"x"]
                app.seen.clear()

    run(test())


def test_fields_after_a_body_are_none_of_the_head() -> None:
    async def test() -> None:
        app = Application()
        async with listening(app) as server, server.client() as client:
            await client.send(b"POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
            await until_async(lambda: app.begun == 1)
            await client.send(b"0\r\nAuthorization: Bearer b\r\n\r\n")
            app.open.set()
            await client.answers(1)
            assert dict(app.seen[0][3]) == {b"host": b"x", b"transfer-encoding": b"chunked"}

    run(test())


@pytest.mark.parametrize("field", [b"X:\r\n", b"X: " + b"a" * 9000 + b"\r\n"])
@pytest.mark.parametrize("offer", [b"", b"Connection: Upgrade\r\nUpgrade: h2c\r\n"])
def test_fields_after_a_body_are_bounded_and_not_kept(field: bytes, offer: bytes) -> None:
    async def test() -> None:
        app = Application()
        head = b"POST /t HTTP/1.1\r\nHost: x\r\n" + offer + b"Transfer-Encoding: chunked\r\n\r\n"
        async with listening(app) as server, server.client() as client:
            await client.send(head + b"1\r\na\r\n0\r\n" + field * 3)
            await until_async(lambda: app.begun == 1)
            (connection,) = server.connections
            assert len(connection.headers) <= 5
            await client.send(field * (2**18 // len(field)))
            assert status(await client.rest()) == 431

    run(test())


def test_a_body_that_breaks_ends_its_request() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        head = b"POST /t HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        async with listening(app) as server:
            answer = await server.ask(GET + head + b"1\r\na\r\nz\r\n")
            assert statuses(answer) == [200, 400]
            await until_async(lambda: app.left == ["/t"] or app.begun == 1)

    run(test())


def test_who_leaves_ends_what_is_answered_though_more_requests_wait() -> None:
    async def test() -> None:
        app = Application()
        async with listening(app) as server:
            async with server.client() as client:
                await client.send(get("/first") + get("/second"))
                await until_async(lambda: app.begun == 1)
            await until_async(lambda: app.left == ["/first"])
            assert app.begun == 1

    run(test())


def test_a_body_that_was_not_called_for_ends_the_connection() -> None:
    async def test() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

        async with listening(app) as server:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 40\r\n\r\n"
            answer = await server.ask(head)
            assert statuses(answer) == [200]
            # A body that comes unasked may take as long as any other.
            answer = await server.ask(head.replace(b"Expect: 100-continue\r\n", b"") + b"x" * 40 + LAST)
            assert answer.count(b"HTTP/1.1 200") == 2
            assert statuses(await server.ask(head.replace(b"Expect: 100-continue\r\n", b""))) == [200]

    run(test())


def test_unanswered_requests_of_a_client_have_a_share() -> None:
    async def test() -> None:
        app = Application()
        post = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + b"x" * 99_999
        async with (
            listening(app, max_input=1_000_000, client_timeout=30) as server,
            server.client() as one,
            server.client() as two,
            server.client(OTHER) as other,
        ):
            await one.send(post)
            await two.send(post)
            await until_async(lambda: app.begun == 2)
            # A quarter is 250,000 bytes.
            assert status(await server.ask(post)) == 503
            await other.send(post + b"x")
            app.open.set()
            assert status(await other.answers(1)) == 200

    run(test())


def test_the_largest_unfinished_request_makes_room() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        post = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n"
        async with (
            listening(app, max_input=500_000, client_timeout=30) as server,
            server.client("127.0.1.1") as one,
            server.client("127.0.1.2") as two,
            server.client("127.0.1.3") as three,
            server.client("127.0.1.4") as four,
        ):
            for number, client in enumerate((one, two, three, four)):
                await client.send(post + b"x" * (100_000 + number))
            await until_async(lambda: app.begun == 4)
            async with server.client("127.0.1.5") as honest:
                await honest.send(post.replace(b"200000", b"110000") + b"x" * 110_000)
                assert status(await honest.answers(1)) == 200
            assert len(server.connections) < 5

    run(test())


def test_answers_left_unread_have_a_limit_together() -> None:
    async def test() -> None:
        app = Application()
        app.open.set()
        async with (
            listening(app, max_output=6_000_000, client_timeout=30) as server,
            server.client(OTHER, 4096) as other,
            server.client(receive_buffer=4096) as one,
            server.client(receive_buffer=4096) as two,
        ):
            await other.send(get("/1000000"))
            await until_async(lambda: app.begun == 1)
            await one.send(get("/3000000"))
            await two.send(get("/4000000"))
            # The larger one of the client that leaves most unread is cut.
            await until_async(lambda: len(server.connections) == 2)
            assert len(await two.rest()) < 4_000_000
            assert len(await other.answers(1)) > 0

    run(test())


def test_a_client_that_leaves_while_the_server_ends_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        failures: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
        app = Application()
        app.open.set()
        async with listening(app) as server, server.client() as client:
            await client.send(GET)
            await until_async(lambda: app.begun == 1)
            (connection,) = server.connections
            connection.shutdown()
            client.sock.close()
            await until_async(lambda: not server.connections)
            # Timers of the same length end in their order.
            await asyncio.sleep(0.05)
        assert failures == []

    monkeypatch.setattr("endpoint.server.connection._QUIET", 0.05)
    run(test())


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (b"\t a \xea\xb0\x80 \xff", True),
        *(
            (value, False)
            for value in (b"a\r\nb: c", b"a\nb: c", b"a\rb", b"\r\n", b"a\x00", b"\x1b[2J", b"\x7f")
        ),
    ],
)
def test_no_field_of_an_answer_has_a_control_character(value: bytes, whole: bool) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"x", value), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": b"ok"})

    async def test() -> None:
        async with listening(answer) as server:
            received = await server.ask(LAST.replace(b"Connection: close\r\n", b"") + LAST)
        assert (status(received) == 200) is whole
        assert (
            received.startswith(b"HTTP/1.1 200 OK\r\nx: %s\r\ncontent-length: 2\r\n\r\nok" % value) is whole
        )

    run(test())
