"""A backup is the same generation again, and whatever is wrong with one changes nothing."""

from __future__ import annotations

import dataclasses
import io
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, Quad, Store

from endpoint.errors import ConfigurationError, DataError, StoreError
from endpoint.storage import generations
from endpoint.storage.backup import SUMS, backup, restore, size_of
from endpoint.storage.generations import Generation
from endpoint.storage.writer import Writer

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

NODE = NamedNode("http://example.org/n")


def publish(data: Path, *values: str) -> Generation:
    with Writer(data) as writer, writer.transaction("digest", command="load") as transaction:
        transaction.store.extend(Quad(NODE, NODE, Literal(value)) for value in values)
        (transaction.folder / "columns").mkdir()
        (transaction.folder / "columns" / "terms").write_bytes(bytes(range(256)) * 50)
        (transaction.folder / "recipe").write_text("made so")
    return transaction.generation


def values(data: Path) -> set[str]:
    generation = generations.current(data)
    assert generation is not None
    store = Store.read_only(str(generation.path / generations.STORE))
    return {quad.object.value for quad in store if isinstance(quad.object, Literal)}


def ignore(_: int) -> None:
    pass


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Generation, bytes]:
    """The third generation of a data directory, and its backup."""
    folder = tmp_path_factory.mktemp("backup")
    for value in "abc":
        generation = publish(folder / "data", value)
    backup(generation, folder / "file", False, ignore)
    return generation, (folder / "file").read_bytes()


def restored(content: bytes, data: Path, replace: bool = False) -> Generation:
    return restore(io.BytesIO(content), "the.tar.zst", data, replace, ignore)


def test_a_backup_is_the_same_generation_in_an_empty_directory(
    made: tuple[Generation, bytes], tmp_path: Path
) -> None:
    generation, content = made
    found = restored(content, tmp_path)
    assert found == generations.current(tmp_path)
    assert dataclasses.replace(found, path=generation.path) == generation
    assert found.number == 3 and values(tmp_path) == {"a", "b", "c"}
    names = {path.relative_to(found.path) for path in found.path.rglob("*")}
    assert {path.relative_to(generation.path) for path in generation.path.rglob("*")} <= names
    assert (found.path / "columns" / "terms").read_bytes() == bytes(range(256)) * 50
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in tmp_path.rglob("*")} == {0}
    assert publish(tmp_path, "d").number == 4
    assert values(tmp_path) == {"a", "b", "c", "d"}


def test_the_same_generation_gives_the_same_bytes_for_nobody_else(
    made: tuple[Generation, bytes], tmp_path: Path
) -> None:
    generation, content = made
    done: list[int] = []
    written = backup(generation, tmp_path / "again", False, done.append)
    assert (tmp_path / "again").read_bytes() == content
    assert stat.S_IMODE((tmp_path / "again").stat().st_mode) == 0o600
    assert done == sorted(done) and done[-1] == size_of(generation) < written


def test_a_backup_is_read_by_common_tools(made: tuple[Generation, bytes], tmp_path: Path) -> None:
    with zstd.ZstdFile(io.BytesIO(made[1])) as plain:
        (tmp_path / "all.tar").write_bytes(plain.read())
    subprocess.run(["tar", "-xf", "all.tar"], cwd=tmp_path, check=True)
    (folder,) = tmp_path.glob("generation-*")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=folder, check=True)


def test_where_something_is_published_it_needs_a_word_and_is_a_new_generation(
    made: tuple[Generation, bytes], tmp_path: Path
) -> None:
    generation, content = made
    publish(tmp_path, "x", "y")
    with pytest.raises(ConfigurationError, match=r"There is data in .* already"):
        restored(content, tmp_path)
    assert values(tmp_path) == {"x", "y"}
    found = restored(content, tmp_path, replace=True)
    assert (found.number, found.command, found.change) == (2, "restore of generation 3", 1)
    assert found.created > generation.created and found.digest == ""
    assert values(tmp_path) == {"a", "b", "c"}
    publish(tmp_path, "z")
    assert values(tmp_path) == {"a", "b", "c", "z"}


def check_refused(content: bytes, data: Path) -> str:
    """The data directory has what it had, and nothing else."""
    with pytest.raises(DataError) as caught:
        restored(content, data, replace=True)
    assert str(caught.value).endswith(" Nothing was published.")
    assert str(caught.value).startswith("the.tar.zst: ")
    assert generations.numbers(data) == [1] and generations.published(data) == 1
    assert [path.name for path in (data / "generations").iterdir()] == ["000001"]
    return caught.value.detail


@pytest.fixture(scope="module")
def existing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that no refused backup changes."""
    data: Path = tmp_path_factory.mktemp("existing") / "data"
    publish(data, "x")
    return data


PLACES = 25


@pytest.mark.parametrize("place", range(PLACES))
def test_a_flipped_byte_is_refused(made: tuple[Generation, bytes], existing: Path, place: int) -> None:
    content = bytearray(made[1])
    content[place * (len(content) - 1) // (PLACES - 1)] ^= 0x10
    check_refused(bytes(content), existing)


def test_a_flipped_byte_of_any_file_is_refused_by_its_checksum(
    made: tuple[Generation, bytes], existing: Path
) -> None:
    names = [name for name, content in members(made[1]).items() if content and SUMS not in name]
    assert len(names) > 5
    for wrong in names:

        def flip(name: str, content: bytes, wrong: str = wrong) -> bytes:
            return bytes([content[0] ^ 1]) + content[1:] if name == wrong else content

        assert "do not have the checksums" in check_refused(changed(made[1], flip), existing), wrong


@pytest.mark.parametrize("place", range(PLACES))
def test_a_file_that_is_cut_is_refused(made: tuple[Generation, bytes], existing: Path, place: int) -> None:
    length = place * (len(made[1]) - 1) // (PLACES - 1)
    assert "is cut off" in check_refused(made[1][:length], existing) or length < 20


def members(content: bytes) -> dict[str, bytes]:
    plain = io.BytesIO(zstd.decompress(content))
    with tarfile.open(fileobj=plain) as archive:
        return {info.name: archive.extractfile(info).read() for info in archive}  # type: ignore[union-attr]


def changed(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The backup with another content of its members; None leaves one out."""
    kept = {name: change(name, found) for name, found in members(content).items()}
    return packed([(info(name), found) for name, found in kept.items() if found is not None])


def info(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def packed(files: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for described, content in files:
            described.size = len(content)
            archive.addfile(described, io.BytesIO(content))
    return zstd.compress(out.getvalue())


@pytest.mark.parametrize(
    "member",
    [
        info("../../outside"),
        info("/outside"),
        info("generation-000003/../../../outside"),
        info("outside"),
        info("generation-000003/link", tarfile.SYMTYPE, "/etc/passwd"),
        info("generation-000003/link", tarfile.LNKTYPE, "generation-000003/recipe"),
        info("generation-000003/device", tarfile.CHRTYPE),
        info("generation-000003/pipe", tarfile.FIFOTYPE),
        info("generation-000003/readers"),
        info("generation-000003/readers/more"),
    ],
    ids=lambda member: f"{member.name} {member.type!r}",
)
def test_what_is_no_file_of_a_generation_is_refused(
    made: tuple[Generation, bytes], existing: Path, member: tarfile.TarInfo
) -> None:
    files = [(member, b""), *((info(name), content) for name, content in members(made[1]).items())]
    assert "is no file of a generation" in check_refused(packed(files), existing)
    assert not (existing.parent / "outside").exists()


def test_what_is_missing_or_too_much_is_refused(made: tuple[Generation, bytes], existing: Path) -> None:
    def without(part: str) -> bytes:
        return changed(made[1], lambda name, content: None if part in name else content)

    assert "no checksums at its end" in check_refused(without(SUMS), existing)
    assert "do not have the checksums" in check_refused(without("recipe"), existing)
    files = [(info(name), content) for name, content in members(made[1]).items()]
    after = [*files, (info("generation-000003/more"), b"")]
    assert "at the wrong place" in check_refused(packed(after), existing)
    for name in ("generation.json", "generation.json/more", "generation.json/more/still", "store"):
        other = [*files[:-1], (info(f"generation-000003/{name}"), b"")]
        assert "at the wrong place" in check_refused(packed(other), existing)
    for nothing in (packed([]), b"", b"no backup at all", zstd.compress(b"no archive")):
        check_refused(nothing, existing)


def resummed(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A backup with other files and the right checksums of them."""
    kept = {name: change(name, found) for name, found in members(content).items() if SUMS not in name}
    sums = "".join(f"{sha256(found).hexdigest()}  {name.partition('/')[2]}\n" for name, found in kept.items())
    return packed(
        [*((info(name), found) for name, found in kept.items()), (info(f"g/{SUMS}"), sums.encode())]
    )


def test_a_store_that_does_not_open_or_count_is_refused(
    made: tuple[Generation, bytes], existing: Path
) -> None:
    fewer = resummed(made[1], lambda name, content: content.replace(b'"quads": 3', b'"quads": 4'))
    assert "it has 3 quads instead of 4" in check_refused(fewer, existing)
    broken = resummed(
        made[1], lambda name, content: b"MANIFEST-999999\n" if name.endswith("/CURRENT") else content
    )
    assert "cannot be read" in check_refused(broken, existing)
    newer = resummed(made[1], lambda name, content: content.replace(b'"format": 1', b'"format": 9'))
    assert "has layout 9" in check_refused(newer, existing)
    same = resummed(made[1], lambda name, content: content)
    assert restored(same, existing.parent / "other").number == 3


@pytest.mark.parametrize("number", ["-3", "0", str(10**20), "[" * 100_000], ids=lambda number: number[:9])
def test_a_number_that_no_generation_has_is_refused(
    made: tuple[Generation, bytes], existing: Path, number: str
) -> None:
    wrong = f'"number": {number}'.encode()
    other = resummed(made[1], lambda name, content: content.replace(b'"number": 3', wrong))
    assert "generation.json is damaged" in check_refused(other, existing)


def test_a_backup_that_cannot_be_read_is_named(existing: Path) -> None:
    class Failing(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def read(self, size: int = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(DataError, match="x: The backup cannot be read: Input/output error"):
        restore(Failing(), "x", existing, True, ignore)  # type: ignore[arg-type]
    assert generations.numbers(existing) == [1]


def test_a_generation_that_cannot_be_read_gives_no_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = publish(tmp_path / "data", "a")

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("endpoint.storage.backup._Hashed.read", fail)
    with pytest.raises(StoreError, match=r"generation\.json cannot be read: Input/output error"):
        backup(generation, tmp_path / "file", False, ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
