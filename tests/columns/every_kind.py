"""Data with every kind of term, generated: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from pyoxigraph import BaseDirection, BlankNode, DefaultGraph, Literal, NamedNode, Quad, Triple

NS: Final = "http://example.org/"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
Term = NamedNode | BlankNode | Literal | Triple

# Beginnings that are the same for longer than what is compared first, whole texts that are.
_LONG: Final = "같은 말로 시작하는 아주 긴 글 " * 40
TEXTS: Final = (
    *(
        "",
        " ",
        "a b",
        "a\0",
        "a\0b",
        "line\nbreak",
        "tab\tbreak",
        "\r",
        "\x01\x7f\x85\u2028",
        "\ufffd",
        "\U0010ffff",
    ),
    *[
        "a",
        "A",
        "b",
        "Ä",
        "ä",
        "10",
        "9",
        "-1",
        "한국",
        "한글",
        "日本",
        "😀",
        '"quoted"',
        "back\\slash",
        "\\u0041",
    ],
    *(_LONG, _LONG + "a", _LONG + "\n", _LONG + '"', _LONG[:-1]),
    *(letter * number for letter in "x\n" for number in (95, 96, 97)),
)
TAGS: Final = ("ko", "en", "EN-us", "en-GB", "ar")
TYPED: Final = {
    "integer": "0 01 -0 +7 7 -7 2023 9007199254740993 9223372036854775807 9223372036854775808 abc",
    "int": "7 99999999999 x",
    "nonNegativeInteger": "7 -7",
    "decimal": "0.0 7.0 7.5 -7.25 0.1 0.30 0.1234567890123456789 123456789012345.6 1e1",
    "double": "0 -0 7 7.5e0 0.1 1e300 1e-300 INF -INF NaN 9007199254740993 2023 seven",
    "float": "0.1 7 16777217 NaN INF",
    "boolean": "true false 1 0 TRUE",
    "dateTime": "2020-01-01T00:00:00 2020-01-01T00:00:00Z 2020-01-01T09:00:00+09:00 2019-12-31T24:00:00 "
    "2020-01-01T00:00:00.5Z 2020-01-01T00:00:00.123456Z 2020-01-01T00:00:00.1234567Z 0000-02-29T00:00:00 "
    "-0044-03-15T12:00:00Z 20200-01-01T00:00:00 2021-02-29T00:00:00 2020-01-01T00:00:00-14:00",
    "date": "2020-01-01 2020-01-01Z 2020-01-01+09:00 2019-12-31-10:00 -0044-03-15 0000-01-01 1900-02-29",
    "gYear": "2020 2020Z 2020+09:00 -0044 0001 12020 20",
    "gYearMonth": "2020-02 2020-01Z 2020-01+09:00 -0044-03 2020-13",
    "gMonthDay": "--02-29 --12-31Z",
    "time": "12:00:00 12:00:00Z 25:00:00",
    "duration": "P1Y P12M P365D PT1S",
    "dayTimeDuration": "P1D PT24H",
    "anyURI": "http://example.org/a a",
    "hexBinary": "0A 0a",
    "string": "a 10",
}


def literals() -> Iterator[Literal]:
    """Every literal: plain, with tags and directions, of datatypes known and not, some not valid."""
    for text in TEXTS:
        yield Literal(text)
        yield from (Literal(text, language=tag) for tag in TAGS[: 1 + len(text) % len(TAGS)])
        yield Literal(text, datatype=NamedNode(NS + "own"))
    yield Literal("a", language="ar", direction=BaseDirection.RTL)
    yield Literal("a", language="ar", direction=BaseDirection.LTR)
    for name, values in TYPED.items():
        yield from (Literal(value, datatype=NamedNode(XSD + name)) for value in values.split())


def drawn(rng: random.Random, most: int) -> Iterator[Literal]:
    """Numbers, times and texts at random, near each other and at the limits of what is ordered."""

    def digits(longest: int) -> str:
        return str(rng.randrange(10 ** rng.randrange(1, longest + 1)))

    for _ in range(most):
        sign, zone = rng.choice(("", "-")), rng.choice(("", "Z", "+09:00", "-05:30", "+14:00", "-14:00"))
        year = rng.choice(("2020", "2021", "1900", "0000", "-0001", f"{rng.randrange(10_000):04}", "12345"))
        day = f"{year}-{rng.randrange(1, 13):02}-{rng.randrange(1, 32):02}"
        clock = f"{rng.randrange(24):02}:{rng.randrange(60):02}:{rng.randrange(60):02}"
        part = rng.choice(("", f".{digits(8)}"))
        text = "".join(rng.choices('ab\n"\\\x01한😀', k=rng.choice((2, 3, 4, 200))))
        yield from (Literal(start + text) for start in ("", "x" * rng.randrange(80, 100)))
        yield from (
            Literal(value, datatype=NamedNode(XSD + name))
            for name, value in (
                ("integer", sign + digits(20)),
                ("decimal", f"{sign}{digits(12)}.{digits(9)}"),
                ("double", f"{sign}{digits(17)}E{rng.randrange(-20, 20)}"),
                ("double", sign + digits(3)),
                ("dateTime", f"{day}T{clock}{part}{zone}"),
                ("date", day + zone),
                ("gYearMonth", day[:-3] + zone),
                ("gYear", year + zone),
            )
        )


def terms(rng: random.Random) -> list[Term]:
    """Every literal, IRIs that begin alike, blank nodes, triples within triples; in any order."""
    iris = [
        NamedNode(NS + end) for end in ("a", "a/b", "a-b", "A", "한국", "a#b", "a" * 200, "a" * 201, "😀", "")
    ]
    blanks = [BlankNode(name) for name in ("b1", "b10", "b2", "한")]
    inner = Triple(iris[0], iris[1], Literal('quoted "\n', language="en"))
    triples: list[Term] = [inner, Triple(blanks[0], iris[1], inner), Triple(iris[0], iris[1], Literal("7"))]
    found: list[Term] = [*literals(), *drawn(rng, 20), *iris, *blanks, *triples]
    rng.shuffle(found)
    return found


def quads(seed: int) -> Iterator[Quad]:
    """Statements with every term, mixed in one property and by kinds, some in several graphs."""
    rng = random.Random(seed)
    found = terms(rng)
    subjects = [term for term in found if isinstance(term, NamedNode | BlankNode)]
    properties = [NamedNode(NS + name) for name in ("p", "q", "p/r")]
    graphs: list[NamedNode | BlankNode | DefaultGraph] = [
        DefaultGraph(),
        *(NamedNode(f"{NS}graph{number}") for number in range(3)),
        BlankNode("g"),
    ]
    for term in found:
        for _ in range(rng.randrange(1, 4)):
            subject, held = rng.choice(subjects), rng.choice(properties)
            for graph in rng.sample(graphs, rng.choice((1, 1, 2, 5))):
                yield Quad(subject, held, term, graph)
