"""LOAD (SPARQL 1.1 Update section 3.1.4): documents of other servers, from where the operator allows it."""

from __future__ import annotations

import time
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Final
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from endpoint import __version__
from endpoint.engine.writes import Upload
from endpoint.errors import EvaluationFailed, PayloadTooLarge, ServiceRefused
from endpoint.formats import EXPORT_FORMATS, rdf_format
from endpoint.ingest.writes.ledger import Graph, Ledger
from endpoint.ingest.writes.uploads import coming

_PIECE: Final = 2**16
# What an IRI has in common with its URI, beside letters and digits.
_AS_IT_IS: Final = "%:/?#[]@!$&'()*+,;=~"
_ACCEPT: Final = "text/turtle, application/n-triples, application/rdf+xml;q=0.8, application/ld+json;q=0.7"


class Loader:
    """A loader of documents whose IRIs begin with one of ``allowed``, each of at most ``limit`` bytes.

    ``folder`` takes them as files, ``timeout`` is for each in seconds.
    """

    def __init__(self, allowed: tuple[str, ...], limit: int, timeout: float, folder: Path) -> None:
        self._allowed = allowed
        self._limit = limit
        self._timeout = timeout
        self._folder = folder
        self._opener = build_opener(_NoRedirect)

    def load(self, iri: str, graph: Graph, ledger: Ledger) -> None:
        """Load the document at an IRI into a graph.

        Raises ServiceRefused, EvaluationFailed, PayloadTooLarge, MalformedData and Forbidden.
        """
        if not self._admits(iri):
            raise ServiceRefused(
                f"LOAD <{iri[:200]}> is refused: this server loads "
                + (f"only what begins with {' or '.join(self._allowed)}." if self._allowed else "nothing.")
            )
        ledger.permit(graph)
        file = self._folder / "loaded"
        try:
            name = self._fetch(iri, file)
            upload = Upload(str(file), iri, name)
            with coming([upload], graph, iri, self._folder, self._limit) as store:
                ledger.add(store)
                ledger.add_graph(graph)
        finally:
            file.unlink(missing_ok=True)

    def _admits(self, iri: str) -> bool:
        parts = urlsplit(iri)
        # A path that climbs would leave the prefix that it begins with, however a server reads it.
        climbs = ".." in unquote(parts.path).replace("\\", "/").split("/")
        allowed = any(iri.startswith(prefix) for prefix in self._allowed)
        return allowed and parts.scheme in ("http", "https") and not climbs and "@" not in parts.netloc

    def _fetch(self, iri: str, file: Path) -> str:
        """Write the document into a file; return the name of its format."""
        headers = {"Accept": _ACCEPT, "User-Agent": f"endpoint/{__version__}"}
        # The URI of an IRI (RFC 3987 section 3.1).
        request = Request(quote(iri, safe=_AS_IT_IS), headers=headers)  # noqa: S310  the scheme was checked
        try:
            with self._opener.open(request, timeout=self._timeout) as answer, file.open("wb") as out:
                self._copy(answer, out)
                if answer.length:
                    raise EOFError(f"{answer.length:,} bytes are missing at its end")
                return _format(answer.headers, iri)
        except (HTTPError, URLError, HTTPException, OSError, EOFError) as error:
            raise EvaluationFailed(f"<{iri[:200]}> cannot be loaded: {error}") from None

    def _copy(self, answer: HTTPResponse, out: IO[bytes]) -> None:
        size, end = 0, time.monotonic() + self._timeout
        # What has come is taken at once, so that the time is looked at however slowly it comes.
        while piece := answer.read1(_PIECE):
            size += len(piece)
            if size > self._limit:
                raise PayloadTooLarge(f"The document is longer than {self._limit:,} bytes.", self._limit)
            if time.monotonic() > end:
                raise TimeoutError(f"not read within {self._timeout:g} s")
            out.write(piece)


def _format(headers: Message, iri: str) -> str:
    media_type = headers.get_content_type()
    found = rdf_format(media_type)
    if found is None:
        extension = iri.rpartition(".")[2].lower()
        found = next((each for each in EXPORT_FORMATS if each.extension == extension), None)
    if found is None:
        raise EvaluationFailed(f"<{iri[:200]}> is {media_type}, which is no RDF.")
    return found.name


class _NoRedirect(HTTPRedirectHandler):
    """Follows no redirect, which may lead anywhere."""

    def redirect_request(self, *_: object) -> None:
        """Refuse."""
