"""The OpenAPI 3.1 document of the saved queries, at ``/api/openapi.json``, and the page to try it out.

It is made on the first request for each catalog, generation of the data and language (Korean, English). Its
examples are real answers (:mod:`endpoint.web.api.openapi.samples`).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from endpoint.catalog import Catalog, SavedQuery
from endpoint.formats import Format
from endpoint.storage.generations import Generation
from endpoint.web.api.openapi.answers import Sample, envelope_schema
from endpoint.web.api.openapi.components import headers, problem_responses, problem_schemas, schemas
from endpoint.web.api.openapi.operations import (
    GENERAL,
    address_of,
    body_schemas,
    component,
    general_items,
    path_items,
    responses,
)
from endpoint.web.api.openapi.parameters import protocol_parameters, protocol_schemas
from endpoint.web.api.openapi.samples import BASE, run_examples
from endpoint.web.api.openapi.values import Schema
from endpoint.web.api.targets import ROOT
from endpoint.web.cache import Region
from endpoint.web.http.answer import Answer, Whole, page, strong_tag
from endpoint.web.http.html import render
from endpoint.web.http.request import Request, choose
from endpoint.web.http.send import Handle
from endpoint.web.http.static_files import asset, has_asset
from endpoint.web.http.view import PARAMETER, View
from endpoint.web.own_queries import OwnQueries, Snapshot

PATH: Final = f"{ROOT}/openapi.json"
_VERSION: Final = "3.1.1"
# The files from npm.
_FILES: Final = ("vendor/swagger-ui-bundle.js", "vendor/swagger-ui.css")
_STYLES: Final = ("vendor/swagger-ui.css", "swagger.css")
_FORMAT: Final = Format(
    "openapi", "application/json", ("application/vnd.oai.openapi+json",), ("json",), "json", False, None
)
# Seconds after which the examples that a busy server turned away are tried again.
_AGAIN: Final = 60.0
# Seconds that a client waits while all examples are run and the document is written.
_PATIENCE: Final = 60.0

_Samples = Mapping[str, Sample]


class _Document(NamedTuple):
    """The document in one language; ``whole`` unless an example is missing because no worker was free."""

    content: bytes
    whole: bool


_EXAMPLES: Final[Region[tuple[_Samples, bool]]] = Region(
    "examples of the API", lifetime=lambda examples: None if examples[1] else _AGAIN
)
_DOCUMENTS: Final[Region[_Document]] = Region(
    "descriptions of the API",
    size=lambda document: len(document.content),
    lifetime=lambda document: None if document.whole else _AGAIN,
)


def described(handle: Handle) -> Handle:
    """Return a handler of the API whose answers lead to this document (RFC 8631)."""

    async def answer(request: Request) -> Answer:
        return with_link(await handle(request), description_link(request.base))

    return answer


def description_link(base: str) -> bytes:
    """Return the link to this document, for the header Link; ``base`` is the server's own URL."""
    return f'<{base}{PATH}>; rel="service-desc"; type="application/json"'.encode()


def with_link(answer: Answer, link: bytes) -> Answer:
    """Return an answer with a link added to its one Link header, since clients expect a single one."""
    links = [value for name, value in answer.headers if name == b"link"]
    others = [pair for pair in answer.headers if pair[0] != b"link"]
    return replace(answer, headers=(*others, (b"link", b", ".join([*links, link]))))


class OpenApi:
    """The document, kept for one catalog and one generation of the data."""

    def __init__(self, own_queries: OwnQueries) -> None:
        self._own_queries = own_queries

    async def answer(self, request: Request) -> Answer:
        """Answer with the document in the reader's language."""
        chosen = choose((), request.accept, (_FORMAT,))
        view = request.view
        body = await self.document(view)
        headers = ((b"content-language", view.language.encode()),)
        return Whole(body, chosen.content_type, tag=strong_tag(body), headers=headers)

    async def document(self, view: View) -> bytes:
        """Return the document in the language of the view, with the addresses that it has for this client.

        Raises :class:`~endpoint.errors.Overloaded` while the server starts or stops.
        """
        catalog = view.site.catalog

        async def make_examples(snapshot: Snapshot) -> tuple[_Samples, bool]:
            return await run_examples(snapshot, [*catalog.queries.values()])

        async def make(snapshot: Snapshot) -> _Document:
            samples, whole = await snapshot.cached(_EXAMPLES, make_examples, catalog.version, _PATIENCE)
            generation = snapshot.generation
            return _Document(await asyncio.to_thread(written, view, catalog, generation, samples), whole)

        snapshot = self._own_queries.snapshot(timeout=_PATIENCE)
        key = (catalog.version, view.language)
        document = await snapshot.cached(_DOCUMENTS, make, key, _PATIENCE)
        return document.content.replace(BASE.encode(), json.dumps(view.base)[1:-1].encode())


def written(view: View, catalog: Catalog, generation: Generation, samples: _Samples) -> bytes:
    """Return the document as JSON, UTF-8, in which :data:`~.samples.BASE` is the server's own URL."""
    document = make_document(view, catalog, generation, samples)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def make_document(view: View, catalog: Catalog, generation: Generation, samples: _Samples) -> Schema:
    """Return the document as an object."""
    queries = list(catalog.queries.values())
    paths = general_items(view, queries[0] if queries else None)
    components: dict[str, Schema] = {
        "schemas": {**schemas(view), **protocol_schemas(), **problem_schemas(view)},
        "parameters": dict(protocol_parameters(view)),
        "headers": dict(headers(view)),
        "responses": {
            "not-modified": {"description": view.gettext("Nothing has changed: the entity tag still holds.")},
            **problem_responses(view),
        },
    }
    for query in queries:
        sample = samples.get(query.name, Sample())
        paths |= path_items(view, query, sample)
        components["schemas"][component(query)] = envelope_schema(view, query, sample)
        components["schemas"] |= body_schemas(view, query, sample)
        components["responses"] |= responses(view, query, sample)
    named = dict.fromkeys(tag for query in queries for tag in query.tags or (GENERAL,))
    return {
        "openapi": _VERSION,
        "info": _info(view, catalog, generation),
        "servers": [{"url": BASE}],
        # Whoever calls them needs no token.
        "security": [],
        "tags": [_general_tag(view), *({"name": tag} for tag in named if tag != GENERAL)],
        "paths": paths,
        "components": components,
        "externalDocs": {"url": BASE + ROOT, "description": view.gettext("List all saved queries")},
    }


def _general_tag(view: View) -> Schema:
    return {"name": GENERAL, "description": view.gettext("All saved queries together")}


def _info(view: View, catalog: Catalog, generation: Generation) -> Schema:
    site, about = view.site, catalog.about
    description = view.text(about.description) or view.text(site.dataset.description)
    made: Schema = {
        "title": view.text(about.title) or f"{view.text(site.dataset.title)} – API",
        "description": f"{description}\n\n{general(view)}".strip(),
        # The document depends on the catalog and the data.
        "version": f"{generation.number}.{catalog.version[:8] or '0'}",
    }
    contact = {"name": about.contact_name, "url": about.contact_url}
    if any(contact.values()):
        made["contact"] = {key: value for key, value in contact.items() if value}
    if about.licence:
        address = about.licence if urlsplit(about.licence).scheme in ("http", "https") else None
        made["license"] = {"name": about.licence, **({"url": address} if address else {})}
    return made


def general(view: View) -> str:
    """Return a description of all saved queries in a few sentences."""
    return view.gettext(
        "Each saved query has an address of its own. The extension of the address (.json, .csv, …), the "
        "parameter format or the header Accept chooses the format. A parameter that is unknown is an error. "
        "Parameters may also be sent as a JSON object or a form with POST."
    )


async def swagger_page(request: Request) -> Answer:
    """Answer ``/api/docs``: the API to try out, with Swagger UI from our own files on the document.

    Without scripts or without the files from npm it is a plain list of the operations. Nothing on it comes
    from, or goes to, another host; Swagger UI needs no more than the policy of all pages allows.
    """
    view = request.view
    there = all(has_asset(name) for name in _FILES)
    body = await render(
        "swagger.html",
        view,
        document=view.url(PATH),
        groups=_groups(view),
        general=general(view),
        address_of=address_of,
        configuration=_configuration(view) if there else None,
    )
    return page(body, view.language, headers=((b"link", description_link(view.base)),))


def _configuration(view: View) -> dict[str, object]:
    """Return the configuration of the page's script."""
    # The language of the page counts, not the Accept-Language with which the browser loads the document.
    named = [] if view.chosen else [(PARAMETER, view.language)]
    return {"url": view.address(PATH, named), "styles": [asset(view, name) for name in _STYLES]}


def _groups(view: View) -> list[tuple[str, list[SavedQuery]]]:
    """Return the saved queries by tag, in the order of the document."""
    groups: dict[str, list[SavedQuery]] = {}
    for query in view.site.catalog.queries.values():
        for tag in query.tags or (GENERAL,):
            groups.setdefault(tag, []).append(query)
    return list(groups.items())
