"""The requests of the benchmark: the same for a catalogue, with the shares and repeats that they claim."""

from __future__ import annotations

import io
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest
from pyoxigraph import QuerySolutions, QueryTriples, RdfFormat, Store

from benchmarks.catalogue import Catalogue, write
from benchmarks.reading_room import SHARES, Names, Query, analytic, mix, singles

REQUESTS = 12_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("catalogue") / "catalogue.nq"
    with path.open("wb") as out:
        write(Catalogue(2000, 1, shortened=10), out, graphs=True)
    return path


@pytest.fixture(scope="module")
def names(file: Path) -> Names:
    return Names.read(file)


@pytest.fixture(scope="module")
def store(file: Path) -> Store:
    made = Store()
    with file.open("rb") as stream:
        made.bulk_load(stream, RdfFormat.N_QUADS)
    return made


def rows(store: Store, query: Query) -> int:
    found = store.query(query.text, use_default_graph_as_union=True)
    assert isinstance(found, QueryTriples if query.turtle else QuerySolutions)
    return sum(1 for _ in found)


@pytest.mark.parametrize("repeats", [True, False])
def test_the_same_catalogue_gives_the_same_list(file: Path, names: Names, repeats: bool) -> None:
    assert mix(names, 500, repeats) == mix(Names.read(file), 500, repeats)
    assert mix(names, 500, repeats) != mix(names, 500, repeats, seed=2)


@pytest.mark.parametrize("repeats", [True, False])
def test_each_kind_has_its_share(names: Names, repeats: bool) -> None:
    assert sum(SHARES.values()) == pytest.approx(1)
    counted = Counter(query.kind for query in mix(names, REQUESTS, repeats))
    assert counted == {kind: round(share * REQUESTS) for kind, share in SHARES.items()}


def test_about_two_thirds_of_mix_a_are_exact_repeats_and_none_of_mix_b(names: Names) -> None:
    shares = [
        1 - len({query.text for query in mix(names, REQUESTS, repeats)}) / REQUESTS
        for repeats in (True, False)
    ]
    assert 0.6 < shares[0] < 0.75
    assert shares[1] == 0


def test_some_records_of_mix_a_are_asked_for_much_more_than_others(names: Names) -> None:
    counted = Counter(query.text for query in mix(names, REQUESTS, True) if query.kind == "record")
    assert counted.most_common(1)[0][1] > 50
    assert counted.most_common()[-1][1] == 1


def test_every_request_of_a_mix_is_a_query_and_nearly_all_have_rows(names: Names, store: Store) -> None:
    asked = [query for repeats in (True, False) for query in mix(names, 200, repeats)]
    empty = Counter(query.kind for query in asked if not rows(store, query))
    # Some authors have written with nobody, and some records have no date.
    assert empty.total() < 40
    assert not empty.keys() & {"record", "words in titles", "year"}


def test_every_single_request_and_analytic_query_has_rows(names: Names, store: Store) -> None:
    queries = {**singles(names), **analytic()}
    assert len(analytic()) == 12
    assert [name for name, query in queries.items() if not rows(store, query)] == []


def test_keys_are_what_the_query_sorts_by(names: Names) -> None:
    for query in chain(singles(names).values(), analytic().values(), mix(names, 200, True)):
        order = query.text.partition("ORDER BY ")[2].partition(" LIMIT")[0]
        assert tuple(key.removeprefix("DESC(").strip("?)") for key in order.split()) == query.keys


def test_a_mark_makes_another_text_of_the_same_query(names: Names, store: Store) -> None:
    query = singles(names)["newest"]
    assert query.marked(1).text != query.marked(2).text
    assert rows(store, query.marked(1)) == rows(store, query) == 10


def test_names_are_counted(names: Names, store: Store) -> None:
    assert len(set(names.records)) == len(names.records) == 2000
    category, number = names.categories.most_common(1)[0]
    text = f"SELECT ?p {{ ?p <http://opendata.mofa.go.kr/mofadocu/category> {category} }}"
    assert rows(store, Query("", text)) == number


def test_a_mix_has_enough_requests_for_a_tiny_catalogue() -> None:
    out = io.BytesIO()
    write(Catalogue(20, 1, shortened=10), out, graphs=True)
    tiny = Names()
    tiny.records = [f"<urn:{number}>" for number in range(3)]
    for values in (tiny.years, tiny.categories, tiny.authors, tiny.countries, tiny.words):
        values['"one"'] = 1
    texts = [query.text for query in mix(tiny, 300, False)]
    assert len(set(texts)) == len(texts) == 300
