"""The OpenAPI document of a folder with every type and every odd thing that a saved query may be."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from endpoint.catalog.datatypes import TYPES
from tests.datasets import paged_books
from tests.live import ROOT, Server, serving
from tests.waiting import until
from tests.web.api.openapi.openapi_documents import (
    Document,
    answer_of,
    faults,
    mistakes,
    operations,
    resolved,
)

# "langString" and "typed" are what a variable's name or a header makes of other words.
NAMED = [name for name in TYPES if name not in ("langString", "typed")]

ODD = {
    "every-type": "SELECT ?s { ?s ?p ?o FILTER(BOUND(?s) "
    + " ".join(f"|| ?o = ?__{name.lower()}x_{name}" for name in NAMED)
    + " || ?o = ?__tagged_ko || ?o = ?__code_ex_Code) }",
    "책 목록": "SELECT ?book { ?book ex:number ?_번호_integer }",
    "choices": """#+ params:
#+   shelf: {type: integer, enum: {0: {ko: 위, en: above}, 1: {en: middle}, 2: below}, default: 1}
SELECT ?book { ?book ex:shelf ?_shelf } ORDER BY ?book""",
    "many-values": "SELECT ?book { ?book ex:number ?_n_multi_integer } ORDER BY ?book",
    "star": "SELECT * { ?book ex:number ?n ; ex:shelf ?__shelf_integer } ORDER BY ?n",
    "by-path": """#+ path: /books/{n}/of/{shelf}
#+ params: {n: {example: 5}, shelf: {example: 2}}
SELECT ?book ?n { ?book ex:number ?_n_integer ; ex:shelf ?_shelf_integer ; ex:number ?n } ORDER BY ?n""",
    "leaving": """#+ deprecated: {sunset: 2027-01-01, successor: ordered, en: No longer kept.}
SELECT ?book { ?book ex:number ?n } ORDER BY ?n""",
    "languages": """SELECT ?name ?plain { VALUES (?name ?plain) { ("책"@ko "x") ("book"@en UNDEF) } }""",
    "kinds": """SELECT ?any ?real { VALUES (?any ?real) { (1 1.5) ("a" 2) (true UNDEF) (<urn:x> 1e0) } }""",
    "shaped": """#+ transform: {"id": "?book$anchor", "shelf": "?shelf$list"}
SELECT ?book ?shelf { ?book ex:shelf ?shelf } ORDER BY ?book""",
    "described": "DESCRIBE <http://example.org/b/1>",
    "needs-a-value": "SELECT ?book { ?book ex:number ?_n_integer }",
    "Problem": "SELECT ?book { ?book ex:number ?n } ORDER BY ?n LIMIT 5",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = paged_books.make(tmp_path_factory.mktemp("odd") / "dataset")
    shutil.copytree(ROOT / "tests" / "data" / "grlc", folder / "queries" / "grlc")
    for name, text in ODD.items():
        header = "".join(line for line in text.splitlines(True) if line.startswith("#+"))
        body = text.removeprefix(header)
        (folder / "queries" / f"{name}.rq").write_text(
            f"#+ summary: {name}\n{header}{paged_books.PREFIXES}{body}\n"
        )
    flags = ("--dataset", str(folder), "--timeout", "1", "--workers", "2", "--memory", "256MB")
    with serving(folder.parent / "data", *flags) as running:
        yield running


@pytest.fixture(scope="module")
def document(odd: Server) -> Document:
    found: Document = odd.get("/api/openapi.json?locale=en").json()
    return found


def parameters(document: Document, path: str) -> dict[str, Document]:
    found = (resolved(document, row) for row in document["paths"][path]["get"]["parameters"])
    return {row["name"]: row for row in found}


def row_schema(document: Document, name: str) -> Document:
    operation = document["paths"][f"/api/{name}"]["get"]
    envelope = resolved(document, answer_of(document, operation)["content"]["application/json"]["schema"])
    found: Document = envelope["properties"]["rows"]["items"]
    return found


def test_it_is_valid(odd: Server, document: Document) -> None:
    assert faults(document) == []
    assert faults(odd.get("/api/openapi.json?locale=ko").json()) == []


def test_it_has_every_query_that_loads(odd: Server, document: Document) -> None:
    listed = odd.get("/api").json()["queries"]
    assert {row["name"] for row in listed} >= {*ODD, *paged_books.QUERIES, *paged_books.OPTIONS}
    paths = {row["url"].removeprefix(odd.url) for row in listed}
    assert document["paths"].keys() == {*paths, "/api", "/api/books/{n}/of/{shelf}"}


def test_every_type_is_a_parameter(document: Document) -> None:
    found = parameters(document, "/api/every-type")
    for name in NAMED:
        schema = found[f"{name.lower()}x"]["schema"]
        assert "type" in schema or "$ref" in schema, name
    assert found["tagged"]["schema"] == found["code"]["schema"] == {"$ref": "#/components/schemas/Text"}


def test_examples_that_fail_are_left_out_and_told(odd: Server, document: Document) -> None:
    log = odd.log.read_text()
    for name in ("endless", "named-twice", "needs-a-value"):
        content = answer_of(document, document["paths"][f"/api/{name}"]["get"])["content"]
        assert "examples" not in content["application/json"]
        assert log.count(f"no example of {name}:") == 1
    columns = row_schema(document, "endless")["properties"]
    assert columns == {"n": {"$ref": "#/components/schemas/Value"}}


def test_every_other_example_is_as_its_schema_has_it(odd: Server, document: Document) -> None:
    seen = 0
    for path, method, operation in operations(document):
        parts = [operation.get("requestBody"), answer_of(document, operation)]
        for content in (row for part in parts if part for row in part["content"].values()):
            for example in content.get("examples", {}).values():
                seen += 1
                assert mistakes(document, content["schema"], example["value"]) == [], (method, path)
    assert seen > 2 * len(document["paths"])


def test_answers_in_json_are_as_the_schemas_have_them(odd: Server, document: Document) -> None:
    for row in odd.get("/api").json()["queries"]:
        operation = document["paths"][row["url"].removeprefix(odd.url)]["get"]
        content = answer_of(document, operation)["content"]
        if "examples" not in content.get("application/json", {}) or row["name"] == "long":
            continue
        for tags in ("true", "false"):
            separator = "&" if "?" in row["example"] else "?"
            paged = "&pageSize=50" if row["form"] == "SELECT" else ""
            address = f"{row['example']}{separator}languageTags={tags}{paged}"
            answer = odd.get(address.removeprefix(odd.url), "application/json")
            assert mistakes(document, content["application/json"]["schema"], answer.json()) == [], row["name"]


def test_choices_are_an_enumeration_with_labels(document: Document) -> None:
    shelf = parameters(document, "/api/choices")["shelf"]
    assert shelf["schema"]["enum"] == [0, 1, 2]
    assert shelf["schema"]["default"] == 1
    assert shelf["required"] is False
    assert "- `0`: above\n- `1`: middle" in shelf["description"]


def test_several_values_are_an_exploded_array(document: Document) -> None:
    n = parameters(document, "/api/many-values")["n"]
    assert (n["style"], n["explode"], n["schema"]["type"]) == ("form", True, "array")
    assert n["schema"]["items"]["type"] == "integer"


def test_a_path_has_an_item_of_its_own(odd: Server, document: Document) -> None:
    item = document["paths"]["/api/books/{n}/of/{shelf}"]
    found = parameters(document, "/api/books/{n}/of/{shelf}")
    assert [(found[name]["in"], found[name]["required"]) for name in ("n", "shelf")] == [("path", True)] * 2
    assert [row["name"] for row in item["post"]["parameters"]] == ["n", "shelf"]
    body = item["post"]["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0]
    assert "n" not in resolved(document, body)["properties"]
    answer = odd.get("/api/books/5/of/2")
    schema = answer_of(document, item["get"])["content"]["application/json"]["schema"]
    assert mistakes(document, schema, answer.json()) == []
    assert len(answer.json()["rows"]) == 1


def test_a_deprecated_query_says_so(document: Document) -> None:
    operation = document["paths"]["/api/leaving"]["get"]
    assert operation["deprecated"] is True
    assert "No longer kept." in operation["description"]
    assert "`ordered`" in operation["description"]
    assert "2027-01-01" in operation["description"]
    assert {"Deprecation", "Sunset", "Link"} <= answer_of(document, operation)["headers"].keys()
    assert "deprecated" not in document["paths"]["/api/ordered"]["get"]


COLUMNS = [
    (
        "languages",
        {
            "name": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "null"},
                    {"$ref": "#/components/schemas/TextInLanguage"},
                ]
            },
            "plain": {"type": ["string", "null"]},
        },
    ),
    (
        "kinds",
        {
            "any": {"type": ["string", "integer", "boolean", "null"]},
            "real": {"type": ["number", "null"]},
        },
    ),
    ("none", {"book": {"$ref": "#/components/schemas/Value"}}),
    ("shaped", {"id": {}, "shelf": {}}),
    (
        "graph",
        {
            "subject": {"type": ["string", "null"]},
            "predicate": {"type": ["string", "null"]},
            "object": {"type": ["integer", "null"]},
        },
    ),
]


@pytest.mark.parametrize(("name", "columns"), COLUMNS)
def test_columns_are_of_the_kinds_that_the_data_has(document: Document, name: str, columns: Document) -> None:
    assert row_schema(document, name)["properties"] == columns


def test_the_columns_of_star_are_those_of_the_answer(document: Document) -> None:
    row = row_schema(document, "star")
    assert list(row["properties"]) == ["book", "n", "__shelf_integer"]
    assert "required" not in row
    assert row["additionalProperties"] == {"$ref": "#/components/schemas/Value"}


def test_maps_are_offered_where_there_are_coordinates(document: Document) -> None:
    for name, there in (("points", True), ("shapes", True), ("ordered", False)):
        content = answer_of(document, document["paths"][f"/api/{name}"]["get"])["content"]
        formats = parameters(document, f"/api/{name}")["format"]["schema"]["enum"]
        assert ("application/geo+json" in content) is ("geojson" in formats) is there


def test_only_rows_are_paged(document: Document) -> None:
    for path, paged in (("/api/ordered", True), ("/api/graph", False), ("/api/is-there", False)):
        assert ("page" in parameters(document, path)) is paged
    assert "languageTags" not in parameters(document, "/api/is-there")


def test_formats_that_a_file_narrows(document: Document) -> None:
    operation = document["paths"]["/api/few-formats"]["get"]
    own, explanation = ["text/csv", "application/json"], "application/vnd.endpoint.explanation+json"
    assert list(answer_of(document, operation)["content"]) == [*own, explanation]
    assert parameters(document, "/api/few-formats")["format"]["schema"]["enum"] == ["csv", "json"]


def test_it_tells_what_the_folder_says_now(tmp_path: Path) -> None:
    folder = paged_books.make(tmp_path / "dataset")
    about = (
        "title: {en: Shelves, ko: 서가}\ncontact: {name: A, url: https://example.org/a}\n"
        "licence: https://example.org/l\n"
    )
    (folder / "queries" / "urls.yml").write_text(about)
    with serving(tmp_path / "data", "--dataset", str(folder), "--timeout", "1") as running:
        document = running.get("/api/openapi.json?locale=en").json()
        (folder / "queries" / "added.rq").write_text("#+ summary: Added\nSELECT ?s { ?s ?p ?o }")
        running.process.send_signal(signal.SIGHUP)
        until(lambda: "/api/added" in running.get("/api/openapi.json").json()["paths"])
    assert faults(document) == []
    assert document["info"]["title"] == "Shelves"
    assert document["info"]["contact"] == {"name": "A", "url": "https://example.org/a"}
    assert document["info"]["license"] == {
        "name": "https://example.org/l",
        "url": "https://example.org/l",
    }
