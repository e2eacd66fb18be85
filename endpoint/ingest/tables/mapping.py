"""Mapping files, ``seed/tables/*.toml``, by which rows of a table become statements (``docs/tables.md``).

A mapping has the columns by which its tables are recognised, other names of these, the IRI that a row is
about, and the statements made of its cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pyoxigraph import Literal, NamedNode

from endpoint.characters import normalized
from endpoint.errors import DataError, DataErrors
from endpoint.ingest.sources.text_encoding import is_encoding
from endpoint.ingest.tables.templates import Template, parse_template
from endpoint.toml_file import TomlTable, alternatives, is_absolute_iri, read_toml

TOP_KEYS = (
    "title", "graph", "subject", "class", "encoding", "quoting", "unique", "empty", "columns", "statement"
)  # fmt: skip
COLUMN_KEYS = ("names", "required", "pattern", "split", "values")
STATEMENT_KEYS = ("property", "value", "datatype", "language", "link")
_REQUIRED = ("no", "column", "value")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a mapping.

    ``names`` are the normalised headers it may have. ``required`` is ``no``, ``column`` (a table must
    have it) or ``value`` (and no cell of it may be empty). ``split`` are the texts that separate
    several values in one cell; ``values`` translates the only texts that are allowed in a cell.
    """

    key: str
    names: frozenset[str]
    required: str = "no"
    pattern: re.Pattern[str] | None = None
    split: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about a row's subject: the same value under each of ``properties``."""

    properties: tuple[NamedNode, ...]
    value: Template
    datatype: NamedNode | None = None
    language: str | None = None
    link: bool = False


@dataclass(frozen=True, slots=True)
class TableMapping:
    """One mapping file. ``empty`` are texts that count as no value; ``encoding`` is a Python codec.

    ``quoting``: cells of tab-separated values, too, may stand in quotation marks.
    """

    file: Path
    title: Mapping[str, str]
    graph: NamedNode
    subject: Template
    classes: tuple[NamedNode, ...]
    columns: tuple[Column, ...]
    statements: tuple[Statement, ...]
    encoding: str | None = None
    quoting: bool = False
    unique: bool = True
    empty: frozenset[str] = frozenset()

    def column_of(self, header: str) -> Column | None:
        """Return the column that a table's header names, if it is one of this mapping."""
        name = normal_name(header)
        return next((column for column in self.columns if name in column.names), None)

    def missing(self, headers: Iterable[str]) -> list[Column]:
        """Return the required columns that a table with these headers does not have."""
        names = {normal_name(header) for header in headers}
        return [column for column in self.columns if column.required != "no" and not column.names & names]

    def matched(self, headers: Iterable[str]) -> int:
        """Return how many columns of this mapping the headers name."""
        names = {normal_name(header) for header in headers}
        return sum(bool(column.names & names) for column in self.columns)


def normal_name(header: str) -> str:
    """Return a header without variants of writing: case, spaces, ``_``, ``-``, full-width forms."""
    text = normalized(header, "NFKC").casefold()
    return re.sub(r"[\s_\-]+", "", text)


def read_mappings(paths: Sequence[Path], prefixes: Mapping[str, str]) -> tuple[TableMapping, ...]:
    """Read mapping files; their prefixed names are expanded by ``prefixes``.

    :raises DataErrors: all mistakes in any of the files, each with its line.
    """
    mappings: list[TableMapping] = []
    errors: list[DataError] = []
    for path in paths:
        file = _MappingFile(prefixes)
        try:
            mapping = file.read(read_toml(path))
        except DataError as error:
            file.errors.append(error)
        else:
            mappings.append(mapping)
        errors.extend(file.errors)
    if errors:
        raise DataErrors(errors)
    return tuple(mappings)


class _MappingFile:
    """One mapping file, read on past its errors; these are collected in ``errors``."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = prefixes
        self.errors: list[DataError] = []

    def read(self, top: TomlTable) -> TableMapping:
        top.check_keys(TOP_KEYS)
        columns = self._all(self._column, _named(top.table("columns")))
        statements = self._all(self._statement, top.tables("statement"))
        mapping = TableMapping(
            file=top.file,
            title=top.by_language("title"),
            graph=self._iri(top, "graph", top.text("graph")),
            subject=_template(top, "subject"),
            classes=self._iris(top, "class", ()),
            columns=tuple(columns),
            statements=tuple(statements),
            encoding=_encoding(top),
            quoting=top.flag("quoting", False),
            unique=top.flag("unique", True),
            empty=frozenset(text.strip() for text in top.texts("empty", ())),
        )
        self._check(top, mapping)
        return mapping

    def _all(self, read: Callable[[TomlTable], _T], tables: Iterable[TomlTable]) -> list[_T]:
        sound: list[_T] = []
        for table in tables:
            try:
                sound.append(read(table))
            except DataError as error:
                self.errors.append(error)
        return sound

    def _column(self, table: TomlTable) -> Column:
        table.check_keys(COLUMN_KEYS)
        key = str(table.place[-1])
        required = table.text("required", "no")
        if required not in _REQUIRED:
            raise table.error(f"must be one of {', '.join(_REQUIRED)}, but is {required!r}", "required")
        values = table.table("values")
        return Column(
            key=key,
            names=frozenset(map(normal_name, (key, *table.texts("names", ())))),
            required=required,
            pattern=_pattern(table),
            split=table.texts("split", ()),
            values={text.strip(): values.text(text) for text in values.values} or None,
        )

    def _statement(self, table: TomlTable) -> Statement:
        table.check_keys(STATEMENT_KEYS)
        kinds = [kind for kind in ("datatype", "language", "link") if kind in table.values]
        if len(kinds) > 1:
            raise table.error(f'stands beside "{kinds[0]}"; a value has one kind', kinds[1])
        datatype = self._iri(table, "datatype", table.text("datatype")) if "datatype" in kinds else None
        return Statement(
            properties=self._iris(table, "property"),
            value=_template(table, "value"),
            datatype=datatype,
            language=_language(table) if "language" in kinds else None,
            link=table.flag("link", False),
        )

    def _iris(
        self, table: TomlTable, key: str, default: tuple[str, ...] | None = None
    ) -> tuple[NamedNode, ...]:
        return tuple(self._iri(table, key, text) for text in table.texts(key, default))

    def _iri(self, table: TomlTable, key: str, text: str) -> NamedNode:
        prefix, colon, local = text.partition(":")
        if colon and prefix in self._prefixes:
            text = self._prefixes[prefix] + local
        elif not local.startswith("//") and not text.startswith("urn:"):
            hint = alternatives(prefix, self._prefixes)
            raise table.error(f"has {text!r}, whose prefix the manifest does not declare; {hint}", key)
        if not is_absolute_iri(text):
            raise table.error(f"must be an IRI, but is {text!r}", key)
        return NamedNode(text)

    def _check(self, top: TomlTable, mapping: TableMapping) -> None:
        """Add the errors that concern several parts of a file."""
        seen: dict[str, str] = {}
        for column in mapping.columns:
            for name in sorted(column.names):
                if seen.setdefault(name, column.key) != column.key:
                    place = top.table("columns").table(column.key)
                    self.errors.append(place.error(f"has the name {name!r}, as column {seen[name]!r} has"))
        if not self.errors and all(column.required == "no" for column in mapping.columns):
            self.errors.append(
                top.error(
                    'needs a column with required = "column" or "value", to be recognised by', "columns"
                )
            )
        if not mapping.statements and not mapping.classes and not self.errors:
            self.errors.append(top.error('makes no statement; write "class" or a [[statement]]'))
        self._check_templates(top, mapping)

    def _check_templates(self, top: TomlTable, mapping: TableMapping) -> None:
        columns = {column.key: column for column in mapping.columns}
        known = tuple(str(key) for key in top.table("columns").values)
        uses = [(top, "subject", mapping.subject)]
        for table in top.tables("statement"):
            if isinstance(table.values.get("value"), str):
                try:
                    uses.append((table, "value", _template(table, "value")))
                except DataError:
                    continue  # reported when the statement was read
        for table, key, template in uses:
            for placeholder in template.placeholders:
                if placeholder.column not in known:
                    hint = alternatives(placeholder.column, known)
                    self.errors.append(table.error(f"names no column by {placeholder.column!r}; {hint}", key))
                elif key == "subject" and placeholder.column in columns:
                    self._check_subject(top, columns[placeholder.column])
        if not mapping.subject.placeholders:
            self.errors.append(top.error("needs a column in braces, such as {id}", "subject"))

    def _check_subject(self, top: TomlTable, column: Column) -> None:
        place = top.table("columns").table(column.key)
        if column.required != "value":
            self.errors.append(place.error('is part of the subject, so it needs required = "value"'))
        if column.split:
            self.errors.append(place.error("is part of the subject, so it cannot be split", "split"))


def _named(table: TomlTable) -> list[TomlTable]:
    return [table.table(key) for key in table.values]


def _template(table: TomlTable, key: str) -> Template:
    try:
        return parse_template(table.text(key))
    except ValueError as error:
        raise table.error(str(error), key) from None


def _pattern(table: TomlTable) -> re.Pattern[str] | None:
    if "pattern" not in table.values:
        return None
    try:
        return re.compile(table.text("pattern"))
    except re.error as error:
        raise table.error(f"is not a regular expression: {error}", "pattern") from None


def _language(table: TomlTable) -> str:
    language = table.text("language")
    try:
        Literal("", language=language)
    except ValueError:
        raise table.error(f"must be a language tag such as ko, but is {language!r}", "language") from None
    return language


def _encoding(top: TomlTable) -> str | None:
    if "encoding" not in top.values:
        return None
    name = top.text("encoding")
    if not is_encoding(name):
        raise top.error(f"is no encoding that is known here: {name!r}", "encoding")
    return name
