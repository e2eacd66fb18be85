"""One query without a server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from endpoint.errors import MalformedQuery, ServiceRefused
from endpoint.formats import CSV, SPARQL_JSON, Format, QueryForm
from endpoint.query import evaluated
from endpoint.settings import Settings
from tests.datasets.counted_works import make


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(dataset=make(tmp_path / "dataset"), data=tmp_path / "data")


def answer(settings: Settings, text: str, fmt: Format) -> tuple[bytes, list[QueryForm]]:
    """The bytes of the result, and the forms of which the format was chosen."""
    forms: list[QueryForm] = []

    def choose(form: QueryForm) -> Format:
        forms.append(form)
        return fmt

    async def run() -> bytes:
        async with evaluated(settings, text, choose) as result:
            return await result.read()

    return asyncio.run(run()), forms


def test_a_store_is_built_where_there_is_none(settings: Settings) -> None:
    text = "SELECT (COUNT(*) > 10 AS ?many) { ?s ?p ?o }"
    assert answer(settings, text, CSV) == (b"many\r\ntrue\r\n", [QueryForm.SELECT])
    published = sorted(file.name for file in (settings.data / "generations").iterdir())
    assert answer(settings, "ASK { ?s ?p ?o }", SPARQL_JSON) == (
        b'{"head":{},"boolean":true}',
        [QueryForm.ASK],
    )
    assert sorted(file.name for file in (settings.data / "generations").iterdir()) == published


def test_relative_iris_are_those_of_the_dataset(settings: Settings) -> None:
    body, _ = answer(settings, "SELECT (STR(<works>) AS ?iri) {}", CSV)
    assert body == b"iri\r\nhttp://example.org/works\r\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("CLEAR ALL", MalformedQuery),
        ("SELECT * { SERVICE <http://example.org/sparql> { ?s ?p ?o } }", ServiceRefused),
        ("What is this?", MalformedQuery),
        ("SELECT * { ?s ?p }", MalformedQuery),
    ],
)
def test_what_is_refused(settings: Settings, text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        answer(settings, text, CSV)
