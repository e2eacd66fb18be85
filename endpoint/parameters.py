"""Typed parameters of saved queries: what a parameter takes, and the RDF term that a text stands for.

A text is read by the lexical rules of XML Schema part 2, white space around it taken away. String
values are brought to Unicode Normalization Form C, because what a Korean client on macOS sends in
form D looks the same as the data and would never be equal to it. Digits are ASCII digits: one value,
one spelling.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from types import MappingProxyType

from pyoxigraph import Literal, NamedNode

from endpoint.errors import BadParameter

XSD = "http://www.w3.org/2001/XMLSchema#"

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")
_SHOWN = 60
_LISTED = 20


@dataclass(frozen=True, slots=True)
class ValueType:
    """One type of parameter.

    ``read`` gives the canonical lexical form of a text or raises ValueError; ``order`` maps such a
    form to a number that compares as the value does, where the type has an order.
    """

    name: str
    expects: str
    sample: str
    read: Callable[[str], str]
    order: Callable[[str], Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a saved query.

    ``name`` is the public name and ``variable`` the SPARQL variable without its sign; ``type`` is a
    key of :data:`TYPES`. ``default``, ``example``, ``enum``, ``minimum`` and ``maximum`` are texts as
    a client would send them; ``pattern`` is a regular expression that must match somewhere in the
    value, as in JSON Schema. ``description`` is by language tag, ``""`` where none is told.
    """

    name: str
    variable: str
    type: str = "string"
    language: str | None = None
    required: bool = True
    description: Mapping[str, str] = field(default_factory=dict)
    example: str | None = None
    default: str | None = None
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: str | None = None
    maximum: str | None = None

    @property
    def sample(self) -> str | None:
        """A value that fits: the example, else the default, else the first choice."""
        return next((text for text in (self.example, self.default, *self.enum[:1]) if text is not None), None)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _integer(text: str) -> str:
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError(text)
    return str(int(text))


def _decimal(text: str) -> str:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    digits = f"{Decimal(text):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _boolean(text: str) -> str:
    if text not in ("true", "false", "1", "0"):
        raise ValueError(text)
    return "true" if text in ("true", "1") else "false"


def _date(text: str) -> str:
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()


def _year(text: str) -> str:
    if not _YEAR.fullmatch(text):
        raise ValueError(text)
    return text


def _iri(text: str) -> str:
    return NamedNode(text).value


def _day(text: str) -> Decimal:
    return Decimal(text.replace("-", ""))


TYPES: Mapping[str, ValueType] = MappingProxyType(
    {
        row.name: row
        for row in (
            ValueType("string", "a text", "text", _plain),
            ValueType("langString", "a text", "text", _plain),
            ValueType("search", "words to search for", "외교 정책", _plain),
            ValueType("integer", "a whole number of at most 64 bits", "12", _integer, Decimal),
            ValueType("decimal", "a number of at most 18 digits on either side", "3.5", _decimal, Decimal),
            ValueType("boolean", "true or false", "true", _boolean),
            ValueType("date", "a date", "2023-05-22", _date, _day),
            ValueType("gYear", "a year of four digits", "2023", _year, Decimal),
            ValueType("iri", "an absolute IRI", "http://example.org/1", _iri),
        )
    }
)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """``'; did you mean "x"?'`` where one of the known words is close, else a full stop."""
    near = get_close_matches(word[:_SHOWN], known, 1)
    return f'; did you mean "{near[0]}"?' if near else "."


def shown(text: str) -> str:
    """A text fit for a message: shortened, what cannot be printed written as ``\\uXXXX``."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return "".join(char if char.isprintable() else f"\\u{ord(char):04X}" for char in cut)


def term(parameter: Parameter, text: str) -> NamedNode | Literal:
    """The RDF term of a received text. Raises BadParameter with a sentence that says what is wrong."""
    value = _read(parameter, text)
    if parameter.type == "iri":
        return NamedNode(value)
    if parameter.type == "langString":
        return Literal(value, language=parameter.language)
    if parameter.type in ("string", "search"):
        return Literal(value)
    return Literal(value, datatype=NamedNode(XSD + parameter.type))


def read_values(
    parameters: Sequence[Parameter], received: Sequence[tuple[str, str]]
) -> dict[str, NamedNode | Literal]:
    """The terms of the received pairs by SPARQL variable; defaults fill in for what is absent.

    An optional parameter without a default that is absent gets no term. Raises BadParameter for a
    parameter that is unknown, repeated, missing, empty or does not fit.
    """
    texts: dict[str, str] = {}
    known = {parameter.name for parameter in parameters}
    for name, text in received:
        if name not in known:
            raise BadParameter(shown(name), _unknown(name, parameters))
        if name in texts:
            raise BadParameter(name, f'The parameter "{name}" is given more than once; give it once.')
        texts[name] = text
    terms: dict[str, NamedNode | Literal] = {}
    for parameter in parameters:
        sent = texts.get(parameter.name, parameter.default)
        if sent is not None:
            terms[parameter.variable] = term(parameter, sent)
        elif parameter.required:
            raise BadParameter(
                parameter.name, f'The parameter "{parameter.name}" is missing: {_takes(parameter)}.'
            )
    return terms


def _unknown(name: str, parameters: Sequence[Parameter]) -> str:
    names = [parameter.name for parameter in parameters]
    takes = f"This query takes {', '.join(names)}." if names else "This query takes no parameters."
    return f'There is no parameter "{shown(name)}"{did_you_mean(name, names)} {takes}'


def fault(parameter: Parameter) -> tuple[str, str] | None:
    """The key whose value does not fit the parameter's own type or rules, and a sentence, or None."""
    kind = TYPES[parameter.type]
    for key, texts in (
        ("minimum", [parameter.minimum]),
        ("maximum", [parameter.maximum]),
        ("enum", parameter.enum),
    ):
        for text in texts:
            if text is not None and not _reads(kind, text):
                return key, f'"{shown(text)}" is not {kind.expects}.'
    least, most = parameter.minimum, parameter.maximum
    if kind.order is None and (least is not None or most is not None):
        return "minimum" if least is not None else "maximum", f"values of type {kind.name} have no order."
    if kind.order and least and most and kind.order(kind.read(least)) > kind.order(kind.read(most)):
        return "minimum", f"it is greater than the maximum, {most}."
    bare = replace(parameter, example=None, default=None)
    for key, text in (("example", parameter.example), ("default", parameter.default)):
        try:
            if text is not None:
                term(bare, text)
        except BadParameter as error:
            return key, error.detail
    return None


def _reads(kind: ValueType, text: str) -> bool:
    try:
        kind.read(text)
    except ValueError:
        return False
    return True


def _takes(parameter: Parameter) -> str:
    kind = TYPES[parameter.type]
    return f'it takes {kind.expects}, for example "{shown(parameter.sample or kind.sample)}"'


def _read(parameter: Parameter, text: str) -> str:
    def refuse(why: str) -> BadParameter:
        return BadParameter(parameter.name, f'The parameter "{parameter.name}" {why}', shown(text))

    if not text.strip():
        raise refuse(f"is empty: {_takes(parameter)}.")
    if (fault := _unfit(text)) is not None:
        raise refuse(fault)
    kind = TYPES[parameter.type]
    try:
        value = kind.read(text if kind.read is _plain else text.strip())
    except ValueError:
        raise refuse(f'does not fit: {_takes(parameter)}. Received "{shown(text)}".') from None
    if (rule := _broken_rule(parameter, kind, value)) is not None:
        raise refuse(f'{rule} Received "{shown(text)}".')
    return value


def _unfit(text: str) -> str | None:
    """Why no text value may hold what this one holds; TAB and line ends are white space and may stand."""
    for char in text:
        if char == "\ufffd":
            return "holds the replacement character U+FFFD; send the value percent-encoded as UTF-8."
        if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\r":
            return f"holds the control character U+{ord(char):04X}; leave it out."
    return None


def _broken_rule(parameter: Parameter, kind: ValueType, value: str) -> str | None:
    if parameter.enum and value not in [kind.read(choice) for choice in parameter.enum]:
        more = ", …" if len(parameter.enum) > _LISTED else ""
        choices = ", ".join(parameter.enum[:_LISTED])
        return f"must be one of {choices}{more}{did_you_mean(value, parameter.enum)}"
    if parameter.pattern is not None and re.search(parameter.pattern, value) is None:
        return f"must match the pattern {parameter.pattern} ({_takes(parameter)})."
    if kind.order is None:
        return None
    least, most = parameter.minimum, parameter.maximum
    if least is not None and kind.order(value) < kind.order(kind.read(least)):
        return f"must be at least {least}" + (f" and at most {most}." if most is not None else ".")
    if most is not None and kind.order(value) > kind.order(kind.read(most)):
        return f"must be at most {most}" + (f" and at least {least}." if least is not None else ".")
    return None
