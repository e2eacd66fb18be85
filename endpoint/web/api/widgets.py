"""The fields of a saved query's form, from the types of its parameters.

A browser can check a field by itself; the server checks everything again. A parameter that takes several
values has one input more than values, so that another one can be given without a script.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from endpoint.catalog.datatypes import TYPES
from endpoint.catalog.parameters import Parameter
from endpoint.errors import BadParameter
from endpoint.web.http.view import View

# Choices that are written into the page itself, at most; longer lists are looked up.
_OFFERED: Final = 100
# Characters that fit beside the name of a field; longer descriptions are below it.
_LABEL: Final = 60

_WHOLE: Final = frozenset(
    {"integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger"}
    | {"negativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"}
)
_REAL: Final = frozenset({"decimal", "double", "float", "number"})
_INPUTS: Final = {"date": "date", "gYearMonth": "month", "search": "search"}
# Types whose values people need an example for.
_SHOWN: Final = frozenset(
    {"dateTime", "dateTimeStamp", "time", "gMonth", "gMonthDay", "gDay"}
    | {"duration", "dayTimeDuration", "yearMonthDuration", "hexBinary", "base64Binary", "language"}
)
# The bounds of a type, where the parameter has no others.
_LEAST: Final = {"gYear": "0", "positiveInteger": "1"} | dict.fromkeys(
    ("nonNegativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"), "0"
)
_MOST: Final = {"gYear": "9999", "nonPositiveInteger": "0", "negativeInteger": "-1"}


class Choice(NamedTuple):
    """One choice of a field: the value that is sent, the text that is shown, whether it is chosen."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter in the form.

    ``kind`` is "select", "boxes" or "input"; ``values`` are those of its inputs, one "" where there is none.
    ``attributes`` are those of each input, ``label`` is a title besides the name, and ``hint`` a text below
    the field. ``error`` is the reason why a value is wrong. ``suggest``: values can be looked up while
    typing; ``offered`` are those in the page itself. ``lang`` is the language of
    ``label`` and ``hint`` where it is not the page's.
    """

    name: str
    kind: str
    label: str
    hint: str
    lang: str | None
    required: bool
    values: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    example: str | None = None
    error: str = ""
    suggest: bool = False
    offered: tuple[str, ...] = ()
    multiple: bool = False


def fields(
    parameters: Sequence[Parameter],
    pairs: Sequence[tuple[str, str]],
    view: View,
    error: BadParameter | None = None,
    suggested: Container[str] = (),
) -> tuple[Field, ...]:
    """Return the fields of a form, filled with the values of the request; ``error`` is at its field.

    ``suggested`` are the parameters whose values can be looked up.
    """
    return tuple(
        _field(
            parameter,
            [value for name, value in pairs if name == parameter.name],
            view,
            error if error is not None and error.parameter == parameter.name else None,
            parameter.name in suggested,
        )
        for parameter in parameters
    )


def _field(
    parameter: Parameter, sent: list[str], view: View, error: BadParameter | None, suggest: bool
) -> Field:
    description = view.text(parameter.description)
    short = len(description) <= _LABEL
    choices = _choices(parameter, sent, view)
    boxes = bool(choices) and parameter.multiple
    values = tuple(sent) or ("",)
    return Field(
        name=parameter.name,
        kind="boxes" if boxes else "select" if choices else "input",
        label=description if short else "",
        hint="" if short else description,
        lang=view.tag(parameter.description),
        required=parameter.required and parameter.default is None,
        values=(*values, "") if parameter.multiple and values[-1] else values,
        choices=choices,
        attributes={} if choices else _attributes(parameter, wrong=error is not None),
        example=None if choices else _example(parameter),
        error="" if error is None else message(parameter, error, view),
        suggest=suggest and not choices,
        offered=() if parameter.values else parameter.offered[:_OFFERED],
        multiple=parameter.multiple,
    )


def _example(parameter: Parameter) -> str | None:
    if parameter.default is not None:
        return None
    examples = (parameter.example, *parameter.examples, *parameter.offered)
    if parameter.type in _SHOWN:
        examples = (*examples, TYPES[parameter.type].sample)
    return next((text for text in examples if text is not None), None)


def _choices(parameter: Parameter, sent: list[str], view: View) -> tuple[Choice, ...]:
    chosen = sent or ([] if parameter.default is None else [parameter.default])
    if parameter.enum:
        labels = {value: view.text(parameter.labels.get(value, {})) for value in parameter.enum}
        listed = [Choice(value, labels[value] or value, value in chosen) for value in parameter.enum]
    elif parameter.type == "boolean":
        listed = [
            Choice("true", view.gettext("Yes"), bool({"true", "1"} & {*chosen})),
            Choice("false", view.gettext("No"), bool({"false", "0"} & {*chosen})),
        ]
    else:
        return ()
    known = {choice.value for choice in listed}
    # A value that is no choice remains visible beside the message about it.
    listed += [Choice(value, value, True) for value in sent if value not in known and parameter.enum]
    if parameter.multiple or (parameter.default is not None):
        return tuple(listed)
    blank = view.gettext("Please choose") if parameter.required else view.gettext("Any")
    return (Choice("", blank, not chosen), *listed)


def _attributes(parameter: Parameter, wrong: bool) -> dict[str, str]:
    """Return the attributes of an input (HTML, section 4.10.5)."""
    kind = parameter.type
    number = kind in _WHOLE or kind in _REAL or kind == "gYear"
    attributes = {"type": "number" if number else _INPUTS.get(kind, "text")}
    if number:
        attributes["step"] = "any" if kind in _REAL else "1"
        attributes["inputmode"] = "decimal" if kind in _REAL else "numeric"
    if kind in ("iri", "anyURI"):
        attributes["inputmode"] = "url"
    if number or kind in ("date", "gYearMonth"):
        attributes |= {
            "min": parameter.minimum or _LEAST.get(kind, ""),
            "max": parameter.maximum or _MOST.get(kind, ""),
        }
    else:
        attributes |= {"pattern": _pattern(parameter.pattern), "spellcheck": "false"}
        attributes["minlength"] = str(parameter.minimum_length or "")
        attributes["maxlength"] = str(parameter.maximum_length or "")
    attributes["placeholder"] = parameter.default or ""
    if wrong and attributes["type"] != "search":
        # A browser would not show a value that is not valid for the type of the input.
        attributes["type"] = "text"
    return {name: value for name, value in attributes.items() if value}


def _pattern(pattern: str | None) -> str:
    """Return the pattern for an input, which must match the whole value, not a part as for a parameter."""
    return "" if pattern is None else f".*(?:{pattern}).*"


def message(parameter: Parameter, error: BadParameter, view: View) -> str:
    """Return the sentence about a wrong value, in the reader's language; else the one that programs get."""
    sentences = {
        "required": view.gettext("Please fill in this field."),
        "empty": view.gettext("Please fill in this field."),
        "repeated": view.gettext("Please give this value once."),
        "enum": view.gettext("Please choose one of the values."),
        "pattern": view.gettext("Please follow the form of the example: %(sample)s"),
        "minLength": view.gettext("Please write at least %(least)s characters."),
        "maxLength": view.gettext("Please write at most %(most)s characters."),
        "minimum": view.gettext("Please give a value of %(minimum)s or more."),
        "maximum": view.gettext("Please give a value of %(maximum)s or less."),
        "characters": view.gettext(
            "The value holds a character that cannot stand in a text. Please type it again."
        ),
        "type": _expected(parameter, view),
    }
    sentence = sentences.get(error.rule or "")
    if sentence is None:
        return error.detail
    return sentence % {
        "sample": parameter.sample or "",
        "least": parameter.minimum_length,
        "most": parameter.maximum_length,
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
    }


def _expected(parameter: Parameter, view: View) -> str | None:
    kind = parameter.type
    if kind in _WHOLE:
        return view.gettext("Please give a whole number.")
    if kind in _REAL:
        return view.gettext("Please give a number.")
    return {
        "boolean": view.gettext("Please choose one of the values."),
        "gYear": view.gettext("Please give a year of four digits, such as 2023."),
        "gYearMonth": view.gettext("Please give a year and month, such as 2023-05."),
        "date": view.gettext("Please give a date, such as 2023-05-22."),
        "iri": view.gettext("Please give a whole IRI, such as http://example.org/1."),
    }.get(kind)
