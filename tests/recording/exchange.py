"""One request as it is sent, byte for byte, and the whole answer to it."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

# The name under which the server is reached: addresses in answers begin with it, whatever the port.
HOST: Final = "recording.example"

# Sends bytes to the server, with the method of the request, and returns the answer.
Wire = Callable[[bytes, str], "Answer"]

_VALIDATORS: Final = {"If-None-Match": "etag", "If-Modified-Since": "last-modified", "If-Match": "etag"}
_LINK: Final = re.compile(r'<([^>]*)>; rel="next"')


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the corpus; ``name`` is the path of its file in a recording, without extension.

    ``target`` stands on the request line as it is. With ``revalidate``, the name of a conditional header,
    it is sent twice, the second time with the validator of the first answer. With ``follow`` it goes that
    many times to the page that the answer names as the next one. ``expected`` is the reason why its answer
    may differ between two versions; empty where it may not.
    """

    name: str
    target: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: str = "1.1"
    revalidate: str = ""
    follow: int = 0
    unordered: bool = False
    expected: str = ""

    def head(self) -> str:
        """The request line and the headers, without the empty line after them."""
        lines = [f"{self.method} {self.target} HTTP/{self.version}"]
        lines += [f"{name}: {value}" for name, value in self.sent_headers()]
        return "\n".join(lines)

    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """The headers with those that HTTP itself needs."""
        host = (("Host", HOST),) if self.version == "1.1" else ()
        length = (("Content-Length", str(len(self.body))),) if self.body or self.method == "POST" else ()
        return (*host, *self.headers, *length)

    def encoded(self) -> bytes:
        """The bytes of the request."""
        return self.head().replace("\n", "\r\n").encode() + b"\r\n\r\n" + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``cut`` says that the connection ended before the body did."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: bool = False

    def header(self, name: str) -> str:
        """The first value of a header, empty for none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


def wire(host: str, port: int, timeout: float = 60) -> Wire:
    """A connection of its own for each request to the server at this address."""

    def send(request: bytes, method: str) -> Answer:
        with socket.create_connection((host, port), timeout) as connection:
            connection.sendall(request)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            try:
                body, cut = response.read(), False
            except http.client.IncompleteRead as error:
                body, cut = error.partial, True
            return Answer(response.status, response.reason, tuple(response.getheaders()), body, cut)

    return send


def exchange(send: Wire, request: Request) -> tuple[Request, Answer]:
    """The answer, and the request that it is to: the last one, where one led to another."""
    answer = send(request.encoded(), request.method)
    for _ in range(request.follow):
        found = _LINK.search(answer.header("link"))
        if found is None:
            break
        address = urlsplit(found[1])
        request = replace(request, target=f"{address.path}?{address.query}")
        answer = send(request.encoded(), request.method)
    if request.revalidate:
        validator = answer.header(_VALIDATORS[request.revalidate])
        request = replace(request, headers=(*request.headers, (request.revalidate, validator)))
        answer = send(request.encoded(), request.method)
    return request, answer
