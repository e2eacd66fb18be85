"""Pages saved from Linked Data sites, read as statements."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Triple

from endpoint.dataset import default_root, read_dataset
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.pages import read_page

PAGES = Path(__file__).parent
DATASET = read_dataset(default_root())
PREFIXES = DATASET.prefixes
XSD = PREFIXES["xsd"]
SUBJECT = "http://opendata.mofa.go.kr/mofapub/resource/Publication/14209"
HEADING = f"Title ( {SUBJECT} ) at Linked Data\n\nProperty Value\n"


def read(
    content: str | bytes, name: str = "page.txt", base: str = DATASET.base
) -> tuple[list[Triple], list[str]]:
    notices: list[str] = []
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return read_page(stream, name, PREFIXES, base, notices), notices


def saved(name: str, base: str = DATASET.base) -> tuple[list[Triple], list[str]]:
    return read((PAGES / name).read_bytes(), name, base)


def errors(content: str | bytes, name: str = "page.txt") -> list[tuple[int | None, int | None, str]]:
    with pytest.raises(DataError) as caught:
        read(content, name)
    found = caught.value.errors if isinstance(caught.value, DataErrors) else [caught.value]
    assert all(error.file == Path(name) and "\n" not in str(error) for error in found)
    return [(error.line, error.column, error.detail) for error in found]


def named(name: str) -> NamedNode:
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local)


def about(subject: str, *pairs: tuple[str, NamedNode | Literal]) -> set[Triple]:
    return {
        Triple(NamedNode(subject), NamedNode(name) if "//" in name else named(name), value)
        for name, value in pairs
    }


def page(rows: str, head: str = "") -> str:
    return (
        f"<html><head>{head}</head><h1>T ( {SUBJECT} )</h1>"
        f"<table><tr><th>Property<th>Value</tr>{rows}</table></html>"
    )
