"""How deeply RDF nests is known, in every format, wherever the pieces of the text end."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from endpoint.errors import DataError
from endpoint.formats import nesting
from endpoint.formats.nesting import limited

STRINGS = st.text(alphabet='[{]}"\\\n:,a가') | st.sampled_from(["[" * 300, '\\"' * 9, "\\", '{"a": ['])
VALUES = st.recursive(
    STRINGS | st.integers() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(STRINGS, below, max_size=3),
    max_leaves=20,
)
# Terms of Turtle and N3 in which brackets are none.
PLAIN = [
    *('""', "''", '"("', "'['", '"\\"{"', "'\\'<<'", '"""["""', "'''('''"),
    *('"""" (\n""{\\""""', "'''' [\n''('''", '"#"', "e:a\\(b", "<a#[(>", "<{>", "7"),
    *("'<' # ((( \" '''\n", '"\\\\"', '"""\\\\"""', "'a'@en", '"1"^^e:n'),
]
# The same with depth, each around some of the others.
AROUND = {"[ e:p %s ]": 1, "( %s )": 1, "[e:p %s,'x']": 1, "(1 %s#)\n)": 1}
TERMS = [("<<( e:s e:p '(' )>>", 2), ("<<(<a><b><<(<c><d><e>)>>)>>", 4)]
NESTED = st.recursive(
    st.sampled_from([*((text, 0) for text in PLAIN), *TERMS]),
    lambda below: st.builds(
        lambda around, inner: (around % inner[0], AROUND[around] + inner[1]),
        st.sampled_from(sorted(AROUND)),
        below,
    ),
    max_leaves=6,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def read(text: bytes, size: int, syntax: RdfFormat = RdfFormat.JSON_LD) -> bytes:
    stream = limited(cast(IO[bytes], io.BytesIO(text)), syntax, Path("a"))
    return b"".join(iter(lambda: stream.read(size), b""))


def holds_exactly(levels: int, limit: str, text: bytes, size: int, syntax: RdfFormat) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nesting, limit, levels)
        assert read(text, size, syntax) == text
        if levels:
            patch.setattr(nesting, limit, levels - 1)
            with pytest.raises(DataError, match="levels deep"):
                read(text, size, syntax)


@given(VALUES, st.integers(1, 40))
def test_the_depth_of_any_json_is_known_to_the_level(value: object, size: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()
    holds_exactly(depth(value), "MOST_JSON", text, size, RdfFormat.JSON_LD)


@given(st.lists(NESTED, min_size=1, max_size=4), st.integers(1, 40), st.sampled_from([True, False]))
def test_the_depth_of_any_turtle_is_known_to_the_level(
    objects: list[tuple[str, int]], size: int, arrows: bool
) -> None:
    syntax = RdfFormat.N3 if arrows else RdfFormat.TURTLE
    statements = [f"e:s e:p {text} ." for text, _ in objects if not arrows or "<<" not in text]
    if arrows:
        statements.append("e:a <= e:b . e:a <- e:p e:b . e:a => e:b .")
    text = ("@prefix e: <http://example.org/> .\n" + "\n".join(statements)).encode()
    assert len(list(parse(text, syntax, base_iri="http://example.org/", lenient=True))) >= len(statements)
    levels = max((levels for text, levels in objects if not arrows or "<<" not in text), default=0)
    holds_exactly(levels, "MOST", text, size, syntax)


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        (b'["' + b"\\[" * 4_000_000 + b'"]', RdfFormat.JSON_LD),
        (b'<a:b> <a:c> """' + b'""\\"' * 2_000_000 + b'""" .', RdfFormat.TURTLE),
        (b"<a:b> <a:c> '" + b"\\\\" * 4_000_000 + b"' .", RdfFormat.TURTLE),
        (b"#" + b"[" * 8_000_000, RdfFormat.TURTLE),
        (b"<" + b"[" * 8_000_000, RdfFormat.TURTLE),
        (b"<a:b> <a:c> " + b"<" * 1500 + b" [] ()" * 200_000, RdfFormat.TRIG),
    ],
    ids=["JSON", "quotes", "backslashes", "comment", "IRI", "siblings"],
)
def test_any_length_takes_linear_time(text: bytes, syntax: RdfFormat) -> None:
    assert read(text, 1000, syntax) == text
