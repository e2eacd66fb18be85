"""Fields of the text index, read from their file, and the documents that it gets of a store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, Store

from endpoint.columns.descriptions import ColumnsDescriptions
from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.descriptions import Descriptions, StoreDescriptions
from endpoint.ingest.search_documents import (
    changed_documents,
    documents,
    other_names,
    properties_of,
    read_configuration,
)
from endpoint.search import Document, Facet, Field, Names, SearchConfiguration
from endpoint.vocabulary import RDF_TYPE
from tests.columns.every_kind import quads
from tests.columns.test_columns import made

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
NAMES = properties_of(CONFIGURATION)
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


@pytest.fixture(params=["store", "columns"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Descriptions:
    """The descriptions of a store, read from it or from its columns."""
    filled = Store()
    filled.load(DATA.encode(), format=RdfFormat.TRIG)
    if request.param == "store":
        return StoreDescriptions(filled)
    return ColumnsDescriptions(made(filled, tmp_path / "columns"), NAMES)


def test_every_subject_with_a_title_but_no_term_and_nothing_excluded(source: Descriptions) -> None:
    found = [document.iri.removeprefix(EX) for document in documents(CONFIGURATION, source)]
    assert found == ["a", "b", "one", "year"]


def test_only_the_classes_asked_for(source: Descriptions) -> None:
    chosen = replace(CONFIGURATION, classes=(f"{EX}Country", f"{EX}Book"))
    assert [document.iri.removeprefix(EX) for document in documents(chosen, source)] == ["a", "kr", "vn"]


def test_the_texts_of_all_graphs_once(source: Descriptions) -> None:
    first = next(documents(CONFIGURATION, source))
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


def test_the_first_date_that_there_is(source: Descriptions) -> None:
    dates = {document.iri.removeprefix(EX): document.date for document in documents(CONFIGURATION, source)}
    assert dates == {"a": "20230522", "b": "", "one": "", "year": "2001"}


def test_the_same_whatever_the_order_of_loading() -> None:
    one, other = Store(), Store()
    one.load(DATA.encode(), format=RdfFormat.TRIG)
    other.extend(sorted((quad for quad in one), key=str, reverse=True))
    assert list(documents(CONFIGURATION, StoreDescriptions(one))) == list(
        documents(CONFIGURATION, StoreDescriptions(other))
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_from_columns_with_every_kind_of_term(seed: int, tmp_path: Path) -> None:
    store = Store()
    for quad in quads(seed):
        store.add(quad)
        if isinstance(quad.object, NamedNode):
            store.add(Quad(quad.subject, NamedNode(RDF_TYPE), quad.object, quad.graph_name))
    columns = made(store, tmp_path / "columns")
    names = tuple(sorted({quad.predicate.value for quad in store} - {RDF_TYPE}))
    kinds = sorted({quad.object.value for quad in store if isinstance(quad.object, NamedNode)})
    field, through = Field("title", names), Field("linked", names, through=names)
    facets = (Facet("all", names, characters=3), Facet("linked", names, through=names))
    configuration = SearchConfiguration(fields=(field, through), facets=facets, dates=names)
    found = list(documents(configuration, ColumnsDescriptions(columns, properties_of(configuration))))
    assert found == list(documents(configuration, StoreDescriptions(store)))
    assert len(found) == 10
    chosen = replace(configuration, classes=tuple(kinds[:2]))
    found = list(documents(chosen, ColumnsDescriptions(columns, properties_of(chosen))))
    assert found == list(documents(chosen, StoreDescriptions(store)))
    assert 0 < len(found) < 10


def test_the_datasets_own_records() -> None:
    dataset = read_dataset(default_root())
    assert dataset.search is not None
    store = Store()
    for graph in dataset.graphs:
        for file in graph.files:
            store.load(path=str(file), format=RdfFormat.TURTLE)
    found = {
        document.iri: document
        for document in documents(
            read_configuration(dataset.search, dataset.prefixes), StoreDescriptions(store)
        )
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


PREFIXES = {"ex": "http://example.org/", "dc": "http://purl.org/dc/elements/1.1/"}
RIGHT = """
classes = ["ex:Book"]
excluded = "ex:Draft"
dates = ["ex:date"]
snippet = "text"

[field.title]
labels = { ko = "제목" }
weight = 10
properties = ["dc:title", "<http://other.example/t>"]

[field.text]
properties = "ex:text"
through = ["ex:part"]

[facet.year]
properties = ["ex:date"]
characters = 4
"""


def test_what_is_read(tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_text(RIGHT)
    assert read_configuration(file, PREFIXES) == SearchConfiguration(
        fields=(
            Field(
                "title",
                ("http://purl.org/dc/elements/1.1/title", "http://other.example/t"),
                10.0,
                labels={"ko": "제목"},
            ),
            Field("text", ("http://example.org/text",), 1.0, ("http://example.org/part",)),
        ),
        facets=(Facet("year", ("http://example.org/date",), characters=4),),
        classes=("http://example.org/Book",),
        excluded=("http://example.org/Draft",),
        dates=("http://example.org/date",),
        snippet="text",
    )


NAMED = "[field.title]\nproperties = ['ex:a']\n[names]\n"
WRONG = [
    ("[field.title]\nproperties = [", 2, "TOML"),
    ("", 1, "at least one field"),
    ("feild = 1\n[field.title]\nproperties = ['ex:a']", 1, "did you mean 'field'"),
    ("[field.title]\nweight = 1", 1, "is missing"),
    ("[field.title]\nproperties = ['ex:a']\nwieght = 2", 3, "did you mean 'weight'"),
    ("[field.title]\nproperties = ['ex:a']\nweight = 0", 3, "a number over 0"),
    ("[field.title]\nproperties = ['ex:a']\nweight = 'much'", 3, "a number over 0"),
    ("[field.title]\nproperties = ['ex:a']\nweight = true", 3, "a number over 0"),
    ("[field.title]\nproperties = ['exx:a']", 2, "no such prefix; did you mean 'ex'"),
    ("[field.title]\nproperties = ['title']", 2, "neither prefix:name nor <IRI>"),
    ("[field.title]\nproperties = ['<not an iri>']", 2, "neither prefix:name nor <IRI>"),
    ("[field.title]\nproperties = 3", 2, "must be a string"),
    ("[field.title]\nproperties = ['ex:a']\n[facet.sort]\nproperties = ['ex:a']", 3, "name of a parameter"),
    ("[field.Title]\nproperties = ['ex:a']", 1, "small letters"),
    ("field = 3", 1, "must be a table"),
    ("[field]\ntitle = 3", 2, "must be a table"),
    ("[field.title]\nproperties = ['ex:a']\nlabels = 'Title'", 3, "must be a table"),
    ("[field.title]\nproperties = ['ex:a']\nlabels = { ko = 3 }", 3, "must be a string"),
    ("snippet = 'text'\n[field.title]\nproperties = ['ex:a']", 1, "is no field"),
    ("classes = ['Book']\n[field.title]\nproperties = ['ex:a']", 1, "neither prefix:name"),
    (
        "[field.title]\nproperties = ['ex:a']\n[facet.year]\nproperties = ['ex:a']\ncharacters = -1",
        5,
        "whole number",
    ),
    ("[field.title]\nproperties = ['ex:a']\n[facet.year]\ncharacters = 4", 3, "is missing"),
    (f"{NAMED}gruops = []", 4, "did you mean 'groups'"),
    (f"{NAMED}groups = 3", 4, "a list of lists of names"),
    (f"{NAMED}groups = [['one', 'two'], 'three']", 4, "as group 2"),
    (f"{NAMED}groups = [['one', 2]]", 4, "as group 1"),
    (f"{NAMED}groups = [['UNESCO', 'Unesco']]", 4, "no two different names in group 1"),
    (f"{NAMED}groups = [['UNESCO', '미']]", 4, "too short or too long: '미'"),
    (f"{NAMED}groups = [['one', 'two'], ['three', 'Two']]", 4, "'Two' in group 2 and in group 1"),
    (f"{NAMED}classes = ['ex:Country']", 3, "needs properties"),
    (f"{NAMED}properties = ['ex:label']", 3, "needs classes"),
    (f"{NAMED}classes = ['Country']\nproperties = ['ex:label']", 4, "neither prefix:name"),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_what_is_wrong_is_reported_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "search.toml"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        read_configuration(file, PREFIXES)
    assert f"{file}:{line}:" in str(caught.value)
    assert message in str(caught.value)


def test_all_mistakes_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_text("snippet = 'x'\n[field.title]\nweight = -1\nproperties = ['no:a', 'b']\n[facet.y]\n")
    with pytest.raises(DataError) as caught:
        read_configuration(file, PREFIXES)
    assert len(str(caught.value).splitlines()) == 5


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_configuration(tmp_path / "search.toml", PREFIXES)


def test_the_datasets_own_file() -> None:
    dataset = read_dataset(default_root())
    assert dataset.search is not None
    configuration = read_configuration(dataset.search, dataset.prefixes)
    assert configuration.fields[0].name == "title"
    assert max(configuration.fields, key=lambda field: field.weight).name == "title"
    assert {facet.name for facet in configuration.facets} == {
        "year",
        "series",
        "language",
        "country",
        "author",
    }
    assert all(set(field.labels) == {"ko", "en"} for field in configuration.fields)
    assert all(set(facet.labels) == {"ko", "en"} for facet in configuration.facets)


def test_names_of_resources_and_groups_mean_the_same(tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_text(
        "[field.title]\nproperties = ['ex:a']\n[names]\nclasses = ['ex:Country']\n"
        "properties = ['ex:label', 'ex:alias']\ngroups = [['유네스코', 'UNESCO']]\n"
    )
    configuration = read_configuration(file, PREFIXES)
    assert configuration.names == Names(
        (f"{EX}Country",), (f"{EX}label", f"{EX}alias"), (("유네스코", "UNESCO"),)
    )
    store = Store()
    turtle = """@prefix : <http://example.org/> .
        :au a :Country ; :label "호주"@ko, "Australia"@en ; :alias "Down Under" .
        :b a :Book ; :label "Australia" ."""
    store.load(turtle.encode(), format=RdfFormat.TURTLE)
    assert other_names(configuration, StoreDescriptions(store)) == {
        "australia": ["Down Under", "호주"],
        "down under": ["Australia", "호주"],
        "unesco": ["유네스코"],
        "유네스코": ["UNESCO"],
        "호주": ["Australia", "Down Under"],
    }


def test_values_of_a_facet_have_names(tmp_path: Path) -> None:
    file = tmp_path / "search.toml"
    file.write_text(
        '[field.title]\nproperties = ["ex:title"]\n[facet.language]\nproperties = ["ex:language"]\n'
        'names.ENG = { ko = "영어", en = "English" }\n'
    )
    (facet,) = read_configuration(file, {"ex": "http://e/"}).facets
    assert facet.names == {"ENG": {"ko": "영어", "en": "English"}}
    file.write_text(file.read_text().replace('"영어"', "5"))
    with pytest.raises(DataErrors, match=r"names\.ENG\.ko"):
        read_configuration(file, {"ex": "http://e/"})


@pytest.mark.parametrize("classes", [(), (f"{EX}Country", f"{EX}Book")], ids=["by title", "by class"])
def test_documents_that_may_have_changed_are_those_that_have(classes: tuple[str, ...]) -> None:
    chosen = replace(CONFIGURATION, classes=classes)
    store = Store()
    store.load(DATA.encode(), format=RdfFormat.TRIG)
    descriptions = StoreDescriptions(store)
    before = {document.iri: document for document in documents(chosen, descriptions)}
    number = 0
    for quad in list(store):
        # It goes, and comes again.
        for change in (store.remove, store.add):
            change(quad)
            after = {document.iri: document for document in documents(chosen, descriptions)}
            subjects = [quad.subject.value] if isinstance(quad.subject, NamedNode) else []
            told = dict(changed_documents(chosen, descriptions, subjects))
            for iri, document in told.items():
                assert after.get(iri) == document
            differing = {iri for iri in before.keys() | after.keys() if before.get(iri) != after.get(iri)}
            assert differing <= told.keys()
            number += len(differing)
            before = after
    assert number > 20
