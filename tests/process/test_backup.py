"""``endpoint backup`` and ``endpoint restore`` as real processes: beside a server, killed, on a full disk."""

from __future__ import annotations

import shlex
import signal
import subprocess
from pathlib import Path

import pytest

from endpoint.storage import generations
from tests.live import ROOT, command, environment, run, serving
from tests.process.test_history import RECORD, TURTLE, done, finds, read_only, refused
from tests.process.test_load_interrupted import count, prepare, triples
from tests.waiting import PATIENCE, until

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


def test_a_backup_beside_a_server_that_takes_loads_is_restored_elsewhere(data: Path, tmp_path: Path) -> None:
    flags = ("--data", str(data))
    other = tmp_path / "other"
    with serving(data) as server:
        done("load", "-", "--format", "turtle", *flags, text=TURTLE)
        until(lambda: finds(server, "quokkas"))
        before = server.query(COUNT).rows()
        backup = shlex.join(command("backup", "-", *flags))
        restore = shlex.join(command("restore", "-", "--data", str(other)))
        piped = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {backup} | {restore}"],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert piped.returncode == 0, piped.stderr
        assert piped.stdout.startswith("Generation 2 holds ")
        with serving(other) as second:
            assert second.query(COUNT).rows() == before
            assert finds(second, "quokkas")
            # The same generation has the same entity tags.
            tags = [each.query(COUNT).headers["etag"] for each in (server, second)]
            assert tags[0] == tags[1]
        done("backup", str(tmp_path / "first"), "--generation", "1", *flags)
        said = done("restore", str(tmp_path / "first"), "--replace", *flags)
        assert said.startswith("Generation 3 holds ")
        until(lambda: not finds(server, "quokkas"))
        assert server.query(f"ASK {{ <{RECORD}> ?p ?o }}", "application/json").json()["boolean"] is False


def test_wrong_usage_is_told(data: Path, tmp_path: Path) -> None:
    flags, file = ("--data", str(data)), tmp_path / "file"
    done("backup", str(file), *flags)
    whole = file.read_bytes()
    assert "already there; overwrite it with --force" in refused(2, "backup", str(file), *flags)
    done("backup", str(file), "--force", *flags)
    assert file.read_bytes() == whole
    assert "There is data in" in refused(2, "restore", str(file), *flags)
    assert "No such file" in refused(1, "restore", str(tmp_path / "none"), *flags)
    assert "There is no generation 9" in refused(2, "backup", "x", "--generation", "9", *flags)
    assert "is a folder" in refused(2, "backup", str(tmp_path), *flags)
    assert "There is no store in" in refused(1, "backup", "x", "--data", str(tmp_path / "nothing"))
    file.write_bytes(whole[: len(whole) // 2])
    said = refused(1, "restore", str(file), "--replace", *flags)
    assert said == f"endpoint: {file}: The backup is cut off. Nothing was published.\n"
    assert generations.numbers(data) == [1]


LARGE = 60_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The flags of a dataset with enough quads to be killed in the middle of its backup."""
    folder = tmp_path_factory.mktemp("large")
    flags = prepare(folder, folder / "data")
    done("load", "-", "--format", "nt", *flags, text=triples(1, LARGE - 1))
    return flags


def test_a_killed_backup_leaves_no_file_of_that_name(large: list[str], tmp_path: Path) -> None:
    file = tmp_path / "file"
    process = subprocess.Popen(
        command("backup", str(file), "--data", large[-1]),
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd=ROOT,
    )
    until(lambda: any(tmp_path.iterdir()) or process.poll() is not None)
    process.kill()
    process.wait(PATIENCE)
    assert not file.exists() or process.returncode == 0
    done("backup", str(file), "--force", "--data", large[-1])
    assert done("restore", str(file), "--data", str(tmp_path / "other")).startswith(
        "Generation 2 holds 60,000"
    )


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_a_restore_that_is_ended_in_the_middle_leaves_the_data_as_it_was(
    large: list[str], tmp_path: Path, ending: signal.Signals
) -> None:
    file = tmp_path / "file"
    done("backup", str(file), "--data", large[-1])
    flags = prepare(tmp_path, tmp_path / "data")
    data = tmp_path / "data"
    content = file.read_bytes()
    process = subprocess.Popen(
        # A shell starts its background jobs with this signal ignored, and so would be what they start.
        ["env", "--default-signal=INT", *command("restore", "-", "--replace", "--data", str(data))],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd=ROOT,
    )
    assert process.stdin is not None
    try:
        process.stdin.write(content[: len(content) * 3 // 4])
        process.stdin.flush()
        # Some of the files are there when it ends, and more would come.
        until(lambda: list((data / "generations").glob("tmp-*/store/*.sst")))
        process.send_signal(ending)
        assert process.wait(PATIENCE) == (-9 if ending == signal.SIGKILL else 130)
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
    assert (generations.numbers(data), count(data)) == ([1], 1)
    if ending == signal.SIGINT:
        assert not list((data / "generations").glob("tmp-*"))
    done("load", "-", "--format", "nt", *flags, text=triples(1, 1))
    assert (generations.numbers(data), count(data)) == ([1, 2], 2)
    assert not list((data / "generations").glob("tmp-*"))


def test_a_full_disk_refuses_a_backup_and_a_restore(
    large: list[str], small_disk: Path, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    done("backup", str(file), "--data", large[-1])
    flags = prepare(tmp_path, small_disk / "data")
    free = subprocess.run(["df", "--output=avail", "-k", str(small_disk)], capture_output=True, text=True)
    with (small_disk / "filling").open("wb") as filling:
        filling.write(bytes((int(free.stdout.split()[1]) - 200) * 1024))
    said = refused(1, "restore", str(file), "--replace", "--data", flags[-1])
    assert "No space left on device" in said and "What was published before is unchanged" in said
    assert (generations.numbers(small_disk / "data"), count(small_disk / "data")) == ([1], 1)
    said = refused(1, "backup", str(small_disk / "file"), "--data", large[-1])
    assert (
        said == f"endpoint: {small_disk / 'file'}: The backup cannot be written: No space left on device.\n"
    )
    assert sorted(path.name for path in small_disk.iterdir()) == ["data", "filling"]


def test_a_disk_that_cannot_be_written_is_backed_up(small_disk: Path, tmp_path: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    file = tmp_path / "file"
    with read_only(small_disk):
        done("backup", str(file), "--data", flags[-1])
        said = refused(1, "restore", str(file), "--replace", "--data", flags[-1])
        assert "Read-only file system" in said
    assert run("restore", str(file), "--data", str(tmp_path / "other")).returncode == 0
    assert count(tmp_path / "other") == 1
