"""The OpenAPI 3.1 document of the saved queries, at ``/api/openapi.json``, in Korean and in English.

It is made on the first request for each catalog, generation of the data and language. Its examples are
answers that the engine gave (:mod:`endpoint.web.api.openapi.samples`).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from endpoint.catalog import Catalog
from endpoint.formats import Format
from endpoint.storage.generations import Generation
from endpoint.web.api.openapi.answers import Sample, envelope_schema
from endpoint.web.api.openapi.operations import (
    GENERAL,
    body_schemas,
    component,
    general_items,
    path_items,
    responses,
)
from endpoint.web.api.openapi.parameters import protocol_parameters, protocol_schemas
from endpoint.web.api.openapi.problems import problem_responses, problem_schemas
from endpoint.web.api.openapi.samples import BASE, run_examples
from endpoint.web.api.openapi.shared import headers, schemas
from endpoint.web.api.openapi.values import Schema
from endpoint.web.api.targets import ROOT
from endpoint.web.http.making import allows, send_tagged
from endpoint.web.http.responses import choose
from endpoint.web.http.site import Site, accept_of
from endpoint.web.http.view import View, view_of

PATH: Final = f"{ROOT}/openapi.json"
_VERSION: Final = "3.1.1"
_FORMAT: Final = Format(
    "openapi", "application/json", ("application/vnd.oai.openapi+json",), ("json",), "json", False, None
)
# Seconds after which the examples that a busy server turned away are tried again.
_AGAIN: Final = 60.0

_Key = tuple[str, int, float]
_Samples = Mapping[str, Sample]


def describes_service(base: str) -> bytes:
    """The link that leads from an answer of the API to this document (RFC 8631)."""
    return f'<{base}{PATH}>; rel="service-desc"; type="application/json"'.encode()


class Described:
    """An application of the API whose answers lead to this document."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        described = with_link(send, describes_service(self._site.url(scope)))
        await self._app(scope, receive, described)


class OpenApi:
    """The document as an ASGI application; it keeps what it made for the catalog and data of the moment."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._key: _Key | None = None
        self._examples: asyncio.Task[tuple[dict[str, Sample], bool]] | None = None
        self._until = 0.0
        self._made: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not await allows(scope, send):
            return
        chosen = choose((), accept_of(scope), (_FORMAT,))
        view = view_of(scope)
        body = await self.document(view)
        language = (b"content-language", view.language.encode())
        await send_tagged(scope, send, body, chosen.content_type, "no-cache", language)

    async def document(self, view: View) -> bytes:
        """The document in the language of the view, with the addresses that it has for this client.

        Raises :class:`~endpoint.errors.Overloaded` while the server starts or stops.
        """
        catalog, generation = self._site.catalog, self._site.engine.generation
        key = (catalog.version, generation.number, generation.created.timestamp())
        if key != self._key or self._examples is None or time.monotonic() > self._until:
            self._key, self._until, self._made = key, float("inf"), {}
            self._examples = asyncio.create_task(run_examples(self._site, [*catalog.queries.values()]))
        # A client that leaves does not end what others wait for.
        samples, whole = await asyncio.shield(self._examples)
        if key != self._key:
            return await self.document(view)
        if not whole and self._until == float("inf"):
            self._until = time.monotonic() + _AGAIN
        # That of this key: another one has a mapping of its own.
        made = self._made
        if view.language not in made:
            made[view.language] = await asyncio.to_thread(written, view, catalog, generation, samples)
        here = json.dumps(view.base)[1:-1].encode()
        return made[view.language].replace(BASE.encode(), here)


def written(view: View, catalog: Catalog, generation: Generation, samples: _Samples) -> bytes:
    """The document as JSON, UTF-8; the server's own URL is :data:`~endpoint.web.api.openapi.samples.BASE`."""
    document = make_document(view, catalog, generation, samples)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def make_document(view: View, catalog: Catalog, generation: Generation, samples: _Samples) -> Schema:
    """The document as an object."""
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
        "tags": [_general_tag(view), *({"name": tag} for tag in named if tag != GENERAL)],
        "paths": paths,
        "components": components,
        "externalDocs": {"url": BASE + ROOT, "description": view.gettext("List all saved queries")},
    }


def _general_tag(view: View) -> Schema:
    return {"name": GENERAL, "description": view.gettext("All saved queries together")}


def _info(view: View, catalog: Catalog, generation: Generation) -> Schema:
    site, about = view.site, catalog.about
    told = view.text(about.description) or view.text(site.dataset.description)
    made: Schema = {
        "title": view.text(about.title) or f"{view.text(site.dataset.title)} – API",
        "description": f"{told}\n\n{general(view)}".strip(),
        # Another catalog or other data make another document.
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
    """What holds for all saved queries, in a few sentences."""
    return view.gettext(
        "Each saved query has an address of its own. The extension of the address (.json, .csv, …), the "
        "parameter format or the header Accept chooses the format. A parameter that is unknown is an error. "
        "Parameters may also be sent as a JSON object or a form with POST."
    )


def with_link(send: Send, link: bytes) -> Send:
    """Sends on, and adds a link to the one Link header that an answer has, as clients expect it."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = list(message.get("headers", ()))
            links = [value for name, value in given if name == b"link"]
            others = [pair for pair in given if pair[0] != b"link"]
            message = {**message, "headers": [*others, (b"link", b", ".join([*links, link]))]}
        await send(message)

    return sent
