"""Any bytes, and what is near to good input: each parser reads it or raises a designed error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzzing.parsers import PARSERS, Parser
from tests.properties import examples

BY_NAME = pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)

# What breaks parsers: nothing, nesting, signs in pairs that stand alone, characters of several bytes.
ODD = [b"", b"\0", b"(" * 50, b"{[", b"'''", b'"', b"\\", b"%", b"\xff", b"\xed\xa0\x80", "́".encode() * 40]


@st.composite
def near(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Return a seed with pieces taken out, repeated, or replaced by odd ones."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 20)))
        piece = draw(st.sampled_from([*ODD, data[start:end] * 2]) | st.binary(max_size=4))
        data = data[:start] + piece + data[end:]
    return data


@BY_NAME
def test_it_reads_its_seeds(parser: Parser) -> None:
    assert parser.seeds
    for seed in parser.seeds:
        parser.feed(seed)


@BY_NAME
def test_anything_is_read_or_refused_by_design(parser: Parser) -> None:
    @settings(max_examples=examples(100))
    @given(near(parser.seeds) | st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def check(data: bytes) -> None:
        parser.check(data)

    check()


DEEP = 3_000  # levels
NESTED = {
    "[": b"[" * DEEP + b"]" * DEEP,
    "{": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a record": b'{"items": [{"id": ' + b"[" * DEEP + b"]" * DEEP + b"}]}",
    "prototypes": b'{"proto": ' + b'{"a":' * 200 + b'"?x"' + b"}" * 200 + b"}",
    "TOML": b"a = " + b"[" * DEEP + b"]" * DEEP,
    "YAML": b"#+ a: " + b"{a: " * DEEP + b"}" * DEEP + b"\nSELECT * { ?s ?p ?o }",
    "Markdown": b"> " * DEEP + b"- " * DEEP + b"[" * DEEP + b"](a)" * DEEP,
    "HTML": b"<h1>T ( http://example.org/a )</h1>" + b"<div><ul><li>" * DEEP,
    "white space": b" " * 20 * DEEP + b"a\n" + b" " * 20 * DEEP + b"b",
}


@BY_NAME
def test_what_nests_deeply_is_read_or_refused_by_design(parser: Parser) -> None:
    for text in NESTED.values():
        parser.check(text)
