"""The host names that the server answers for."""

from __future__ import annotations

import re
import socket
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Scope

from endpoint.errors import MalformedRequest, UnknownHost
from endpoint.settings import Settings
from endpoint.web.http.forwarded import parse_address

# A host name or address with an optional port (RFC 9110 section 7.2).
_HOST: Final = re.compile(r"([A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{1,45}\])(?::[0-9]{1,5})?")
# Names of this machine that no foreign page can have in its address.
_LOCAL: Final = ("localhost", "127.0.0.1", "[::1]")


def check_host(scope: Scope, settings: Settings) -> None:
    """Raise MalformedRequest unless there is one Host header with a host (RFC 9112 section 3.2).

    HTTP/1.0 may do without. Raises UnknownHost for one that the settings do not allow. Where they list
    none, every host is allowed, but at a loopback address without a ``public_url`` only the names of this
    machine and IP addresses: there a page of somebody else could have its name lead to its reader's machine.
    """
    given = [value for name, value in scope["headers"] if name == b"host"]
    if len(given) != 1:
        if not given and scope["http_version"] == "1.0":
            return
        raise MalformedRequest(f"A request has one Host header; this one has {len(given) or 'none'}.")
    host = _name(given[0])
    if "*" in settings.allowed_hosts or host in _LOCAL:
        return
    server = scope.get("server")
    if server and host.strip("[]") == server[0]:
        return
    if not settings.allowed_hosts:
        if not settings.public_url and server and _is_loopback(server[0]) and not _is_own(host):
            raise UnknownHost(
                f"This server does not answer for {host} at {server[0]}, where only this machine reaches it. "
                "Behind a proxy, set public_url, or list names in allowed_hosts."
            )
    elif not _allowed(host, settings.allowed_hosts, settings.public_url):
        raise UnknownHost(
            f"This server does not answer for {host}. Its operator lists names in allowed_hosts."
        )


@lru_cache(maxsize=16)
def _is_loopback(address: str) -> bool:
    parsed = parse_address(address)
    return parsed is not None and parsed.is_loopback


@lru_cache(maxsize=256)
def _is_own(host: str) -> bool:
    """Return whether a host is an address, which no name leads to, or a name of this machine alone."""
    machine = socket.gethostname().lower()
    own = (machine, f"{machine.partition('.')[0]}.local")
    return host in own or host.endswith(".localhost") or parse_address(host.strip("[]")) is not None


@lru_cache(maxsize=256)
def _name(value: bytes) -> str:
    """Return the host in lower case, without a port. Raises MalformedRequest."""
    matched = _HOST.fullmatch(value.decode("latin-1"))
    if matched is None:
        raise MalformedRequest("The Host header is not a host name with an optional port.")
    return matched[1].lower().removesuffix(".")


def _allowed(host: str, names: tuple[str, ...], public_url: str | None) -> bool:
    own = urlsplit(public_url).hostname if public_url else None
    return host.strip("[]") == own or any(
        host == name or (name.startswith(".") and (host.endswith(name) or host == name[1:])) for name in names
    )
