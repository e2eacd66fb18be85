"""Terms in N-Triples, told apart by how ORDER BY compares them.

A :class:`TermClass` is a set of terms whose order is total and known. The engine compares literals by value
where both have one, else by their text; mixed in one column this is no order at all (``"10" < 9 < "9"``...),
so it is defined within a class only. Whatever is not certain to be compared as here belongs to ``OTHER``:
numbers of more digits than a double tells apart, texts that are no value of their datatype, kinds of values
that are rare. The order of ``OTHER`` and ``TRIPLE`` is fixed and means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from endpoint.vocabulary import RDF, XSD

_RDF: Final = RDF.encode()
_XSD: Final = XSD.encode()
# Digits of a decimal number that its double always tells from others (DBL_DIG).
_DIGITS: Final = 15


class TermClass(IntEnum):
    """The classes of terms, in the order of their numbers. Those called local have no time zone."""

    BLANK_NODE = 0
    IRI = 1
    TEXT = 2
    BOOLEAN = 3
    NUMBER = 4
    DATE_TIME = 5
    LOCAL_DATE_TIME = 6
    DATE = 7
    LOCAL_DATE = 8
    YEAR_MONTH = 9
    LOCAL_YEAR_MONTH = 10
    YEAR = 11
    LOCAL_YEAR = 12
    OTHER = 13
    TRIPLE = 14


# The classes on the time line.
TIMES: Final = range(TermClass.DATE_TIME, TermClass.LOCAL_YEAR + 1)

# The value of a NUMBER (float), of a BOOLEAN, and of a class of TIMES (microseconds since 1970, an integer).
Value = float | int


class Term(NamedTuple):
    """A term: its class, its text (of an IRI without brackets, of a literal as it is escaped between the
    quotes), the ``kind`` of a literal (what follows the quotes), and its value in a class that has one."""

    of: TermClass
    text: bytes
    kind: bytes = b""
    value: Value = 0

    @property
    def valued(self) -> bool:
        """True where this is ordered by its value."""
        # Several times as fast as to look for a member of an enumeration in a range.
        return TermClass.BOOLEAN <= self.of <= TermClass.LOCAL_YEAR

    def content(self, first: int | None = None) -> bytes:
        """Return the text without escapes, or so many bytes at its beginning."""
        if not TermClass.TEXT <= self.of <= TermClass.OTHER:
            return self.text[:first]
        return unescaped(self.text if first is None else self.text[: _LONGEST_ESCAPE * (first + 1)])[:first]

    def rank(self) -> tuple[object, ...]:
        """Return what this term is compared by with others of its class."""
        if self.valued:
            return self.value, kind_order(self.kind), self.text
        return self.content(), kind_order(self.kind)


# Of an escape, in bytes (\U0010FFFF).
_LONGEST_ESCAPE: Final = 10


class Unreadable(ValueError):
    """This is no term: an IRI or a language tag that was loaded without a check cannot be written."""


_IRI: Final = re.compile(rb"<[^\x00-\x20<>]*>")
_BLANK: Final = re.compile(rb"_:[^\x00-\x20<>\"]+")
_KIND: Final = re.compile(rb"@[A-Za-z0-9-]+|\^\^<[^\x00-\x20<>\"]*>")
# The last is one that was cut.
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([tbnrf\"'\\])|.{0,8}\Z)", re.DOTALL)
# One that is longer than two bytes, or has two backslashes.
_OTHER_ESCAPE: Final = re.compile(rb"\\[\\uU]")
_LETTERS: Final = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"f": b"\f"}


def read_term(term: bytes) -> Term:
    """Return the term that N-Triples writes so. Raises :class:`Unreadable`."""
    first = term[:1]
    if first == b'"':
        end = term.rindex(b'"')
        kind = term[end + 1 :]
        read = _reader(kind)
        if end and read is not None:
            text = term[1:end]
            of, value = read(text) or _NO_VALUE
            return Term(of, text, kind, value)
    elif first == b"<":
        if _IRI.fullmatch(term):
            return Term(TermClass.IRI, term[1:-1])
        if term.startswith(b"<<( ") and term.endswith(b" )>>"):
            return Term(TermClass.TRIPLE, term)
    elif _BLANK.fullmatch(term):
        return Term(TermClass.BLANK_NODE, term[2:])
    raise Unreadable(term[:200].decode("utf-8", "replace"))


def read_content(term: bytes, first: int) -> bytes:
    """Return so many bytes of the :meth:`Term.content` of a term that is in a dictionary."""
    if term.startswith(b'"'):
        return unescaped(term[1 : min(term.rindex(b'"'), _LONGEST_ESCAPE * (first + 1))])[:first]
    if term.startswith(b"<<("):
        return term[:first]
    return (term[1:-1] if term.startswith(b"<") else term[2:])[:first]


def content_of(term: bytes) -> bytes:
    """Return the text of an IRI or a literal, with its escapes."""
    return term[1 : term.rindex(b'"')] if term.startswith(b'"') else term[1:-1]


def unescaped(text: bytes) -> bytes:
    """Return the text without escapes (RDF 1.2 N-Triples section 2.4); one that is cut is dropped."""
    return _ESCAPE.sub(_character, text) if b"\\" in text else text


def count_characters(text: bytes) -> int:
    """Return how many characters a text has, which N-Triples writes so."""
    escapes = text.count(b"\\")
    if escapes and _OTHER_ESCAPE.search(text):
        text, escapes = unescaped(text), 0
    # An escape stands for one character, with the letter behind its backslash.
    return (len(text) if text.isascii() else len(text.decode("utf-8", "surrogatepass"))) - escapes


def _character(match: re.Match[bytes]) -> bytes:
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16)).encode("utf-8", "surrogatepass")
    letter: bytes = match[3] or b""
    return _LETTERS.get(letter, letter)


def kind_order(kind: bytes) -> tuple[bytes, bytes]:
    """Return datatype and language of a kind, by which ORDER BY compares literals of the same text."""
    return datatype_of(kind), kind[1:] if kind.startswith(b"@") else b""


def datatype_of(kind: bytes) -> bytes:
    """Return the IRI of the datatype of a literal of this kind."""
    if kind.startswith(b"@"):
        return _RDF + (b"dirLangString" if b"--" in kind else b"langString")
    return kind[3:-1] if kind else _XSD + b"string"


_Found = tuple[TermClass, Value] | None
# Of a literal whose text is no value of its datatype, or none that is compared here.
_NO_VALUE: Final = TermClass.OTHER, 0
_TEXT: Final = TermClass.TEXT, 0
_VALUED: Final = b"^^<" + _XSD
_ANY_URI: Final = _VALUED + b"anyURI>"


@lru_cache(4096)
def _reader(kind: bytes) -> Callable[[bytes], _Found] | None:
    """Return what finds class and value of a literal of this kind by its text; None where this is no kind."""
    if kind and not _KIND.fullmatch(kind):
        return None
    # A datatype of XML Schema may have values that the engine compares.
    other = (kind.startswith(_VALUED) and kind != _ANY_URI) or b"--" in kind
    return _READERS.get(kind) or (_no_value if other else _text)


def _text(text: bytes) -> _Found:
    return _TEXT


def _no_value(text: bytes) -> _Found:
    return None


_INTEGER: Final = re.compile(rb"0|-?[1-9][0-9]*")
_DECIMAL: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?")
_DOUBLE: Final = re.compile(rb"-?(?:INF|(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?)")
_DATE: Final = rb"(-?(?:[0-9]{4}|[1-9][0-9]{4}))(?:-([0-9]{2}))?(?:-([0-9]{2}))?"
_CLOCK: Final = rb"T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,6}))?"
_ZONE: Final = rb"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_TIME: Final = re.compile(_DATE + rb"(?:" + _CLOCK + rb")?" + _ZONE)
_MICROSECONDS: Final = 10**6
_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _boolean(text: bytes) -> _Found:
    return (TermClass.BOOLEAN, text == b"true") if text in (b"true", b"false") else None


def _exact(pattern: re.Pattern[bytes]) -> Callable[[bytes], _Found]:
    def read(text: bytes) -> _Found:
        digits = sum(48 <= byte <= 57 for byte in text)
        if digits > _DIGITS or text == b"-0" or not pattern.fullmatch(text):
            return None
        return TermClass.NUMBER, float(text)

    return read


def _double(text: bytes) -> _Found:
    return (TermClass.NUMBER, float(text)) if _DOUBLE.fullmatch(text) else None


def _time(zoned: TermClass, parts: int, clock: bool = False) -> Callable[[bytes], _Found]:
    """Return the reader of times that are given by so many ``parts`` of a date, and by a clock or not."""

    def read(text: bytes) -> _Found:
        match = _TIME.fullmatch(text)
        if match is None or match[1] == b"-0000" or clock != (match[4] is not None):
            return None
        given = [int(part) for part in match.groups()[:3] if part is not None]
        year, month, day = (*given, 1, 1)[:3]
        if len(given) != parts or not (1 <= month <= 12 and 1 <= day <= _days(year, month)):
            return None
        seconds = _day_number(year, month, day) * 86400
        if clock:
            seconds += int(match[4]) * 3600 + int(match[5]) * 60 + int(match[6])
        zone = match[8]
        value = (seconds - _offset(zone or b"Z")) * _MICROSECONDS + int((match[7] or b"").ljust(6, b"0"))
        return (zoned if zone else TermClass(zoned + 1)), value

    return read


def _offset(zone: bytes) -> int:
    """Return the seconds by which a clock in this time zone is ahead."""
    if zone == b"Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-60 if zone.startswith(b"-") else 60) * minutes


def _days(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _DAYS[month - 1] + leap


def _day_number(year: int, month: int, day: int) -> int:
    """Return the day since 1970-01-01 in the calendar of XSD 1.1, which has a year 0 (part 2, E.3.5)."""
    year -= month <= 2
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + of_year - 719468


_READERS: Final = {
    b"^^<" + _XSD + name + b">": read
    for name, read in {
        b"boolean": _boolean,
        b"integer": _exact(_INTEGER),
        b"decimal": _exact(_DECIMAL),
        b"double": _double,
        b"dateTime": _time(TermClass.DATE_TIME, 3, clock=True),
        b"date": _time(TermClass.DATE, 3),
        b"gYearMonth": _time(TermClass.YEAR_MONTH, 2),
        b"gYear": _time(TermClass.YEAR, 1),
    }.items()
}
