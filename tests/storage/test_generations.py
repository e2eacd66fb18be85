"""Data directories for readers, sound and damaged."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from endpoint.errors import StoreError
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.writer import Writer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with generations 1 and 2, of which 2 is current."""
    with Writer(tmp_path / "data") as writer:
        for digest in ("one", "two"):
            with writer.transaction(digest=digest):
                pass
    return tmp_path / "data"


def _current(data: Path) -> Generation:
    generation = generations.current(data)
    assert generation is not None
    return generation


def test_a_generation_says_what_it_is(data: Path) -> None:
    generation = _current(data)
    assert (generation.number, generation.quads, generation.digest) == (2, 0, "two")
    assert generation.path == data / "generations" / "000002"
    assert timedelta() <= datetime.now(UTC) - generation.created < timedelta(minutes=5)
    assert generation == generations.read(data, 2) == generations.read_folder(generation.path)


@pytest.mark.parametrize("make", [lambda data: None, Path.mkdir], ids=["no directory", "an empty directory"])
def test_where_nothing_was_published_there_is_no_generation(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    make(tmp_path / "data")
    assert generations.current(tmp_path / "data") is None
    assert generations.numbers(tmp_path / "data") == []
    assert generations.fingerprint(tmp_path / "data") is None


def test_a_generation_that_was_pointed_back_to_is_current(data: Path) -> None:
    (data / "current").write_text("1\n")
    assert _current(data).digest == "one"


def _described(data: Path, **changes: object) -> None:
    description = generations.folder(data, 2) / "generation.json"
    description.write_text(json.dumps(json.loads(description.read_bytes()) | changes))


def _describe_by_a_folder(data: Path) -> None:
    description = generations.folder(data, 2) / "generation.json"
    description.unlink()
    description.mkdir()


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "the pointer is no number": (
        lambda data: (data / "current").write_text("newest"),
        "does not hold the number",
    ),
    "the pointer is empty": (lambda data: (data / "current").write_text(""), "does not hold the number"),
    "the generation is missing": (
        lambda data: shutil.rmtree(generations.folder(data, 2)),
        "There is no generation in",
    ),
    "its description is missing": (
        lambda data: (generations.folder(data, 2) / "generation.json").unlink(),
        "There is no generation in",
    ),
    "its description is cut off": (
        lambda data: (generations.folder(data, 2) / "generation.json").write_text('{"format": 1,'),
        "damaged",
    ),
    "its description is a list": (
        lambda data: (generations.folder(data, 2) / "generation.json").write_text("[]"),
        "damaged",
    ),
    "its description is not UTF-8": (
        lambda data: (generations.folder(data, 2) / "generation.json").write_bytes(b'"\xff"'),
        "damaged",
    ),
    "its description is a folder": (_describe_by_a_folder, "cannot be read: Is a directory"),
    "its number is text": (lambda data: _described(data, number="two"), "damaged"),
    "its time has no zone": (lambda data: _described(data, created="2026-01-01T00:00:00"), "damaged"),
    "its time is none": (lambda data: _described(data, created="yesterday"), "damaged"),
    "its layout is a later one": (lambda data: _described(data, format=2), "layout 2"),
    "its store is missing": (
        lambda data: shutil.rmtree(generations.folder(data, 2) / "store"),
        "has lost its store",
    ),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_named_with_its_place(name: str, data: Path) -> None:
    damage, expected = DAMAGE[name]
    damage(data)
    with pytest.raises(StoreError, match=expected) as caught:
        generations.current(data)
    assert str(data) in str(caught.value)


def test_a_data_directory_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="cannot be read"):
        generations.current(tmp_path / "data")


def test_reading_follows_a_pointer_that_moves_meanwhile(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The first look sees generation 7, which a writer has removed by the time it is opened.
    seen = iter([7])
    published = generations.published
    monkeypatch.setattr(generations, "published", lambda data: next(seen, None) or published(data))
    assert _current(data).number == 2


def test_the_fingerprint_changes_with_each_publication_only(data: Path) -> None:
    before = generations.fingerprint(data)
    assert before is not None and before == generations.fingerprint(data)
    with Writer(data) as writer, writer.transaction():
        pass
    assert generations.fingerprint(data) != before


def _held(generation: Generation) -> bool:
    with (generation.path / "readers").open("rb") as readers:
        try:
            fcntl.flock(readers, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_hold_lasts_until_it_is_closed(data: Path) -> None:
    generation = _current(data)
    with generations.hold(generation), generations.hold(generation):
        assert _held(generation)
    assert not _held(generation)


def test_a_hold_is_shared_by_the_processes_that_inherit_it(data: Path) -> None:
    generation = _current(data)
    with generations.hold(generation) as held:
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()])
    with child:
        assert _held(generation)
    assert not _held(generation)


def test_a_generation_that_is_gone_cannot_be_held(data: Path) -> None:
    generation = _current(data)
    shutil.rmtree(generation.path)
    with pytest.raises(StoreError, match="Generation 2 is no longer in"):
        generations.hold(generation)


def test_a_generation_that_is_being_removed_cannot_be_held(data: Path) -> None:
    generation = _current(data)
    with (generation.path / "readers").open("rb") as remover:
        fcntl.flock(remover, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="Generation 2 is no longer in"):
            generations.hold(generation)


def test_a_generation_moved_away_after_opening_cannot_be_held(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = _current(data)
    flock = fcntl.flock

    def move_first(lock: int, operation: int) -> None:
        generation.path.rename(data / "generations" / "tmp-removed")
        flock(lock, operation)

    monkeypatch.setattr(fcntl, "flock", move_first)
    with pytest.raises(StoreError, match="Generation 2 is no longer in"):
        generations.hold(generation)


def test_a_generation_whose_file_of_readers_is_damaged_cannot_be_held(data: Path) -> None:
    generation = _current(data)
    (generation.path / "readers").unlink()
    (generation.path / "readers").mkdir()
    with pytest.raises(StoreError, match="readers cannot be opened: Is a directory"):
        generations.hold(generation)
