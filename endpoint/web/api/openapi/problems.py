"""Failures in the OpenAPI document: a schema for each code of :mod:`endpoint.errors`, a response for each
status (RFC 9457).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from endpoint import errors
from endpoint.errors import EndpointError
from endpoint.web.api.openapi.values import Schema, reference
from endpoint.web.http.view import View

MEDIA_TYPE: Final = "application/problem+json"

_TEXT: Final[Schema] = {"type": "string"}
_NUMBER: Final[Schema] = {"type": "integer"}
# What each class tells besides the common members (EndpointError.fields): the schema of the member, and
# whether it is always there.
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
    errors.DeadlineExceeded: {"timeout": ({"type": "number"}, True)},
}
_WITH_BODY: Final = (408, 415)


def problem_schemas(view: View) -> dict[str, Schema]:
    """The components: the members that all problems have, and each kind of problem."""
    said = {
        "type": view.gettext("The kind of problem, as a URN that ends with its code"),
        "title": view.gettext("What kind of problem it is"),
        "detail": view.gettext("What is wrong, and what to do about it"),
        "message": view.gettext("The same as detail"),
    }
    members: Schema = {name: {"type": "string", "description": text} for name, text in said.items()}
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
    """The components: a response for each status that a failure may have."""
    return {f"problem-{status}": _response(view, status, kinds) for status, kinds in _by_status()}


def problem_references(with_body: bool) -> dict[str, Schema]:
    """The responses of an operation by status; some failures only a request with a body can meet."""
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
