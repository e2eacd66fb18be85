"""The server's connections on a real socket, in this process, around any application."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from endpoint.catalog import Catalog
from endpoint.dataset import default_root, read_dataset
from endpoint.server.connection import Connection
from endpoint.server.connection_limits import ConnectionLimits
from endpoint.server.transport import limit_kernel
from endpoint.settings import Settings
from endpoint.web import Site
from tests.waiting import PATIENCE

# A client that no test trusts, and another one.
CLIENT = "127.0.1.1"
OTHER = "127.0.1.2"


@dataclass
class Listening:
    """A listener with its connections."""

    port: int
    limits: ConnectionLimits
    state: ServerState

    @property
    def connections(self) -> list[Connection]:
        """Those that were not lost yet."""
        return [each for each in self.state.connections if isinstance(each, Connection)]

    @asynccontextmanager
    async def client(self, address: str = CLIENT, receive_buffer: int = 0) -> AsyncIterator[Client]:
        """A connected client."""
        sock = socket.socket()
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        sock.setblocking(False)
        sock.bind((address, 0))
        client = Client(sock)
        try:
            await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", self.port))
            yield client
        finally:
            sock.close()

    async def ask(self, data: bytes, address: str = CLIENT) -> bytes:
        """Return all that is answered to these bytes, until the server closes."""
        async with self.client(address) as client:
            await client.send(data)
            return await client.rest()


@dataclass
class Client:
    """A client that sends and reads only when told to."""

    sock: socket.socket

    async def send(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def read(self, size: int = 2**16) -> bytes:
        """What comes next; nothing where the server closed or cut the connection."""
        try:
            return await asyncio.get_running_loop().sock_recv(self.sock, size)
        except ConnectionError:
            return b""

    async def rest(self) -> bytes:
        """All that comes until the server closes or cuts the connection."""
        received = bytearray()
        while piece := await self.read():
            received += piece
        return bytes(received)

    async def answers(self, number: int) -> bytes:
        """Read until this many heads of answers came."""
        received = b""
        while received.count(b"HTTP/1.1 ") < number and (piece := await self.read()):
            received += piece
        return received


@dataclass
class Application:
    """An application that reads each request, notes it, and answers its path and body.

    ``begun`` counts the requests, ``seen`` has those that were answered, ``left`` those whose client left.
    ``open`` lets answers go; with ``holding`` requests are held until then. A path such as ``/1000`` is
    answered by as many bytes.
    """

    seen: list[tuple[str, str, bytes, list[tuple[bytes, bytes]]]] = field(default_factory=list)
    begun: int = 0
    left: list[str] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    holding: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.begun += 1
        scope["extensions"]["endpoint.hold"]["hold"](self.holding)
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.left.append(scope["path"])
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        leaving = asyncio.ensure_future(receive())
        opened = asyncio.create_task(self.open.wait())
        await asyncio.wait({leaving, opened}, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if leaving.done():
            self.left.append(scope["path"])
            return
        leaving.cancel()
        self.seen.append((scope["method"], scope["path"], body, list(scope["headers"])))
        path = scope["path"].lstrip("/")
        answer = b"x" * int(path) if path.isdigit() else f"{scope['path']} {body.decode()};".encode()
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def site_of(**settings: Any) -> Site:
    """A site with patience for a moment only, whose clients are trusted with nothing."""
    named = {"trusted_proxies": (), "client_timeout": 0.4, **settings}
    return Site(Settings(**named), read_dataset(default_root()), Catalog({}, ()))


@asynccontextmanager
async def listening(app: ASGIApp, **settings: Any) -> AsyncIterator[Listening]:
    """Listen with these settings until the block ends."""
    site, state = site_of(**settings), ServerState()
    limits = ConnectionLimits(site)
    config = uvicorn.Config(app, ws="none", log_config=None, access_log=False, proxy_headers=False)
    config.load()
    connection = partial(Connection, config, state, {}, limits=limits)
    sock = socket.create_server(("127.0.0.1", 0), backlog=2048)
    limit_kernel(sock, site.settings.client_timeout)
    server = await asyncio.get_running_loop().create_server(connection, sock=sock)
    try:
        yield Listening(sock.getsockname()[1], limits, state)
    finally:
        server.close()
        for each in list(state.connections):
            each.transport.abort()
        for task in state.tasks:
            task.cancel()
        await asyncio.sleep(0)


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a test on the event loop of the server; what hangs fails."""

    async def limited() -> None:
        async with asyncio.timeout(PATIENCE):
            await work

    uvloop.run(limited())
