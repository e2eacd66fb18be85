"""Pages in HTML: Pubby's, look-alikes of them, and HTML that is broken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from endpoint.errors import DataError
from endpoint.ingest.pages import html
from tests.ingest.pages.saved_pages import SUBJECT, XSD, about, errors, named, page, read, saved

EXAMPLE = "http://data.example.org/"


def test_the_look_alike_with_links() -> None:
    triples, notices = saved("look-alike.html")
    core = "http://opendata.mofa.go.kr/core/resource/Country/"
    assert set(triples) == about(
        SUBJECT,
        ("rdf:type", named("mofapub:Publication")),
        ("rdfs:label", Literal("무기 수출과  국방 외교")),
        *(("mofadocu:relatedCountry", NamedNode(core + code)) for code in ("US", "JP", "UA")),
        ("bibo:abstract", Literal("첫째 줄\u00a0\n둘째  줄 <요약> ● 점\n\n넷째 줄\t(탭 뒤)")),
        ("mofa:yearOfData", Literal("2023", datatype=NamedNode(XSD + "integer"))),
        (
            "mofapub:dataURL",
            Literal("https://www.ifans.go.kr/a?b=1&c=2", datatype=NamedNode(XSD + "anyURI")),
        ),
        ("mofapub:hasAuthor", Literal("송태은")),
        ("mofapub:hasAuthor", Literal("SONG Tae Eun", language="en")),
    ) | {Triple(NamedNode(core + "KR"), named("mofadocu:relatedDoc"), NamedNode(SUBJECT))}
    assert notices == [
        "look-alike.html: these properties show no value: mofa:relatedEvent.",
        "look-alike.html: values without an IRI of their own were left out: mofapub:hasProfessor.",
    ]


def test_links_of_a_saved_file_lead_to_the_site_of_its_resource() -> None:
    in_place, _ = saved("look-alike.html")
    elsewhere, _ = saved("look-alike.html", "file:///home/user/pages/look-alike.html")
    assert set(elsewhere) == set(in_place)


def test_pubby_of_2007() -> None:
    triples, notices = saved("pubby-2007.html", EXAMPLE)
    integer = NamedNode(XSD + "integer")
    resource = EXAMPLE + "resource/"
    assert set(triples) == about(
        resource + "Seoul",
        ("rdfs:label", Literal("Seoul", language="en")),
        ("rdfs:label", Literal("서울", language="ko")),
        ("rdfs:label", Literal("Report (en)")),
        (resource + "inhabitants", Literal("9411440", datatype=integer)),
        (resource + "inhabitants", Literal("9411441", datatype=integer)),
        (EXAMPLE + "vocabulary/twin", NamedNode(resource + "Tokyo")),
        (EXAMPLE + "vocabulary/twin", NamedNode("http://elsewhere.example.com/page/Ankara")),
    ) | about(resource + "Korea", (EXAMPLE + "vocabulary/capital", NamedNode(resource + "Seoul")))
    assert notices == ["pubby-2007.html: values without an IRI of their own were left out: ex:twin."]


def test_pubby_of_today() -> None:
    triples, notices = saved("pubby-current.html", EXAMPLE)
    assert set(triples) == about(
        EXAMPLE + "Seoul",
        (EXAMPLE + "name", Literal("Seoul", language="en")),
        (EXAMPLE + "name", Literal("plain")),
        (EXAMPLE + "area", Literal("605.2", datatype=NamedNode(XSD + "decimal"))),
        (EXAMPLE + "part", NamedNode(EXAMPLE + "Jongno")),
        (EXAMPLE + "part", NamedNode(EXAMPLE + "Gangnam")),
    ) | about(EXAMPLE + "Korea", (EXAMPLE + "capital", NamedNode(EXAMPLE + "Seoul")))
    assert notices == ["pubby-current.html: values without an IRI of their own were left out: address."]


def test_languages_and_datatypes_in_attributes() -> None:
    triples, notices = saved("rdfa.html", EXAMPLE)
    assert set(triples) == about(
        EXAMPLE + "resource/Seoul",
        (EXAMPLE + "name", Literal("서울", language="ko")),
        (EXAMPLE + "name", Literal("Seoul", language="en")),
        (EXAMPLE + "inhabitants", Literal("9411440", datatype=NamedNode(XSD + "integer"))),
        *(
            (EXAMPLE + "twin", NamedNode(f"{EXAMPLE}resource/{city}"))
            for city in ("Tokyo", "Ankara", "London")
        ),
        ("rdfs:seeAlso", NamedNode(EXAMPLE + "더%20보기")),
    )
    assert not notices


@pytest.mark.parametrize(
    ("content", "start"),
    [
        ("<html><body><p>Hello</p></body></html>", "The page has no table of properties and values."),
        ("<table><tr><th>Name<th>Age</table>", "The page has no table of properties and values."),
        ("<", "The page has no table of properties and values."),
        ("", "The file holds no HTML that could be read."),
        ("<table><tr><th>Property<th>Value</table>", "The page does not say which resource it is about;"),
    ],
)
def test_other_html_is_reported_in_one_sentence(content: str, start: str) -> None:
    ((_, _, detail),) = errors(content, "a.html")
    assert detail.startswith(start)


def test_a_label_is_no_name_of_a_property() -> None:
    assert errors(page("<tr><td>제목<td>a"), "a.html") == [
        (1, None, "This is neither an IRI nor a name such as dcterms:title. Found: 제목")
    ]


def test_unknown_names_in_html_are_reported_with_their_line() -> None:
    found = errors(
        page("\n<tr><td>foo:bar<td>a\n<tr><td>rdfs:label<td>\n<ul><li>1 <small>(bar:x)</small>"), "a.html"
    )
    assert [(line, detail.split(";")[0]) for line, _, detail in found] == [
        (2, "The prefix 'foo' of foo:bar is not known"),
        (4, "The prefix 'bar' of bar:x is not known"),
    ]


@pytest.mark.parametrize("depth", [10, 300, 1_000])
@pytest.mark.parametrize("place", ["page", "value"])
def test_deep_html_is_read(depth: int, place: str) -> None:
    nested = "<b>" * depth
    content = (
        nested + page("<tr><td>rdfs:label<td>a")
        if place == "page"
        else page(f"<tr><td>rdfs:label<td>{nested}a")
    )
    triples, _ = read(content, "a.html")
    assert [triple.object for triple in triples] == [Literal("a")]


def test_html_that_cannot_be_read_to_its_end_is_refused() -> None:
    ((_, _, detail),) = errors(
        page("<tr><td>rdfs:label<td>a<tr><td>rdfs:comment<td>" + "<b>" * 5_000 + "b"), "a.html"
    )
    assert detail == "The HTML is nested too deeply or too large to be read as a whole."


def test_common_faults_of_html_are_no_reason_to_refuse_it() -> None:
    faults = "</i>&nosuch;&#0;&#x1F;<o:p></o:p><a href='x'>y</b><font color=red"
    triples, _ = read(page(f"<tr><td>rdfs:label<td>a<tr><td>rdfs:comment<td>{faults}"), "a.html")
    assert Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("a")) in triples


@pytest.mark.parametrize(
    ("shown", "literal"),
    [
        ("the 19<sup>th</sup>", Literal("the 19th")),
        ("a <small>remark</small>", Literal("a remark")),
        ("<small>(ko)</small> at the beginning", Literal("(ko) at the beginning")),
        ("글 <small>@ko</small>", Literal("글", language="ko")),
        ("2023<small>^^xsd:gYear</small>", Literal("2023", datatype=NamedNode(XSD + "gYear"))),
        ("see <a href='http://example.org/'>there</a> and then", Literal("see there and then")),
    ],
)
def test_small_print_is_read_only_where_it_is_a_note(shown: str, literal: Literal) -> None:
    triples, _ = read(page(f"<tr><td>rdfs:label<td>{shown}"), "a.html")
    assert [triple.object for triple in triples] == [literal]


TAGS = (
    "<table> <tr> <th>Property <th>Value <td> rdfs:label <ul><li> <a_href='/page/x'> <small>(ko)</small> "
    f'is_a_of <h1>(_{SUBJECT}_)</h1> 글 <br> "1"^^xsd:integer </td></tr> </table>'
).split()


@given(st.lists(st.sampled_from([tag.replace("_", " ") for tag in TAGS]), max_size=30))
def test_any_order_of_tags_is_read_or_refused(pieces: list[str]) -> None:
    try:
        triples, _ = read("<html>" + "".join(pieces), "a.html")
    except DataError:
        return
    assert not any(isinstance(triple.object, BlankNode) for triple in triples)


BRACKETED = [
    ("Book ( http://e/a )", ["http://e/a"]),
    ("Book (http://e/a) at Site", ["http://e/a"]),
    ("Book ( http://e/a_(b) )", ["http://e/a_(b)"]),
    ("Book(http://e/a_(b))", ["http://e/a_(b)"]),
    ("(a) and (http://e/b)", ["a", "http://e/b"]),
    ("( http://e/a) and (http://e/b )", ["http://e/a", "http://e/b"]),
    ("no ) IRI ( in () here", ["IRI"] * 0),
    ("", []),
]


@pytest.mark.parametrize(("line", "found"), BRACKETED)
def test_what_stands_in_parentheses(line: str, found: list[str]) -> None:
    assert [*html._bracketed(line)] == found


@pytest.mark.parametrize("text", ["(" * 500_000, "(a" * 250_000, "( " * 250_000, "( a ) " * 80_000])
def test_a_heading_of_any_length_is_read_at_once(text: str) -> None:
    with pytest.raises(DataError):
        read(f"<html><h1>{text}</h1></html>", "page.html")


def test_a_list_of_any_length_is_read_at_once() -> None:
    items = "".join(f"<li>{number}</li>" for number in range(20_000))
    triples, _ = read(page(f"<tr><td>rdfs:label</td><td><ul>{items}</ul></td></tr>"), "page.html")
    assert len(triples) == 20_000
