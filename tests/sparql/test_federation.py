"""The calls of services in a query, and what takes their place."""

from __future__ import annotations

import pytest
from pyoxigraph import Store

from endpoint.errors import MalformedQuery, QueryTooComplex
from endpoint.sparql.federation import FederatedText, group_of, inline_data, read_calls

PREFIXES = {"e": "http://example.org/", "unused": "http://unused.example/"}
BASE = "http://example.org/"


def read(text: str) -> FederatedText:
    return read_calls(text, BASE, PREFIXES)


def test_a_call_with_what_it_is_joined_with() -> None:
    text = """PREFIX o: <http://other.example/> # remark
SELECT * FROM e:g FROM NAMED <g> WHERE {
  ?s e:p ?x . # all of it
  FILTER(?x > 1) ?s e:q ?y ; e:r [] .
  OPTIONAL { ?s e:t ?z }
  SERVICE SILENT o:sparql { ?x o:label ?label FILTER(?z = "}") }
}"""
    federated = read(text)
    (call,) = federated.calls
    assert (call.iri, call.silent) == ("http://other.example/sparql", True)
    assert call.variables == ("x", "label", "z")
    query = federated.bindings_query(call, 7)
    assert query is not None
    flat = " ".join(query.split())
    assert flat.endswith(
        "SELECT DISTINCT ?x FROM e:g FROM NAMED <g> WHERE { ?s e:p ?x . ?s e:q ?y ; e:r [ ] . } LIMIT 7"
    )
    assert "PREFIX e: <http://example.org/>" in flat
    assert "unused" not in flat
    Store().query(query)
    request = federated.request(call, inline_data(["x"], [["<a:b>"]]))
    assert request.endswith('{ VALUES (?x) { (<a:b>) } { ?x o:label ?label FILTER(?z = "}") } }')
    Store().query(request)
    federated.data.append(group_of(["x"], [["<a:b>"]]))
    rewritten = federated.rewritten()
    assert "SERVICE" not in rewritten
    assert rewritten.count("\n") == text.count("\n")


def test_calls_are_joined_with_those_before_and_with_the_groups_around() -> None:
    federated = read("""SELECT * {
  ?s e:p ?x
  OPTIONAL { SERVICE e:one { ?x e:q ?y } }
  { ?s e:r ?z } UNION { VALUES ?v { 1 } SERVICE e:two { ?x e:q ?v } }
  SERVICE e:three { ?x e:q ?w } SERVICE e:four { ?w e:q ?last }
}""")
    calls = {call.iri.rpartition("/")[2]: call for call in federated.calls}
    federated.data.extend(f"{{ VALUES (?x ?w) {{ ({n} {n}) }} }}" for n in range(len(calls)))
    queries = {name: federated.bindings_query(call, 5) for name, call in calls.items()}
    assert queries["one"] is not None
    assert "SELECT DISTINCT ?x  WHERE { ?s e:p ?x . }" in queries["one"]
    assert queries["two"] is not None
    assert "?v ?x" in queries["two"]
    assert queries["four"] is not None
    assert "VALUES ( ?v )" not in queries["four"]
    assert "SELECT DISTINCT ?w" in queries["four"]
    for query in queries.values():
        assert query is not None
        Store().query(query)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE e:one { ?x e:q ?y } ?s e:p ?x }",
        "SELECT * { ?s e:p ?a SERVICE e:one { ?x e:q ?y } }",
        "SELECT * { ?s e:p ?x GRAPH ?g { SERVICE e:one { ?x e:q ?y } } }",
        "SELECT * { ?s e:p ?x FILTER EXISTS { SERVICE e:one { ?x e:q ?y } } }",
        "SELECT * { ?s e:p ?x MINUS { SERVICE e:one { ?x e:q ?y } } }",
        "SELECT * { ?s e:p ?x { SELECT ?y { SERVICE e:one { ?x e:q ?y } } } }",
        "SELECT * { OPTIONAL { ?s e:p ?x } BIND(1 AS ?y) SERVICE e:one { ?x e:q ?y } }",
    ],
)
def test_where_nothing_is_known_before(text: str) -> None:
    federated = read(text)
    (call,) = federated.calls
    assert federated.bindings_query(call, 5) is None


def test_a_call_within_a_call_is_of_its_service() -> None:
    federated = read("SELECT * { SERVICE e:one { ?x e:q ?y SERVICE e:two { ?y e:r ?z } } }")
    assert [call.iri for call in federated.calls] == ["http://example.org/one"]


def test_the_text_search_is_no_call() -> None:
    federated = read('SELECT * { SERVICE text:search { ?x text:query "a" } SERVICE e:one { ?x e:q ?y } }')
    assert [call.iri for call in federated.calls] == ["http://example.org/one"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?s ?p ?o SERVICE ?s { ?x e:q ?y } }",
        "SELECT * { SERVICE nobody:knows { ?x e:q ?y } }",
        "SELECT * { SERVICE e:one { ?x e:q } }",
        "SELECT * { SERVICE e:one { ?x e:q ?y }",
    ],
)
def test_what_names_no_service(text: str) -> None:
    with pytest.raises(MalformedQuery):
        read(text)


def test_limits() -> None:
    with pytest.raises(QueryTooComplex):
        read("SELECT * {" + "SERVICE e:one { ?x e:q ?y } " * 11 + "}")
    with pytest.raises(QueryTooComplex):
        read("SELECT * { SERVICE e:one { ?x e:q ?y } }" + " " * 20_000)
