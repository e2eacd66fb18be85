"""A dataset published as a generation, and what completes it: derived statements and the text index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.dataset import Dataset, read_dataset
from endpoint.errors import DataError, DataErrors, StoreError
from endpoint.ingest.build import build, complete_anew, writer_of
from endpoint.ingest.completion import TEXT
from endpoint.search.index import TextIndex
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from tests.datasets.two_graphs import BUILT, DERIVED, EMPTY, ONE, RULE, STATED, TWO, small_dataset, statements

Build = Callable[..., Generation]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data")


def built(settings: Settings, dataset: Dataset, report: Callable[[str], None] = lambda _: None) -> Generation:
    writer, completion = writer_of(settings, dataset, report)
    with writer:
        return build(dataset, writer, completion)


def found(generation: Generation, query: str) -> list[str]:
    index = TextIndex.open(generation.path / TEXT)
    try:
        return sorted(hit.iri.rpartition("/")[2] for hit in index.matches(query))
    finally:
        index.close()


def test_a_dataset_becomes_a_generation(settings: Settings, dataset: Dataset) -> None:
    told: list[str] = []
    generation = built(settings, dataset, told.append)
    assert statements(generation) == BUILT
    assert (generation.quads, generation.digest) == (8, dataset.digest())
    store = Store.read_only(str(generation.path / "store"))
    assert set(store.named_graphs()) == {ONE, TWO, EMPTY, DERIVED}
    assert {quad.predicate.value for quad in store} == {"http://example.org/p", "http://example.org/q"}
    assert [line.partition(" in ")[0] for line in told] == ["derived 3 statements", "indexed 2 records"]
    assert found(generation, "b1") == ["b"]


def test_without_derived_statements_and_without_an_index(settings: Settings, dataset: Dataset) -> None:
    (dataset.root / "seed" / "search.toml").unlink()
    generation = built(Settings(data=settings.data, derive=False), dataset)
    assert statements(generation) == STATED
    assert not (generation.path / TEXT).exists()


def test_building_replaces_everything(settings: Settings, dataset: Dataset) -> None:
    built(settings, dataset)
    (dataset.root / "seed" / "2.ttl").write_text("<c> <p> 'c2' .")
    generation = built(settings, dataset)
    gone = {("a", "a2", "two"), ("a", "a2", "derived")}
    assert statements(generation) == (BUILT - gone) | {("c", "c2", "two"), ("c", "c2", "derived")}
    assert (found(generation, "a2"), found(generation, "c2")) == ([], ["c"])


def test_a_wrong_file_of_the_dataset_publishes_nothing(settings: Settings, dataset: Dataset) -> None:
    built(settings, dataset)
    (dataset.root / "seed" / "1a.ttl").write_text("wrong")
    (dataset.root / "seed" / "2.ttl").write_text("wrong")
    with pytest.raises(DataErrors) as caught:
        built(settings, dataset)
    assert [error.file for error in caught.value.errors] == [
        dataset.root / "seed" / "1a.ttl",
        dataset.root / "seed" / "2.ttl",
    ]
    assert statements(generations.current(settings.data)) == BUILT
    assert generations.numbers(settings.data) == [1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rules/10-copy.rq", "SELECT * {}"),
        ("seed/search.toml", "[field.title]\nweigt = 1"),
    ],
)
def test_a_wrong_rule_or_field_is_told_before_anything_is_done(
    settings: Settings, dataset: Dataset, name: str, content: str
) -> None:
    (dataset.root / name).write_text(content)
    with pytest.raises(DataError, match=name):
        writer_of(settings, read_dataset(dataset.root))
    assert not settings.data.exists()


def changed_rule(dataset: Dataset) -> Settings:
    (dataset.root / "rules" / "10-copy.rq").write_text(RULE.replace("isLiteral", "!isLiteral"))
    return Settings()


def changed_fields(dataset: Dataset) -> Settings:
    fields = dataset.root / "seed" / "search.toml"
    fields.write_text(fields.read_text().replace("weight = 2", "weight = 3"))
    return Settings()


def switched_off(dataset: Dataset) -> Settings:
    return Settings(derive=False)


@pytest.mark.parametrize("change", [changed_rule, changed_fields, switched_off])
def test_what_a_generation_was_completed_by_is_remembered(
    settings: Settings, dataset: Dataset, change: Callable[[Dataset], Settings]
) -> None:
    generation = built(settings, dataset)
    assert writer_of(settings, dataset)[1].holds(generation)
    derive = change(dataset).derive
    writer, completion = writer_of(Settings(data=settings.data, derive=derive), dataset)
    assert not completion.holds(generation)
    with writer:
        anew = complete_anew(generation, writer, completion)
    assert completion.holds(anew)
    assert anew.digest == generation.digest
    stated = {statement for statement in statements(anew) if statement[2] != "derived"}
    assert stated == STATED
    assert (statements(anew) == STATED) is (change is not changed_fields)


def test_a_writer_that_is_not_open_publishes_nothing(settings: Settings, dataset: Dataset) -> None:
    writer, completion = writer_of(settings, dataset)
    with pytest.raises(StoreError, match="not open"):
        build(dataset, writer, completion)
