"""The OpenAPI document of our own saved queries, on the real server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from endpoint import errors
from endpoint.app import create_site
from endpoint.catalog.parameters import RESERVED
from endpoint.errors import EndpointError
from endpoint.settings import Settings
from endpoint.web.http.boundary import problem_json
from tests.live import Server
from tests.web.api.openapi.openapi_documents import (
    Document,
    answer_of,
    faults,
    mistakes,
    operations,
    resolved,
)

PATH = "/api/openapi.json"
BY_YEAR = "/api/publications-by-year"


@pytest.fixture(scope="module")
def document(server: Server) -> Document:
    found: Document = server.get(f"{PATH}?locale=en").json()
    return found


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_is_valid_in_both_languages(server: Server, language: str) -> None:
    answer = server.get(PATH, Accept_Language=language)
    assert (answer.status, answer.type) == (200, "application/json")
    assert answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]
    assert faults(answer.json()) == []


def test_its_texts_are_in_the_language_asked_for(server: Server) -> None:
    korean, english = (server.get(f"{PATH}?locale={language}").json() for language in ("ko", "en"))
    assert korean["paths"][BY_YEAR]["get"]["summary"] == "연도별 발간자료"
    assert english["paths"][BY_YEAR]["get"]["summary"] == "Publications by year"
    for part in ("info", "tags"):
        assert any("가" <= char <= "힣" for char in json.dumps(korean[part], ensure_ascii=False))
        assert not any("가" <= char <= "힣" for char in json.dumps(english[part], ensure_ascii=False))
    page = korean["components"]["parameters"]["page"]["description"]
    assert page != english["components"]["parameters"]["page"]["description"]


def test_http(server: Server) -> None:
    answer = server.get(PATH)
    assert server.get(PATH, If_None_Match=answer.headers["etag"]).status == 304
    named = server.get(PATH, "application/vnd.oai.openapi+json")
    assert (named.status, named.type) == (200, "application/vnd.oai.openapi+json")
    assert server.get(PATH, "text/turtle").status == 406
    head = server.request("HEAD", PATH)
    assert (head.status, head.body) == (200, b"")
    assert server.request("POST", PATH).status == 405
    assert server.request("OPTIONS", PATH).headers["allow"] == "GET, HEAD, OPTIONS"


def test_addresses_are_those_of_the_client(server: Server) -> None:
    answer = server.get(PATH, Host="data.example.org:8080")
    assert answer.json()["servers"] == [{"url": "http://data.example.org:8080"}]
    assert "here.invalid" not in answer.text
    assert server.url not in answer.text


def test_generators_of_clients_learn_what_an_object_may_hold(document: Document) -> None:
    """To openapi-typescript an object without members is empty; an array needs items."""
    waiting: list[Any] = [document]
    objects = arrays = 0
    while waiting:
        node = waiting.pop()
        waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
        kinds = node.get("type") if isinstance(node, dict) else None
        if "object" in (kinds or ()):
            assert {"properties", "additionalProperties", "allOf"} & node.keys(), node
            objects += 1
        if "array" in (kinds or ()):
            assert "items" in node, node
            arrays += 1
    assert objects > 20
    assert arrays > 5
    # Nobody needs a token to call them.
    assert document["security"] == []


def test_every_saved_query_has_get_and_post(document: Document) -> None:
    catalog = create_site(Settings()).catalog
    assert catalog.queries
    for name, query in catalog.queries.items():
        item = document["paths"][f"/api/{name}"]
        own = {row["name"] for row in item["get"]["parameters"] if row.get("in") == "query"}
        assert own == {*(row.name for row in query.parameters), "format"}
        body = resolved(
            document, item["post"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0]
        )
        assert body["properties"].keys() >= {row.name for row in query.parameters}
        assert item["get"]["externalDocs"]["url"].endswith(f"/api/{name}.rq")
    for path, name in catalog.paths.items():
        item = document["paths"][f"/api{path}"]
        held = {row["name"] for row in item["get"]["parameters"] if row.get("in") == "path"}
        assert held == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert item["get"]["operationId"] == f"{name}.path"


def test_bodies_are_of_one_media_type_so_that_generated_clients_run(document: Document) -> None:
    bodies = [row["requestBody"] for _, _, row in operations(document) if "requestBody" in row]
    assert {tuple(body["content"]) for body in bodies} == {("application/json",)}


def test_the_parameters_of_the_protocol_are_there(document: Document) -> None:
    told = {row["name"] for row in document["components"]["parameters"].values()} | {"format"}
    # Two are other spellings: "output" of "format", and "locale" is of pages.
    assert told == RESERVED - {"output", "locale"}


def test_operations_have_names_of_their_own(document: Document) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names)) == 2 * len(document["paths"])


def test_every_example_is_as_its_schema_has_it(document: Document) -> None:
    seen = 0
    for path, method, operation in operations(document):
        parts = [operation.get("requestBody"), answer_of(document, operation)]
        for content in (row for part in parts if part for row in part["content"].values()):
            for example in content.get("examples", {}).values():
                seen += 1
                assert mistakes(document, content["schema"], example["value"]) == [], (method, path)
    assert seen > 2 * len(document["paths"])


def test_examples_are_answers_that_were_given(server: Server, document: Document) -> None:
    content = answer_of(document, document["paths"][BY_YEAR]["get"])["content"]["application/json"]
    example = content["examples"]["example"]["value"]
    given = server.get(f"{BY_YEAR}?year=2023&pageSize=3").json()
    assert example["rows"] == given["rows"]
    assert example["links"]["self"] == given["links"]["self"]
    (row,) = example["rows"]
    assert row["date"] == 20230522
    columns = resolved(document, content["schema"])["properties"]["rows"]["items"]["properties"]
    assert columns["date"] == {"type": ["integer", "null"]}
    assert columns["title"] == {"type": ["string", "null"]}


def test_the_example_of_every_query_was_given(document: Document) -> None:
    for path, _, operation in operations(document):
        if path != "/api":
            content = answer_of(document, operation)["content"]
            assert "examples" in content["application/json"], path


def test_answers_are_as_the_schemas_have_them(server: Server, document: Document) -> None:
    for entry in server.get("/api").json()["queries"]:
        operation = document["paths"][f"/api/{entry['name']}"]["get"]
        content = answer_of(document, operation)["content"]
        separator = "&" if "?" in entry["example"] else "?"
        example = entry["example"].removeprefix(server.url) + separator
        for media_type in [name for name in content if name.endswith("json")]:
            answer = server.get(f"{example}languageTags=true", media_type)
            assert (answer.status, answer.type) == (200, media_type)
            if media_type != "application/x-ndjson":
                assert mistakes(document, content[media_type]["schema"], answer.json()) == [], entry["name"]


PROBLEMS: list[tuple[EndpointError, str]] = [
    (errors.MalformedRequest("x"), "MalformedRequest"),
    (errors.BadParameter("a", "x", "1", "type", "b"), "BadParameter"),
    (errors.NotFound("x"), "NotFound"),
    (errors.NotAcceptable("x", ["text/csv"]), "NotAcceptable"),
    (errors.NotExpressible("x"), "NotExpressible"),
    (errors.RequestTimeout("x"), "RequestTimeout"),
    (errors.GenerationGone("x", 1, 2), "GenerationGone"),
    (errors.PayloadTooLarge("x", 9), "PayloadTooLarge"),
    (errors.UnsupportedMediaType("x"), "UnsupportedMediaType"),
    (EndpointError("x"), "InternalError"),
    (errors.EvaluationFailed("x"), "EvaluationFailed"),
    (errors.WorkerDied("x"), "WorkerDied"),
    (errors.MemoryLimitExceeded("x", 9), "MemoryLimitExceeded"),
    (errors.Overloaded("x", 1), "Overloaded"),
    (errors.DeadlineExceeded("x", 0.5), "DeadlineExceeded"),
]


@pytest.mark.parametrize(("error", "name"), PROBLEMS, ids=lambda row: str(row)[:30])
def test_problems_are_as_the_schemas_have_them(document: Document, error: EndpointError, name: str) -> None:
    sent: Any = json.loads(problem_json(error))
    schema = document["components"]["schemas"][name]
    assert mistakes(document, schema, sent) == []
    assert mistakes(document, schema, {**sent, "code": "other"}) != []
    told = {
        key for part in (schema, document["components"]["schemas"]["Problem"]) for key in part["properties"]
    }
    assert sent.keys() <= told
    response = document["components"]["responses"][f"problem-{error.status}"]
    assert mistakes(document, response["content"]["application/problem+json"]["schema"], sent) == []
    operation = document["paths"][BY_YEAR]["post"]
    assert answer_of(document, operation, error.status) == response


def test_a_refusal_is_what_the_document_says(server: Server, document: Document) -> None:
    answer = server.get(f"{BY_YEAR}?year=x", "application/json")
    response = answer_of(document, document["paths"][BY_YEAR]["get"], answer.status)
    assert mistakes(document, response["content"][answer.type]["schema"], answer.json()) == []
