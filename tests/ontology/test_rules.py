"""The rules of the dataset: what they derive from its records, and what other clients can ask then."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, RdfFormat, Store

from benchmarks.catalogue import Catalogue, write
from endpoint.columns.opening import open_columns
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.columns import Feed
from endpoint.ingest.derive import _write_all, changed_subjects, derive
from endpoint.ingest.rules import Rule, read_rules

DATASET = read_dataset(default_root())
FOLDER = DATASET.root / "ontology" / "rules"
RULES = read_rules(sorted(FOLDER.glob("*.rq")))
OPTIONAL = read_rules(sorted((FOLDER / "optional").glob("*.rq")))
BASE = DATASET.base
DERIVED, DATA = NamedNode(BASE + "derived"), NamedNode(BASE + "mofapub")
PREFIXES = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in DATASET.prefixes.items())
PUBLICATION = BASE + "mofapub/resource/Publication/"

# Two publications that are linked and dated like real ones, and one of each thing that can be odd.
CATALOGUE = f"""
<{PUBLICATION}1> a mofapub:Publication ;
    rdfs:label "A policy study" ; skos:prefLabel "A policy study" ; skos:altLabel "apolicystudy" ;
    bibo:abstract "What was found." ;
    mofadocu:category "정책연구" ; mofa:yearOfData 2024 ; dcterms:language "KOR" ;
    mofadocu:relatedCountry <{BASE}core/resource/Country/VN> ;
    mofadocu:relatedCity <{BASE}core/resource/City/1> ;
    mofa:relatedPerson <{BASE}core/resource/Person/2> ; mofa:relatedEvent <{BASE}core/resource/Event/1> ;
    mofapub:hasAuthor "홍길동" , "Lee Seo Hang" ; mofapub:hasProfessor <{BASE}core/resource/Person/1> ;
    mofapub:pubDate 20240229 ; mofapub:dataURL "https://example.org/1"^^xsd:anyURI .
<{PUBLICATION}2> a mofapub:Publication ;
    skos:prefLabel "No label" ; mofadocu:category "정책연구" , "국제정세" ; mofapub:pubDate 20230229 .
<{BASE}core/resource/Country/VN> a mofa:Country ; rdfs:label "베트남" ; mofa:hasISO_2CD "VN" .
<{BASE}core/resource/Person/1> a mofa:Person ; rdfs:label "홍길동" .
<{BASE}core/resource/Event/1> a mofa:Event ; rdfs:label "Summit" .
<{BASE}mofabrief/resource/Document/3> a mofabrief:Briefing ; rdfs:label "A briefing" ;
    mofabrief:postingDate 20230322 .
<{BASE}mofadaily/resource/DiplomatJ/4> a mofadaily:DiplomatJ ; rdfs:label "A visit" ;
    mofadaily:startDate 20230322 .
"""


def seeded(turtle: str = "") -> Store:
    """The dataset with further statements, without what is derived."""
    store = Store()
    for graph in DATASET.graphs:
        for file in graph.files:
            store.load(path=file, to_graph=NamedNode(graph.iri))
    store.load(PREFIXES + turtle, RdfFormat.TURTLE, to_graph=DATA)
    return store


@pytest.fixture(scope="module")
def store() -> Store:
    store = seeded(CATALOGUE)
    derive(store, DERIVED, RULES)
    return store


@pytest.fixture(scope="module")
def more() -> Store:
    """With the optional rules."""
    store = seeded(CATALOGUE)
    derive(store, DERIVED, (*RULES, *OPTIONAL))
    return store


def short(term: object) -> str:
    """As one would write it in Turtle with the prefixes of the dataset."""
    if isinstance(term, Literal):
        datatype = short(term.datatype)
        plain = datatype in ("xsd:string", "rdf:langString")
        return term.value if plain else f"{term.value}^^{datatype}"
    text = term.value if isinstance(term, NamedNode) else str(term)
    for prefix, iri in DATASET.prefixes.items():
        if text.startswith(iri) and re.fullmatch(r"[\w-]+", text[len(iri) :]):
            return f"{prefix}:{text[len(iri) :]}"
    return text.removeprefix(BASE)


def derived(store: Store, subject: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for quad in store.quads_for_pattern(NamedNode(subject), None, None, DERIVED):
        found.setdefault(short(quad.predicate), set()).add(short(quad.object))
    return found


def of_publication(turtle: str, rules: Sequence[Rule] = RULES) -> dict[str, set[str]]:
    """Return the statements derived from these of a publication, without its classes and number."""
    store = seeded(f"<{PUBLICATION}9> a mofapub:Publication ; {turtle} .")
    derive(store, DERIVED, rules)
    found = derived(store, PUBLICATION + "9")
    return {name: values for name, values in found.items() if not name.endswith(("type", "identifier"))}


def rows(store: Store, query: str) -> list[tuple[str, ...]]:
    found = cast(QuerySolutions, store.query(PREFIXES + query, use_default_graph_as_union=True))
    return [tuple(short(value) if value is not None else "-" for value in row) for row in found]


URL = (
    "https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do?csrfPreventionSalt=null&pblctDtaSn=14209"
    "&menuCl=P11&clCode=P11&koreanEngSe=ENG"
)
TITLE = (
    "South Korea’s Arms Exports and Defense Diplomacy  to Advance Security Cooperation with "
    "Like-minded  Countries"
)
FOCUS = "mofapub/resource/Series/IFANS%20Focus"


def test_publication_14209(store: Store) -> None:
    found = derived(store, PUBLICATION + "14209")
    (abstract,) = found.pop("dcterms:abstract")
    assert (len(abstract), abstract[:2], abstract[-8:]) == (11_721, "I.", "the Alli")
    assert found == {
        "rdf:type": {"bibo:Article", "bibo:Document"},
        "bibo:number": {"2023.-07E"},
        "dcterms:creator": {"SONG Tae Eun"},
        "dcterms:date": {"2023^^xsd:gYear"},
        "dcterms:identifier": {"14209"},
        "dcterms:isPartOf": {FOCUS},
        "dcterms:issued": {"2023-05-22^^xsd:date"},
        "dcterms:title": {TITLE},
        "foaf:page": {URL},
    }


def test_publication_14209_with_the_optional_rules(store: Store, more: Store) -> None:
    found = derived(more, PUBLICATION + "14209")
    assert found["schema:abstract"] == found["dcterms:abstract"]
    for name, values in derived(store, PUBLICATION + "14209").items():
        assert values <= found.pop(name)
    assert found.pop("schema:abstract")
    assert found == {
        "bibo:identifier": {f"{URL}^^xsd:anyURI"},
        "bibo:uri": {f"{URL}^^xsd:anyURI"},
        "dc:creator": {"SONG Tae Eun"},
        "dc:identifier": {"14209"},
        "dcterms:language": {"http://id.loc.gov/vocabulary/iso639-2/eng"},
        "schema:author": {"SONG Tae Eun"},
        "schema:datePublished": {"2023-05-22^^xsd:date"},
        "schema:inLanguage": {"en"},
        "schema:isPartOf": {FOCUS},
        "schema:name": {TITLE},
        "schema:url": {URL},
    }
    assert derived(more, PUBLICATION + "14209")["rdf:type"] == {
        "bibo:Article",
        "bibo:Document",
        "foaf:Document",
        "schema:Article",
        "schema:CreativeWork",
        "schema:ScholarlyArticle",
    }


def test_its_series(store: Store, more: Store) -> None:
    assert derived(store, BASE + FOCUS) == {
        "rdf:type": {"bibo:Series", "bibo:Collection"},
        "dcterms:title": {"IFANS Focus"},
    }
    assert derived(more, BASE + FOCUS) == {
        "rdf:type": {
            "bibo:Series",
            "bibo:Collection",
            "schema:CreativeWorkSeries",
            "schema:CreativeWork",
        },
        "rdfs:label": {"IFANS Focus"},
        "dcterms:title": {"IFANS Focus"},
        "schema:name": {"IFANS Focus"},
    }


def generated(publications: int) -> bytes:
    """A catalogue of this size as N-Quads."""
    out = io.BytesIO()
    write(Catalogue(publications, seed=1, shortened=10), out, graphs=True)
    return out.getvalue()


def test_statements_for_each_publication_are_few() -> None:
    """On average, since each of its links counts."""
    store = seeded()
    store.bulk_load(generated(100), RdfFormat.N_QUADS)
    derive(store, DERIVED, RULES)
    subjects = [str(quad.subject) for quad in store.quads_for_pattern(None, None, None, DERIVED)]
    about = [subject for subject in subjects if subject.startswith(f"<{PUBLICATION}")]
    assert len(set(about)) >= 100
    assert len(about) <= 16 * len(set(about))


def test_columns_derive_what_the_engine_derives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that the load makes of what it stores; a path of several properties is left to the engine."""
    stated, rules = seeded(CATALOGUE), (*RULES, *OPTIONAL)
    stated.bulk_load(generated(50), RdfFormat.N_QUADS)
    engine, store = Store(), Store()
    engine.extend(stated)
    number = derive(engine, DERIVED, rules)
    by_engine: list[str] = []

    def write(store: Store, queries: Sequence[str], paths: Sequence[Path]) -> None:
        by_engine.extend(queries)
        _write_all(store, queries, paths)

    monkeypatch.setattr("endpoint.ingest.derive._write_all", write)
    with Feed(tmp_path / "columns", 0, 10**6) as feed:
        store.extend(feed.passing(stated))
        assert derive(store, DERIVED, rules, feed=feed) == number
        assert feed.finish(store, DERIVED)
    assert by_engine == [rule.text for rule in OPTIONAL if rule.path.name == "60-rdfs-entailment.rq"]
    assert set(store.quads_for_pattern(None, None, None, DERIVED)) == set(
        engine.quads_for_pattern(None, None, None, DERIVED)
    )
    assert open_columns(tmp_path / "columns").quads == len(store) == len(engine)


OWN = tuple(
    graph.iri for graph in DATASET.graphs if graph.iri.startswith(BASE) and graph.files and not graph.name
)


def test_the_ministrys_own_terms_find_the_same_with_derived_statements_and_without() -> None:
    """Its properties and classes, and what its records use of other vocabularies: labels, links, codes."""
    off = seeded(CATALOGUE)
    off.bulk_load(generated(50), RdfFormat.N_QUADS)
    on = Store()
    on.extend(off)
    derive(on, DERIVED, RULES)
    records = [NamedNode(graph.iri) for graph in DATASET.graphs if graph.name]
    terms = {
        quad.subject
        for quad in off.quads_for_pattern(None, NamedNode(f"{DATASET.prefixes['rdfs']}isDefinedBy"), None)
        if str(quad.object)[1:-1] in OWN
    }
    used = {quad.predicate for graph in records for quad in off.quads_for_pattern(None, None, None, graph)}
    assert {short(term) for term in used} >= {
        "rdfs:label",
        "skos:altLabel",
        "dcterms:language",
        "mofapub:pubDate",
    }
    used.remove(NamedNode(DATASET.prefixes["rdf"] + "type"))
    assert len(terms | used) > 50
    for term in terms | used:
        for query in (f"SELECT ?s ?v {{ ?s {term} ?v }}", f"SELECT ?s {{ ?s a {term} }}"):
            assert sorted(rows(on, query)) == sorted(rows(off, query)), query


def test_a_category_lists_each_publication_once(store: Store) -> None:
    query = """SELECT ?p ?label {
      ?p a mofapub:Publication ; mofadocu:category ?c ; rdfs:label ?label ; dcterms:language ?code }"""
    found = rows(store, query)
    assert len(found) == len(set(found)) == 2


CATALOGUE_QUERY = """
SELECT ?title ?issued ?creators ?language ?series ?page WHERE {
  ?document a bibo:Document ; dcterms:title ?title ; dcterms:isPartOf/dcterms:title ?series .
  { SELECT ?document (GROUP_CONCAT(?creator; separator="|") AS ?creators) {
      ?document a bibo:Document OPTIONAL { ?document dcterms:creator ?creator FILTER(isLiteral(?creator)) }
  } GROUP BY ?document }
  OPTIONAL { ?document dcterms:issued ?issued }
  OPTIONAL { ?document dcterms:language ?language }
  OPTIONAL { ?document foaf:page ?page }
} ORDER BY ?title ?series
"""


def test_a_client_that_knows_only_standard_vocabularies_lists_the_catalogue(store: Store) -> None:
    found = rows(store, CATALOGUE_QUERY)
    issued = "2024-02-29^^xsd:date"
    expected = [
        (
            "A policy study",
            issued,
            {"홍길동", "Lee Seo Hang"},
            "KOR",
            "정책연구",
            "https://example.org/1",
        ),
        ("No label", "-", {"-"}, "-", "국제정세", "-"),
        ("No label", "-", {"-"}, "-", "정책연구", "-"),
        (TITLE, "2023-05-22^^xsd:date", {"SONG Tae Eun"}, "ENG", "IFANS Focus", URL),
    ]
    assert [(*row[:2], set(row[2].split("|")), *row[3:]) for row in found] == expected


QUESTIONS = [
    (
        "every document has a title",
        "SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a bibo:Document ; dcterms:title ?t }",
        ["26^^xsd:integer"],
    ),
    (
        "the report",
        "SELECT DISTINCT ?t { ?d a bibo:Report ; dcterms:title ?t } ORDER BY ?t",
        ["A policy study", "No label"],
    ),
    ("by year", 'SELECT ?t { ?d dcterms:date "2024"^^xsd:gYear ; dcterms:title ?t }', ["A policy study"]),
    (
        "about a country",
        "SELECT ?t { ?d dcterms:spatial ?place ; dcterms:title ?t . ?place a dcterms:Location }",
        ["A policy study"],
    ),
    (
        "about a person or an event",
        "SELECT ?s { ?d dcterms:subject ?s } ORDER BY ?s",
        ["core/resource/Event/1", "core/resource/Person/2"],
    ),
    (
        "who made it",
        "SELECT ?n { ?d dcterms:creator ?p . ?p a foaf:Person , foaf:Agent ; foaf:name ?n }",
        ["홍길동"],
    ),
    (
        "everything of one day",
        'SELECT ?t { ?d dcterms:issued|dcterms:date "2023-03-22"^^xsd:date ; dcterms:title ?t } ORDER BY ?t',
        ["A briefing", "A visit"],
    ),
    (
        "an archive file",
        'SELECT ?t { ?d bibo:identifier "4183" ; dcterms:title ?t }',
        ["김용식 외무장관 미국 방문, 1971.9.20-10.4"],
    ),
    ("opened in", 'SELECT (COUNT(?d) AS ?n) { ?d dcterms:available "2002"^^xsd:gYear }', ["2^^xsd:integer"]),
]
OPTIONAL_QUESTIONS = [
    (
        "a document for FOAF and a creative work for Schema.org",
        "SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a foaf:Document , schema:CreativeWork ; schema:name ?t }",
        ["26^^xsd:integer"],
    ),
    (
        "about a country",
        "SELECT ?t { ?d dcterms:spatial ?place ; dcterms:title ?t . ?place schema:name '베트남' }",
        ["A policy study"],
    ),
    ("made by", "SELECT ?p { ?d foaf:maker ?p }", ["core/resource/Person/1"]),
    (
        "created by",
        "SELECT ?c { ?d dcterms:title 'A policy study' ; dc:creator ?c FILTER(isLiteral(?c)) } ORDER BY ?c",
        ["Lee Seo Hang", "홍길동"],
    ),
    ("an event", "SELECT ?n { ?e a schema:Event ; schema:name ?n }", ["Summit"]),
    (
        "in the language of Schema.org",
        'SELECT ?n ?a ?day { ?d schema:inLanguage "ko" ; schema:name ?n ; schema:datePublished ?day ; '
        'schema:abstract ?a ; schema:url <https://example.org/1> ; schema:author "홍길동" ; '
        'schema:isPartOf ?s . ?s schema:name "정책연구" }',
        ["A policy study"],
    ),
]


@pytest.mark.parametrize(
    ("query", "answers"), [row[1:] for row in QUESTIONS], ids=[row[0] for row in QUESTIONS]
)
def test_questions_in_standard_terms(store: Store, query: str, answers: list[str]) -> None:
    used = set(re.findall(r"\b(\w+):", query)) - {"xsd"}
    assert used <= {"bibo", "dcterms", "foaf"}
    assert [row[0] for row in rows(store, query)] == answers


@pytest.mark.parametrize(
    ("query", "answers"), [row[1:] for row in OPTIONAL_QUESTIONS], ids=[row[0] for row in OPTIONAL_QUESTIONS]
)
def test_questions_that_the_optional_rules_answer(more: Store, query: str, answers: list[str]) -> None:
    assert [row[0] for row in rows(more, query)] == answers


DATES = [
    ("20230522", "2023-05-22", "2023"),
    ("20240229", "2024-02-29", "2024"),
    ("20000229", "2000-02-29", "2000"),
    ("20230229", None, "2023"),
    ("19000229", None, "1900"),
    ("20230431", None, "2023"),
    ("20231301", None, "2023"),
    ("20230500", None, "2023"),
    ("20230532", None, "2023"),
    ("18990131", "1899-01-31", None),
    ("99990101", "9999-01-01", None),
    ("230522", None, None),
    ("202305222", None, None),
    ("-20230522", None, None),
    ('"20230522"', "2023-05-22", "2023"),
    ('"n.d."', None, None),
    ('""', None, None),
    ("2023.5", None, None),
]


@pytest.mark.parametrize(("number", "day", "year"), DATES, ids=[row[0] for row in DATES])
@pytest.mark.parametrize("term", ["mofapub:pubDate", "mofabrief:postingDate"])
def test_a_day_becomes_a_date_where_the_calendar_has_it(
    term: str, number: str, day: str | None, year: str | None
) -> None:
    found = of_publication(f"{term} {number}")
    expected: dict[str, set[str]] = {}
    if day:
        expected |= {"dcterms:issued": {f"{day}^^xsd:date"}}
    if year:
        expected |= {"dcterms:date": {f"{year}^^xsd:gYear"}}
    assert found == expected


@pytest.mark.parametrize(
    ("statements", "years"),
    [
        ("mofa:yearOfData 2023", {"2023"}),
        ("mofa:yearOfData 2023 ; mofapub:pubDate 20240115", {"2023"}),
        ("mofa:yearOfData 23", set()),
        ('mofa:yearOfData "none"', set()),
    ],
)
def test_the_stated_year_is_the_year(statements: str, years: set[str]) -> None:
    assert of_publication(statements).get("dcterms:date", set()) == {f"{year}^^xsd:gYear" for year in years}


PAGES = [
    ("https://www.ifans.go.kr/a?b=c&d=e#f", True),
    ("http://example.org", True),
    ("HTTPS://example.org:8080/", True),
    ("https://예시.kr/발간", True),
    ("https://example.org/a b", False),
    ("https://example.org/{id}", False),
    ("https://example.org/%zz", False),
    ("https://", False),
    ("https:///path", False),
    ("//example.org/a", False),
    ("/knda/ifans", False),
    ("www.ifans.go.kr", False),
    ("ftp://example.org/a", False),
    ("javascript:alert(1)", False),
    ("https://example.org/a> <b", False),
    ("", False),
]


@pytest.mark.parametrize(("address", "linked"), PAGES, ids=[row[0] for row in PAGES])
def test_only_a_whole_web_address_becomes_a_link(address: str, linked: bool) -> None:
    found = of_publication(f"mofapub:dataURL {Literal(address)}")
    assert found == ({"foaf:page": {address}} if linked else {})


LANGUAGES = [("ENG", "eng", "en"), ("KOR", "kor", "ko"), ("FRA", None, None), ("eng", None, None)]


@pytest.mark.parametrize(("code", "iri", "tag"), LANGUAGES)
def test_a_language_code_becomes_an_iri_by_an_optional_rule(
    code: str, iri: str | None, tag: str | None
) -> None:
    assert of_publication(f'dcterms:language "{code}"') == {}
    found = of_publication(f'dcterms:language "{code}"', (*RULES, *OPTIONAL))
    expected = {
        "dcterms:language": {f"http://id.loc.gov/vocabulary/iso639-2/{iri}"},
        "schema:inLanguage": {str(tag)},
    }
    assert found == (expected if iri else {})


KINDS = [
    ("정책연구", "bibo:Report", "schema:Report"),
    ("정책연구 시리즈", "bibo:Report", "schema:Report"),
    ("IFANS STUDY REPORT", "bibo:Report", "schema:Report"),
    ("주요국제문제분석", "bibo:Article", "schema:ScholarlyArticle"),
    ("IFANS Focus", "bibo:Article", "schema:ScholarlyArticle"),
    ("IFANS  FOCUS", "bibo:Article", "schema:ScholarlyArticle"),
    ("IFANS Brief", "bibo:Article", "schema:ScholarlyArticle"),
    ("단행본", "bibo:Book", "schema:Book"),
    ("국제정세", None, None),
    ("Past Publications", None, None),
    ("정책연구원", None, None),
]


@pytest.mark.parametrize(("category", "kind", "schema_kind"), KINDS, ids=[row[0] for row in KINDS])
def test_the_series_says_what_kind_of_document_it_is(
    category: str, kind: str | None, schema_kind: str | None
) -> None:
    store = seeded(f'<{PUBLICATION}9> a mofapub:Publication ; mofadocu:category "{category}" .')
    derive(store, DERIVED, RULES)
    types = {"bibo:Document", *filter(None, [kind])}
    assert derived(store, PUBLICATION + "9")["rdf:type"] == types
    derive(store, DERIVED, (*RULES, *OPTIONAL))
    types |= {"foaf:Document", "schema:CreativeWork", *filter(None, [schema_kind])}
    if schema_kind not in (None, "schema:Book"):
        types |= {"schema:Article"}
    assert derived(store, PUBLICATION + "9")["rdf:type"] == types


@pytest.mark.parametrize(
    ("category", "encoded"),
    [
        ("IFANS Focus", "IFANS%20Focus"),
        ("정책연구", "%EC%A0%95%EC%B1%85%EC%97%B0%EA%B5%AC"),
        ("A/B?c#d%", "A%2FB%3Fc%23d%25"),
    ],
)
def test_a_series_is_named_by_its_category(category: str, encoded: str) -> None:
    found = of_publication(f'mofadocu:category "{category}"')
    series = {f"mofapub/resource/Series/{encoded}"}
    assert found == {"dcterms:isPartOf": series}


def test_a_publication_without_class_is_a_publication_by_its_iri() -> None:
    """As a page saved as text, which has lost its class."""
    statements = f"""
<{PUBLICATION}8> rdfs:label "Saved page" ; mofadocu:category "정책연구" .
<{BASE}mofapub/resource/Series/8> rdfs:label "No publication" .
<{PUBLICATION}9> a bibo:Book ; rdfs:label "It states a class" ; mofadocu:category "정책연구" .
"""
    store = seeded(statements)
    derive(store, DERIVED, RULES)
    found = derived(store, PUBLICATION + "8")
    assert {"mofapub:Publication", "bibo:Report", "bibo:Document"} <= found["rdf:type"]
    assert "dcterms:isPartOf" in found
    assert derived(store, BASE + "mofapub/resource/Series/8") == {}
    assert "mofapub:Publication" not in derived(store, PUBLICATION + "9")["rdf:type"]


@pytest.mark.parametrize("category", ["", " \\t"])
def test_a_category_without_a_name_is_no_series(category: str) -> None:
    assert of_publication(f'mofadocu:category "{category}"') == {}


def test_a_publication_of_two_series_leaves_each_its_own_name(store: Store) -> None:
    found = rows(store, "SELECT ?name { ?series a bibo:Series ; dcterms:title ?name } ORDER BY ?name")
    assert found == [("IFANS Focus",), ("국제정세",), ("정책연구",)]


def test_only_publications_are_part_of_a_series_of_publications() -> None:
    store = seeded(
        f'<{BASE}mofabrief/resource/Document/8> rdfs:label "I" ; mofadocu:category "IFANS Focus" .'
    )
    derive(store, DERIVED, RULES)
    found = derived(store, BASE + "mofabrief/resource/Document/8")
    assert found.keys() == {"rdf:type", "dcterms:title", "dcterms:identifier"}


# The closure, computed here in another way: by following the hierarchy from each statement.

SUBCLASS, SUBPROPERTY = "rdfs:subClassOf", "rdfs:subPropertyOf"
NOT_WIDENED = {"rdfs:label", "rdfs:seeAlso", "dcterms:description", "dcterms:date"}
NO_CLASS = {"rdfs:Resource", "owl:Thing"}


def wider_terms(store: Store, relations: set[str], inverse: str | None = None) -> dict[object, set[object]]:
    steps: dict[object, set[object]] = {}
    for quad in store:
        if short(quad.predicate) in relations:
            steps.setdefault(quad.subject, set()).add(quad.object)
        if short(quad.predicate) == inverse:
            steps.setdefault(quad.object, set()).add(quad.subject)
    for term in list(steps):
        reached: set[object] = set()
        pending = [term]
        while pending:
            following = steps.get(pending.pop(), set()) - reached
            reached |= following
            pending += following
        steps[term] = reached - {term}
    return steps


def test_the_closure_of_the_optional_rules_is_complete(more: Store) -> None:
    store = more
    classes = wider_terms(store, {SUBCLASS, "owl:equivalentClass"}, "owl:equivalentClass")
    properties = wider_terms(store, {SUBPROPERTY})
    held = {(quad.subject, quad.predicate, quad.object) for quad in store}
    entailed = set()
    for subject, predicate, value in held:
        if isinstance(subject, BlankNode) or isinstance(value, BlankNode):
            continue
        if short(predicate) == "rdf:type":
            entailed |= {
                (subject, predicate, wider)
                for wider in classes.get(value, set())
                if short(wider) not in NO_CLASS and not isinstance(wider, BlankNode)
            }
        entailed |= {
            (subject, wider, value)
            for wider in properties.get(predicate, set())
            if short(wider) not in NOT_WIDENED
        }
    assert len(entailed) > 200
    assert entailed - held == set()


def test_wider_terms_of_wider_terms_are_stated_by_an_optional_rule(store: Store, more: Store) -> None:
    query = f"SELECT ?a ?r ?b {{ VALUES ?r {{ {SUBCLASS} {SUBPROPERTY} }} GRAPH {DERIVED} {{ ?a ?r ?b }} }}"
    assert rows(store, query) == []
    assert set(rows(more, query)) == {
        ("mofa:Organization", SUBCLASS, "foaf:Agent"),
        ("mofa:Person", SUBCLASS, "foaf:Agent"),
        ("mofadocu:volumeNum", SUBPROPERTY, "bibo:locator"),
        ("mofapub:dataURL", SUBPROPERTY, "bibo:identifier"),
        ("mofapub:hasProfessor", SUBPROPERTY, "dc:creator"),
        ("mofa:relatedEvent", SUBPROPERTY, "dc:subject"),
        ("mofa:relatedOrg", SUBPROPERTY, "dc:subject"),
        ("mofa:relatedPerson", SUBPROPERTY, "dc:subject"),
        ("schema:Report", SUBCLASS, "schema:CreativeWork"),
        ("schema:ScholarlyArticle", SUBCLASS, "schema:CreativeWork"),
    }


@pytest.mark.parametrize("rules", ["store", "more"])
def test_nothing_is_repeated_circular_or_without_a_name(rules: str, request: pytest.FixtureRequest) -> None:
    store = request.getfixturevalue(rules)
    elsewhere = {quad.triple for quad in store if quad.graph_name != DERIVED}
    found = [quad for quad in store if quad.graph_name == DERIVED]
    assert len(found) > 150
    for quad in found:
        assert quad.triple not in elsewhere
        assert quad.subject != quad.object
        assert not isinstance(quad.subject, BlankNode)
        assert not isinstance(quad.object, BlankNode)


@pytest.mark.parametrize("rules", ["store", "more"])
def test_what_is_derived_uses_declared_terms_only(rules: str, request: pytest.FixtureRequest) -> None:
    store = request.getfixturevalue(rules)
    declared = {quad.subject for quad in store if short(quad.predicate) == "rdfs:isDefinedBy"}
    used = {quad.predicate for quad in store if quad.graph_name == DERIVED}
    used |= {
        cast(NamedNode, quad.object)
        for quad in store
        if quad.graph_name == DERIVED and short(quad.predicate) == "rdf:type"
    }
    assert used - declared == set()


def test_a_hierarchy_without_a_step_derives_less() -> None:
    store = seeded(CATALOGUE)
    derive(store, DERIVED, RULES)
    step = Quad(
        NamedNode(BASE + "mofapub/Publication"),
        NamedNode(DATASET.prefixes["rdfs"] + "subClassOf"),
        NamedNode(DATASET.prefixes["bibo"] + "Document"),
        NamedNode(BASE + "mofapub/"),
    )
    assert step in store
    store.remove(step)
    derive(store, DERIVED, RULES, changed_subjects([step]))
    assert derived(store, PUBLICATION + "13940") == {}
    assert "bibo:Document" in derived(store, PUBLICATION + "14209")["rdf:type"]  # being an article


CHANGES = f"""
<{PUBLICATION}1> mofadocu:category "정책연구" .
<{PUBLICATION}1> mofadocu:category "국제정세" .
<{PUBLICATION}2> mofadocu:category "국제정세" .
<{PUBLICATION}14209> mofadocu:category "IFANS Focus" .
<{PUBLICATION}14209> mofapub:pubDate 20230229 .
<{PUBLICATION}1> a mofapub:Publication .
<{PUBLICATION}2> a mofapub:Publication .
<{PUBLICATION}2> rdfs:label "L" .
<{PUBLICATION}2> dcterms:title "L" .
<{PUBLICATION}2> mofa:yearOfData 2020 .
<{PUBLICATION}3> a mofapub:Publication .
<{PUBLICATION}3> mofadocu:category "New" .
<{PUBLICATION}3> mofapub:hasProfessor <{BASE}core/resource/Person/1> .
<{BASE}core/resource/Person/1> a mofa:Person .
<{BASE}core/resource/Person/1> rdfs:label "P" .
<{BASE}mofapub/resource/Series/New> rdfs:label "New" .
<{BASE}mofapub/resource/Series/New> a bibo:Series .
<{BASE}mofabrief/resource/Document/368579> a mofabrief:Briefing .
"""


def fresh(store: Store, rules: Sequence[Rule] = RULES) -> set[Quad]:
    copy = Store()
    copy.extend(quad for quad in store if quad.graph_name != DERIVED)
    derive(copy, DERIVED, rules)
    return set(copy.quads_for_pattern(None, None, None, DERIVED))


@pytest.mark.parametrize("rules", [RULES, (*RULES, *OPTIONAL)], ids=["rules", "optional too"])
def test_changes_one_after_another_leave_what_a_fresh_derivation_gives(
    rules: Sequence[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    choose = random.Random(3)
    changes = Store()
    changes.load(PREFIXES + CHANGES, RdfFormat.TURTLE, to_graph=DATA)
    possible = sorted(changes, key=str)
    store = seeded(CATALOGUE)
    derive(store, DERIVED, rules)
    for _ in range(25):
        changed = choose.sample(possible, choose.randint(1, 6))
        for quad in changed:
            if quad in store:
                store.remove(quad)
            else:
                store.add(quad)
        derive(store, DERIVED, rules, changed_subjects(changed))
        assert set(store.quads_for_pattern(None, None, None, DERIVED)) == fresh(store, rules)


def test_a_graph_that_goes_takes_what_followed_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.ingest.derive._STATEMENTS_PER_SUBJECT", 0)
    store = seeded(CATALOGUE)
    derive(store, DERIVED, RULES)
    gone = list(store.quads_for_pattern(None, None, None, DATA))
    store.clear_graph(DATA)
    derive(store, DERIVED, RULES, changed_subjects(gone))
    assert set(store.quads_for_pattern(None, None, None, DERIVED)) == fresh(store)
    assert not any("/mofapub/resource/" in str(quad.subject) for quad in store)


def test_every_rule_says_what_it_derives_and_is_documented() -> None:
    document = (Path(__file__).parents[2] / "docs" / "derived.md").read_text(encoding="utf-8")
    assert len(RULES) > 10
    assert len(OPTIONAL) == 4
    for rule in (*RULES, *OPTIONAL):
        assert rule.text.startswith("# "), rule.path.name
        assert f"`{rule.path.name}`" in document
    assert set(re.findall(r"`(\d+-[\w-]+\.rq)`", document)) == {
        rule.path.name for rule in (*RULES, *OPTIONAL)
    }
