"""Columns as a step of publication, and their verification."""

from __future__ import annotations

import os
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.columns import FOLDER
from endpoint.columns.opening import open_columns
from endpoint.dataset import Dataset
from endpoint.errors import StoreError
from endpoint.ingest import columns as feeding
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.verification import verify_columns
from endpoint.storage.generations import Generation
from tests.children import children
from tests.datasets.two_graphs import BUILT, small_dataset, statements


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return small_dataset(tmp_path / "dataset")


@pytest.fixture(autouse=True)
def _small_datasets_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("endpoint.ingest.publish._LEAST", 0)


def published(dataset: Dataset, most: int, reported: list[str]) -> Generation:
    data = dataset.root.parent / "data"
    # A correction, so that the columns are read from the store.
    return publish(Change(replace_subjects=True), Recipe.read(dataset, columns=most), data, reported.append)


def test_a_generation_gets_columns_that_agree_with_its_store(dataset: Dataset) -> None:
    reported: list[str] = []
    generation = published(dataset, 1000, reported)
    columns = open_columns(generation.path / FOLDER)
    # One triple is in two graphs, besides the derived one.
    assert (columns.quads, len(columns)) == (len(BUILT), 8)
    assert verify_columns(generation) == len(columns)
    assert any(line.startswith("made columns in ") for line in reported)
    assert {path.suffix for path in (generation.path / FOLDER).iterdir()} == {".npy", ".bin", ".nt", ".json"}


@pytest.mark.parametrize(("most", "least"), [(0, 0), (7, 0), (1000, 9)])
def test_a_dataset_of_another_size_gets_none(
    dataset: Dataset, most: int, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("endpoint.ingest.publish._LEAST", least)
    generation = published(dataset, most, [])
    assert not (generation.path / FOLDER).exists()
    assert verify_columns(generation) is None
    assert statements(generation) == BUILT


def test_without_its_builder_a_generation_is_published_all_the_same(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(store: Store, out: object) -> None:
        (builder,) = children() - before
        os.kill(builder, signal.SIGKILL)

    before = children()
    monkeypatch.setattr(feeding, "write_statements", killed)
    reported: list[str] = []
    generation = published(dataset, 1000, reported)
    assert "made no columns: the builder ended with -9" in reported
    assert not (generation.path / FOLDER).exists()
    assert statements(generation) == BUILT


def test_an_interruption_ends_the_builder_and_leaves_nothing(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(store: Store, out: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(feeding, "write_statements", interrupted)
    before = children()
    with pytest.raises(KeyboardInterrupt):
        published(dataset, 1000, [])
    assert not list((dataset.root.parent / "data" / "generations").iterdir())
    assert children() <= before


def test_columns_of_other_data_are_found_out(dataset: Dataset) -> None:
    first = published(dataset, 1000, [])
    (dataset.root / "seed" / "2.ttl").write_text("<c> <p> 'c2' .")
    data = dataset.root.parent / "data"
    second = publish(Change(rebuild=True), Recipe.read(dataset, columns=1000), data, lambda _: None)
    shutil.copytree(first.path / FOLDER, second.path / FOLDER, dirs_exist_ok=True)
    with pytest.raises(StoreError, match=r"do not agree with the store: the term b'.*' is missing"):
        verify_columns(second)
    with pytest.raises(StoreError, match="no longer"):
        verify_columns(replace(first, path=first.path / "gone"))
