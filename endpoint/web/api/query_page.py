"""The page of a saved query: its form, and the rows of its result where the form is filled in correctly.

Without the parameters that the query needs the page is the form, and no failure; with a wrong value it is the
form with the reason at its field.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import RESERVED
from endpoint.engine import Result
from endpoint.errors import BadParameter
from endpoint.formats import EXCEL_CSV, FLAT_JSON, HTML, TURTLE, XLSX, Format
from endpoint.web.api.calls import CHART, Call, formats_of
from endpoint.web.api.code_examples import ApiCall, code_examples
from endpoint.web.api.markup import highlight, prose
from endpoint.web.api.paging import ALL, PARAMETERS, Place
from endpoint.web.api.targets import ROOT, Target
from endpoint.web.api.values import has_values
from endpoint.web.api.widgets import fields
from endpoint.web.http.answer import NO_CACHE, NO_STORE, Around, Whole, page
from endpoint.web.http.html import NOINDEX, NOINDEX_HEADERS, render, render_around
from endpoint.web.http.request import Pairs
from endpoint.web.http.view import PARAMETER, View, link

# The formats that most people can open come first; in none of them a spreadsheet finds formulas.
_FIRST: Final = (EXCEL_CSV, XLSX, FLAT_JSON, TURTLE)


def without_blanks(query: SavedQuery, pairs: Pairs) -> Pairs:
    """Return the parameters without those of empty fields of the form."""
    needed = {row.name for row in query.parameters if row.required and not row.multiple}
    return [(name, value) for name, value in pairs if value.strip() or name in needed or name in RESERVED]


async def page_around(view: View, call: Call, chart: bool | None, result: Result) -> Around:
    """Return the page around the rows of a call, with their chart where there is one; None: not known yet.

    Raises :class:`~endpoint.errors.GenerationGone`.
    """
    target, query, pairs = call.target, call.query, call.pairs
    own = _own(target, pairs)
    api = f"{ROOT}/{quote(query.name, safe='')}"
    formats = formats_of(query)
    place = call.place(result)
    # Each value has its page, and each page of rows.
    robots = NOINDEX_HEADERS if pairs else ()
    drawing = link(f"{view.root}{api}.{CHART.extension}", [*own, (PARAMETER, view.language)])
    permalink = link(view.base + api, own)
    language = [(PARAMETER, view.language)] if view.chosen else []
    head, tail = await render_around(
        "query.html",
        view,
        **_form(view, target, own, pairs, None),
        **_rows(call, place),
        answered=True,
        robots=NOINDEX if robots else "",
        canonical=permalink,
        chart=drawing if chart else None,
        permalink=permalink,
        downloads=_downloads(view, target, pairs, formats),
        sparql=highlight(*call.bound),
        editor=view.editor(call.bound.text),
        explanation=link(f"{view.root}{api}/explain", own),
        explained=link(f"{view.root}{api}", [*own, ("explain", "true"), *language]),
        code=code_examples(_api_call(view, query, own, call.bound.text, formats)) if permalink else (),
    )
    return Around(head, tail, headers=(*call.headers(place), *robots), lasting=chart is not None)


async def form_page(view: View, target: Target, pairs: Pairs, error: BadParameter) -> Whole:
    """Return the page with the form, and with the failure where a value is wrong."""
    missing = error.rule == "required"
    body = await render(
        "query.html",
        view,
        **_form(view, target, _own(target, pairs), pairs, None if missing else error),
        answered=False,
        robots=NOINDEX if pairs else "",
        sparql=highlight(target.query.text),
        editor=None,
    )
    cache, robots = NO_CACHE if missing else NO_STORE, NOINDEX_HEADERS if pairs else ()
    version = view.site.engine.generation.version
    return page(body, status=200 if missing else error.status, cache=cache, headers=robots, version=version)


def _rows(call: Call, place: Place | None) -> dict[str, object]:
    """Return the context of the rows: their range, their number, the links to the others."""
    if place is None or call.paging is None:
        return {"paged": False, "first": 0, "last": 0, "total": None, "links": {}}
    first = last = 0
    if place.facts.rows:
        first, last = call.paging.offset + 1, call.paging.offset + place.facts.rows
    return {"paged": True, "first": first, "last": last, "total": place.facts.total, "links": place.links}


def _form(
    view: View, target: Target, own: Pairs, pairs: Pairs, error: BadParameter | None
) -> dict[str, object]:
    """Return the context of both pages: the query, its form, the failure."""
    query, catalog = target.query, view.site.catalog
    suggested = {row.name for row in query.parameters if has_values(catalog, query, row)}
    shown = fields(query.parameters, own, view, error, suggested)
    successor = catalog.queries.get(query.options.successor or "")
    return {
        "query": query,
        "title": view.text(query.summary) or query.name,
        "description": prose(view.text(query.description)),
        "api": f"{view.root}{ROOT}/{quote(query.name, safe='')}",
        "fields": shown,
        # Other choices of the reader remain.
        "hidden": [pair for pair in pairs if pair[0] in ("pageSize", "timeout")],
        "example": None if own else _example(view, query),
        "successor": successor,
        "error": error,
        "elsewhere": error is not None and not any(field.error for field in shown),
    }


def _own(target: Target, pairs: Pairs) -> Pairs:
    return [*target.given, *(pair for pair in pairs if pair[0] not in RESERVED)]


def _example(view: View, query: SavedQuery) -> str | None:
    """Return the address of the page with the example, where it has all required values."""
    values = query.example_values()
    if not values or any(row.required and row.name not in values for row in query.parameters):
        return None
    return view.url(f"{ROOT}/{quote(query.name, safe='')}", **values)


def _downloads(
    view: View, target: Target, pairs: Pairs, formats: Sequence[Format]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return name and address of the whole answer in the common formats, and in the others."""
    kept = [pair for pair in pairs if pair[0] not in (*PARAMETERS, "format", "output", "download")]
    if target.query.options.page_size:
        kept.append(("page", ALL))
    address = f"{view.root}{ROOT}/{target.stem}"
    first: list[tuple[str, str]] = []
    more: list[tuple[str, str]] = []
    for fmt in sorted(formats, key=lambda row: _FIRST.index(row) if row in _FIRST else len(_FIRST)):
        if fmt is not HTML:
            url = link(address, [*kept, ("format", fmt.name), ("download", "1")])
            if url is not None:
                (first if fmt in _FIRST else more).append((view.format_name(fmt), url))
    return first, more


def _api_call(view: View, query: SavedQuery, own: Pairs, text: str, formats: Sequence[Format]) -> ApiCall:
    first = None if FLAT_JSON in formats else next(fmt for fmt in formats if fmt is not HTML)
    return ApiCall(
        url=f"{view.base}{ROOT}/{quote(query.name, safe='')}",
        pairs=own,
        endpoint=f"{view.base}/sparql",
        query=text,
        form=query.form,
        media_type=None if first is None else first.media_type,
    )
