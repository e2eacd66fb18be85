"""Publications as representations of what a server answers: by ``format=``, by Accept, as a file."""

from __future__ import annotations

import json

import pytest
import rispy  # type: ignore[import-untyped]
from pybtex.database import parse_string  # type: ignore[import-untyped]

from tests.live import Server

SELECTED = (
    "SELECT ?publication ?label { ?publication a mofapub:Publication ; rdfs:label ?label } ORDER BY ?label"
)
DESCRIBED = "DESCRIBE <http://opendata.mofa.go.kr/mofapub/resource/Publication/14209>"
TYPES = {
    "bibtex": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "csl-json": "application/vnd.citationstyles.csl+json",
}


def titles(text: str, format_name: str) -> list[str]:
    if format_name == "csl-json":
        return [item["title"] for item in json.loads(text)]
    if format_name == "ris":
        return [record["title"] for record in rispy.loads(text)]
    entries = parse_string(text, "bibtex").entries.values()
    return [entry.fields["title"].replace("{", "").replace("}", "") for entry in entries]


@pytest.mark.parametrize("format_name", TYPES)
def test_the_publications_of_a_select(server: Server, format_name: str) -> None:
    labels = {row["publication"]: row["label"] for row in server.query(SELECTED).rows()}
    answer = server.query(SELECTED, format=format_name)
    assert (answer.status, answer.type) == (200, TYPES[format_name])
    assert len(titles(answer.text, format_name)) == len(labels) > 1


@pytest.mark.parametrize("format_name", TYPES)
def test_a_publication_described(server: Server, format_name: str) -> None:
    answer = server.query(DESCRIBED, accept=TYPES[format_name])
    assert answer.status == 200
    (title,) = titles(answer.text, format_name)
    assert "Arms Exports" in title
    assert "Publication-14209" in answer.text
    again = server.get(
        f"/sparql?query={DESCRIBED.replace(' ', '+')}",
        TYPES[format_name],
        If_None_Match=answer.headers["etag"],
    )
    assert again.status == 304


def test_a_saved_query_as_a_file(server: Server) -> None:
    answer = server.get("/api/publications-by-author?author=SONG+Tae+Eun&format=bibtex&download=1")
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-bibtex; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="publications-by-author.bib"'
    assert "Publication-14209" in answer.text


def test_one_dataset_sees_what_is_said_elsewhere(server: Server) -> None:
    answer = server.query(SELECTED, path="/mofapub/sparql", format="csl-json")
    assert len(answer.json()) > 1


@pytest.mark.parametrize(("format_name", "body"), [("bibtex", ""), ("ris", ""), ("csl-json", "[]\n")])
def test_a_result_without_publications(server: Server, format_name: str, body: str) -> None:
    answer = server.query("SELECT (1 AS ?one) {}", format=format_name)
    assert (answer.status, answer.text) == (200, body)


def test_a_boolean_has_no_publications(server: Server) -> None:
    answer = server.query("ASK {}", format="bibtex")
    assert answer.status == 406
    assert "srj" in answer.text or "json" in answer.text
