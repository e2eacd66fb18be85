from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.sparql import lexer
from endpoint.sparql.lexer import Kind, lex, position_of, scan

# text, and its tokens: a sign as it is, anything else after its kind
CASES = {
    "IRIs": (
        "<> <a> <http://한.kr/가#x> <\\u0041\\U0001F600>",
        "IRIREF <> IRIREF <a> IRIREF <http://한.kr/가#x> IRIREF <\\u0041\\U0001F600>",
    ),
    "no IRI": ("<a b>", "< WORD a WORD b >"),
    "variables": ("?x $y ?_가1 ?1", "VAR ?x VAR $y VAR ?_가1 VAR ?1"),
    "names": (
        "ex:a : :b e-x.1:c.d ex:%20\\-\\'",
        "PNAME ex:a PNAME : PNAME :b PNAME e-x.1:c.d PNAME ex:%20\\-\\'",
    ),
    "name before a full stop": ("ex:a. ex:b.", "PNAME ex:a . PNAME ex:b ."),
    "words with dots": ("true.false", "WORD true . WORD false"),
    "numbers": (
        "1 1.5 .5 1. 1e5 1.e-5",
        "NUMBER 1 NUMBER 1.5 NUMBER .5 NUMBER 1 . NUMBER 1e5 NUMBER 1.e-5",
    ),
    "glued number": ("10OFFSET", "NUMBER 10 WORD OFFSET"),
    "short strings": ("'a' \"b\" '' 'it\\'s'", "STRING 'a' STRING \"b\" STRING '' STRING 'it\\'s'"),
    "long strings": ("'''a'b''c''' \"\"\"\n\"\"\"", "STRING '''a'b''c''' STRING \"\"\"\n\"\"\""),
    "language tags": ("'a'@en-US--ltr", "STRING 'a' LANGTAG @en-US--ltr"),
    "datatype": ("'1'^^ex:i", "STRING '1' ^^ PNAME ex:i"),
    "blank nodes": ("_:a.b. _:1", "BLANK _:a.b . BLANK _:1"),
    "comments": ("a # ?x 'b\n<c#d> #", "WORD a IRIREF <c#d>"),
    "a comment at the end": ("a # b c", "WORD a"),
    "signs": (
        "&&||!= <= >= ^{||}~",
        "&& || != <= >= ^ {| |} ~",
    ),
    "comparison": (
        "FILTER(?a<?b&&?c>?d)",
        "WORD FILTER ( VAR ?a < VAR ?b && VAR ?c > VAR ?d )",
    ),
    "comparison with an IRI": (
        "FILTER(?a<<b>)",
        "WORD FILTER ( VAR ?a < IRIREF <b> )",
    ),
    "comparison in a call": (
        "FILTER ex:f(?a<'>')",
        "WORD FILTER PNAME ex:f ( VAR ?a < STRING '>' )",
    ),
    "comparison in SELECT": (
        "SELECT (?a<=?b AS ?c)",
        "WORD SELECT ( VAR ?a <= VAR ?b WORD AS VAR ?c )",
    ),
    "IRI in a triple": ("?s<p>?o", "VAR ?s IRIREF <p> VAR ?o"),
    "IRI in a list": ("?s a (?x <#y>)", "VAR ?s WORD a ( VAR ?x IRIREF <#y> )"),
    "IRI in VALUES": (
        "VALUES (?a ?b) {(1 <#x>)}",
        "WORD VALUES ( VAR ?a VAR ?b ) { ( NUMBER 1 IRIREF <#x> ) }",
    ),
    "triple term": (
        "BIND(<<( ?s <p> ?o )>> AS ?t)",
        "WORD BIND ( << ( VAR ?s IRIREF <p> VAR ?o ) >> WORD AS VAR ?t )",
    ),
    "unclosed short string": ("'abc\n'd'", "UNCLOSED 'abc STRING 'd'"),
    "unclosed long string": ("a '''b\nc", "WORD a UNCLOSED '''b\nc"),
    "unknown escape": ("'a\\qb'", "UNCLOSED 'a INVALID \\ WORD qb UNCLOSED '"),
    "escaped surrogate": ("'\\uD800'", "UNCLOSED ' INVALID \\ WORD uD800 UNCLOSED '"),
    "invalid characters": (
        "“ \x00 \xa0 & % \ud800",
        "INVALID “ INVALID \x00 INVALID \xa0 INVALID & INVALID % INVALID \ud800",
    ),
    "nothing": (" \t\r\n# a", ""),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_tokens(text: str, expected: str) -> None:
    shown = [
        token.text if token.kind is Kind.PUNCTUATION else f"{token.kind.name} {token.text}"
        for token in lex(text).tokens
    ]
    assert " ".join(shown) == expected


@given(st.text(alphabet=st.sampled_from("aA?$<>{}()[]'\"\\u0 \n#.:;,_-@^=&|!1%/é한“\ud800")) | st.text())
def test_tokens_cover_all_but_blanks_and_comments(text: str) -> None:
    end = 0
    for token in lex(text).tokens:
        assert text[token.start : token.end] == token.text
        between = text[end : token.start]
        assert not between.strip(" \t\r\n") or between.lstrip(" \t\r\n").startswith("#")
        end = token.end
    rest = text[end:].strip(" \t\r\n")
    assert not rest or rest.startswith("#")


@pytest.mark.parametrize(
    "text",
    [
        "(" * 30_000,
        "()" * 30_000,
        "<" * 100_000,
        "<a" * 50_000,
        "'" * 100_001,
        "'''" + "\\'''b'" * 20_000,
        '"""' + 'a""' * 30_000,
        "\\'" * 50_000,
        "a." * 50_000,
        "a" + "." * 100_000,
        "ex:" + "." * 100_000,
        "ex:" + ".%2" * 30_000,
        "(?a<" * 30_000,
        "#" * 100_000,
        "1e" * 50_000,
        "@a-" * 30_000,
        " " * 100_000,
    ],
    ids=lambda text: f"{text[:6]} {len(text)}",
)
def test_hostile_texts_are_lexed(text: str) -> None:
    assert sum(len(token.text) for token in lex(text).tokens) <= len(text)


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("SELECT * { ?s <http://a#b> ?o FILTER(?o < <http://a#b>) }", False),
        ("FILTER(?a<?b)", False),
        ("FILTER(?a<'>')", True),
        ("FILTER(?a<?b)SERVICE#>", True),
        ("FILTER(?a<<urn:b>)", True),
        ("?s ?p <urn:it's>", False),
        ("'''a", True),
    ],
)
def test_doubtful_is_what_could_hide_a_keyword(text: str, doubtful: bool) -> None:
    assert lex(text).doubtful is doubtful


def test_scan_begins_anywhere() -> None:
    text = "SERVICESILENT<a>"
    assert [token.text for token in scan(text, 7)] == ["SILENT", "<a>"]


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("abc", 0, (1, 1)),
        ("abc", 3, (1, 4)),
        ("a\nb", 2, (2, 1)),
        ("a\r\nb", 3, (2, 1)),
        ("a\rb", 2, (2, 1)),
        ("한글 😀x", 4, (1, 5)),
        ("\n\n\n", 3, (4, 1)),
    ],
)
def test_position(text: str, offset: int, expected: tuple[int, int]) -> None:
    assert position_of(text, offset) == expected


def test_every_kind_is_named_by_its_group() -> None:
    texts = {"<a>", "?a", "a:b", "a", ".", "'a'", "1", "@a", "_:a", "'a", "%"}
    assert {lex(text).tokens[0].kind for text in texts} == set(Kind)


@pytest.mark.parametrize("members", [lexer._BASE, lexer._WORD, lexer._NAME, lexer._NAME + ":", "a-cx"])
def test_a_class_of_all_but_the_others_has_the_same_characters(members: str) -> None:
    plain, ours = re.compile(f"[{members}]"), re.compile(lexer._one_of(members))
    ends = {ord(end) + step for end in members for step in (-1, 0, 1)}
    assert {end for end in ends if plain.match(chr(end))} == {end for end in ends if ours.match(chr(end))}
