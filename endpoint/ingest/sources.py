"""A source: one file of data, wherever its bytes come from."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode

from endpoint.errors import DataError
from endpoint.ingest.streams import Opener, Stream, open_stream, shown, split_extension
from endpoint.ingest.syntaxes import EXTENSIONS, Kind, Syntax

_EXTENSIONS = " ".join(EXTENSIONS)


@dataclass(frozen=True, slots=True)
class Source:
    """One file of data. Several readers may :meth:`open` it, one after the other.

    ``name`` is as a person would recognise it: ``folder/a.ttl.gz``, ``b.zip!c.ttl``, ``standard input``.
    ``iri`` is what relative IRIs in it are relative to, where it has one. ``graph`` takes the triples;
    None is the default graph. ``size`` is in bytes, as it is stored, so of the compressed file; None
    where nobody knows. ``container`` is to be entered around the reading of all its sources.
    """

    name: str
    syntax: Syntax
    opener: Opener
    iri: str | None = None
    graph: NamedNode | None = None
    size: int | None = None
    compression: str | None = None
    container: AbstractContextManager[object] | None = None

    @property
    def kind(self) -> Kind:
        """Who reads it."""
        return self.syntax.kind

    def open(self) -> Stream:
        """Its bytes, decompressed, from the beginning.

        :raises DataError: it cannot be read or is damaged; also later, from a read.
        """
        return open_stream(self.opener, self.name, self.compression)


def file_source(path: Path, graph: NamedNode | None = None, syntax: Syntax | None = None) -> Source:
    """The source that the regular file ``path`` is; it is not opened.

    :raises DataError: the extension names no syntax, and none was given.
    """
    extension, compression = split_extension(path.name)
    syntax = syntax or EXTENSIONS.get(extension)
    if syntax is None:
        reason = (
            f"The extension names no format to load; name the format with --format, or use {_EXTENSIONS}."
        )
        raise DataError(reason, path)
    size = path.stat().st_size if path.is_file() else None
    return Source(
        shown(str(path)),
        syntax,
        partial(open_file, path),
        path.resolve().as_uri(),
        graph,
        size,
        compression,
    )


def open_file(path: Path, resources: ExitStack) -> IO[bytes]:
    """Open a regular file; with its path it is an :data:`~endpoint.ingest.streams.Opener`."""
    return resources.enter_context(path.open("rb", buffering=0))
