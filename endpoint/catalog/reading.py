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
from pathlib import Path

from endpoint.catalog.declarations import Prefixes, read_parameters
from endpoint.catalog.decorators import Decorators
from endpoint.catalog.header import Entry, Plain, read_header
from endpoint.catalog.prefixes import STANDARD, declarations
from endpoint.catalog.query import Catalog, SavedQuery
from endpoint.catalog.query_folder import (
    FRAGMENTS,
    SPARQL,
    TRANSFORMER,
    QueryFile,
    read_folder,
    read_text,
)
from endpoint.catalog.shacl_queries import Examples, read_examples
from endpoint.catalog.sparql_transformer import convert
from endpoint.catalog.template_syntax import check_syntax
from endpoint.errors import DataError, MalformedQuery, QueryTooComplex
from endpoint.formats import QueryForm
from endpoint.operation import Classified, bindable, classify, read_prologue

# What would end the name in a path, or could not be told from an escape there.
_FORBIDDEN = re.compile(r"[/\\?#%\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Source:
    """One query before it is checked. ``placed``: its lines are those of the file."""

    name: str
    file: QueryFile
    text: str
    body: str
    entries: Mapping[str, Entry]
    notices: tuple[DataError, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    transform: Mapping[str, Plain] | None = None
    placed: bool = True


def read_catalog(folder: Path, max_nesting: int, prefixes: Mapping[str, str] = STANDARD) -> Catalog:
    """Read the queries of ``folder`` and its sub-folders, hidden ones left out. Raises nothing.

    ``prefixes`` are those of the dataset, which a query may use without declaring them; where one is
    among those of common vocabularies too, the dataset's counts.
    """
    try:
        found = read_folder(folder)
    except OSError as error:
        reason = f"The folder of saved queries cannot be read: {error.strerror}."
        return Catalog({}, (DataError(reason, folder),))
    reader = _Reader(max_nesting, {**STANDARD, **prefixes})
    reader.read(found.files)
    queries = {name: reader.queries[name] for name in sorted(reader.queries)}
    notices = (*found.notices, *reader.notices)
    return Catalog(queries, tuple(reader.problems), notices, found.about)


class _Reader:
    """What has been read so far."""

    def __init__(self, max_nesting: int, prefixes: Mapping[str, str]) -> None:
        self.queries: dict[str, SavedQuery] = {}
        self.problems: list[DataError] = []
        self.notices: list[DataError] = []
        self._paths: dict[str, SavedQuery] = {}
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
        self._check_paths()

    def _sources(self, file: QueryFile) -> Iterator[_Source]:
        kind = file.path.suffix
        if kind in SPARQL:
            text = read_text(file.path)
            header = read_header(text)
            yield _Source(_name(file.path.name), file, text, header.body, header.entries, header.notices)
        elif kind == TRANSFORMER:
            query = convert(read_text(file.path))
            if query is None:
                told = "The file holds no query of SPARQL Transformer (proto or @graph); it is left out."
                self.notices.append(DataError(told, file.path))
                return
            yield _Source(
                _name(file.path.name),
                file,
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
            yield _Source(
                _name(name, whole=True), file, row.text, row.text, row.entries, (), prefixes, placed=False
            )

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

    def _check_paths(self) -> None:
        taken: dict[str, str] = {f"/{name}": name for name in self.queries}
        for name, query in list(self.queries.items()):
            if query.options.path is None:
                continue
            shape = re.sub(r"\{[^{}]*\}", "{}", query.options.path)
            first = query.options.path.split("/")[1]
            other = taken.setdefault(shape, name)
            if other == name and first in self.queries and first != name:
                other = first
            if other != name:
                told = f'The path "{query.options.path}" clashes with the query "{other}". Choose another.'
                self.problems.append(DataError(told, query.path))
                del self.queries[name]


def _in(file: Path, error: DataError) -> DataError:
    return DataError(error.detail, file, error.line, error.column)


def _placed(error: DataError, source: _Source) -> DataError:
    """An error whose line is one of the file, else one that says what its line is a line of."""
    if source.placed or error.line is None:
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
    return name


def _build(
    source: _Source, max_nesting: int, prefixes: Mapping[str, str], notices: list[DataError]
) -> SavedQuery:
    decorators = Decorators(source.entries, source.file.path)
    classified, form = _classify(source.text, max_nesting)
    known = {**prefixes, **source.prefixes}
    own = Prefixes(read_prologue(source.text).prefixes, known)
    parameters, odd = read_parameters(source.text, source.entries, own)
    names = [parameter.variable for parameter in parameters]
    multiple = [parameter.variable for parameter in parameters if parameter.multiple]
    for problem in bindable(source.text, names, multiple):
        raise DataError(problem.sentence, None, problem.line, problem.column)
    check_syntax(source.text, parameters)
    options = decorators.options(form, parameters)
    notices += [*decorators.notices, *odd]
    if source.transform is not None:
        options = replace(options, transform=source.transform)
    return SavedQuery(
        name=source.name,
        path=source.file.path,
        summary=decorators.by_language("summary"),
        description=decorators.by_language("description"),
        tags=tuple(dict.fromkeys((*source.file.folders, *decorators.strings("tags")))),
        parameters=parameters,
        text=declarations(source.text, known) + source.body,
        form=form,
        volatile=classified.volatile,
        dataset_clause=classified.dataset_clause,
        options=options,
    )


def _classify(source: str, max_nesting: int) -> tuple[Classified, QueryForm]:
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
    return found, found.form
