"""The record of the dataset that a generation belongs to, and of the files of it that were brought in."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint.dataset import MANIFEST, Dataset, default_root, read_dataset
from endpoint.errors import ConfigurationError, StoreError
from endpoint.storage.generations import Generation
from endpoint.storage.history import rollback
from endpoint.storage.origin import RECORD, FileChanges, Origin, origin_in
from endpoint.storage.writer import Writer
from tests.datasets.two_graphs import small_dataset


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


def published(data: Path, origin: Origin | None) -> Generation:
    with Writer(data) as writer, writer.transaction() as transaction:
        if origin is not None:
            origin.write(transaction.folder)
    return transaction.generation


def test_a_record_is_read_as_it_was_written(tmp_path: Path, dataset: Dataset) -> None:
    origin = Origin(dataset.identifier, dataset.file_digests())
    assert Origin.of(published(tmp_path / "data", origin)) == origin
    assert Origin.of(published(tmp_path / "data", None)) is None


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"identifier": 5, "files": {}}', "[" * 100_000])
def test_a_damaged_record_is_told(tmp_path: Path, content: str) -> None:
    generation = published(tmp_path / "data", None)
    (generation.path / RECORD).write_text(content)
    with pytest.raises(StoreError, match=rf"{RECORD} is damaged"):
        Origin.of(generation)


def test_data_of_another_dataset_is_refused_with_what_was_meant(tmp_path: Path, dataset: Dataset) -> None:
    data = tmp_path / "data"
    generation = published(data, Origin("http://library.example/", {}))
    assert origin_in(data, None, dataset) is None
    assert origin_in(data, published(tmp_path / "other", None), dataset) is None
    with pytest.raises(ConfigurationError) as caught:
        origin_in(data, generation, dataset)
    for told in (
        f"{data} belongs to the dataset <http://library.example/>",
        f"{dataset.root} is <http",
        "--adopt",
    ):
        assert told in caught.value.detail
    with pytest.raises(
        ConfigurationError, match="Without --dataset, the one that comes with the server is meant"
    ):
        origin_in(data, generation, read_dataset(default_root()))
    adopted = origin_in(data, generation, dataset, adopt=True)
    assert adopted is not None and adopted.identifier == "http://library.example/"


def test_changes_of_files_are_listed_by_kind(dataset: Dataset) -> None:
    origin = Origin(dataset.identifier, dataset.file_digests())
    assert not FileChanges.since(origin, dataset)
    (dataset.root / "seed" / "1a.ttl").write_text("<a> <p> 'changed' .")
    (dataset.root / "seed" / "1b.ttl").unlink()
    for number in range(5):
        (dataset.root / "seed" / f"1n{number}.ttl").touch()
    changes = FileChanges.since(origin, read_dataset(dataset.root))
    assert (changes.changed, changes.gone, len(changes.new)) == (("seed/1a.ttl",), ("seed/1b.ttl",), 5)
    told = (
        "(changed: seed/1a.ttl; new: seed/1n0.ttl, seed/1n1.ttl, seed/1n2.ttl and 2 more; gone: seed/1b.ttl)"
    )
    assert told in str(changes) and "load --own-files" in str(changes)


def test_the_place_of_the_folder_says_nothing(tmp_path: Path, dataset: Dataset) -> None:
    origin = Origin(dataset.identifier, dataset.file_digests())
    dataset.root.rename(tmp_path / "elsewhere")
    moved = read_dataset(tmp_path / "elsewhere")
    assert moved.root / MANIFEST != dataset.root / MANIFEST
    assert Origin(moved.identifier, moved.file_digests()) == origin


def test_a_rollback_to_another_dataset_is_refused_unless_it_is_meant(tmp_path: Path) -> None:
    for name in ("a", "b"):
        published(tmp_path, Origin(f"http://{name}.example/", {}))
    with pytest.raises(ConfigurationError, match=r"Generation 1 belongs to the dataset <http://a\.example/>"):
        rollback(tmp_path, 1)
    made = rollback(tmp_path, 1, adopt=True)
    assert Origin.of(made) == Origin("http://a.example/", {})
