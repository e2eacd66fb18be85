"""Every saved query: its file, its descriptions in both languages, and its example on the project's seed."""

from __future__ import annotations

import re

import pytest
from pyoxigraph import NamedNode, QuerySolutions, QueryTriples, RdfFormat, Store

from endpoint.dataset import read_dataset
from tests.queries.bundled.fixture_catalogue import (
    BASE,
    DOCUMENT,
    PUBLICATION,
    ROOT,
    catalog,
    store_of,
    whole,
)

NAMES = sorted(catalog().queries)
# They need the text index, which the running server has: see test_served.
SEARCHES = {"search"}
# The seed tells neither what publications are about nor who their professors are.
NOT_IN_THE_SEED = {
    "publications-by-city",
    "publications-by-country",
    "publications-by-event",
    "publications-by-organisation",
    "publications-by-person",
    "publications-by-professor",
    "countries",
    "coauthors",
    "coauthor-network",
    "related-publications",
}
# The first column of the first row, and the number of rows where that is known by heart.
FIRST = {
    "archive-documents-by-class": (f"{DOCUMENT}6995", 1),
    "archive-documents-by-year-opened": (f"{DOCUMENT}6995", None),
    "authors": ("SONG Tae Eun", 1),
    "categories": ("IFANS Focus", 1),
    "languages": ("ENG", 1),
    "latest-publications": (f"{PUBLICATION}14209", 1),
    "publication": ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", None),
    "publications-by-author": (f"{PUBLICATION}14209", 1),
    "publications-by-category": (f"{PUBLICATION}14209", 1),
    "publications-by-language": (f"{PUBLICATION}14209", 1),
    "publications-by-year": (f"{PUBLICATION}14209", 1),
    "publications-by-year-range": (f"{PUBLICATION}14209", 1),
    "statistics": ("graph", None),
    "terms": ("http://www.w3.org/2000/01/rdf-schema#label", None),
    "year-category-matrix": ("2023", 1),
    "years": ("2023", 1),
}


@pytest.fixture(scope="module")
def seed() -> Store:
    """The project's own dataset with what its rules derive."""
    store = store_of([])
    for graph in read_dataset(ROOT).graphs:
        for file in graph.files:
            if file.parent.name != "ontology":
                store.load(path=file, format=RdfFormat.TURTLE, to_graph=NamedNode(graph.iri))
    return whole(store)


def example(store: Store, name: str) -> QuerySolutions | QueryTriples:
    query = catalog().queries[name]
    text = query.operation(list(query.example_values().items())).text
    found = store.query(text, use_default_graph_as_union=True)
    assert isinstance(found, QuerySolutions | QueryTriples)
    return found


def test_every_file_loads() -> None:
    assert catalog().problems == ()
    assert set(NAMES) == {file.stem for file in (ROOT / "queries").glob("*.rq")}


@pytest.mark.parametrize("name", NAMES)
def test_it_is_described_in_korean_and_english(name: str) -> None:
    query = catalog().queries[name]
    for texts in (query.summary, query.description, *(row.description for row in query.parameters)):
        assert {"ko", "en"} == set(texts)
        assert re.search("[가-힣]", texts["ko"])
        assert not re.match("[가-힣]", texts["en"])
    assert query.tags
    for parameter in query.parameters:
        assert parameter.sample is not None
        if parameter.type == "integer":
            assert parameter.minimum is not None
            assert parameter.maximum is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_order_is_stated(name: str) -> None:
    query = catalog().queries[name]
    ordered = re.search(r"\nORDER BY .*\n?(LIMIT .*)?\s*\Z", query.text) is not None
    assert ordered == (query.form.value == "SELECT")


@pytest.mark.parametrize("name", sorted(set(NAMES) - SEARCHES))
def test_the_file_is_a_query_as_it_stands(name: str) -> None:
    text = catalog().queries[name].path.read_text(encoding="utf-8")
    # A variable after LIMIT is the one thing that SPARQL itself does not have.
    list(Store().query(re.sub(r"LIMIT \?\w+", "LIMIT 1", text)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(set(NAMES) - SEARCHES - NOT_IN_THE_SEED))
def test_the_example_finds_what_the_seed_has(seed: Store, name: str) -> None:
    found = example(seed, name)
    if isinstance(found, QueryTriples):
        subjects = {str(triple.subject) for triple in found}
        assert subjects == {f"<{PUBLICATION}14209>", f"<{BASE}mofapub/resource/Series/IFANS%20Focus>"}
        return
    first, number = FIRST[name]
    rows = list(found)
    assert rows[0][0].value == first
    assert number in (None, len(rows))


@pytest.mark.parametrize("name", sorted(NOT_IN_THE_SEED))
def test_the_example_runs_where_the_seed_has_nothing(seed: Store, name: str) -> None:
    assert list(example(seed, name)) == []
