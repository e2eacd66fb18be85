"""``GET /api``: the saved queries, and the problems of their files, as JSON and as a page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from endpoint.catalog import About, Catalog, SavedQuery
from endpoint.catalog.parameters import Parameter
from endpoint.characters import folded
from endpoint.errors import DataError
from endpoint.formats import HTML, Format
from endpoint.web.api.calls import formats_of
from endpoint.web.api.code_examples import ApiCall, batch_example, code_examples
from endpoint.web.api.markup import leads_somewhere, prose
from endpoint.web.api.targets import ROOT
from endpoint.web.api.values import has_values
from endpoint.web.cache import Region
from endpoint.web.http.answer import Whole, page
from endpoint.web.http.html import NOINDEX, NOINDEX_HEADERS, render
from endpoint.web.http.request import Request
from endpoint.web.http.view import View
from endpoint.web.own_queries import OwnQueries, Snapshot

_JSON: Final = Format("json", "application/json", (), (), "json", False, None)
_FORMATS: Final = (_JSON, HTML)
_LONGEST: Final = 200
# One for each address of the server.
_LISTINGS: Final[Region[bytes]] = Region("list of saved queries", size=len)


async def listing_answer(own_queries: OwnQueries, request: Request) -> Whole:
    """Return the list of all saved queries, or the page for people. Raises NotAcceptable."""
    if request.negotiate(_FORMATS).format is HTML:
        # Any words make a list of their own.
        robots = NOINDEX_HEADERS if any(name == "q" for name, _ in request.pairs) else ()
        version = request.site.engine.generation.version
        return page(await _page(request.view), headers=robots, version=version)
    catalog = request.site.catalog
    make = partial(_listing, catalog, request.base)
    body = await own_queries.snapshot().cached(_LISTINGS, make, (catalog.version, request.base))
    return Whole(body, _JSON.media_type)


async def _listing(catalog: Catalog, base: str, snapshot: Snapshot) -> bytes:
    folder = snapshot.site.dataset.queries
    members = {
        **_about(catalog.about),
        "generation": snapshot.generation.number,
        "version": catalog.version,
        "queries": [_describe(query, base, catalog) for query in catalog.queries.values()],
        "problems": [_problem(problem, folder) for problem in catalog.problems],
        "notices": [_problem(notice, folder) for notice in catalog.notices],
        "links": {"self": f"{base}{ROOT}"},
    }
    return json.dumps(members, ensure_ascii=False, indent=1).encode() + b"\n"


def _about(about: About) -> dict[str, object]:
    contact = {"name": about.contact_name, "url": about.contact_url}
    members: dict[str, object] = {
        "title": about.title,
        "description": about.description,
        "contact": {key: value for key, value in contact.items() if value is not None},
        "licence": about.licence,
    }
    return {key: value for key, value in members.items() if value}


def _problem(error: DataError, folder: Path) -> dict[str, object]:
    place = {"file": _named_from(folder, error), "line": error.line, "column": error.column}
    return {**place, "detail": error.detail}


def _named_from(folder: Path, error: DataError) -> str | None:
    """Return the path of a file below the folder of saved queries; clients need not know the rest."""
    file = error.file
    if file is None:
        return None
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def _describe(query: SavedQuery, base: str, catalog: Catalog) -> dict[str, object]:
    values = urlencode(query.example_values())
    url = f"{base}{ROOT}/{quote(query.name, safe='')}"
    options = query.options
    return {
        "name": query.name,
        "summary": query.summary,
        "description": query.description,
        "tags": list(query.tags),
        "deprecated": options.deprecated,
        **_deprecation(query),
        "form": query.form,
        "method": options.method,
        "pageSize": options.page_size,
        "licence": options.licence,
        "url": url,
        "path": options.path and f"{base}{ROOT}{quote(options.path, safe='/{}')}",
        "example": None if query.lacking_examples() else f"{url}?{values}" if values else url,
        "source": f"{url}.rq",
        "explain": f"{url}/explain",
        "formats": [
            {"name": fmt.name, "mediaType": fmt.media_type, "url": f"{url}?format={fmt.name}"}
            for fmt in formats_of(query)
        ],
        "parameters": [_parameter(row, query, url, catalog) for row in query.parameters],
    }


def _deprecation(query: SavedQuery) -> dict[str, object]:
    options = query.options
    members: Mapping[str, object] = {
        "sentences": options.deprecation,
        "since": options.since and options.since.isoformat(),
        "sunset": options.sunset and options.sunset.isoformat(),
        "successor": options.successor,
        "link": options.deprecation_link,
    }
    present = {key: value for key, value in members.items() if value}
    return {"deprecation": present} if present else {}


def _parameter(parameter: Parameter, query: SavedQuery, url: str, catalog: Catalog) -> dict[str, object]:
    members = {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description,
        "example": parameter.example,
        "default": parameter.default,
        "multiple": parameter.multiple,
    }
    if has_values(catalog, query, parameter):
        members["values"] = f"{url}/values/{quote(parameter.name, safe='')}"
    return members


@dataclass(frozen=True, slots=True)
class Row:
    """One query of the list: the address of its page, with the example."""

    query: SavedQuery
    url: str
    example: str | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """A problem of a file, whose name begins below the folder of saved queries."""

    file: str
    line: int | None
    column: int | None
    detail: str


async def _page(view: View) -> bytes:
    """Return the page; its parameter ``q`` selects the queries that contain all its words."""
    catalog, folder = view.site.catalog, view.site.dataset.queries
    wanted = next((value for name, value in view.pairs if name == "q"), "")[:_LONGEST].strip()
    words = folded(wanted).split()
    matching = [query for query in catalog.queries.values() if not words or _holds(view, query, words)]
    return await render(
        "api.html",
        view,
        about=catalog.about,
        contact=catalog.about.contact_url if leads_somewhere(catalog.about.contact_url) else None,
        title=view.text(catalog.about.title) or view.gettext("Saved queries"),
        description=prose(view.text(catalog.about.description)),
        wanted=wanted,
        robots=NOINDEX if any(name == "q" for name, _ in view.pairs) else "",
        number=len(matching),
        all=len(catalog.queries),
        groups=_groups(view, matching),
        problems=[_complaint(error, folder) for error in catalog.problems],
        notices=[_complaint(error, folder) for error in catalog.notices],
        code=_example_code(view),
        batch=_batch(view),
    )


def _holds(view: View, query: SavedQuery, words: Sequence[str]) -> bool:
    texts = (
        query.name,
        *query.summary.values(),
        *query.description.values(),
        *query.tags,
        *map(view.tag_name, query.tags),
        *(row.name for row in query.parameters),
    )
    text = folded(" ".join(texts))
    return all(word in text for word in words)


def _groups(view: View, queries: Sequence[SavedQuery]) -> list[tuple[str, list[Row]]]:
    """Return the queries by their first tag; those without one come last, and deprecated ones last of all."""
    groups: dict[str, list[Row]] = {}
    for query in sorted(queries, key=lambda query: query.options.deprecated):
        url = f"{ROOT}/{quote(query.name, safe='')}"
        values = query.example_values()
        row = Row(query, view.url(url), view.url(url, **values) if values else None)
        groups.setdefault(query.tags[0] if query.tags else "", []).append(row)
    return sorted(groups.items(), key=lambda group: (group[0] == "", view.tag_name(group[0])))


def _complaint(error: DataError, folder: Path) -> Complaint:
    return Complaint(_named_from(folder, error) or "", error.line, error.column, error.detail)


def _shown(view: View) -> SavedQuery | None:
    """Return the query for the examples: the first that needs a value and has an example of it."""
    queries = [query for query in view.site.catalog.queries.values() if not query.options.deprecated]
    fitting = [query for query in queries if query.parameters and query.example_values()]
    return next(iter(fitting or queries), None)


def _example_code(view: View) -> str | None:
    query = _shown(view)
    if query is None:
        return None
    call = ApiCall(
        url=f"{view.base}{ROOT}/{quote(query.name, safe='')}",
        pairs=list(query.example_values().items()),
        endpoint=f"{view.base}/sparql",
        query=query.text,
        form=query.form,
    )
    return code_examples(call)[0].code


def _batch(view: View) -> str | None:
    query = _shown(view)
    if query is None:
        return None
    return batch_example(f"{view.base}{ROOT}", query.name, query.example_values())
