"""The interface of the dialects in which saved queries are written.

A reader makes a :class:`Document` from the content of one file. Each dialect has one module: files of
SPARQL with a header (:mod:`~endpoint.catalog.readers.grlc`), JSON of SPARQL Transformer
(:mod:`~endpoint.catalog.readers.transformer`), Turtle with SHACL executables
(:mod:`~endpoint.catalog.readers.shacl`). All of them return the query as SPARQL text, and entries
with its options, each with its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from endpoint.errors import DataError
from endpoint.formats import Plain
from endpoint.wording import did_you_mean

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?")
_WORDS = {"true": True, "false": False, "null": None, "": None}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")

Content: TypeAlias = "str | tuple[Entry, ...] | Mapping[str, Entry]"


@dataclass(frozen=True, slots=True)
class Entry:
    """A value under its ``key``, and its place in the file: line and column from 1."""

    key: str
    content: Content
    line: int
    column: int

    def error(self, sentence: str) -> DataError:
        """Return a data error at this place."""
        return DataError(sentence, None, self.line, self.column)

    def text(self) -> str:
        """Return the content as a text that is not empty. Raises DataError."""
        if not isinstance(self.content, str) or not self.content.strip():
            raise self.error(f'"{self.key}" takes a text.')
        return self.content

    def number(self, least: int = 0) -> int:
        """Return the content as a whole number from ``least``. Raises DataError."""
        text = self.content if isinstance(self.content, str) else ""
        if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:
            raise self.error(f'"{self.key}" takes a whole number from {least}.')
        return int(text)

    def flag(self) -> bool:
        """Return the content as true or false. Raises DataError."""
        word = self.content.lower() if isinstance(self.content, str) else ""
        if word not in ("true", "false"):
            raise self.error(f'"{self.key}" is true or false.')
        return word == "true"

    def strings(self) -> tuple[str, ...]:
        """Return the content as a list of texts; one text stands for a list of one. Raises DataError."""
        if isinstance(self.content, tuple):
            return tuple(item.text() for item in self.content)
        return (self.text(),)

    def by_language(self) -> dict[str, str]:
        """Return the content by language tag; a text without one is under ``""``. Raises DataError."""
        if not isinstance(self.content, Mapping):
            return {"": self.text().strip()}
        for tag, entry in self.content.items():
            if not _LANGUAGE.fullmatch(tag):
                raise entry.error(f'"{tag}" is no language tag; write ko, en or the like.')
        return {tag: entry.text().strip() for tag, entry in self.content.items()}

    def members(self, known: Sequence[str] | None = None) -> Mapping[str, Entry]:
        """Return the content as a mapping, of ``known`` keys only where they are given. Raises DataError."""
        if not isinstance(self.content, Mapping):
            raise self.error(f'"{self.key}" takes keys with values.')
        for key, entry in self.content.items():
            if known is not None and key not in known:
                raise entry.error(f'Unknown key "{key}"{did_you_mean(key, known)} Known: {", ".join(known)}.')
        return self.content

    def plain(self) -> Plain:
        """Return the content as JSON has it: true, false, null and numbers as such."""
        if isinstance(self.content, Mapping):
            return {key: entry.plain() for key, entry in self.content.items()}
        if isinstance(self.content, tuple):
            return [entry.plain() for entry in self.content]
        if self.content in _WORDS:
            return _WORDS[self.content]
        if (number := _NUMBER.fullmatch(self.content)) is not None:
            return float(self.content) if number[1] else int(self.content)
        return self.content


class QueryFile(NamedTuple):
    """A file with queries, and the names of the sub-folders it lies in, which are tags."""

    path: Path
    folders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class QuerySource:
    """A query as in its file, before it is compiled.

    ``text`` is all of its SPARQL with the lines of the file where it is ``placed``, ``body`` the part without
    the header, ``content`` what its source is shown as. ``prefixes`` are those that its dialect declares
    outside the text; ``transform`` is the prototype of SPARQL Transformer that shapes its results.
    """

    name: str
    content: bytes
    text: str
    body: str
    entries: Mapping[str, Entry]
    notices: tuple[DataError, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    transform: Mapping[str, Plain] | None = None
    placed: bool = True


@dataclass(frozen=True, slots=True)
class Document:
    """The queries of a file, notices about it, and its prefixes for all files of the dialect."""

    queries: tuple[QuerySource, ...] = ()
    notices: tuple[DataError, ...] = ()
    prefixes: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """A reader of the files of one dialect."""

    def __call__(self, content: bytes, name: str) -> Document:
        """Read the ``content`` of a file; ``name`` is that of the file up to its first dot.

        Raises :class:`~endpoint.errors.DataError`, with line and column where they are known, and without a
        file.
        """
        ...


def entry_of(key: str, value: object, line: int = 1) -> Entry:
    """Return a value of JSON as an entry at the beginning of ``line``."""
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


def read_content(file: Path) -> bytes:
    """Return the content of a file. Raises DataError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.") from None


def decode_text(data: bytes) -> str:
    """Return the text of a file with LF line ends and without a byte order mark. Raises DataError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        start_of_line = before.rfind(b"\n") + 1
        raise DataError(
            "The file is not UTF-8; save it in that encoding.",
            None,
            before.count(b"\n") + 1,
            len(before[start_of_line:].decode("utf-8-sig")) + 1,
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
