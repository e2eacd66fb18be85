"""``GET /api``: what the folder of saved queries holds, as JSON, and what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.types import Scope

from endpoint.catalog import About, Catalog, SavedQuery
from endpoint.catalog.parameters import Parameter
from endpoint.errors import DataError
from endpoint.web.api.calls import formats_of
from endpoint.web.api.targets import ROOT
from endpoint.web.api.values import has_values
from endpoint.web.http.site import Site


def listing(site: Site, scope: Scope) -> bytes:
    """The list of all saved queries, UTF-8."""
    base, catalog = site.url(scope), site.catalog
    folder = site.dataset.queries
    document = {
        **_about(catalog.about),
        "generation": site.engine.generation.number,
        "version": catalog.version,
        "queries": [_describe(query, base, catalog) for query in catalog.queries.values()],
        "problems": [_problem(problem, folder) for problem in catalog.problems],
        "notices": [_problem(notice, folder) for notice in catalog.notices],
        "links": {"self": f"{base}{ROOT}"},
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def _about(about: About) -> dict[str, object]:
    contact = {"name": about.contact_name, "url": about.contact_url}
    told: dict[str, object] = {
        "title": about.title,
        "description": about.description,
        "contact": {key: value for key, value in contact.items() if value is not None},
        "licence": about.licence,
    }
    return {key: value for key, value in told.items() if value}


def _problem(error: DataError, folder: Path) -> dict[str, object]:
    """A file that did not load, its path told from the folder on: the rest is the operator's matter."""
    file = error.file
    if file is not None:
        file = file.relative_to(folder) if file.is_relative_to(folder) else Path(file.name)
    told = {"file": file and file.as_posix(), "line": error.line, "column": error.column}
    return {**told, "detail": error.detail}


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
    told: Mapping[str, object] = {
        "sentences": options.deprecation,
        "since": options.since and options.since.isoformat(),
        "sunset": options.sunset and options.sunset.isoformat(),
        "successor": options.successor,
        "link": options.deprecation_link,
    }
    found = {key: value for key, value in told.items() if value}
    return {"deprecation": found} if found else {}


def _parameter(parameter: Parameter, query: SavedQuery, url: str, catalog: Catalog) -> dict[str, object]:
    told = {
        "name": parameter.name,
        "type": parameter.type,
        "required": parameter.required,
        "description": parameter.description,
        "example": parameter.example,
        "default": parameter.default,
        "multiple": parameter.multiple,
    }
    if has_values(catalog, query, parameter):
        told["values"] = f"{url}/values/{quote(parameter.name, safe='')}"
    return told
