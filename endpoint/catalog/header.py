"""The header of a saved query: its ``#+`` lines, wherever they stand, are one YAML mapping.

Scalars stay texts: ``2023``, ``no`` and ``2023-05-22`` mean what is written, and the type of a
parameter says how to read it. A header that is not YAML is read as JSON, else key by key, as much as
can be. What is wrong is a :class:`DataError` with line and column and without a file, which the reader
of the file adds: raised where the query cannot be served, else one of the notices.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import yaml

from endpoint.errors import DataError
from endpoint.sparql.lexer import Kind, lex
from endpoint.wording import did_you_mean

_MARK = "#+"
_KEY = re.compile(r"( *)([A-Za-z][\w-]*) *:(?: (.*)|$)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_WORDS = {"true": True, "false": False, "null": None, "": None}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Content: TypeAlias = "str | tuple[Entry, ...] | Mapping[str, Entry]"


@dataclass(frozen=True, slots=True)
class Entry:
    """One value of the header under its ``key``, and where it stands: line and column from 1."""

    key: str
    content: Content
    line: int
    column: int

    def error(self, sentence: str) -> DataError:
        """A data error at this place."""
        return DataError(sentence, None, self.line, self.column)

    def text(self) -> str:
        """The content as a text that is not empty. Raises DataError."""
        if not isinstance(self.content, str) or not self.content.strip():
            raise self.error(f'"{self.key}" takes a text.')
        return self.content

    def number(self, least: int = 0) -> int:
        """The content as a whole number from ``least``. Raises DataError."""
        text = self.content if isinstance(self.content, str) else ""
        if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:
            raise self.error(f'"{self.key}" takes a whole number from {least}.')
        return int(text)

    def flag(self) -> bool:
        """The content as true or false. Raises DataError."""
        word = self.content.lower() if isinstance(self.content, str) else ""
        if word not in ("true", "false"):
            raise self.error(f'"{self.key}" is true or false.')
        return word == "true"

    def strings(self) -> tuple[str, ...]:
        """The content as a list of texts; one text stands for a list of one. Raises DataError."""
        if isinstance(self.content, tuple):
            return tuple(item.text() for item in self.content)
        return (self.text(),)

    def by_language(self) -> dict[str, str]:
        """The content as texts by language tag; a text without one is under ``""``. Raises DataError."""
        if not isinstance(self.content, Mapping):
            return {"": self.text().strip()}
        for tag, entry in self.content.items():
            if not _LANGUAGE.fullmatch(tag):
                raise entry.error(f'"{tag}" is no language tag; write ko, en or the like.')
        return {tag: entry.text().strip() for tag, entry in self.content.items()}

    def members(self, known: Sequence[str] | None = None) -> Mapping[str, Entry]:
        """The content as a mapping, of ``known`` keys only where they are given. Raises DataError."""
        if not isinstance(self.content, Mapping):
            raise self.error(f'"{self.key}" takes keys with values.')
        for key, entry in self.content.items():
            if known is not None and key not in known:
                raise entry.error(f'Unknown key "{key}"{did_you_mean(key, known)} Known: {", ".join(known)}.')
        return self.content

    def plain(self) -> Plain:
        """The content as JSON has it: true, false, null and numbers as such."""
        if isinstance(self.content, Mapping):
            return {key: entry.plain() for key, entry in self.content.items()}
        if isinstance(self.content, tuple):
            return [entry.plain() for entry in self.content]
        if self.content in _WORDS:
            return _WORDS[self.content]
        if (found := _NUMBER.fullmatch(self.content)) is not None:
            return float(self.content) if found[1] else int(self.content)
        return self.content


class _Line(NamedTuple):
    """One line of the header: its number from 1 in the file, the width of its mark, what follows that."""

    number: int
    width: int
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """The entries of a header, the query without its lines, and what is odd about them."""

    entries: Mapping[str, Entry]
    body: str
    notices: tuple[DataError, ...] = ()


def read_header(source: str) -> Header:
    """Read the header of ``source``, whose lines end with LF.

    Raises :class:`DataError` for a header that is a list or nested too deeply.
    """
    rows = source.split("\n")
    lines = _header_lines(source, rows)
    marked = {line.number for line in lines}
    body = "\n".join(row for number, row in enumerate(rows, 1) if number not in marked).lstrip("\n")
    notices: list[DataError] = []
    entries = _read(lines, notices) if lines else {}
    return Header(entries, body, tuple(notices))


def read_mapping(text: str) -> tuple[Mapping[str, Entry], tuple[DataError, ...]]:
    """Read a YAML file as a header is read, and what is odd about it. Raises :class:`DataError`."""
    notices: list[DataError] = []
    lines = [_Line(number, 0, row) for number, row in enumerate(text.split("\n"), 1)]
    return _read(lines, notices), tuple(notices)


def entry_of(key: str, value: object, line: int = 1) -> Entry:
    """A value that was read as JSON, as an entry of a header at the beginning of ``line``."""
    content: Content
    if isinstance(value, dict):
        content = {str(name): entry_of(str(name), member, line) for name, member in value.items()}
    elif isinstance(value, list):
        content = tuple(entry_of(key, item, line) for item in value)
    elif value is None:
        content = ""
    else:
        content = str(value).lower() if isinstance(value, bool) else str(value)
    return Entry(key, content, line, 1)


def _header_lines(source: str, rows: Iterable[str]) -> list[_Line]:
    """The header's lines; what looks like one within a long string is none."""
    strings = [token for token in lex(source).tokens if token.kind is Kind.STRING and "\n" in token.text]
    lines = []
    offset = 0
    for number, row in enumerate(rows, 1):
        if row.startswith(_MARK) and not any(token.start < offset < token.end for token in strings):
            text = row.lstrip(_MARK)
            lines.append(_Line(number, len(row) - len(text), text))
        offset += len(row) + 1
    return lines


def _read(lines: Sequence[_Line], notices: list[DataError]) -> Mapping[str, Entry]:
    try:
        node = yaml.compose("\n".join(line.text for line in lines), Loader=yaml.BaseLoader)
        if node is None:
            return {}
        if not isinstance(node, yaml.ScalarNode):
            return _entry("header", node, node.start_mark, lines, notices).members()
        problem = DataError("The header has no keys with values.", None, *_place(node.start_mark, lines))
    except yaml.YAMLError as error:
        problem = _no_yaml(error, lines)
    except RecursionError:
        raise DataError("The header is nested too deeply.", None, lines[0].number) from None
    return _as_json(lines) or _by_key(lines, problem, notices)


def _no_yaml(error: yaml.YAMLError, lines: Sequence[_Line]) -> DataError:
    mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
    words = str(error).splitlines()[0]
    if isinstance(error, yaml.MarkedYAMLError):
        words = error.problem or error.context or words
    line, column = _place(mark, lines) if mark is not None else (lines[0].number, None)
    return DataError(f"The header is not YAML: {words}.", None, line, column)


def _as_json(lines: Sequence[_Line]) -> Mapping[str, Entry]:
    try:
        value = json.loads("\n".join(line.text for line in lines), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    content = entry_of("header", value, lines[0].number).content
    return content if isinstance(content, Mapping) else {}


def _by_key(lines: Sequence[_Line], problem: DataError, notices: list[DataError]) -> Mapping[str, Entry]:
    """Every key that can be told by itself; the value of one that is not YAML is a text."""
    entries: dict[str, Entry] = {}
    first = next((at for at, line in enumerate(lines) if _KEY.fullmatch(line.text)), len(lines))
    if first:
        sentence = "The header's lines before its first key are left out."
        notices.append(DataError(f"{problem.detail} {sentence}", None, problem.line, problem.column))
    while first < len(lines):
        end = _next_key(lines, first)
        entry = _alone(lines[first:end], notices)
        entries[entry.key] = entry
        first = end
    return entries


def _next_key(lines: Sequence[_Line], first: int) -> int:
    indent = len(lines[first].text) - len(lines[first].text.lstrip())
    for at in range(first + 1, len(lines)):
        found = _KEY.fullmatch(lines[at].text)
        if found is not None and len(found[1]) <= max(indent, 1):
            return at
    return len(lines)


def _alone(lines: Sequence[_Line], notices: list[DataError]) -> Entry:
    """The entry of one key and the lines that follow it."""
    found = _KEY.fullmatch(lines[0].text)
    key = "" if found is None else found[2]
    try:
        node = yaml.compose("\n".join(line.text for line in lines), Loader=yaml.BaseLoader)
        if isinstance(node, yaml.MappingNode):
            return _entry("header", node, node.start_mark, lines, notices).members()[key]
        problem = DataError("The header is not YAML.", None, lines[0].number)
    except yaml.YAMLError as error:
        problem = _no_yaml(error, lines)
    sentence = f'{problem.detail} "{key}" is read as a plain text; write it in quotes.'
    notices.append(DataError(sentence, None, problem.line, problem.column))
    value = "" if found is None else found[3] or ""
    text = " ".join(part for line in (value, *(row.text for row in lines[1:])) if (part := line.strip()))
    indent = 0 if found is None else len(found[1])
    shown = "".join(char for char in text if char.isprintable())
    return Entry(key, shown, lines[0].number, lines[0].width + indent + 1)


def _place(mark: yaml.Mark, lines: Sequence[_Line]) -> tuple[int, int]:
    # An error at the end of the stream is reported on a line after the last.
    line = lines[min(mark.line, len(lines) - 1)]
    return line.number, mark.column + line.width + 1


def _entry(
    key: str, node: yaml.Node, mark: yaml.Mark, lines: Sequence[_Line], notices: list[DataError] | None
) -> Entry:
    """The entry of a node. Where there are ``notices`` a repeated key is one, for grlc takes the last."""
    line, column = _place(mark, lines)
    content: Content
    if isinstance(node, yaml.MappingNode):
        members: dict[str, Entry] = {}
        for name, value in node.value:
            strict = str(name.value) == "params"
            entry = _entry(str(name.value), value, name.start_mark, lines, None if strict else notices)
            if not isinstance(name, yaml.ScalarNode) or (entry.key in members and notices is None):
                raise entry.error(f'The key "{entry.key}" stands twice or is no text.')
            if entry.key in members and notices is not None:
                notices.append(entry.error(f'The key "{entry.key}" stands twice; the last one counts.'))
            members[entry.key] = entry
        content = members
    elif isinstance(node, yaml.SequenceNode):
        content = tuple(_entry(key, item, item.start_mark, lines, notices) for item in node.value)
    else:
        content = str(node.value)
    return Entry(key, content, line, column)
