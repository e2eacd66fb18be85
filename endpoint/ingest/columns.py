"""The columns of a store, whose statements are written for their builder, a process of its own.

The builder is fed while statements are stored, where the store begins empty: to read them from the store
afterwards takes several times as long, most of it to look up the strings of each statement.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from io import BytesIO
from itertools import islice
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import IO, Final, Self, cast

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse, serialize

from endpoint.columns import ANOTHER_STREAM, DERIVE, DERIVED, END, GRAPH, QUADS
from endpoint.columns.delta import Delta as Statements
from endpoint.columns.delta import Statement, extend, read_statements
from endpoint.columns.derivation import Derived
from endpoint.columns.terms import Unreadable
from endpoint.errors import StoreError
from endpoint.storage.delta import Delta

_PACKAGES: Final = Path(__file__).absolute().parents[2]
# Statements that are written at once.
_CHUNK: Final = 4096


class NoColumns(Exception):
    """The statements have no columns; the message says why."""


class _AnotherStream(NoColumns):
    """The statements that arrived have no columns; those in the store may have."""


def build_columns(store: Store, folder: Path) -> None:
    """Write the columns of the store into the new ``folder``.

    :raises NoColumns: a term cannot be written as N-Triples, or the builder failed or was ended.
    """
    with _Builder(folder) as builder:
        # Where the builder has ended already, it says why.
        with suppress(BrokenPipeError):
            write_statements(store, builder.stream)
        builder.finish()


def extend_columns(before: Path, folder: Path, delta: Delta) -> bool:
    """Write into the new ``folder`` the columns in ``before`` as they are after ``delta``.

    Return False, and write nothing, where they had better be built anew.

    :raises NoColumns: a term cannot be written as N-Triples.
    :raises OSError: the folder cannot be written.
    """
    added, removed = (frozenset(_statements(quads)) for quads in (delta.added, delta.removed))
    try:
        return extend(before, folder, Statements(added, removed))
    except StoreError:
        return False  # those before are damaged, or of another version
    except Unreadable as error:
        raise NoColumns(f"N-Triples cannot express {error}") from None


def _statements(quads: Iterable[Quad]) -> Iterator[Statement]:
    store, out = Store(), BytesIO()
    store.extend(quads)
    write_statements(store, out)
    out.seek(0)
    return read_statements(out)


def write_statements(store: Store, out: IO[bytes]) -> None:
    """Write everything in the store as :mod:`endpoint.columns.build` reads it."""
    for graph in _graphs(store):
        out.write(_head(GRAPH, graph))
        store.dump(out, RdfFormat.N_TRIPLES, from_graph=graph)
    out.write(END + b"%d\n" % len(store))


class _Builder:
    """The process that writes columns into the new ``folder``; the ``with`` block ends it."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (our own module, no shell)
            [sys.executable, "-m", "endpoint.ingest.column_builder", str(folder.absolute())],
            # From here this package can be imported, wherever the server was started.
            cwd=_PACKAGES,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.stream = cast(IO[bytes], self._process.stdin)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def answer(self) -> bytes:
        """Return the next line that the process writes; an empty one where it has ended."""
        self.stream.flush()
        return b"" if self._process.stdout is None else self._process.stdout.readline()

    def finish(self) -> None:
        """Wait until everything is written. Raises NoColumns."""
        _, words = self._process.communicate()
        status = self._process.returncode
        if status:
            last = words.decode("utf-8", "replace").strip().rpartition("\n")[2]
            failure = _AnotherStream if status == ANOTHER_STREAM else NoColumns
            raise failure(last or f"the builder ended with {status}")

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


class Feed:
    """A builder of columns in the new ``folder`` that is fed with what is stored in an empty store.

    It is started when ``least`` statements have come, and ended where more than ``most`` come. Methods may be
    called in any thread; the ``with`` block ends the builder.
    """

    def __init__(self, folder: Path, least: int, most: int) -> None:
        self._folder = folder
        self._least = least
        self._most = most
        self._lock = Lock()
        self._waiting: list[bytes] = []
        self._lines = 0
        self._ended = False
        self._builder: _Builder | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._end()

    def add_lines(self, text: bytes, syntax: RdfFormat, graph: NamedNode | None) -> None:
        """Add lines of N-Triples or N-Quads without blank nodes, by default of this ``graph``."""
        if not _is_plain(text):
            text = _serialized(parse(text, syntax, lenient=True))
        self._write(_head(QUADS if syntax == RdfFormat.N_QUADS else GRAPH, graph), text)

    def passing(self, quads: Iterable[Quad]) -> Iterator[Quad]:
        """Yield the quads, and add them."""
        coming = iter(quads)
        while chunk := list(islice(coming, _CHUNK)):
            yield from chunk
            self._write(_head(QUADS, DefaultGraph()), _serialized(chunk))

    def derive(self, rules: Sequence[str], graph: NamedNode, path: Path) -> Derived | None:
        """Derive from what was added, into ``graph``; write what is new to ``path`` as N-Triples, and add it.

        Return None where nothing is derived here.
        """
        wanted = {"rules": rules, "graph": str(graph), "path": str(path.absolute())}
        with self._lock, suppress(BrokenPipeError):
            if self._builder is not None:
                self._builder.stream.write(DERIVE + json.dumps(wanted).encode() + b"\n")
                if line := self._builder.answer():
                    return Derived(*json.loads(line))
        return None

    def finish(self, store: Store, derived: NamedNode | None) -> bool:
        """Write the columns; return False where ``store`` has other statements than were added.

        :raises NoColumns: the builder failed or was ended.
        """
        for graph in _graphs(store):
            self._write(_head(GRAPH, graph), b"")
        if derived is not None:
            self._write(_head(DERIVED, derived), b"")
        self._write(END + b"%d\n" % len(store), b"")
        with suppress(_AnotherStream):
            if self._builder is not None:
                self._builder.finish()
                return True
        shutil.rmtree(self._folder, ignore_errors=True)
        return False

    def _write(self, head: bytes, text: bytes) -> None:
        with self._lock:
            if self._ended:
                return
            self._waiting += [head, text]
            self._lines += text.count(b"\n")
            if self._lines > self._most:
                self._end()
            elif self._lines >= self._least:
                self._builder = self._builder or _Builder(self._folder)
                # Where the builder has ended already, it says why.
                with suppress(BrokenPipeError):
                    self._builder.stream.writelines(self._waiting)
                self._waiting.clear()

    def _end(self) -> None:
        self._ended = True
        self._waiting.clear()
        if self._builder is not None:
            self._builder.end()
            self._builder = None


def _graphs(store: Store) -> list[NamedNode | BlankNode | DefaultGraph]:
    return [DefaultGraph(), *store.named_graphs()]


def _head(kind: bytes, graph: NamedNode | BlankNode | DefaultGraph | None) -> bytes:
    return kind + (b"" if graph is None or isinstance(graph, DefaultGraph) else str(graph).encode()) + b"\n"


def _serialized(quads: Iterable[Quad]) -> bytes:
    return serialize(quads, format=RdfFormat.N_QUADS) or b""


def _is_plain(text: bytes) -> bool:
    """Return whether each line begins with an IRI and ends as the builder reads it."""
    lines = text.count(b"\n")
    return text.startswith(b"<") and text.count(b"\n<") == lines - 1 and text.count(b" .\n") == lines
