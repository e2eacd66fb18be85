"""The reader of a folder of saved queries, at the start and again when its files change.

A file that does not load becomes a problem; the others load. A harmless oddity becomes a notice. Conflicts
between queries, such as two with the same path, are checked at the end.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from endpoint.catalog import About, Catalog, SavedQuery
from endpoint.catalog.compile import compile_query
from endpoint.catalog.distinct_values import unlisted
from endpoint.catalog.paths import TAKEN, shape
from endpoint.catalog.readers import (
    Document,
    QueryFile,
    QuerySource,
    Reader,
    grlc,
    read_content,
    shacl,
    transformer,
)
from endpoint.catalog.readers.grlc import read_about
from endpoint.characters import normalized
from endpoint.errors import DataError
from endpoint.vocabulary import PREFIXES
from endpoint.wording import did_you_mean

READERS: Mapping[str, Reader] = {
    ".rq": grlc.read,
    ".sparql": grlc.read,
    ".json": transformer.read,
    ".ttl": shacl.read,
    ".tpf": grlc.refuse_fragments,
}
"""The reader of each kind of file, by its extension."""
_FRAME = ".frame.json"

# Path, inode, size and time of change of each file.
Fingerprint = tuple[tuple[str, int, int, int], ...]

_KEPT = "The version read before is served on."
# The place at the head of a sentence, which an error of a file has beside it.
_LINE = re.compile(r"^Line \d+, column \d+: ")
# Characters that would end the name in a path, or could not be distinguished from an escape there.
_FORBIDDEN = re.compile(r"[/\\?#%\x00-\x1f\x7f]")


def read_catalog(
    folder: Path, max_nesting: int, prefixes: Mapping[str, str] = PREFIXES, before: Catalog | None = None
) -> Catalog:
    """Read the queries of ``folder`` and its sub-folders, hidden ones left out. Raises nothing.

    ``prefixes`` are those of the dataset, which a query may use without declaring them; where one is
    among those of common vocabularies too, the dataset's counts. ``before`` is the catalog read from the same
    folder last time: its queries whose files exist and no longer load are kept.
    """
    digest = b""
    try:
        listed = read_folder(folder)
    except OSError as error:
        reason = f"The folder of saved queries cannot be read: {error.strerror}."
        catalog = Catalog({}, (DataError(reason, folder),))
    else:
        digest = listed.digest
        reading = _Reading(max_nesting, {**PREFIXES, **prefixes})
        reading.read(listed.files)
        queries = {name: reading.queries[name] for name in sorted(reading.queries)}
        notices = (*listed.notices, *reading.notices)
        catalog = Catalog(queries, tuple(reading.problems), notices, listed.about)
    kept: tuple[SavedQuery, ...] = ()
    if before is not None and catalog.problems:
        catalog, kept = keep_served(catalog, before)
    # Kept queries are no longer in the files, so the files alone would not distinguish two catalogs.
    version = blake2b(digest, digest_size=8)
    for query in kept:
        version.update(f"{query.name}\0{query.source.digest}\0{query.options}".encode())
    notices = (*catalog.notices, *references(catalog.queries))
    return replace(catalog, notices=notices, version=version.hexdigest())


class _Reading:
    """The queries of all files, as far as they have been read."""

    def __init__(self, max_nesting: int, prefixes: Mapping[str, str]) -> None:
        self.queries: dict[str, SavedQuery] = {}
        self.problems: list[DataError] = []
        self.notices: list[DataError] = []
        self._max_nesting = max_nesting
        self._prefixes = prefixes

    def read(self, files: Sequence[QueryFile]) -> None:
        """Read all files, and then compile their queries: a file may declare prefixes for others."""
        documents: list[tuple[QueryFile, Document]] = []
        declared: dict[Reader, dict[str, str]] = {}
        for file in files:
            reader = READERS[file.path.suffix]
            try:
                document = reader(read_content(file.path), file.path.name.partition(".")[0])
            except DataError as error:
                self.problems.append(_in(file.path, error))
            else:
                documents.append((file, document))
                declared.setdefault(reader, {}).update(document.prefixes)
        for file, document in documents:
            self.notices += [_in(file.path, notice) for notice in document.notices]
            for source in document.queries:
                shared = declared[READERS[file.path.suffix]]
                self._add(replace(source, prefixes={**shared, **source.prefixes}), file)
        # In the order of the files, whether they could be read or not.
        self.problems.sort(key=lambda problem: problem.file or Path())
        self.problems += take_out_clashes(self.queries)

    def _add(self, source: QuerySource, file: QueryFile) -> None:
        """Compile one query. A problem with it costs no other query of its file."""
        notices = list(source.notices)
        try:
            source = replace(source, name=_checked_name(source.name))
            query = compile_query(source, file, self._max_nesting, self._prefixes, notices)
            if query.name in self.queries:
                other = self.queries[query.name].path
                raise DataError(
                    f'The name "{query.name}", which ends at the first dot, is taken by '
                    f"{other.name}. Rename one of them."
                )
            self.queries[query.name] = query
        except DataError as error:
            self.problems.append(_in(file.path, _placed(error, source)))
        self.notices += [_in(file.path, _placed(notice, source)) for notice in notices]


def _in(file: Path, error: DataError) -> DataError:
    return DataError(error.detail, file, error.line, error.column)


def _placed(error: DataError, source: QuerySource) -> DataError:
    """Return an error with a line of the file, else one whose message names the text of its line."""
    if source.placed:
        return DataError(_LINE.sub("", error.detail), None, error.line, error.column)
    if error.line is None:
        return error
    detail = error.detail if error.detail.startswith("Line ") else f"Line {error.line}: {error.detail}"
    return DataError(f"In the SPARQL text of {source.name}: {detail}")


def _checked_name(name: str) -> str:
    """Return the name of a query in normal form C. Raises DataError for one that no address can have."""
    name = normalized(name).strip()
    if not name or _FORBIDDEN.search(name):
        raise DataError(
            "The name of a saved query holds no / \\ ? # % nor control character. Rename the file."
        )
    if name.partition(".")[0] in TAKEN:
        raise DataError(f'No saved query can have the name "{name}": the API uses it. Rename the file.')
    return name


def take_out_clashes(queries: dict[str, SavedQuery]) -> list[DataError]:
    """Remove every query whose path could be another's, and return why. The first one keeps it."""
    problems = []
    taken = {f"/{name}": name for name in queries}
    for name, query in list(queries.items()):
        path = query.options.path
        if path is None:
            continue
        first = path.split("/")[1]
        others = [taken.setdefault(shape(path), name), taken.setdefault(f"{shape(path)}/explain", name)]
        if first in queries and first != name:
            others.append(first)
        other = next((other for other in others if other != name), None)
        if other is not None:
            sentence = f'The path "{path}" clashes with the query "{other}". Choose another.'
            problems.append(DataError(sentence, query.path))
            del queries[name]
    return problems


def references(queries: Mapping[str, SavedQuery]) -> Iterator[DataError]:
    """Yield notices about the queries that others name: a source of values, a successor."""
    for query in queries.values():
        for parameter in query.parameters:
            if (sentence := unlisted(queries, query, parameter)) is not None:
                yield DataError(f'No values can be listed for "{parameter.name}": {sentence}', query.path)
        successor = query.options.successor
        if successor is not None and successor not in queries:
            near = did_you_mean(successor, list(queries))
            yield DataError(f'The successor is no saved query: "{successor}"{near}', query.path)


def keep_served(read: Catalog, before: Catalog) -> tuple[Catalog, tuple[SavedQuery, ...]]:
    """Return ``read`` with those queries of ``before`` whose file exists and does not load now, and these.

    A file may be read while it is being written, and a mistake in it must not take its query away.
    """
    broken = {problem.file for problem in read.problems}
    queries = dict(read.queries)
    for query in before.queries.values():
        if query.path in broken or any(query.path.is_relative_to(file) for file in broken if file):
            queries.setdefault(query.name, query)
    late = take_out_clashes(queries)
    kept = tuple(query for name, query in queries.items() if name not in read.queries)
    files = {query.path for query in kept}
    problems = [
        _reworded(problem, f"{problem.detail} {_KEPT}") if problem.file in files else problem
        for problem in (*read.problems, *late)
    ]
    in_order = {name: queries[name] for name in sorted(queries)}
    return replace(read, queries=in_order, problems=tuple(problems)), kept


def _reworded(error: DataError, detail: str) -> DataError:
    """Return the same error with another message."""
    return DataError(detail, error.file, error.line, error.column)


class Folder(NamedTuple):
    """The files of a folder, and notices about it. ``digest`` is that of all names and contents."""

    files: tuple[QueryFile, ...]
    about: About
    notices: tuple[DataError, ...]
    digest: bytes


def read_folder(folder: Path) -> Folder:
    """Return the files of ``folder`` and its sub-folders, hidden ones left out, in the order of their paths.

    Raises :class:`OSError` where the folder itself cannot be read.
    """
    next(folder.iterdir(), None)
    notices: list[DataError] = []
    files = []
    digest = blake2b(digest_size=16)
    for path in _visible(folder):
        parts = path.relative_to(folder).parts
        if path.suffix in READERS and not path.name.endswith(_FRAME):
            files.append(QueryFile(path, parts[:-1]))
        digest.update("/".join(parts).encode(errors="surrogateescape") + b"\0")
        try:
            digest.update(blake2b(path.read_bytes(), digest_size=16).digest())
        except OSError:
            digest.update(b"unreadable")
    return Folder(tuple(files), read_about(folder, notices), tuple(notices), digest.digest())


def fingerprint(folder: Path) -> Fingerprint:
    """Return a value that changes when a file below ``folder`` does, without reading any.

    Empty where the folder cannot be read.
    """
    states = []
    for path in _visible(folder):
        try:
            state = path.stat()
        except OSError:
            continue  # the file was removed meanwhile
        states.append((str(path), state.st_ino, state.st_size, state.st_mtime_ns))
    return tuple(states)


def _visible(folder: Path) -> list[Path]:
    """Return the files below ``folder`` in order, hidden ones left out, and folders named like a query."""
    paths = []
    # This ignores a sub-folder that is removed meanwhile.
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        named = [*files, *(name for name in folders if Path(name).suffix in READERS)]
        paths += [Path(place, name) for name in named if not name.startswith(".")]
    return sorted(paths)
