"""Statements made of a record by its mapping, or the errors of the record, cell by cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from pyoxigraph import Literal, NamedNode, Quad

from endpoint.ingest.tables.mapping import Column, Statement, TableMapping
from endpoint.ingest.tables.records import Cell, Problems, Record, Unreadable, excerpt
from endpoint.ingest.tables.templates import UnreadableValue
from endpoint.vocabulary import RDF_TYPE, XSD

_RDF_TYPE = NamedNode(RDF_TYPE)
_HALF = "holds half of a character (a lone surrogate)"


def _fits(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) and date.fromisoformat(text))
    except ValueError:
        return False


# XML Schema part 2; values of other datatypes are not checked.
_LEXICAL: Mapping[str, Callable[[str], bool]] = {
    XSD + "integer": _fits(r"[+-]?[0-9]+"),
    XSD + "decimal": _fits(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)"),
    XSD + "boolean": _fits(r"true|false|1|0"),
    XSD + "gYear": _fits(r"[0-9]{4}"),
    XSD + "gYearMonth": _fits(r"[0-9]{4}-(0[1-9]|1[0-2])"),
    XSD + "date": _is_date,
    XSD + "anyURI": _fits(r"[^\s<>\"{}|\\^`]+"),
}


class StatementMaker:
    """Makes quads of records, or none of one that is wrong; its errors are added to ``problems``.

    ``places`` are the numbers of the columns in the file by their names, where columns have one; ``sheet``
    is named in messages; ``earlier`` made statements of the file's other sheets, whose subjects count too.
    """

    def __init__(
        self,
        mapping: TableMapping,
        problems: Problems,
        places: Mapping[str, int],
        sheet: str | None = None,
        earlier: Sequence[StatementMaker] = (),
    ) -> None:
        self._mapping = mapping
        self._problems = problems
        self._places = places
        self._sheet = sheet
        self._earlier = [maker for maker in earlier if maker._mapping is mapping]
        self._headers: dict[str, str] = {}
        self._columns: dict[str, Column | None] = {}
        self._subjects: dict[int, int] = {}
        self._failed: set[str | None] = set()
        self._line = 0
        self._rows = 0

    def notices(self) -> Iterator[str]:
        """Yield remarks for the owner, when all records are read."""
        if not self._rows:
            yield "the table has a header and no rows."
        unused = [header for header, column in self._columns.items() if column is None and header.strip()]
        if unused:
            names = ", ".join(excerpt(header) for header in unused)
            yield f"columns that {self._mapping.file.name} does not know were left out: {names}."

    def quads(self, record: Record) -> Iterator[Quad]:
        """Yield the record's statements; none where anything about it is wrong."""
        self._failed, self._line = set(), record.line
        self._rows += 1
        if isinstance(record.cells, Unreadable):
            self._problem("rows that cannot be read", record.cells.detail)
            return
        # Statements are tried although a cell is wrong: the row's other cells may be wrong as well.
        made = self._make(self._read(record.cells))
        if not self._failed:
            yield from made

    def _read(self, cells: Mapping[str, Cell]) -> dict[str, tuple[str, ...]]:
        """Return the values of the mapping's columns."""
        values: dict[str, tuple[str, ...]] = {}
        for header, cell in cells.items():
            column = self._column(header)
            if column is not None:
                values[column.key] = self._values(column, cell)
        for column in self._mapping.columns:
            if column.required == "value" and not values.get(column.key):
                self._problem(f"empty cells of {column.key}", "is empty, but must have a value", column.key)
        return values

    def _column(self, header: str) -> Column | None:
        if header in self._columns:
            return self._columns[header]
        column = self._columns[header] = self._mapping.column_of(header)
        if column is not None:
            first = self._headers.setdefault(column.key, header)
            if first != header:
                self._problem(
                    "columns that stand for the same",
                    f"Both {excerpt(first)} and {excerpt(header)} are {column.key}; rename one of them.",
                )
        return column

    def _values(self, column: Column, cell: Cell) -> tuple[str, ...]:
        if isinstance(cell, Unreadable):
            self._problem(f"unreadable cells of {column.key}", cell.detail, column.key)
            return ()
        texts = (cell,) if isinstance(cell, str) else cell
        empty = self._mapping.empty
        for separator in column.split:
            texts = tuple(part.strip() for text in texts for part in text.split(separator))
        kept = [text for text in texts if (bare := text.strip()) and bare not in empty]
        if column.pattern is None and column.values is None:
            return tuple(kept)
        return tuple(self._translated(column, text) for text in kept if self._matches(column, text))

    def _matches(self, column: Column, text: str) -> bool:
        if column.pattern is not None and not column.pattern.fullmatch(text.strip()):
            wanted = f"does not have the form {column.pattern.pattern}"
            self._problem(f"wrong forms of {column.key}", wanted, column.key, text)
            return False
        if column.values is not None and text.strip() not in column.values:
            wanted = f"is none of {', '.join(column.values)}"
            self._problem(f"unknown values of {column.key}", wanted, column.key, text)
            return False
        return True

    def _translated(self, column: Column, text: str) -> str:
        return text if column.values is None else column.values[text.strip()]

    def _make(self, cells: Mapping[str, tuple[str, ...]]) -> list[Quad]:
        subject = self._subject(cells)
        pairs = [
            (known, value)
            for statement in self._mapping.statements
            for value in self._objects(statement, cells)
            for known in statement.properties
        ]
        if subject is None:
            return []
        pairs.extend((_RDF_TYPE, kind) for kind in self._mapping.classes)
        return [Quad(subject, known, value, self._mapping.graph) for known, value in pairs]

    def _subject(self, cells: Mapping[str, tuple[str, ...]]) -> NamedNode | None:
        template = self._mapping.subject
        keys = [placeholder.column for placeholder in template.placeholders]
        if not self._failed.isdisjoint(keys):
            return None
        try:
            iris = template.fill(cells, encode=True)
        except UnreadableValue as error:
            self._problem("subjects that cannot be made", error.args[0], error.args[1], error.args[2])
            return None
        key = keys[0]
        if len(iris) != 1:
            self._problem(f"several values of {key}", "holds several values, but is part of the subject", key)
            return None
        try:
            subject = _iri(iris[0])
        except ValueError as error:
            self._problem(f"subjects made of {key}: {error}", str(error), key, iris[0])
            return None
        if self._mapping.unique and (first := self._first_use(iris[0])):
            self._problem(f"repeated values of {key}", f"repeats that of {first}", key, iris[0])
        return subject

    def _first_use(self, iri: str) -> str | None:
        """Return the place that used the subject before, if any. Hashes keep a million rows within 100 MB."""
        key = hash(iri)
        first = self._subjects.setdefault(key, self._line)
        if first != self._line:
            return f"line {first}"
        other = next((maker for maker in self._earlier if key in maker._subjects), None)
        return f"line {other._subjects[key]} of sheet {excerpt(other._sheet or '')}" if other else None

    def _objects(
        self, statement: Statement, cells: Mapping[str, tuple[str, ...]]
    ) -> Iterator[NamedNode | Literal]:
        try:
            texts = statement.value.fill(cells, encode=statement.link)
        except UnreadableValue as error:
            detail, column, text = error.args
            self._problem(f"unreadable values of {column}", detail, column, text)
            return
        for text in texts:
            try:
                yield _term(statement, text)
            except ValueError as error:
                key = next((piece.column for piece in statement.value.placeholders), None)
                self._problem(f"values of {key}: {error}", str(error), key, text)

    def _problem(self, cause: str, detail: str, key: str | None = None, text: str | None = None) -> None:
        if key is not None and key in self._failed:
            return  # one cell is wrong once, however many statements it serves
        self._failed.add(key)
        header = self._headers.get(key, key) if key is not None else None
        sentence = detail if header is None else f"Column {excerpt(header)} {detail}."
        where = f"Sheet {excerpt(self._sheet)}: " if self._sheet else ""
        shown = f" Found: {excerpt(text)}" if text is not None else ""
        place = self._places.get(header) if header is not None else None
        self._problems.add(cause, f"{where}{sentence}{shown}", self._line, place)


def _iri(text: str) -> NamedNode:
    try:
        return NamedNode(text)
    except ValueError:
        raise ValueError("is no absolute IRI" if _is_unicode(text) else _HALF) from None


def _term(statement: Statement, text: str) -> NamedNode | Literal:
    """Return the object for a text. Raises ValueError with the reason."""
    if statement.link:
        return _iri(text)
    if not _is_unicode(text):
        raise ValueError(_HALF)
    if statement.language is not None:
        return Literal(text, language=statement.language)
    if statement.datatype is None:
        return Literal(text)
    accepts = _LEXICAL.get(statement.datatype.value)
    if accepts is not None and not accepts(text):
        raise ValueError(f"is no {statement.datatype.value.replace(XSD, 'xsd:')}")
    return Literal(text, datatype=statement.datatype)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
