"""The parameters that a saved query declares: in the names of its variables, refined by ``params:``.

The naming is grlc's: ``?_`` or, for an optional parameter, ``?__``, the public name, and the type
after another ``_``: a type's name, ``number``, ``literal``, ``xsd_`` with a type's name, or a language
of two letters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pyoxigraph import Literal

from endpoint.errors import DataError
from endpoint.header import Entry
from endpoint.lexer import Kind, lex, position_of
from endpoint.operation import bind
from endpoint.parameters import TYPES, Parameter, did_you_mean, fault

# Parameters of the protocol, which a client uses to choose the representation and the deadline.
RESERVED = frozenset({"download", "format", "output", "timeout"})

_NAME = re.compile(r"(_{1,2})([^\W_]+)(?:_(\w+))?")
_ALIASES = {"number": "decimal", "literal": "string"}
_LANGUAGE = re.compile(r"[A-Za-z]{2}")
_TEXTS = ("example", "pattern", "minimum", "maximum", "default")
_KEYS = ("type", "language", "description", "enum", "required", *_TEXTS)


_Place = tuple[int, int]


def read_parameters(source: str, declared: Mapping[str, Entry]) -> tuple[Parameter, ...]:
    """The parameters of a query in the order in which they first stand in it.

    ``declared`` are the entries of ``params:`` by public name. Raises :class:`DataError` with line
    and column, without a file.
    """
    parameters: dict[str, Parameter] = {}
    for variable, place in _variables(source).items():
        parameter = _from_name(variable, place)
        if (other := parameters.get(parameter.name)) is not None:
            sentence = f'?{variable} and ?{other.variable} are both the parameter "{parameter.name}".'
            raise DataError(f"{sentence} Write one variable.", None, *place)
        entry = declared.get(parameter.name)
        if entry is not None:
            parameter = _refined(parameter, entry)
        parameters[parameter.name] = _checked(source, parameter, entry, place)
    for name, entry in declared.items():
        if name not in parameters:
            near = did_you_mean(name, list(parameters))
            raise entry.error(f'The query holds no variable for the parameter "{name}"{near}')
    return tuple(parameters.values())


def _variables(source: str) -> dict[str, _Place]:
    """Every variable with the name of a parameter, and where it stands first."""
    found: dict[str, _Place] = {}
    for token in lex(source).tokens:
        if token.kind is Kind.VAR and token.text[1] == "_" and token.text[1:] not in found:
            found[token.text[1:]] = position_of(source, token.start)
    return found


def _from_name(variable: str, place: _Place) -> Parameter:
    match = _NAME.fullmatch(variable)
    if match is None:
        raise DataError(
            f"?{variable} begins like a parameter and is not named like one: write ?_name or ?_name_type.",
            None,
            *place,
        )
    signs, name, suffix = match.groups()
    if name in RESERVED:
        raise DataError(
            f'No parameter can have the name "{name}": the protocol uses it. Choose another.', None, *place
        )
    kind, language = "string", None
    if suffix is not None:
        kind = _ALIASES.get(suffix, suffix.removeprefix("xsd_"))
        if _LANGUAGE.fullmatch(suffix):
            kind, language = "langString", suffix
        elif kind not in TYPES or kind == "langString":
            raise DataError(f"?{variable} has {_unknown_type(suffix)}", None, *place)
    return Parameter(name, variable, kind, language, required=len(signs) == 1)


def _unknown_type(name: str) -> str:
    return f'the unknown type "{name}"{did_you_mean(name, list(TYPES))} Known: {", ".join(TYPES)}.'


def _refined(parameter: Parameter, entry: Entry) -> Parameter:
    members = entry.members(_KEYS)
    texts = {key: value.text() for key, value in members.items() if key in _TEXTS}
    enum, description = members.get("enum"), members.get("description")
    if "pattern" in texts:
        try:
            re.compile(texts["pattern"])
        except re.error as error:
            raise members["pattern"].error(f"The pattern is no regular expression: {error}.") from None
    kind, language = _typed(parameter, members)
    return replace(
        parameter,
        type=kind,
        language=language,
        required=_required(parameter, members),
        description={} if description is None else description.by_language(),
        enum=() if enum is None else enum.strings(),
        **texts,
    )


def _typed(parameter: Parameter, members: Mapping[str, Entry]) -> tuple[str, str | None]:
    kind, language = parameter.type, parameter.language
    if "type" in members:
        told = members["type"].text()
        kind = _ALIASES.get(told, told)
        if kind not in TYPES:
            raise members["type"].error(f"This is {_unknown_type(told)}")
        if kind != parameter.type and parameter.variable.lstrip("_") != parameter.name:
            raise members["type"].error(
                f"The type is {kind} here and {parameter.type} in ?{parameter.variable}."
            )
    if "language" in members:
        told = members["language"].text()
        if kind != "langString" or language not in (None, told):
            raise members["language"].error(f"?{parameter.variable} of type {kind} takes no language here.")
        language = told
        try:
            Literal("", language=language)
        except ValueError:
            raise members["language"].error(f'"{language}" is no language tag.') from None
    if kind == "langString" and language is None:
        raise members["type"].error("The type langString needs a language.")
    return kind, language


def _required(parameter: Parameter, members: Mapping[str, Entry]) -> bool:
    if "required" not in members:
        return parameter.required and "default" not in members
    told = members["required"].text()
    if told not in ("true", "false"):
        raise members["required"].error('"required" is true or false.')
    if told == "true" and "default" in members:
        raise members["required"].error("A parameter with a default is not required.")
    return told == "true"


def _checked(source: str, parameter: Parameter, entry: Entry | None, place: _Place) -> Parameter:
    if _stands_after_limit(source, parameter.variable):
        if parameter.type != "integer" or not (parameter.required or parameter.default):
            raise DataError(
                f"?{parameter.variable} stands after LIMIT or OFFSET, which need a number: "
                "make it an integer that is required or has a default.",
                None,
                *place,
            )
        if parameter.minimum is None or parameter.minimum.startswith("-"):
            parameter = replace(parameter, minimum="0")
    if entry is not None and (found := fault(parameter)) is not None:
        key, sentence = found
        raise (entry.members().get(key, entry).error(f'The {key} of "{parameter.name}" is wrong: {sentence}'))
    return parameter


def _stands_after_limit(source: str, variable: str) -> bool:
    """Whether the place takes a number and no other term."""
    return _binds(source, variable, Literal("0")) and not _binds(source, variable, Literal("-1"))


def _binds(source: str, variable: str, value: Literal) -> bool:
    try:
        bind(source, {variable: value})
    except ValueError:
        return False
    return True
