"""Searches in texts against the engine, which is asked for none of them."""

from __future__ import annotations

from collections import Counter

import pytest
from pyoxigraph import BlankNode, Literal, NamedNode, Quad, QuerySolutions, Store

from endpoint.columns.evaluation import ColumnQueries, Unsupported
from endpoint.columns.evaluation.scalars import computed
from endpoint.columns.evaluation.searching import searched as search
from endpoint.engine.scratch import evaluate_alone
from endpoint.sparql.remembered import Remembered
from tests.columns.differential.by_columns import written
from tests.columns.every_kind import NS, XSD
from tests.columns.test_columns import made

P = NamedNode(f"{NS}p")
TEXTS = (
    *(
        "",
        "a",
        "Seoul",
        "SEOUL",
        "seoul and Busan",
        "외교",
        "외교 정책",
        "日本",
        "😀 a",
        "ÖSTERREICH",
        "österreich",
    ),
    *(
        "\u212aorea",
        "korea",
        "İstanbul",
        "i\u0307",
        "ſtraße",
        "STRASSE",
        "ΑΣ ΣΑ",
        "ας σα",
        "ﬁn",
        "ЫЬ ыь",
        "ÿŸ",
    ),
    *(
        "line\nbreak",
        "tab\there",
        'a "quoted" n',
        "back\\slash",
        "\\n",
        "\x01\x7f",
        "u0001",
        "\r",
        "ends with \n",
        "ends\\",
        "😀\\",
    ),
    *(f"{'About politics. ' * 60}{word} and others." for word in ("Seoul", "KOREA", "\u212aorea", "ſtate")),
    *("'", "e\u0301", "é", "긴 글 " * 400 + "끝", 'two\nlines, "three" \\ ' * 100),
)
WANTED = (
    *(
        "",
        "a",
        "k",
        "K",
        "s",
        "ss",
        "SS",
        "i",
        "i\u0307",
        "n",
        "t",
        "nb",
        "\n",
        "\t",
        "\\",
        "\\n",
        '"',
        '" n',
        "u0001",
    ),
    *(
        "\x01",
        "x01",
        "외교",
        "교 정",
        "끝",
        "😀",
        "日",
        "ö",
        "Ö",
        "öst",
        "σ",
        "ς",
        "fi",
        "FI",
        "ы",
        "Ы",
        "é",
        "ÿ",
        "seoul",
    ),
    *(
        "Seoul",
        "e",
        ", ",
        "r",
        "b",
        "absent",
        "politics",
        "korea",
        "Korea and",
        "state and others",
        "\n\n\n\n",
    ),
)
OTHERS = (
    *(BlankNode("b"), NamedNode(f"{NS}Seoul/n"), Literal(7), Literal("seoul", language="en"), Literal(True)),
    *(
        Literal("Seoul", datatype=NamedNode(f"{NS}type")),
        Literal("2020-01-01", datatype=NamedNode(f"{XSD}date")),
    ),
)
PATTERNS = (
    *(
        "Seoul",
        "(Seoul|외교) ?정?",
        "(Seoul|Busan)",
        "seoul|k|ss",
        "back\\\\\\\\s",
        "n b|eb",
        "\\\\.",
        "a.*and",
        "외교.+책$",
        "^Seoul",
    ),
    *(
        "(?i)seoul",
        "nothing[",
        "[sS]eoul",
        "quot(ed|e)",
        "(a|b|c|d|e){2}",
        "n$",
        "\\\\p{Lu}EOUL",
        "(ſ|k)",
        "lines?, ",
        "(Seoul|korea) and",
        "politics.*state",
        "",
    ),
)


@pytest.fixture(scope="module")
def store() -> Store:
    store = Store()
    store.extend(Quad(NamedNode(f"{NS}s{place}"), P, Literal(text)) for place, text in enumerate(TEXTS))
    store.extend(Quad(NamedNode(f"{NS}o"), P, other) for other in OTHERS)
    return store


@pytest.fixture(scope="module")
def queries(store: Store, tmp_path_factory: pytest.TempPathFactory) -> ColumnQueries:
    columns = made(store, tmp_path_factory.mktemp("searching") / "columns")
    return ColumnQueries(columns, {}, 2**20, evaluate_alone)


@pytest.fixture(params=["joined", "apart"])
def searched_texts(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts are searched joined, and each for itself where its signature does not exclude it."""
    if request.param == "apart":
        monkeypatch.setattr(f"{search.__module__}.LARGEST", 0)


@pytest.fixture
def alone(queries: ColumnQueries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of terms is computed by the engine, and what is left to it is not remembered."""
    monkeypatch.setattr(queries, "_plans", Remembered(0))
    monkeypatch.setattr(f"{computed.__module__}._MOST", 0)
    monkeypatch.setattr(f"{computed.__module__}._SHARED", 10**9)


def truths(found: object) -> Counter[str]:
    assert isinstance(found, QuerySolutions)
    return Counter(str(row["o"]) for row in found)


def same(queries: ColumnQueries, store: Store, condition: str) -> None:
    """Compare where a condition holds, and where it does not."""
    for each in (condition, f"!{condition}"):
        text = f"SELECT ?o {{ ?s <{P.value}> ?o FILTER({each}) }}"
        assert truths(written(queries.answer(text))) == truths(store.query(text)), text


@pytest.mark.usefixtures("alone", "searched_texts")
@pytest.mark.parametrize("function", ["CONTAINS", "STRSTARTS", "STRENDS"])
@pytest.mark.parametrize("searched", ["?o", "STR(?o)", "LCASE(?o)", "LCASE(STR(?o))", "UCASE(STR(?o))"])
def test_a_text_is_found_as_the_engine_finds_it(
    queries: ColumnQueries, store: Store, searched: str, function: str
) -> None:
    left = []
    for wanted in WANTED:
        try:
            same(queries, store, f"{function}({searched}, {Literal(wanted)})")
        except Unsupported:
            left.append(wanted)
    assert left == ([] if "CASE" not in searched else ["i\u0307", "σ", "ς"])


@pytest.mark.usefixtures("alone", "searched_texts")
def test_a_variable_that_is_one_text_is_searched_for_as_a_constant(
    queries: ColumnQueries, store: Store
) -> None:
    left = []
    for wanted in WANTED:
        pattern = f"?s <{P.value}> ?o VALUES ?wanted {{ {Literal(wanted)} }}"
        text = f"SELECT ?o {{ {pattern} FILTER(CONTAINS(LCASE(STR(?o)), ?wanted)) }}"
        try:
            assert truths(written(queries.answer(text))) == truths(store.query(text)), text
        except Unsupported:
            left.append(wanted)
    assert left == ["i\u0307", "σ", "ς"]


@pytest.mark.usefixtures("alone", "searched_texts")
@pytest.mark.parametrize("searched", ["?o", "STR(?o)", "LCASE(?o)", "UCASE(STR(?o))"])
@pytest.mark.parametrize("flags", ["", ', ""', ', "i"'])
def test_texts_of_regular_expressions_are_found(
    queries: ColumnQueries, store: Store, searched: str, flags: str
) -> None:
    found = []
    for pattern in PATTERNS:
        try:
            same(queries, store, f'REGEX({searched}, "{pattern}"{flags})')
            found.append(pattern)
        except Unsupported:
            continue
    assert ("(Seoul|Busan)" in found) == (flags != ', "i"' or "CASE" not in searched)


@pytest.mark.usefixtures("alone")
def test_texts_have_the_lengths_that_the_engine_counts(queries: ColumnQueries, store: Store) -> None:
    strings = f"?s <{P.value}> ?o FILTER(?s != <{NS}o>)"
    literals = f"?s <{P.value}> ?o FILTER(isLiteral(?o))"
    for expression, pattern in (("STRLEN(?o)", strings), ("STRLEN(STR(?o))", literals)):
        text = f"SELECT ?o ({expression} AS ?n) {{ {pattern} }}"
        ours, theirs = written(queries.answer(text)), store.query(text)
        assert isinstance(ours, QuerySolutions)
        assert isinstance(theirs, QuerySolutions)
        assert Counter(map(str, ours)) == Counter(map(str, theirs))


@pytest.mark.parametrize("flags", ["", ', "i"', ', "s"', ', "q"'])
def test_a_regular_expression_is_asked_of_what_has_its_text(
    queries: ColumnQueries, store: Store, flags: str
) -> None:
    for pattern in PATTERNS:
        same(queries, store, f'REGEX(?o, "{pattern}"{flags})')
        same(queries, store, f'REGEX(LCASE(STR(?o)), "{pattern}"{flags})')


@pytest.mark.parametrize("searched", ['CONCAT(?o, "k")', "UCASE(LCASE(?o))", "?none", '"Seoul"'])
def test_what_is_no_variable_is_asked_of_the_engine(
    queries: ColumnQueries, store: Store, searched: str
) -> None:
    for wanted in ('"k"', '"seoul"@en', "?o", "7"):
        same(queries, store, f"CONTAINS({searched}, {wanted})")


def test_small_letters_are_those_of_the_engine(store: Store) -> None:
    """Only the letters that are replaced become letters of ASCII, in every version of Unicode."""
    letters = [chr(code) for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000]
    found = set()
    for function in ("LCASE", "UCASE"):
        pieces = [letters[begin : begin + 5000] for begin in range(0, len(letters), 5000)]
        for piece in pieces:
            text = Literal("\n".join(piece))
            ((changed,),) = store.query(f"SELECT ({function}({text}) AS ?r) {{}}")  # type: ignore[misc]
            changes = zip(piece, changed.value.split("\n"), strict=True)
            found |= {(function, letter) for letter, to in changes if any(map(str.isascii, to))}
    assert {letter for function, letter in found if function == "LCASE"} == {"\u0130", "\u212a"}
    for function, letter in found - {("LCASE", "\u0130"), ("LCASE", "\u212a")}:
        assert function == "UCASE"
        assert any(map(str.isascii, letter.upper())), letter


@pytest.mark.parametrize("values", ['"Seoul" "k"', '"Seoul" UNDEF', "7", '"Seoul"@en', "UNDEF"])
def test_a_variable_that_is_no_one_text_is_asked_of_the_engine(
    queries: ColumnQueries, store: Store, values: str
) -> None:
    text = f"SELECT ?o {{ ?s <{P.value}> ?o VALUES ?wanted {{ {values} }} FILTER(CONTAINS(?o, ?wanted)) }}"
    assert truths(written(queries.answer(text))) == truths(store.query(text))
