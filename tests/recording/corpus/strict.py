"""Requests to a server with other settings: a strict default graph, low limits, one origin, no rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.recording.corpus.shorthand import BROWSER, get, page
from tests.recording.corpus.sparql import BASE, ask, queries
from tests.recording.exchange import Request

ORIGIN: Final = "https://page.example"
FLAGS: Final = (
    *("--default-graph", "strict", "--derive", "off", "--max-nesting", "20", "--max-query", "2KB"),
    *("--cors-origins", ORIGIN, "--timeout", "20"),
)


def requests() -> Iterator[Request]:
    """Yield the requests that these settings affect."""
    for name in ("count", "count-graphs", "from", "from-two", "from-named", "star", "text-search"):
        yield ask(f"query-{name}", queries()[name])
    yield ask("default-graph", queries()["count"], default_graph_uri=f"{BASE}mofapub")
    yield ask("mofapub", queries()["count"], path="/mofapub/sparql")
    yield ask("nested", "ASK " + "{" * 30 + "}" * 30)
    yield ask("too-long", "ASK {} #" + "x" * 3000)
    yield ask("timeout", "ASK {}", timeout=60)
    for origin in (ORIGIN, "https://other.example", ""):
        headers = {"origin": origin} if origin else {}
        name = origin.partition("//")[2] or "none"
        yield get(f"cors/{name}", "/sparql", {"query": "ASK {}"}, **headers)
        yield get(f"cors/{name}-page", "/", None, BROWSER, **headers)
    yield get("saved/years", "/api/years")
    yield get("saved/statistics", "/api/statistics")
    yield get("saved/bibo", "/api/publication-bibo", {"publication": 14209})
    yield get("resource/turtle", "/mofapub/resource/Publication/14209.ttl")
    yield from page("resource/page", "/mofapub/resource/Publication/14209")
    yield from page("resource/class", "/mofapub/Publication")
    yield from page("catalogue/all", "/")
    yield get("machine/description", "/sparql")
    yield get("machine/void", "/void.ttl")
    yield get("machine/classes", "/-/completion/classes")
