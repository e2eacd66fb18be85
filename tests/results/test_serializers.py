"""The formats that no engine has, and the guard of those that it has."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.formats import FLAT_JSON, HTML, Facts, Links, Representation
from endpoint.formats.table import FORMATS
from endpoint.results.rows import Inexpressible, Term, native
from endpoint.results.serializers import XmlGuard, write_results
from endpoint.results.tabular import HTML_ROWS, html_term

ENVELOPE = replace(Representation.of(FLAT_JSON), envelope=True)
XSD = "http://www.w3.org/2001/XMLSchema#"


class Sink(io.BytesIO):
    """A writer that counts, as a worker's does."""

    written = rows = 0
    facts: Facts | None = None

    def count(self, rows: int) -> None:
        self.rows += rows

    def write_facts(self, facts: Facts) -> None:
        self.facts = facts

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self.written += len(data)
        return super().write(data)


def written(
    query: str,
    wanted: str | Representation,
    prefixes: dict[str, str] | None = None,
    store: Store | None = None,
) -> bytes:
    sink = Sink()
    asked = store or Store()
    representation = wanted if isinstance(wanted, Representation) else Representation.of(FORMATS[wanted])
    write_results(asked.query(query), representation, sink, prefixes or {}, asked)
    return sink.getvalue()


def typed(text: str, name: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + name))


NATIVE: list[tuple[Term | None, object]] = [
    (None, None),
    (NamedNode("urn:a"), "urn:a"),
    (Literal("12"), "12"),
    (Literal("한국", language="ko"), "한국"),
    (typed("12", "integer"), 12),
    (typed("-3", "int"), -3),
    (typed("9007199254740993", "integer"), "9007199254740993"),
    (typed("1.50", "decimal"), 1.5),
    (typed("1e3", "double"), 1000.0),
    (typed("123456789012345678901.123456789", "decimal"), "123456789012345678901.123456789"),
    (typed("INF", "double"), "INF"),
    (typed("NaN", "double"), "NaN"),
    (typed("x", "integer"), "x"),
    (typed("true", "boolean"), True),
    (typed("0", "boolean"), False),
    (typed("maybe", "boolean"), "maybe"),
    (typed("2023-05-22", "date"), "2023-05-22"),
]


@pytest.mark.parametrize(("term", "expected"), NATIVE)
def test_native_values(term: Term | None, expected: object) -> None:
    found = native(term)
    assert found == expected
    assert type(found) is type(expected)


def test_flat_json_of_solutions() -> None:
    query = 'SELECT ?a ?b { VALUES (?a ?b) { (1 "x\\"y") (UNDEF "한"@ko) } }'
    assert json.loads(written(query, "flat-json")) == {
        "columns": ["a", "b"],
        "rows": [{"a": 1, "b": 'x"y'}, {"a": None, "b": "한"}],
    }


def test_flat_json_of_nothing_and_of_booleans_and_graphs() -> None:
    nothing = json.loads(written("SELECT ?a { FILTER(false) BIND(1 AS ?a) }", "flat-json"))
    assert nothing == {"columns": ["a"], "rows": []}
    assert json.loads(written("ASK {}", "flat-json")) == {"boolean": True}
    graph = json.loads(written("CONSTRUCT { <urn:s> <urn:p> 1 } {}", "flat-json"))
    assert graph["rows"] == [{"subject": "urn:s", "predicate": "urn:p", "object": 1}]


def test_flat_json_keeps_languages_on_request_and_leaves_its_brace_to_an_envelope() -> None:
    query = 'SELECT ?a ?b { VALUES (?a ?b) { (1 "한"@ko) (UNDEF "x") } }'
    told = json.loads(written(query, Representation.of(FLAT_JSON, language_tags=True)))
    assert told["rows"] == [{"a": 1, "b": {"value": "한", "language": "ko"}}, {"a": None, "b": "x"}]
    inside = written(query, ENVELOPE)
    assert json.loads(b"{" + inside)["columns"] == ["a", "b"]
    assert json.loads(b"{" + written("ASK {}", ENVELOPE)) == {"boolean": True}


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(allow_nan=False, allow_infinity=False))
def test_json_lines_are_read_as_what_was_written(text: str, number: float) -> None:
    store = Store()
    store.add(Quad(NamedNode("urn:s"), NamedNode("urn:p"), Literal(text), NamedNode("urn:g")))
    store.add(Quad(NamedNode("urn:s"), NamedNode("urn:q"), Literal(number), NamedNode("urn:g")))
    query = "SELECT ?t ?n ?x { GRAPH ?g { ?s <urn:p> ?t ; <urn:q> ?n } }"
    (line,) = written(query, "ndjson", store=store).decode().removesuffix("\n").split("\n")
    assert json.loads(line) == {"t": text, "n": number, "x": None}


MARKDOWN = [
    ('"a|b"', "a\\|b"),
    ('"<b>&"', "&lt;b&gt;&amp;"),
    ('"a\\nb"', "a b"),
    ('"*a* _b_ `c` [d](e) ~f~ \\\\"', "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\~f\\~ \\\\"),
    ("<http://a/b_c>", "<http://a/b_c>"),
    ("<javascript:x>", "javascript:x"),
    ("UNDEF", ""),
]


@pytest.mark.parametrize(("term", "cell"), MARKDOWN)
def test_a_cell_of_a_markdown_table(term: str, cell: str) -> None:
    query = f"SELECT ?a_b ?x {{ VALUES (?a_b ?x) {{ ({term} 1) }} }}"
    assert written(query, "markdown").decode().splitlines() == [
        "| a\\_b | x |",
        "|---|---|",
        f"| {cell} | 1 |",
    ]


def test_html_escapes_everything() -> None:
    page = written('SELECT ("<script>" AS ?x) (<urn:a&b> AS ?y) {}', "html").decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "urn:a&amp;b" in page


def test_only_web_addresses_become_links() -> None:
    assert html_term(NamedNode("javascript:alert(1)"), {}) == "javascript:alert(1)"
    assert html_term(NamedNode("http://a/'"), {}) == (
        '<a href="http://a/&#x27;" title="http://a/&#x27;">http://a/&#x27;</a>'
    )


def test_terms_of_a_vocabulary_are_shown_as_prefixed_names() -> None:
    prefixes = {"ex": "http://a/"}
    assert html_term(NamedNode("http://a/b"), prefixes) == '<a href="http://a/b" title="http://a/b">ex:b</a>'
    assert ">http://a/b/1<" in html_term(NamedNode("http://a/b/1"), prefixes)


def test_html_shows_language_and_datatype() -> None:
    assert "@ko" in html_term(Literal("한", language="ko"), {})
    assert "xsd:integer" in html_term(typed("1", "integer"), {"xsd": XSD})
    assert html_term(None, {}) == ""


@pytest.mark.parametrize(
    ("rows", "said"),
    [(1, "1 row<"), (2, "2 rows"), (HTML_ROWS, "1,000 rows"), (HTML_ROWS + 1, "The first 1,000")],
)
def test_html_says_how_many_rows(rows: int, said: str) -> None:
    values = " ".join(map(str, range(rows)))
    page = written(f"SELECT ?x {{ VALUES ?x {{ {values} }} }}", "html").decode()
    assert said in page
    assert page.count("<tr>") == min(rows, HTML_ROWS) + 1


@pytest.mark.parametrize("format_name", ["turtle", "n-triples", "trig", "n-quads"])
def test_an_empty_graph_is_one_comment_line(format_name: str) -> None:
    body = written("CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }", format_name, {"a": "urn:a#"})
    assert body.endswith(b"\n")
    assert [line[:1] for line in body.splitlines() if not line.startswith(b"@prefix")] == [b"#"]


def test_turtle_has_the_prefixes() -> None:
    body = written("CONSTRUCT { <urn:a#s> <urn:a#p> 1 } {}", "turtle", {"a": "urn:a#"}).decode()
    assert "@prefix a: <urn:a#>" in body
    assert "a:s a:p 1" in body


@pytest.mark.parametrize("escape", ["\\u0001", "\\u000B", "\\uFFFE", "\\uFFFF"])
def test_what_is_no_xml_is_not_sent_as_xml(escape: str) -> None:
    query = f'SELECT ("a{escape}b" AS ?x) {{}}'
    code = escape[2:]
    with pytest.raises(Inexpressible, match=f"U\\+{code}"):
        written(query, "sparql-xml")
    with pytest.raises(Inexpressible, match=f"U\\+{code}"):
        written(f'CONSTRUCT {{ <urn:s> <urn:p> "a{escape}b" }} {{}}', "rdf-xml")
    assert json.loads(written(query, "sparql-json"))["results"]["bindings"]


def test_a_predicate_without_an_xml_name_is_not_sent_as_xml() -> None:
    with pytest.raises(Inexpressible, match="predicate"):
        written("CONSTRUCT { <urn:s> <http://a/1> 1 } {}", "rdf-xml")


def test_legal_characters_pass_the_guard() -> None:
    body = written('SELECT ("tab\\tline\\n한 \\U0001F600 \\uFFFD" AS ?x) {}', "sparql-xml")
    assert "😀" in "".join(ElementTree.fromstring(body).itertext())  # noqa: S314 (our own output)


def test_the_guard_sees_what_stands_across_two_pieces() -> None:
    guard = XmlGuard(Sink())
    guard.write(b"<a/><oxpre")
    with pytest.raises(Inexpressible):
        guard.write(b'fix: xmlns="x">')


CATALOGUE = """
INSERT DATA {
  GRAPH <urn:stated> { <urn:x:1> <urn:next> <urn:x:2> . <urn:x:2> <urn:next> <urn:x:1> , <urn:x:3> }
  GRAPH <urn:derived> {
    <urn:x:1> a <http://purl.org/ontology/bibo/Report> ; <http://purl.org/dc/terms/title> "First" .
    <urn:x:2> a <http://purl.org/ontology/bibo/Book> ; <http://purl.org/dc/terms/title> "Second" .
  }
}
"""


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("SELECT ?a ?b FROM <urn:stated> { ?a <urn:next> ?b } ORDER BY DESC(?a) ?b", ["Second", "First"]),
        ("SELECT ?b FROM <urn:stated> { <urn:x:1> <urn:next> ?b }", ["Second"]),
        ("SELECT ?c (1 AS ?n) { OPTIONAL { ?c <urn:none> ?d } }", []),
        ("CONSTRUCT { <urn:x:1> <urn:p> <urn:x:2> } {}", ["First"]),
        ("DESCRIBE <urn:x:2> FROM <urn:stated>", ["Second"]),
        ("ASK {}", []),
    ],
)
def test_the_publications_of_a_result(query: str, titles: list[str]) -> None:
    store = Store()
    store.update(CATALOGUE)
    items = json.loads(written(query, "csl-json", store=store))
    assert [item["title"] for item in items] == titles
    assert written(query, "bibtex", store=store).count(b"@") == len(titles)
    assert written(query, "ris", store=store).count(b"ER  - ") == len(titles)


HERE = Links("http://e/", "/mount", "ko")
LINKED = [
    (
        NamedNode("http://e/resource/P/1"),
        '<a href="/mount/resource/P/1" title="http://e/resource/P/1">e:resource/P/1</a>',
    ),
    (NamedNode("http://e/한국"), '<a href="/mount/%ED%95%9C%EA%B5%AD" title="http://e/한국">e:한국</a>'),
    (
        NamedNode('http://e/a"b'.replace('"', "'")),
        '<a href="/mount/a&#x27;b" title="http://e/a&#x27;b">e:a&#x27;b</a>',
    ),
    (NamedNode("http://other/1"), '<a href="http://other/1" title="http://other/1">http://other/1</a>'),
    (NamedNode("javascript:alert(1)"), "javascript:alert(1)"),
    (
        typed("https://x/?a=1&b=2", "anyURI"),
        '<a href="https://x/?a=1&amp;b=2" title="https://x/?a=1&amp;b=2">https://x/?a=1&amp;b=2</a>',
    ),
    (typed("javascript:alert(1)", "anyURI"), "<span>javascript:alert(1)</span> <small>xsd:anyURI</small>"),
]


@pytest.mark.parametrize(("term", "expected"), LINKED, ids=str)
def test_a_resource_is_linked_to_its_page_on_this_server(term: Term, expected: str) -> None:
    assert html_term(term, {"e": "http://e/", "xsd": XSD}, HERE) == expected


def test_a_korean_reader_is_told_the_number_of_rows_in_korean() -> None:
    linked = replace(Representation.of(HTML), links=HERE)
    assert "2행" in written("SELECT * { VALUES ?n { 1 2 } }", linked).decode()
