"""Reads the files of a folder into a catalog of saved queries, and checks them.

A file is a SPARQL query with a header of ``#+`` lines (see :mod:`endpoint.catalog.header`), a query of
SPARQL Transformer or a Turtle file of SHACL executables. Its parameters are variables named as grlc
names them: ``?_author`` is the parameter "author", ``?_year_integer`` a typed one, and ``?__author`` an
optional one, which stays a variable when it is not given. A file that does not load becomes a problem;
the others load. What is odd and does no harm becomes a notice.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path

from endpoint.catalog.consistency import keep_served, references, take_out_clashes
from endpoint.catalog.declarations import Prefixes, read_parameters
from endpoint.catalog.decorators import Decorators
from endpoint.catalog.frame_syntax import check_length
from endpoint.catalog.header import Entry, Plain, read_header
from endpoint.catalog.paths import TAKEN
from endpoint.catalog.prefixes import declarations
from endpoint.catalog.query import Catalog, SavedQuery, Source
from endpoint.catalog.query_folder import (
    FRAGMENTS,
    SPARQL,
    TRANSFORMER,
    QueryFile,
    decode_text,
    read_content,
    read_folder,
    read_text,
)
from endpoint.catalog.shacl_queries import Examples, read_examples
from endpoint.catalog.sparql_transformer import convert
from endpoint.catalog.template_syntax import check_syntax
from endpoint.errors import DataError, MalformedQuery, QueryTooComplex
from endpoint.results.prototype import read_prototype
from endpoint.sparql.binding import variables
from endpoint.sparql.operation import Operation, bindable, classify, read_prologue
from endpoint.vocabulary import PREFIXES

# What would end the name in a path, or could not be told from an escape there.
# The place at the head of a sentence, which an error of a file has beside it.
_LINE = re.compile(r"^Line \d+, column \d+: ")
_FORBIDDEN = re.compile(r"[/\\?#%\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Source:
    """One query before it is checked. ``placed``: its lines are those of the file. ``content``: what its
    source is shown as.
    """

    name: str
    file: QueryFile
    content: bytes
    text: str
    body: str
    entries: Mapping[str, Entry]
    notices: tuple[DataError, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    transform: Mapping[str, Plain] | None = None
    placed: bool = True


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
        found = read_folder(folder)
    except OSError as error:
        reason = f"The folder of saved queries cannot be read: {error.strerror}."
        catalog = Catalog({}, (DataError(reason, folder),))
    else:
        digest = found.digest
        reader = _Reader(max_nesting, {**PREFIXES, **prefixes})
        reader.read(found.files)
        queries = {name: reader.queries[name] for name in sorted(reader.queries)}
        catalog = Catalog(queries, tuple(reader.problems), (*found.notices, *reader.notices), found.about)
    kept: tuple[SavedQuery, ...] = ()
    if before is not None and catalog.problems:
        catalog, kept = keep_served(catalog, before)
    # What was kept is not in the files any more, so that these alone would not tell two catalogs apart.
    version = blake2b(digest, digest_size=8)
    for query in kept:
        version.update(f"{query.name}\0{query.source.digest}\0{query.options}".encode())
    notices = (*catalog.notices, *references(catalog.queries))
    return replace(catalog, notices=notices, version=version.hexdigest())


class _Reader:
    """What has been read so far."""

    def __init__(self, max_nesting: int, prefixes: Mapping[str, str]) -> None:
        self.queries: dict[str, SavedQuery] = {}
        self.problems: list[DataError] = []
        self.notices: list[DataError] = []
        self._max_nesting = max_nesting
        self._prefixes = prefixes
        self._examples: dict[Path, Examples] = {}
        self._shared: dict[str, str] = {}

    def read(self, files: Sequence[QueryFile]) -> None:
        """Read all files, and then what only all of them together can contradict."""
        for file in files:
            if file.path.suffix == ".ttl":
                try:
                    self._examples[file.path] = read_examples(read_text(file.path))
                    self._shared |= self._examples[file.path].prefixes
                except DataError as error:
                    self.problems.append(_in(file.path, error))
        for file in files:
            try:
                for source in self._sources(file):
                    self._add(source)
            except DataError as error:
                self.problems.append(_in(file.path, error))
        self.problems += take_out_clashes(self.queries)

    def _sources(self, file: QueryFile) -> Iterator[_Source]:
        kind = file.path.suffix
        if kind in SPARQL:
            content = read_content(file.path)
            text = decode_text(content)
            header = read_header(text)
            name = _name(file.path.name)
            yield _Source(name, file, content, text, header.body, header.entries, header.notices)
        elif kind == TRANSFORMER:
            query = convert(read_text(file.path))
            if query is None:
                told = "The file holds no query of SPARQL Transformer (proto or @graph); it is left out."
                self.notices.append(DataError(told, file.path))
                return
            yield _Source(
                _name(file.path.name),
                file,
                query.text.encode(),
                query.text,
                query.text,
                query.entries,
                query.notices,
                transform=query.transform,
                placed=False,
            )
        elif kind == FRAGMENTS:
            raise DataError("Triple Pattern Fragments are not supported. Write the query as a .rq file.")
        elif file.path in self._examples:
            yield from self._executables(file, self._examples[file.path])

    def _executables(self, file: QueryFile, examples: Examples) -> Iterator[_Source]:
        if not examples.queries and not examples.prefixes:
            self.notices.append(
                DataError("The file holds no sh:SPARQLExecutable; it is left out.", file.path)
            )
        for number, row in enumerate(examples.queries, 1):
            stem = file.path.name.partition(".")[0]
            name = stem if len(examples.queries) == 1 else row.name or f"{stem}-{number}"
            prefixes = {**self._shared, **row.prefixes}
            name, content = _name(name, whole=True), row.text.encode()
            yield _Source(name, file, content, row.text, row.text, row.entries, (), prefixes, placed=False)

    def _add(self, source: _Source) -> None:
        """Check one query and keep it. A problem with it costs no other query of its file."""
        notices = list(source.notices)
        try:
            query = _build(source, self._max_nesting, self._prefixes, notices)
            if query.name in self.queries:
                other = self.queries[query.name].path
                raise DataError(
                    f'The name "{query.name}", which ends at the first dot, is taken by '
                    f"{other.name}. Rename one of them."
                )
            self.queries[query.name] = query
        except DataError as error:
            self.problems.append(_in(source.file.path, _placed(error, source)))
        self.notices += [_in(source.file.path, _placed(notice, source)) for notice in notices]


def _in(file: Path, error: DataError) -> DataError:
    return DataError(error.detail, file, error.line, error.column)


def _placed(error: DataError, source: _Source) -> DataError:
    """An error whose line is one of the file, else one that says what its line is a line of."""
    if source.placed:
        return DataError(_LINE.sub("", error.detail), None, error.line, error.column)
    if error.line is None:
        return error
    detail = error.detail if error.detail.startswith("Line ") else f"Line {error.line}: {error.detail}"
    return DataError(f"In the SPARQL text of {source.name}: {detail}")


def _name(name: str, whole: bool = False) -> str:
    """The name of a query: that of its file up to the first dot."""
    name = unicodedata.normalize("NFC", name if whole else name.partition(".")[0]).strip()
    if not name or _FORBIDDEN.search(name):
        raise DataError(
            "The name of a saved query holds no / \\ ? # % nor control character. Rename the file."
        )
    if name.partition(".")[0] in TAKEN:
        raise DataError(f'No saved query can have the name "{name}": the API uses it. Rename the file.')
    return name


def _build(
    source: _Source, max_nesting: int, prefixes: Mapping[str, str], notices: list[DataError]
) -> SavedQuery:
    decorators = Decorators(source.entries, source.file.path)
    classified = _classify(source.text, max_nesting)
    known = {**prefixes, **source.prefixes}
    own = Prefixes(read_prologue(source.text).prefixes, known)
    parameters, odd = read_parameters(source.text, source.entries, own)
    names = [parameter.variable for parameter in parameters]
    multiple = [parameter.variable for parameter in parameters if parameter.multiple]
    for problem in bindable(source.text, names, multiple):
        raise DataError(problem.sentence, None, problem.line, problem.column)
    check_syntax(source.text, parameters)
    known_names = sorted(variables(source.text))
    options = decorators.options(classified.query_form, parameters, known_names)
    notices += [*decorators.notices, *odd]
    if source.transform is not None:
        check_length(source.transform, "prototype")
        told = read_prototype(source.transform, known_names).complaints
        notices += [DataError(f"The prototype: {sentence}") for sentence in told]
        options = replace(options, transform=source.transform)
    text = declarations(source.text, known) + source.body
    return SavedQuery(
        name=source.name,
        path=source.file.path,
        summary=decorators.by_language("summary"),
        description=decorators.by_language("description"),
        tags=tuple(dict.fromkeys((*source.file.folders, *decorators.strings("tags")))),
        parameters=parameters,
        template=classify(text, max_nesting),
        options=options,
        source=Source(source.content, _modified(source.file.path)),
    )


def _modified(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _classify(source: str, max_nesting: int) -> Operation:
    try:
        found = classify(source, max_nesting)
    except MalformedQuery as error:
        raise DataError(error.detail, None, error.line, error.column) from None
    except QueryTooComplex as error:
        raise DataError(error.detail) from None
    if found.form is None:
        raise DataError("The file holds an update; a saved query is SELECT, ASK, CONSTRUCT or DESCRIBE.")
    if found.foreign:
        raise DataError(
            f"The query calls SERVICE {found.foreign[0]}; "
            "saved queries are answered from this endpoint's data alone."
        )
    return found
