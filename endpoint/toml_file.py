"""TOML files whose mistakes are reported with their line, which tomllib keeps only for syntax errors."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from pyoxigraph import NamedNode

from endpoint.errors import DataError

Place = tuple[str | int, ...]

# RFC 3987 section 2.2, less what Turtle and SPARQL forbid inside <…>.
_ABSOLUTE_IRI = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|\\^`]+')

_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_TYPES = {str: "a string", bool: "true or false", int: "an integer", float: "a number", list: "an array"}
_ERROR_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_NAME = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*\]")
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table of a TOML file. ``place`` is its path from the top; arrays of tables count from 1."""

    file: Path
    values: Mapping[str, object]
    place: Place
    lines: Mapping[Place, int]

    def error(self, detail: str, key: str | None = None) -> DataError:
        """Return an error about this table or one of its keys, with the nearest line that is known."""
        place = self.place if key is None else (*self.place, key)
        known = (place[:end] for end in range(len(place), 0, -1) if place[:end] in self.lines)
        line = next((self.lines[part] for part in known), 1)
        shown = _shown(place) if place else "The file"
        return DataError(f"{shown} {detail}{'' if detail.endswith('?') else '.'}", self.file, line)

    def check_keys(self, known: Sequence[str]) -> None:
        """Raise :class:`DataError` for a key that is not ``known``."""
        for key in self.values:
            if key not in known:
                raise self.error(f"is not a key of this table; {alternatives(key, known)}", key)

    def text(self, key: str, default: str | None = None) -> str:
        """Return the string at ``key``; it must be there where there is no default, and not be empty."""
        if key not in self.values and default is not None:
            return default
        return self._text(self._value(key), key)

    def iri(self, key: str) -> str:
        """Return the absolute IRI at ``key``."""
        value = self.text(key)
        if not is_absolute_iri(value):
            raise self.error(f"must be an absolute IRI, but is {value!r}", key)
        return value

    def by_language(self, key: str) -> dict[str, str]:
        """Return the texts at ``key`` by language tag (BCP 47), one at least."""
        if key not in self.values:
            raise self.error("is missing", key)
        table = self.table(key)
        if not table.values:
            raise self.error("needs a text in at least one language", key)
        for language in table.values:
            if not _LANGUAGE.fullmatch(language):
                raise table.error("is not a language tag", language)
        return {language: table.text(language) for language in table.values}

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        """Return the array of strings at ``key``; one string stands for an array of one."""
        if key not in self.values and default is not None:
            return default
        value = self._value(key)
        return tuple(self._text(item, key) for item in (value if isinstance(value, list) else [value]))

    def flag(self, key: str, default: bool) -> bool:
        """Return the boolean at ``key``."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            raise self.error(f"must be true or false, but is {_type(value)}", key)
        return value

    def table(self, key: str) -> TomlTable:
        """Return the table at ``key``; an empty one where there is none."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"must be a table, but is {_type(value)}", key)
        return TomlTable(self.file, value, (*self.place, key), self.lines)

    def tables(self, key: str) -> list[TomlTable]:
        """Return the array of tables at ``key``, written as ``[[key]]``; empty where there is none."""
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(f"must be written as [[{key}]] tables", key)
        return [
            TomlTable(self.file, item, (*self.place, key, number), self.lines)
            for number, item in enumerate(value, 1)
        ]

    def _value(self, key: str) -> object:
        if key not in self.values:
            raise self.error("is missing", key)
        return self.values[key]

    def _text(self, value: object, key: str) -> str:
        if not isinstance(value, str):
            raise self.error(f"must be a string, but is {_type(value)}", key)
        if not value.strip():
            raise self.error("must not be empty", key)
        return value


def is_absolute_iri(text: str) -> bool:
    """Return whether a text is an absolute IRI, for Turtle and SPARQL and for the engine alike."""
    if _ABSOLUTE_IRI.fullmatch(text) is None:
        return False
    try:
        NamedNode(text)
    except ValueError:  # a percent sign that begins no escape, an unassigned character
        return False
    return True


def alternatives(name: str, known: Iterable[str]) -> str:
    """Return the closest of the ``known`` names as a question, or the list of them."""
    choices = list(known)
    close = get_close_matches(name, choices, 1)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(choices) or 'none'}"


def read_toml(file: Path) -> TomlTable:
    """Return the top table of ``file``. Raises :class:`DataError`: not readable, not UTF-8 or not TOML."""
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
        return TomlTable(file, tomllib.loads(text), (), dict(_lines(text)))
    except OSError as error:
        raise DataError(f"The file cannot be read: {error.strerror}.", file) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError("The file must be UTF-8, but this line is not.", file, line) from error
    except RecursionError:
        raise DataError("The file is nested too deeply.", file) from None
    except tomllib.TOMLDecodeError as error:
        place = _ERROR_PLACE.search(str(error))
        # Before Python 3.14 tomllib has the place only within its message.
        detail = f"This is not TOML: {_ERROR_PLACE.sub('', str(error))}"
        if place is None or place["line"] is None:
            raise DataError(f"{detail}, at the end of the file.", file, text.count("\n") + 1) from error
        raise DataError(f"{detail}.", file, int(place["line"]), int(place["column"])) from error


def _lines(text: str) -> Iterator[tuple[Place, int]]:
    """Yield the line of each header and key; a later one wins where lines of a text look like keys."""
    table: Place = ()
    counts: Counter[Place] = Counter()
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = _parts(header[2])
            if header[1] == "[[":
                counts[table] += 1
                table = (*table, counts[table])
            elif counts[table[:1]]:
                table = (table[0], counts[table[:1]], *table[1:])
            yield table, number
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            yield from ((table + parts[:end], number) for end in range(1, len(parts) + 1))


def _parts(path: str) -> Place:
    return tuple(part.strip("\"'") for part in _PART.findall(path))


def _shown(place: Place) -> str:
    """``columns.title.names``, or ``[[statement]] 2: property``."""
    shown = ""
    for part in place:
        if isinstance(part, int):
            shown = f"[[{shown}]] {part}:"
        else:
            shown = f"{shown} {part}" if shown.endswith(":") else f"{shown}.{part}".lstrip(".")
    return shown.rstrip(":")


def _type(value: object) -> str:
    return _TYPES.get(type(value), "a table" if isinstance(value, dict) else "a date or time")
