"""The largest requests that a client can make of each route, of texts that are hard to process."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from starlette.routing import Route

from endpoint.app import create_site, routes
from endpoint.settings import Settings

# Bytes of a body and of a query string; of a path, a header field and a query string that makes a page.
BODY = 2**19 - 64
QUERY = 2**17 - 2**10
SHORT = 2**14

Make = Callable[[int], str]


def _repeated(part: str) -> Make:
    return lambda length: part * (length // len(part.encode()))


def _random(alphabet: str) -> Make:
    def make(length: int) -> str:
        chosen = random.Random(length).choices(alphabet, k=2000)
        piece = "".join(chosen)
        return piece * (length // len(piece.encode()))

    return make


# Each makes a text of about so many bytes.
TEXTS: Mapping[str, Make] = {
    "one character": _repeated("a"),
    "words": _repeated("word 정책 "),
    "combining marks": lambda length: "a" + "\u0301\u0316" * (length // 4),
    "few marks": _repeated("a" + "\u0301\u0316" * 15),
    "brackets": _repeated("([{<"),
    "one bracket": _repeated("("),
    "markup": _repeated("<b>&amp;"),
    "commas": _repeated(","),
    "ranges": _repeated("a/b;q=0.1,"),
    "dots": _repeated("a."),
    "quotes": _repeated("'\""),
    "one quote": _repeated('"'),
    "digits": _repeated("7"),
    "numbers": _repeated("1 "),
    "per cent": _repeated("%25"),
    "colons": _repeated("a:"),
    "slashes": _repeated("a/"),
    "backslashes": _repeated("\\u0041"),
    "signs": _repeated("-+*|~"),
    "lines": _repeated("\r\n"),
    "names": _repeated("?a a:b.c ;"),
    "any": _random("".join(map(chr, range(32, 127)))),
    "any of Unicode": _random("aé한\u0301\u200d\U0001f600\u1100\u1161\ufdfa"),
}
NAMES = (
    *("q", "query", "uri", "iri", "class", "limit", "format", "page", "after", "pageSize", "timeout", "lang"),
    *("default-graph-uri", "sort", "field", "author", "year", "download", "explain", "generation", "count"),
)
HEADERS = (
    *("Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "Cookie"),
    *("Content-Type", "Authorization", "X-Forwarded-For", "Forwarded", "Origin", "Referer", "Range"),
)


@dataclass(frozen=True, slots=True)
class Flood:
    """One large request; ``place`` says where its text stands."""

    place: str
    method: str
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def floods(thorough: bool) -> Iterator[tuple[str, Flood]]:
    """Yield requests, and what their text is, for every route; each place gets one of the texts, or all."""
    turn = 0
    for address in _addresses():
        for place in (_in_path, _in_query, _in_header, _in_body):
            for _ in range(len(TEXTS) if thorough else 1):
                # Every place of a route gets another one.
                turn += 1
                text, make = list(TEXTS.items())[turn * 5 % len(TEXTS)]
                for flood in place(address, make, turn):
                    yield text, flood


def _addresses() -> list[str]:
    """The paths of all routes, with braces where a client chooses, and those of saved queries."""
    site = create_site(Settings())
    addresses = [route.path for route in routes(site) if isinstance(route, Route)]
    for query in site.catalog.queries.values():
        own = f"/api/{quote(query.name)}"
        addresses.append(own)
        if query.parameters:
            name = quote(query.parameters[0].name)
            addresses += [f"{own}?{name}=", f"{own}/values/{name}", f"{own}/explain?{name}="]
    return addresses


def _encoded(text: str) -> str:
    # Also what needs no escape: this takes a thousandth of the time of quote.
    return f"%{text.encode().hex('%')}" if text else ""


def _plain(address: str) -> str:
    return address.replace("{", "").replace("}", "").replace(":path", "")


def _in_path(address: str, make: Make, turn: int) -> Iterator[Flood]:
    if "{" in address:
        before = address.partition("{")[0]
        yield Flood(f"the path of {address}", "GET", before + _encoded(make(SHORT // 3)))
        plain = "".join(letter for letter in make(SHORT) if "!" <= letter <= "~" and letter not in '#?"<>')
        yield Flood(f"the plain path of {address}", "GET", before + plain)


def _in_query(address: str, make: Make, turn: int) -> Iterator[Flood]:
    target = _plain(address)
    if not target.endswith("="):
        target = f"{target}?{NAMES[turn % len(NAMES)]}="
    yield Flood(target, "GET", target + _encoded(make(QUERY // 3)))
    yield Flood(
        f"the page {target}", "GET", target + _encoded(make(SHORT // 3)), b"", {"Accept": "text/html"}
    )


def _in_header(address: str, make: Make, turn: int) -> Iterator[Flood]:
    name = HEADERS[turn % len(HEADERS)]
    value = "".join(letter for letter in make(SHORT) if " " <= letter <= "~").strip()
    yield Flood(f"{name} of {address}", "GET", _plain(address), b"", {name: value})


def _in_body(address: str, make: Make, turn: int) -> Iterator[Flood]:
    if not address.startswith("/api") and "sparql" not in address:
        return
    target, _, parameter = _plain(address).partition("?")
    name = parameter.rstrip("=") or NAMES[turn % len(NAMES)]
    form = f"{name}={_encoded(make(BODY // 3 - 99))}".encode()
    yield _post(f"the form of {address}", target, form, "application/x-www-form-urlencoded")
    values = ({name: make(BODY // 2)}, [0] * (BODY // 3), [{name: "x"}] * 1000, {name: ["x"] * 9_000})
    body = json.dumps(values[turn % len(values)], ensure_ascii=False).encode()[:BODY]
    yield _post(f"JSON of {address}", target, body, "application/json")
    if "sparql" in target:
        for before in (b"", b"SELECT * FROM <a:b> { ", b"SELECT * { ?s ?p '", b"SELECT * { ?s ?p a:"):
            body = (before + make(BODY).encode())[:BODY]
            yield _post(f"{before.decode()}… to {address}", target, body, "application/sparql-query")


def _post(place: str, target: str, body: bytes, content_type: str) -> Flood:
    return Flood(place, "POST", target, body, {"Content-Type": content_type, "Accept": "application/json"})
