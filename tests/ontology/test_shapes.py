"""The shapes of the dataset: well-formed, bilingual, in the order of the pages; a bad record for each."""

from __future__ import annotations

import re
from calendar import isleap, monthrange
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store
from pyshacl import validate as validate_graph
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, SH, Graph, Literal, URIRef
from rdflib.term import Node

from endpoint.ingest.shacl import validate
from endpoint.ingest.shacl.report import Severity, ValidationReport
from tests.ingest.shacl.shape_cases import (
    DATA,
    DATASET,
    OTHERS,
    SHAPE,
    SHAPES,
    BadRecord,
    bad_records,
    findings_of,
    full,
    good_records,
    store_of,
    term,
    turtle,
)

GRAPH = Graph().parse(SHAPES)
ONTOLOGY = Graph()
for _file in sorted((DATASET.root / "ontology").glob("*.ttl")):
    if _file != SHAPES:
        ONTOLOGY.parse(_file)
PAGE = Path(__file__).parents[1] / "data" / "publication-14209.txt"

CLASSES = {
    "Publication": "mofapub:Publication",
    "Document": "mofadocu:Document",
    "Briefing": "mofabrief:Briefing",
    "Press": "mofapress:Press",
    "DiplomatJ": "mofadaily:DiplomatJ",
    "Area": "mofa:Area",
    "Country": "mofa:Country",
    "City": "mofa:City",
    "Person": "mofa:Person",
    "Organization": "mofa:Organization",
    "Event": "schema:Event",
    "Year": "mofa:Year",
    "Position": "mofa:Position",
}
ENTITIES = tuple(CLASSES)[5:]


def local(node: Node) -> str:
    return str(node).removeprefix(SHAPE)


def shape(name: str) -> URIRef:
    return URIRef(SHAPE + name)


def rows(name: str) -> list[str]:
    """The properties of a class in the order of its rows, as prefixed names."""
    ordered = [
        (GRAPH.value(row, SH.order), GRAPH.value(row, SH.path))
        for row in GRAPH.objects(shape(name), SH.property)
        if (row, SH.order, None) in GRAPH
    ]
    ordered.sort(key=lambda pair: int(str(pair[0])))
    return [prefixed(path) for _, path in ordered]


def prefixed(iri: object) -> str:
    prefix, base = max(
        ((p, b) for p, b in DATASET.prefixes.items() if str(iri).startswith(b)), key=lambda pair: len(pair[1])
    )
    return f"{prefix}:{str(iri).removeprefix(base)}"


NAMED = sorted(
    (node for node in set(GRAPH.subjects()) if str(node).startswith(SHAPE) and str(node) != SHAPE), key=str
)
PROPERTY_SHAPES = [node for node in NAMED if (node, RDF.type, SH.PropertyShape) in GRAPH]
ROWS = [node for node in PROPERTY_SHAPES if (node, SH.order, None) in GRAPH]
# A part of other shapes: its results are theirs.
HELPERS = [shape("Undescribed")]


def test_the_shapes_are_well_formed() -> None:
    conforms, _, text = validate_graph(Graph(), shacl_graph=GRAPH, meta_shacl=True, advanced=True)
    assert conforms, text


def test_each_class_has_its_shape_and_no_shape_is_left_over() -> None:
    closed = [node for node in NAMED if (node, SH.closed, Literal(True)) in GRAPH]
    assert {local(node) for node in closed} == set(CLASSES)
    for name, target in CLASSES.items():
        assert list(GRAPH.objects(shape(name), SH.targetClass)) == [URIRef(full(target))]
    used = {row for name in CLASSES for row in GRAPH.objects(shape(name), SH.property)}
    assert set(PROPERTY_SHAPES) - used == set(HELPERS)
    for name in ("Record", "Address"):
        assert set(GRAPH.objects(shape(name), SH.targetClass)) == {
            URIRef(full(target)) for target in CLASSES.values()
        }


def test_every_class_of_the_ministrys_ontologies_has_a_shape() -> None:
    ministry = "http://opendata.mofa.go.kr/"
    classes = {
        node
        for node in ONTOLOGY.subjects(RDF.type, URIRef(full("owl:Class")))
        if str(node).startswith(ministry)
    }
    targets = {target for node in NAMED for target in GRAPH.objects(node, SH.targetClass)}
    # An event is an instance of Schema.org's class; the ministry's is below it.
    assert classes - targets == {URIRef(full("mofa:Event"))}


def test_every_property_of_the_ministrys_ontologies_has_a_row() -> None:
    ministry = "http://opendata.mofa.go.kr/"
    kinds = [full(name) for name in ("owl:ObjectProperty", "owl:DatatypeProperty", "rdf:Property")]
    declared = {
        prefixed(node)
        for kind in kinds
        for node in ONTOLOGY.subjects(RDF.type, URIRef(kind))
        if str(node).startswith(ministry)
    }
    assert declared - {name for kind in CLASSES for name in rows(kind)} == set()


def test_every_term_that_the_shapes_name_is_declared() -> None:
    choices = [
        items for path in GRAPH.objects(None, SH.path) for items in GRAPH.objects(path, SH.alternativePath)
    ]
    named = {path for path in GRAPH.objects(None, SH.path) if isinstance(path, URIRef)}
    named |= {item for items in choices for item in GRAPH.items(items) if isinstance(item, URIRef)}
    for predicate in (SH.targetClass, SH["class"], SH.equals):
        named |= {node for node in GRAPH.objects(None, predicate) if isinstance(node, URIRef)}
    assert len(named) > 50
    assert [node for node in named if (node, RDF.type, None) not in ONTOLOGY] == []


# The order of the rows.


def page_rows() -> list[str]:
    table = PAGE.read_text(encoding="utf-8").split("\n\nProperty Value\n")[1].partition("\n\n")[0]
    return [line for line in table.split("\n") if line and not line.startswith(" ")]


def test_the_rows_of_a_publication_are_those_of_its_page() -> None:
    assert len(page_rows()) == 19
    assert rows("Publication") == page_rows()


NEWS = "mofadocu:relatedDept mofadocu:relatedCountry bibo:abstract"
ARCHIVE = """mofadocu:index_Num mofadocu:volumeNum mofadocu:volumeName mofadocu:startYear mofadocu:endYear
    mofadocu:relatedDept mofadocu:classfication mofadocu:relatedCountry mofadocu:inLol mofadocu:inFile
    mofadocu:inFrame mofadocu:openYear bibo:abstract"""


@pytest.mark.parametrize(("name", "after"), [("Document", ARCHIVE), ("Briefing", NEWS), ("Press", NEWS)])
def test_the_rows_of_other_documents_begin_as_their_pages_do(name: str, after: str) -> None:
    known = after.split()
    assert rows(name)[4 : 4 + len(known)] == known


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_one_row_for_a_property(name: str) -> None:
    assert max(Counter(rows(name)).values()) == 1
    assert rows(name)[:4] == ["rdf:type", "rdfs:label", "skos:prefLabel", "skos:altLabel"]


def test_a_place_in_the_order_belongs_to_one_property() -> None:
    places = {(int(str(GRAPH.value(row, SH.order))), GRAPH.value(row, SH.path)) for row in ROWS}
    assert sorted(place for place, _ in places) == list(range(1, len(places) + 1))


# Words.


def hangul(text: str) -> bool:
    return any("가" <= character <= "힣" for character in text)


def assert_bilingual(node: Node, predicate: URIRef) -> None:
    texts = {text.language: str(text) for text in GRAPH.objects(node, predicate) if isinstance(text, Literal)}
    assert len(list(GRAPH.objects(node, predicate))) == 2, (node, predicate)
    assert set(texts) == {"ko", "en"}, (node, predicate)
    assert hangul(texts["ko"]), texts
    assert not hangul(texts["en"].replace("언론담당관실", "")), texts


@pytest.mark.parametrize("node", [node for node in NAMED if node not in HELPERS], ids=local)
def test_every_constraint_has_a_message_in_both_languages(node: Node) -> None:
    assert_bilingual(node, SH.message)
    severity = GRAPH.value(node, SH.severity, default=SH.Violation)
    assert severity in (SH.Violation, SH.Warning, SH.Info)
    for constraint in GRAPH.objects(node, SH.sparql):
        assert list(GRAPH.objects(constraint, SH.message)) == []


@pytest.mark.parametrize("row", ROWS, ids=local)
def test_a_row_has_a_name_and_a_description_in_both_languages(row: Node) -> None:
    assert_bilingual(row, SH.name)
    assert_bilingual(row, SH.description)


def test_advice_is_no_row_and_refuses_nothing() -> None:
    advice = [node for node in PROPERTY_SHAPES if node not in ROWS and node not in HELPERS]
    assert len(advice) == 25
    for node in advice:
        assert GRAPH.value(node, SH.severity) in (SH.Warning, SH.Info), local(node)
        assert (node, SH.name, None) not in GRAPH


# Good and bad records.

BAD = list(bad_records())


def constraints() -> set[tuple[str, str]]:
    """Each shape with the components it uses."""
    return {
        (local(node), str(CONSTRAINT_PARAMETERS_MAP[parameter].shacl_constraint_component))
        for node in NAMED
        if node not in HELPERS
        for parameter in GRAPH.predicates(node)
        if parameter in CONSTRAINT_PARAMETERS_MAP and parameter != SH.property
    }


@cache
def checked() -> ValidationReport:
    """All bad records and the good ones at once."""
    quads = [*good_records(), *turtle(OTHERS), *(quad for bad in BAD for quad in bad.quads)]
    return validate(store_of(quads), [DATA], SHAPES, keep=len(quads))


def test_there_is_a_bad_record_for_every_constraint() -> None:
    shown = {
        (finding.shape, f"{SH}{finding.component}ConstraintComponent")
        for bad in BAD
        for finding in bad.findings
    }
    assert len(shown) > 130
    assert constraints() - shown == set()
    assert shown - constraints() == set()


@pytest.mark.parametrize("bad", BAD, ids=[bad.name for bad in BAD])
def test_a_bad_record_yields_exactly_its_findings(bad: BadRecord) -> None:
    prop = next(iter(bad.findings)).path
    assert findings_of(checked(), bad.subject, prop) == bad.findings


def test_there_is_a_good_record_of_each_class_with_every_row() -> None:
    quads = good_records()
    for name, target in CLASSES.items():
        (subject,) = {q.subject for q in quads if q.object == NamedNode(full(target))}
        assert {prefixed(q.predicate.value) for q in quads if q.subject == subject} == set(rows(name))


def test_nothing_is_found_in_good_records() -> None:
    good = {quad.subject for quad in good_records()}
    assert len(good) == len(CLASSES)
    found = {result.focus for kind in checked().kinds for result in kind.results}
    assert good & found == set()
    report = validate(store_of(good_records()), [DATA], SHAPES)
    # Each is a focus node once, although three shapes have it as their target.
    assert (report.kinds, report.checked) == ((), len(CLASSES))


LEGAL = {
    "angle brackets": 'mofabrief:Briefing ; rdfs:label "<질문>" ; skos:prefLabel "[7] <질문>"',
    "three middle dots": 'mofabrief:Briefing ; rdfs:label "한·일․중・미" ; skos:prefLabel "[7] 한·일․중・미"',
    "bullets and quotes": 'mofadaily:DiplomatJ ; rdfs:label "x" ; bibo:abstract "• ‘가’\\n● ‘나’ ’ "',
    "text that begins like null": 'mofapub:Publication ; rdfs:label "nullity" ; skos:prefLabel "nullity" ; '
    'mofadocu:category "nul" ; mofapub:pubNumber "nu" ; mofapub:hasAuthor "n", "numb" ; '
    'mofapub:pubDate 20230522 ; dcterms:language "KOR" ; mofapub:dataURL "http://a/"^^xsd:anyURI',
    "codes with leading zeros": 'mofadocu:Document ; rdfs:label "x" ; skos:prefLabel "[7] x" ; '
    'mofadocu:index_Num "00023" ; mofadocu:inFile "06" ; mofadocu:inFrame "0001-0094"',
    "two years": "mofadocu:Document ; rdfs:label 'x' ; skos:prefLabel '[7] x' ; "
    "mofadocu:startYear <urn:1983> ; mofadocu:endYear <urn:1985>",
    "an event of the ministry": 'mofadaily:DiplomatJ ; rdfs:label "x" ; mofa:relatedEvent <urn:event>',
    "an entity known only by name": 'mofa:Organization ; rdfs:label "UN"',
    "names in two languages": 'mofa:Country ; rdfs:label "베트남"@ko, "Viet Nam"@en ; skos:altLabel "월남"',
    "a document of any kind": 'mofa:Person ; rdfs:label "x" ; mofadocu:relatedDoc <urn:press>, <urn:unknown>',
}
LINKED = "<urn:event> a mofa:Event . <urn:press> a mofapress:Press ."


@pytest.mark.parametrize("record", LEGAL.values(), ids=list(LEGAL))
def test_an_oddity_of_the_real_data_is_legal(record: str) -> None:
    number = "VN" if "mofa:Country" in record else "7"
    subject = NamedNode(f"http://opendata.mofa.go.kr/core/resource/Thing/{number}")
    quads = turtle(f"{subject} a {record} . {LINKED}")
    report = validate(store_of(quads), [DATA], SHAPES)
    about = [
        (str(kind.shape), result.value)
        for kind in report.kinds
        for result in kind.results
        if result.focus == subject
    ]
    assert about == []


def test_a_date_is_a_day_of_the_calendar() -> None:
    (pattern,) = {
        str(GRAPH.value(shape(name), SH.pattern)) for name in ("pubDate", "postingDate", "startDate")
    }
    day = re.compile(pattern)
    for year in range(1897, 2105):
        known = 1900 <= year < 2100
        for month in range(14):
            days = monthrange(year, month)[1] if known and 1 <= month <= 12 else 0
            found = [d for d in range(40) if day.search(f"{year}{month:02}{d:02}")]
            assert found == list(range(1, days + 1)), (year, month)
    assert isleap(2000)
    assert not any(
        day.search(text) for text in ("2023522", "202305220", "-20230522", "2023-05-22", "２０２３0522")
    )


# The seed.


@cache
def seed_report() -> ValidationReport:
    store = Store()
    for graph in DATASET.graphs:
        for file in graph.files:
            store.load(path=file, to_graph=NamedNode(graph.iri))
    return validate(store, [NamedNode(graph.iri) for graph in DATASET.graphs if graph.name], SHAPES)


def test_the_seed_conforms() -> None:
    report = seed_report()
    assert report.conforms
    assert report.checked == 22
    assert report.counts[Severity.WARNING] == 0


def test_what_the_seed_lacks_and_its_oddities_are_told() -> None:
    told = {local(URIRef(kind.shape.value)): kind for kind in seed_report().kinds}
    unknown = ("categoryKnown", "dataURLKnown", "hasAuthorKnown", "languageKnown", "pubDateKnown")
    counts = {name: kind.count for name, kind in told.items()}
    assert counts == {"classStated": 16, "onePrefLabel": 1, "titleOnOneLine": 1, **dict.fromkeys(unknown, 5)}
    (two,), (tab,) = told["onePrefLabel"].results, told["titleOnOneLine"].results
    assert (str(two.focus.value)[-5:], str(tab.focus.value)[-6:]) == ("17540", "368486")
    assert tab.value == term('"[368486] \\t대변인 정례브리핑 (11.15)"', tab.focus)


def test_publication_14209_lacks_nothing() -> None:
    seed = NamedNode("http://opendata.mofa.go.kr/mofapub/resource/Publication/14209")
    assert seed not in {result.focus for kind in seed_report().kinds for result in kind.results}
