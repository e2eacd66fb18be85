"""Updates on a store: their effect is the engine's own, and their ledger knows it."""

from __future__ import annotations

import pytest
from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

from endpoint.errors import Conflict, EndpointError, Forbidden, MalformedQuery, ServiceRefused
from endpoint.ingest.writes.evaluation import Update, evaluate
from endpoint.ingest.writes.ledger import Graph, Ledger, Permission
from endpoint.ingest.writes.templates import Names

BASE = "http://example.org/"
DERIVED = NamedNode("http://example.org/derived")
NAMES = Names(BASE, {"ex": "http://example.org/"})
DATA = """
GRAPH ex:g { ex:a ex:p 1, 2, "x"@en ; ex:q ex:b . ex:b ex:p 3 }
GRAPH ex:h { ex:a ex:p 2 . ex:c ex:r ex:a }
ex:a ex:p 0 .
"""


def store() -> Store:
    made = Store()
    NAMES.update(made, f"INSERT DATA {{ {DATA} }}")
    return made


def done(
    made: Store,
    text: str,
    graphs: tuple[str, ...] = (),
    union: bool = False,
    default_graphs: tuple[str, ...] = (),
    graph: NamedNode | None = None,
) -> Ledger:
    ledger = Ledger(made, Permission("ci", graphs, DERIVED, graph))

    def load(iri: str, graph: Graph, ledger: Ledger) -> None:
        raise ServiceRefused(iri)

    evaluate(Update(text, NAMES, default_graphs, (), union, graph), ledger, load)
    return ledger


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { ex:a ex:p 0, 7 . GRAPH ex:g { ex:a ex:list (1 2) } }",
        "DELETE DATA { GRAPH ex:g { ex:a ex:p 1, 99 } ex:a ex:p 0 }",
        "DELETE WHERE { GRAPH ?g { ?s ex:p ?o } }",
        "WITH ex:g DELETE { ?s ex:p ?o } INSERT { ?s ex:twice ?n } WHERE { ?s ex:p ?o BIND(?o * 2 AS ?n) }",
        "WITH ex:g DELETE { ?s ?p ?o } INSERT { ?o ?p ?s } WHERE { ?s ?p ?o }",
        "INSERT { ?s ?p ?o } USING ex:g WHERE { ?s ?p ?o }",
        "INSERT { GRAPH ?g { ?s ex:seen true } } USING NAMED ex:h WHERE { GRAPH ?g { ?s ?p ?o } }",
        "INSERT { ?s ex:in ?g } USING NAMED ex:h WHERE { ?s ?p ?o }",
        "WITH ex:h INSERT { ?s ?p ?o } USING ex:g WHERE { ?s ?p ?o }",
        "INSERT { ex:x ex:triple <<( ?s ex:p ?o )>> } WHERE { GRAPH ex:g { ?s ex:p ?o } }",
        "INSERT { ?s ?p ?unbound . ?s ex:kept 1 } WHERE { ?s ?p ?o }",
        "CLEAR GRAPH ex:g",
        "CLEAR DEFAULT ; DROP NAMED",
        "DROP ALL",
        "CREATE GRAPH ex:new ; COPY ex:g TO ex:new",
        "ADD ex:g TO ex:h",
        "MOVE ex:g TO DEFAULT",
        "COPY DEFAULT TO ex:h",
        "MOVE GRAPH ex:g TO GRAPH ex:g",
        "BASE <http://other/> INSERT DATA { <a> <p> <#b> }",
        "",
        "PREFIX e: <http://example.org/>",
    ],
)
def test_the_effect_is_that_of_the_engine(text: str) -> None:
    mine, its, before = store(), store(), set(store())
    ledger = done(mine, text)
    NAMES.update(its, text)
    assert canonical(mine) == canonical(its)
    assert set(map(str, mine.named_graphs())) == set(map(str, its.named_graphs()))
    after = set(mine)
    assert len(after) - len(before) == ledger.added - ledger.removed
    assert ledger.touched is not None
    assert (after ^ before) <= set(ledger.touched or ())
    if ledger.delta is not None:
        assert (set(ledger.delta.added), set(ledger.delta.removed)) == (after - before, before - after)
    assert ledger.changed == (after != before or set(mine.named_graphs()) != set(store().named_graphs()))


def canonical(made: Store) -> list[str]:
    """The statements, blank nodes without their names."""
    return sorted(" ".join("_" if part.startswith("_:") else part for part in str(q).split()) for q in made)


def test_blank_nodes_of_a_template_are_new_for_each_solution() -> None:
    made = store()
    done(
        made, "INSERT { GRAPH ex:new { ?s ex:node _:n . _:n ex:of ?s } } WHERE { GRAPH ex:g { ?s ex:p ?o } }"
    )
    nodes = {quad.object for quad in made.quads_for_pattern(None, NamedNode(BASE + "node"), None)}
    assert len(nodes) == 4
    assert all(len(list(made.quads_for_pattern(node, None, None))) == 1 for node in nodes)  # type: ignore[arg-type]


def test_a_pattern_sees_what_a_query_sees() -> None:
    made = store()
    assert done(made, "INSERT { GRAPH ex:new { ?s ?p ?o } } WHERE { ?s ?p ?o }").added == 1
    assert done(made, "INSERT { GRAPH ex:all { ?s ?p ?o } } WHERE { ?s ?p ?o }", union=True).added == 7
    # The default graph alone is written to without GRAPH.
    done(made, "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", union=True)
    assert list(made.quads_for_pattern(None, None, None, DefaultGraph())) == []
    assert len(list(made.quads_for_pattern(None, None, None, NamedNode(BASE + "g")))) == 5


def test_the_derived_graph_is_left_alone() -> None:
    made = store()
    derived = Quad(NamedNode(BASE + "a"), NamedNode(BASE + "d"), NamedNode(BASE + "b"), DERIVED)
    made.add(derived)
    done(made, "CLEAR ALL ; DROP ALL")
    assert list(made) == [derived]
    for text in (
        "CLEAR GRAPH ex:derived",
        "DELETE WHERE { GRAPH ?g { ?s ?p ?o } }",
        "COPY DEFAULT TO ex:derived",
    ):
        with pytest.raises(Forbidden, match="derived by rules"):
            done(made, text)


@pytest.mark.parametrize(
    ("pattern", "text", "allowed"),
    [
        ("http://example.org/g", "CLEAR GRAPH ex:g", True),
        ("http://example.org/g", "CLEAR GRAPH ex:h", False),
        ("http://example.org/*", "CLEAR GRAPH ex:h", True),
        ("http://example.org/", "CLEAR GRAPH ex:h", False),
        ("default", "CLEAR DEFAULT", True),
        ("http://example.org/*", "INSERT DATA { ex:a ex:b 1 }", False),
    ],
)
def test_a_token_has_its_graphs(pattern: str, text: str, allowed: bool) -> None:
    if allowed:
        done(store(), text, graphs=(pattern,))
    else:
        with pytest.raises(Forbidden, match='"ci"'):
            done(store(), text, graphs=(pattern,))


def test_a_graph_without_a_name_is_no_default_graph() -> None:
    made = store()
    blank = Quad(NamedNode(BASE + "a"), NamedNode(BASE + "p"), NamedNode(BASE + "b"), BlankNode())
    made.add(blank)
    delete = "DELETE { GRAPH ?g { ?s ?p ex:b } } WHERE { GRAPH ?g { ?s ?p ex:b FILTER(isBlank(?g)) } }"
    with pytest.raises(Forbidden, match="the graph _:"):
        done(made, delete, graphs=("default", "http://example.org/*"))
    done(made, delete)
    assert blank not in made


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("INSERT DATA { ?a ex:b 1 }", MalformedQuery, "is a variable"),
        ("DELETE DATA { _:a ex:b 1 }", MalformedQuery, "blank node"),
        ("DELETE { _:a ex:b 1 } WHERE {}", MalformedQuery, "blank node"),
        ("DELETE { ex:a ex:b [] } WHERE {}", MalformedQuery, "blank node"),
        ("DELETE WHERE { ?s ex:p _:b }", MalformedQuery, "blank node"),
        ("SELECT * {}", MalformedQuery, "is a query"),
        ("CREATE GRAPH ex:n ;; CLEAR ALL", MalformedQuery, "Line 1, column 20"),
        ("CREATE GRAPH ex:n ; CLEAR ALL ;;", MalformedQuery, "Line 1, column 32"),
        ("INSERT DATA { _:b ex:p 1 } ; INSERT DATA { _:b ex:p 2 }", MalformedQuery, "another operation"),
        ("INSERT {} WHERE { SERVICE ex:s { ?s ?p ?o } }", ServiceRefused, "SERVICE"),
        ("INSERT DATA { no:a ex:b 1 }", MalformedQuery, "no: is not declared"),
        ("CLEAR GRAPH ex:nowhere", Conflict, "no graph"),
        ("COPY ex:nowhere TO ex:g", Conflict, "no graph"),
        ("CREATE GRAPH ex:g", Conflict, "exists"),
        ("LOAD ex:document", ServiceRefused, "document"),
        ("LOAD SILENT ex:document", ServiceRefused, "document"),
    ],
)
def test_what_cannot_be_done_is_told(text: str, error: type[EndpointError], said: str) -> None:
    with pytest.raises(error, match=said):
        done(store(), text)


@pytest.mark.parametrize("text", ["CLEAR SILENT GRAPH ex:nowhere", "CREATE SILENT GRAPH ex:g"])
def test_silent_is_no_failure(text: str) -> None:
    assert not done(store(), text).changed


def test_using_of_text_and_request_exclude_each_other() -> None:
    for text in ("INSERT {} USING ex:g WHERE {}", "WITH ex:g INSERT {} WHERE {}"):
        with pytest.raises(MalformedQuery, match="one of them"):
            done(store(), text, default_graphs=(f"{BASE}g",))


def test_each_operation_may_have_a_prologue() -> None:
    """Rule Update of the grammar; the engine allows only one at the beginning."""
    text = "PREFIX e: <http://example.org/> INSERT DATA { e:a e:p 5 } ; PREFIX f: <http://example.org/> "
    assert done(store(), f"{text} DELETE DATA {{ f:a e:p 0 }} ;").removed == 1


def test_an_update_of_one_graph_has_it_as_its_default_graph() -> None:
    """As PATCH of the graph store sends it."""
    made, graph = store(), NamedNode(BASE + "h")
    ledger = done(made, "INSERT DATA { ex:a ex:p 8 } ; DELETE { ?s ex:p 2 } WHERE { ?s ex:p 2 }", graph=graph)
    assert (ledger.added, ledger.removed) == (1, 1)
    for text in ("INSERT DATA { GRAPH ex:g { ex:a ex:p 9 } }", "CLEAR GRAPH ex:g"):
        with pytest.raises(Forbidden, match="for the graph"):
            done(made, text, graph=graph)
    assert done(made, "CLEAR DEFAULT", graph=graph).removed == 2
