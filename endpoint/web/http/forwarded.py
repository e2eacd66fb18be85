"""The client behind proxies: what they say of it, where they are trusted.

A proxy appends the address that it was called from to ``X-Forwarded-For`` or ``Forwarded`` (RFC 7239). So the
right-most address that is no trusted proxy's is the client's; left of it, anybody may have written anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from starlette.types import Scope

Address = IPv4Address | IPv6Address

# Addresses in one header that are looked at; no real chain of proxies is longer.
_MOST: Final = 32
# Characters of an address; what is longer is none.
_LONGEST: Final = 80
# The pairs of an element of Forwarded (RFC 7239 section 4): a token, and a token or quoted string.
_PAIR: Final = re.compile(r'\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)=("(?:[^"\\]|\\.)*+"|[^\s";,]*+)\s*(;|,|$)')
_SCHEMES: Final = ("http", "https")


def parse_address(text: str) -> Address | None:
    """Return an address as proxies write it: with a port or without, IPv6 in brackets; None for others.

    An IPv4 address that is written as one of IPv6 is the IPv4 address.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


class Proxies:
    """The proxies that are trusted to say who their client is: networks such as ``10.0.0.0/8``."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = tuple(ip_network(network) for network in networks)
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def _trusts(self, address: str | None) -> bool:
        """Return whether this is the address of a trusted proxy; None is a process on this machine."""
        if address is None:
            return bool(self._networks)
        parsed = parse_address(address)
        return parsed is not None and self._has(parsed)

    def _has(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def apply(self, scope: Scope) -> None:
        """Set client and scheme of a request to those that its proxies name, where they are trusted."""
        client = scope.get("client")
        if not self._networks or not self.trusts(client[0] if client else None):
            return
        named: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            if name in (b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"):
                named.setdefault(name, []).append(value.decode("latin-1"))
        if not named:
            return
        elements = forwarded(", ".join(named.get(b"forwarded", ())))
        chains = [
            [element.get("for", "") for element in elements],
            ", ".join(named.get(b"x-forwarded-for", ())).split(",")[-_MOST:],
        ]
        protocols = [element["proto"] for element in elements if "proto" in element]
        if b"x-forwarded-proto" in named:
            protocols = ", ".join(named[b"x-forwarded-proto"]).split(",")
        found = {self._nearest(chain) for chain in chains if any(chain)}
        # Where both headers are there, the client may have sent the one that the proxy does not write.
        if len(found) == 1 and (address := found.pop()) is not None:
            scope["client"] = (str(address), 0)
        if protocols and (scheme := protocols[-1].strip().lower()) in _SCHEMES:
            scope["scheme"] = scheme

    def _nearest(self, chain: list[str]) -> Address | None:
        """Return the right-most address that is no trusted proxy's; the left-most where all are."""
        last = None
        for text in reversed(chain):
            address = parse_address(text)
            if address is None:
                # "unknown", a name or garbage: the proxy that wrote it is all that is known.
                return last
            last = address
            if not self._has(address):
                break
        return last


@lru_cache(maxsize=4)
def proxies(networks: tuple[str, ...]) -> Proxies:
    """Return the proxies of the setting ``trusted_proxies``."""
    return Proxies(networks)


def forwarded(text: str) -> list[dict[str, str]]:
    """Return the elements of a Forwarded header, names in lower case; those from a mistake on are left out.

    The last elements count, so a client's mistake left of them must not hide them: where there is one, what
    stands right of the next comma is read.
    """
    elements: list[dict[str, str]] = [{}]
    at, end = max(0, len(text) - _MOST * _LONGEST * 2), len(text)
    while at < end:
        pair = _PAIR.match(text, at)
        if pair is None:
            comma = text.find(",", at)
            if comma < 0:
                return elements[-_MOST - 1 : -1] if not elements[-1] else []
            elements, at = [{}], comma + 1
            continue
        value = pair[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elements[-1][pair[1].lower()] = value
        if pair[3] == ",":
            elements.append({})
        at = pair.end()
    return elements[-_MOST:]
