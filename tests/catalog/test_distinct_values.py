"""The values that a query's own pattern matches, evaluated, and patterns where they would not be exact."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, Store

from endpoint.catalog import SavedQuery
from endpoint.catalog.distinct_values import Unlisted, instances, own_values
from endpoint.catalog.reading import read_catalog

DATA = """
PREFIX ex: <http://example.org/>
PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
INSERT DATA {
  ex:a ex:genre "novel", "poem"@en, "소설"@ko, 5 ; ex:title "A" ; ex:year 2021 ; a ex:Book .
  ex:b ex:genre "essay", ex:Genre1 ; ex:title "B" ; ex:year 2022 ; a ex:Book ; ex:price 1.5 .
  ex:c ex:genre "novel" ; ex:year 2023 .
  _:d ex:genre "draft" .
  ex:a rdfs:label "책 하나"@ko, "Book one"@en .
  GRAPH ex:g { ex:e ex:genre "in a graph" ; ex:genre ex:Genre2 . ex:Genre2 rdfs:label "Two" }
}
"""
PREFIX = "PREFIX ex: <http://example.org/>\n"


def query_of(folder: Path, text: str, header: str = "") -> SavedQuery:
    (folder / "q.rq").write_text(f"{header}{PREFIX}{text}")
    catalog = read_catalog(folder, 64)
    assert catalog.problems == ()
    return catalog.queries["q"]


def rows(text: str) -> list[tuple[str | None, ...]]:
    store = Store()
    store.update(DATA)
    found = store.query(text)
    assert isinstance(found, QuerySolutions)
    return [tuple(None if term is None else getattr(term, "value", "") for term in row) for row in found]


FOUND = [
    ("SELECT ?s ?t { ?s ex:genre ?_x ; ex:title ?t } ORDER BY ?t LIMIT 1 OFFSET 1", ["essay", "novel"]),
    ("SELECT ?_x (COUNT(*) AS ?n) { ?s ex:genre ?_x } GROUP BY ?_x", ["draft", "essay", "novel"]),
    ("SELECT * { ?s ex:genre ?_x_en }", ["poem"]),
    ("SELECT * { ?s ex:genre ?_x_integer }", ["5"]),
    ("SELECT * { ?s ex:year ?_x_nonNegativeInteger } # }", ["2021", "2022", "2023"]),
    ("SELECT * { ?s ex:price ?_x_number }", ["1.5"]),
    ("SELECT * { ?s a ex:Book . OPTIONAL { ?s ex:genre ?_x } # a comment }\n }", ["essay", "novel"]),
    ("SELECT * { ?s ex:genre ?_x FILTER(?_x > 'e' && REGEX(?_x, 'n|s')) }", ["essay", "novel"]),
    ("SELECT * { VALUES ?_x_multi { } ?s ex:genre ?_x_multi }", ["draft", "essay", "novel"]),
    ("SELECT * { ?s ex:genre ?_x ; ex:year ?_year_integer }", ["essay", "novel"]),
    ("SELECT * { ?s ex:genre ?_x . OPTIONAL { ?s ex:year ?__y } } LIMIT ?_n", ["draft", "essay", "novel"]),
    ("SELECT * { [ ex:genre ?_x ] ex:year ?y }", ["essay", "novel"]),
    ("SELECT * { { ?s ex:genre ?_x } UNION { ?s ex:title ?_x } }", ["A", "B", "draft", "essay", "novel"]),
    ("SELECT * FROM ex:g WHERE { ?s ex:genre ?_x }", ["in a graph"]),
    ("SELECT * FROM ex:g # where\n{ ?s ex:genre ?_x }", ["in a graph"]),
    ("ASK { ?s ex:genre ?_x }", ["draft", "essay", "novel"]),
    ("CONSTRUCT { ?s ex:is ?_x } WHERE { ?s ex:genre ?_x }", ["draft", "essay", "novel"]),
    ("CONSTRUCT WHERE { ?s ex:genre ?_x }", ["draft", "essay", "novel"]),
    ("DESCRIBE ?s WHERE { ?s ex:genre ?_x }", ["draft", "essay", "novel"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_the_pattern_of_a_query_finds_values(tmp_path: Path, text: str, expected: list[str]) -> None:
    query = query_of(tmp_path, text)
    parameter = next(row for row in query.parameters if row.name == "x")
    assert [row[0] for row in rows(own_values(query, parameter, 10))] == expected


def test_the_default_of_another_parameter_holds_and_its_own_does_not(tmp_path: Path) -> None:
    header = "#+ defaults: [{year: 2022}, {x: novel}]\n"
    query = query_of(tmp_path, "SELECT * { ?s ex:genre ?_x ; ex:year ?_year_integer }", header)
    assert rows(own_values(query, query.parameters[0], 10)) == [("essay",)]


def test_things_come_with_their_labels(tmp_path: Path) -> None:
    query = query_of(tmp_path, "SELECT * FROM ex:g { ?s ex:genre ?_x_iri }")
    assert rows(own_values(query, query.parameters[0], 10)) == [("http://example.org/Genre2", "Two")]
    header = "#+ params: {x: {class: 'ex:Book'}}\n"
    query = query_of(tmp_path, "ASK { ?s ?p ?_x_iri }", header)
    one, two = "http://example.org/a", "http://example.org/b"
    assert rows(instances(query.parameters[0], 10)) == [(one, "Book one"), (one, "책 하나"), (two, None)]


def test_no_more_values_than_wanted(tmp_path: Path) -> None:
    query = query_of(tmp_path, "ASK { ?s ex:genre ?_x }")
    assert len(rows(own_values(query, query.parameters[0], 2))) == 2


REFUSED = [
    ("SELECT * { ?s ex:genre ?g FILTER(?g = ?_x) }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x BIND(LCASE(?_x) AS ?l) }", "more with it than match it"),
    ("SELECT * { { SELECT ?s { ?s ex:genre ?_x } } }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x { ?s ex:title ?t FILTER(?t != ?_x) } }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x FILTER NOT EXISTS { ?s ex:title ?_x } }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x FILTER(?_x = 'a' || EXISTS { ?s ex:title ?_x }) }", "more with it"),
    ("SELECT * { ?s ex:genre ?_x MINUS { ?s ex:title ?_x } }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x , ?g VALUES ?g { ?_x } }", "more with it than match it"),
    ("SELECT (?_x AS ?y) { ?s ex:genre ?g }", "no pattern"),
    ("SELECT * { ?s ex:genre ?_x ; ex:year ?y FILTER(?y = ?_year_integer) }", 'a value for "year"'),
    ("SELECT * { ?s ex:genre ?_x SERVICE text:search { ?s text:query ?_x } }", "more with it than match it"),
    ("SELECT * { ?s ex:genre ?_x ; ex:year ?y } VALUES ?y { 2021 }", "ends with VALUES"),
    ("DESCRIBE ?_x_iri", "no WHERE"),
    ("SELECT * { ?s ex:genre ?_x_search }", "words to search for"),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_what_would_not_be_exact_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    query = query_of(tmp_path, text)
    parameter = next(row for row in query.parameters if row.name == "x")
    with pytest.raises(Unlisted, match=sentence):
        own_values(query, parameter, 10)
