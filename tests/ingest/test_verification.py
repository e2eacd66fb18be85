"""The verification of a generation: its store, columns and text index agree, or a sentence says which not."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from endpoint.dataset import default_root, read_dataset
from endpoint.errors import StoreError
from endpoint.ingest.change import Change
from endpoint.ingest.publish import publish
from endpoint.ingest.recipe import Recipe
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.text_index import TEXT
from endpoint.ingest.verification import verify_columns, verify_store, verify_text
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.history import rollback

RECORD = b"""
PREFIX mofapub: <http://opendata.mofa.go.kr/mofapub/>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
<http://example.org/quokkas> a mofapub:Publication ; skos:prefLabel "Quokkas in diplomacy"@en .
"""


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return Recipe.read(read_dataset(default_root()), columns=10**6)


@pytest.fixture(scope="module")
def published(recipe: Recipe, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of the project's own dataset, and in generation 2 another record."""
    folder = tmp_path_factory.mktemp("verification")
    (folder / "record.ttl").write_bytes(RECORD)
    publish(Change(), recipe, folder / "data", lambda _: None)
    sources, _ = discover([str(folder / "record.ttl")], None)
    publish(Change(sources=sources), recipe, folder / "data", lambda _: None)
    return folder / "data"


@pytest.fixture
def generation(published: Path, tmp_path: Path) -> Generation:
    """Generation 2, in a copy."""
    return generations.read(shutil.copytree(published, tmp_path / "data"), 2)


def test_what_was_published_agrees(published: Path, recipe: Recipe) -> None:
    records = set()
    for number in (1, 2):
        generation = generations.read(published, number)
        assert verify_store(generation) == generation.quads
        assert verify_columns(generation)
        records.add(verify_text(generation, recipe))
    (fewer, more) = sorted(filter(None, records))
    assert more == fewer + 1


def test_what_a_rollback_published_agrees(generation: Generation, recipe: Recipe) -> None:
    made = rollback(generation.path.parents[1], 1)
    assert verify_store(made) == made.quads < generation.quads
    assert verify_columns(made) and verify_text(made, recipe)


def test_a_store_of_other_data_is_found_out(generation: Generation) -> None:
    other = dataclasses.replace(generation, quads=generation.quads + 1)
    with pytest.raises(StoreError, match=r"quads instead of .*Publish an older generation"):
        verify_store(other)


def test_a_store_with_a_lost_file_is_found_out(generation: Generation) -> None:
    for file in (generation.path / generations.STORE).glob("*.sst"):
        file.unlink()
    with pytest.raises(StoreError, match=r"cannot be read|damaged"):
        verify_store(generation)


def test_a_text_index_of_other_data_is_found_out(generation: Generation, recipe: Recipe) -> None:
    shutil.rmtree(generation.path / TEXT)
    first = generations.folder(generation.path.parents[1], 1)
    shutil.copytree(first / TEXT, generation.path / TEXT)
    with pytest.raises(StoreError, match="does not agree with the store: the fields of documents differ"):
        verify_text(generation, recipe)


def test_a_text_index_of_other_rules_is_not_compared(generation: Generation, recipe: Recipe) -> None:
    assert verify_text(generation, dataclasses.replace(recipe, digest="another")) is None
    assert verify_text(generation, dataclasses.replace(recipe, search=None)) is None
