"""How deeply JSON-LD may nest, wherever the pieces of the text end."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import IO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import RdfFormat

from endpoint.errors import DataError
from endpoint.ingest.rdf import nesting
from endpoint.ingest.rdf.nesting import MOST, limited
from tests.ingest.rdf.rdf_files import Write, load

FILE = Path("a.jsonld")
STRINGS = st.text(alphabet='[{]}"\\\n:,a가') | st.sampled_from(["[" * 300, '\\"' * 9, "\\", '{"a": ['])
VALUES = st.recursive(
    STRINGS | st.integers() | st.none(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(STRINGS, below, max_size=3),
    max_leaves=20,
)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def read(text: bytes, size: int) -> bytes:
    stream = limited(cast(IO[bytes], io.BytesIO(text)), RdfFormat.JSON_LD, FILE)
    return b"".join(iter(lambda: stream.read(size), b""))


@given(VALUES, st.integers(1, 40))
def test_the_depth_of_any_value_is_known_to_the_level(value: object, size: int) -> None:
    text = json.dumps(value, ensure_ascii=False).encode()
    levels = depth(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nesting, "MOST", levels)
        assert read(text, size) == text
        if levels:
            patch.setattr(nesting, "MOST", levels - 1)
            with pytest.raises(DataError, match="levels deep"):
                read(text, size)


def test_a_string_of_any_length_takes_linear_time() -> None:
    text = b'["' + b"\\[" * 4_000_000 + b'"]'
    assert read(text, 1000) == text


@pytest.mark.parametrize("levels", [6000, 1_000_000])
@pytest.mark.parametrize("broken", ["", "x"], ids=["whole", "with a mistake before"])
def test_a_deep_file_is_an_error_with_its_line(write: Write, levels: int, broken: str) -> None:
    text = f'{{\n"@id": "urn:a",\n"urn:p": {broken}' + '{"urn:p": ' * levels + "1" + "}" * levels + "}"
    with pytest.raises(DataError) as raised:
        load(write("deep.jsonld", text))
    assert "deep.jsonld" in str(raised.value)
    if not broken:
        assert raised.value.line == 3
        assert f"more than {MOST} levels" in raised.value.detail


def test_what_nests_as_data_does_is_loaded(write: Write) -> None:
    levels = MOST - 10
    text = '{"@id": "urn:a", "urn:p": ' * levels + "1" + "}" * levels
    assert len(load(write("a.jsonld", text))) > 0
