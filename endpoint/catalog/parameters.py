"""Typed parameters of saved queries: the values they take, and the RDF term that a text stands for.

A text is read by the lexical rules of XML Schema part 2, white space around it taken away. String
values are brought to Unicode Normalization Form C, because what a Korean client on macOS sends in
form D looks the same as the data and would never be equal to it. The types are those of
:mod:`endpoint.catalog.datatypes`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from endpoint.catalog.datatypes import TEXT_TYPES, TYPES, ValueType, number_type
from endpoint.catalog.patterns import matches
from endpoint.characters import MOST_MARKS, stream_safe
from endpoint.errors import BadParameter
from endpoint.vocabulary import XSD
from endpoint.wording import did_you_mean, nearest, shown

# Parameters of the protocol, which a client uses to choose the representation and the deadline.
RESERVED = frozenset(
    {"download", "explain", "format", "output", "timeout", "languageTags", "locale"}
    | {"page", "pageSize", "after", "count", "generation"}
)

_LISTED = 20
# Control characters and surrogates (general categories Cc and Cs) other than white space, and U+FFFD.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")

Term = NamedNode | Literal


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The saved query that lists the values of a parameter, and its columns.

    ``value`` is that of the value (None: the first one), ``count`` that of the number of things that have it,
    ``label`` that of the label by language tag, ``""`` for the language of the text itself.
    """

    query: str
    value: str | None = None
    count: str | None = None
    label: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a saved query.

    ``name`` is the public name and ``variable`` the SPARQL variable without its sign; ``type`` is a
    key of :data:`TYPES`. ``default``, ``example``, ``enum``, ``minimum`` and ``maximum`` are texts as
    a client would send them; ``pattern`` is a regular expression that must match somewhere in the
    value, as in JSON Schema. ``description`` is by language tag, ``""`` where it has none, and so are
    the labels that ``labels`` has for a choice of ``enum``. ``offered`` are choices beside which any other
    value fits too.

    ``datatype`` is the IRI of the datatype of a parameter of type "typed", ``class_iri`` the class of the
    things whose IRIs an "iri" takes. ``multiple``: the parameter may be given several times.
    ``from_data``: the choices to offer are those that the data has; ``values`` is the query that lists them.
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
    offered: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    minimum_length: int | None = None
    maximum_length: int | None = None
    datatype: str | None = None
    class_iri: str | None = None
    multiple: bool = False
    from_data: bool = False
    examples: tuple[str, ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    values: ValueSource | None = None

    @property
    def sample(self) -> str | None:
        """Return a value that fits: the first example, else the default, else the first choice."""
        texts = (self.example, *self.examples, self.default, *self.enum, *self.offered)
        return next((text for text in texts if text is not None), None)


def term(parameter: Parameter, text: str) -> Term:
    """Return the RDF term of a received text. Raises BadParameter with the reason."""
    value = _read(parameter, text)
    if parameter.type == "iri":
        return NamedNode(value)
    if parameter.type == "langString":
        return Literal(value, language=parameter.language)
    if parameter.type in ("string", "search"):
        return Literal(value)
    name = number_type(value) if parameter.type == "number" else parameter.type
    return Literal(value, datatype=NamedNode(parameter.datatype or XSD + name))


def read_values(
    parameters: Sequence[Parameter], received: Sequence[tuple[str, str]]
) -> dict[str, Term | tuple[Term, ...]]:
    """Return the terms of the received pairs by SPARQL variable; defaults fill in for what is absent.

    A parameter of several values gets a tuple, each value once. An optional parameter without a default
    that is absent gets nothing. Raises BadParameter for a parameter that is unknown, repeated, missing,
    empty or does not fit.
    """
    texts: dict[str, list[str]] = {}
    known = {parameter.name: parameter for parameter in parameters}
    for name, text in received:
        if name not in known:
            raise _unknown(name, parameters)
        if name in texts and not known[name].multiple:
            sentence = f'The parameter "{name}" is given more than once; give it once.'
            raise BadParameter(name, sentence, rule="repeated")
        texts.setdefault(name, []).append(text)
    terms: dict[str, Term | tuple[Term, ...]] = {}
    for parameter in parameters:
        fallback = [] if parameter.default is None else [parameter.default]
        sent = [term(parameter, text) for text in texts.get(parameter.name, fallback)]
        if sent:
            terms[parameter.variable] = tuple(dict.fromkeys(sent)) if parameter.multiple else sent[0]
        elif parameter.required:
            sentence = f'The parameter "{parameter.name}" is missing: {_takes(parameter)}.'
            raise BadParameter(parameter.name, sentence, rule="required")
    return terms


def _unknown(name: str, parameters: Sequence[Parameter]) -> BadParameter:
    names = [parameter.name for parameter in parameters]
    takes = f"This query takes {', '.join(names)}." if names else "This query takes no parameters."
    sentence = f'There is no parameter "{shown(name)}"{did_you_mean(name, names)} {takes}'
    return BadParameter(shown(name), sentence, rule="unknown", suggestion=nearest(name, names))


def fault(parameter: Parameter) -> tuple[str, str] | None:
    """Return the key whose value does not fit the type or the rules of the parameter, and a sentence."""
    kind = TYPES[parameter.type]
    for key, texts in (
        ("minimum", [parameter.minimum]),
        ("maximum", [parameter.maximum]),
        ("enum", parameter.enum),
        ("enumerate", parameter.offered),
    ):
        for text in texts:
            if text is not None and not _reads(kind, text):
                return key, f'"{shown(text)}" is not {kind.expects}.'
    return _faulty_bounds(parameter, kind) or _faulty_values(parameter)


def _faulty_bounds(parameter: Parameter, kind: ValueType) -> tuple[str, str] | None:
    least, most = parameter.minimum, parameter.maximum
    if kind.order is None and (least is not None or most is not None):
        return "minimum" if least is not None else "maximum", f"values of type {kind.name} have no order."
    if kind.order and least and most and kind.order(kind.read(least)) > kind.order(kind.read(most)):
        return "minimum", f"it is greater than the maximum, {most}."
    shortest, longest = parameter.minimum_length, parameter.maximum_length
    if kind.name not in TEXT_TYPES and (shortest is not None or longest is not None):
        key = "minLength" if shortest is not None else "maxLength"
        return key, f"values of type {kind.name} have no length."
    if shortest is not None and longest is not None and shortest > longest:
        return "minLength", f"it is greater than maxLength, {longest}."
    return None


def _faulty_values(parameter: Parameter) -> tuple[str, str] | None:
    bare = replace(parameter, example=None, default=None, examples=(), offered=())
    for key, texts in (
        ("example", [parameter.example]),
        ("examples", parameter.examples),
        ("default", [parameter.default]),
        ("enumerate", parameter.offered),
    ):
        try:
            for text in texts:
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
    def refuse(rule: str, why: str, suggestion: str | None = None) -> BadParameter:
        sentence = f'The parameter "{parameter.name}" {why}'
        return BadParameter(parameter.name, sentence, shown(text), rule, suggestion)

    if not text.strip():
        raise refuse("empty", f"is empty: {_takes(parameter)}.")
    if (fault := _unfit(text)) is not None:
        raise refuse("characters", fault)
    kind = TYPES[parameter.type]
    try:
        value = kind.read(text.strip() if kind.trimmed else text)
    except ValueError:
        raise refuse("type", f'does not fit: {_takes(parameter)}. Received "{shown(text)}".') from None
    if (broken := _broken_rule(parameter, kind, value)) is not None:
        rule, why = broken
        near = nearest(value, parameter.enum) if rule == "enum" else None
        raise refuse(rule, f'{why} Received "{shown(text)}".', near)
    return value


def _unfit(text: str) -> str | None:
    """Return why a value is no text that can be in the data; TAB and line ends are white space."""
    if unfit := _UNFIT.search(text):
        if unfit[0] == "\ufffd":
            return "holds the replacement character U+FFFD; send the value percent-encoded as UTF-8."
        return f"holds the control character U+{ord(unfit[0]):04X}; leave it out."
    if stream_safe(text) != text:
        return f"holds more than {MOST_MARKS} combining marks in a row; leave them out."
    return None


def _broken_rule(parameter: Parameter, kind: ValueType, value: str) -> tuple[str, str] | None:
    if parameter.enum and value not in _canonical(kind.name, parameter.enum):
        more = ", …" if len(parameter.enum) > _LISTED else ""
        choices = ", ".join(parameter.enum[:_LISTED])
        return "enum", f"must be one of {choices}{more}{did_you_mean(value, parameter.enum)}"
    if parameter.pattern is not None and not matches(parameter.pattern, value):
        return "pattern", f"must match the pattern {parameter.pattern} ({_takes(parameter)})."
    return _broken_length(parameter, value) or _broken_bound(parameter, kind, value)


# Read once for all values of a call, of which there may be thousands.
@lru_cache(maxsize=256)
def _canonical(kind: str, choices: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(TYPES[kind].read, choices))


def _broken_length(parameter: Parameter, value: str) -> tuple[str, str] | None:
    shortest, longest = parameter.minimum_length, parameter.maximum_length
    if shortest is not None and len(value) < shortest:
        return "minLength", f"must have at least {shortest} characters."
    if longest is not None and len(value) > longest:
        return "maxLength", f"must have at most {longest} characters."
    return None


def _broken_bound(parameter: Parameter, kind: ValueType, value: str) -> tuple[str, str] | None:
    if kind.order is None:
        return None
    least, most = parameter.minimum, parameter.maximum
    # "not at least" and "not at most", because NaN is neither.
    if least is not None and not kind.order(value) >= kind.order(kind.read(least)):
        return "minimum", f"must be at least {least}" + (f" and at most {most}." if most is not None else ".")
    if most is not None and not kind.order(value) <= kind.order(kind.read(most)):
        return "maximum", f"must be at most {most}" + (
            f" and at least {least}." if least is not None else "."
        )
    return None
