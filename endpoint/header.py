"""The header of a saved query: its ``#+`` lines, wherever they stand, are one YAML mapping.

Scalars stay texts: ``2023``, ``no`` and ``2023-05-22`` mean what is written, and the type of a
parameter says how to read it. What is wrong is a :class:`DataError` with line and column and without
a file, which the reader of the file adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from endpoint.errors import DataError
from endpoint.lexer import Kind, lex
from endpoint.parameters import did_you_mean

_MARK = "#+"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

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


@dataclass(frozen=True, slots=True)
class Header:
    """The entries of a header, and the query without its lines."""

    entries: Mapping[str, Entry]
    body: str


def read_header(source: str, known: Sequence[str]) -> Header:
    """Read the header of ``source``, whose lines end with LF; ``known`` are the keys it may have.

    Raises :class:`DataError` for YAML that does not parse, a repeated or an unknown key.
    """
    lines = source.split("\n")
    numbers = _header_lines(source, lines)
    marked = set(numbers)
    body = "\n".join(line for number, line in enumerate(lines) if number not in marked).lstrip("\n")
    try:
        root = _read([lines[number][len(_MARK) :] for number in numbers], numbers)
    except RecursionError:
        raise DataError("The header is nested too deeply.", None, numbers[0] + 1) from None
    return Header({} if root is None else root.members(known), body)


def _header_lines(source: str, lines: Iterable[str]) -> list[int]:
    """Numbers from 0 of the header's lines; what looks like one within a long string is none."""
    strings = [token for token in lex(source).tokens if token.kind is Kind.STRING and "\n" in token.text]
    numbers = []
    offset = 0
    for number, line in enumerate(lines):
        if line.startswith(_MARK) and not any(token.start < offset < token.end for token in strings):
            numbers.append(number)
        offset += len(line) + 1
    return numbers


def _read(lines: Sequence[str], numbers: Sequence[int]) -> Entry | None:
    try:
        node = yaml.compose("\n".join(lines), Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = _place(mark.line, mark.column, numbers) if mark else (numbers[0] + 1, 1)
        raise DataError(
            f"The header is not YAML: {error.problem or error.context}.", None, line, column
        ) from None
    except yaml.YAMLError as error:
        sentence = f"The header is not YAML: {str(error).splitlines()[0]}."
        raise DataError(sentence, None, numbers[0] + 1) from None
    return None if node is None else _entry("header", node, node.start_mark, numbers)


def _place(line: int, column: int, numbers: Sequence[int]) -> tuple[int, int]:
    # An error at the end of the stream is reported on a line after the last.
    return numbers[min(line, len(numbers) - 1)] + 1, column + len(_MARK) + 1


def _entry(key: str, node: yaml.Node, mark: yaml.Mark, numbers: Sequence[int]) -> Entry:
    line, column = _place(mark.line, mark.column, numbers)
    content: Content
    if isinstance(node, yaml.MappingNode):
        members: dict[str, Entry] = {}
        for name, value in node.value:
            entry = _entry(str(name.value), value, name.start_mark, numbers)
            if not isinstance(name, yaml.ScalarNode) or entry.key in members:
                raise entry.error(f'The key "{entry.key}" stands twice or is no text.')
            members[entry.key] = entry
        content = members
    elif isinstance(node, yaml.SequenceNode):
        content = tuple(_entry(key, item, item.start_mark, numbers) for item in node.value)
    else:
        content = str(node.value)
    return Entry(key, content, line, column)
