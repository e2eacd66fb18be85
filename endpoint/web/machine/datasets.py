"""Where machines find what data there is: ``/.well-known/void``, ``/void``, ``/catalog``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pyoxigraph import Triple
from starlette.types import Receive, Scope, Send

from endpoint.formats import GRAPH_FORMATS
from endpoint.vocabulary import DCAT, DCTERMS, FOAF, VOID, VOID_EXT
from endpoint.web.http.making import allows
from endpoint.web.http.request import decode_pairs, read_formats
from endpoint.web.http.responses import choose
from endpoint.web.http.site import VARY, Site, accept_of
from endpoint.web.machine import void
from endpoint.web.machine.counting import require_statistics
from endpoint.web.machine.documents import Document, send_document
from endpoint.web.machine.statistics import Statistics
from endpoint.web.store import OwnQueries

Describe = Callable[[Site, str, Statistics], Iterable[Triple]]

_PREFIXES: Final = {
    "dcat": DCAT,
    "dcterms": DCTERMS,
    "foaf": FOAF,
    "void": VOID,
    "void-ext": VOID_EXT,
}


class DataDocument:
    """One such document at ``path``, and at ``path.<extension>`` in one format, as an ASGI application."""

    def __init__(self, own_queries: OwnQueries, path: str, describe: Describe) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._path = path
        self._describe = describe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        extension = scope["path_params"].get("extension")
        named = read_formats(decode_pairs(scope["query_string"]))
        chosen = choose([extension] if extension else named, accept_of(scope), GRAPH_FORMATS)
        statistics = await require_statistics(self._own_queries, self._site.settings.timeout)
        base = self._site.url(scope)
        document = Document(
            base + self._path,
            _prefixes(self._site, base),
            lambda: self._describe(self._site, base, statistics),
            statistics,
        )
        await send_document(scope, send, self._own_queries, document, chosen)


def _prefixes(site: Site, base: str) -> Mapping[str, str]:
    return {**_PREFIXES, "here": void.names(base)}


class WellKnownVoid:
    """``/.well-known/void``: leads to the description of the dataset (VoID note, section 7.2)."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        location = self._site.url(scope) + void.PATH
        headers = [(b"location", location.encode()), (b"content-length", b"0"), (b"vary", VARY)]
        await send({"type": "http.response.start", "status": 302, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
