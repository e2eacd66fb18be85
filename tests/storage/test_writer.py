"""The writer with a real store: publishing, failing, being killed, a full disk."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.errors import StoreError
from endpoint.storage import generations
from endpoint.storage.generations import Generation
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Transaction, Writer

SUBJECT = NamedNode("http://example.org/s")


def quad(value: str) -> Quad:
    return Quad(SUBJECT, SUBJECT, Literal(value))


def publish(writer: Writer, *values: str) -> Generation:
    with writer.transaction() as transaction:
        transaction.store.extend(quad(value) for value in values)
    return transaction.generation


def values(generation: Generation | None) -> set[str]:
    assert generation is not None
    found = {q.object.value for q in Store.read_only(str(generation.path / "store")) if q.subject == SUBJECT}
    assert len(found) == generation.quads
    return found


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "자료"


def test_a_transaction_becomes_the_next_generation(data: Path) -> None:
    with Writer(data) as writer:
        with writer.transaction(digest="d1") as transaction:
            transaction.store.add(quad("a"))
        first = transaction.generation
        assert first == generations.current(data)
        assert (first.number, first.quads, first.digest) == (1, 1, "d1")
        second = publish(writer, "b")
    assert (second.number, second.digest) == (2, "")
    assert values(first) == {"a"}
    assert values(generations.current(data)) == {"a", "b"}


def publish_with_index(writer: Writer, value: str) -> Generation:
    with writer.transaction() as transaction:
        transaction.store.add(quad(value))
        (transaction.folder / "text").mkdir()
        (transaction.folder / "text" / "index").write_text(str(len(transaction.store)))
        assert generations.numbers(writer.data) == list(range(1, len(transaction.store)))
    return transaction.generation


def test_what_is_written_into_the_folder_stands_beside_the_store(data: Path) -> None:
    with Writer(data) as writer:
        first, second = publish_with_index(writer, "a"), publish_with_index(writer, "b")
    assert (values(first), values(second)) == ({"a"}, {"a", "b"})
    assert (first.path / "text" / "index").read_text() == "1"
    assert (second.path / "text" / "index").read_text() == "2"


def test_a_folder_that_cannot_be_completed_is_not_published(data: Path) -> None:
    with Writer(data) as writer:
        first = publish(writer, "a")
        with pytest.raises(StoreError, match="the index is full"), writer.transaction() as transaction:
            transaction.store.add(quad("b"))
            (transaction.folder / "half").touch()
            raise StoreError("the index is full")
    assert generations.current(data) == first
    assert {path.name for path in (data / "generations").iterdir()} == {"000001"}


def test_a_later_writer_goes_on_from_the_current_generation(data: Path) -> None:
    for value in ("a", "b", "c"):
        with Writer(data) as writer:
            publish(writer, value)
    assert values(generations.current(data)) == {"a", "b", "c"}


def test_the_pointer_is_replaced_and_never_rewritten(data: Path) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
        with (data / "current").open() as pointer:
            publish(writer, "b")
            assert pointer.read() == "1\n"
    assert (data / "current").read_text() == "2\n"


def test_replacing_all_begins_with_an_empty_store(data: Path) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
        with writer.transaction(replace_all=True) as transaction:
            assert len(transaction.store) == 0
            transaction.store.add(quad("b"))
        assert values(transaction.generation) == {"b"}
        assert values(publish(writer, "c")) == {"b", "c"}


def _lose_primary(data: Path) -> None:
    for file in sorted((data / "primary").rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


def _damage_primary(data: Path) -> None:
    next((data / "primary").glob("*/CURRENT")).write_text("MANIFEST-999999\n")


def _dirty_primary(data: Path) -> None:
    store = Store(str(next((data / "primary").iterdir())))
    store.add(quad("never published"))
    store.flush()
    (data / "primary.generation").unlink()


@pytest.mark.parametrize("harm", [_lose_primary, _damage_primary, _dirty_primary])
def test_the_primary_store_is_made_again_from_the_generation(
    harm: Callable[[Path], None], data: Path
) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
    harm(data)
    with Writer(data) as writer:
        assert values(publish(writer, "b")) == {"a", "b"}


def test_pointing_back_to_an_older_generation_goes_on_from_there(data: Path) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
        publish(writer, "regretted")
    (data / "current").write_text("1\n")
    with Writer(data) as writer:
        generation = publish(writer, "b")
    assert values(generation) == {"a", "b"}
    assert generation.number == 3  # numbers are data versions: 2 stays the regretted one's
    assert generations.numbers(data) == [1, 2, 3]


def test_replacing_all_mends_a_damaged_data_directory(data: Path) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
    (data / "current").write_text("?")
    with Writer(data) as writer:
        with pytest.raises(StoreError, match="does not hold the number"), writer.transaction():
            pytest.fail("a transaction began on a damaged data directory")
        with writer.transaction(replace_all=True) as transaction:
            transaction.store.add(quad("b"))
    current = generations.current(data)
    assert values(current) == {"b"}
    assert current is not None and current.number == 2


@pytest.mark.parametrize(
    "error", [ValueError("mine"), KeyboardInterrupt(), OSError(2, "No such file", "x.ttl")]
)
def test_an_exception_publishes_nothing_and_comes_out_unchanged(error: BaseException, data: Path) -> None:
    with Writer(data) as writer:
        publish(writer, "a")
        before = generations.fingerprint(data)
        with pytest.raises(type(error)) as caught, writer.transaction() as transaction:
            # The test goes on to refer to this store, as an exception's traceback would.
            store = transaction.store
            store.add(quad("b"))
            raise error
        assert caught.value is error
        assert generations.fingerprint(data) == before
        with pytest.raises(StoreError, match="published nothing"):
            assert transaction.generation
        assert values(publish(writer, "c")) == {"a", "c"}
        assert len(store) == 2
    assert values(generations.read(data, 1)) == {"a"}


def test_one_transaction_at_a_time(data: Path) -> None:
    with Writer(data) as writer:
        with writer.transaction() as transaction:
            with pytest.raises(StoreError, match="inside a transaction"), writer.transaction():
                pytest.fail("a transaction began within another")
            transaction.store.add(quad("a"))
        assert values(transaction.generation) == {"a"}
    with pytest.raises(StoreError, match="not open"), writer.transaction():
        pytest.fail("a transaction began without the lock")


def test_a_generation_is_never_written_again(data: Path) -> None:
    def content(generation: Generation) -> dict[str, str]:
        files = (file for file in generation.path.rglob("*") if file.is_file())
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    with Writer(data) as writer, ExitStack() as holds:
        first = publish(writer, *map(str, range(1000)))
        holds.enter_context(generations.hold(first))
        before = content(first)
        publish(writer, "more")
        with pytest.raises(ValueError, match="fails"), writer.transaction() as transaction:
            transaction.store.bulk_extend(quad(f"new {n}") for n in range(1000))
            transaction.store.optimize()
            raise ValueError("fails")
        with writer.transaction() as transaction:
            transaction.store.clear()
            transaction.store.optimize()
        assert content(first) == before


@pytest.mark.parametrize(("keep", "kept"), [(0, [5]), (1, [5]), (2, [4, 5]), (9, [1, 2, 3, 4, 5])])
def test_old_generations_are_removed(keep: int, kept: list[int], data: Path) -> None:
    with Writer(data, Retention(keep)) as writer:
        for value in "abcde":
            publish(writer, value)
    assert generations.numbers(data) == kept


def test_a_held_generation_stays_and_is_readable(data: Path) -> None:
    with Writer(data, Retention(1)) as writer:
        first = publish(writer, "a")
        with generations.hold(first):
            reader = Store.read_only(str(first.path / "store"))
            for value in "bcd":
                publish(writer, value)
            assert generations.numbers(data) == [1, 4]
            assert values(first) == {"a"}
            assert list(reader.quads_for_pattern(SUBJECT, None, None)) == [quad("a")]
        publish(writer, "e")
    assert generations.numbers(data) == [5]


def test_a_second_writer_learns_who_has_the_lock(data: Path) -> None:
    second = (
        "import sys; from pathlib import Path; from endpoint.storage.writer import Writer\n"
        "Writer(Path(sys.argv[1])).__enter__()"
    )
    with Writer(data) as writer:
        with pytest.raises(StoreError, match=f"Another process is writing to .*pid {os.getpid()}"):
            Writer(data).__enter__()
        other = subprocess.run([sys.executable, "-c", second, data], capture_output=True, text=True)
        assert f"Another process is writing to {data} (pid {os.getpid()})" in other.stderr
        assert values(publish(writer, "a")) == {"a"}
    with Writer(data) as writer:
        assert values(publish(writer, "b")) == {"a", "b"}


FORKING = """
import os, signal, sys
from pathlib import Path
from endpoint.storage.writer import Writer

data = Path(sys.argv[1])
with Writer(data):
    child = os.fork()
    if child == 0:
        signal.pause()
try:
    with Writer(data):
        print("locked again")
finally:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""


def test_the_lock_does_not_stay_with_a_forked_child(data: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FORKING, data], capture_output=True, text=True)
    assert done.stdout == "locked again\n", done.stderr


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/data could not be opened for writing: Not a directory\."):
        Writer(tmp_path / "file" / "data").__enter__()


def test_a_transaction_that_has_not_ended_has_no_generation(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="published nothing"):
        assert Transaction(Store(), tmp_path, None).generation


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_reads_or_changes_the_data(data: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with Writer(data) as writer:
            publish_with_index(writer, "a")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (data, *data.rglob("*"))}
    assert modes == {0}


def test_a_folder_that_everybody_can_change_is_warned_of(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data.mkdir(parents=True)
    data.chmod(0o777)
    with Writer(data):
        pass
    assert "every user of this machine can change the data" in caplog.text
    caplog.clear()
    data.chmod(0o755)
    with Writer(data):
        pass
    assert caplog.text == ""
