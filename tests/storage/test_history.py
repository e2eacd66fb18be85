"""The list of generations, and an old one published again."""

from __future__ import annotations

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.errors import ConfigurationError, StoreError
from endpoint.storage import generations
from endpoint.storage.difference import difference
from endpoint.storage.history import entries, find, rollback
from endpoint.storage.lock import PATIENCE, take_lock
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Writer

NODE = NamedNode("http://example.org/n")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory whose generations 1 to 3 have as many quads, and an index in a folder."""
    for number in range(1, 4):
        with Writer(tmp_path) as writer, writer.transaction("d", command=f"load {number}.ttl") as transaction:
            transaction.store.add(Quad(NODE, NODE, Literal(number)))
            (transaction.folder / "columns" / "deep").mkdir(parents=True)
            (transaction.folder / "columns" / "deep" / "file").write_text(str(number))
            (transaction.folder / "recipe").write_text("digest")
    return tmp_path


def test_entries_tell_who_published_what(data: Path) -> None:
    with generations.hold(find(data, 2)):
        listed = entries(data)
    assert [(entry.number, entry.current, entry.held) for entry in listed] == [
        (3, True, False),
        (2, False, True),
        (1, False, False),
    ]
    made = [entry.generation for entry in listed if entry.generation is not None]
    assert [generation.command for generation in made] == ["load 3.ttl", "load 2.ttl", "load 1.ttl"]
    assert [generation.change for generation in made] == [1, 1, None]
    assert all(generation.user for generation in made)
    assert made == [generations.read(data, number) for number in (3, 2, 1)]


def test_a_damaged_generation_is_listed_with_its_damage(data: Path) -> None:
    shutil.rmtree(find(data, 2).path / generations.STORE)
    entry = entries(data)[1]
    assert (entry.number, entry.generation) == (2, None)
    assert "has lost its store" in entry.damage


def test_a_generation_of_an_older_version_has_no_author(data: Path) -> None:
    path = find(data, 3).path / generations.DESCRIPTION
    lines = [line for line in path.read_text().splitlines() if not line.startswith((' "command', ' "user'))]
    path.write_text("\n".join(lines).replace(',\n "change": 1', ""))
    generation = find(data, 3)
    assert (generation.command, generation.user, generation.change) == ("", "", None)


def test_nothing_published_has_no_entries(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"Nothing is published in .* yet"):
        entries(tmp_path)


def test_a_rollback_publishes_an_old_generation_with_all_its_files(data: Path) -> None:
    old = find(data, 1)
    (old.path / generations.WRITES).write_text("{}")
    made = rollback(data, 1)
    assert made == generations.current(data)
    # It is made of no writes.
    assert not (made.path / generations.WRITES).exists()
    assert (made.number, made.quads, made.change, made.command) == (4, 1, -2, "rollback 1")
    # Neither a start nor a command makes it anew from the files of the dataset.
    assert made.digest == ""
    assert made.created > find(data, 3).created
    assert list(difference(old, made)) == []
    assert (made.path / "columns" / "deep" / "file").samefile(old.path / "columns" / "deep" / "file")
    assert (made.path / "recipe").read_text() == "digest"
    # Locks of readers are those of their own generation.
    with generations.hold(made):
        assert not generations.is_held(old.path)


def test_the_next_change_goes_on_from_the_generation_of_a_rollback(data: Path) -> None:
    rollback(data, 1)
    with Writer(data) as writer, writer.transaction() as transaction:
        transaction.store.add(Quad(NODE, NODE, Literal("next")))
    store = Store.read_only(str(transaction.generation.path / generations.STORE))
    assert {quad.object.value for quad in store} == {"1", "next"}


def test_a_writer_that_is_open_goes_on_from_it_too(data: Path) -> None:
    with Writer(data) as writer:
        with writer.transaction() as transaction:
            transaction.store.add(Quad(NODE, NODE, Literal("four")))
        old = find(data, 1)

        def fill(folder: Path) -> generations.Generation:
            shutil.copytree(old.path / generations.STORE, folder / generations.STORE)
            return old

        assert writer.publish_folder(fill).number == 5
        with writer.transaction() as transaction:
            assert [quad.object.value for quad in transaction.store] == ["1"]


def test_a_rollback_removes_what_need_not_stay(data: Path) -> None:
    assert rollback(data, 1, Retention(2)).number == 4
    assert generations.numbers(data) == [3, 4]


def test_a_rollback_without_links_copies(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    made = rollback(data, 2)
    assert (made.path / "columns" / "deep" / "file").read_text() == "2"


@pytest.mark.parametrize(
    ("number", "sentence"), [(9, "There is no generation 9 in .*: 1, 2, 3"), (3, "3 is the current one")]
)
def test_a_rollback_to_what_is_not_there_or_current_is_refused(
    data: Path, number: int, sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        rollback(data, number)
    assert generations.numbers(data) == [1, 2, 3]


def test_a_rollback_waits_for_another_writer(data: Path) -> None:
    lock = take_lock(data, 0.0)
    with pytest.raises(StoreError, match="Another process is writing"):
        rollback(data, 1)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(rollback, data, 1, patience=PATIENCE)
        time.sleep(0.1)
        assert not waiting.done()
        lock.close()
        assert waiting.result().number == 4


def test_a_failed_rollback_leaves_nothing(data: Path) -> None:
    (find(data, 1).path / generations.STORE / "CURRENT").write_text("MANIFEST-999999\n")
    with pytest.raises(StoreError, match="could not be written"):
        rollback(data, 1)
    assert generations.published(data) == 3
    assert [path.name for path in sorted((data / "generations").iterdir())] == ["000001", "000002", "000003"]
