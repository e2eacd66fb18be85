"""The text of saved queries: the source as its file has it, and the text with a client's values bound."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope, Send

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import read_values
from endpoint.formats import FLAT_JSON, Format, negotiate
from endpoint.web.api.calls import own_pairs
from endpoint.web.api.targets import Target
from endpoint.web.http.making import send_tagged
from endpoint.web.http.request import Pairs, read_formats
from endpoint.web.http.responses import choose
from endpoint.web.http.site import VARY, Site, accept_of

# SPARQL 1.1 Query Language, section 22.1.
MEDIA_TYPE: Final = "application/sparql-query"
_TEXT: Final = Format("sparql-query", MEDIA_TYPE, (), ("rq", "sparql"), "rq", True, None)
_TEXT_BY_NAME: Final = Format("sparql-query", MEDIA_TYPE, (), (), "rq", True, None, by_wildcard=False)


def prefers_source(accept: str | None, formats: Sequence[Format]) -> bool:
    """Whether an Accept header asks for the query itself rather than for its answer in one of ``formats``."""
    if accept is None or MEDIA_TYPE not in accept.lower():
        return False
    chosen = negotiate(accept, (*formats, _TEXT_BY_NAME))
    return chosen is not None and chosen.format is _TEXT_BY_NAME


async def send_source(scope: Scope, send: Send, query: SavedQuery) -> None:
    """Answer GET or HEAD with the source of a query, or 304 (RFC 9110 sections 13.1.2 and 13.1.3)."""
    source = query.source
    tag = f'"{source.digest}"'
    modified = datetime.fromtimestamp(int(source.modified), UTC)
    headers = [
        (b"etag", tag.encode()),
        (b"last-modified", format_datetime(modified, usegmt=True).encode()),
        (b"vary", VARY),
        (b"cache-control", b"no-cache"),
    ]
    status, body = 200, source.content
    if _is_current(Headers(scope=scope), tag, modified):
        status, body = 304, b""
    else:
        headers.append((b"content-type", _TEXT.content_type().encode()))
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _is_current(headers: Headers, tag: str, modified: datetime) -> bool:
    sent = headers.getlist("if-none-match")
    if sent:
        given = [one.strip().removeprefix("W/") for one in ",".join(sent).split(",")]
        return tag in given or "*" in given
    try:
        since = parsedate_to_datetime(headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):
        return False
    return since.tzinfo is not None and modified <= since


async def send_explanation(scope: Scope, send: Send, site: Site, target: Target, pairs: Pairs) -> None:
    """Answer with the text that the engine would get, as SPARQL or in JSON.

    Raises what the call itself would raise: BadParameter and NotAcceptable.
    """
    chosen = choose(read_formats(pairs), accept_of(scope), (_TEXT, FLAT_JSON))
    own = own_pairs(target, pairs)
    text = target.query.operation(own).text
    if chosen.format is _TEXT:
        await send_tagged(scope, send, text.encode(), chosen.content_type, "no-cache")
        return
    members = {"query": text, "parameters": _told(target.query, own), "url": f"{site.url(scope)}/sparql"}
    body = json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"
    await send_tagged(scope, send, body, chosen.content_type, "no-cache")


def _told(query: SavedQuery, own: Pairs) -> dict[str, str | list[str]]:
    """The values that were bound, defaults included, as a client would send them again."""
    terms = read_values(query.parameters, own)
    told: dict[str, str | list[str]] = {}
    for parameter in query.parameters:
        value = terms.get(parameter.variable)
        if isinstance(value, tuple):
            told[parameter.name] = [term.value for term in value]
        elif value is not None:
            told[parameter.name] = value.value
    return told
