"""Parameters of requests to saved queries in the OpenAPI document: those of the query, and those of the
protocol (:data:`endpoint.catalog.naming.RESERVED`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from endpoint.catalog import SavedQuery
from endpoint.catalog.parameters import Parameter
from endpoint.formats import TABLE_FORMATS, Format, QueryForm, by_name
from endpoint.web.api import paging
from endpoint.web.api.openapi.answers import Sample, answer_formats
from endpoint.web.api.openapi.values import (
    Schema,
    json_schema,
    json_value,
    parameter_examples,
    parameter_schema,
    reference,
)
from endpoint.web.http.view import View

_CURSOR: Final = r"^([1-9][0-9]{0,8}\.[0-9]{1,12}\.([0-9a-f]{12}|-))?$"
_PAGED: Final = ("page", "pageSize", "after", "count")
# The parameters of the protocol, except "format", whose values differ.
_SCHEMAS: Final[Mapping[str, Schema]] = {
    "page": {
        "anyOf": [
            {"type": "integer", "minimum": 1, "maximum": 9_999_999_999},
            {"type": "string", "const": paging.ALL},
        ]
    },
    "pageSize": {"type": "integer", "minimum": 1, "maximum": paging.LARGEST_PAGE},
    "after": {"type": "string", "pattern": _CURSOR},
    "count": {"type": "boolean"},
    "generation": {"type": "integer", "minimum": 1, "maximum": 9_999_999_999},
    "languageTags": {"type": "boolean"},
    "timeout": {"type": "number", "minimum": 0},
    "explain": {"type": "boolean"},
    # Any other value has no effect.
    "download": {"type": ["string", "number", "boolean"], "examples": ["1"]},
}


def _descriptions(view: View) -> dict[str, str]:
    return {
        "page": view.gettext("The number of the page, from 1; all for the whole answer"),
        "pageSize": view.gettext("Rows of a page"),
        "after": view.gettext(
            "The cursor of a page, from the member after or the link next of an answer; empty for the first "
            "page. It takes the place of page."
        ),
        "count": view.gettext("Count the rows of all pages: total, X-Total-Count and the link last"),
        "generation": view.gettext("Answer from this state of the data, or not at all"),
        "languageTags": view.gettext("Keep the language of texts in JSON"),
        "timeout": view.gettext("Seconds after which to give up; the server has a limit of its own"),
        "explain": view.gettext("true: what the query did, instead of its answer"),
        "download": view.gettext("1: answer as a file to save"),
        "format": view.gettext("The format of the answer, instead of the header Accept"),
    }


def protocol_parameters(view: View) -> dict[str, Schema]:
    """Return the components: all parameters of the protocol that mean the same everywhere."""
    descriptions = _descriptions(view)
    return {
        name: {
            "name": name,
            "in": "query",
            "description": descriptions[name],
            "schema": reference(_component(name)),
        }
        for name in _SCHEMAS
    }


def protocol_schemas() -> dict[str, Schema]:
    """Return the components: the schemas of these parameters, which bodies have as members too."""
    return {_component(name): schema for name, schema in _SCHEMAS.items()}


def _component(name: str) -> str:
    return f"protocol.{name}"


def query_parameters(view: View, query: SavedQuery, sample: Sample, in_path: bool = False) -> list[Schema]:
    """Return the parameters of GET: those of the query, with ``in_path`` at its path, then the others."""
    placed = in_path_of(query) if in_path else ()
    own = [_parameter(view, row, row.name in placed) for row in query.parameters]
    reserved: list[Schema] = [{"$ref": f"#/components/parameters/{name}"} for name in _reserved(query)]
    reserved.append(
        {
            "name": "format",
            "in": "query",
            "description": _descriptions(view)["format"],
            "schema": _format_schema(query, sample),
        }
    )
    return [*own, *reserved]


def in_path_of(query: SavedQuery) -> tuple[str, ...]:
    """Return the names of the parameters in the path of the query."""
    segments = (query.options.path or "").split("/")
    return tuple(row.name for row in query.parameters if f"{{{row.name}}}" in segments)


def _reserved(query: SavedQuery) -> Iterator[str]:
    """Return the parameters of the protocol that apply to this query, without "format"."""
    for name in _SCHEMAS:
        if name in _PAGED and query.form is not QueryForm.SELECT:
            continue
        if name == "languageTags" and query.form is QueryForm.ASK:
            continue
        yield name


def _format_schema(query: SavedQuery, sample: Sample) -> Schema:
    formats = tuple(answer_formats(query, sample))
    return {"type": "string", "enum": [_short_name(fmt, formats) for fmt in formats]}


def _short_name(fmt: Format, formats: tuple[Format, ...]) -> str:
    """Return the unique name in ``format=``, as in the documentation."""
    if fmt in TABLE_FORMATS:
        return fmt.name
    return next(name for name in (*fmt.short_names, fmt.name) if by_name(name, formats) is fmt)


def _parameter(view: View, parameter: Parameter, in_path: bool) -> Schema:
    made: Schema = {
        "name": parameter.name,
        "in": "path" if in_path else "query",
        "required": in_path or is_required(parameter),
        "description": describe(view, parameter),
        "schema": parameter_schema(parameter),
    }
    if parameter.multiple:
        made |= {"style": "form", "explode": True}
    examples = parameter_examples(parameter)
    if examples:
        values = [[example] for example in examples] if parameter.multiple else examples
        made["examples"] = {
            f"example-{number}" if number > 1 else "example": {"value": value}
            for number, value in enumerate(values, 1)
        }
    return made


def is_required(parameter: Parameter) -> bool:
    """Return whether a request without this parameter is refused."""
    return parameter.required and parameter.default is None


def describe(view: View, parameter: Parameter) -> str:
    """Return a description of the parameter, with the labels of its choices, as CommonMark."""
    lines = [view.text(parameter.description)]
    labelled = {text: view.text(parameter.labels.get(text, {})) for text in parameter.enum}
    if any(labelled.values()):
        lines.append("\n".join(f"- `{text}`: {label or text}" for text, label in labelled.items()))
    return "\n\n".join(filter(None, lines))


def body_schema(view: View, query: SavedQuery, sample: Sample, left_out: Collection[str] = ()) -> Schema:
    """Return the parameters as one JSON object, the body of a POST, without those ``left_out``.

    null means that a parameter is absent.
    """
    own = [row for row in query.parameters if row.name not in left_out]
    members: dict[str, Schema] = {
        row.name: {**json_schema(row), "description": describe(view, row)} for row in own
    }
    members |= {name: reference(_component(name)) for name in _reserved(query)}
    members["format"] = _format_schema(query, sample)
    required = [row.name for row in own if is_required(row)]
    members = {name: schema if name in required else _nullable(schema) for name, schema in members.items()}
    made: Schema = {"type": "object", "properties": members, "additionalProperties": False}
    return {**made, "required": required} if required else made


def _nullable(schema: Schema) -> Schema:
    kind = schema.get("type")
    if not isinstance(kind, str) or "enum" in schema:
        kept: Schema = {name: schema[name] for name in ("description", "default") if name in schema}
        plain = {name: value for name, value in schema.items() if name not in kept}
        return {"anyOf": [plain, {"type": "null"}], **kept}
    return {**schema, "type": [kind, "null"]}


def body_example(query: SavedQuery, left_out: Collection[str] = ()) -> dict[str, object] | None:
    """Return the parameters of the example call as a JSON object; None where there is no such call."""
    if any(is_required(row) and row.sample is None for row in query.parameters):
        return None
    members: dict[str, object] = {}
    for row in query.parameters:
        if row.sample is not None and row.name not in left_out:
            value = json_value(row, row.sample)
            members[row.name] = [value] if row.multiple else value
    return members
