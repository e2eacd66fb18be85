"""Reads a folder of files into a catalog of saved queries, and again when they change.

A file that does not load becomes a problem; the others load. What is odd and does no harm becomes a notice.
What only all queries together can contradict, such as two with one path, is checked at the end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from endpoint.catalog import Catalog, SavedQuery
from endpoint.catalog.compile import compile_query
from endpoint.catalog.distinct_values import unlisted
from endpoint.catalog.folder import READERS, QueryFile, read_folder
from endpoint.catalog.paths import TAKEN, shape
from endpoint.catalog.readers import Document, QuerySource, Reader, read_content
from endpoint.errors import DataError, did_you_mean
from endpoint.vocabulary import PREFIXES

_KEPT = "The version read before is served on."
# The place at the head of a sentence, which an error of a file has beside it.
_LINE = re.compile(r"^Line \d+, column \d+: ")
# What would end the name in a path, or could not be distinguished from an escape there.
_FORBIDDEN = re.compile(r"[/\\?#%\x00-\x1f\x7f]")


def read_catalog(
    folder: Path, max_nesting: int, prefixes: Mapping[str, str] = PREFIXES, before: Catalog | None = None
) -> Catalog:
    """Read the queries of ``folder`` and its sub-folders, hidden ones left out. Raises nothing.

    ``prefixes`` are those of the dataset, which a query may use without declaring them; where one is
    among those of common vocabularies too, the dataset's counts. ``before`` is what was read of the same
    folder until now: its queries whose files are there and do not load any more stay.
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
    # What was kept is not in the files any more, so that these alone would not tell two catalogs apart.
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
    """Return an error whose line is one of the file, else one that says what its line is a line of."""
    if source.placed:
        return DataError(_LINE.sub("", error.detail), None, error.line, error.column)
    if error.line is None:
        return error
    detail = error.detail if error.detail.startswith("Line ") else f"Line {error.line}: {error.detail}"
    return DataError(f"In the SPARQL text of {source.name}: {detail}")


def _checked_name(name: str) -> str:
    """Return the name of a query in normal form C. Raises DataError for one that no address can have."""
    name = unicodedata.normalize("NFC", name).strip()
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
    """Return ``read`` with those queries of ``before`` whose file is there and does not load now, and these.

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
    """Return the same error with other words."""
    return DataError(detail, error.file, error.line, error.column)
