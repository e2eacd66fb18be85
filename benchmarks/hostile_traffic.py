"""Clients that a public SPARQL server has to live with: each attack goes on until it is cancelled.

The attacks are those that any SPARQL 1.1 endpoint can meet, so that several servers can be compared.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

JSON: Final = "application/sparql-results+json"
CROSS: Final = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l"

# Bytes that a client of this benchmark reads at once, and the longest answer that it keeps.
_PIECE: Final = 2**16
_KEPT: Final = 2**26


@dataclass(frozen=True)
class Target:
    """A server under attack: its address, the path of its SPARQL endpoint, the address of the client."""

    port: int
    path: str
    source: str = "127.0.0.1"
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Reply:
    """One whole answer. ``whole`` is false where the connection was cut before its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool


@contextlib.asynccontextmanager
async def connected(
    target: Target, unread: int = _KEPT
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection from the source address; it is reset, not closed, at the end of the block.

    It takes about ``unread`` bytes that nobody reads from the network.
    """
    reader, writer = await asyncio.open_connection(
        target.host, target.port, local_addr=(target.source, 0), limit=unread
    )
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def head(target: Target, method: str, path: str, fields: Mapping[str, str], version: str = "1.1") -> bytes:
    """Return the head of a request."""
    lines = [f"{method} {path} HTTP/{version}", f"Host: {target.host}:{target.port}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items()), "", ""]).encode()


def query_request(target: Target, query: str, accept: str = JSON) -> bytes:
    """Return a request that sends a query as a form (SPARQL 1.1 Protocol section 2.1.2)."""
    body = f"query={quote(query, safe='')}".encode()
    fields = {
        "Accept": accept,
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    return head(target, "POST", target.path, fields) + body


async def send(target: Target, request: bytes) -> Reply:
    """Send a request with ``Connection: close`` and return its answer. Raises OSError."""
    async with connected(target) as (reader, writer):
        writer.write(request)
        return await read_reply(reader)


async def read_reply(reader: asyncio.StreamReader) -> Reply:
    """Read one answer, of a known length, in chunks, or up to the end of the connection. Raises OSError."""
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise ConnectionResetError("no answer") from None
    status = int(lines[0].split(" ")[1])
    headers = {
        name.strip().lower(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines[1:])
        if colon
    }
    try:
        body = await _read_body(reader, headers)
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        return Reply(status, headers, b"", whole=False)
    return Reply(status, headers, body, whole=True)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding", "").lower() != "chunked":
        return await reader.read(-1)
    parts = []
    while size := int(await reader.readline(), 16):
        parts.append(await reader.readexactly(size))
        await reader.readline()
    return b"".join(parts)


async def ask(target: Target, query: str, accept: str = JSON) -> Reply:
    """Send a query and return its answer. Raises OSError."""
    return await send(target, query_request(target, query, accept))


def doubled(times: int) -> str:
    """Return a query whose value has ten times two to the power of ``times`` characters."""
    steps = " ".join(f"BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(times))
    return f'SELECT ?v{times} {{ BIND("0123456789" AS ?v0) {steps} }}'


HOSTILE_QUERIES: Final[Mapping[str, str]] = {
    "ORDER BY over a cross product": f"SELECT * {{ {CROSS} }} ORDER BY ?l ?f ?c ?i",
    "a count that never ends": f"SELECT (COUNT(*) AS ?n) {{ {CROSS} }}",
    "a string doubled 30 times": doubled(30),
    "30,000 parentheses": f"ASK {{ FILTER{'(' * 30_000}1{')' * 30_000} }}",
    "1,000 groups to join": f"ASK {{ {'{ ?s ?p ?o } ' * 1000} }}",
    "300 kB that do not parse": "SELECT * { " + "a:b.c..d " * 33_000,
    "a property path over everything": "SELECT (COUNT(*) AS ?n) { ?s (!<urn:n>)* ?o . ?x (!<urn:n>)* ?y }",
}

Attack = Callable[[Target], Awaitable[None]]


def asking(query: str, clients: int = 4) -> Attack:
    """Return the attack of clients that send one query again and again, each over connections of its own."""

    async def attack(target: Target) -> None:
        async def client() -> None:
            while True:
                with contextlib.suppress(OSError):
                    await ask(target, query)
                # A refusal comes at once; asking again without a pause would only measure this process.
                await asyncio.sleep(0.01)

        await asyncio.gather(*(client() for _ in range(clients)))

    return attack


def holding(request: Callable[[Target], bytes], clients: int, every: float = 1.0) -> Attack:
    """Return the attack of clients that send the same and never read; who is cut off comes again."""

    async def attack(target: Target) -> None:
        async def client() -> None:
            while True:
                with contextlib.suppress(OSError):
                    async with connected(target, unread=1) as (_, writer):
                        while not writer.transport.is_closing():
                            writer.write(request(target))
                            await writer.drain()
                            await asyncio.sleep(every)
                await asyncio.sleep(every)

        await asyncio.gather(*(client() for _ in range(clients)))

    return attack


async def leave_early(target: Target) -> None:
    """Ask for much and leave at once, again and again."""
    request = query_request(target, f"SELECT * {{ {CROSS} }}")
    while True:
        with contextlib.suppress(OSError):
            async with connected(target) as (_, writer):
                writer.write(request)
                await writer.drain()
                await asyncio.sleep(0.02)


def _large(target: Target) -> bytes:
    return query_request(target, "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 3000000", "text/csv")


def _unfinished(target: Target) -> bytes:
    return f"GET {target.path}?query=".encode() + b"A" * 1000


def _pipelined(target: Target) -> bytes:
    return head(target, "GET", f"{target.path}?query=ASK%20%7B%7D", {"Accept": JSON}) * 2000


HOSTILE_CLIENTS: Final[Mapping[str, Attack]] = {
    **{name: asking(query) for name, query in HOSTILE_QUERIES.items()},
    "20 clients that do not read": holding(_large, 20, every=3600),
    "400 unfinished heads": holding(_unfinished, 400),
    "20 pipelines that nobody reads": holding(_pipelined, 20),
    "clients that leave at once": leave_early,
}
