"""ZIP and tar archives, sound, damaged and hostile."""

from __future__ import annotations

import io
import random
import tarfile
import zipfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO

import pytest

from endpoint.errors import DataError
from endpoint.ingest.sources import file_source
from endpoint.ingest.sources.archives import Archive, Member, archive_type
from endpoint.ingest.sources.byte_streams import EXPANDED_FREELY, open_stream
from endpoint.ingest.sources.discovery import discover
from tests.ingest.sources.packed_files import COMPRESS, one_member, patched, tar_of, zip_of

CONTENT = {
    "a.ttl": b"<urn:a> <urn:p> 1 .",
    "folder/b.nt": random.Random(1).randbytes(30_000),
    "folder/발간.ttl": b"<urn:c> <urn:p> 3 .",
    "empty.nt": b"",
}
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def archive(content: bytes, name: str) -> Archive:
    def opener(resources: ExitStack) -> IO[bytes]:
        return resources.enter_context(io.BytesIO(content))

    found = archive_type(name)
    assert found is not None
    return found[0](opener, name, found[1])


def read(source: Archive, member: Member) -> bytes:
    with open_stream(partial(source.open, member), source.full_name(member)) as stream:
        content = stream.read()
        stream.seek(0)
        assert stream.read() == content
        assert stream.consumed() == member.size
        return content


def contents(source: Archive) -> dict[str, bytes]:
    return {member.name: read(source, member) for member in source.members()}


ARCHIVES = {f"a.tar{extension}": compress(tar_of(CONTENT)) for extension, compress in COMPRESS.items()}
ARCHIVES |= {"a.tar": tar_of(CONTENT), "a.tgz": ARCHIVES["a.tar.gz"], "A.ZIP": zip_of(CONTENT)}


@pytest.mark.parametrize("name", ARCHIVES)
def test_members_are_read(name: str) -> None:
    source = archive(ARCHIVES[name], name)
    assert contents(source) == CONTENT
    with source:
        members = list(source.members())
        assert [member.name for member in members] == list(CONTENT)
        assert [member.size for member in members] == [len(content) for content in CONTENT.values()]
        # In any order, and again.
        for member in [*reversed(members), *members]:
            assert read(source, member) == CONTENT[member.name]
    assert read(source, members[1]) == CONTENT["folder/b.nt"]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_zip_is_read(method: int) -> None:
    assert contents(archive(zip_of(CONTENT, method), "a.zip")) == CONTENT


@pytest.mark.parametrize("name", ["a.ttl", "a.gz", "a.zip.gz", "a.xlsx", "tar", "zip", "a.ttl.gz"])
def test_other_files_are_no_archives(name: str) -> None:
    assert archive_type(name) is None


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("content", [b"", b"junk", b"<urn:a> <urn:b> <urn:c> .\n" * 1000])
def test_what_is_no_archive_is_an_error(name: str, content: bytes) -> None:
    with pytest.raises(DataError, match="damaged or was cut off") as caught:
        contents(archive(content, name))
    assert caught.value.file == Path(name)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_cut_anywhere_is_an_error(name: str) -> None:
    packed = ARCHIVES[name]
    # Behind two blocks of zeros a tar has nothing but padding.
    end = len(packed) if name != "a.tar" else packed.rindex(b"<urn:c>") + 512
    for kept in [*range(0, end, 499), end - 1]:
        with pytest.raises(DataError):
            contents(archive(packed[:kept], name))


def test_a_zip_without_its_first_byte_is_an_error() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("a.nt", b"<urn:a> <urn:b> <urn:c> .")
    # The place of its first member is then before its beginning.
    with pytest.raises(DataError, match="damaged or was cut off") as caught:
        contents(archive(packed.getvalue()[1:], "a.zip"))
    assert str(caught.value.file).startswith("a.zip!")


@pytest.mark.parametrize("name", ["A.ZIP", "a.tar", "a.tar.gz"])
def test_damage_anywhere_is_an_error_or_does_not_matter(name: str) -> None:
    choose = random.Random(2)
    for _ in range(300):
        damaged = bytearray(ARCHIVES[name])
        for _ in range(choose.randint(1, 4)):
            damaged[choose.randrange(len(damaged))] ^= 1 << choose.randrange(8)
        source = archive(bytes(damaged), name)
        try:
            found = contents(source)
        except DataError as error:
            assert str(error.file).startswith(name)
            continue
        # A tar has checksums of its headers only; the names of a ZIP have none.
        assert len(found) == len(CONTENT)
        assert sum(map(len, found.values())) == sum(map(len, CONTENT.values()))


def test_names_are_only_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    tricks = {"../../a.ttl": b"1", "/etc/passwd.ttl": b"2", "C:\\a.ttl": b"3", "./a/../../b.ttl": b"4"}
    for packed, name in [(zip_of(tricks), "a.zip"), (tar_of(tricks), "a.tar")]:
        assert contents(archive(packed, name)) == tricks
    assert list(tmp_path.iterdir()) == []


def test_links_and_devices_are_no_files() -> None:
    others = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
        info = tarfile.TarInfo(f"{kind.decode()}.ttl")
        info.type, info.linkname = kind, "/etc/passwd"
        others.append(info)
    members = list(archive(tar_of({"a.ttl": b"1"}, *others), "a.tar").members())
    assert [(member.name, member.is_file) for member in members] == [
        ("a.ttl", True),
        ("2.ttl", False),
        ("1.ttl", False),
        ("3.ttl", False),
        ("6.ttl", False),
    ]


@pytest.mark.parametrize(
    ("packed", "said"),
    [
        (patched(one_member(), 6, 8, 0x1), "encrypted; unpack the archive with its password"),
        (patched(one_member(), 6, 8, 0x41), "encrypted; unpack the archive with its password"),
        (patched(one_member(), 8, 10, 9), "compressed by method 9 of ZIP, which is not supported"),
    ],
    ids=["encrypted", "strongly encrypted", "Deflate64"],
)
def test_what_cannot_be_unpacked_is_reported(packed: bytes, said: str) -> None:
    source = archive(packed, "folder/a.zip")
    (member,) = source.members()
    assert member.refusal is not None and said in member.refusal
    with pytest.raises(DataError, match=said) as caught:
        read(source, member)
    assert caught.value.file == Path("folder/a.zip!a.ttl")


@pytest.mark.parametrize("encoding", ["cp949", "utf-8"])
def test_korean_names_are_read_without_a_mark_of_their_encoding(encoding: str) -> None:
    name = "외교부 발간자료.ttl".encode(encoding)
    placeholder = "x" * len(name)
    packed = one_member(placeholder).replace(placeholder.encode(), name)
    (member,) = archive(packed, "a.zip").members()
    assert member.name == "외교부 발간자료.ttl"


def test_an_unknown_encoding_of_names_does_not_matter() -> None:
    packed = one_member("xxxx.ttl").replace(b"xxxx.ttl", b"\xff\xff\xff\xff.ttl")
    source = archive(packed, "a.zip")
    (member,) = source.members()
    assert member.name.endswith(".ttl")
    assert read(source, member) == CONTENT["a.ttl"]


@pytest.mark.parametrize("outer", ["zip", "tar"])
def test_an_archive_in_an_archive_is_opened_from_a_copy(outer: str) -> None:
    inside = {"inner.zip": ARCHIVES["A.ZIP"], "inner.tar.gz": ARCHIVES["a.tar.gz"]}
    source = archive(zip_of(inside) if outer == "zip" else tar_of(inside), f"a.{outer}")
    found = []
    for member in source.members():
        name = source.full_name(member)
        kind = archive_type(member.name)
        assert kind is not None
        inner = kind[0](partial(source.spooled, member), name, kind[1])
        found.append(contents(inner))
        assert inner.full_name(next(iter(inner.members()))) == f"{name}!a.ttl"
    assert found == [CONTENT, CONTENT]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_what_expands_beyond_all_measure_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"bomb.nt{suffix}"
    path.write_bytes(COMPRESS[suffix](b"\n" * (EXPANDED_FREELY + 2**21)))
    source = file_source(path)
    with pytest.raises(DataError, match="expands to more than 500 times"), source.open() as stream:
        while stream.read(2**20):
            pass


def test_a_member_that_expands_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    path.write_bytes(zip_of({"a.nt": b"\n" * (EXPANDED_FREELY + 1), "b.nt": b"<urn:a> <urn:p> 1 ."}))
    mistakes: list[DataError] = []
    sources, _ = discover([path], errors=mistakes)
    assert [source.name for source in sources] == [f"{path}!b.nt"]
    assert [str(error.file) for error in mistakes] == [f"{path}!a.nt"]


def test_what_is_repeated_as_data_is_may_expand(tmp_path: Path) -> None:
    path = tmp_path / "a.nt.gz"
    line = b"<http://example.org/%d> <http://example.org/p> <http://example.org/o> .\n"
    text = b"".join(line % number for number in range(1_000_000))
    path.write_bytes(COMPRESS[".gz"](text))
    assert len(text) > EXPANDED_FREELY
    with file_source(path).open() as stream:
        assert sum(map(len, iter(lambda: stream.read(2**20), b""))) == len(text)
