"""SPARQL as HTML: nothing of the text is lost or becomes markup, and bound values are marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped]
from pyoxigraph import Literal, NamedNode

from endpoint.sparql.parameters import Span, Value, bind, bind_marked
from endpoint.web.api.markup import highlight

QUERY = """# a comment <b>
PREFIX ex: <http://example.org/>
SELECT ?name { ?s ex:name ?name ; ex:size 12.5 . FILTER(?name = "a\\"<b>"@ko) }"""


def text_of(markup: str) -> str:
    return str(html.fromstring(f"<pre>{markup}</pre>").text_content())


def elements(markup: str) -> list[tuple[str, str]]:
    found = html.fromstring(f"<pre>{markup}</pre>").iterdescendants()
    return [(element.get("class") or element.tag, element.text_content()) for element in found]


def test_kinds_of_tokens_are_told_apart() -> None:
    found = elements(highlight(QUERY))
    assert found[:4] == [
        ("comment", "# a comment <b>"),
        ("keyword", "PREFIX"),
        ("name", "ex:"),
        ("iri", "<http://example.org/>"),
    ]
    assert ("variable", "?name") in found
    assert ("number", "12.5") in found
    assert ("string", '"a\\"<b>"') in found
    assert text_of(highlight(QUERY)) == QUERY


# What XML cannot hold, lxml does not read; the page sends it as it is.
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"))
NEARLY_SPARQL = st.lists(
    st.sampled_from(
        ["<", ">", "&", "'", '"', "<b>", "#", "\n", "?x", "<http://e/>", "'''", "\\", "@ko", " ", "{"]
    )
).map("".join)


@given(ANY_TEXT | NEARLY_SPARQL, st.lists(st.integers(0, 40), max_size=6, unique=True).map(sorted))
def test_every_character_stands_once_and_is_no_markup(text: str, cuts: list[int]) -> None:
    spans = [Span(start, end) for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    markup = highlight(text, [span for span in spans if span.end <= len(text)])
    tree = html.fromstring(f"<pre>.{markup}</pre>")
    assert tree.text_content() == f".{text}"
    assert {element.tag for element in tree.iterdescendants()} <= {"span", "mark"}
    assert {name for element in tree.iterdescendants() for name in element.attrib} <= {"class"}


BOUND: list[tuple[str, dict[str, Value], list[str]]] = [
    ("SELECT ?s { ?s ?p ?_a }", {"_a": Literal("x")}, ['"x"']),
    ("SELECT ?s { ?s ?p ?_a . ?_a ?q 1 }", {"_a": NamedNode("urn:x")}, ["<urn:x>", "<urn:x>"]),
    ("SELECT ?s { ?s ?p ?o } LIMIT ?_n", {"_n": Literal("5")}, ["5"]),
    ("SELECT ?s { ?s ?p ?o } LIMIT ?_n", {"_n": ()}, []),
    ("SELECT ?_a { ?s ?p ?_a }", {"_a": Literal("x")}, ['("x" AS ?_a)', '"x"']),
    ("SELECT ?s { VALUES ?_a {} ?s ?p ?_a }", {"_a": (Literal("x"), Literal("y"))}, ['"x" "y"']),
    ("SELECT ?s { ?s ?p 1 }", {"_a": Literal("x")}, []),
]


@pytest.mark.parametrize(("text", "values", "marked"), BOUND)
def test_bound_values_are_marked(text: str, values: dict[str, Value], marked: list[str]) -> None:
    bound, spans = bind_marked(text, values)
    assert bound == bind(text, values)
    assert [bound[span.start : span.end] for span in spans] == marked
    shown = html.fromstring(f"<pre>{highlight(bound, spans)}</pre>")
    assert [element.text_content() for element in shown.iterfind(".//mark")] == marked


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_bound_text_is_the_one_that_is_marked(value: str) -> None:
    bound, (span,) = bind_marked("SELECT ?s { ?s ?p ?_a }", {"_a": Literal(value)})
    assert bound[span.start : span.end] == str(Literal(value))
    assert text_of(highlight(bound, [span])) == bound
