"""Requests and what is sent for them, in this process and without a server around it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope

from endpoint.telemetry import Exchange
from endpoint.web import Site
from endpoint.web.http.answer import Answer
from endpoint.web.http.delayed import Delayed
from endpoint.web.http.request import Request
from endpoint.web.http.send import send_answer


@dataclass
class Sent:
    """The messages that were sent."""

    messages: list[Message] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.messages[0]["headers"]}

    @property
    def pieces(self) -> list[bytes]:
        return [message.get("body", b"") for message in self.messages[1:]]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    async def send(self, message: Message) -> None:
        self.messages.append(message)


def scope_of(
    method: str = "GET", path: str = "/", headers: Mapping[str, str] | None = None, version: str = "1.1"
) -> Scope:
    """The scope of a request; ``path`` may have a query string."""
    path, _, query = path.partition("?")
    named = {"host": "localhost", **(headers or {})}
    return {
        "type": "http",
        "method": method,
        "scheme": "http",
        "http_version": version,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in named.items()],
        "client": None,
        "path_params": {},
    }


def receiving(body: bytes = b"") -> Receive:
    """A client that sends ``body`` and then waits."""
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body}

    return receive


def request_for(
    site: Site,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    version: str = "1.1",
    receive: Receive | None = None,
) -> Request:
    """A request as the boundary makes it."""
    scope = scope_of(method, path, headers, version)
    exchange = Exchange("1", method, scope["path"], "-")
    return Request(scope, receive or receiving(), site, exchange, Delayed(0.02))


def sent_for(request: Request, answer: Answer) -> Sent:
    """Return the messages that the sender sends for an answer."""
    sent = Sent()
    asyncio.run(send_answer(request, sent.send, answer))
    return sent


def sent_by(application: ASGIApp, scope: Scope, body: bytes = b"") -> Sent:
    """Return the messages that an application with the boundary around it sends for a request."""
    sent = Sent()

    async def run() -> None:
        await application(scope, receiving(body), sent.send)

    asyncio.run(run())
    return sent
