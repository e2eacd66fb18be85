"""The judged queries on a small generated catalogue: the index keeps finding what readers mean."""

from __future__ import annotations

import re
import tomllib
from io import BytesIO
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, Store

from benchmarks.catalogue import Catalogue, write
from benchmarks.search_quality import QUERIES, judge, score
from endpoint.dataset import default_root, read_dataset
from endpoint.ingest.descriptions import StoreDescriptions
from endpoint.ingest.search_documents import documents, read_configuration
from endpoint.search.build import build_index
from endpoint.search.index import TextIndex


def test_there_are_enough_queries_in_both_languages() -> None:
    texts = [query["text"] for query in tomllib.loads(QUERIES.read_text())["query"]]
    assert len(set(texts)) == len(texts) >= 60
    assert sum(text.isascii() for text in texts) >= 10


def test_recall_and_precision(tmp_path: Path) -> None:
    dataset = read_dataset(default_root())
    assert dataset.search is not None
    configuration = read_configuration(dataset.search, dataset.prefixes)
    lines = BytesIO()
    write(Catalogue(200, 1, 10), lines, graphs=True)
    store = Store()
    store.bulk_load(lines.getvalue(), format=RdfFormat.N_QUADS)
    found = list(documents(configuration, StoreDescriptions(store)))
    build_index(found, tmp_path / "text", configuration)
    index = TextIndex.open(tmp_path / "text")
    scores = [score(relevant, [hit.iri for hit in index.matches(query)]) for query, relevant in judge(found)]
    index.close()
    recall, precision, first = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    assert recall > 0.97
    assert precision > 0.85
    assert first > 0.85


@pytest.mark.parametrize("text", [query["all"] for query in tomllib.loads(QUERIES.read_text())["query"]])
def test_every_judgement_is_a_pattern(text: list[str]) -> None:
    assert all(re.compile(pattern) for pattern in text)
