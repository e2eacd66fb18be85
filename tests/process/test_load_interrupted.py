"""``endpoint load`` interrupted, killed, and out of space, as a real process: the store stays as it was."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pyoxigraph import Store

from endpoint.storage import generations
from tests.live import command, environment, run
from tests.waiting import PATIENCE, until

MANIFEST = """
base = "http://example.org/"
title.en = "Test"
description.en = "Test"

[prefixes]
e = "http://example.org/"

[[graph]]
iri = "http://example.org/graph"
title.en = "Graph"
files = []
"""
RULES = """
[[graph]]
iri = "http://example.org/derived"
title.en = "Derived"
rules = ["*.rq"]
"""
TRIPLES = 300_000


def triples(first: int, count: int) -> str:
    return "".join(
        f'<http://example.org/{n}> <http://example.org/p> "{n} 한국 외교" .\n'
        for n in range(first, first + count)
    )


@pytest.fixture(scope="module")
def text() -> bytes:
    return triples(1, TRIPLES).encode()


@pytest.fixture
def flags(tmp_path: Path) -> list[str]:
    return prepare(tmp_path, tmp_path / "data")


def prepare(folder: Path, data: Path, more: str = "") -> list[str]:
    """A data directory with one generation of one triple, and the flags for it.

    ``more`` of the manifest tells of rules that derive another triple.
    """
    manifest = folder / "dataset" / "seed" / "dataset.toml"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(MANIFEST + more)
    flags = ["--dataset", str(folder / "dataset"), "--data", str(data)]
    loaded = run("load", "-", "--format", "nt", *flags, text=triples(0, 1))
    assert loaded.returncode == 0, loaded.stderr
    assert (numbers(data), count(data)) == ([1], 2 if more else 1)
    return flags


def write_rule(folder: Path, rule: str) -> None:
    (folder / "dataset").mkdir()
    (folder / "dataset" / "10-rule.rq").write_text(f"PREFIX e: <http://example.org/>\n{rule}")


def numbers(data: Path) -> list[int]:
    return generations.numbers(data)


def count(data: Path) -> int:
    """The triples of the current generation, each of them read."""
    generation = generations.current(data)
    assert generation is not None
    found = sum(1 for _ in Store.read_only(str(generation.path / generations.STORE)))
    assert found == generation.quads
    return found


def check_unchanged(flags: list[str]) -> None:
    """The data directory has what it had, and takes the next load."""
    data = Path(flags[-1])
    assert (numbers(data), count(data)) == ([1], 1)
    again = run("load", "-", "--format", "nt", *flags, text=triples(1, 1))
    assert again.returncode == 0, again.stderr
    assert (numbers(data), count(data)) == ([1, 2], 2)
    assert not list((data / "generations").glob("tmp-*"))
    assert len(list((data / "primary").iterdir())) == 1


@contextmanager
def loading(flags: list[str], *before: str) -> Iterator[subprocess.Popen[bytes]]:
    """A load from standard input."""
    process = subprocess.Popen(
        [*before, *command("load", "-", "--format", "nt", *flags)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None and process.stdout is not None and process.stderr is not None
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        with suppress(BrokenPipeError):
            process.stdin.close()


def at_the_start(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Wait until it reads: it has taken more than the pipe holds."""
    assert process.stdin is not None
    process.stdin.write(text[: 1 << 18])


def while_reading(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Wait until the engine has taken most of the text, and let it wait for more."""
    assert process.stdin is not None
    process.stdin.write(text)


def after_reading(process: subprocess.Popen[bytes], text: bytes) -> None:
    """Wait until the engine has all of the text, which it sorts and writes then."""
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.close()


MOMENTS = [at_the_start, while_reading, after_reading]
Moment = Callable[[subprocess.Popen[bytes], bytes], None]


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interruption_leaves_the_store_as_it_was(moment: Moment, flags: list[str], text: bytes) -> None:
    primary = Path(flags[-1]) / "primary"
    before = set(primary.iterdir())
    # A shell starts its background jobs with this signal ignored, and so would be what they start.
    with loading(flags, "env", "--default-signal=INT") as process:
        moment(process, text)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
        assert process.stderr is not None
        said = process.stderr.read().decode()
    assert "Interrupted" in said and "Traceback" not in said
    # The space that it took is given back at once.
    assert not primary.exists() or set(primary.iterdir()) == before
    check_unchanged(flags)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_load_leaves_the_store_as_it_was(
    number: signal.Signals, moment: Moment, flags: list[str], text: bytes
) -> None:
    with loading(flags) as process:
        moment(process, text)
        process.send_signal(number)
        assert process.wait(PATIENCE) != 0
    check_unchanged(flags)


def derived(data: Path) -> list[Path]:
    """The files that a derivation has made so far, while other files come and go."""
    with suppress(FileNotFoundError):
        return list(data.rglob("derive-*"))
    return []


def test_a_load_killed_while_it_derives_leaves_no_files(tmp_path: Path, file: Path) -> None:
    write_rule(tmp_path, "CONSTRUCT { ?this e:q ?o } WHERE { ?this e:p ?o }")
    flags = prepare(tmp_path, tmp_path / "data", RULES)
    data = Path(flags[-1])
    with subprocess.Popen([*command("load", str(file), *flags)], env=environment()) as process:
        try:
            until(lambda: process.poll() is not None or derived(data))
            assert process.poll() is None
        finally:
            process.kill()
    assert (numbers(data), count(data)) == ([1], 2)
    again = run("load", "-", "--format", "nt", *flags, text=triples(1, 1))
    assert again.returncode == 0, again.stderr
    assert (numbers(data), count(data)) == ([1, 2], 4)
    assert derived(data) == []


def refusal(source: Path, flags: list[str], *before: str) -> str:
    """Return the message of a load that cannot succeed."""
    ended = subprocess.run(
        [*before, *command("load", str(source), *flags)],
        capture_output=True,
        env=environment(),
        timeout=PATIENCE,
        check=False,
        text=True,
    )
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr.splitlines()[-1]


@pytest.fixture
def file(tmp_path: Path, text: bytes) -> Path:
    path = tmp_path / "data.nt"
    path.write_bytes(text)
    return path


def test_a_file_that_may_not_grow_leaves_the_store_as_it_was(file: Path, flags: list[str]) -> None:
    said = refusal(file, flags, "sh", "-c", 'ulimit -f 4000; exec "$@"', "sh")
    assert said.startswith(f"endpoint: The data directory {flags[-1]} could not be written: File too large.")
    check_unchanged(flags)


def test_no_space_for_what_is_derived_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    # Each of the new subjects gets all objects: more than a megabyte from some kilobytes.
    write_rule(tmp_path, "CONSTRUCT { ?this e:q ?o } WHERE { ?this e:p ?other . ?s e:p ?o }")
    flags, many = prepare(tmp_path, tmp_path / "data", RULES), tmp_path / "many.nt"
    many.write_text(triples(1, 1000))
    said = refusal(many, flags, "sh", "-c", 'ulimit -f 4000; exec "$@"', "sh")
    assert said.startswith(f"endpoint: The data directory {flags[-1]} could not be written: File too large.")
    assert (numbers(Path(flags[-1])), count(Path(flags[-1]))) == ([1], 2)


def test_a_full_disk_leaves_the_store_as_it_was(small_disk: Path, tmp_path: Path, file: Path) -> None:
    flags = prepare(tmp_path, small_disk / "data")
    said = refusal(file, flags)
    assert said.startswith(f"endpoint: The data directory {flags[-1]} could not be written: No space left")
    check_unchanged(flags)
