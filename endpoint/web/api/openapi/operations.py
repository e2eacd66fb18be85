"""Operations of the OpenAPI document: GET and POST of each saved query, at its own address and at
its path, the list of all, and batches.
"""

from __future__ import annotations

from string import ascii_letters, digits
from urllib.parse import quote

from endpoint.catalog import SavedQuery
from endpoint.formats import FLAT_JSON
from endpoint.web.api.batch import MOST_CALLS
from endpoint.web.api.openapi.answers import Sample, answer_content, answer_headers
from endpoint.web.api.openapi.components import problem_references
from endpoint.web.api.openapi.parameters import body_example, body_schema, in_path_of, query_parameters
from endpoint.web.api.openapi.samples import BASE
from endpoint.web.api.openapi.values import Schema, reference
from endpoint.web.api.targets import ROOT
from endpoint.web.http.view import View

# The tag of operations that concern all queries.
GENERAL = "api"
_KEPT = frozenset(f"{ascii_letters}{digits}-")


def component(query: SavedQuery) -> str:
    """Return the name of the query among the components, in ASCII (OpenAPI 3.1 section 4.8.7)."""
    kept = (char if char in _KEPT else f"_{ord(char):x}" for char in query.name)
    return f"query.{''.join(kept)}"


def address_of(query: SavedQuery) -> str:
    """Return the path of the query's own address."""
    return f"{ROOT}/{quote(query.name, safe='')}"


def path_items(view: View, query: SavedQuery, sample: Sample) -> dict[str, Schema]:
    """Return the path items of one query by path: that of its name, and the one that its file declares."""
    items = {address_of(query): _path_item(view, query, sample)}
    if query.options.path is not None:
        items[ROOT + quote(query.options.path, safe="/{}")] = _path_item(view, query, sample, in_path=True)
    return items


def _path_item(view: View, query: SavedQuery, sample: Sample, in_path: bool = False) -> Schema:
    operation = _operation(view, query)
    name = f"{query.name}.path" if in_path else query.name
    parameters = query_parameters(view, query, sample, in_path)
    fixed = [row for row in parameters if row.get("in") == "path"]
    posted: Schema = {
        **operation,
        "operationId": f"{name}.post",
        "requestBody": _body(view, query, in_path),
        "responses": _responses(query, posted=True),
    }
    return {
        "get": {
            **operation,
            "operationId": name,
            "parameters": parameters,
            "responses": _responses(query),
        },
        "post": {**posted, "parameters": fixed} if fixed else posted,
    }


def _operation(view: View, query: SavedQuery) -> Schema:
    made: Schema = {
        "tags": list(query.tags) or [GENERAL],
        "summary": view.text(query.summary) or query.name,
        "description": _description(view, query),
        "externalDocs": {
            "url": f"{BASE}{address_of(query)}.rq",
            "description": view.gettext("The SPARQL query"),
        },
    }
    return {**made, "deprecated": True} if query.options.deprecated else made


def _description(view: View, query: SavedQuery) -> str:
    options = query.options
    parts = [view.text(options.deprecation), view.text(query.description)]
    if options.successor is not None:
        words = view.gettext("Use instead:")
        parts.insert(1, f"{words} `{options.successor}`")
    if options.sunset is not None:
        words = view.gettext("It may go away on:")
        parts.insert(1, f"{words} {options.sunset.isoformat()}")
    return "\n\n".join(filter(None, parts))


def _responses(query: SavedQuery, posted: bool = False) -> Schema:
    name = component(query)
    made: Schema = {"200": {"$ref": f"#/components/responses/{name}{'.post' if posted else ''}"}}
    if not posted:
        made["304"] = {"$ref": "#/components/responses/not-modified"}
    return {**made, **problem_references(posted)}


def responses(view: View, query: SavedQuery, sample: Sample) -> dict[str, Schema]:
    """Return the components: the answers to GET and to POST, which may be a batch."""
    name = component(query)
    title = view.gettext("The answer to the example")
    content = answer_content(query, sample, name, title)
    made: Schema = {
        "description": view.text(query.summary) or query.name,
        "headers": answer_headers(query),
        "content": content,
    }
    json = content.get(FLAT_JSON.media_type, {})
    batch: Schema = {**json, "schema": {"anyOf": [reference(name), reference("Batch")]}}
    return {name: made, f"{name}.post": {**made, "content": {**content, FLAT_JSON.media_type: batch}}}


def body_schemas(view: View, query: SavedQuery, sample: Sample) -> dict[str, Schema]:
    """Return the components: the parameters as JSON."""
    schemas = {}
    for in_path in (False, True) if query.options.path is not None else (False,):
        name, fixed = _body_name(query, in_path), in_path_of(query) if in_path else ()
        schemas[name] = body_schema(view, query, sample, fixed)
    return schemas


def _body_name(query: SavedQuery, in_path: bool) -> str:
    return f"{component(query)}{'.path' if in_path else ''}.parameters"


def _body(view: View, query: SavedQuery, in_path: bool) -> Schema:
    name = _body_name(query, in_path)
    parameters = reference(name)
    several: Schema = {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_CALLS,
        # A call of a batch has no format, so its parameters differ from those of a single call.
        "items": {"type": "object", "additionalProperties": True},
        "description": view.gettext("The parameters of several calls; all answers are flat JSON"),
    }
    json: Schema = {"schema": {"anyOf": [parameters, several]}}
    example = body_example(query, in_path_of(query) if in_path else ())
    if example is not None:
        json["examples"] = {"example": {"value": example}}
    # Generators of clients write code that fails from bodies of several media types.
    description = view.gettext("The parameters; a form (application/x-www-form-urlencoded) is answered too")
    return {"required": True, "description": description, "content": {"application/json": json}}


def general_items(view: View, first: SavedQuery | None) -> dict[str, Schema]:
    """Return the path item of ``/api``; ``first`` is a query for the example of a batch."""
    listed: Schema = {
        "tags": [GENERAL],
        "summary": view.gettext("List all saved queries"),
        "operationId": "saved-queries",
        "responses": {
            "200": {
                "description": view.gettext("The saved queries with their parameters, formats and links"),
                "content": {"application/json": {"schema": reference("Listing")}},
            },
            **problem_references(with_body=False),
        },
    }
    return {ROOT: {"get": listed, "post": _batch(view, first)}}


def _batch(view: View, first: SavedQuery | None) -> Schema:
    call = reference("Call")
    several: Schema = {"type": "array", "items": call, "minItems": 1, "maxItems": MOST_CALLS}
    json: Schema = {"schema": {"anyOf": [several, call]}}
    if first is not None:
        json["examples"] = {
            "example": {"value": [{"query": first.name, "parameters": body_example(first) or {}}]}
        }
    return {
        "tags": [GENERAL],
        "summary": view.gettext("Call several saved queries at once"),
        "description": view.gettext(
            "The calls are answered one after the other, within one deadline. What is wrong with one is told "
            "in its place."
        ),
        "operationId": "saved-queries.post",
        "requestBody": {"required": True, "content": {"application/json": json}},
        "responses": {
            "200": {
                "description": view.gettext("The answers in the order of the calls"),
                "content": {"application/json": {"schema": reference("Batch")}},
            },
            **problem_references(with_body=True),
        },
    }
