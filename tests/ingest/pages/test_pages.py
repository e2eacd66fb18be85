"""Linked Data pages, saved as text and as HTML."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, Triple, parse

from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.pages import read_page
from endpoint.ingest.pages.terms import link_target

PAGES = Path(__file__).parent
DATASET = read_dataset(default_root())
PREFIXES = DATASET.prefixes
RDF_TYPE = NamedNode(PREFIXES["rdf"] + "type")
XSD = PREFIXES["xsd"]
SUBJECT = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
EXAMPLE = "http://data.example.org/"
HEADING = f"Title ( {SUBJECT} ) at Linked Data\n\nProperty Value\n"


def read(
    content: str | bytes, name: str = "page.txt", base: str = DATASET.base
) -> tuple[list[Triple], list[str]]:
    notices: list[str] = []
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return read_page(stream, name, PREFIXES, base, notices), notices


def saved(name: str, base: str = DATASET.base) -> tuple[list[Triple], list[str]]:
    return read((PAGES / name).read_bytes(), name, base)


def errors(content: str | bytes, name: str = "page.txt") -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(DataError) as caught:
        read(content, name)
    found = caught.value.errors if isinstance(caught.value, DataErrors) else [caught.value]
    assert all(error.file == Path(name) and "\n" not in str(error) for error in found)
    return [(error.line, error.column, error.detail) for error in found]


def named(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def about(subject: str, *pairs: tuple[str, NamedNode | Literal]) -> set[Triple]:
    return {
        Triple(NamedNode(subject), NamedNode(name) if "//" in name else named(name), value)
        for name, value in pairs
    }


# Text.


def test_the_text_of_a_page() -> None:
    title = "South Korea’s Arms Exports and Defense Diplomacy  to Advance Security Cooperation"
    triples, notices = saved("publication.txt")
    assert set(triples) == about(
        SUBJECT,
        ("rdfs:label", Literal(title)),
        ("skos:altLabel", Literal(title)),
        ("skos:altLabel", Literal("".join(title.lower().split()))),
        (
            "bibo:abstract",
            Literal(
                "I. The Russo-Ukrainian War\u00a0\nⅢ. A Strategy for Becoming a Power Player\n\n"
                "● a bullet of the text\n  • and one more, deeper\nrdfs:label\n\u00a0\n"
                '<요약> ends within a word ("and the Alli'
            ),
        ),
        ("mofa:yearOfData", Literal("2023", datatype=NamedNode(XSD + "integer"))),
        (
            "mofapub:dataURL",
            Literal(
                "https://www.ifans.go.kr/knda/ifans/eng/pblct/PblctView.do"
                "?csrfPreventionSalt=null&pblctDtaSn=14209",
                datatype=NamedNode(XSD + "anyURI"),
            ),
        ),
        ("mofapub:hasAuthor", Literal("SONG Tae Eun")),
        ("mofapub:pubNumber", Literal("2023.-07E")),
        ("dcterms:language", Literal("ENG")),
    )
    (notice,) = notices
    assert notice.endswith("rdf:type, mofadocu:relatedCountry, mofapub:hasProfessor.")


def rendered(triples: Iterable[Triple]) -> str:
    """A page's text as the ministry's service lays it out."""
    shorter = {iri: prefix for prefix, iri in PREFIXES.items()}
    lines = [f"Title ( {SUBJECT} ) at Linked Data", "", "Property Value"]
    rows: dict[str, list[str]] = {}
    for triple in triples:
        iri = triple.predicate.value
        cut = max(iri.rfind("/"), iri.rfind("#")) + 1
        values = rows.setdefault(f"{shorter[iri[:cut]]}:{iri[cut:]}", [])
        if isinstance(triple.object, Literal):
            datatype = triple.object.datatype.value
            text = triple.object.value
            typed = f'"{text}"^^xsd:{datatype.removeprefix(XSD)}'
            values.append(text if datatype == XSD + "string" else typed)
    for name, values in rows.items():
        lines.append(name)
        lines.extend("  • " + value.replace("\n", "\n    ") for value in values)
    return "\n".join([*lines, "", "본 페이지는 온톨로지 데이터를 Linked Data로 발행한 것입니다."])


def record() -> list[Triple]:
    path = default_root() / "seed" / "mofapub" / "publication-14209.ttl"
    return [quad.triple for quad in parse(path=path)]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_whole_record_comes_back_from_its_page(line_end: str, codec: str) -> None:
    text = rendered(record()).replace("\n", line_end)
    triples, notices = read(text.encode(codec))
    assert set(triples) == {triple for triple in record() if triple.predicate != RDF_TYPE}
    assert notices[-1].endswith(": rdf:type.")


def test_the_page_of_the_ministry() -> None:
    path = Path(__file__).parents[2] / "data" / "publication-14209.txt"
    triples, notices = read(path.read_bytes())
    assert set(triples) == {triple for triple in record() if triple.predicate != RDF_TYPE}
    assert len(notices) == 1


def test_indentation_that_an_editor_stripped_from_blank_lines() -> None:
    triples, _ = read(f"{HEADING}bibo:abstract\n  • one\n\n\n    two\n\nrdfs:label\n  • title\n  •\n\nEnd.\n")
    assert set(triples) == about(
        SUBJECT,
        ("bibo:abstract", Literal("one\n\n\ntwo")),
        ("rdfs:label", Literal("title")),
        ("rdfs:label", Literal("")),
    )


@pytest.mark.parametrize(
    ("shown", "literal"),
    [
        ('"글"@ko', Literal("글", language="ko")),
        ('"2023"^^<http://example.org/type>', Literal("2023", datatype=NamedNode("http://example.org/type"))),
        ('"1"^^http://example.org/type', Literal("1", datatype=NamedNode("http://example.org/type"))),
        ('"say "yes""^^xsd:token', Literal('say "yes"', datatype=NamedNode(XSD + "token"))),
        ('"글"@en-a', Literal("글")),
        ('"quoted"', Literal('"quoted"')),
        ('"quoted" and more', Literal('"quoted" and more')),
        ("  indented \t and TAB ", Literal("  indented \t and TAB ")),
        ("• doubled", Literal("• doubled")),
        ("미·일․중・관계", Literal("미·일․중・관계")),
    ],
)
def test_values_of_every_form(shown: str, literal: Literal) -> None:
    triples, _ = read(f"{HEADING}rdfs:label\n  • {shown}\n")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), literal)]


def test_a_heading_in_angle_brackets_is_no_html() -> None:
    triples, _ = read(
        f"<요약> <Title> ( {SUBJECT} ) at Linked Data\nProperty\tValue\nrdfs:label\n  • <요약>\n"
    )
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("<요약>"))]


def test_inverse_rows_of_a_text_have_lost_their_links() -> None:
    triples, notices = read(f"{HEADING}rdfs:label\n  • a\nis mofadocu:relatedDoc of\n  • Korea\n")
    assert len(triples) == 1
    assert "is mofadocu:relatedDoc of" in notices[0]


@settings(deadline=None)
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")), max_size=4
    )
)
def test_any_text_comes_back(values: list[str]) -> None:
    plain = {value for value in values if '"' not in value}
    triples = [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal(value)) for value in plain]
    text = rendered([*triples, Triple(NamedNode(SUBJECT), named("dcterms:language"), Literal("KOR"))])
    found, _ = read(text)
    assert {triple.object for triple in found if triple.predicate == named("rdfs:label")} == set(
        map(Literal, plain)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{HEADING}rdfs:label\n  • a\nmofapubb:hasAuthor\n  • b\nfoo:bar\n",
            [(6, 1, "The prefix 'mofapubb' of mofapubb:hasAuthor is not known; did you mean 'mofapub'?"),
             (8, 1, "The prefix 'foo' of foo:bar is not known;")],
        ),
        (f'{HEADING}rdfs:label\n  • "1"^^xds:integer\n', [(5, 5, "The prefix 'xds' of xds:integer")]),
        (f"{HEADING}rdfs:label\n  • a\n  b\n", [(6, 1, "This line is neither a property, nor a value")]),
        (f"{HEADING}  • a\n", [(4, 1, "This line is neither a property, nor a value")]),
        (
            f"{HEADING}rdfs:label\n  • one\n\ntwo without indentation\nbibo:abstract\n  • three\n",
            [(7, 1, "This line is neither a property, nor a value")],
        ),
        ("Title ( no-iri ) at Linked Data\n\nProperty Value\n", [(1, 9, "The heading names no absolute")]),
        ("A letter\n\nDear all,\n", [(3, None, "This is not the text of a Linked Data page;")]),
        ("Title\n\nProperty Value\n", [(1, None, "This is not the text of a Linked Data page;")]),
        ("", [(1, None, "This is not the text of a Linked Data page;")]),
        (HEADING, [(4, None, "The page has no properties.")]),
    ],
)  # fmt: skip
def test_mistakes_in_a_text_are_told_with_their_place(
    text: str, expected: list[tuple[int, int | None, str]]
) -> None:
    found = errors(text)
    assert [(line, column) for line, column, _ in found] == [place[:2] for place in expected]
    for (_, _, detail), (_, _, start) in zip(found, expected, strict=True):
        assert detail.startswith(start)


# HTML.


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


def page(rows: str, head: str = "") -> str:
    return (
        f"<html><head>{head}</head><h1>T ( {SUBJECT} )</h1>"
        f"<table><tr><th>Property<th>Value</tr>{rows}</table></html>"
    )


@pytest.mark.parametrize("before", ["", "\ufeff\n", "<!-- saved -->", "<!DOCTYPE html>"])
def test_html_is_known_by_its_content_as_well(before: str) -> None:
    triples, _ = read(before + page("<tr><td>rdfs:label<td>a"), "saved-page")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("a"))]


@pytest.mark.parametrize(
    ("codec", "head", "notices"),
    [
        ("cp949", '<meta charset="euc-kr">', 0),
        ("cp949", '<meta http-equiv="Content-Type" content="text/html; charset=EUC-KR">', 0),
        ("cp949", "", 1),
        ("utf-8", '<meta charset="euc-kr">', 0),
        ("cp949", '<meta charset="no-such">', 1),
    ],
)
def test_the_encoding_of_a_page(codec: str, head: str, notices: int) -> None:
    triples, told = read(page("<tr><td>rdfs:label<td>한국의 외교 정책", head).encode(codec), "a.html")
    assert triples == [Triple(NamedNode(SUBJECT), named("rdfs:label"), Literal("한국의 외교 정책"))]
    assert len(told) == notices


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
def test_other_html_is_told_in_one_sentence(content: str, start: str) -> None:
    ((_, _, detail),) = errors(content, "a.html")
    assert detail.startswith(start)


def test_a_label_is_no_name_of_a_property() -> None:
    assert errors(page("<tr><td>제목<td>a"), "a.html") == [
        (1, None, "This is neither an IRI nor a name such as dcterms:title. Found: 제목")
    ]


def test_unknown_names_in_html_are_told_with_their_line() -> None:
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
    ("href", "target"),
    [
        ("/mofapub/hasAuthor", "http://opendata.mofa.go.kr/mofapub/hasAuthor"),
        ("https://opendata.mofa.go.kr/mofapub/x", "http://opendata.mofa.go.kr/mofapub/x"),
        ("/lod/view.do?uri=http%3A%2F%2Fexample.org%2Fa%3Fb%3D1%23c", "http://example.org/a?b=1#c"),
        ("/lod/view.do?uri=http://example.org/a#c", "http://example.org/a#c"),
        ("/lod/view.do?uri=nothing", "http://opendata.mofa.go.kr/lod/view.do?uri=nothing"),
        (
            "https://www.example.com/?uri=http://example.org/a",
            "https://www.example.com/?uri=http://example.org/a",
        ),
        ("http://example.org/한글 a", "http://example.org/한글%20a"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("#top", None),
        ("javascript:void(0)", None),
        ("", None),
        ("http://[broken", None),
    ],
)
def test_what_a_link_means(href: str, target: str | None) -> None:
    assert link_target(href, DATASET.base) == target


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


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for name in ("a.txt", "a.html"):
        try:
            read(content, name)
        except DataError:
            continue


TAGS = (
    "<table> <tr> <th>Property <th>Value <td> rdfs:label <ul><li> <a_href='/page/x'> <small>(ko)</small> "
    f'is_a_of <h1>(_{SUBJECT}_)</h1> 글 <br> "1"^^xsd:integer </td></tr> </table>'
).split()


@settings(deadline=None)
@given(st.lists(st.sampled_from([tag.replace("_", " ") for tag in TAGS]), max_size=30))
def test_any_order_of_tags_is_read_or_refused(pieces: list[str]) -> None:
    try:
        triples, _ = read("<html>" + "".join(pieces), "a.html")
    except DataError:
        return
    assert not any(isinstance(triple.object, BlankNode) for triple in triples)
