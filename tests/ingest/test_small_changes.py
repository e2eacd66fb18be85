"""Small changes: what is brought up to date by what changed is what would be made anew."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, Store, Triple, serialize

from endpoint.columns import FOLDER
from endpoint.dataset import Dataset
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.text_index import TEXT
from endpoint.ingest.verification import verify_columns, verify_store, verify_text
from endpoint.search.other_names import read_table
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.overlap import find_overlap
from endpoint.vocabulary import RDF_TYPE
from tests.datasets.two_graphs import DERIVED, ONE, TWO, small_dataset

E = "http://example.org/"
MANY = 400


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture(autouse=True)
def _small_datasets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.ingest.publish._LEAST", 0)


def published(dataset: Dataset, change: Change) -> Generation:
    data, recipe = dataset.root.parent / "data", Recipe.read(dataset, columns=10_000)
    return publish(change, recipe, data, lambda _: None)


def triple(subject: str, value: str) -> Triple:
    return Triple(NamedNode(E + subject), NamedNode(E + "p"), Literal(value))


def loaded(dataset: Dataset, triples: list[Triple], graph: NamedNode, **options: Any) -> Generation:
    path = dataset.root.parent / "change.nt"
    serialize(triples, path, format=RdfFormat.N_TRIPLES)
    return published(dataset, Change(discover([path], graph)[0], graph, **options))


def grown(dataset: Dataset) -> Generation:
    """Publish so much that single statements are a small change."""
    published(dataset, Change())
    return loaded(dataset, [triple(f"s{number}", f"{number}") for number in range(MANY)], ONE)


def assert_as_made_anew(generation: Generation, dataset: Dataset) -> None:
    store = Store.read_only(str(generation.path / "store"))
    assert verify_store(generation) == generation.quads
    assert verify_columns(generation) is not None
    assert verify_text(generation, Recipe.read(dataset)) is not None
    assert generation.overlap is find_overlap(store)


def extended(generation: Generation) -> bool:
    return (generation.path / FOLDER / "added.nt").is_file()


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_small_changes(seed: int, dataset: Dataset) -> None:
    choose = random.Random(seed)
    grown(dataset)
    for _ in range(6):
        some = [triple(f"s{choose.randrange(MANY + 9)}", choose.choice("xyz")) for _ in range(3)]
        graph = choose.choice((ONE, TWO))
        match choose.randrange(4):
            case 0:
                made = loaded(dataset, some, graph)
            case 1:
                made = loaded(dataset, some, graph, replace_subjects=True)
            case 2:
                made = loaded(dataset, some, TWO, replace=True)
            case _:
                known = NamedNode(f"{E}s{choose.randrange(MANY)}")
                made = published(dataset, Change(removed=[known] if stated(dataset, known) else []))
        assert_as_made_anew(made, dataset)
        assert extended(made)


def stated(dataset: Dataset, subject: NamedNode) -> bool:
    generation = generations.current(dataset.root.parent / "data")
    assert generation is not None
    store = Store.read_only(str(generation.path / "store"))
    return any(quad.graph_name != DERIVED for quad in store.quads_for_pattern(subject, None, None, None))


def test_a_triple_that_comes_into_a_second_graph_and_goes_from_it(dataset: Dataset) -> None:
    assert grown(dataset).overlap is False
    second = loaded(dataset, [triple("s1", "1")], TWO)
    assert second.overlap is True
    third = loaded(dataset, [triple("other", "o")], TWO, replace=True)
    assert third.overlap is False
    assert_as_made_anew(third, dataset)


def test_the_files_of_columns_are_shared_and_the_store_is_not_counted(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grown(dataset)
    for name in ("endpoint.storage.writer.find_overlap", "endpoint.ingest.publish.build_columns"):
        monkeypatch.delattr(name)
    after = loaded(dataset, [triple("s1", "more")], ONE)
    assert after.quads == before.quads + 2  # one of them is derived
    for name in ("terms.nt", "triples.npy"):
        assert (before.path / FOLDER / name).samefile(after.path / FOLDER / name)


def test_a_term_that_cannot_be_written_ends_the_columns(dataset: Dataset) -> None:
    grown(dataset)
    path = dataset.root.parent / "odd.nt"
    path.write_text(f"<{E}a> <{E}p> <{E}b c> .\n")
    made = published(dataset, Change(discover([path], ONE)[0], ONE, lenient=True))
    assert not (made.path / FOLDER).exists()
    assert_no_columns_but_the_rest(made, dataset)
    again = published(dataset, Change(removed=[NamedNode(f"{E}s1")]))
    assert not (again.path / FOLDER).exists()


def assert_no_columns_but_the_rest(generation: Generation, dataset: Dataset) -> None:
    assert verify_columns(generation) is None
    assert verify_store(generation) == generation.quads
    assert verify_text(generation, Recipe.read(dataset)) is not None


def test_other_names_follow_a_small_change(dataset: Dataset) -> None:
    assert dataset.search is not None
    dataset.search.write_text(
        dataset.search.read_text() + f'\n[names]\nclasses = ["<{E}Country>"]\nproperties = ["<{E}q>"]\n'
    )
    generation = grown(dataset)
    assert_as_made_anew(generation, dataset)
    country = [
        Triple(NamedNode(f"{E}au"), NamedNode(RDF_TYPE), NamedNode(f"{E}Country")),
        Triple(NamedNode(f"{E}au"), NamedNode(f"{E}q"), Literal("호주", language="ko")),
        Triple(NamedNode(f"{E}au"), NamedNode(f"{E}q"), Literal("Australia", language="en")),
    ]
    generation = loaded(dataset, country, ONE)
    assert read_table(generation.path / TEXT) == {"australia": ["호주"], "호주": ["Australia"]}
    assert_as_made_anew(generation, dataset)
    generation = loaded(dataset, [triple("s1", "another")], ONE)
    assert read_table(generation.path / TEXT) == {"australia": ["호주"], "호주": ["Australia"]}
    assert_as_made_anew(generation, dataset)
