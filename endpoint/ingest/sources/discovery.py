"""Discovery of sources: files, folders, archives and standard input, one source for each file in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import quote

from pyoxigraph import NamedNode

from endpoint.errors import ConfigurationError, DataError, DataErrors
from endpoint.ingest.sources import (
    BY_EXTENSION,
    FILE_FORMATS,
    JSON,
    SNIFFED,
    TEXT,
    FileFormat,
    Source,
    file_source,
    format_of_name,
    is_page_text,
    open_file,
    refine,
    sniff,
)
from endpoint.ingest.sources.archives import Archive, Member, archive_type
from endpoint.ingest.sources.byte_streams import (
    Spool,
    compression_of,
    open_stream,
    reading,
    shown,
    split_extension,
)

STANDARD_INPUT = "-"

_STANDARD_INPUT_NAME = "standard input"
_NAMES_SHOWN = 3
_UNKNOWN = (
    "Its beginning tells no format to load; name the format with --format, such as --format turtle. "
    "An archive must be a file."
)


def discover(
    arguments: Sequence[str | Path],
    graph: NamedNode | None = None,
    format_name: str | None = None,
    stdin: IO[bytes] | None = None,
    errors: list[DataError] | None = None,
) -> tuple[list[Source], list[str]]:
    """Return the sources in files, folders, archives and ``-`` (``stdin``), and a notice for what is skipped.

    Folders are walked in sorted order; in them and in archives hidden files and files whose extension
    names no format are skipped. ``format_name`` is the format of standard input and of files
    that are named directly; without it the extension decides, or the beginning of what has none.

    Errors of single arguments are added to ``errors``, where it is given, so that the others can be read.

    :raises ConfigurationError: ``format_name`` is no format.
    :raises DataErrors: all mistakes in the arguments.
    """
    format = format_of_name(format_name) if format_name is not None else None
    if format_name is not None and format is None:
        names = ", ".join(known.name for known in FILE_FORMATS)
        raise ConfigurationError(f"There is no format {format_name!r} to load; use one of {names}.")
    discovery = _Discovery(graph, format, stdin)
    for argument in arguments:
        discovery.add(argument)
    if errors is not None:
        errors += discovery.errors
    elif discovery.errors:
        for source in discovery.sources:
            with source.container or nullcontext():
                pass  # leaving the block closes the copy of standard input
        raise DataErrors(discovery.errors)
    return discovery.sources, discovery.notices


class _Discovery:
    """The sources, notices and errors of the arguments so far."""

    def __init__(self, graph: NamedNode | None, format: FileFormat | None, stdin: IO[bytes] | None) -> None:
        self.sources: list[Source] = []
        self.notices: list[str] = []
        self.errors: list[DataError] = []
        self._graph = graph
        self._format = format
        self._stdin = stdin

    def add(self, argument: str | Path) -> None:
        """Discover the sources of one argument."""
        try:
            if str(argument) == STANDARD_INPUT:
                self._standard_input()
            else:
                self._path(Path(argument))
        except DataError as error:
            self.errors.append(error)

    def _standard_input(self) -> None:
        if self._stdin is None:
            raise DataError("It can be read only once.", Path(_STANDARD_INPUT_NAME))
        stdin, self._stdin = self._stdin, None
        self._once(Spool(stdin, _STANDARD_INPUT_NAME), _STANDARD_INPUT_NAME, _size(stdin))

    def _path(self, path: Path) -> None:
        name = shown(str(path))
        with reading(name):
            mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            self._folder(path, name)
        elif stat.S_ISREG(mode):
            self._file(path, self._format)
        else:  # a named pipe, such as the shell's <(command)
            with reading(name):
                stream = path.open("rb")
            self._once(Spool(stream, name, close_source=True), name, None)

    def _folder(self, folder: Path, name: str) -> None:
        skipped = _Skipped(name)
        before = len(self.sources), len(self.errors)
        top = folder.resolve()
        for path in _walk(folder, skipped):
            below = path.relative_to(folder).as_posix()
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                self.errors.append(_link_out_of(path))
            elif not path.is_file():
                skipped.add("no regular file", below)
            elif archive_type(path.name) or split_extension(path.name)[0] in BY_EXTENSION:
                self._file(path, None, partial(skipped.add, "text that is no page", below))
            else:
                skipped.add("unknown extension", below)
        self.notices += skipped.notices()
        if (len(self.sources), len(self.errors)) == before:
            raise DataError("There is nothing to load in this folder.", folder)

    def _file(self, path: Path, format: FileFormat | None, skip: Callable[[], None] | None = None) -> None:
        packed = archive_type(path.name)
        if packed is None or format is not None:
            self._append(file_source(path, self._graph, format), skip)
            return
        archive = packed[0](partial(open_file, path), shown(str(path)), packed[1])
        self._archive(archive, path.resolve().as_uri(), nested=False)

    def _archive(self, archive: Archive, iri: str, nested: bool) -> None:
        skipped = _Skipped(archive.name)
        before = len(self.sources), len(self.errors)
        try:
            for member in archive.members():
                own = f"{iri}!/{quote(member.name, errors='surrogateescape')}"
                self._member(archive, member, own, nested, skipped)
        except DataError as error:
            self.errors.append(error)
        self.notices += skipped.notices()
        if (len(self.sources), len(self.errors)) == before and not nested:
            raise DataError("There is nothing to load in this archive.", Path(archive.name))

    def _member(self, archive: Archive, member: Member, iri: str, nested: bool, skipped: _Skipped) -> None:
        extension, compression = split_extension(member.name)
        inner = archive_type(member.name)
        name = archive.full_name(member)
        if any(map(_is_hidden, PurePosixPath(member.name).parts)):
            skipped.add("hidden", member.name)
        elif not member.is_file:
            skipped.add("link or device", member.name)
        elif inner is not None and nested:
            skipped.add("archive in an archive in an archive", member.name)
        elif inner is None and extension not in BY_EXTENSION:
            skipped.add("unknown extension", member.name)
        elif member.refusal is not None:
            self.errors.append(DataError(member.refusal, Path(name)))
        elif inner is not None:
            self._archive(inner[0](partial(archive.spooled, member), name, inner[1]), iri, nested=True)
        else:
            format, opener = BY_EXTENSION[extension], partial(archive.open, member)
            source = Source(name, format, opener, iri, self._graph, member.size, compression, archive)
            self._append(source, partial(skipped.add, "text that is no page", member.name))

    def _append(self, source: Source, skip: Callable[[], None] | None = None) -> None:
        """Add a source, or ``skip`` a text that was not named itself and is no page."""
        try:
            if source.format is TEXT and skip is not None:
                with source.open() as stream:
                    if not is_page_text(stream.read(SNIFFED)):
                        skip()
                        return
            if source.format is JSON:
                with source.open() as stream:
                    source = replace(source, format=refine(JSON, stream.read(SNIFFED)))
            self.sources.append(source)
        except DataError as error:
            self.errors.append(error)

    def _once(self, spool: Spool, name: str, size: int | None) -> None:
        with ExitStack() as failing:
            failing.enter_context(spool)
            with reading(name):
                compression = compression_of(spool.read(0, SNIFFED))
            with open_stream(spool.open, name, compression) as stream:
                head = stream.read(SNIFFED)
            format = refine(self._format, head) if self._format is not None else sniff(head)
            if format is None:
                raise DataError(_UNKNOWN if head else "It is empty.", Path(name))
            failing.pop_all()
        self.sources.append(
            Source(name, format, spool.open, None, self._graph, size, compression, container=spool)
        )


class _Skipped:
    """The files that are skipped in one folder or archive, by reason."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._names: dict[str, list[str]] = {}

    def add(self, reason: str, name: str) -> None:
        """Note one file."""
        self._names.setdefault(reason, []).append(shown(name))

    def notices(self) -> Iterator[str]:
        """One sentence for each reason."""
        for reason, names in self._names.items():
            more = ", …" if len(names) > _NAMES_SHOWN else ""
            files = "file" if len(names) == 1 else "files"
            yield (
                f"{self._name}: passed over {len(names)} {files} ({reason}): "
                f"{', '.join(names[:_NAMES_SHOWN])}{more}"
            )


def _walk(folder: Path, skipped: _Skipped) -> Iterator[Path]:
    """Yield the files below, in sorted order; links to folders are not followed, so there are no circles."""
    for place, folders, files in os.walk(folder, onerror=_cannot_walk):
        here = Path(place)
        for name in sorted([*folders, *files]):
            if _is_hidden(name) or (name in folders and (here / name).is_symlink()):
                reason = "hidden" if _is_hidden(name) else "link to a folder"
                skipped.add(reason, (here / name).relative_to(folder).as_posix())
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        yield from (here / name for name in sorted(files) if not _is_hidden(name))


def _link_out_of(path: Path) -> DataError:
    return DataError(
        f"This link leads out of the folder, to {shown(str(path.resolve()))}, and is not followed. To load "
        "that file, name it beside the folder.",
        Path(shown(str(path))),
    )


def _cannot_walk(error: OSError) -> None:
    raise DataError(f"The folder cannot be read: {error.strerror}.", Path(shown(str(error.filename))))


def _is_hidden(name: str) -> bool:
    # macOS puts attributes that ZIP cannot store into a folder beside the file.
    return (name.startswith(".") and name not in (".", "..")) or name == "__MACOSX"


def _size(stream: IO[bytes]) -> int | None:
    """Return the size of the stream in bytes, where it is a file."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
