"""SPARQL files with a header of ``#+`` lines, and a folder's description of itself, as grlc reads both.

The lines of the header, wherever they stand, are one YAML mapping. Scalars stay texts: ``2023``, ``no`` and
``2023-05-22`` mean what is written, and are read by the type of a parameter. A header that is not
YAML is read as JSON, else key by key, as much as can be. Mistakes are :class:`DataError`: raised where the
query cannot be served, else notices.

For the title, the licence and the contact of all queries together grlc reads ``urls.yml`` or
``local-api-config.ini`` beside them, and for the server that answers ``endpoint.txt``, unused here.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import yaml

from endpoint.catalog import About
from endpoint.catalog.readers import (
    Content,
    Document,
    Entry,
    QuerySource,
    decode_text,
    entry_of,
    read_content,
)
from endpoint.errors import DataError
from endpoint.sparql.lexer import Kind, lex

_MARK = "#+"
_KEY = re.compile(r"( *)([A-Za-z][\w-]*) *:(?: (.*)|$)")
_URLS, _CONFIGURATION, _ENDPOINT = "urls.yml", "local-api-config.ini", "endpoint.txt"


class _Loader(yaml.BaseLoader):
    """A loader that follows no aliases: a few of them could stand for millions of values."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]
            problem = "an alias (*) stands for a value that is written elsewhere; write it here too"
            raise yaml.composer.ComposerError(None, None, problem, mark)
        return super().compose_node(parent, index)


def read(content: bytes, name: str) -> Document:
    """Read a SPARQL file with its header; see :class:`~endpoint.catalog.readers.Reader`."""
    text = decode_text(content)
    header = read_header(text)
    query = QuerySource(name, content, text, header.body, header.entries, header.notices)
    return Document((query,))


def refuse_fragments(content: bytes, name: str) -> Document:
    """Refuse a file for Triple Pattern Fragments, which grlc reads too. Raises DataError."""
    raise DataError("Triple Pattern Fragments are not supported. Write the query as a .rq file.")


class _Line(NamedTuple):
    """A line of the header: its number from 1 in the file, the width of its mark, the text after that."""

    number: int
    width: int
    text: str


@dataclass(frozen=True, slots=True)
class Header:
    """The entries of a header, the query without its lines, and notices about them."""

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
    """Read a YAML file as a header is read, with notices about it. Raises :class:`DataError`."""
    notices: list[DataError] = []
    lines = [_Line(number, 0, row) for number, row in enumerate(text.split("\n"), 1)]
    return _read(lines, notices), tuple(notices)


def _header_lines(source: str, rows: Iterable[str]) -> list[_Line]:
    """Return the lines of the header, without lines of long strings that look alike."""
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
        node = yaml.compose("\n".join(line.text for line in lines), Loader=_Loader)
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
    """Read every key by itself; the value of one that is not YAML is a text."""
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
        match = _KEY.fullmatch(lines[at].text)
        if match is not None and len(match[1]) <= max(indent, 1):
            return at
    return len(lines)


def _alone(lines: Sequence[_Line], notices: list[DataError]) -> Entry:
    """Return the entry of one key and the lines that follow it."""
    match = _KEY.fullmatch(lines[0].text)
    key = "" if match is None else match[2]
    try:
        node = yaml.compose("\n".join(line.text for line in lines), Loader=_Loader)
        if isinstance(node, yaml.MappingNode):
            return _entry("header", node, node.start_mark, lines, notices).members()[key]
        problem = DataError("The header is not YAML.", None, lines[0].number)
    except yaml.YAMLError as error:
        problem = _no_yaml(error, lines)
    sentence = f'{problem.detail} "{key}" is read as a plain text; write it in quotes.'
    notices.append(DataError(sentence, None, problem.line, problem.column))
    value = "" if match is None else match[3] or ""
    text = " ".join(part for line in (value, *(row.text for row in lines[1:])) if (part := line.strip()))
    indent = 0 if match is None else len(match[1])
    shown = "".join(char for char in text if char.isprintable())
    return Entry(key, shown, lines[0].number, lines[0].width + indent + 1)


def _place(mark: yaml.Mark, lines: Sequence[_Line]) -> tuple[int, int]:
    # An error at the end of the stream is reported on a line after the last.
    line = lines[min(mark.line, len(lines) - 1)]
    return line.number, mark.column + line.width + 1


def _entry(
    key: str, node: yaml.Node, mark: yaml.Mark, lines: Sequence[_Line], notices: list[DataError] | None
) -> Entry:
    """Return the entry of a node. With ``notices`` a repeated key is one, for grlc takes the last."""
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


def read_about(folder: Path, notices: list[DataError]) -> About:
    """Read a folder's description of its queries; oddities are added to ``notices``."""
    if (folder / _ENDPOINT).is_file():
        sentence = "This server answers from its own data; the address in this file is not used."
        notices.append(DataError(sentence, folder / _ENDPOINT))
    try:
        return _about(folder, notices)
    except DataError as error:
        notices.append(error)
        return About()


def _about(folder: Path, notices: list[DataError]) -> About:
    if (folder / _URLS).is_file():
        return _read_urls(folder / _URLS, notices)
    if (folder / _CONFIGURATION).is_file():
        return _read_configuration(folder / _CONFIGURATION)
    return About()


def _read_urls(file: Path, notices: list[DataError]) -> About:
    try:
        entries, odd = read_mapping(decode_text(read_content(file)))
        all_notices = [*odd, *_remote(entries.get("queries"), file.parent)]
        about = _about_of(entries)
    except DataError as error:
        raise DataError(error.detail, file, error.line, error.column) from None
    notices += [DataError(error.detail, file, error.line, error.column) for error in all_notices]
    return about


def _about_of(entries: Mapping[str, Entry]) -> About:
    entries = {key: entry for key, entry in entries.items() if entry.content}
    contact = entries["contact"].content if "contact" in entries else {}
    named = contact if isinstance(contact, Mapping) else {"name": entries["contact"]}
    licence = entries.get("licence", entries.get("license"))
    return About(
        title=entries["title"].by_language() if "title" in entries else {},
        description=entries["description"].by_language() if "description" in entries else {},
        contact_name=named["name"].text() if "name" in named else None,
        contact_url=named["url"].text() if "url" in named else None,
        licence=None if licence is None else licence.text(),
    )


def _remote(queries: Entry | None, folder: Path) -> list[DataError]:
    """Return notices about the queries in the list that are not read from here."""
    odd: list[DataError] = []
    if queries is None:
        return odd
    for item in queries.content if isinstance(queries.content, tuple) else (queries,):
        place = item.content.get("url", item) if isinstance(item.content, Mapping) else item
        name = place.content.strip() if isinstance(place.content, str) else ""
        if "://" in name:
            refusal = "is not fetched: this server reads local files only. Put a copy into this folder."
            odd.append(place.error(f"{name} {refusal}"))
        elif not name or not (folder / name).is_file():
            odd.append(place.error(f'There is no file "{name}" here.'))
    return odd


def _read_configuration(file: Path) -> About:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(decode_text(read_content(file)))
    except (configparser.Error, DataError) as error:
        raise DataError(f"The file is not read: {error}".splitlines()[0], file) from None
    values = dict(parser["repo_info"]) if parser.has_section("repo_info") else {}
    return About(
        title={"": values["repo_title"]} if values.get("repo_title") else {},
        description={"": values["api_description"]} if values.get("api_description") else {},
        contact_name=values.get("contact_name"),
        contact_url=values.get("contact_url"),
        licence=values.get("licence_url"),
    )
