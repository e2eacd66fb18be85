"""The datatypes of parameters: which texts each accepts, and their canonical form.

XML Schema's datatypes (XML Schema part 2, sections 3.3 and 3.4) by their own names, and those that
saved queries need besides: ``iri``, ``langString``, ``search`` and ``number``. Digits are ASCII
digits, and dates are without a time zone: one value, one spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from pyoxigraph import NamedNode

from endpoint.characters import normalized

Order = Callable[[str], "Decimal | float"]
Read = Callable[[str], str]

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_INTEGRAL = re.compile(r"(?<=[0-9])\.0{1,18}\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})")
_DOUBLE = re.compile(
    r"[+-]?(?:(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?|INF)|NaN"
)
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
_DATE_TIME = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})T({_TIME})({_ZONE})?")
_NAME = r"[^\W\d][\w.\-\u00b7]*"
_BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_LONG = 2**63


@dataclass(frozen=True, slots=True)
class ValueType:
    """A type of parameters.

    ``read`` returns the canonical lexical form of a text or raises ValueError; ``order`` maps such a
    form to a number that compares as the value does, where the type has an order. ``trimmed``: white
    space around a value is ignored.
    """

    name: str
    expects: str
    sample: str
    read: Read
    order: Order | None = None
    trimmed: bool = True


def _whole(least: int | None, most: int | None) -> Read:
    """Return a reader of whole numbers within bounds, by default those of 64 bits."""
    low = -_LONG if least is None else least
    high = _LONG - 1 if most is None else most

    def read(text: str) -> str:
        # For JSON Schema, and so for its clients, 2.0 is an integer (2020-12, section 6.1.1).
        digits = _INTEGRAL.sub("", text)
        if not _INTEGER.fullmatch(digits) or not low <= int(digits) <= high:
            raise ValueError(text)
        return str(int(digits))

    return read


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    digits = f"{Decimal(text):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _double(text: str) -> str:
    if not _DOUBLE.fullmatch(text):
        raise ValueError(text)
    return text.removeprefix("+")


def _number(text: str) -> str:
    # As written, because 5 and 5.0 are an integer and a decimal in SPARQL.
    for read in (_whole(None, None), _decimal, _double):
        try:
            read(text)
        except ValueError:
            continue
        return text.removeprefix("+")
    raise ValueError(text)


def number_type(text: str) -> str:
    """Return the datatype of a bare number as SPARQL reads it (section 4.1.2): integer, decimal or double."""
    if _INTEGER.fullmatch(text):
        return "integer"
    return "decimal" if _DECIMAL.fullmatch(text) else "double"


def _boolean(text: str) -> str:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return "true" if text in ("true", "1") else "false"


def _matching(pattern: str) -> Read:
    compiled = re.compile(pattern, re.ASCII if r"\w" not in pattern else 0)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValueError(text)
        return text

    return read


def _date(text: str) -> str:
    _matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")(text)
    return date.fromisoformat(text).isoformat()


def _date_time(text: str) -> str:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    _date(match[1])
    return text


def _stamp(text: str) -> str:
    if not re.search(rf"{_ZONE}$", _date_time(text)):
        raise ValueError(text)
    return text


def _month_day(text: str) -> str:
    _matching(r"--[0-9]{2}-[0-9]{2}")(text)
    date.fromisoformat(f"2024{text[1:]}")  # a leap year, so that 29 February exists
    return text


def _duration(text: str) -> str:
    _matching(
        r"-?P(?=.)(?:[0-9]{1,9}Y)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}D)?"
        r"(?:T(?=.)(?:[0-9]{1,9}H)?(?:[0-9]{1,9}M)?(?:[0-9]{1,9}(?:\.[0-9]{1,9})?S)?)?"
    )(text)
    return text


def _part(pattern: str) -> Read:
    """Return a reader of durations of which only some units are written."""
    return lambda text: _matching(pattern)(_duration(text))


def _iri(text: str) -> str:
    return NamedNode(text).value


def _digits(text: str) -> Decimal:
    return Decimal(re.sub("[^0-9]", "", text))


def _moment(text: str) -> Decimal:
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise ValueError(text)
    seconds, _, fraction = match[2].partition(".")
    zone = (match[3] or "Z").replace("Z", "+00:00")
    moment = datetime.fromisoformat(f"{match[1]}T{seconds}").replace(tzinfo=UTC)
    ahead = datetime.fromisoformat(f"2000-01-01T00:00:00{zone}").utcoffset()
    shift = 0 if ahead is None else ahead.total_seconds()
    return Decimal(moment.timestamp()) - Decimal(shift) + Decimal(f"0.{fraction or 0}")


def _in_order() -> Iterator[ValueType]:
    yield ValueType("string", "a text", "text", normalized, trimmed=False)
    yield ValueType("langString", "a text", "text", normalized, trimmed=False)
    yield ValueType("search", "words to search for", "외교 정책", normalized, trimmed=False)
    yield ValueType("typed", "a text", "text", normalized, trimmed=False)
    yield ValueType("iri", "an absolute IRI", "http://example.org/1", _iri)
    yield ValueType("number", "a number", "3.5", _number, float)
    yield ValueType("integer", "a whole number of at most 64 bits", "12", _whole(None, None), Decimal)
    yield ValueType("decimal", "a number of at most 18 digits on either side", "3.5", _decimal, Decimal)
    for name in ("double", "float"):
        yield ValueType(name, "a floating-point number", "3.5", _double, float)
    yield ValueType("boolean", "true or false", "true", _boolean)
    yield from _whole_numbers()
    yield from _times()
    yield from _texts()


def _whole_numbers() -> Iterator[ValueType]:
    for name, least, most in (
        ("nonNegativeInteger", 0, None),
        ("positiveInteger", 1, None),
        ("nonPositiveInteger", None, 0),
        ("negativeInteger", None, -1),
        ("long", None, None),
        ("int", -(2**31), 2**31 - 1),
        ("short", -(2**15), 2**15 - 1),
        ("byte", -(2**7), 2**7 - 1),
        ("unsignedLong", 0, 2**64 - 1),
        ("unsignedInt", 0, 2**32 - 1),
        ("unsignedShort", 0, 2**16 - 1),
        ("unsignedByte", 0, 2**8 - 1),
    ):
        low, high = -_LONG if least is None else least, _LONG - 1 if most is None else most
        sample = "1" if high > 0 else "-1"
        expects = f"a whole number from {low} to {high}"
        yield ValueType(name, expects, sample, _whole(least, most), Decimal)


def _times() -> Iterator[ValueType]:
    month, day = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
    yield ValueType("date", "a date", "2023-05-22", _date, _digits)
    yield ValueType("dateTime", "a date and time", "2023-05-22T09:00:00Z", _date_time, _moment)
    yield ValueType("dateTimeStamp", "a date and time with a zone", "2023-05-22T09:00:00Z", _stamp, _moment)
    yield ValueType("time", "a time of day", "09:00:00", _matching(rf"{_TIME}{_ZONE}?"))
    yield ValueType("gYear", "a year of four digits", "2023", _matching("[0-9]{4}"), Decimal)
    yield ValueType("gYearMonth", "a year and month", "2023-05", _matching(f"[0-9]{{4}}-{month}"), _digits)
    yield ValueType("gMonth", "a month", "--05", _matching(f"--{month}"), _digits)
    yield ValueType("gMonthDay", "a month and day", "--05-22", _month_day, _digits)
    yield ValueType("gDay", "a day of the month", "---22", _matching(f"---{day}"), _digits)
    yield ValueType("duration", "a duration", "P1Y2M3DT4H", _duration)
    yield ValueType("dayTimeDuration", "a duration of days and less", "P3DT4H", _part(r"-?P[^YM]*(?:T.*)?"))
    yield ValueType("yearMonthDuration", "a duration of years and months", "P1Y2M", _part(r"-?P[^DT]*"))


def _texts() -> Iterator[ValueType]:
    for name, expects, sample, pattern in (
        ("normalizedString", "a text without line ends", "text", r"[^\r\n\t]*"),
        ("token", "a text without outer or double blanks", "text", r"[^\s]+(?: [^\s]+)*"),
        ("language", "a language tag", "ko", "[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"),
        ("anyURI", "an IRI", "http://example.org/1", r'[^\x00-\x20<>"{}|\\^`]+'),
        ("hexBinary", "hexadecimal digits", "0FB7", "(?:[0-9A-Fa-f]{2})*"),
        ("base64Binary", "Base64", "dGV4dA==", _BASE64),
        ("QName", "a qualified name", "ex:name", rf"(?:{_NAME}:)?{_NAME}"),
        ("Name", "a name", "name", r"[^\W\d][\w.:\-\u00b7]*"),
        ("NMTOKEN", "a name token", "name", r"[\w.:\-\u00b7]+"),
        ("NMTOKENS", "name tokens", "one two", r"[\w.:\-\u00b7]+(?: [\w.:\-\u00b7]+)*"),
        ("NCName", "a name without a colon", "name", _NAME),
        ("ID", "a name without a colon", "name", _NAME),
        ("IDREF", "a name without a colon", "name", _NAME),
        ("ENTITY", "a name without a colon", "name", _NAME),
    ):
        yield ValueType(name, expects, sample, _matching(pattern), trimmed=name != "normalizedString")


TYPES: Mapping[str, ValueType] = MappingProxyType({row.name: row for row in _in_order()})

# Other names of types in variables and entries.
ALIASES: Mapping[str, str] = MappingProxyType({"literal": "string", "val": "string"})
# Types of texts, which have a length.
TEXT_TYPES = frozenset({"string", "langString", "search", "typed", "normalizedString", "token"})
