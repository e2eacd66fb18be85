"""The requests of a test of a protocol, sent one after the other, and what is wrong with their responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pyoxigraph import RdfFormat, parse

from tests.conformance.answers import same
from tests.conformance.manifests import Case, Request
from tests.live import Answer, Server

_TABULAR: Final = (
    "application/sparql-results+xml",
    "application/sparql-results+json",
    "text/csv",
    "text/tab-separated-values",
)
_TYPES: Final = {
    "boolean": _TABULAR[:2],
    "tabular": _TABULAR,
    "RDF": ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"),
}
_STATUSES: Final = {"OK": 200, "Created": 201, "NoContent": 204, "BadRequest": 400, "NotFound": 404}


def exchanged(case: Case, server: Server, headers: Mapping[str, str] | None = None) -> str | None:
    """Send the requests of a test, each with ``headers`` too; return what is wrong with a response."""
    locations: dict[str, str] = {}
    for request in case.requests:
        path = request.path.replace("/sparql/", "/sparql", 1).replace("/gsp", "/store", 1)
        for name, location in locations.items():
            path = path.replace(name, location)
        sent = {**dict(request.headers), **(headers or {})}
        answer = server.request(request.method, path, request.body or None, sent)
        if fault := _fault(request, answer):
            return f"{request.method} {path}: {fault}"
        if request.location is not None:
            locations[request.location] = answer.headers["location"]
    return None


def _fault(request: Request, answer: Answer) -> str | None:
    if not any(_is(answer.status, name) for name in request.statuses):
        return f"{answer.status} is none of {request.statuses}: {answer.text[:200]}"
    if request.format is not None and answer.type not in _TYPES[request.format]:
        return f"{answer.type} is not {request.format}"
    if request.boolean is not None and answer.json()["boolean"] is not request.boolean:
        return f"The answer is not {request.boolean}."
    if request.content_type is not None and answer.headers.get("content-type") != request.content_type:
        return f"{answer.headers.get('content-type')} is not {request.content_type}"
    if request.content is not None and _graph(answer.body) != _graph(request.content):
        return f"Another graph was expected: {answer.text[:1000]}"
    return None


def _graph(turtle: bytes) -> object:
    return same(parse(turtle, RdfFormat.TURTLE))


def _is(status: int, name: str) -> bool:
    return _STATUSES.get(name) == status or (name.endswith("xx") and name[-3] == str(status)[0])
