"""Dumps: from columns and from the store they have the same statements; a broken one has no end."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, RdfFormat, Triple, parse

from endpoint.columns import FOLDER
from endpoint.errors import NotExpressible
from endpoint.formats import JSON_LD, N_QUADS, N_TRIPLES, RDF_XML, TRIG, TURTLE, Format
from endpoint.ingest.columns import build_columns
from endpoint.storage import dump, generations
from endpoint.storage.dump import COMPRESSIONS, compressed, open_current, open_store
from endpoint.storage.dump_order import Selection
from endpoint.storage.writer import Writer

P, Q = NamedNode("http://example.org/p"), NamedNode("http://example.org/q")
FIRST, SECOND = NamedNode("http://example.org/first"), NamedNode("http://example.org/second")
EMPTY = NamedNode("http://example.org/empty")
PREFIXES = {"ex": "http://example.org/"}


class Written(io.BytesIO):
    """Bytes that were written, and the counts that were told."""

    written = 0

    def __init__(self) -> None:
        super().__init__()
        self.counts: list[int] = []


def given() -> list[Quad]:
    node, shared = NamedNode("http://example.org/a"), BlankNode("shared")
    return [
        *(Quad(node, P, Literal(f"{n}"), FIRST) for n in range(20)),
        Quad(node, P, shared, FIRST),
        Quad(shared, Q, Literal("한국", language="ko"), FIRST),
        Quad(node, P, Literal("1"), SECOND),
        Quad(shared, P, Literal('a "b" \n\\'), SECOND),
        Quad(node, Q, Literal("default"), DefaultGraph()),
        Quad(node, P, Literal("1"), DefaultGraph()),
    ]


def publish(data: Path, *quads: Quad, columns: bool = True) -> Path:
    with Writer(data) as writer, writer.transaction() as transaction:
        transaction.store.extend(quads)
        transaction.store.add_graph(EMPTY)
    generation = generations.current(data)
    assert generation is not None
    if columns:
        build_columns(open_store(generation), generation.path / FOLDER)
    return data


@pytest.fixture(scope="module")
def with_columns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("columns") / "data", *given())


@pytest.fixture(scope="module")
def without(with_columns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same generation, labels of blank nodes too, without its columns."""
    data = tmp_path_factory.mktemp("store") / "data"
    shutil.copytree(with_columns, data)
    generation = generations.current(data)
    assert generation is not None
    shutil.rmtree(generation.path / FOLDER)
    return data


def written(data: Path, fmt: Format, selection: Selection) -> tuple[bytes, int]:
    with open_current(data) as opened:
        out = Written()
        number = opened.write(fmt, selection, PREFIXES, out, out.counts.append)
    return out.getvalue(), number


SELECTIONS = [
    Selection(),
    Selection(union=True),
    Selection((FIRST,), union=True),
    Selection((SECOND,)),
    Selection((DefaultGraph(),), union=True),
    Selection((FIRST, SECOND), union=True),
    Selection((EMPTY,), union=True),
]


@pytest.mark.parametrize(
    "fmt", [N_QUADS, TRIG, JSON_LD, N_TRIPLES, TURTLE, RDF_XML], ids=lambda fmt: fmt.name
)
@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_columns_and_the_store_give_the_same_statements(
    with_columns: Path, without: Path, fmt: Format, selection: Selection
) -> None:
    if not selection.union and fmt in (N_TRIPLES, TURTLE, RDF_XML):
        selection = Selection(selection.graphs, union=True)
    syntax = RdfFormat.from_media_type(fmt.media_type)
    assert syntax is not None
    (columns, number), (store, same) = (written(data, fmt, selection) for data in (with_columns, without))
    assert number == same
    found, wanted = ([*parse(text, syntax)] for text in (columns, store))
    assert len(found) == len(wanted) == number
    assert set(found) == set(wanted)


def test_columns_are_what_is_read(with_columns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above would hold if both came from the store."""
    wanted, _ = written(with_columns, N_QUADS, Selection())
    monkeypatch.setattr(dump, "intact_columns", lambda _: None)
    found, _ = written(with_columns, N_QUADS, Selection())
    assert sorted(found.splitlines()) == sorted(wanted.splitlines())
    assert found != wanted


def test_damaged_columns_are_passed_over(with_columns: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(with_columns, data)
    generation = generations.current(data)
    assert generation is not None
    for file in (generation.path / FOLDER).iterdir():
        if file.suffix != ".json":
            file.write_bytes(b"\0" * file.stat().st_size)
    found, _ = written(data, N_QUADS, Selection())
    assert sorted(found.splitlines()) == sorted(written(with_columns, N_QUADS, Selection())[0].splitlines())


def test_a_triple_term_is_no_json_ld_from_columns_either(tmp_path: Path) -> None:
    term = Triple(NamedNode("http://example.org/a"), P, Literal("x"))
    data = publish(tmp_path / "data", Quad(NamedNode("http://example.org/a"), P, term, FIRST))
    with pytest.raises(NotExpressible, match="JSON-LD"):
        written(data, JSON_LD, Selection())
    assert b"<<(" in written(data, N_QUADS, Selection())[0]


def test_progress_is_counted_in_statements(tmp_path: Path) -> None:
    node = NamedNode("http://example.org/a")
    data = publish(tmp_path / "data", *(Quad(node, P, Literal(str(n)), FIRST) for n in range(20_000)))
    for fmt in (N_QUADS, TRIG):
        with open_current(data) as opened:
            out = Written()
            assert opened.write(fmt, Selection(), {}, out, out.counts.append) == 20_000
        assert 0 < out.counts[0] < out.counts[-1] <= 20_000
        assert out.counts == sorted(set(out.counts))


READ: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.decompress,
    "bz2": bz2.decompress,
    "xz": lzma.decompress,
}


@pytest.mark.parametrize("name", [*COMPRESSIONS])
def test_what_ends_badly_gets_no_end(name: str) -> None:
    class Stopped(Exception):
        """Whoever writes cannot go on."""

    def write(stop: bool) -> bytes:
        file = Written()
        try:
            with compressed(cast("IO[bytes]", file), name) as target:
                for number in range(200_000):
                    target.write(b"%d\n" % number)
                if stop:
                    raise Stopped
        except Stopped:
            pass
        return file.getvalue()

    whole, broken = write(stop=False), write(stop=True)
    assert 0 < len(broken) < len(whole)
    assert whole.startswith(broken)
    if name in READ:
        assert READ[name](whole).endswith(b"199999\n")
        with pytest.raises((EOFError, ValueError, lzma.LZMAError)):
            READ[name](broken)
