"""The writer killed at every step of a publication, on a full disk, and in a damaged directory."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.errors import NotConfirmed, StoreError
from endpoint.storage import generations
from endpoint.storage.backup import backup
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Writer

SUBJECT = NamedNode("http://example.org/s")
LOADED = 1_000

# A server's life in small: make the primary again, change it, publish, remove what is old. Each run is a
# fork that dies one step later than the last: before its next change of the file system, or by a timer
# whose signal nobody handles, which also strikes inside the store's native code.
KILLED = """
import json, os, shutil, signal, sys
from pathlib import Path
from pyoxigraph import Literal, NamedNode, Quad
from endpoint.storage.backup import restore
from endpoint.storage.history import rollback
from endpoint.storage.retention import Retention
from endpoint.storage.writer import Writer

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"}
SUBJECT = NamedNode("http://example.org/s")


def change(data):
    with Writer(data, Retention(1)) as writer, writer.transaction() as transaction:
        values = map(str, range(int(sys.argv[3])))
        transaction.store.bulk_extend(Quad(SUBJECT, SUBJECT, Literal(value)) for value in values)
        (transaction.folder / "text").write_text("an index")


def back(data):
    rollback(data, 1, Retention(1))


def again(data):
    with data.with_name("backup").open("rb") as stream:
        restore(stream, "backup", data, True, lambda done: None)


def by_step(fatal):
    taken = 0

    def step(event, arguments):
        nonlocal taken
        if event in STEPS or (event == "open" and arguments[1] in ("w", "wb", "ab", "a+b")):
            taken += 1
            if taken == fatal:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(step)


def by_timer(fatal):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, fatal * 0.006)


base, arm, fatal, killed = Path(sys.argv[1]), globals()[sys.argv[2]], 0, True
action = globals()[sys.argv[4]]
while killed:
    fatal += 1
    data = base.with_name(f"killed-{fatal:03d}")
    shutil.copytree(base, data)
    child = os.fork()
    if child == 0:
        arm(fatal)
        action(data)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    killed = os.WIFSIGNALED(status)
    print(json.dumps([str(data), os.waitstatus_to_exitcode(status)]))
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A data directory with one generation."""
    data = tmp_path / "base"
    _add(data, "old")
    return data


def _values(data: Path) -> set[str]:
    generation = generations.current(data)
    assert generation is not None
    store = Store.read_only(str(generation.path / "store"))
    assert len(store) == generation.quads
    return {quad.object.value for quad in store if isinstance(quad.object, Literal)}


def _add(data: Path, value: str) -> None:
    with Writer(data) as writer, writer.transaction() as transaction:
        transaction.store.add(Quad(SUBJECT, SUBJECT, Literal(value)))


def _runs(base: Path, arm: str, action: str) -> list[tuple[str, int]]:
    """Return the data directories of all runs, and how each ended."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, base, arm, str(LOADED), action],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


OLD = {"old"}
NEW = OLD | {str(n) for n in range(LOADED)}


@pytest.mark.parametrize(
    ("arm", "signal", "least", "dirty"),
    [("by_step", -9, 20, False), ("by_step", -9, 20, True), ("by_timer", -14, 2, False)],
    ids=["at each step", "at each step, after a crash", "at any time"],
)
def test_a_killed_writer_leaves_the_old_generation_or_the_new(
    arm: str, signal: int, least: int, dirty: bool, base: Path
) -> None:
    if dirty:
        (base / "primary.generation").unlink()
    runs = _runs(base, arm, "change")
    assert [code for _, code in runs] == [signal] * (len(runs) - 1) + [0]
    assert len(runs) > least
    found = []
    for folder, _ in runs:
        data = Path(folder)
        found.append(_values(data))
        assert found[-1] in (OLD, NEW), folder
        if found[-1] == NEW:
            assert (data / "generations" / "000002" / "text").read_text() == "an index", folder
        with Writer(data, Retention(1)) as writer, writer.transaction() as transaction:
            transaction.store.add(Quad(SUBJECT, SUBJECT, Literal("after")))
        assert _values(data) == found[-1] | {"after"}, folder
        kept = [child.name for child in (data / "generations").iterdir()]
        assert kept == [transaction.generation.path.name], folder
    assert found[0] == OLD and found[-1] == NEW


def test_a_killed_restore_leaves_the_old_generation_or_the_whole_backup(base: Path) -> None:
    _add(base, "new")
    backup(generations.read(base, 1), base.with_name("backup"), False, lambda done: None)
    runs = _runs(base, "by_step", "again")
    assert [code for _, code in runs] == [-9] * (len(runs) - 1) + [0]
    assert len(runs) > 12
    found = []
    for folder, _ in runs:
        data = Path(folder)
        found.append(_values(data))
        assert (found[-1], generations.published(data)) in [({"old", "new"}, 2), (OLD, 3)], folder
        _add(data, "after")
        assert _values(data) == found[-1] | {"after"}, folder
        assert not list((data / "generations").glob("tmp-*")), folder
    assert found[0] == {"old", "new"} and found[-1] == OLD


def test_a_killed_rollback_leaves_the_new_generation_or_the_old_one_again(base: Path) -> None:
    (generations.folder(base, 1) / "text").write_text("an index")
    _add(base, "new")
    runs = _runs(base, "by_step", "back")
    assert [code for _, code in runs] == [-9] * (len(runs) - 1) + [0]
    assert len(runs) > 8
    found = []
    for folder, _ in runs:
        data = Path(folder)
        found.append(_values(data))
        current = generations.current(data)
        assert current is not None
        assert (found[-1], current.number) in [({"old", "new"}, 2), (OLD, 3)], folder
        assert (current.path / "text").exists() is (current.number == 3), folder
        _add(data, "after")
        assert _values(data) == found[-1] | {"after"}, folder
    assert found[0] == {"old", "new"} and found[-1] == OLD


# A limit on the size of files makes writing fail as a full disk does, for whoever runs the tests.
FULL = """
import resource, signal, sys
from pathlib import Path
from pyoxigraph import Literal, NamedNode, Quad
from endpoint.storage.writer import Writer
from endpoint.errors import StoreError

SUBJECT = NamedNode("http://example.org/s")


def fill(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
data, when = Path(sys.argv[1]), sys.argv[2]
with Writer(data) as writer:
    try:
        if when == "before":
            fill(0)
        with writer.transaction() as transaction:
            if when == "loading":
                fill(10_000)
            transaction.store.bulk_extend(Quad(SUBJECT, SUBJECT, Literal(str(n))) for n in range(5_000))
            if when == "publishing":
                fill(10)
    except StoreError as error:
        failure = error
    fill(resource.RLIM_INFINITY)
    assert not list((data / "generations").glob("tmp-*"))
    with writer.transaction() as transaction:
        transaction.store.add(Quad(SUBJECT, SUBJECT, Literal("with space again")))
print(failure)
"""


@pytest.mark.parametrize("when", ["before", "loading", "publishing"])
def test_a_full_disk_publishes_nothing_and_is_named(when: str, base: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FULL, base, when], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith(f"The data directory {base} could not be ")
    assert "File too large" in run.stdout
    assert run.stdout.count("\n") == 1
    assert _values(base) == {"old", "with space again"}
    assert generations.numbers(base) == [1, 2]


def test_a_failure_of_the_disk_within_the_block_names_the_data_directory(base: Path) -> None:
    refusal = pytest.raises(StoreError, match=f"{base} could not be written: No space left")
    with Writer(base) as writer, refusal, writer.transaction():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert _values(base) == OLD


@pytest.mark.parametrize(
    ("name", "time", "outcome"),
    [
        ("base", 1, "nothing changed"),
        ("generation.json", 1, "nothing changed"),
        ("store", 1, "nothing changed"),
        ("generations", 1, "nothing changed"),
        ("current.new", 1, "nothing changed"),
        ("base", 2, "not confirmed"),
        ("primary.generation.new", 1, "done"),
        ("base", 3, "done"),
    ],
)
def test_a_failing_sync_publishes_nothing_or_is_told(
    name: str, time: int, outcome: str, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", FailingSync(name, time))
        assert _outcome(base) == outcome
    there = _values(base)
    assert there == (OLD if outcome == "nothing changed" else {"old", "new"})
    assert generations.numbers(base) == [*range(1, len(there) + 1)]
    _add(base, "after")
    assert _values(base) == there | {"after"}


class FailingSync:
    """fsync that fails at this time for a file or folder with this name."""

    def __init__(self, name: str, time: int) -> None:
        self._name = name
        self._left = time
        self._sync = os.fsync

    def __call__(self, descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == self._name:
            self._left -= 1
            if self._left == 0:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._sync(descriptor)


def _outcome(data: Path) -> str:
    try:
        _add(data, "new")
    except StoreError as error:
        assert "Input/output error" in str(error)
        return "not confirmed" if isinstance(error, NotConfirmed) else "nothing changed"
    return "done"


def test_the_primary_store_outlives_the_loss_of_its_generation(base: Path) -> None:
    shutil.rmtree(generations.folder(base, 1))
    with pytest.raises(StoreError, match="There is no generation in"):
        _add(base, "new")
    (primary,) = (base / "primary").iterdir()
    assert list(Store.read_only(str(primary))) == [Quad(SUBJECT, SUBJECT, Literal("old"))]


def test_a_pointer_that_cannot_be_written_publishes_nothing(base: Path) -> None:
    (base / "current.new").mkdir()
    with pytest.raises(StoreError, match="could not be written: Is a directory"):
        _add(base, "refused")
    assert _values(base) == OLD
    assert generations.numbers(base) == [1]
    (base / "current.new").rmdir()
    _add(base, "new")
    assert _values(base) == {"old", "new"}


def test_a_failure_after_the_switch_is_none_of_the_publication(base: Path) -> None:
    (base / "primary.generation.new").mkdir()
    for value in ("one", "two"):
        _add(base, value)
    assert _values(base) == {"old", "one", "two"}
