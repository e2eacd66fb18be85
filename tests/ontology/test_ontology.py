"""The ontologies: complete, bilingual, in agreement with the data and with the standards they align to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Triple, parse

from endpoint.dataset import default_root, read_dataset

DATASET = read_dataset(default_root())

# What the ministry's pages, clients and queries are known to use, by vocabulary.
KNOWN_TERMS = {
    "mofapub": "Publication dataURL hasAuthor hasProfessor pubDate pubNumber",
    "mofadocu": (
        "Document relatedCountry relatedCity relatedDept relatedDoc category index_Num volumeNum volumeName "
        "classfication inLol inFile inFrame openYear startYear endYear"
    ),
    "mofa": (
        "Area Country City Person Organization Event Year Position hasCountry hasCity hasPosition "
        "hasISO_2CD hasISO_3CD relatedPerson relatedOrg relatedEvent yearOfData"
    ),
    "mofabrief": "Briefing relatedBriefing postingDate",
    "mofapress": "Press relatedPress",
    "mofadaily": "DiplomatJ relatedDaily startDate",
    "bibo": (
        "Document Report Article Book Series Periodical Collection Issue abstract number uri identifier "
        "issue authorList"
    ),
    "dcterms": "language issued creator title date abstract spatial subject isPartOf type",
    "dc": "creator",
    "foaf": "isPrimaryTopicOf page maker",
    "skos": "prefLabel altLabel",
    "rdfs": "label",
    "rdf": "type",
    "owl": "sameAs",
    "schema": "Event",
}
ONTOLOGIES = {
    graph.files[0].stem: graph
    for graph in DATASET.graphs
    if graph.name is None and graph.files and graph.files[0].stem in KNOWN_TERMS
}
MINISTRY = ("mofapub", "mofadocu", "mofa", "mofabrief", "mofapress", "mofadaily")
CLASS_TYPES = ("owl:Class", "rdfs:Class")
PROPERTY_TYPES = ("owl:ObjectProperty", "owl:DatatypeProperty", "rdf:Property")


def term(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(DATASET.prefixes[prefix] + local)


def statements(*files: Path) -> list[Triple]:
    return [quad.triple for file in files for quad in parse(path=file)]


TRIPLES = {name: statements(*graph.files) for name, graph in ONTOLOGIES.items()}
ALL = [triple for triples in TRIPLES.values() for triple in triples]
TYPES = {term(name) for name in (*CLASS_TYPES, *PROPERTY_TYPES)}


def objects(subject: object, predicate: str) -> list[object]:
    return [t.object for t in ALL if t.subject == subject and t.predicate == term(predicate)]


def declared(vocabulary: str) -> list[NamedNode]:
    return [
        triple.subject
        for triple in TRIPLES[vocabulary]
        if triple.predicate == term("rdf:type")
        and triple.object in TYPES
        and isinstance(triple.subject, NamedNode)
    ]


DECLARED = {name: declared(name) for name in ONTOLOGIES}
TERMS = {node for nodes in DECLARED.values() for node in nodes}
PROPERTIES = {node for node in TERMS if set(objects(node, "rdf:type")) & {term(n) for n in PROPERTY_TYPES}}
MINISTRY_TERMS = sorted((node for name in MINISTRY for node in DECLARED[name]), key=str)


def short(node: object) -> str:
    return str(node).removeprefix("<http://opendata.mofa.go.kr/").removesuffix(">")


def test_every_file_of_the_folder_parses() -> None:
    files = sorted((DATASET.root / "ontology").glob("*.ttl"))
    assert {file.stem for file in files} >= set(KNOWN_TERMS)
    assert all(statements(file) for file in files)


@pytest.mark.parametrize("vocabulary", KNOWN_TERMS)
def test_every_known_term_is_declared(vocabulary: str) -> None:
    known = {term(f"{vocabulary}:{local}") for local in KNOWN_TERMS[vocabulary].split()}
    assert known - set(DECLARED[vocabulary]) == set()


@pytest.mark.parametrize("vocabulary", ONTOLOGIES)
def test_the_graph_is_named_by_the_ontology_that_defines_its_terms(vocabulary: str) -> None:
    ontology = NamedNode(ONTOLOGIES[vocabulary].iri)
    headers = [t.subject for t in TRIPLES[vocabulary] if t.object == term("owl:Ontology")]
    assert headers == [ontology]
    for node in DECLARED[vocabulary]:
        assert node.value.startswith(DATASET.prefixes[vocabulary])
        assert objects(node, "rdfs:isDefinedBy") == [ontology]


@pytest.mark.parametrize("vocabulary", ONTOLOGIES)
def test_headers_and_terms_are_described_once_in_each_language(vocabulary: str) -> None:
    header = NamedNode(ONTOLOGIES[vocabulary].iri)
    wanted = [(header, name) for name in ("rdfs:label", "dcterms:title", "dcterms:description")]
    wanted += [(node, name) for node in DECLARED[vocabulary] for name in ("rdfs:label", "rdfs:comment")]
    for node, name in wanted:
        texts = [text for text in objects(node, name) if isinstance(text, Literal)]
        assert sorted(text.language or "" for text in texts) == ["en", "ko"], (node, name)
        assert all(text.value.strip() == text.value != "" for text in texts), (node, name)


def test_korean_texts_are_korean_and_english_texts_are_not() -> None:
    texts = [triple.object for triple in ALL if isinstance(triple.object, Literal)]
    latin_only = {"URI", "Schema.org"}

    def hangul(text: str) -> bool:
        return any("가" <= character <= "힣" for character in text)

    assert [
        t for t in texts if t.language == "ko" and not hangul(t.value) and t.value not in latin_only
    ] == []
    assert [t.value for t in texts if t.language == "en" and hangul(t.value)] == [
        "The title of this volume of a file in several volumes, such as 결과보고 (report of results)."
    ]


def test_no_term_is_declared_twice() -> None:
    counted = Counter(node for nodes in DECLARED.values() for node in nodes)
    assert {node: count for node, count in counted.items() if count > 1} == {}


def test_every_predicate_of_data_and_ontologies_is_a_declared_property() -> None:
    data = statements(*(file for graph in DATASET.graphs if graph.name for file in graph.files))
    assert {triple.predicate for triple in data} - PROPERTIES == set()
    assert {triple.predicate for triple in ALL} - PROPERTIES == set()


def test_every_class_of_the_data_is_declared() -> None:
    data = statements(*(file for graph in DATASET.graphs if graph.name for file in graph.files))
    used = {triple.object for triple in data if triple.predicate == term("rdf:type")}
    assert used == {term("mofapub:Publication")}
    assert used <= TERMS - PROPERTIES


@pytest.mark.parametrize("predicate", ["rdfs:domain", "rdfs:range", "rdfs:subClassOf", "rdfs:subPropertyOf"])
def test_what_a_term_refers_to_is_declared(predicate: str) -> None:
    referred = {t.object for t in ALL if t.predicate == term(predicate) and isinstance(t.object, NamedNode)}
    assert {node for node in referred if not node.value.startswith(DATASET.prefixes["xsd"])} - TERMS == set()


# Properties for which a domain or a range would say too much; each has a scope note that tells why.
OPEN_DOMAIN = {
    "mofadocu/relatedDoc",
    "mofabrief/relatedBriefing",
    "mofapress/relatedPress",
    "mofadaily/relatedDaily",
}
OPEN_RANGE = {"mofadocu/relatedDept"}
MINISTRY_PROPERTIES = [node for node in MINISTRY_TERMS if node in PROPERTIES]


@pytest.mark.parametrize("node", MINISTRY_PROPERTIES, ids=short)
def test_a_property_has_one_domain_and_one_range_or_says_why_not(node: NamedNode) -> None:
    name = short(node)
    assert len(objects(node, "rdfs:domain")) == (name not in OPEN_DOMAIN)
    assert len(objects(node, "rdfs:range")) == (name not in OPEN_RANGE)
    assert len(objects(node, "skos:scopeNote")) == (2 if name in OPEN_DOMAIN | OPEN_RANGE else 0)
    assert bool(objects(node, "schema:domainIncludes")) == (name in OPEN_DOMAIN)


@pytest.mark.parametrize("node", [n for n in MINISTRY_PROPERTIES if objects(n, "rdfs:range")], ids=short)
def test_the_kind_of_a_property_agrees_with_its_range(node: NamedNode) -> None:
    (value,) = objects(node, "rdfs:range")
    assert isinstance(value, NamedNode)
    literal = value.value.startswith(DATASET.prefixes["xsd"])
    assert objects(node, "rdf:type") == [term("owl:DatatypeProperty" if literal else "owl:ObjectProperty")]


def test_the_literals_of_the_data_are_of_the_type_that_the_range_says() -> None:
    data = statements(*(file for graph in DATASET.graphs if graph.name for file in graph.files))
    checked = [t for t in data if isinstance(t.object, Literal) and t.predicate in MINISTRY_PROPERTIES]
    wrong = [
        triple
        for triple in checked
        if isinstance(triple.object, Literal)
        and objects(triple.predicate, "rdfs:range") not in ([triple.object.datatype], [])
    ]
    assert len(checked) > 70
    assert wrong == []


def test_the_domain_of_a_union_lists_its_classes() -> None:
    unions = [
        t.object
        for t in TRIPLES["bibo"]
        if isinstance(t.object, BlankNode) and t.predicate == term("rdfs:domain")
    ]
    assert len(unions) == 2
    for union in unions:
        (members,) = objects(union, "owl:unionOf")
        (first,), (rest,) = objects(members, "rdf:first"), objects(members, "rdf:rest")
        assert [first, *objects(rest, "rdf:first")] == [term("bibo:Collection"), term("bibo:Document")]


# Class IRIs that no source confirms say so; the one that clients query for does not.
UNCONFIRMED = [
    node for node in MINISTRY_TERMS if node not in PROPERTIES and node != term("mofapub:Publication")
]


@pytest.mark.parametrize("node", UNCONFIRMED, ids=short)
def test_a_class_with_an_unconfirmed_iri_says_so(node: NamedNode) -> None:
    notes = [note for note in objects(node, "skos:editorialNote") if isinstance(note, Literal)]
    assert {note.language for note in notes} == {"ko", "en"}
    assert all("확인되지 않았다" in note.value or "not confirmed" in note.value for note in notes)


def test_the_confirmed_class_needs_no_note() -> None:
    assert len(UNCONFIRMED) == 12
    assert objects(term("mofapub:Publication"), "skos:editorialNote") == []


@pytest.mark.parametrize("name", ["mofadocu:classfication", "mofadocu:inLol"])
def test_a_misspelt_name_is_kept_and_explained(name: str) -> None:
    comments = [text.value for text in objects(term(name), "rdfs:comment") if isinstance(text, Literal)]
    assert any("(sic)" in comment for comment in comments)
    assert any("철자" in comment for comment in comments)


ALIGNED = [
    ("mofapub:Publication", "rdfs:subClassOf", "bibo:Document"),
    ("mofabrief:Briefing", "rdfs:subClassOf", "bibo:Document"),
    ("mofapress:Press", "rdfs:subClassOf", "bibo:Document"),
    ("mofadaily:DiplomatJ", "rdfs:subClassOf", "bibo:Document"),
    ("mofadocu:Document", "rdfs:subClassOf", "bibo:Document"),
    ("bibo:Document", "owl:equivalentClass", "foaf:Document"),
    ("mofa:Event", "rdfs:subClassOf", "schema:Event"),
    ("mofapub:hasAuthor", "rdfs:subPropertyOf", "dc:creator"),
    ("mofapub:hasProfessor", "rdfs:subPropertyOf", "dcterms:creator"),
    ("mofapub:pubNumber", "rdfs:subPropertyOf", "bibo:number"),
    ("mofapub:dataURL", "rdfs:subPropertyOf", "bibo:uri"),
    ("mofapub:pubDate", "skos:closeMatch", "dcterms:issued"),
    ("mofa:yearOfData", "skos:closeMatch", "dcterms:date"),
    ("mofadocu:category", "skos:closeMatch", "dcterms:isPartOf"),
    ("mofadocu:relatedCountry", "rdfs:subPropertyOf", "dcterms:spatial"),
    ("mofadocu:relatedCity", "rdfs:subPropertyOf", "dcterms:spatial"),
    ("mofa:relatedPerson", "rdfs:subPropertyOf", "dcterms:subject"),
    ("mofa:relatedOrg", "rdfs:subPropertyOf", "dcterms:subject"),
    ("mofa:relatedEvent", "rdfs:subPropertyOf", "dcterms:subject"),
    ("bibo:abstract", "skos:exactMatch", "dcterms:abstract"),
]


@pytest.mark.parametrize(("subject", "predicate", "target"), ALIGNED, ids=[row[0] for row in ALIGNED])
def test_a_term_is_aligned_to_a_standard_one(subject: str, predicate: str, target: str) -> None:
    assert term(target) in objects(term(subject), predicate)


def test_no_literal_becomes_the_value_of_a_standard_property_that_takes_a_resource() -> None:
    """Dublin Core's creator, spatial, … have resources as values; integers are no dates."""
    literal = {node for node in PROPERTIES if term("owl:DatatypeProperty") in objects(node, "rdf:type")}
    standard = DATASET.prefixes["dcterms"]
    wrong = [
        (node, wider)
        for node in literal
        for wider in objects(node, "rdfs:subPropertyOf")
        if isinstance(wider, NamedNode)
        and (wider.value.startswith(standard) or wider in PROPERTIES - literal)
        and not wider.value.startswith(DATASET.prefixes["dc"])
    ]
    assert wrong == []
