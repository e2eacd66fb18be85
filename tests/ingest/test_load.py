"""Loading many sources, watched, stopped, and in little memory."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.errors import DataError, DataErrors
from endpoint.ingest.load import Progress, load_sources
from endpoint.ingest.sources import Source, SourceKind, file_source
from endpoint.ingest.sources.discovery import discover
from tests.ingest.sources.packed_files import tar_of, zip_of
from tests.live import ROOT
from tests.waiting import PATIENCE, until

S, P = NamedNode("http://example.org/s"), NamedNode("http://example.org/p")
ONE = b'<http://example.org/a> <http://example.org/p> "x" .\n'


def lines(source: Source, stream: BinaryIO) -> Iterator[Quad]:
    """A reader of tables: each line is a value, but for the word "wrong"."""
    for number, line in enumerate(stream, 1):
        if line == b"wrong\n":
            raise DataErrors([DataError("wrong", line=number), DataError("so wrong", Path("elsewhere"))])
        yield Quad(S, P, Literal(line.decode().strip()), source.graph or NamedNode("urn:none"))


def refuse(source: Source, stream: BinaryIO) -> Iterable[Quad]:
    """A reader of pages that finds all of them wrong."""
    raise DataError(f"{len(stream.read())} bytes are wrong")


READERS = {SourceKind.TABLE: lines, SourceKind.PAGE: refuse}


def load(*paths: Path, store: Store | None = None) -> list[Progress]:
    """Everything that is reported."""
    found: list[Progress] = []
    load_sources(store, discover(paths, S)[0], READERS, progress=found.append)
    return found


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_sources_of_every_kind_are_loaded(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "a.ttl", ONE),
        write(tmp_path / "b.csv.gz", gzip.compress(b"1\n2\n")),
        write(tmp_path / "c.zip", zip_of({"1.nt": ONE * 2, "2.csv": b"3\n"})),
        write(tmp_path / "d.tar", tar_of({"3.csv": b"4\n" * 20_000})),
    ]
    store = Store()
    reports = [progress for progress in load(*paths, store=store) if progress.done]
    assert {quad.object.value for quad in store} == {"x", "1", "2", "3", "4"}
    assert {quad.graph_name for quad in store} == {S}
    assert [(report.number, report.total) for report in reports] == [(n, 5) for n in range(1, 6)]
    assert [report.statements for report in reports] == [None, 2, None, 1, 20_000]
    assert [report.read for report in reports] == [report.source.size for report in reports]


def test_without_a_store_everything_is_read(tmp_path: Path) -> None:
    assert [report.statements for report in load(write(tmp_path / "a.csv", b"1\n"))] == [1]
    with pytest.raises(DataErrors, match="wrong"):
        load(write(tmp_path / "b.csv", b"wrong\n"))


def test_nothing_is_loaded_from_nothing() -> None:
    store = Store()
    load_sources(store, [], {})
    assert len(store) == 0


def test_what_is_wrong_with_any_source_is_reported(tmp_path: Path) -> None:
    packed = write(tmp_path / "p.zip", zip_of({"1.ttl": b"x", "2.ttl": ONE, "3.ttl": ONE + b":y"}))
    wrong = write(tmp_path / "t.csv", b"1\nwrong\n")
    page = write(tmp_path / "p.txt", b"page")
    cut = write(tmp_path / "c.nt.gz", gzip.compress(ONE * 100_000)[:-9])
    missing = tmp_path / "missing.ttl"
    sources = [*discover([packed, wrong, page, cut])[0], file_source(missing)]
    sources += discover(["-"], format_name="ttl", stdin=io.BytesIO(ONE * 30_000 + b"\n<a> 'b' <c> ."))[0]
    with pytest.raises(DataErrors) as caught:
        load_sources(Store(), sources, READERS)
    found = [(str(error.file), error.line, error.detail) for error in caught.value.errors]
    undeclared = 'The prefix ":" is not declared; add "@prefix : <IRI> ." above this line. Found: :y'
    assert found == [
        (f"{packed}!1.ttl", 1, found[0][2]),
        (f"{packed}!3.ttl", 2, undeclared),
        (str(wrong), 2, "wrong"),
        ("elsewhere", None, "so wrong"),
        (str(page), None, "4 bytes are wrong"),
        (str(cut), None, "The file is damaged or was cut off; get it again."),
        (str(missing), None, "The file cannot be read: No such file or directory."),
        ("standard input", 30_002, found[7][2]),
    ]
    assert "Found: <a>" in found[7][2] or "Found: 'b'" in found[7][2]


def test_damage_behind_a_mistake_is_reported_too(tmp_path: Path) -> None:
    content = b"wrong\n" + random.Random(1).randbytes(2 << 20).hex().encode() + b"\n"
    path = write(tmp_path / "a.ttl.gz", gzip.compress(content)[:-9])
    with pytest.raises(DataErrors) as caught:
        load(path, store=Store())
    assert caught.value.errors[0].line == 1
    assert caught.value.errors[-1].detail == "The file is damaged or was cut off; get it again."


def test_other_failures_come_out_unchanged(tmp_path: Path) -> None:
    def fail(source: Source, stream: BinaryIO) -> Iterable[Quad]:
        raise ZeroDivisionError

    sources = discover([write(tmp_path / "a.csv", b"")])[0]
    with pytest.raises(ZeroDivisionError):
        load_sources(Store(), sources, {SourceKind.TABLE: fail})


def test_progress_is_reported_while_a_source_is_read(tmp_path: Path) -> None:
    resume = threading.Event()
    found: list[Progress] = []

    def slow(source: Source, stream: BinaryIO) -> Iterator[Quad]:
        yield from lines(source, io.BytesIO(stream.read(4)))
        assert resume.wait(PATIENCE)

    def watch(progress: Progress) -> None:
        found.append(progress)
        resume.set()

    sources = discover([write(tmp_path / "a.csv", b"1\n2\n")])[0]
    load_sources(Store(), sources, {SourceKind.TABLE: slow}, progress=watch)
    assert (found[0].read, found[0].statements, found[0].done) == (4, 2, False)
    assert found[-1].done


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Ctrl-C as in a terminal: a shell starts what runs in its background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interruption_stops_the_reader(tmp_path: Path) -> None:
    ended = threading.Event()

    def endless(source: Source, stream: BinaryIO) -> Iterator[Quad]:
        try:
            while True:
                yield Quad(S, P, S)
        finally:
            ended.set()

    def interrupt(_: Progress) -> None:
        signal.raise_signal(signal.SIGINT)

    sources = discover([write(tmp_path / "a.csv", b"")])[0]
    with pytest.raises(KeyboardInterrupt):
        load_sources(Store(), sources, {SourceKind.TABLE: endless}, progress=interrupt)
    assert ended.wait(PATIENCE)


@pytest.mark.usefixtures("_interruptible")
def test_an_interruption_stops_the_engine(tmp_path: Path) -> None:
    """A stream that never ends and is read by native code."""
    ours, theirs = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError):
            while True:
                os.write(theirs, ONE * 1000)
        os.close(theirs)

    feeder = threading.Thread(target=feed)
    feeder.start()

    def interrupt(progress: Progress) -> None:
        if progress.read > 10_000_000:
            raise KeyboardInterrupt

    with os.fdopen(ours, "rb") as stdin:
        sources = discover(["-"], format_name="nt", stdin=stdin)[0]
        with pytest.raises(KeyboardInterrupt):
            load_sources(Store(), sources, {}, progress=interrupt)
        until(lambda: not any(thread.name == "load" for thread in threading.enumerate()))
    feeder.join(PATIENCE)


MEMORY = """
import resource, sys
from pathlib import Path
from endpoint.ingest.sources.discovery import discover
from endpoint.ingest.load import load_sources

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
load_sources(None, discover([Path(sys.argv[1])])[0], {})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


RDF_XML = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">'
    + b'<rdf:Description rdf:about="http://example.org/a" e:p="x"/>\n' * 600_000
    + b"</rdf:RDF>"
)


@pytest.mark.parametrize("name", ["a.nt.gz", "a.rdf.gz", "a.zip", "a.tar.xz"])
def test_reading_takes_less_memory_than_the_text_has(name: str, tmp_path: Path) -> None:
    content = {
        "a.nt.gz": lambda: gzip.compress(ONE * 800_000),
        "a.rdf.gz": lambda: gzip.compress(RDF_XML),
        "a.zip": lambda: zip_of({"a.ttl": ONE * 800_000}),
        "a.tar.xz": lambda: lzma.compress(tar_of({"a.nt": ONE * 800_000}), preset=0),
    }[name]()
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, write(tmp_path / name, content)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(run.stdout) < 30_000
