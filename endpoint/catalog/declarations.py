"""The parameters that a saved query declares: in the names of its variables, refined by its header.

The names are read by :mod:`endpoint.catalog.variable_names`. grlc's ``enumerate`` and ``defaults`` add
suggestions and default values; our ``params:`` adds everything else, and wins where both have a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from endpoint.catalog.datatypes import ALIASES
from endpoint.catalog.parameters import Parameter, ValueSource, fault
from endpoint.catalog.patterns import check_pattern
from endpoint.catalog.readers import Entry
from endpoint.catalog.variable_names import NAMED_TYPES, Place, read_variable, unknown_type
from endpoint.errors import DataError
from endpoint.sparql.lexer import Kind, Token, lex, position_of
from endpoint.sparql.parameter_sites import numbers
from endpoint.wording import did_you_mean

_TEXTS = ("example", "pattern", "minimum", "maximum", "default")
_KEYS = (
    "type", "language", "description", "enum", "required", "examples", "minLength", "maxLength", "class",
    "multiple", "values", *_TEXTS,
)  # fmt: skip
_SOURCE_KEYS = ("query", "value", "label", "count")
# A parameter as grlc would recognise it within a string.
_QUOTED = re.compile(r"[?$]_{1,2}[A-Za-z0-9]\w*")
_WHOLE = ("integer", "long", "int", "short", "byte", "nonNegativeInteger", "positiveInteger")


class Prefixes(NamedTuple):
    """The prefixes that a query declares itself, and those it may use without declaring them."""

    declared: Mapping[str, str]
    known: Mapping[str, str]

    def iri(self, entry: Entry) -> str:
        """Return the IRI that an entry names, whole or with a prefix. Raises DataError."""
        text = entry.text().strip().removeprefix("<").removesuffix(">")
        prefix, _, local = text.partition(":")
        namespace = self.declared.get(prefix, self.known.get(prefix))
        if namespace is not None and not local.startswith("//"):
            return namespace + local
        try:
            return NamedNode(text).value
        except ValueError:
            raise entry.error(f'"{text}" is no absolute IRI and has no known prefix.') from None


class Declarations(NamedTuple):
    """The parameters in the order of their first occurrence in the query, and notices about them."""

    parameters: tuple[Parameter, ...]
    notices: tuple[DataError, ...]


def read_parameters(source: str, entries: Mapping[str, Entry], prefixes: Prefixes) -> Declarations:
    """Return the parameters of a query, with the ``entries`` of its header.

    Raises :class:`DataError` with line and column, without a file.
    """
    reader = _Declared(source, prefixes)
    reader.read_names()
    reader.apply_grlc(entries)
    params = entries.get("params")
    declared = {} if params is None else params.members()
    for name, entry in declared.items():
        if name not in reader.parameters:
            near = did_you_mean(name, list(reader.parameters))
            raise entry.error(f'The query holds no variable for the parameter "{name}"{near}')
    for name, parameter in reader.parameters.items():
        declaration = declared.get(name)
        refined = parameter if declaration is None else _refined(parameter, declaration, prefixes)
        reader.parameters[name] = _checked(refined, declaration, reader)
    return Declarations(tuple(reader.parameters.values()), tuple(reader.notices))


class _Declared:
    """The parameters of one query, as far as they have been read."""

    def __init__(self, source: str, prefixes: Prefixes) -> None:
        self.parameters: dict[str, Parameter] = {}
        self.places: dict[str, Place] = {}
        self.notices: list[DataError] = []
        self.numbers = numbers(source)
        self._source = source
        self._prefixes = prefixes

    def read_names(self) -> None:
        """Read every variable that has the name of a parameter."""
        for token in lex(self._source).tokens:
            if token.kind is Kind.STRING:
                self._notice_quoted(token)
            variable = token.text[1:]
            if token.kind is not Kind.VAR or variable[0] != "_" or variable in self.places:
                continue
            place = position_of(self._source, token.start)
            self.places[variable] = place
            parameter, notice = read_variable(variable, place, *self._prefixes)
            if notice is not None:
                self.notices.append(notice)
            if parameter is None:
                continue
            if (other := self.parameters.get(parameter.name)) is not None:
                sentence = f'?{variable} and ?{other.variable} are both the parameter "{parameter.name}".'
                raise DataError(f"{sentence} Write one variable.", None, *place)
            if variable in self.numbers and parameter.type in ("string", "number"):
                parameter = replace(parameter, type="integer")
            self.parameters[parameter.name] = parameter

    def _notice_quoted(self, token: Token) -> None:
        """Notice a string that grlc would put a value into; here a string is never changed."""
        if (match := _QUOTED.search(token.text)) is not None:
            sentence = f"{match[0]} stands in a string and is no parameter there. Write it without quotes."
            place = position_of(self._source, token.start + match.start())
            self.notices.append(DataError(sentence, None, *place))

    def apply_grlc(self, entries: Mapping[str, Entry]) -> None:
        """Read suggestions from ``enumerate`` and values from ``defaults``."""
        for name, entry in _by_parameter(entries.get("enumerate"), self.notices):
            choices = _choices(entry, self.notices)
            self._change(name, entry, {"offered": choices} if choices else {"from_data": True})
        for name, entry in _by_parameter(entries.get("defaults"), self.notices):
            if isinstance(entry.content, str) and entry.content.strip():
                self._change(name, entry, {"default": entry.content, "required": False})
            else:
                self.notices.append(entry.error(f'The default of "{name}" is no text; it is left out.'))

    def _change(self, name: str, entry: Entry, fields: Mapping[str, object]) -> None:
        """Change a parameter, or notice why not: grlc's hints must not keep a query from loading."""
        # Some files write the variable in place of the name.
        variables = {parameter.variable: parameter.name for parameter in self.parameters.values()}
        name = name.removeprefix("?")
        name = variables.get(name, name.lstrip("_"))
        parameter = self.parameters.get(name)
        if parameter is None:
            near = did_you_mean(name, list(self.parameters))
            self.notices.append(entry.error(f'The query holds no variable for the parameter "{name}"{near}'))
            return
        changed = replace(parameter, **fields)  # type: ignore[arg-type]
        if (wrong := fault(changed)) is not None:
            key, sentence = wrong
            self.notices.append(entry.error(f'The {key} of "{name}" is left out: {sentence}'))
            return
        self.parameters[name] = changed


def _by_parameter(entry: Entry | None, notices: list[DataError]) -> list[tuple[str, Entry]]:
    """Return the items of a list of names, or of mappings by name, or of one such mapping."""
    if entry is None or not entry.content:
        return []
    items: list[tuple[str, Entry]] = []
    for item in entry.content if isinstance(entry.content, tuple) else (entry,):
        if isinstance(item.content, Mapping):
            items += item.content.items()
        elif isinstance(item.content, str) and item.content.strip():
            items.append((item.content.strip(), Entry(item.key, "", item.line, item.column)))
        else:
            notices.append(item.error(f'"{entry.key}" takes a list of parameters.'))
    return items


def _choices(entry: Entry, notices: list[DataError]) -> tuple[str, ...]:
    items = entry.content if isinstance(entry.content, tuple) else (entry,)
    texts = [item.content for item in items if isinstance(item.content, str) and item.content.strip()]
    if len(texts) < len(items) and entry.content != "":
        notices.append(entry.error(f'Of the choices of "{entry.key}" those that are no texts are left out.'))
    return tuple(dict.fromkeys(texts))


def _refined(parameter: Parameter, entry: Entry, prefixes: Prefixes) -> Parameter:
    members = entry.members(_KEYS)
    texts = {key: value.text() for key, value in members.items() if key in _TEXTS}
    if "pattern" in texts:
        try:
            check_pattern(texts["pattern"])
        except ValueError as error:
            raise members["pattern"].error(
                f"The pattern is no regular expression that takes linear time (RE2): {error}."
            ) from None
    typed = _typed(parameter, members, prefixes)
    description, examples = members.get("description"), members.get("examples")
    shortest, longest, many = members.get("minLength"), members.get("maxLength"), members.get("multiple")
    enum, labels = _enum(members["enum"]) if "enum" in members else (parameter.enum, parameter.labels)
    return replace(
        typed,
        required=_required(parameter, members),
        description={} if description is None else description.by_language(),
        examples=() if examples is None else examples.strings(),
        minimum_length=None if shortest is None else shortest.number(),
        maximum_length=None if longest is None else longest.number(),
        multiple=parameter.multiple if many is None else many.flag(),
        enum=enum,
        offered=() if enum else parameter.offered,
        labels=labels,
        values=_value_source(members["values"]) if "values" in members else None,
        example=texts.get("example"),
        pattern=texts.get("pattern"),
        minimum=texts.get("minimum"),
        maximum=texts.get("maximum"),
        default=texts.get("default", parameter.default),
    )


def _enum(entry: Entry) -> tuple[tuple[str, ...], Mapping[str, Mapping[str, str]]]:
    """Return choices and labels: of a list of values, a mapping of labels by value, or a list of those."""
    items = entry.content if isinstance(entry.content, tuple) else (entry,)
    choices: list[str] = []
    labels: dict[str, Mapping[str, str]] = {}
    for item in items:
        if isinstance(item.content, Mapping):
            choices += item.content
            labels |= {value: label.by_language() for value, label in item.content.items()}
        else:
            choices.append(item.text())
    return tuple(choices), labels


def _value_source(entry: Entry) -> ValueSource:
    """Return the query that an entry names. Raises DataError."""
    if not isinstance(entry.content, Mapping):
        return ValueSource(entry.text().strip())
    members = entry.members(_SOURCE_KEYS)
    if "query" not in members:
        raise entry.error('"values" names a saved query, as in {query: authors, count: publications}.')
    texts = {key: members[key].text().strip() for key in ("query", "value", "count") if key in members}
    label = members["label"].by_language() if "label" in members else {}
    return ValueSource(texts["query"], texts.get("value"), texts.get("count"), label)


def _typed(parameter: Parameter, members: Mapping[str, Entry], prefixes: Prefixes) -> Parameter:
    parameter = _with_type(parameter, members["type"], prefixes) if "type" in members else parameter
    kind, language = parameter.type, parameter.language
    if "language" in members:
        tag = members["language"].text()
        if kind != "langString" or language not in (None, tag):
            raise members["language"].error(f"?{parameter.variable} of type {kind} takes no language here.")
        language = tag
        try:
            Literal("", language=language)
        except ValueError:
            raise members["language"].error(f'"{language}" is no language tag.') from None
    if kind == "langString" and language is None:
        raise members["type"].error("The type langString needs a language.")
    if "class" not in members:
        return replace(parameter, language=language)
    if kind != "iri":
        raise members["class"].error(f"Only a parameter of type iri has a class; this one is {kind}.")
    return replace(parameter, class_iri=prefixes.iri(members["class"]))


def _with_type(parameter: Parameter, entry: Entry, prefixes: Prefixes) -> Parameter:
    name = entry.text()
    kind = ALIASES.get(name, name).removeprefix("xsd:")
    if kind not in (*NAMED_TYPES, "langString"):
        if ":" not in name:
            raise entry.error(f"This is {unknown_type(name)}")
        return replace(parameter, type="typed", datatype=prefixes.iri(entry))
    if kind != parameter.type and not _says_no_type(parameter):
        raise entry.error(f"The type is {kind} here and {parameter.type} in ?{parameter.variable}.")
    return replace(parameter, type=kind)


def _says_no_type(parameter: Parameter) -> bool:
    rest = parameter.variable.lstrip("_").removeprefix(parameter.name)
    return rest.strip("_") in ("", "multi") or parameter.type == "string"


def _required(parameter: Parameter, members: Mapping[str, Entry]) -> bool:
    if "required" not in members:
        return parameter.required and "default" not in members
    flag = members["required"].text()
    if flag not in ("true", "false"):
        raise members["required"].error('"required" is true or false.')
    if flag == "true" and "default" in members:
        raise members["required"].error("A parameter with a default is not required.")
    return flag == "true"


def _checked(parameter: Parameter, entry: Entry | None, reader: _Declared) -> Parameter:
    if parameter.variable in reader.numbers:
        if parameter.type not in _WHOLE:
            raise DataError(
                f"?{parameter.variable} stands after LIMIT or OFFSET, which need a number: "
                "make it an integer.",
                None,
                *reader.places[parameter.variable],
            )
        if parameter.minimum is None or parameter.minimum.startswith("-"):
            parameter = replace(parameter, minimum="0")
    if entry is not None and (wrong := fault(parameter)) is not None:
        key, sentence = wrong
        raise (entry.members().get(key, entry).error(f'The {key} of "{parameter.name}" is wrong: {sentence}'))
    return parameter
