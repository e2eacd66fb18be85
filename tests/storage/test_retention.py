"""Retention: what stays by number, by age and by size, and what a process reads."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad

from endpoint.errors import StoreError
from endpoint.settings import Settings
from endpoint.storage import generations
from endpoint.storage.retention import DEFAULT, Pruned, Retention, disk_use, prune, superfluous
from endpoint.storage.writer import Writer

NODE = NamedNode("http://example.org/n")
SIX = Retention(100)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with generations 1 to 6, each with a file of 1 MB of its own."""
    for number in range(6):
        with Writer(tmp_path, SIX) as writer, writer.transaction() as transaction:
            transaction.store.add(Quad(NODE, NODE, Literal(number)))
            (transaction.folder / "text").write_bytes(os.urandom(2**20))
    return tmp_path


def age(data: Path, number: int, days: float) -> None:
    generation = generations.read(data, number)
    older = dataclasses.replace(generation, created=datetime.now(UTC) - timedelta(days=days))
    (generation.path / generations.DESCRIPTION).write_bytes(generations.describe(older))


def test_by_number(data: Path) -> None:
    assert superfluous(data, Retention(6)) == []
    assert superfluous(data, Retention(4)) == [2, 1]
    assert superfluous(data, Retention(1)) == superfluous(data, Retention(0)) == [5, 4, 3, 2, 1]


def test_by_age_but_the_current_one_and_the_one_before(data: Path) -> None:
    for number in range(1, 7):
        age(data, number, days=10 * (7 - number))
    assert superfluous(data, Retention(9, age=35 * 86400.0)) == [3, 2, 1]
    assert superfluous(data, Retention(9, age=1.0)) == [4, 3, 2, 1]
    assert superfluous(data, Retention(1, age=1.0)) == [5, 4, 3, 2, 1]


def test_by_size_but_the_current_one_and_the_one_before(data: Path) -> None:
    assert superfluous(data, Retention(9, size=2**40)) == []
    assert superfluous(data, Retention(9, size=4 * 2**20 + 2**19)) == [2, 1]
    assert superfluous(data, Retention(9, size=1)) == [4, 3, 2, 1]


def test_a_damaged_generation_is_older_than_any(data: Path) -> None:
    (generations.folder(data, 3) / generations.DESCRIPTION).write_text("{")
    assert superfluous(data, Retention(9, age=86400.0)) == [3, 2, 1]
    assert superfluous(data, Retention(9)) == []


def test_the_one_that_the_current_was_made_of_comes_before_all_others(data: Path) -> None:
    (data / "current").write_text("2\n")
    assert superfluous(data, Retention(3)) == [4, 3, 1]
    assert superfluous(data, Retention(2), before=1) == [6, 5, 4, 3]


def test_what_a_process_reads_stays(data: Path) -> None:
    with generations.hold(generations.read(data, 2)):
        assert prune(data, Retention(2)) == Pruned((4, 3, 1), (2,))
        assert generations.numbers(data) == [2, 5, 6]
    assert prune(data, Retention(2)) == Pruned((2,), ())


def test_what_cannot_be_removed_is_named(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(generations, "remove_unless_held", refuse)
    with pytest.raises(StoreError, match=r"Generation 5 in .* cannot be removed: Read-only file system"):
        prune(data, Retention(1))


def test_what_another_process_removes_meanwhile_is_no_failure(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(path: Path) -> bool:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(generations, "remove_unless_held", gone)
    assert prune(data, Retention(1)) == Pruned((), ())


def test_the_disk_of_a_generation_is_what_it_alone_has(data: Path) -> None:
    use = disk_use(generations.folder(data, 3))
    assert 2**20 <= use.own < use.total
    linked = data / "linked"
    os.link(generations.folder(data, 3) / "text", linked)
    assert disk_use(generations.folder(data, 3)).own == use.own - 2**20


def test_a_generation_that_is_looked_at_can_be_held_meanwhile(data: Path) -> None:
    generation = generations.read(data, 3)
    assert not generations.is_held(generation.path)
    with generations.hold(generation):
        assert generations.is_held(generation.path)
        with generations.hold(generation):
            pass
    assert not generations.is_held(generation.path)
    assert not generations.is_held(data / "generations" / "000099")


def test_the_default_is_that_of_the_settings() -> None:
    settings = Settings()
    assert (settings.retain, settings.retain_age, settings.retain_size) == (10, 0.0, 10 * 2**30)
    assert Retention.of(settings) == DEFAULT
