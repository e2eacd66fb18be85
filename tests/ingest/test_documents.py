"""What the text index gets of a store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pyoxigraph import RdfFormat, Store

from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.documents import documents
from endpoint.ingest.search_fields import read_configuration
from endpoint.search import Document, Facet, Field, SearchConfiguration

EX = "http://example.org/"
CONFIGURATION = SearchConfiguration(
    fields=(
        Field("title", (f"{EX}label", f"{EX}name")),
        Field("alternative", (f"{EX}alias",)),
        Field("linked", (f"{EX}name", f"{EX}alias"), through=(f"{EX}about", f"{EX}by")),
    ),
    facets=(
        Facet("year", (f"{EX}date",), characters=4),
        Facet("country", (f"{EX}code",), through=(f"{EX}about",)),
    ),
    excluded=(f"{EX}Country",),
    dates=(f"{EX}date", f"{EX}year"),
)
DATA = """
@prefix : <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
:g1 {
  :a a :Book ; :label "하나", "One"@en ; :name "하나" ; :alias "하나", "another", " " ;
     :about :kr, :vn, :nothing, _:blank ; :by "no link" ; :date 20230522, 20240101 ; :year 1999 .
  :b :name "two" ; :label :notText ; :about _:blank .
  _:blank :label "blank" ; :name "hidden" .
  :untitled :alias "no title" .
  :year :label "only a year" ; :year 2001 .
}
:g2 { :a :label "하나" ; :alias "from another graph" .
  :kr a :Country ; :label "Korea" ; :name "한국", "Korea" ; :code "KR" ; :relatedDoc :a .
  :vn a :Country ; :label "Vietnam" ; :name "베트남" ; :alias "Viet Nam" ; :code "VN" . }
:ontology { :Book a owl:Class ; :label "Book" . :alias a rdfs:Property ; :label "alias" .
  :one a owl:NamedIndividual, :Thing ; :label "individual" . : a owl:Ontology ; :label "ontology" . }
"""


@pytest.fixture
def store() -> Store:
    filled = Store()
    filled.load(DATA.encode(), format=RdfFormat.TRIG)
    return filled


def test_every_subject_with_a_title_but_no_term_and_nothing_excluded(store: Store) -> None:
    found = [document.iri.removeprefix(EX) for document in documents(store, CONFIGURATION)]
    assert found == ["a", "b", "one", "year"]


def test_only_the_classes_asked_for(store: Store) -> None:
    chosen = replace(CONFIGURATION, classes=(f"{EX}Country", f"{EX}Book"))
    assert [document.iri.removeprefix(EX) for document in documents(store, chosen)] == ["a", "kr", "vn"]


def test_the_texts_of_all_graphs_once(store: Store) -> None:
    first = next(documents(store, CONFIGURATION))
    assert first == Document(
        iri=f"{EX}a",
        fields={
            "title": ("One", "하나"),
            "alternative": ("another", "from another graph"),
            "linked": ("Korea", "한국", "베트남", "Viet Nam"),
        },
        facets={"year": ("2023", "2024"), "country": ("KR", "VN")},
        date="20230522",
    )


def test_the_first_date_that_there_is(store: Store) -> None:
    dates = {document.iri.removeprefix(EX): document.date for document in documents(store, CONFIGURATION)}
    assert dates == {"a": "20230522", "b": "", "one": "", "year": "2001"}


def test_the_same_whatever_the_order_of_loading() -> None:
    one, other = Store(), Store()
    one.load(DATA.encode(), format=RdfFormat.TRIG)
    other.extend(sorted((quad for quad in one), key=str, reverse=True))
    assert list(documents(one, CONFIGURATION)) == list(documents(other, CONFIGURATION))


def test_the_datasets_own_records() -> None:
    dataset = read_dataset(default_root())
    assert dataset.search is not None
    store = Store()
    for graph in dataset.graphs:
        for file in graph.files:
            store.load(path=str(file), format=RdfFormat.TURTLE)
    found = {
        document.iri: document
        for document in documents(store, read_configuration(dataset.search, dataset.prefixes))
    }
    assert all(iri.startswith(dataset.base) and "/resource/" in iri for iri in found)
    record = found[f"{dataset.base}mofapub/resource/Publication/14209"]
    assert record.fields["title"][0].startswith("South Korea’s Arms Exports")
    assert record.fields["alternative"] == ()
    assert len(record.fields["abstract"][0]) == 11_721
    assert record.fields["author"] == ("SONG Tae Eun",)
    assert record.facets == {
        "year": ("2023",),
        "series": ("IFANS Focus",),
        "language": ("ENG",),
        "author": ("SONG Tae Eun",),
        "country": (),
    }
    assert record.date == "20230522"
