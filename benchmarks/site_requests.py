"""Pages and saved queries of this server under load, each address for the first time and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from benchmarks.client import Connection, Get, Load, load
from benchmarks.reading_room import Names
from benchmarks.rounds import Refused
from benchmarks.sides import Running

_PAGE: Final = "text/html"
_JSON: Final = "application/sparql-results+json"
# Addresses that are asked for once, requests of one that is asked for again and again.
_ADDRESSES: Final = 500
_REPEATS: Final = 20_000
_PATIENCE: Final = 60.0
_HOST: Final = "http://opendata.mofa.go.kr/"


@dataclass(frozen=True)
class Seen:
    """One run, and the milliseconds of processors that the server and its workers took for an answer."""

    run: Load
    processor: float


def addresses(names: Names) -> dict[str, list[Get]]:
    """Return many addresses of each kind."""
    authors = sorted(names.authors, key=lambda name: (-names.authors[name], name))
    queries = [urlencode({"author": name.strip('"')}) for name in authors]
    words = sorted(names.words, key=lambda word: (-names.words[word], word))
    pages = range(1, max(4, min(len(names.records) // 20, 500)))
    return {
        "page of a publication": [Get(_path(iri), _PAGE) for iri in names.records],
        "page of the catalogue": [Get(f"/?page={number}", _PAGE) for number in pages],
        "page of a search": [Get(f"/?{urlencode({'q': word})}", _PAGE) for word in words],
        "page of a saved query": [Get(f"/api/publications-by-author?{query}", _PAGE) for query in queries],
        "saved query, JSON": [Get(f"/api/publications-by-author?{query}", _JSON) for query in queries],
        "publication, Turtle": [Get(_path(iri), "text/turtle") for iri in names.records],
    }


def _path(iri: str) -> str:
    return "/" + quote(iri.strip("<>").removeprefix(_HOST))


def measure(
    server: Running, kinds: dict[str, list[Get]], rounds: int, connections: int, seconds: float
) -> dict[str, tuple[Seen, Seen]]:
    """Return for each kind a run over its addresses, each for the first time, and the middle run of one.

    The first may take three times ``seconds``, since that is what a page takes which is made.

    Raises :class:`Refused` where an answer is no success.
    """
    found = {}
    for name, gets in kinds.items():
        # What a server reads once for all pages of a kind is no part of them.
        Connection(server.port, _PATIENCE).ask(gets[-1])
        first = _load(server, name, gets[1:-1][:_ADDRESSES], connections, 3 * seconds)
        again = [_load(server, name, [gets[0]] * _REPEATS, connections, seconds) for _ in range(rounds)]
        found[name] = first, sorted(again, key=lambda seen: seen.run.rate)[len(again) // 2]
    return found


def _load(server: Running, name: str, gets: Sequence[Get], connections: int, seconds: float) -> Seen:
    before = server.processor()
    run = load(server.port, gets, connections, seconds, _PATIENCE)
    if run.failed:
        raise Refused(f"refused: {run.failed} requests of {name!r} failed, {run.requests} were answered")
    return Seen(run, (server.processor() - before) / max(run.requests, 1) * 1000)
