"""The page of the API: all saved queries by tag, what is wrong with their files, how programs call them."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from starlette.types import Scope, Send

from endpoint.catalog import SavedQuery
from endpoint.errors import DataError
from endpoint.formats import HTML, Format
from endpoint.web.api.prose import leads_somewhere, prose
from endpoint.web.api.snippets import Asked, batch_snippet, snippets
from endpoint.web.api.targets import ROOT
from endpoint.web.http.html import render
from endpoint.web.http.request import decode_pairs, read_formats
from endpoint.web.http.responses import choose, send_body
from endpoint.web.http.site import accept_of
from endpoint.web.http.view import View, view_of

_JSON: Final = Format("json", "application/json", (), (), "json", False, None)
_FORMATS: Final = (_JSON, HTML)
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One query of the list: where its page is, and with which example."""

    query: SavedQuery
    url: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a file, its name told from the folder of saved queries on."""

    file: str
    line: int | None
    column: int | None
    detail: str


def prefers_page(scope: Scope) -> bool:
    """Whether ``GET /api`` asks for the page. Raises NotAcceptable."""
    chosen = choose(read_formats(decode_pairs(scope["query_string"])), accept_of(scope), _FORMATS)
    return chosen.format is HTML


async def send_page(scope: Scope, send: Send) -> None:
    """Answer ``GET /api`` with the page; ``q`` keeps the queries that hold all its words."""
    view = view_of(scope)
    catalog = view.site.catalog
    wanted = next((value for name, value in view.pairs if name == "q"), "")[:_LONGEST].strip()
    words = _folded(wanted).split()
    found = [query for query in catalog.queries.values() if _holds(view, query, words)]
    folder = view.site.dataset.queries
    body = render(
        "api.html",
        view,
        about=catalog.about,
        contact=catalog.about.contact_url if leads_somewhere(catalog.about.contact_url) else None,
        title=view.text(catalog.about.title) or view.gettext("Saved queries"),
        description=prose(view.text(catalog.about.description)),
        wanted=wanted,
        number=len(found),
        all=len(catalog.queries),
        groups=_groups(view, found),
        problems=[_complaint(error, folder) for error in catalog.problems],
        notices=[_complaint(error, folder) for error in catalog.notices],
        code=_example_code(view),
        batch=_batch(view),
    )
    await send_body(send, body, HTML.content_type())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _holds(view: View, query: SavedQuery, words: Sequence[str]) -> bool:
    texts = (
        query.name,
        *query.summary.values(),
        *query.description.values(),
        *query.tags,
        *map(view.tag_name, query.tags),
        *(row.name for row in query.parameters),
    )
    text = _folded(" ".join(texts))
    return all(word in text for word in words)


def _groups(view: View, queries: Sequence[SavedQuery]) -> list[tuple[str, list[Row]]]:
    """The queries by their first tag: those without one come last, and deprecated ones last of all."""
    groups: dict[str, list[Row]] = {}
    for query in sorted(queries, key=lambda query: query.options.deprecated):
        url = f"{ROOT}/{quote(query.name, safe='')}"
        values = query.example_values()
        row = Row(query, view.url(url), view.url(url, **values) if values else None)
        groups.setdefault(query.tags[0] if query.tags else "", []).append(row)
    return sorted(groups.items(), key=lambda group: (group[0] == "", view.tag_name(group[0])))


def _complaint(error: DataError, folder: Path) -> Complaint:
    file = error.file
    if file is not None:
        file = file.relative_to(folder) if file.is_relative_to(folder) else Path(file.name)
    return Complaint(file.as_posix() if file else "", error.line, error.column, error.detail)


def _shown(view: View) -> SavedQuery | None:
    """The query that the examples call: the first that needs a value and has one for it."""
    queries = [query for query in view.site.catalog.queries.values() if not query.options.deprecated]
    fitting = [query for query in queries if query.parameters and query.example_values()]
    return next(iter(fitting or queries), None)


def _example_code(view: View) -> str | None:
    query = _shown(view)
    if query is None:
        return None
    asked = Asked(
        url=f"{view.base}{ROOT}/{quote(query.name, safe='')}",
        pairs=list(query.example_values().items()),
        endpoint=f"{view.base}/sparql",
        query=query.text,
        form=query.form,
    )
    return snippets(asked)[0].code


def _batch(view: View) -> str | None:
    query = _shown(view)
    if query is None:
        return None
    return batch_snippet(f"{view.base}{ROOT}", query.name, query.example_values())
