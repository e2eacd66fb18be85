"""The triples of CONSTRUCT and DESCRIBE from columns, against the engine, in every format of graphs."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import cast

import pytest
from pyoxigraph import BlankNode, CanonicalizationAlgorithm, Dataset, Quad, QueryTriples, Store, Triple, parse

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.engine.scratch import evaluate_alone
from endpoint.formats import Representation
from endpoint.formats.table import FORMATS
from endpoint.results.serializers import _GRAPH_FORMATS, write_results
from endpoint.results.written import WrittenTriples
from tests.columns.every_kind import NS, XSD
from tests.columns.test_columns import made
from tests.results.test_serializers import Sink

PROLOGUE = f"PREFIX : <{NS}> PREFIX xsd: <{XSD}> "
DATA = """
:w1 a :Work ; :title "One" , "Eins"@de ;
  :by :ann , [ :name "Bob" ; :knows [ :name "Cho" ; :knows _:d ] ] ; :year 7 .
:w2 a :Work ; :title "Two" ; :by _:d ; :year 7.0 . _:d :name "Dan" ; :knows _:d .
:ann :name "Ann" . :w3 :odd "line\\n\\"q\\" \\\\" , 1e0 , <http://example.org/외교> , <<( :a :b "c" )>> .
"""


class Both:
    """The same statements in columns and in a store."""

    def __init__(self, folder: Path) -> None:
        self.store = Store()
        self.store.update(f"{PROLOGUE} INSERT DATA {{ {DATA} }}")
        columns = made(self.store, folder / "columns")
        self.queries = ColumnQueries(columns, {"": NS, "xsd": XSD}, 2**22, evaluate_alone)

    def triples(self, text: str) -> list[Triple]:
        """The triples from columns."""
        return list(WrittenTriples(self.queries.answer(text).statements()))

    def of_engine(self, text: str) -> list[Triple]:
        """The triples of the engine."""
        return list(cast(QueryTriples, self.store.query(PROLOGUE + text)))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return Both(tmp_path_factory.mktemp("both"))


def canonical(triples: list[Triple]) -> Dataset:
    """The graph with labels of blank nodes that are the same for the same graph."""
    dataset = Dataset(Quad(*triple) for triple in triples)
    dataset.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return dataset


CONSTRUCTED = [
    "CONSTRUCT { ?w :of ?b } { ?w :by ?b }",
    "CONSTRUCT { ?w a :Work } { ?w :title ?t }",
    "CONSTRUCT { ?b ?t ?w . ?w :x ?none . ?w ?b ?t . ?t :is ?w } { ?w :by ?b ; :title ?t }",
    "CONSTRUCT { [] :of ?w ; :says ?t , _:x . _:x :in _:x } { ?w :title ?t }",
    "CONSTRUCT { :a :b :c } { }",
    "CONSTRUCT { :a :b :c , 07 , '7'^^xsd:int , 1E3 } { ?w a :Work }",
    "CONSTRUCT { } { ?w a :Work }",
    "CONSTRUCT WHERE { ?w :by ?b ; :year ?y }",
    "CONSTRUCT WHERE { ?w :by [] }",
    "CONSTRUCT { ?w :n ?n } { { SELECT ?w (COUNT(*) AS ?n) { ?w :title ?t } GROUP BY ?w } }",
    "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }",
    "CONSTRUCT { ?w :t ?t } { ?w :title ?t } ORDER BY ?t LIMIT 1",
    "CONSTRUCT { ?w :t ?t } { ?w :nothing ?t }",
    "CONSTRUCT { ?w :l ?l } { ?w :title ?t BIND(LANG(?t) AS ?l) }",
]
DESCRIBED = [
    "DESCRIBE ?w { ?w a :Work }",
    "DESCRIBE ?w ?b { ?w :by ?b }",
    "DESCRIBE * { ?w :title ?t OPTIONAL { ?w :none ?x } }",
    "DESCRIBE :w1",
    "DESCRIBE :w1 :ann :none",
    "DESCRIBE ?b { ?w :by ?b FILTER(isBLANK(?b)) }",
    "DESCRIBE ?x { ?w :none ?x }",
]


@pytest.mark.parametrize("text", CONSTRUCTED + DESCRIBED)
def test_a_graph_is_that_of_the_engine(both: Both, text: str) -> None:
    found, wanted = both.triples(text), both.of_engine(text)
    # The engine shows a triple with a blank node more than once.
    assert len(found) == len(set(found)) == len(set(wanted))
    assert canonical(found) == canonical(wanted)


@pytest.mark.parametrize("fmt", _GRAPH_FORMATS, ids=lambda fmt: fmt.name)
def test_a_graph_is_written_in_every_format(both: Both, fmt: object) -> None:
    text = "CONSTRUCT { ?w :of ?b ; :says ?t } { ?w :by ?b ; :title ?t }"
    sink = Sink()
    representation = Representation.of(next(each for each in FORMATS.values() if each is fmt))
    results = WrittenTriples(both.queries.answer(text).statements())
    write_results(results, representation, sink, {"ex": NS}, both.store)
    assert sink.rows == len(set(both.of_engine(text)))
    read = parse(sink.getvalue(), _GRAPH_FORMATS[representation.format])
    assert canonical([quad.triple for quad in read]) == canonical(both.of_engine(text))


def test_a_graph_without_triples_is_written_as_a_comment(both: Both) -> None:
    sink = Sink()
    results = WrittenTriples(both.queries.answer("CONSTRUCT WHERE { ?s :none ?o }").statements())
    write_results(results, Representation.of(FORMATS["turtle"]), sink, {}, both.store)
    assert sink.getvalue() == b"# The graph is empty.\n"


def test_new_blank_nodes_are_new_each_time(both: Both) -> None:
    labels = Counter[str]()
    for _ in range(2):
        found = both.triples("CONSTRUCT { _:x :of ?b } { ?w :by ?b }")
        labels.update({triple.subject.value for triple in found if isinstance(triple.subject, BlankNode)})
    assert len(labels) == 6
    assert set(labels.values()) == {1}
    # A name of XML, as RDF/XML needs it.
    assert all(re.fullmatch("[a-z][a-z0-9]*", label) for label in labels)


def test_a_template_that_makes_too_much_is_left_to_the_engine(both: Both) -> None:
    numbers = " ".join(map(str, range(600)))
    text = f"CONSTRUCT {{ [] :n ?n }} {{ VALUES ?n {{ {numbers} }} VALUES ?m {{ {numbers} }} }}"
    with pytest.raises(Unsupported, match="blank nodes"):
        both.queries.answer(text)
