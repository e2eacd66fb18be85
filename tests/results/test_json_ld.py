"""Compacted JSON-LD is the same graph as the engine's, as two processors read it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld  # type: ignore[import-untyped]
from pyoxigraph import (
    BaseDirection,
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Triple,
    parse,
)

from endpoint.results.json_ld import compacted
from endpoint.results.rows import Inexpressible
from endpoint.vocabulary import RDF, RDF_TYPE, XSD

EX = "http://example.org/"
PREFIXES = {
    "ex": EX,
    "exa": f"{EX}a/",
    "xsd": XSD,
    "rdf": RDF,
    "urn": "http://urn.example/",
    "odd": f"{EX}odd",
    "": EX,
}


def written(*triples: Triple) -> str:
    return "".join(compacted(triples, PREFIXES))


def graph(quads: object) -> Dataset:
    found = Dataset(quads)  # type: ignore[arg-type]
    found.canonicalize(CanonicalizationAlgorithm.UNSTABLE)
    return found


def same(*triples: Triple) -> bool:
    """Whether both the engine and PyLD read the statements that were written."""
    expected = graph(Quad(each.subject, each.predicate, each.object) for each in triples)
    text = written(*triples)
    by_pyld = jsonld.to_rdf(json.loads(text), {"format": "application/n-quads"})
    return bool(graph(parse(text, RdfFormat.JSON_LD)) == expected == graph(parse(by_pyld, RdfFormat.N_QUADS)))


def test_a_document_is_short_and_has_its_context() -> None:
    subject, name = NamedNode(f"{EX}a/1"), NamedNode(f"{EX}name")
    document = json.loads(
        written(
            Triple(subject, NamedNode(RDF_TYPE), NamedNode(f"{EX}Book")),
            Triple(subject, name, Literal("한글", language="ko")),
            Triple(subject, name, Literal("text")),
            Triple(subject, NamedNode(f"{EX}n"), Literal(5)),
            Triple(subject, NamedNode(f"{EX}is"), Literal(True)),
            Triple(subject, NamedNode(f"{EX}of"), NamedNode(f"{EX}b")),
            Triple(BlankNode("b"), name, Literal("2020", datatype=NamedNode(f"{XSD}gYear"))),
        )
    )
    assert document["@context"]["ex"] == EX
    assert document["@context"]["odd"] == {"@id": f"{EX}odd", "@prefix": True}
    assert document["@graph"] == [
        {
            "@id": "exa:1",
            "@type": "ex:Book",
            "ex:name": [{"@language": "ko", "@value": "한글"}, "text"],
            "ex:n": 5,
            "ex:is": True,
            "ex:of": {"@id": "ex:b"},
        },
        {"@id": "_:b", "ex:name": {"@type": "xsd:gYear", "@value": "2020"}},
    ]
    assert json.loads(written()) == {"@context": document["@context"], "@graph": []}


IRIS = [
    EX,
    f"{EX}a",
    f"{EX}a/b",
    f"{EX}a//b",
    f"{EX}oddity",
    "urn:x:1",
    "ex:a",
    "http://urn.example/x",
    "http:x",
    RDF_TYPE,
]
NODES = st.sampled_from([*map(NamedNode, IRIS), BlankNode("a"), BlankNode("b")])
# PyLD writes any xsd:double anew.
LEXICAL = ("1", "01", "true", "-0", "1.5", "9007199254740993", "x")
NUMBERS = [
    Literal(text, datatype=NamedNode(XSD + name)) for name in ("integer", "boolean") for text in LEXICAL
]
TEXTS = [
    Literal("a"),
    Literal("@id"),
    Literal("", language="en"),
    Literal('{"a": 1}', datatype=NamedNode(f"{RDF}JSON")),
    Literal("x", datatype=NamedNode("urn:type")),
]
LITERALS = st.sampled_from(NUMBERS + TEXTS)
TRIPLES = st.builds(Triple, NODES, st.sampled_from(list(map(NamedNode, IRIS))), NODES | LITERALS)


@given(st.lists(TRIPLES, max_size=6))
def test_any_graph_is_read_as_it_was(triples: list[Triple]) -> None:
    assert same(*triples)


def test_a_direction_is_kept() -> None:
    directed = Literal("x", language="ar", direction=BaseDirection.RTL)
    (node,) = json.loads(written(Triple(NamedNode(EX), NamedNode(f"{EX}p"), directed)))["@graph"]
    assert node["ex:p"] == {"@language": "ar", "@value": "x", "@direction": "rtl"}


def test_a_triple_term_is_refused() -> None:
    inner = Triple(NamedNode(EX), NamedNode(f"{EX}p"), Literal("x"))
    with pytest.raises(Inexpressible, match="triple term"):
        written(Triple(NamedNode(EX), NamedNode(f"{EX}p"), inner))
