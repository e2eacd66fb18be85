"""The components of the OpenAPI document that no query makes different: what envelopes, batches and the
standard formats are made of, the headers of answers, and failures (RFC 9457).

A problem has a schema for each code of :mod:`endpoint.errors`, and a response for each status.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from endpoint import errors
from endpoint.errors import EndpointError
from endpoint.web.api.openapi.answers import SCALARS, any_of
from endpoint.web.api.openapi.values import SCALAR, SCALAR_SCHEMA, TEXT, TEXT_SCHEMA, Schema, reference
from endpoint.web.http.view import View

_TEXT: Final[Schema] = {"type": "string"}
_ADDRESS: Final[Schema] = {"type": "string", "format": "uri"}
# An object whose members are not listed; generators of clients make an empty one of a schema without this.
_ANYTHING: Final[Schema] = {"type": "object", "additionalProperties": True}
MEDIA_TYPE: Final = "application/problem+json"

_NUMBER: Final[Schema] = {"type": "integer"}
# The members of each class besides the common ones (EndpointError.fields): the schema of the member, and
# whether it is always present.
_FIELDS: Final[dict[type[EndpointError], dict[str, tuple[Schema, bool]]]] = {
    errors.BadParameter: {
        "parameter": (_TEXT, True),
        "value": (_TEXT, False),
        "rule": (_TEXT, False),
        "suggestion": (_TEXT, False),
    },
    errors.MalformedRequest: {},
    errors.NotFound: {},
    errors.NotAcceptable: {"offered": ({"type": "array", "items": _TEXT}, True)},
    errors.NotExpressible: {},
    errors.RequestTimeout: {},
    errors.GenerationGone: {"generation": (_NUMBER, True), "current": (_NUMBER, True)},
    errors.PayloadTooLarge: {"limit": (_NUMBER, True)},
    errors.UnsupportedMediaType: {},
    errors.EndpointError: {},
    errors.EvaluationFailed: {},
    errors.WorkerDied: {},
    errors.MemoryLimitExceeded: {"limit": (_NUMBER, True)},
    errors.Overloaded: {"retryAfter": (_NUMBER, True)},
    errors.QueryKilled: {},
    errors.DeadlineExceeded: {"timeout": ({"type": "number"}, True)},
}
_WITH_BODY: Final = (408, 415)


def schemas(view: View) -> dict[str, Schema]:
    """Return the schemas by name."""
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
        "Explanation": _explanation(view),
        **_batches(view),
        **_standard(),
    }


def _explanation(view: View) -> Schema:
    """Return the schema of the answer to explain=true (:mod:`endpoint.engine.explanation`)."""
    count: Schema = {"type": "integer", "minimum": 0}
    place: Schema = {"type": "integer", "minimum": 1}
    phases = ("waiting", "planning", "evaluating", "sending", "total")
    seconds: Schema = {phase: {"type": "number", "minimum": 0} for phase in phases}
    hint: Schema = {"code": _TEXT, "line": place, "column": place, "problem": _TEXT, "better": _TEXT}
    members: Schema = {
        "outcome": {**_TEXT, "description": view.gettext("ok, or the code of the failure")},
        "detail": {"type": ["string", "null"]},
        "generation": reference("Generation"),
        "source": {"type": "string", "enum": ["memory", "disk", "columns"]},
        "dataset": _ANYTHING,
        "seconds": {"type": "object", "properties": seconds, "required": [*seconds]},
        "rows": count,
        "bytes": count,
        "memory": count,
        "limits": {"type": "object", "additionalProperties": {"type": "number"}},
        "form": _TEXT,
        "format": _TEXT,
        "query": _TEXT,
        "hints": {
            "type": "array",
            "items": {"type": "object", "properties": hint, "required": [*hint]},
        },
    }
    description = view.gettext("What a query did, instead of its answer")
    return {"type": "object", "properties": members, "required": [*members], "description": description}


def _links(view: View) -> Schema:
    addresses = {
        "self": view.gettext("This answer"),
        "first": view.gettext("The first page"),
        "prev": view.gettext("The page before"),
        "next": view.gettext("The next page"),
        "last": view.gettext("The last page, where the rows were counted"),
    }
    members = {name: {**_ADDRESS, "description": text} for name, text in addresses.items()}
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
                "parameters": {**_ANYTHING, "description": view.gettext("Its parameters")},
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
                        **_ANYTHING,
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
    """Return the schemas of SPARQL 1.1 Query Results JSON (section 3) and GeoJSON (RFC 7946 section 3)."""
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
            "properties": {"type": ["object", "null"], "additionalProperties": True},
        },
        "required": ["type", "geometry", "properties"],
    }
    return {
        "SparqlTerm": {
            "type": "object",
            "properties": {
                "type": {"enum": ["uri", "literal", "bnode", "triple"]},
                # The value of a triple term is an object (SPARQL 1.2).
                "value": {"type": ["string", "object"], "additionalProperties": True},
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
    """Return the headers by name."""
    described: dict[str, tuple[str, Schema]] = {
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
    return {name: {"description": text, "schema": schema} for name, (text, schema) in described.items()}


def problem_schemas(view: View) -> dict[str, Schema]:
    """Return the components: the members that all problems have, and each kind of problem."""
    texts = {
        "type": view.gettext("The kind of problem, as a URN that ends with its code"),
        "title": view.gettext("What kind of problem it is"),
        "detail": view.gettext("What is wrong, and what to do about it"),
        "message": view.gettext("The same as detail"),
    }
    members: Schema = {name: {"type": "string", "description": text} for name, text in texts.items()}
    members |= {"status": _NUMBER, "code": {"type": "string"}}
    common: Schema = {"type": "object", "properties": members, "required": sorted(members)}
    return {"Problem": common, **{_name(kind): _schema(kind) for kind in _FIELDS}}


def _schema(kind: type[EndpointError]) -> Schema:
    fields = _FIELDS[kind]
    members: Schema = {"code": {"const": kind.code}, "status": {"const": kind.status}}
    members |= {name: schema for name, (schema, _) in fields.items()}
    return {
        "title": kind.title,
        "allOf": [reference("Problem")],
        "type": "object",
        "properties": members,
        "required": [name for name, (_, always) in fields.items() if always],
    }


def problem_responses(view: View) -> dict[str, Schema]:
    """Return the components: a response for each status that a failure may have."""
    return {f"problem-{status}": _response(view, status, kinds) for status, kinds in _by_status()}


def problem_references(with_body: bool) -> dict[str, Schema]:
    """Return the responses of an operation by status; some failures only a request with a body can meet."""
    return {
        str(status): {"$ref": f"#/components/responses/problem-{status}"}
        for status, _ in _by_status()
        if with_body or status not in _WITH_BODY
    }


def _by_status() -> Iterator[tuple[int, list[type[EndpointError]]]]:
    for status in sorted({kind.status for kind in _FIELDS}):
        yield status, [kind for kind in _FIELDS if kind.status == status]


def _response(view: View, status: int, kinds: Sequence[type[EndpointError]]) -> Schema:
    schemas = [reference(_name(kind)) for kind in kinds]
    mapping = {kind.code: schema["$ref"] for kind, schema in zip(kinds, schemas, strict=True)}
    schema: Schema = schemas[0]
    if len(schemas) > 1:
        schema = {"oneOf": schemas, "discriminator": {"propertyName": "code", "mapping": mapping}}
    response: Schema = {
        "description": _described(view)[status],
        "content": {
            MEDIA_TYPE: {"schema": schema},
            "text/plain": {"schema": {"type": "string"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    if errors.Overloaded in kinds:
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response


def _described(view: View) -> dict[int, str]:
    return {
        400: view.gettext("The request is wrong: a parameter is missing, unknown, repeated or does not fit."),
        404: view.gettext("There is nothing at this path: the saved query has been taken away."),
        406: view.gettext(
            "Nothing that is offered fits the format asked for, or the answer cannot be said in it."
        ),
        408: view.gettext("The request stopped before it was complete."),
        410: view.gettext(
            "The pages asked for are of data that is no longer kept. Begin again at the first page."
        ),
        413: view.gettext("The request is too long."),
        415: view.gettext("The body is neither JSON nor a form."),
        500: view.gettext("The query could not be evaluated."),
        503: view.gettext("The server is busy, or the query needs more memory than one may have."),
        504: view.gettext("The query ran longer than its deadline."),
    }


def _name(kind: type[EndpointError]) -> str:
    return "InternalError" if kind is EndpointError else kind.__name__
