"""Items of publications, read from standard vocabularies."""

from __future__ import annotations

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode

from endpoint.results.bibliography import read_items
from endpoint.results.bibliography.items import ARTICLE as ARTICLE_KIND
from endpoint.results.bibliography.items import BOOK, DOCUMENT, REPORT, PublicationKind, parse_date
from endpoint.results.bibliography.names import Name
from endpoint.results.serializers import statements_of
from tests.results.bibliography.graph import ARTICLE, read, read_one, store_of


def test_a_whole_record() -> None:
    (item,) = read(ARTICLE, "14209")
    assert item.key == "Publication-14209"
    assert item.kind is ARTICLE_KIND
    assert item.title == "Cyber Threats and NATO: 50% of R&D"
    assert set(item.authors) == {Name("Song", "Tae Eun"), Name("서동만")}
    assert item.date == (2023, 5, 22)
    assert item.number == "2023.-07E"
    assert item.series == "Focus"
    assert item.url == "https://www.example.org/view.do?salt=null&id_no=14209"
    assert item.language == "en"
    assert item.abstract == "First paragraph.\n\n\tSecond {paragraph}."
    assert item.keywords == ("NATO, the alliance", "Republic of Korea")
    assert item.identifier == "14209"
    assert item.publisher == ""


@pytest.mark.parametrize(
    ("types", "more", "kind"),
    [
        ("bibo:Report", "", REPORT),
        ("bibo:Document , bibo:Book", "", BOOK),
        ("bibo:Book , bibo:Report", "", REPORT),
        ("bibo:Article", "; dcterms:isPartOf [] , ex:s . ex:s dcterms:title 'S'", ARTICLE_KIND),
        ("bibo:AcademicArticle", "; dcterms:isPartOf 'Journal'", ARTICLE_KIND),
        # An article without a journal would be cited with an empty one.
        ("bibo:Article", "", DOCUMENT),
        ("bibo:Document", "", DOCUMENT),
        # Classes of the data's own, below those of bibo.
        ("ex:Study", ". ex:Study rdfs:subClassOf ex:Work . ex:Work rdfs:subClassOf bibo:Report", REPORT),
        ("ex:A", ". ex:A rdfs:subClassOf ex:B . ex:B rdfs:subClassOf ex:A , bibo:Document", DOCUMENT),
    ],
)
def test_kinds(types: str, more: str, kind: PublicationKind) -> None:
    assert read_one(f"pub:1 a {types} {more} .").kind is kind


def test_what_is_no_publication_is_passed_over() -> None:
    store = store_of("pub:1 a bibo:Series . pub:2 a bibo:Report . pub:3 a bibo:Book .")
    names = [NamedNode(f"http://example.org/resource/Publication/{n}") for n in (3, 1, 2, 3, 4)]
    mixed = [None, Literal("x"), BlankNode(), *names, NamedNode("urn:x")]
    assert [item.key for item in read_items(mixed, statements_of(store))] == [
        "Publication-3",
        "Publication-2",
    ]


def test_the_label_is_the_title_where_there_is_no_other_and_then_the_address() -> None:
    assert read_one("pub:1 a bibo:Document ; rdfs:label 'L' .").title == "L"
    assert read_one("pub:1 a bibo:Document .").title == "http://example.org/resource/Publication/1"


@pytest.mark.parametrize(
    ("titles", "language", "expected"),
    [
        ("'한국'@ko , 'Korea'@en", "'en'", "Korea"),
        ("'한국'@ko , 'Korea'@en", "'ko'", "한국"),
        ("'Korea'@en-GB , '한국'@ko", "'en-US'", "Korea"),
        ("'한국'@ko , 'plain'", "'fr'", "plain"),
        ("'한국'@ko , 'Korea'@en", "'fr'", "Korea"),
        ("'Corée'@fr", "'en'", "Corée"),
        ("' ' , 'title'", "'en'", "title"),
        ("'two\\n lines\\tand tabs'", "'en'", "two lines and tabs"),
    ],
)
def test_the_title_is_in_the_language_of_the_publication(titles: str, language: str, expected: str) -> None:
    found = read_one(f"pub:1 a bibo:Document ; dcterms:title {titles} ; schema:inLanguage {language} .")
    assert found.title == expected


@pytest.mark.parametrize(
    ("statement", "language"),
    [
        ("dcterms:language <http://id.loc.gov/vocabulary/iso639-2/kor>", "ko"),
        ("dcterms:language 'ENG'", "en"),
        ("dcterms:language <http://lexvo.org/id/iso639-3/vie>", "vi"),
        ("dcterms:language 'ukr'", "ukr"),
        ("dcterms:language 'Korean'", ""),
        ("schema:inLanguage 'zh-Hant'", "zh-Hant"),
        ("schema:inLanguage 'ko' ; dcterms:language 'ENG'", "ko"),
    ],
)
def test_languages(statement: str, language: str) -> None:
    assert read_one(f"pub:1 a bibo:Document ; {statement} .").language == language


@pytest.mark.parametrize(
    ("statements", "names"),
    [
        ("dc:creator 'SONG Tae Eun' ; dcterms:creator ex:p", (Name("Song", "Tae Eun"),)),
        ("dcterms:creator ex:p", (Name("Nye", "Joseph S."),)),
        ("foaf:maker ex:g", (Name("Kim Lee"),)),
        ("schema:author ex:n", (Name("Lee", "Seo Hang"),)),
        ("schema:author '서동만' ; foaf:maker [] ", (Name("서동만"),)),
        ("dc:creator ' '", ()),
    ],
)
def test_authors(statements: str, names: tuple[Name, ...]) -> None:
    people = """
    ex:p a foaf:Person ; foaf:familyName "Nye" ; foaf:givenName "Joseph S." ; rdfs:label "Joe" .
    ex:g a foaf:Organization ; foaf:name "Kim Lee" .
    ex:n a foaf:Person ; foaf:name "Lee Seo Hang" .
    """
    assert read_one(f"pub:1 a bibo:Document ; {statements} . {people}").authors == names


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2023-05-22", (2023, 5, 22)),
        ("2023-05-22T10:00:00Z", (2023, 5, 22)),
        ("2023-05-22+09:00", (2023, 5, 22)),
        (" 2023-05 ", (2023, 5)),
        ("2023", (2023,)),
        ("2023Z", (2023,)),
        ("2023-13-01", (2023,)),
        ("2023-02-00", (2023, 2)),
        ("20230522", ()),
        ("-0044", ()),
        ("0000", ()),
        ("spring 2023", ()),
        ("２０２３", ()),
        ("", ()),
    ],
)
def test_dates(text: str, date: tuple[int, ...]) -> None:
    assert parse_date(text) == date


def test_the_day_of_issue_comes_before_the_year() -> None:
    said = 'dcterms:date "2022"^^xsd:gYear ; dcterms:issued "soon" , "2023-05"^^xsd:gYearMonth , "2023-05-22"'
    assert read_one(f"pub:1 a bibo:Document ; {said} .").date == (2023, 5, 22)
    assert read_one('pub:1 a bibo:Document ; dcterms:issued "soon" ; dcterms:date "2022" .').date == (2022,)


def test_a_publisher_is_a_name_or_a_resource_that_has_one() -> None:
    assert read_one("pub:1 a bibo:Report ; dcterms:publisher 'Institute' .").publisher == "Institute"
    said = "pub:1 a bibo:Report ; dcterms:publisher ex:i . ex:i foaf:name '연구소'@ko , 'Institute'@en ."
    assert read_one(said).publisher == "Institute"


def test_the_address_is_the_page_and_else_the_resource() -> None:
    assert read_one("pub:1 a bibo:Report ; foaf:page ex:page .").url == "http://example.org/page"
    assert read_one("pub:1 a bibo:Report .").url == "http://example.org/resource/Publication/1"
    (item,) = read_items([NamedNode("urn:x:1")], statements_of(store_of("<urn:x:1> a bibo:Report .")))
    assert item.url == ""


def test_two_publications_never_share_a_key() -> None:
    names = [
        f"http://example.org/{part}" for part in ("a/Publication/1", "b/Publication/1", "b/publication/1")
    ]
    store = store_of("".join(f"<{name}> a bibo:Report . " for name in names))
    keys = [item.key for item in read_items(map(NamedNode, names), statements_of(store))]
    assert keys[0] == "Publication-1"
    assert len({key.lower() for key in keys}) == 3


def test_statements_of_all_graphs_count() -> None:
    store = store_of("")
    name = "http://example.org/resource/Publication/1"
    bibo = "http://purl.org/ontology/bibo/Report"
    store.update(
        f"INSERT DATA {{ GRAPH <urn:a> {{ <{name}> a <{bibo}> }} GRAPH <urn:b> "
        f"{{ <{name}> a <{bibo}> ; <http://purl.org/dc/terms/title> 'T' }} }}"
    )
    (item,) = read_items([NamedNode(name)], statements_of(store))
    assert (item.kind, item.title) == (REPORT, "T")
