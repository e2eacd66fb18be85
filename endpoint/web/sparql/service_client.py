"""A client of other SPARQL endpoints (SPARQL 1.1 Protocol section 2.1.3), for those that the operator allows.

It follows no redirects, and connects only to addresses of the internet, unless the allowed beginning itself
names a host of this network: by its address, or by a name without a dot, which nobody else can point
anywhere.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse
from ipaddress import ip_address
from typing import Final
from urllib.parse import quote, unquote, urlencode, urlsplit

from endpoint import __version__
from endpoint.errors import ServiceFailed

# Bytes of an answer, at most, and those that are read at once.
MOST_BYTES: Final = 2**23
_PIECE: Final = 2**16
# What an IRI has in common with its URI, beside letters and digits.
_AS_IT_IS: Final = "%:/?#[]@!$&'()*+,;=~"
_ACCEPT: Final = "application/sparql-results+json, application/sparql-results+xml;q=0.5"
# Characters of a refusal that are shown.
_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with its media type."""

    body: bytes
    media_type: str


def admits(allowed: Sequence[str], iri: str) -> bool:
    """Return whether an IRI begins with one of those that are ``allowed``, and stays below it."""
    parts = urlsplit(iri)
    # A path that climbs would leave the prefix that it begins with, however a server reads it.
    climbs = ".." in unquote(parts.path).replace("\\", "/").split("/")
    begins = any(iri.startswith(prefix) for prefix in allowed)
    return begins and parts.scheme in ("http", "https") and not climbs and "@" not in parts.netloc


def fetch(iri: str, query: str, timeout: float) -> Fetched:
    """POST a query to the endpoint at an IRI that was admitted, and return its answer; it takes a thread.

    Raises :class:`~endpoint.errors.ServiceFailed` for whatever keeps it from answering within ``timeout``
    seconds.
    """
    end = time.monotonic() + timeout
    uri = urlsplit(quote(iri, safe=_AS_IT_IS))
    target = (uri.path or "/") + (f"?{uri.query}" if uri.query else "")
    headers = {
        "Accept": _ACCEPT,
        "Accept-Encoding": "identity",
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": f"endpoint/{__version__}",
    }
    try:
        connection = _Connection(uri.scheme, uri.hostname or "", uri.port, timeout)
        try:
            connection.request("POST", target, urlencode({"query": query}), headers)
            with connection.getresponse() as answer:
                body = _read(answer, connection.sock, end)
                _check(iri, answer, body)
                return Fetched(body, answer.headers.get_content_type())
        finally:
            connection.close()
    except (HTTPException, OSError, EOFError, ValueError) as error:
        raise ServiceFailed(
            f"SERVICE <{iri[:200]}> does not answer: {error or type(error).__name__}."
        ) from None


def _read(answer: HTTPResponse, sock: socket.socket | None, end: float) -> bytes:
    body = bytearray()
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError("it took too long")
        if sock is not None:
            sock.settimeout(left)
        # What has come is taken at once, so that the time is looked at however slowly it comes.
        piece = answer.read1(_PIECE)
        if not piece:
            break
        body += piece
        if len(body) > MOST_BYTES:
            raise EOFError(f"its answer has more than {MOST_BYTES:,} bytes; ask for less")
    if answer.length:
        raise EOFError(f"{answer.length:,} bytes are missing at its end")
    return bytes(body)


def _check(iri: str, answer: HTTPResponse, body: bytes) -> None:
    """Raise ServiceFailed for another status than 200; redirects are not followed."""
    if answer.status == 200:
        return
    if 300 <= answer.status < 400:
        raise ServiceFailed(f"SERVICE <{iri[:200]}> redirects to another address, which is not asked.")
    said = " ".join(body.decode("utf-8", "replace").split())[:_SHOWN]
    raise ServiceFailed(f"SERVICE <{iri[:200]}> answers {answer.status}: {said}")


class _Connection(HTTPConnection):
    """A connection to an address that was looked at before."""

    def __init__(self, scheme: str, host: str, port: int | None, timeout: float) -> None:
        super().__init__(host, port or (443 if scheme == "https" else 80), timeout=timeout)
        self._secure = scheme == "https"

    def connect(self) -> None:
        """Connect. Raises OSError, also where the host is none of the internet."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        addresses = [each for row in found if _may_be_asked(self.host, each := str(row[4][0]))]
        if not addresses:
            raise OSError("its name leads into the server's own network")
        sock = socket.create_connection((addresses[0], self.port), self.timeout)
        if self._secure:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=self.host)
        self.sock = sock


def _may_be_asked(host: str, address: str) -> bool:
    named = "." not in host or host == address or ":" in host
    return named or ip_address(address.partition("%")[0]).is_global
