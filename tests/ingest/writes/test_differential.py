"""Generated updates: their effect on a store is that of the engine's own ``Store.update``."""

from __future__ import annotations

from hypothesis import given, note, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from pyoxigraph import CanonicalizationAlgorithm, Dataset, NamedNode, Store

from endpoint.errors import EndpointError, EvaluationFailed
from endpoint.ingest.writes.evaluation import Update, evaluate
from endpoint.ingest.writes.ledger import Graph, Ledger, Permission
from endpoint.ingest.writes.templates import Names
from tests.properties import examples

NAMES = Names("http://example.org/", {"ex": "http://example.org/"})
GRAPHS = ("ex:g", "<h>", "ex:i")
NODES = ("ex:a", "ex:b", "<c>")
PREDICATES = ("ex:p", "ex:q")
VALUES = (*NODES, "1", "01", "1.0", '"x"', '"x"@en', "true", "<<( ex:a ex:p 1 )>>")
VARIABLES = ("?s", "?p", "?o", "?g", "?n")


def one(*choices: str) -> SearchStrategy[str]:
    return st.sampled_from(choices)


def joined(*parts: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.tuples(*parts).map(" ".join)


def some(part: SearchStrategy[str], least: int = 1, most: int = 3) -> SearchStrategy[str]:
    return st.lists(part, min_size=least, max_size=most).map(" ".join)


def maybe(part: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(st.just(""), part)


def triples(variables: bool, blank: bool) -> SearchStrategy[str]:
    """A triple of a template or of data."""
    more = VARIABLES if variables else ()
    nodes = ("_:x", "_:y", "[]") if blank else ()
    reifying = ("<<( ?s ?p ?o )>>",) if variables else ()
    return joined(
        one(*NODES, *more, *nodes),
        one(*PREDICATES, *more),
        one(*VALUES, *more, *nodes, *reifying),
        st.just("."),
    )


def quads(variables: bool, blank: bool) -> SearchStrategy[str]:
    """A block of a template or of data, with its braces."""
    inner = some(triples(variables, blank), 0)
    graph = one(*GRAPHS, "?g") if variables else one(*GRAPHS)
    inside = graph.flatmap(lambda name: inner.map(lambda text: f"GRAPH {name} {{ {text} }}"))
    return some(st.one_of(triples(variables, blank), inside)).map(lambda text: f"{{ {text} }}")


PATTERN = some(
    one(
        "?s ?p ?o .",
        "?s ex:p ?o .",
        "ex:a ?p ?o .",
        "GRAPH ?g { ?s ?p ?o }",
        "GRAPH ex:g { ?s ?p ?o }",
        "GRAPH <h> { ?o ex:q ?n }",
        "OPTIONAL { ?o ?p ?n }",
        "OPTIONAL { GRAPH ?g { ?s ex:q ?n } }",
        "BIND(1 + 1 AS ?m)",
        "VALUES ?g { ex:g ex:new UNDEF }",
        "FILTER(isIRI(?s))",
        "{ SELECT ?s (COUNT(*) AS ?count) { ?s ?p ?o } GROUP BY ?s }",
        "MINUS { ?s ex:q 1 }",
    ),
    0,
).map(lambda text: f"{{ {text} }}")
USING = some(
    st.one_of(joined(st.just("USING"), one(*GRAPHS)), joined(st.just("USING NAMED"), one(*GRAPHS))), 0, 2
)


@st.composite
def modify(draw: st.DrawFn) -> str:
    parts = [draw(maybe(joined(st.just("WITH"), one(*GRAPHS))))]
    kind = draw(one("DELETE", "INSERT", "both"))
    if kind != "INSERT":
        parts.append(f"DELETE {draw(quads(variables=True, blank=False))}")
    if kind != "DELETE":
        parts.append(f"INSERT {draw(quads(variables=True, blank=True))}")
    return " ".join([*parts, draw(USING), "WHERE", draw(PATTERN)])


ONE = st.one_of(one("DEFAULT"), one("GRAPH ex:g", "GRAPH <h>", "GRAPH ex:new"))
MANY = st.one_of(ONE, one("NAMED", "ALL"))
# The engine leaves out to make a graph, and to miss one, where nothing is in it.
FILLED = (
    "INSERT DATA { ex:a ex:p 1 GRAPH ex:g { ex:a ex:q 1 } "
    "GRAPH <h> { ex:b ex:q 2 } GRAPH ex:new { ex:b ex:q 3 } }"
)
TRANSFER = joined(st.just(f"{FILLED} ;"), one("COPY", "MOVE", "ADD"), ONE, st.just("TO"), ONE)
OPERATION = st.one_of(
    joined(st.just("INSERT DATA"), quads(variables=False, blank=True)),
    joined(st.just("DELETE DATA"), quads(variables=False, blank=False)),
    joined(st.just("DELETE WHERE"), quads(variables=True, blank=False)),
    modify(),
    modify(),
    joined(one("CLEAR", "DROP"), one("", "SILENT"), MANY),
    joined(st.just("CREATE"), one("", "SILENT"), one("GRAPH ex:g", "GRAPH ex:new")),
    TRANSFER,
)
DATA = quads(variables=False, blank=True)
REQUEST = st.lists(OPERATION, min_size=1, max_size=4).map(" ;\n".join)


def store(data: str) -> Store:
    made = Store()
    NAMES.update(made, f"INSERT DATA {data}")
    return made


def done(made: Store, text: str, default: tuple[str, ...] = (), named: tuple[str, ...] = ()) -> Ledger:
    def load(iri: str, graph: Graph, ledger: Ledger) -> None:
        raise EvaluationFailed(iri)

    ledger = Ledger(made, Permission("ci", (), None))
    evaluate(Update(text, NAMES, default, named), ledger, load)
    return ledger


def state(made: Store) -> tuple[Dataset, set[str]]:
    """Its statements, blank nodes by where they stand, and its graphs."""
    statements = Dataset(made)
    statements.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return statements, set(map(str, made.named_graphs()))


@settings(max_examples=examples(100))
@given(DATA, REQUEST)
def test_an_update_does_what_the_engine_does(data: str, text: str) -> None:
    its = store(data)
    before = set(its)
    mine = Store()
    mine.extend(before)
    for name in its.named_graphs():
        mine.add_graph(name)
    graphs = set(map(str, its.named_graphs()))
    note(data)
    note(text)
    refusal: Exception | None = None
    try:
        NAMES.update(its, text)
    except (SyntaxError, OSError, RuntimeError, ValueError) as error:
        refusal = error
    try:
        ledger = done(mine, text)
    except EndpointError as error:
        assert refusal is not None, error
        return
    assert refusal is None, refusal
    assert state(mine) == state(its)
    after = set(mine)
    if ledger.delta is not None:
        assert (set(ledger.delta.added), set(ledger.delta.removed)) == (after - before, before - after)
    assert ledger.added - ledger.removed == len(after) - len(before)
    assert (after ^ before) <= set(ledger.touched or ())
    assert ledger.changed or (after == before and set(map(str, mine.named_graphs())) == graphs)


@settings(max_examples=examples(40))
@given(DATA, modify().filter(lambda text: "USING" not in text and "WITH" not in text), st.data())
def test_graphs_of_the_request_are_those_of_using(data: str, text: str, draw: st.DataObject) -> None:
    """SPARQL 1.1 Protocol section 2.2.3."""
    names = [f"http://example.org/{letter}" for letter in "ghi"]
    chosen = draw.draw(st.lists(st.sampled_from(names), unique=True))
    named = draw.draw(st.lists(st.sampled_from(names), unique=True))
    using = " ".join([*(f"USING <{iri}>" for iri in chosen), *(f"USING NAMED <{iri}>" for iri in named)])
    its = store(data)
    mine = Store()
    mine.extend(its)
    for name in its.named_graphs():
        mine.add_graph(NamedNode(str(name)[1:-1]))
    try:
        NAMES.update(its, text.replace(" WHERE ", f" {using} WHERE "))
    except (SyntaxError, RuntimeError, ValueError):
        return
    done(mine, text, tuple(chosen), tuple(named))
    assert state(mine) == state(its)
