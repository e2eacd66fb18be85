"""Files, folders, archives and standard input as sources."""

from __future__ import annotations

import errno
import gzip
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Protocol

import pytest
from pyoxigraph import NamedNode

from endpoint.errors import ConfigurationError, DataError, DataErrors
from endpoint.ingest.sources import (
    CSV,
    JSON,
    JSON_LD,
    N_QUADS,
    N_TRIPLES,
    TEXT,
    TRIG,
    TURTLE,
    XLSX,
    Source,
    SourceKind,
    file_source,
)
from endpoint.ingest.sources.discovery import discover
from tests.ingest.sources.packed_files import one_member, patched, tar_of, zip_of

TURTLE_TEXT = b"<urn:a> <urn:p> 1 ."
G = NamedNode("http://example.org/g")


class Write(Protocol):
    """Writes a file in an empty working directory; gives its relative path."""

    def __call__(self, name: str, content: bytes = TURTLE_TEXT) -> Path: ...


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    monkeypatch.chdir(tmp_path)

    def write_file(name: str, content: bytes = TURTLE_TEXT) -> Path:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write_file


def names(*arguments: str | Path, stdin: bytes | None = None) -> list[str]:
    """The names of the sources; each can be read."""
    sources, _ = discover(arguments, stdin=None if stdin is None else io.BytesIO(stdin))
    return [source.name for source in sources if content(source) is not None]


def content(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read()


def errors(*arguments: str | Path, stdin: bytes | None = None) -> list[str]:
    with pytest.raises(DataErrors) as caught:
        names(*arguments, stdin=stdin)
    return [str(error) for error in caught.value.errors]


def test_a_file_is_a_source(write: Write) -> None:
    path = write("folder/발간.ttl", TURTLE_TEXT)
    (source,), notices = discover([path], G)
    assert (source.name, source.kind, source.format) == ("folder/발간.ttl", SourceKind.RDF, TURTLE)
    assert (source.graph, source.size, source.iri) == (G, len(TURTLE_TEXT), path.resolve().as_uri())
    assert content(source) == content(source) == TURTLE_TEXT
    assert notices == []


def test_the_size_is_that_of_the_compressed_file(write: Write) -> None:
    packed = gzip.compress(TURTLE_TEXT * 100)
    (source,), _ = discover([write("a.ttl.gz", packed)])
    assert (source.size, source.format) == (len(packed), TURTLE)
    assert content(source) == TURTLE_TEXT * 100
    with source.open() as stream:
        stream.read()
        assert stream.consumed() == len(packed)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.nt.zst", SourceKind.RDF),
        ("a.txt", SourceKind.PAGE),
        ("a.HTM", SourceKind.PAGE),
        ("a.csv.xz", SourceKind.TABLE),
    ],
)
def test_the_extension_says_who_reads_it(name: str, kind: SourceKind, write: Write) -> None:
    (source,), _ = discover([write(name, b"a")])
    assert source.kind is kind


def test_json_is_a_table_or_json_ld(write: Write) -> None:
    write("1.json", b'[{"idx_no": 14209}]')
    write("2.json", b'{"@id": "http://example.org/a"}')
    write("3.json.gz", gzip.compress(b'{"@id": "http://example.org/a"}'))
    packed = zip_of({"4.json": b'{"@graph": []}', "5.json": b"[]"})
    sources, _ = discover([".", write("b.zip", packed)])
    found = {source.name: source.format for source in sources}
    assert found == {
        "1.json": JSON,
        "2.json": JSON_LD,
        "3.json.gz": JSON_LD,
        "b.zip!4.json": JSON_LD,
        "b.zip!5.json": JSON,
    }


def test_a_folder_is_walked_in_order(write: Write) -> None:
    for name in ("d/b.ttl", "d/a/2.nt", "d/a/10.nt", "d/c.zip/x.ttl", "d/README.md", "d/.hidden.ttl"):
        write(name)
    write("d/.git/config.ttl")
    write("d/z.tar", tar_of({"y.ttl": TURTLE_TEXT}))
    write("d/LICENSE")
    Path("d/loop").symlink_to(".")
    Path("d/dangling.ttl").symlink_to("nowhere")
    Path("d/link.ttl").symlink_to("b.ttl")
    os.mkfifo("d/pipe.ttl")
    assert names("d") == [
        "d/b.ttl",
        "d/link.ttl",
        "d/z.tar!y.ttl",
        "d/a/10.nt",
        "d/a/2.nt",
        "d/c.zip/x.ttl",
    ]
    assert discover(["d"])[1] == [
        "d: passed over 2 files (hidden): .git, .hidden.ttl",
        "d: passed over 1 file (link to a folder): loop",
        "d: passed over 2 files (unknown extension): LICENSE, README.md",
        "d: passed over 2 files (no regular file): dangling.ttl, pipe.ttl",
    ]


def test_a_notice_names_only_some_files(write: Write) -> None:
    write("d/a.ttl")
    for n in range(10):
        write(f"d/{n}.pdf")
    assert discover(["d"])[1] == ["d: passed over 10 files (unknown extension): 0.pdf, 1.pdf, 2.pdf, …"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_an_archive_is_its_members(kind: str, write: Write) -> None:
    inner = {"i.ttl": TURTLE_TEXT, "deep.zip": zip_of({"x.ttl": TURTLE_TEXT})}
    files = {
        "a.ttl": TURTLE_TEXT,
        "f/b.ttl.gz": gzip.compress(TURTLE_TEXT),
        "f/발간 1.csv": b"a,b",
        "__MACOSX/._a.ttl": b"",
        "f/.c.ttl": b"",
        "README": b"",
        "inner.zip": zip_of(inner),
    }
    packed = zip_of(files) if kind == "zip" else tar_of(files)
    name = f"f.{kind}"
    path = write(name, gzip.compress(packed) if kind == "tar.gz" else packed)
    sources, notices = discover([path], G)
    assert [source.name for source in sources] == [
        f"{name}!a.ttl",
        f"{name}!f/b.ttl.gz",
        f"{name}!f/발간 1.csv",
        f"{name}!inner.zip!i.ttl",
    ]
    assert [content(source) for source in sources] == [TURTLE_TEXT, TURTLE_TEXT, b"a,b", TURTLE_TEXT]
    assert [source.size for source in sources] == [19, len(files["f/b.ttl.gz"]), 3, 19]
    assert [source.format for source in sources] == [TURTLE, TURTLE, CSV, TURTLE]
    base = path.resolve().as_uri()
    assert sources[2].iri == f"{base}!/f/%EB%B0%9C%EA%B0%84%201.csv"
    assert sources[3].iri == f"{base}!/inner.zip!/i.ttl"
    assert {source.graph for source in sources} == {G}
    assert notices == [
        f"{name}!inner.zip: passed over 1 file (archive in an archive in an archive): deep.zip",
        f"{name}: passed over 2 files (hidden): __MACOSX/._a.ttl, f/.c.ttl",
        f"{name}: passed over 1 file (unknown extension): README",
    ]


def test_links_in_an_archive_are_passed_over(write: Write) -> None:
    link = tarfile.TarInfo("link.ttl")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    path = write("a.tar", tar_of({"a.ttl": TURTLE_TEXT}, link))
    assert names(path) == ["a.tar!a.ttl"]
    assert discover([path])[1] == ["a.tar: passed over 1 file (link or device): link.ttl"]


def test_names_that_cannot_be_printed_are_shown_in_part(write: Write) -> None:
    packed = tar_of({"a\x1b[31m\udcff.ttl": TURTLE_TEXT})
    (source,), _ = discover([write("a.tar", packed)])
    assert source.name == "a.tar!a�[31m�.ttl"
    assert source.iri is not None and source.iri.endswith("!/a%1B%5B31m%FF.ttl")
    assert content(source) == TURTLE_TEXT
    path = Path(os.fsdecode(b"\xff\x1b.ttl"))
    path.write_bytes(TURTLE_TEXT)
    (source,), _ = discover([path])
    assert source.name == "��.ttl"
    assert content(source) == TURTLE_TEXT


@pytest.mark.parametrize(
    ("text", "syntax"),
    [
        (b"@prefix a: <urn:a> .", TRIG),
        (b"<urn:a> <urn:p> <urn:b> .", N_QUADS),
        (b'{"@id": "urn:a"}', JSON_LD),
        (b"idx_no,title\n1,x", CSV),
        (b"T\n\nProperty Value\n", TEXT),
    ],
)
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_standard_input_is_known_by_its_beginning(
    text: bytes, syntax: object, compress: Callable[[bytes], bytes]
) -> None:
    (source,), notices = discover(["-"], G, stdin=io.BytesIO(compress(text)))
    assert (source.name, source.format, source.graph) == ("standard input", syntax, G)
    assert (source.iri, source.size, notices) == (None, None, [])
    assert content(source) == content(source) == text


def test_the_format_can_be_given(write: Write) -> None:
    arguments: list[str | Path] = [
        "-",
        write("data"),
        write("dump.gz", gzip.compress(TURTLE_TEXT)),
        write("a.ttl"),
    ]
    sources, _ = discover(arguments, format_name="NT", stdin=io.BytesIO(TURTLE_TEXT))
    assert {source.format for source in sources} == {N_TRIPLES}
    assert [content(source) for source in sources] == [TURTLE_TEXT] * 4
    write("d/a.ttl")
    assert [source.format for source in discover(["d"], format_name="nt")[0]] == [TURTLE]
    (table,), _ = discover(["-"], format_name="xlsx", stdin=io.BytesIO(zip_of({"xl/a": b""})))
    assert table.format is XLSX
    with table.open() as stream, zipfile.ZipFile(stream) as workbook:
        assert "xl/a" in workbook.namelist()
    with pytest.raises(ConfigurationError, match="no format 'word' to load; use one of turtle, n-triples"):
        discover(["-"], format_name="word")


def test_standard_input_that_is_a_file_has_a_size(write: Write) -> None:
    with write("a.ttl").open("rb") as stdin:
        (source,), _ = discover(["-"], format_name="ttl", stdin=stdin)
        assert source.size == len(TURTLE_TEXT)
        assert content(source) == TURTLE_TEXT


def test_a_named_pipe_is_read_once(write: Write) -> None:
    write("a.ttl")
    os.mkfifo("pipe")
    writer = Thread(target=lambda: Path("pipe").write_bytes(TURTLE_TEXT * 1000))
    writer.start()
    (source,), _ = discover(["pipe"])
    writer.join()
    assert (source.name, source.format) == ("pipe", TRIG)
    assert source.container is not None
    with source.container:
        assert content(source) == content(source) == TURTLE_TEXT * 1000


def test_what_is_wrong_with_the_arguments_is_reported_at_once(write: Write) -> None:
    write("empty/.gitkeep")
    write("README.md")
    write("Makefile")
    write("bad.zip", b"PK junk")
    write("d/bad.json.gz", b"junk")
    write("d/a.tgz", gzip.compress(tar_of({"a.ttl": TURTLE_TEXT}))[:-20])
    write("d/good.ttl")
    write("no.zip", zip_of({"README": b""}))
    write("secret.zip", patched(one_member(), 6, 8, 1))
    outer = zip_of({"in.zip": b"junk", "b.ttl": TURTLE_TEXT, "c.json.gz": b"junk"})
    damaged = "The file is damaged or was cut off; get it again."
    extensions = "The extension names no format to load; name the format with --format, or use .ttl .nt "
    found = errors(
        *("missing.ttl", "empty", "README.md", "Makefile", "bad.zip", "d", "no.zip", "secret.zip"),
        *(write("outer.zip", outer), "-", "-"),
        stdin=b"Lorem ipsum",
    )
    expected = [
        "missing.ttl: The file cannot be read: No such file or directory.",
        "empty: There is nothing to load in this folder.",
        f"README.md: {extensions}",
        f"Makefile: {extensions}",
        f"bad.zip: {damaged}",
        f"d/a.tgz: {damaged}",
        f"d/bad.json.gz: {damaged}",
        "no.zip: There is nothing to load in this archive.",
        "secret.zip!a.ttl: This member is encrypted; unpack the archive with its password",
        f"outer.zip!in.zip: {damaged}",
        f"outer.zip!c.json.gz: {damaged}",
        "standard input: Its beginning tells no format to load; name the format with --format",
        "standard input: It can be read only once.",
    ]
    assert len(found) == len(expected)
    assert [
        message for message, wanted in zip(found, expected, strict=True) if not message.startswith(wanted)
    ] == []


def test_a_folder_that_cannot_be_read_is_reported(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("d/a.ttl")

    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert errors("d") == ["d: The folder cannot be read: Permission denied."]


@pytest.mark.parametrize(
    ("stdin", "said"),
    [
        (b"", "It is empty"),
        (gzip.compress(b""), "It is empty"),
        (zip_of({"a.ttl": TURTLE_TEXT}), "An archive must be a file"),
        (gzip.compress(TURTLE_TEXT * 1000)[:20], "damaged or was cut off"),
    ],
    ids=["nothing", "nothing in gzip", "archive", "cut"],
)
def test_standard_input_that_cannot_be_used_is_reported(stdin: bytes, said: str) -> None:
    (only,) = errors("-", stdin=stdin)
    assert only.startswith("standard input: ") and said in only


def test_a_file_may_be_named_before_it_is_there(write: Write) -> None:
    source = file_source(Path("later.ttl"), G)
    assert (source.size, source.graph) == (None, G)
    with pytest.raises(DataError, match=r"later\.ttl: The file cannot be read"):
        source.open()
    write("later.ttl")
    assert content(source) == TURTLE_TEXT


def test_large_standard_input_is_kept_on_the_disk(tmp_path: Path) -> None:
    """The memory of the process stays what it is, however much comes."""
    script = (
        "import resource, sys\n"
        "from endpoint.ingest.sources.discovery import discover\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "(source,), _ = discover(['-'], format_name='nt', stdin=sys.stdin.buffer)\n"
        "with source.container:\n"
        "    for _ in range(2):\n"
        "        with source.open() as stream:\n"
        "            print(sum(map(len, iter(lambda: stream.read(65536), b''))))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    run = subprocess.run(
        ["sh", "-c", f"head -c 200000000 /dev/zero | '{sys.executable}' -c \"{script}\""],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=True,
    )
    *lengths, kilobytes = map(int, run.stdout.split())
    assert lengths == [200_000_000] * 2
    assert kilobytes < 50_000
    assert list(tmp_path.iterdir()) == []


def test_links_that_lead_out_of_a_folder_are_not_followed(write: Write, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text("root:x:0:0:secret")
    write("folder/a.ttl")
    inside = Path("folder/below/inside.ttl")
    inside.parent.mkdir()
    inside.symlink_to("../a.ttl")
    Path("folder/out.ttl").symlink_to("../secret.ttl")
    Path("folder/absolute.ttl").symlink_to(secret)
    Path("folder/through.ttl").symlink_to("out.ttl")
    Path("folder/nowhere.ttl").symlink_to("/nowhere/at/all.ttl")
    mistakes: list[DataError] = []
    sources, _ = discover(["folder"], errors=mistakes)
    assert sorted(Path(source.name).name for source in sources) == ["a.ttl", "inside.ttl"]
    assert [Path(str(error.file)).name for error in mistakes] == [
        "absolute.ttl",
        "nowhere.ttl",
        "out.ttl",
        "through.ttl",
    ]
    assert all("leads out of the folder" in error.detail for error in mistakes)
    assert "secret\n" not in "".join(error.detail for error in mistakes)
    assert [source.name for source in discover(["secret.ttl"])[0]] == ["secret.ttl"]
    # Named itself, a link is what its owner wants.
    assert len(discover(["folder/out.ttl"])[0]) == 1
