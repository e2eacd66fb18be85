"""The components of the OpenAPI document that no query makes different: what envelopes, batches and the
standard formats are made of, and the headers of answers.
"""

from __future__ import annotations

from endpoint.web.api.openapi.answers import SCALARS, any_of
from endpoint.web.api.openapi.values import SCALAR, SCALAR_SCHEMA, TEXT, TEXT_SCHEMA, Schema, reference
from endpoint.web.http.view import View

_TEXT: Schema = {"type": "string"}
_ADDRESS: Schema = {"type": "string", "format": "uri"}


def schemas(view: View) -> dict[str, Schema]:
    """The schemas by name."""
    return {
        TEXT: {**TEXT_SCHEMA, "description": view.gettext("A text that is not blank")},
        SCALAR: {
            **SCALAR_SCHEMA,
            "description": view.gettext("A text; a number or a boolean stands for the text of it"),
        },
        "Generation": {
            "type": "integer",
            "minimum": 1,
            "description": view.gettext("The number of the state of the data that the answer is of"),
        },
        "TextInLanguage": {
            "type": "object",
            "properties": {"value": _TEXT, "language": _TEXT},
            "required": ["value", "language"],
            "additionalProperties": False,
            "description": view.gettext("A text with its language, when languageTags is true"),
        },
        "Value": any_of(SCALARS, [reference("TextInLanguage")]),
        "Links": _links(view),
        **_batches(view),
        **_standard(),
    }


def _links(view: View) -> Schema:
    told = {
        "self": view.gettext("This answer"),
        "first": view.gettext("The first page"),
        "prev": view.gettext("The page before"),
        "next": view.gettext("The next page"),
        "last": view.gettext("The last page, where the rows were counted"),
    }
    members = {name: {**_ADDRESS, "description": text} for name, text in told.items()}
    return {"type": "object", "properties": members, "required": ["self"], "additionalProperties": False}


def _batches(view: View) -> dict[str, Schema]:
    listed: Schema = {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "url": _ADDRESS,
            "example": {**_ADDRESS, "type": ["string", "null"]},
            "deprecated": {"type": "boolean"},
        },
        "required": ["name", "url", "example"],
    }
    return {
        "Call": {
            "type": "object",
            "properties": {
                "query": {**_TEXT, "description": view.gettext("The name of a saved query")},
                "parameters": {"type": "object", "description": view.gettext("Its parameters")},
            },
            "required": ["query"],
        },
        "Batch": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "status": {"type": "integer", "description": view.gettext("The status of this call")},
                    "body": {
                        "type": "object",
                        "description": view.gettext("The answer in flat JSON, or a problem"),
                    },
                },
                "required": ["status", "body"],
                "additionalProperties": False,
            },
        },
        "Listing": {
            "type": "object",
            "properties": {
                "generation": reference("Generation"),
                "queries": {"type": "array", "items": listed},
                "links": {"type": "object", "additionalProperties": _ADDRESS},
            },
            "required": ["generation", "queries", "links"],
        },
    }


def _standard() -> dict[str, Schema]:
    """SPARQL 1.1 Query Results JSON Format, section 3; GeoJSON, RFC 7946 section 3."""
    head: Schema = {"type": "object", "properties": {"vars": {"type": "array", "items": _TEXT}}}
    binding: Schema = {"type": "object", "additionalProperties": reference("SparqlTerm")}
    bindings: Schema = {"type": "array", "items": binding}
    results: Schema = {"type": "object", "properties": {"bindings": bindings}, "required": ["bindings"]}
    geometry: Schema = {"type": "object", "properties": {"type": _TEXT}, "required": ["type"]}
    feature: Schema = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "geometry": {"anyOf": [geometry, {"type": "null"}]},
            "properties": {"type": ["object", "null"]},
        },
        "required": ["type", "geometry", "properties"],
    }
    return {
        "SparqlTerm": {
            "type": "object",
            "properties": {
                "type": {"enum": ["uri", "literal", "bnode", "triple"]},
                # The value of a triple term is an object (SPARQL 1.2).
                "value": {"type": ["string", "object"]},
                "xml:lang": _TEXT,
                "datatype": _TEXT,
            },
            "required": ["type", "value"],
        },
        "SparqlResults": {
            "type": "object",
            "properties": {"head": head, "results": results},
            "required": ["head", "results"],
        },
        "SparqlBoolean": {
            "type": "object",
            "properties": {"head": head, "boolean": {"type": "boolean"}},
            "required": ["head", "boolean"],
        },
        "FeatureCollection": {
            "type": "object",
            "properties": {
                "type": {"const": "FeatureCollection"},
                "features": {"type": "array", "items": feature},
            },
            "required": ["type", "features"],
        },
    }


def headers(view: View) -> dict[str, Schema]:
    """The headers by name."""
    told: dict[str, tuple[str, Schema]] = {
        "ETag": (view.gettext("Tells generation, query, values, page and format apart"), _TEXT),
        "Link": (
            view.gettext("Other pages (RFC 8288), and what takes the place of a deprecated query"),
            _TEXT,
        ),
        "Server-Timing": (view.gettext("Where the time went, in milliseconds"), _TEXT),
        "X-Total-Count": (view.gettext("Rows of all pages, where they were counted"), {"type": "integer"}),
        "Deprecation": (view.gettext("Since when the query is deprecated (RFC 9745)"), _TEXT),
        "Sunset": (view.gettext("When the query may go away (RFC 8594)"), _TEXT),
        "Retry-After": (view.gettext("Seconds after which to try again"), {"type": "integer"}),
    }
    return {name: {"description": text, "schema": schema} for name, (text, schema) in told.items()}
