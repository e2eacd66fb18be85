"""Compressed, damaged and one-time streams."""

from __future__ import annotations

import gzip
import io
import os
import random
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from endpoint.errors import DataError
from endpoint.ingest.sources.byte_streams import (
    BUFFER,
    COMPRESSIONS,
    Spool,
    Stopped,
    Stream,
    compression_of,
    open_stream,
    split_extension,
)
from tests.ingest.sources.packed_files import COMPRESS

NAME = "standard input"
# Not to be compressed much, so that a cut anywhere takes content away.
CONTENT = random.Random(1).randbytes(50_000)


def test_every_compression_is_tested() -> None:
    assert set(COMPRESS) == set(COMPRESSIONS)


def open_bytes(content: bytes, compression: str | None = None) -> Stream:
    def opener(resources: ExitStack) -> IO[bytes]:
        return resources.enter_context(io.BytesIO(content))

    return open_stream(opener, "folder/a.nt", compression)


def read(content: bytes, compression: str | None = None) -> bytes:
    with open_bytes(content, compression) as stream:
        return stream.read()


@pytest.mark.parametrize("compression", COMPRESS)
def test_what_was_compressed_comes_out(compression: str) -> None:
    packed = COMPRESS[compression](CONTENT)
    assert read(packed, compression) == CONTENT
    assert read(COMPRESS[compression](b""), compression) == b""
    # Parallel compressors write several streams one after the other.
    assert read(packed + packed, compression) == CONTENT * 2
    assert compression_of(packed) == compression


@pytest.mark.parametrize("compression", COMPRESS)
@pytest.mark.parametrize("kept", [0, 1, 3, 10, 0.5, -1])
def test_what_was_cut_off_is_an_error(compression: str, kept: float) -> None:
    packed = COMPRESS[compression](CONTENT)
    end = int(len(packed) * kept) if isinstance(kept, float) else kept
    with pytest.raises(DataError, match="damaged or was cut off") as caught:
        read(packed[:end], compression)
    assert caught.value.file == Path("folder/a.nt")


@pytest.mark.parametrize("compression", COMPRESS)
def test_what_was_changed_is_an_error(compression: str) -> None:
    packed = COMPRESS[compression](CONTENT)
    # The frames of Zstandard have no checksum unless asked for.
    places = range(0, len(packed), 4999) if compression != ".zst" else range(4)
    for place in places:
        damaged = bytearray(packed)
        damaged[place] ^= 0xFF
        if compression == ".gz" and 3 < place < 10:
            continue  # time and system of its origin
        with pytest.raises(DataError, match="damaged"):
            read(bytes(damaged), compression)


@pytest.mark.parametrize("compression", COMPRESS)
def test_what_is_not_compressed_is_an_error(compression: str) -> None:
    with pytest.raises(DataError, match="damaged"):
        read(b"<urn:a> <urn:b> <urn:c> .", compression)
    assert compression_of(b"<urn:a>") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.ttl", (".ttl", None)),
        ("A.TTL.GZ", (".ttl", ".gz")),
        ("발간.자료.nt.bz2", (".nt", ".bz2")),
        ("a.xz", ("", ".xz")),
        ("a.tar.zst", (".tar", ".zst")),
        ("a.tgz", (".tar", ".gz")),
        ("a.tbz2", (".tar", ".bz2")),
        ("a.txz", (".tar", ".xz")),
        ("a.tzst", (".tar", ".zst")),
        ("a", ("", None)),
        (".ttl", ("", None)),
        ("folder.ttl/a", ("", None)),
    ],
)
def test_the_extension_is_below_the_compression(name: str, expected: tuple[str, str | None]) -> None:
    assert split_extension(name) == expected


@pytest.mark.parametrize("compression", [None, *COMPRESS])
def test_a_stream_can_be_peeked_into_and_sought(compression: str | None) -> None:
    content = CONTENT * 25
    packed = content if compression is None else COMPRESS[compression](content)
    with open_bytes(packed, compression) as stream:
        assert stream.peek(1) == content[:BUFFER]
        assert stream.seek(-10, os.SEEK_END) == len(content) - 10
        assert stream.read() == content[-10:]
        assert stream.seek(5) == 5
        assert stream.read(10) == content[5:15]
        assert stream.tell() == 15
    with open_bytes(b"small") as stream:
        assert stream.peek(1) == b"small"


def test_consumed_counts_the_bytes_as_they_are_stored() -> None:
    packed = gzip.compress(CONTENT * 100)
    with open_bytes(packed, ".gz") as stream:
        stream.peek(1)
        assert 0 < stream.consumed() < len(packed)
        stream.read()
        assert stream.consumed() == len(packed)


def test_a_stopped_stream_ends_its_reader() -> None:
    with open_bytes(CONTENT * 100) as stream:
        stream.read(1)
        stream.stop()
        with pytest.raises(Stopped):
            stream.read()


def test_closing_closes_everything() -> None:
    opened: list[IO[bytes]] = []

    def opener(resources: ExitStack) -> IO[bytes]:
        opened.append(resources.enter_context(io.BytesIO(gzip.compress(CONTENT))))
        return opened[-1]

    with open_stream(opener, "a", ".gz") as stream:
        stream.read(10)
    assert opened[0].closed
    with pytest.raises(DataError):
        open_stream(lambda resources: resources.enter_context(io.BytesIO(b"")), "a", ".gz")


def test_a_failure_to_open_or_read_is_named(tmp_path: Path) -> None:
    def opener(path: Path, resources: ExitStack) -> IO[bytes]:
        return resources.enter_context(path.open("rb", buffering=0))

    with pytest.raises(DataError, match=r"^a\.nt: This is a folder"):
        open_stream(partial(opener, tmp_path), "a.nt")
    with pytest.raises(DataError, match=r"^a\.nt: The file cannot be read: No such file or directory\.$"):
        open_stream(partial(opener, tmp_path / "missing"), "a.nt")
    # Reading the memory of a process at address zero fails.
    unreadable = pytest.raises(DataError, match=r"^a\.nt: The file cannot be read: Input/output error\.$")
    with open_stream(partial(opener, Path("/proc/self/mem")), "a.nt") as stream, unreadable:
        stream.read(10)


class Pipe(io.BytesIO):
    """Counts what is read of it, and cannot go back."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        raise io.UnsupportedOperation


def test_what_can_be_read_once_is_read_again_and_again() -> None:
    content = CONTENT * 100
    pipe = Pipe(content)
    with Spool(pipe, NAME) as spool:
        with open_stream(spool.open, NAME) as stream:
            assert stream.read(10) == content[:10]
        assert pipe.taken <= BUFFER + (1 << 18)
        for _ in range(2):
            with open_stream(spool.open, NAME) as stream:
                assert stream.read() == content
                assert stream.consumed() == len(content)
        assert pipe.taken == len(content)
        assert spool.read(len(content), 1) == b""
        assert spool.read(len(content) - 1, 5) == content[-1:]
    assert not pipe.closed


def test_a_spool_can_be_sought_before_it_was_read() -> None:
    with Spool(Pipe(CONTENT), NAME) as spool, open_stream(spool.open, NAME) as stream:
        assert stream.seek(-4, os.SEEK_END) == len(CONTENT) - 4
        assert stream.read() == CONTENT[-4:]
        assert stream.seek(0) == 0
        assert stream.read() == CONTENT


def test_a_spool_closes_its_source_where_asked() -> None:
    pipe = Pipe(CONTENT)
    with Spool(pipe, NAME, close_source=True):
        pass
    assert pipe.closed


def test_a_copy_that_has_no_room_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    refused = pytest.raises(
        DataError, match=r"^standard input: There is no room for a copy in .*missing: No such"
    )
    with Spool(Pipe(CONTENT * 100), NAME) as spool, open_stream(spool.open, NAME) as stream, refused:
        stream.read()
