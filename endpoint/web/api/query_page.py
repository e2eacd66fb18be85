"""The page of a saved query: its form, and where the form is filled in right, the rows and all about them.

A page without the parameters that the query needs is the form, and no failure; one with a wrong value is
the form with what is wrong at its field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from starlette.types import Scope, Send

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import RESERVED, read_values
from endpoint.errors import BadParameter
from endpoint.formats import CSV, FLAT_JSON, HTML, TURTLE, XLSX, Facts, Format
from endpoint.sparql.parameters import Value
from endpoint.web.api.highlight import bound_spans, highlight
from endpoint.web.api.paging import ALL, PARAMETERS, Paging
from endpoint.web.api.prose import prose
from endpoint.web.api.snippets import Asked, snippets
from endpoint.web.api.targets import ROOT, Target
from endpoint.web.api.values import has_values
from endpoint.web.api.widgets import fields
from endpoint.web.http.html import render, render_around
from endpoint.web.http.language import PARAMETER
from endpoint.web.http.request import Pairs
from endpoint.web.http.site import VARY
from endpoint.web.http.view import View, view_of

# What the file of a chart is called.
CHART: Final = "svg"

# The formats that most people can open; they stand first.
_FIRST: Final = (CSV, XLSX, FLAT_JSON, TURTLE)


@dataclass(frozen=True, slots=True)
class CallPage:
    """The page of one call: ``head`` and ``tail`` are around its rows and what is said of those."""

    view: View
    head: bytes
    tail: bytes
    chart: str

    def around(
        self, asked: Paging | None, facts: Facts | None, links: Mapping[str, str], chart: bool
    ) -> tuple[bytes, bytes]:
        """The page before and after its rows, once it is known what they are."""
        first = last = 0
        if asked is not None and facts is not None and facts.rows:
            first, last = asked.offset + 1, asked.offset + facts.rows
        before, after = render_around(
            "rows.html",
            self.view,
            paged=facts is not None,
            first=first,
            last=last,
            total=facts and facts.total,
            links=links,
            chart=self.chart if chart else None,
        )
        return self.head + before, after + self.tail


def without_blanks(query: SavedQuery, pairs: Pairs) -> Pairs:
    """The parameters as somebody means them who leaves fields of the form empty."""
    needed = {row.name for row in query.parameters if row.required and not row.multiple}
    return [(name, value) for name, value in pairs if value.strip() or name in needed or name in RESERVED]


def read_page(scope: Scope, target: Target, pairs: Pairs, formats: Sequence[Format]) -> CallPage:
    """The page of a call with values that fit. Raises BadParameter as the call does."""
    view, query = view_of(scope), target.query
    own = _own(target, pairs)
    absent: dict[str, Value] = {row.variable: () for row in query.parameters}
    text, spans = bound_spans(query.text, {**absent, **read_values(query.parameters, own)})
    api = f"{ROOT}/{quote(query.name, safe='')}"
    head, tail = render_around(
        "query.html",
        view,
        **_form(view, target, own, pairs, None),
        answered=True,
        permalink=_url(view.base + api, own),
        downloads=_downloads(view, target, pairs, formats),
        sparql=highlight(text, spans),
        editor=view.editor(text),
        explanation=_url(f"{view.root}{api}/explain", own),
        code=snippets(_asked(view, query, own, text, formats)),
    )
    return CallPage(view, head, tail, _url(f"{view.root}{api}.{CHART}", [*own, (PARAMETER, view.language)]))


async def send_form(scope: Scope, send: Send, target: Target, pairs: Pairs, error: BadParameter) -> None:
    """Answer with the form and what is wrong: with a value, or only that there is none yet."""
    view = view_of(scope)
    missing = error.rule == "required"
    body = render(
        "query.html",
        view,
        **_form(view, target, _own(target, pairs), pairs, None if missing else error),
        answered=False,
        sparql=highlight(target.query.text),
        editor=None,
    )
    headers = [
        (b"content-type", HTML.content_type().encode()),
        (b"content-length", str(len(body)).encode()),
        (b"vary", VARY),
        (b"cache-control", b"no-cache" if missing else b"no-store"),
    ]
    await send(
        {"type": "http.response.start", "status": 200 if missing else error.status, "headers": headers}
    )
    await send({"type": "http.response.body", "body": body})


def _form(
    view: View, target: Target, own: Pairs, pairs: Pairs, error: BadParameter | None
) -> dict[str, object]:
    """What both pages have: the query, its form, what is wrong with it."""
    query, catalog = target.query, view.site.catalog
    suggested = {row.name for row in query.parameters if has_values(catalog, query, row)}
    asked = fields(query.parameters, own, view, error, suggested)
    successor = catalog.queries.get(query.options.successor or "")
    return {
        "query": query,
        "title": view.text(query.summary) or query.name,
        "description": prose(view.text(query.description)),
        "api": f"{view.root}{ROOT}/{quote(query.name, safe='')}",
        "fields": asked,
        # What else was chosen stays chosen.
        "hidden": [pair for pair in pairs if pair[0] in ("pageSize", "timeout")],
        "example": None if own else _example(view, query),
        "successor": successor,
        "error": error,
        "elsewhere": error is not None and not any(field.error for field in asked),
    }


def _own(target: Target, pairs: Pairs) -> Pairs:
    return [*target.given, *(pair for pair in pairs if pair[0] not in RESERVED)]


def _example(view: View, query: SavedQuery) -> str | None:
    """The page with the example of the query, where it has a value for everything that it needs."""
    values = query.example_values()
    if not values or any(row.required and row.name not in values for row in query.parameters):
        return None
    return view.url(f"{ROOT}/{quote(query.name, safe='')}", **values)


def _downloads(
    view: View, target: Target, pairs: Pairs, formats: Sequence[Format]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Name and address of the whole answer in the formats that most people want, and in the others."""
    kept = [pair for pair in pairs if pair[0] not in (*PARAMETERS, "format", "output", "download")]
    if target.query.options.page_size:
        kept.append(("page", ALL))
    address = f"{view.root}{ROOT}/{target.stem}"
    first: list[tuple[str, str]] = []
    more: list[tuple[str, str]] = []
    for fmt in sorted(formats, key=lambda row: _FIRST.index(row) if row in _FIRST else len(_FIRST)):
        if fmt is not HTML:
            link = _url(address, [*kept, ("format", fmt.name), ("download", "1")])
            (first if fmt in _FIRST else more).append((fmt.title, link))
    return first, more


def _asked(view: View, query: SavedQuery, own: Pairs, text: str, formats: Sequence[Format]) -> Asked:
    first = None if FLAT_JSON in formats else next(fmt for fmt in formats if fmt is not HTML)
    return Asked(
        url=f"{view.base}{ROOT}/{quote(query.name, safe='')}",
        pairs=own,
        endpoint=f"{view.base}/sparql",
        query=text,
        form=query.form,
        media_type=None if first is None else first.media_type,
    )


def _url(address: str, pairs: Pairs) -> str:
    return f"{address}?{urlencode(pairs, quote_via=quote)}" if pairs else address
