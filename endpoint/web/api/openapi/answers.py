"""Answers of saved queries in the OpenAPI document: a schema for every media type, and the headers.

The columns are described by the data: a column has the kinds of values that it has in the result of the
example call, or is unbound. A column without values there may have any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.formats import (
    CSL_JSON,
    FLAT_JSON,
    GEO_JSON,
    JSON_LD,
    RDF_XML,
    SPARQL_JSON,
    SPARQL_XML,
    XLSX,
    Format,
    QueryForm,
)
from endpoint.web.api.calls import formats_of
from endpoint.web.api.openapi.values import Schema, reference
from endpoint.web.explanation import EXPLANATION
from endpoint.web.http.view import View

# The kinds of a value of flat JSON.
SCALARS: Final = ("string", "number", "boolean", "null")
# The order in which the kinds of a column are listed.
_KINDS: Final = ("string", "integer", "number", "boolean", "array", "object")
_GRAPH: Final = ("subject", "predicate", "object")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the kinds of JSON values in it, empty where there are none.

    ``tagged``: some of its texts are in a language.
    """

    name: str
    kinds: frozenset[str] = frozenset()
    tagged: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """The result of the example call of a query.

    ``columns`` are all columns of its results, ``None`` where they are not known; ``envelope`` is a short
    answer as it was sent, None where there is none. ``geographic``: rows can be written as GeoJSON.
    """

    columns: tuple[Column, ...] | None = None
    envelope: Mapping[str, object] | None = None
    geographic: bool = False


def answer_content(query: SavedQuery, sample: Sample, name: str, title: str) -> dict[str, Schema]:
    """Return the media types of an answer with their schemas; ``name`` is the schema of its envelope."""
    content: dict[str, Schema] = {}
    for fmt in answer_formats(query, sample):
        made: Schema = {"schema": _schema(query, fmt, sample, name)}
        if fmt is FLAT_JSON and sample.envelope is not None:
            made["examples"] = {"example": {"summary": title, "value": sample.envelope}}
        content.setdefault(fmt.media_type, made)
    content[EXPLANATION.media_type] = {"schema": reference("Explanation")}
    return content


def answer_formats(query: SavedQuery, sample: Sample) -> list[Format]:
    """Return the formats of the query that its answers can be written in."""
    return [fmt for fmt in formats_of(query) if fmt is not GEO_JSON or sample.geographic]


def _schema(query: SavedQuery, fmt: Format, sample: Sample, name: str) -> Schema:
    if fmt is FLAT_JSON:
        return reference(name)
    if fmt is SPARQL_JSON:
        return _sparql_json(query, sample)
    if fmt is JSON_LD:
        return {"type": ["object", "array"], "additionalProperties": True, "items": {}}
    if fmt is GEO_JSON:
        return reference("FeatureCollection")
    if fmt is CSL_JSON:
        return {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    if fmt in (XLSX, SPARQL_XML, RDF_XML):
        # JSON Schema cannot describe bytes (OpenAPI 3.1 section 4.8.14.2) or elements.
        return {}
    return {"type": "string"}


def _sparql_json(query: SavedQuery, sample: Sample) -> Schema:
    if query.form is QueryForm.ASK:
        return reference("SparqlBoolean")
    if sample.columns is None or query.template.star is not None:
        return reference("SparqlResults")
    names = [column.name for column in sample.columns]
    binding: Schema = {
        "properties": {name: reference("SparqlTerm") for name in names},
        "additionalProperties": False,
    }
    bindings: Schema = {"type": "array", "items": binding}
    results: Schema = {"properties": {"bindings": bindings}}
    return {"allOf": [reference("SparqlResults")], "properties": {"results": results}}


def envelope_schema(view: View, query: SavedQuery, sample: Sample) -> Schema:
    """Return the schema of the flat JSON of a query."""
    members: Schema = {"generation": reference("Generation"), "links": reference("Links")}
    required = ["generation", "links"]
    if query.form is QueryForm.ASK:
        members["boolean"] = {"type": "boolean"}
        return {"type": "object", "properties": members, "required": [*required, "boolean"]}
    if query.form is QueryForm.SELECT:
        members |= _paging(view)
    if query.options.transform is not None:
        members["@context"] = {"description": view.gettext("The context of JSON-LD, where the rows have one")}
    members["columns"] = {"type": "array", "items": {"type": "string"}}
    members["rows"] = {"type": "array", "items": _row(query, sample), "description": _note(view)}
    return {"type": "object", "properties": members, "required": [*required, "columns", "rows"]}


def _note(view: View) -> str:
    return view.gettext("Columns have the kinds of values that the data now has for the example.")


def _paging(view: View) -> Schema:
    whole: Schema = {"type": "integer", "minimum": 1}
    return {
        "page": {
            "type": ["integer", "null"],
            "minimum": 1,
            "description": view.gettext("The number of the page, where the answer is paged"),
        },
        "pageSize": {**whole, "description": view.gettext("Rows of a page, at most")},
        "total": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": view.gettext("Rows of all pages, where they were counted"),
        },
        "after": {
            "type": ["string", "null"],
            "description": view.gettext("The cursor of the next page; null on the last one"),
        },
    }


def _row(query: SavedQuery, sample: Sample) -> Schema:
    graph = query.form in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE)
    if query.options.transform is not None:
        # A member without a value is left out, and several values are an array.
        return {"type": "object", "properties": {column.name: {} for column in sample.columns or ()}}
    if graph:
        known = {column.name: column for column in sample.columns or ()}
        columns = [known.get(name, Column(name)) for name in _GRAPH]
    elif sample.columns is None:
        return {"type": "object", "additionalProperties": _cell(Column(""))}
    else:
        columns = [*sample.columns]
    row: Schema = {"type": "object", "properties": {column.name: _cell(column) for column in columns}}
    if query.template.star is not None:
        # A parameter without a value is a variable, and one with a value is no column.
        return {**row, "additionalProperties": _cell(Column(""))}
    return {**row, "required": [column.name for column in columns], "additionalProperties": False}


def _cell(column: Column) -> Schema:
    if not column.kinds:
        return reference("Value")
    kinds = [kind for kind in _KINDS if kind in column.kinds]
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if column.tagged:
        return any_of([*kinds, "null"], [reference("TextInLanguage")])
    return {"type": [*kinds, "null"]}


def any_of(kinds: Sequence[str], schemas: Sequence[Schema] = ()) -> Schema:
    """Return a schema of several types or schemas; each type is alone, since tools misread lists of types."""
    return {"anyOf": [*({"type": kind} for kind in kinds), *schemas]}


def columns_of(names: Sequence[str], rows: Iterable[Mapping[str, object]]) -> tuple[Column, ...]:
    """Return the columns with the kinds of values in rows of flat JSON with ``languageTags``."""
    kinds: dict[str, set[str]] = {name: set() for name in names}
    tagged: set[str] = set()
    for row in rows:
        for name in names:
            value = row.get(name)
            if isinstance(value, dict) and value.keys() == {"value", "language"}:
                tagged.add(name)
                value = value["value"]
            if value is not None:
                kinds[name].add(_kind(value))
    return tuple(Column(name, frozenset(kinds[name]), name in tagged) for name in names)


def _kind(value: object) -> str:
    tests: tuple[tuple[str, Callable[[object], bool]], ...] = (
        ("boolean", lambda value: isinstance(value, bool)),
        ("integer", lambda value: isinstance(value, int)),
        ("number", lambda value: isinstance(value, float)),
        ("string", lambda value: isinstance(value, str)),
        ("array", lambda value: isinstance(value, list)),
    )
    return next((name for name, fits in tests if fits(value)), "object")


def answer_headers(query: SavedQuery) -> dict[str, Schema]:
    """Return the headers of an answer, as references to components."""
    names = ["ETag", "Link", "Server-Timing"] if query.form is QueryForm.SELECT else ["ETag", "Server-Timing"]
    if query.form is QueryForm.SELECT:
        names.append("X-Total-Count")
    if query.options.deprecated:
        names += ["Deprecation", "Sunset"] if query.options.sunset else ["Deprecation"]
    if "Deprecation" in names and "Link" not in names:
        names.append("Link")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
