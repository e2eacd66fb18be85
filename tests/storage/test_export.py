"""``endpoint export``: what is written can be loaded again; a file appears whole or not at all."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyoxigraph import (
    BlankNode,
    CanonicalizationAlgorithm,
    Dataset,
    DefaultGraph,
    Literal,
    NamedNode,
    Quad,
    RdfFormat,
    Store,
    Triple,
    parse,
)

from endpoint.errors import ConfigurationError, DataError, EndpointError, NotExpressible, StoreError
from endpoint.formats import BIBLIOGRAPHIES, EXPORT_FORMATS, Format
from endpoint.storage import generations
from endpoint.storage.dump import COMPRESSIONS
from endpoint.storage.export import Exported, ExportOptions, Progress, export
from endpoint.storage.writer import Writer
from tests.live import ROOT

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BIBO = "http://purl.org/ontology/bibo/"
TITLE = NamedNode("http://purl.org/dc/terms/title")
TYPE = NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
FIRST, SECOND = NamedNode("http://example.org/first"), NamedNode("http://example.org/second")
PREFIXES = {"dcterms": "http://purl.org/dc/terms/", "bibo": BIBO}
XSD = "http://www.w3.org/2001/XMLSchema#"

DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
    "zst": zstd.decompress,
}


def publication(number: int) -> NamedNode:
    return NamedNode(f"http://example.org/resource/Publication/{number}")


def quads() -> Iterator[Quad]:
    shared = BlankNode("shared")
    texts: list[Literal | BlankNode | NamedNode] = [
        Literal("한국의 외교·안보"),
        Literal('a\ttab, a\nnewline, a\r\nreturn, "quotes", <b> & \' \\ {x}'),
        Literal("대한민국", language="ko"),
        *(Literal(text, datatype=NamedNode(XSD + name)) for text, name in TYPED),
        shared,
        publication(9),
    ]
    yield from (Quad(publication(1), TITLE, text, FIRST) for text in texts)
    yield Quad(publication(1), TYPE, NamedNode(BIBO + "Report"), FIRST)
    yield Quad(shared, TITLE, Literal("of a blank node"), FIRST)
    yield Quad(publication(1), TYPE, NamedNode(BIBO + "Report"), SECOND)
    yield Quad(publication(2), TYPE, NamedNode(BIBO + "Book"), SECOND)
    yield Quad(publication(2), TITLE, Literal("Second"), SECOND)
    yield Quad(publication(3), TITLE, Literal("In the default graph"), DefaultGraph())
    yield Quad(publication(2), TITLE, Literal("Second"), DefaultGraph())


TYPED = [
    ("1", "integer"),
    ("1.5", "decimal"),
    ("1.5E0", "double"),
    ("true", "boolean"),
    ("2023-05-22", "date"),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return publish(tmp_path / "data", *quads())


def publish(data: Path, *given: Quad) -> Path:
    with Writer(data) as writer, writer.transaction() as transaction:
        transaction.store.extend(given)
    return data


def written(data: Path, output: Path, **asked: object) -> Exported:
    return export(data, PREFIXES, ExportOptions(output=output, **asked))  # type: ignore[arg-type]


def canonical(given: Iterator[Quad]) -> set[str]:
    dataset = Dataset(given)
    dataset.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    return {str(quad) for quad in dataset}


def loaded(data: bytes, fmt: RdfFormat, graph: NamedNode | None = None) -> set[str]:
    """Return the quads of a store after loading, with its canonical numbers."""
    store = Store()
    store.bulk_load(data, fmt, to_graph=graph)
    return canonical(iter(store))


def stored(data: Path) -> list[Quad]:
    generation = generations.current(data)
    assert generation is not None
    return list(Store.read_only(str(generation.path / generations.STORE)))


@pytest.mark.parametrize("extension", ["nq", "trig", "jsonld"])
def test_a_dataset_comes_back_whole(data: Path, tmp_path: Path, extension: str) -> None:
    output = tmp_path / f"all.{extension}"
    found = written(data, output)
    everything = stored(data)
    assert found.number == len(everything)
    fmt = RdfFormat.from_extension(extension)
    assert fmt is not None
    assert loaded(output.read_bytes(), fmt) == canonical(iter(everything))


@pytest.mark.parametrize("extension", ["ttl", "nt", "rdf", "n3"])
def test_a_graph_comes_back_whole(data: Path, tmp_path: Path, extension: str) -> None:
    output = tmp_path / f"first.{extension}"
    written(data, output, graphs=(FIRST,))
    fmt = RdfFormat.from_extension(extension)
    assert fmt is not None
    of_graph = (quad for quad in stored(data) if quad.graph_name == FIRST)
    assert loaded(output.read_bytes(), fmt, FIRST) == canonical(of_graph)


@pytest.mark.parametrize("graphs", [(FIRST,), (FIRST, SECOND), (SECOND,)])
def test_a_format_of_datasets_keeps_the_names_of_the_graphs(
    data: Path, tmp_path: Path, graphs: tuple[NamedNode, ...]
) -> None:
    written(data, tmp_path / "some.nq", graphs=graphs)
    chosen = (quad for quad in stored(data) if quad.graph_name in graphs)
    assert loaded((tmp_path / "some.nq").read_bytes(), RdfFormat.N_QUADS) == canonical(chosen)


@pytest.mark.parametrize("graphs", [(), (FIRST, SECOND), (SECOND, FIRST), (SECOND,)])
@pytest.mark.parametrize("extension", ["nt", "nq", "ttl"])
def test_a_union_holds_each_statement_once(
    data: Path, tmp_path: Path, graphs: tuple[NamedNode, ...], extension: str
) -> None:
    output = tmp_path / f"union.{extension}"
    found = written(data, output, graphs=graphs, union=True)
    chosen = [quad for quad in stored(data) if not graphs or quad.graph_name in graphs]
    once = {str(quad.triple) for quad in chosen}
    fmt = RdfFormat.from_extension(extension)
    read = [*parse(output.read_bytes(), fmt)]
    assert all(quad.graph_name == DefaultGraph() for quad in read)
    assert found.number == len(read) == len(once)


def test_names_are_short_where_the_format_has_prefixes(data: Path, tmp_path: Path) -> None:
    written(data, tmp_path / "second.ttl", graphs=(SECOND,))
    text = (tmp_path / "second.ttl").read_text()
    assert "@prefix dcterms: <http://purl.org/dc/terms/> ." in text
    assert "dcterms:title" in text


@pytest.mark.parametrize("compression", [*COMPRESSIONS])
def test_compression_by_extension_and_by_name(data: Path, tmp_path: Path, compression: str) -> None:
    written(data, tmp_path / "plain.nq")
    written(data, tmp_path / f"all.nq.{compression}")
    written(data, tmp_path / "named.nq", compression=compression)
    plain = (tmp_path / "plain.nq").read_bytes()
    assert DECOMPRESS[compression]((tmp_path / f"all.nq.{compression}").read_bytes()) == plain
    assert (tmp_path / "named.nq").read_bytes() == (tmp_path / f"all.nq.{compression}").read_bytes()


@pytest.mark.parametrize(
    ("name", "asked", "expected"),
    [
        ("a.nq", {}, "n-quads"),
        ("a.TRIG", {}, "trig"),
        ("a.csl.json", {}, "csl-json"),
        ("a.bib.gz", {}, "bibtex"),
        ("a.ris", {}, "ris"),
        ("a.txt", {"format_name": "nq"}, "n-quads"),
        ("a.ttl", {"format_name": "trig"}, "trig"),
        ("a", {"format_name": "application/n-quads"}, "n-quads"),
        ("a.ttl", {"union": True}, "turtle"),
        ("a.n3", {"union": True}, "n3"),
    ],
)
def test_the_format(data: Path, tmp_path: Path, name: str, asked: dict[str, object], expected: str) -> None:
    assert written(data, tmp_path / name, **asked).format.name == expected
    assert (tmp_path / name).stat().st_size


@pytest.mark.parametrize(
    ("name", "asked", "said"),
    [
        ("a.txt", {}, "does not tell the format"),
        ("a.gz", {}, "does not tell the format"),
        ("a.nq", {"format_name": "pdf"}, "--format"),
        ("a.nq", {"compression": "rar"}, "--compress: use one of gz, bz2, xz, zst"),
        ("a.ttl", {}, "--union"),
        ("a.rdf", {"graphs": (FIRST, SECOND)}, "--union"),
        ("a.nq", {"graphs": (NamedNode("urn:none"),)}, "there is no graph urn:none"),
        ("folder/a.nq", {}, "there is no folder"),
        (".", {"format_name": "nq"}, "is a folder"),
    ],
)
def test_what_does_not_fit_is_said(
    data: Path, tmp_path: Path, name: str, asked: dict[str, object], said: str
) -> None:
    before = {*tmp_path.rglob("*")}
    with pytest.raises(ConfigurationError, match=said):
        written(data, tmp_path / name, **asked)
    assert {*tmp_path.rglob("*")} == before


def test_a_file_is_overwritten_only_by_force(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "all.nq"
    output.write_text("mine")
    with pytest.raises(ConfigurationError, match="overwrite it with --force"):
        written(data, output)
    assert output.read_text() == "mine"
    assert written(data, output, force=True).written == output.stat().st_size


def test_a_link_stays_a_link(data: Path, tmp_path: Path) -> None:
    target, link = tmp_path / "target.nq", tmp_path / "link.nq"
    target.touch()
    link.symlink_to(target)
    written(data, link, force=True)
    assert link.is_symlink()
    assert target.stat().st_size


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError(), DataError("x")])
def test_an_interruption_leaves_nothing(data: Path, tmp_path: Path, error: BaseException) -> None:
    output = tmp_path / "all.bib"
    output.write_text("old")

    def interrupt(progress: Progress) -> None:
        assert progress.done
        raise error

    before = {*tmp_path.iterdir()}
    with pytest.raises(type(error)):
        export(data, {}, ExportOptions(output=output, force=True), interrupt)
    assert {*tmp_path.iterdir()} == before
    assert output.read_text() == "old"


def test_a_full_disk_is_said_and_leaves_nothing(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No space left on device") as raised:
        written(data, Path("/dev/full"), format_name="nq")
    assert raised.value.file == Path("/dev/full")
    with pytest.raises(DataError, match="No space left on device"):
        written(data, Path("/dev/full"), format_name="nq", compression="gz")
    assert {child.name for child in tmp_path.iterdir()} == {"data"}


def test_a_folder_that_cannot_be_written_is_said(data: Path) -> None:
    with pytest.raises(DataError, match="cannot be written: "):
        written(data, Path("/proc/self/all.nq"))


LIMITED = """
import resource, sys
from pathlib import Path
from endpoint.errors import DataError
from endpoint.storage.export import ExportOptions, export
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    export(Path(sys.argv[1]), {}, ExportOptions(Path(sys.argv[2]), force=True))
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize("name", ["all.nq", "all.nq.gz"])
def test_a_file_that_grows_too_large_leaves_the_old_one(data: Path, tmp_path: Path, name: str) -> None:
    output = tmp_path / name
    output.write_text("old")
    before = {*tmp_path.iterdir()}
    command = [sys.executable, "-c", LIMITED, str(data), str(output)]
    found = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert found.stdout == f"{output}: The export cannot be written: File too large.\n", found.stderr
    assert {*tmp_path.iterdir()} == before
    assert output.read_text() == "old"


def test_a_pipe_is_written_to_and_not_replaced(data: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    found = written(data, pipe, format_name="nq")
    reader.join()
    assert len(received[0]) == found.written
    assert pipe.is_fifo()


class Standard:
    """Standard output, as far as it is used."""

    def __init__(self, terminal: bool = False) -> None:
        self.buffer = io.BytesIO()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


def test_standard_output_is_n_quads_unless_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = canonical(iter(stored(data)))
    plain, packed = Standard(), Standard()
    monkeypatch.setattr(sys, "stdout", plain)
    assert export(data, {}, ExportOptions()).format.name == "n-quads"
    assert loaded(plain.buffer.getvalue(), RdfFormat.N_QUADS) == everything
    monkeypatch.setattr(sys, "stdout", packed)
    export(data, {}, ExportOptions(format_name="trig", compression="gz"))
    assert loaded(gzip.decompress(packed.buffer.getvalue()), RdfFormat.TRIG) == everything


def test_a_terminal_gets_no_compressed_bytes(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Standard(terminal=True))
    with pytest.raises(ConfigurationError, match="terminal"):
        export(data, {}, ExportOptions(compression="gz"))


def test_a_closed_pipe_is_no_error_of_the_disk(data: Path) -> None:
    class Closed(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: object, /) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    closed = Standard()
    closed.buffer = Closed()  # type: ignore[assignment]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stdout", closed)
        with pytest.raises(BrokenPipeError):
            export(data, {}, ExportOptions())


def test_progress_is_told(tmp_path: Path) -> None:
    number = 10_000
    given = (Quad(publication(n), TITLE, Literal(f"Title {n}"), FIRST) for n in range(number))
    data = publish(tmp_path / "data", *given)
    seen: list[Progress] = []
    found = export(data, {}, ExportOptions(output=tmp_path / "all.nq"), seen.append)
    assert found.number == number
    assert [progress.total for progress in seen] == [number] * len(seen)
    assert 0 < seen[0].done < seen[-1].done <= number
    assert seen[0].written < seen[-1].written <= found.written == (tmp_path / "all.nq").stat().st_size


@pytest.mark.parametrize(
    ("graphs", "keys"),
    [
        ((), {"Publication-1", "Publication-2"}),
        ((FIRST,), {"Publication-1"}),
        ((SECOND, FIRST), {"Publication-1", "Publication-2"}),
    ],
)
def test_publications(data: Path, tmp_path: Path, graphs: tuple[NamedNode, ...], keys: set[str]) -> None:
    found = written(data, tmp_path / "all.csl.json", graphs=graphs)
    items = json.loads((tmp_path / "all.csl.json").read_text())
    assert {item["id"] for item in items} == keys
    assert found.number == len(items) == len(keys)


def test_what_a_format_cannot_say_is_said(tmp_path: Path) -> None:
    control = publish(tmp_path / "control", Quad(publication(1), TITLE, Literal("a\x01b"), FIRST))
    with pytest.raises(NotExpressible, match=r"U\+0001"):
        written(control, tmp_path / "a.rdf", graphs=(FIRST,))
    quoted = Triple(publication(1), TITLE, Literal("x"))
    nested = publish(tmp_path / "nested", Quad(publication(1), TITLE, quoted, FIRST))
    with pytest.raises(NotExpressible, match="JSON-LD"):
        written(nested, tmp_path / "a.jsonld")
    assert written(nested, tmp_path / "a.nq").number == 1
    assert {child.suffix for child in tmp_path.iterdir()} == {"", ".nq"}


@pytest.mark.parametrize("fmt", EXPORT_FORMATS, ids=[fmt.name for fmt in EXPORT_FORMATS])
def test_nothing_is_a_valid_file(tmp_path: Path, fmt: Format) -> None:
    found = written(publish(tmp_path / "data"), tmp_path / "empty", format_name=fmt.name, union=True)
    assert found.number == 0
    content = (tmp_path / "empty").read_bytes()
    if fmt in BIBLIOGRAPHIES:
        assert content.strip() in (b"", b"[]")
    else:
        assert [*parse(content, RdfFormat.from_extension(fmt.extension))] == []


def test_the_generation_is_held_while_it_is_read(data: Path, tmp_path: Path) -> None:
    first = generations.current(data)
    assert first is not None
    published = False

    def write_more(progress: Progress) -> None:
        nonlocal published
        if not published:
            published = True
            for number in range(3):
                publish(data, Quad(publication(100 + number), TITLE, Literal("new"), FIRST))

    found = export(data, {}, ExportOptions(output=tmp_path / "all.ris"), write_more)
    assert published
    assert found.generation.number == first.number
    assert found.number == 2
    assert first.path.is_dir()
    after = export(data, {}, ExportOptions(output=tmp_path / "after.nq"))
    assert after.generation.number == first.number + 3


def test_without_a_store_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        written(tmp_path / "none", tmp_path / "all.nq")


def test_a_damaged_store_is_said(data: Path, tmp_path: Path) -> None:
    generation = generations.current(data)
    assert generation is not None
    for table in (generation.path / generations.STORE).glob("*.sst"):
        table.unlink()
        table.write_bytes(b"damaged")
    with pytest.raises(EndpointError, match=r"cannot be read"):
        written(data, tmp_path / "all.nq")
    assert not (tmp_path / "all.nq").exists()
