"""Requests whose end is unclear: none hides in another, through nginx with the example of deploy/ or without.

Each ends for one reader where ``HIDDEN`` begins, and for another behind it (RFC 9112 section 11.2). Whoever
is next on a connection that nginx uses again would get the answer to it.
"""

from __future__ import annotations

import re
import shutil
import socket
import ssl
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.live import Server, serving
from tests.process.test_deploy import ISSUER, NGINX, Proxied, example, free_port, logged, nginx
from tests.waiting import PATIENCE

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
LAST = b"GET /last HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
POST = b"POST /sparql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/sparql-query\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
ASK = b"6\r\nASK {}\r\n0\r\n\r\n"
BOTH = b"Content-Length: %d\r\n\r\n" % len(ASK + HIDDEN) + ASK + HIDDEN
INSIDE = b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN
CODINGS = {
    "plain": b"Transfer-Encoding: chunked",
    "upper case": b"TRANSFER-ENCODING: CHUNKED",
    "space before the colon": b"Transfer-Encoding : chunked",
    "tab": b"Transfer-Encoding:\tchunked",
    "vertical tab": b"Transfer-Encoding: \x0bchunked",
    "folded": b"Transfer-Encoding:\r\n chunked",
    "NUL": b"Transfer-Encoding: chunked\0",
    "another name": b"Transfer-Encoding: xchunked",
    "quoted": b'Transfer-Encoding: "chunked"',
    "comma": b"Transfer-Encoding: chunked,",
    "identity before": b"Transfer-Encoding: identity, chunked",
    "two fields": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
    "after a bare LF": b"X: x\nTransfer-Encoding: chunked",
    "before a bare CR": b"Transfer-Encoding: chunked\r",
}
# What is sent before LAST, and the statuses of the server itself, which closes after a 400 of its own.
CASES: dict[str, tuple[bytes, list[int]]] = {
    **{
        f"length and coding: {name}": (POST + field + b"\r\n" + BOTH, [400])
        for name, field in CODINGS.items()
    },
    "coding before length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n%x\r\n" % len(HIDDEN) + HIDDEN + ASK,
        [400],
    ),
    "coding with an underscore": (POST + b"Transfer_Encoding: chunked\r\n" + BOTH, [400, 404]),
    "two lengths": (POST + b"Content-Length: 6\r\n" + INSIDE, [400]),
    "the same length twice": (POST + b"Content-Length: 6\r\nContent-Length: 6\r\n\r\nASK {}", [400]),
    **{
        f"length {text}": (POST + b"Content-Length: %s\r\n\r\nASK {}" % text.encode() + HIDDEN, [400])
        for text in ("6, 6", "+6", "-6", "0x6", "0_6", "6a", "18446744073709551622")
    },
    "length after a bare CR": (POST + b"X: a\rContent-Length: 6\r\n" + INSIDE, [400]),
    "bare LF in the head": (POST.replace(b"\r\n", b"\n") + b"Content-Length: 6\n\nASK {}", [400]),
    "bare LF between chunks": (CHUNKED + b"6\nASK {}\n0\n\n", [400]),
    "chunk extension": (CHUNKED + b'6;a="b"\r\nASK {}\r\n0;c\r\n\r\n', [200, 404]),
    "bare LF in a chunk extension": (CHUNKED + b"6;\nxx\r\nASK {}\r\n0\r\n\r\n" + HIDDEN, [400]),
    **{
        f"chunk of {text}": (CHUNKED + text.encode() + b"\r\nASK {}\r\n0\r\n\r\n" + HIDDEN, [400])
        for text in ("+6", "-6", "0x6", "6 ", "0_6", "10000000000000006")
    },
    "chunk without an end": (CHUNKED + b"6\r\nASK {}0\r\n\r\n" + HIDDEN, [400]),
    "body of a GET": (b"GET /-/live HTTP/1.1\r\nHost: 127.0.0.1\r\n" + INSIDE, [200, 404]),
    "offer of HTTP/2": (
        b"POST /-/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n" + INSIDE,
        [405, 404],
    ),
    "request line in a path": (
        b"GET /a%0d%0a%0d%0aGET%20/hidden HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        [404, 404],
    ),
}
NUMBER = count()


@pytest.fixture(scope="module")
def proxied(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    if NGINX is None:
        pytest.skip("nginx is not installed, so nothing is sent through it: apt-get install nginx")
    folder = tmp_path_factory.mktemp("smuggling")
    with serving(shutil.copytree(published, folder / "data")) as server:
        tls, plain = free_port(), free_port()
        with nginx(folder, example(server, folder, tls, plain), tls):
            yield Proxied(server, tls, plain)


def statuses(connection: socket.socket, data: bytes) -> list[int]:
    """What is answered until the connection ends."""
    with connection:
        connection.settimeout(PATIENCE)
        connection.sendall(data)
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass  # it ended with some of the request unread
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def assert_nothing_was_hidden(server: Server, path: str) -> None:
    """Look into the log, once a request to this path is there."""
    logged(server, f"path={path} ")
    assert "path=/hidden" not in server.log.read_text()


@pytest.mark.parametrize("name", CASES)
def test_nothing_hides_on_the_way_through_nginx(proxied: Proxied, name: str) -> None:
    context = ssl.create_default_context()
    ISSUER.configure_trust(context)
    plain = socket.create_connection(("127.0.0.1", proxied.port), 60)
    found = statuses(context.wrap_socket(plain, server_hostname="127.0.0.1"), CASES[name][0] + LAST)
    assert 1 <= len(found) <= 2
    assert found[-1] in (400, 404, 501)
    path = f"/next-{next(NUMBER)}"
    status, _, text = proxied.get(path)
    assert (status, path in text) == (404, True)
    assert_nothing_was_hidden(proxied.server, path)


@pytest.mark.parametrize("name", CASES)
def test_nothing_hides_from_the_server_itself(proxied: Proxied, name: str) -> None:
    server = proxied.server
    data, expected = CASES[name]
    assert statuses(socket.create_connection((server.host, server.port), PATIENCE), data + LAST) == expected
    path = f"/next-{next(NUMBER)}"
    assert server.get(path).status == 404
    assert_nothing_was_hidden(server, path)
