"""Where machines find what data there is: ``/.well-known/void``, ``/void``, ``/catalog``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from pyoxigraph import Triple

from endpoint.formats import GRAPH_FORMATS
from endpoint.vocabulary import DCAT, DCTERMS, FOAF, VOID, VOID_EXT
from endpoint.web.http.answer import Answer, Redirect
from endpoint.web.http.request import Request, choose, read_formats
from endpoint.web.http.site import Site
from endpoint.web.machine import void
from endpoint.web.machine.counting import require_statistics
from endpoint.web.machine.documents import Document, document_answer
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
    """One such document at ``path``, and at ``path.<extension>`` in one format."""

    def __init__(self, own_queries: OwnQueries, path: str, describe: Describe) -> None:
        self._site = own_queries.site
        self._own_queries = own_queries
        self._path = path
        self._describe = describe

    async def answer(self, request: Request) -> Answer:
        """Answer with the document. Raises NotAcceptable and Overloaded."""
        extension = request.scope["path_params"].get("extension")
        names = [extension] if extension else read_formats(request.pairs)
        chosen = choose(names, request.accept, GRAPH_FORMATS)
        statistics = await require_statistics(self._own_queries, self._site.settings.timeout)
        base = request.base
        document = Document(
            base + self._path,
            _prefixes(self._site, base),
            lambda: self._describe(self._site, base, statistics),
            statistics,
        )
        return await document_answer(self._own_queries, document, chosen)


def _prefixes(site: Site, base: str) -> Mapping[str, str]:
    return {**_PREFIXES, "here": void.names(base)}


async def well_known_void(request: Request) -> Answer:
    """Lead from ``/.well-known/void`` to the description of the dataset (VoID note, section 7.2)."""
    return Redirect(request.base + void.PATH)
