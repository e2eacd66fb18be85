"""Mapping files written for a test, and the quads that they make of a table."""

from __future__ import annotations

import io
from pathlib import Path

from pyoxigraph import Quad

from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.tables import read_table
from endpoint.ingest.tables.mapping import TableMapping, read_mappings

DATASET = read_dataset(default_root())
GOOD = """\
graph = "http://example.org/g"
subject = "http://example.org/{id}"
title.en = "Test"
[columns.id]
required = "value"
[columns.title]
names = ["제목"]
[[statement]]
property = "rdfs:label"
value = "{title}"
"""


def read(tmp_path: Path, *texts: str) -> tuple[TableMapping, ...]:
    files = [tmp_path / f"{number}.toml" for number, _ in enumerate(texts, 1)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text, encoding="utf-8")
    return read_mappings(files, DATASET.prefixes)


def made(mapping: TableMapping, table: str) -> set[Quad]:
    return set(read_table(io.BytesIO(table.encode()), "a.csv", [mapping], []))
