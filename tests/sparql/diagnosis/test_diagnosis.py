from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Store

from endpoint.errors import MalformedQuery
from endpoint.sparql.diagnosis import explain, malformed
from tests.properties import examples


def diagnose(text: str, update: bool = False) -> MalformedQuery:
    """Return the explanation of ``text`` with the engine's own message."""
    store = Store()
    with pytest.raises(SyntaxError) as caught:
        store.update(text) if update else store.query(text)
    return explain(text, str(caught.value))


Case = tuple[str, int, int, str, str]

# Under the name of each mistake: text, line, column, sentence, hint.
DATA: dict[str, dict[str, Case]] = json.loads(
    (Path(__file__).parents[2] / "data" / "mistakes.json").read_text("utf-8")
)
MISTAKES = DATA["queries"]
UPDATES = DATA["updates"]


def check(error: MalformedQuery, line: int, column: int, sentence: str, hint: str) -> None:
    assert (error.line, error.column) == (line, column)
    first, *rest = error.detail.split("\n")
    assert first == f"Line {line}, column {column}: {sentence}"
    assert (rest[-1] if hint else "") == hint


@pytest.mark.parametrize(("text", "line", "column", "sentence", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_queries(text: str, line: int, column: int, sentence: str, hint: str) -> None:
    check(diagnose(text), line, column, sentence, hint)


@pytest.mark.parametrize(("text", "line", "column", "sentence", "hint"), UPDATES.values(), ids=UPDATES)
def test_mistakes_in_updates(text: str, line: int, column: int, sentence: str, hint: str) -> None:
    check(diagnose(text, update=True), line, column, sentence, hint)


def test_the_whole_message() -> None:
    assert diagnose("SELECT *\n\nWHER { ?s ?p ?o }").detail == (
        'Line 3, column 1: "WHER" is not expected here.\n\n    WHER { ?s ?p ?o }\n    ^\nDid you mean WHERE?'
    )


@pytest.mark.parametrize(
    ("text", "offset", "shown", "gap"),
    [
        ("ab", 0, "ab", 0),
        ("ab", 2, "ab", 2),
        ("x\r\nabc\r\ny", 4, "abc", 1),
        ("x\nabc\ry", 3, "abc", 1),
        ("한글 abc", 3, "한글 abc", 5),
        ("｛x", 1, "｛x", 2),
        ("😀x", 1, "😀x", 2),
        ("e\u0301x", 2, "e\u0301x", 1),
        ("a\x00\x1b\u202e\ud800b", 5, "a\ufffd\ufffd\ufffd\ufffdb", 5),
        ("a" * 200, 0, "a" * 110 + "…", 0),
        ("a" * 200, 199, "…" + "a" * 110, 110),
        ("a" * 100 + "b" + "a" * 200, 100, "…" + "a" * 70 + "b" + "a" * 39 + "…", 71),
    ],
)
def test_excerpt(text: str, offset: int, shown: str, gap: int) -> None:
    lines = malformed(text, offset, "Wrong.").detail.split("\n")
    assert lines[2:] == [f"    {shown}", "    " + " " * gap + "^"]


def test_tabs_stay_aligned() -> None:
    lines = malformed("\ta\tb", 3, "Wrong.").detail.split("\n")
    assert lines[2:] == ["    \ta\tb", "    \t \t^"]


def test_a_message_is_short_whatever_the_query_holds() -> None:
    error = diagnose("SELECT * { ?s ?p " + "x" * 20_000 + " }")
    assert error.column == 18
    assert len(error.detail) < 1_000


def test_prefixes_that_the_engine_knows_are_not_reported() -> None:
    text = "SELECT * { ?s mofa:a ?o . ?s abc:b ?o }"
    error = explain(text, "error at 1:99: expected OPTIONAL", {"mofa": "http://m/"})
    assert error.detail.startswith("Line 1, column 30: The prefix abc: is not declared.")
    error = explain(
        "SELECT * { ?s mofa:a ?o BIND(1 AS ?o) }", "error at 1:40: expected [_]", {"mofa": "http://m/"}
    )
    assert "?o already has a value" in error.detail


def test_a_known_prefix_is_proposed() -> None:
    text = "SELECT * { ?s mofa:a ?o }"
    error = explain(text, "error at 1:21: expected one of Prefix not found", {"mofa": "http://m/"})
    assert error.detail.endswith("Add PREFIX mofa: <http://m/> at the beginning.")


def test_the_engine_names_the_prefix_among_several() -> None:
    text = "SELECT * { ?s one:a ?o . ?s two:b ?o }"
    error = explain(text, "error at 1:34: expected one of Prefix not found, ['%']")
    assert error.column == 29


@pytest.mark.parametrize(
    ("message", "line", "column", "words"),
    [
        ("error at 1:18: expected FILTER", 1, 12, 'not valid SPARQL at or soon after "?s"'),
        (
            "error at 1:18: expected one of The moon is made of cheese, ['a']",
            1,
            18,
            "The moon is made of cheese.",
        ),
        ("error at 99:99: expected [_]", 1, 22, "not valid SPARQL here."),
        ("error at 999999999999:1: expected [_]", 1, 1, "not valid SPARQL."),
        ("something else", 1, 1, "not valid SPARQL."),
        ("", 1, 1, "not valid SPARQL."),
    ],
)
def test_what_only_the_engine_knows(message: str, line: int, column: int, words: str) -> None:
    error = explain("SELECT * { ?s ?p ?o }", message)
    assert (error.line, error.column) == (line, column)
    assert words in error.detail


def test_a_very_long_text_is_not_examined() -> None:
    text = "SELECT * {" + " ?s ?p ?o ." * 20_000 + "\n ( ("
    error = explain(text, "error at 2:4: expected OPTIONAL")
    assert error.line == 1
    assert "not valid SPARQL" in error.detail


ANY = st.text() | st.text(alphabet="SELECT*WHERE{}()<>?$:'\"\\ \n\r\t#.,;@^|%aé한？“\ud800\x00")
MESSAGES = st.text() | st.builds(
    "error at {}:{}: expected one of {}".format,
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.sampled_from(["OPTIONAL", "[_]", "Prefix not found", "IRI parsing failed", '"}"', "The SELECT x"]),
)


@given(st.sampled_from(["", "SELECT * { ", "PREFIX a: <b:c> ASK {", "DELETE {"]), ANY, MESSAGES)
def test_explain_never_raises(start: str, text: str, message: str) -> None:
    error = explain(start + text, message)
    assert error.line is not None and error.line >= 1
    assert error.column is not None and error.column >= 1
    assert error.detail.startswith(f"Line {error.line}, column {error.column}: ")
    assert all(unicodedata.category(character) != "Cs" for character in error.detail)


@settings(max_examples=examples(300))
@given(
    st.lists(st.sampled_from([text for text, *_ in MISTAKES.values()]).map(str.split), min_size=1, max_size=2)
)
def test_shuffled_mistakes_are_explained(parts: list[list[str]]) -> None:
    text = " ".join(word for part in parts for word in part[::2])
    try:
        Store().query(text)
    except SyntaxError as error:
        assert explain(text, str(error)).detail.startswith("Line ")
