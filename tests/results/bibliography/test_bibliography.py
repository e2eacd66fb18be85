"""Items by way of a query: the same as those that are looked up in the store itself."""

from __future__ import annotations

import pytest
from pyoxigraph import NamedNode, Quad, QueryTriples, RdfFormat, Store, parse

from endpoint.results.bibliography import (
    MOST,
    is_publication,
    item_of,
    items_of,
    linked_of,
    lookup_query,
    names_query,
)
from endpoint.results.bibliography.names import Name
from endpoint.vocabulary import RDF_TYPE, RDFS_SUBCLASS_OF
from tests.results.bibliography.graph import ARTICLE, read, store_of

HIERARCHY = """
ex:Report rdfs:subClassOf ex:Paper . ex:Paper rdfs:subClassOf bibo:Report .
pub:2 a ex:Report ; rdfs:label "제목"@ko , "Title"@en ; foaf:maker ex:song ; dcterms:publisher ex:ministry .
ex:song foaf:familyName "Song" ; foaf:givenName "Tae Eun" .
ex:ministry a foaf:Organization ; foaf:name "외교부" .
pub:3 a ex:Person ; rdfs:label "nobody" .
pub:4 rdfs:label "no class" .
ex:writer rdfs:subPropertyOf dcterms:creator . dcterms:creator rdfs:subPropertyOf dc:creator .
ex:name rdfs:subPropertyOf dc:creator . ex:short rdfs:subPropertyOf rdfs:label .
ex:about rdfs:subPropertyOf ex:topic . ex:topic rdfs:subPropertyOf dcterms:subject , ex:about .
pub:5 a bibo:Document ; ex:writer ex:song ; ex:name "Lee, Seo Hang" ; ex:about ex:ministry ;
    ex:short "short" ; ex:opened "2006" .
ex:opened rdfs:subPropertyOf dcterms:date .
"""


def test_the_query_tells_all_that_items_need() -> None:
    store = store_of(ARTICLE + HIERARCHY)
    iris = [
        f"http://example.org/resource/Publication/{name}" for name in ("2", "14209", "3", "4", "5", "missing")
    ]
    graph = store.query(lookup_query(iris))
    assert isinstance(graph, QueryTriples)
    answer = graph.serialize(format=RdfFormat.N_TRIPLES)
    assert answer is not None
    assert items_of(iris, answer) == read(ARTICLE + HIERARCHY, "2", "14209", "5")


def above(store: Store, relation: str, term: str) -> set[str]:
    """All terms above one."""
    seen, left = set[str](), [term]
    while left:
        direct = store.quads_for_pattern(NamedNode(left.pop()), NamedNode(relation), None)
        further = {quad.object.value for quad in direct if isinstance(quad.object, NamedNode)} - seen
        seen |= further
        left += further
    return seen


def named(store: Store, iris: list[str]) -> dict[str, list[Quad]]:
    found = store.query(names_query(iris))
    assert isinstance(found, QueryTriples)
    answer: dict[str, list[Quad]] = {}
    for row in parse(found.serialize(format=RdfFormat.N_TRIPLES) or b"", format=RdfFormat.N_TRIPLES):
        assert isinstance(row.subject, NamedNode)
        answer.setdefault(row.subject.value, []).append(row)
    return answer


def test_an_item_is_the_same_of_statements_that_are_known() -> None:
    store = store_of(ARTICLE + HIERARCHY)

    def wider(relation: str, term: str) -> set[str]:
        return above(store, relation, term)

    found = []
    for name in ("2", "14209", "3", "4", "5", "missing"):
        iri = f"http://example.org/resource/Publication/{name}"
        pairs = [
            (quad.predicate.value, quad.object)
            for quad in store.quads_for_pattern(NamedNode(iri), None, None)
        ]
        classes = {value.value for of, value in pairs if of == RDF_TYPE and isinstance(value, NamedNode)}
        classes = classes.union(*(wider(RDFS_SUBCLASS_OF, each) for each in classes))
        item = item_of(iri, pairs, wider, named(store, linked_of(pairs, wider)))
        assert is_publication(classes) == (item is not None)
        found += [] if item is None else [item]
    assert found == read(ARTICLE + HIERARCHY, "2", "14209", "5")


@pytest.mark.parametrize("iri", ["relative", "http://example.org/> } DROP ALL", "http://example.org/a b"])
def test_what_is_no_iri_enters_no_query(iri: str) -> None:
    with pytest.raises(ValueError, match="IRI"):
        lookup_query([iri])


def test_a_query_has_a_limit() -> None:
    with pytest.raises(ValueError, match="more than one query takes"):
        lookup_query([f"http://example.org/{number}" for number in range(MOST + 1)])


def test_statements_count_with_the_properties_above_theirs() -> None:
    (item,) = read(ARTICLE + HIERARCHY, "5")
    assert set(item.authors) == {Name("Song", "Tae Eun"), Name("Lee", "Seo Hang")}
    assert item.keywords == ("외교부",)
    # What is below rdfs:label is another name, not the title; what is below dcterms:date, another date.
    assert item.title == item.iri
    assert item.date == ()
