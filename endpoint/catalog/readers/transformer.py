"""Queries of SPARQL Transformer: a JSON document that is query and shape of the result in one.

Its prototype (``proto``, or ``@graph`` of JSON-LD) gives the source of the value of each key:
``"?variable"``, or ``"$<property>"`` with modifiers after more ``$`` signs. ``$where``, ``$filter``,
``$values``, ``$limit`` and others complete the query. It becomes SPARQL text and a prototype with plain
variables, by which results are shaped. A modifier that SPARQL cannot express is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pyoxigraph import Literal

from endpoint.catalog.readers import Document, Entry, QuerySource, decode_text, entry_of
from endpoint.catalog.readers.frames import check_length
from endpoint.catalog.readers.grlc import read_mapping
from endpoint.errors import DataError
from endpoint.formats import Plain, QueryForm
from endpoint.results.prototype import read_prototype
from endpoint.sparql.parameters import variables

_ROOT = (
    "$where", "$filter", "$values", "$limit", "$offset", "$orderby", "$groupby", "$having", "$distinct",
    "$prefixes", "$from", "$lang", "$langTag", "$limitMode",
)  # fmt: skip
_AGGREGATES = ("sample", "count", "sum", "min", "max", "avg")
_FLAGS = ("required", "reverse", "distinct", "prevRoot", "anchor", "list", "asList", *_AGGREGATES)
# Modifiers of the form of values in the result, which stay in the prototype.
_OF_SHAPE = ("list", "asList", "anchor", "langTag", "accept")
_IDS = ("@id", "id")
_TAGGED = re.compile(r"(.+)@([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*)", re.DOTALL)


class Converted(NamedTuple):
    """A query as SPARQL, the prototype of its results, the entries of its ``grlc`` block, notices there."""

    text: str
    transform: dict[str, Plain]
    entries: Mapping[str, Entry]
    notices: tuple[DataError, ...]


def read(content: bytes, name: str) -> Document:
    """Read a JSON file of SPARQL Transformer; see :class:`~endpoint.catalog.readers.Reader`."""
    query = convert(decode_text(content))
    if query is None:
        sentence = "The file holds no query of SPARQL Transformer (proto or @graph); it is left out."
        return Document(notices=(DataError(sentence),))
    check_length(query.transform, "prototype")
    odd = read_prototype(query.transform, sorted(variables(query.text))).complaints
    source = QuerySource(
        *(name, query.text.encode(), query.text, query.text, query.entries),
        notices=(*query.notices, *(DataError(f"The prototype: {sentence}") for sentence in odd)),
        transform=query.transform,
        placed=False,
    )
    return Document((source,))


def read_transform(
    entry: Entry, form: QueryForm, names: Sequence[str], notices: list[DataError]
) -> Mapping[str, Plain]:
    """Read the prototype in the header of a query with the variables ``names``. Raises DataError."""
    if form is not QueryForm.SELECT:
        raise entry.error(f"A prototype shapes rows; this query is {form}.")
    transform = {key: member.plain() for key, member in entry.members().items()}
    try:
        check_length(transform, "prototype")
    except DataError as error:
        raise entry.error(error.detail) from None
    notices += [entry.error(sentence) for sentence in read_prototype(transform, names).complaints]
    return transform


def is_query(document: object) -> bool:
    """Return whether a JSON document is one of these queries; JSON-LD frames lie beside them."""
    if not isinstance(document, dict):
        return False
    return "proto" in document or ("@graph" in document and any(key.startswith("$") for key in document))


def convert(source: str) -> Converted | None:
    """Return the query of a JSON file, or None where it has none.

    Raises :class:`DataError`, with line and column for what is not JSON, and without a file.
    """
    try:
        document = json.loads(source)
    except json.JSONDecodeError as error:
        raise DataError(f"The file is not JSON: {error.msg}.", None, error.lineno, error.colno) from None
    except RecursionError:
        raise _too_deep() from None
    if not is_query(document):
        return None
    # What nests less is looked at once more when it has its shape.
    try:
        return _converted(document)
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> DataError:
    return DataError("The file is nested too deeply.")


def _converted(document: dict[str, Any]) -> Converted:
    block = document.pop("grlc", {})
    entries, notices = read_mapping(block) if isinstance(block, str) else (_entries(block), ())
    query = _Query(document)
    shape = query.read()
    context = {"@context": document["@context"]} if "@context" in document else {}
    transform: dict[str, Plain] = {**context, "@graph": [shape]} if "@graph" in document else shape
    transform |= query.of_answer()
    return Converted(query.text(), transform, entries, notices)


def _entries(block: object) -> Mapping[str, Entry]:
    return entry_of("grlc", block).members()


def _texts(value: object, key: str) -> list[str]:
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
        raise DataError(f'"{key}" takes a text or a list of texts.')
    return [str(item).strip() for item in items if str(item).strip()]


class _Query:
    """A document on its way to SPARQL."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = document
        self._selected: dict[str, str] = {}
        self._aggregated = False
        self._where: list[str] = self._list("$where")
        self._taken = set(variables(json.dumps(document)))
        for key in document:
            if key.startswith("$") and key not in _ROOT:
                raise DataError(f'"{key}" is not supported. Known: {", ".join(_ROOT)}.')

    def _list(self, key: str) -> list[str]:
        return _texts(self._document[key], key) if key in self._document else []

    def read(self) -> dict[str, Plain]:
        """Read the prototype; return its shape with plain variables."""
        prototype = self._document.get("@graph", self._document.get("proto"))
        if isinstance(prototype, list):
            prototype = prototype[0] if prototype else None
        if not isinstance(prototype, dict):
            raise DataError('"proto" or "@graph" takes an object, or a list of one.')
        shape, patterns, _ = self._object(prototype, "", "?id")
        if not self._selected:
            raise DataError("The prototype has no value from the query: none begins with ? or $.")
        self._where += patterns
        return shape

    def _object(
        self, prototype: Mapping[str, object], path: str, above: str
    ) -> tuple[dict[str, Plain], list[str], bool]:
        """Return shape and patterns of an object, and whether it must be there."""
        root, required = self._root(prototype, path, above)
        shape: dict[str, Plain] = {}
        patterns: list[str] = []
        for key, value in prototype.items():
            inner = value[0] if isinstance(value, list) and len(value) == 1 else value
            if isinstance(inner, dict):
                part, inner_patterns, needed = self._object(inner, f"{path}{key}_", root)
                shape[key] = [part] if isinstance(value, list) else part
                block = " .\n    ".join(inner_patterns)
                patterns += [block if needed else f"OPTIONAL {{ {block} }}"] if inner_patterns else []
            elif isinstance(value, str) and value[:1] in ("?", "$"):
                shape[key], inner_patterns = self._value(key, value, path, root, above)
                patterns += inner_patterns
            else:
                shape[key] = entry_of(key, value).plain()
        return shape, patterns, required

    def _root(self, prototype: Mapping[str, object], path: str, above: str) -> tuple[str, bool]:
        """Return the variable that the patterns of an object are about, and whether it must be bound."""
        anchors = [key for key, value in prototype.items() if isinstance(value, str) and "$anchor" in value]
        key = next((key for key in (*anchors, *_IDS) if key in prototype), None)
        if key is None:
            return above, False
        value = str(prototype[key])
        plain, *modifiers = value.split("$")
        return self._variable(key, value, path), bool(plain) or "required" in modifiers

    def _variable(self, key: str, value: str, path: str) -> str:
        first, *modifiers = value.split("$")
        given = next((modifier[4:] for modifier in modifiers if modifier.startswith("var:")), None)
        if given is not None:
            return f"?{given.lstrip('?')}"
        if first:
            return first
        name = re.sub(r"\W|^[_@]+", "", f"{path}{key}") or "value"
        while name in self._taken:
            name += "2"
        return f"?{name}"

    def _value(self, key: str, value: str, path: str, root: str, above: str) -> tuple[str, list[str]]:
        """Return the shape of one value, and the patterns that bind it."""
        of_property = value.startswith("$")
        source, *modifiers = value.removeprefix("$").split("$")
        _check_modifiers(key, modifiers)
        variable = self._variable(key, value, path)
        bound, aggregate = variable, next((name for name in _AGGREGATES if name in modifiers), None)
        if aggregate is not None:
            # SPARQL gives the aggregate a name of its own; what is aggregated keeps the other.
            distinct = "DISTINCT " if "distinct" in modifiers else ""
            self._aggregated = True
            bound = f"{variable}_each" if of_property else source
            named = any(modifier.startswith("var:") for modifier in modifiers)
            variable = variable if of_property or named else f"?{aggregate}_{source[1:]}"
            self._selected[variable] = f"({aggregate.upper()}({distinct}{bound}) AS {variable})"
        else:
            self._selected.setdefault(variable, variable)
        self._taken.add(variable[1:])
        kept = [part for part in modifiers if part.partition(":")[0] in _OF_SHAPE]
        shape = "$".join([variable, *kept])
        language = self._language(bound, modifiers)
        if not of_property:
            return shape, language
        subject = above if bound == root or "prevRoot" in modifiers else root
        pattern = f"{bound} {source} {subject}" if "reverse" in modifiers else f"{subject} {source} {bound}"
        needed = "required" in modifiers or key in _IDS or aggregate is not None or self._listed(bound)
        triple = " ".join([pattern, *(f". {part}" for part in language)])
        return shape, [triple if needed else f"OPTIONAL {{ {triple} }}"]

    def _listed(self, variable: str) -> bool:
        values = self._document.get("$values")
        return isinstance(values, dict) and bool({variable, variable[1:]} & values.keys())

    def _language(self, variable: str, modifiers: list[str]) -> list[str]:
        for modifier in modifiers:
            name, _, tag = modifier.partition(":")
            if name == "lang":
                tag = tag or re.split("[;,]", str(self._document.get("$lang", "")))[0].strip()
                if tag:
                    return [f"FILTER(LANG({variable}) = {Literal(tag)})"]
        return []

    def of_answer(self) -> dict[str, Plain]:
        """Return the root's keys for results, not for the query: language tags, a limit on whole objects."""
        keys = ["$langTag", *(("$limit", "$offset") if self._by_object() else ())]
        return {key: entry_of(key, self._document[key]).plain() for key in keys if key in self._document}

    def _by_object(self) -> bool:
        mode = self._document.get("$limitMode", "query")
        if mode not in ("query", "library"):
            raise DataError('"$limitMode" is query or library.')
        return mode == "library"

    def text(self) -> str:
        """Return the whole query."""
        document = self._document
        prefixes = document.get("$prefixes", {})
        if not isinstance(prefixes, dict):
            raise DataError('"$prefixes" takes an object of namespaces by prefix.')
        distinct = "" if document.get("$distinct") is False else "DISTINCT "
        lines = [f"PREFIX {prefix}: <{namespace}>" for prefix, namespace in prefixes.items()]
        lines.append(f"SELECT {distinct}{' '.join(self._selected.values())}")
        lines += [f"FROM <{graph}>" for graph in self._list("$from")]
        lines.append("WHERE {")
        lines += [f"  {line}" for line in self._values()]
        lines += [f"  {pattern.rstrip(' .')} ." for pattern in self._where]
        lines += [f"  FILTER({condition})" for condition in self._list("$filter")]
        lines.append("}")
        lines += self._modifiers()
        return "\n".join(lines) + "\n"

    def _modifiers(self) -> list[str]:
        grouped = self._list("$groupby")
        if self._aggregated and not grouped:
            grouped = [variable for variable, written in self._selected.items() if written == variable]
        lines = [f"GROUP BY {' '.join(grouped)}"] if grouped else []
        if having := self._list("$having"):
            lines.append(f"HAVING ({' && '.join(having)})")
        if order := self._list("$orderby"):
            lines.append(f"ORDER BY {' '.join(order)}")
        for key in () if self._by_object() else ("$limit", "$offset"):
            lines += [f"{key[1:].upper()} {number}" for number in self._list(key)]
        return lines

    def _values(self) -> list[str]:
        values = self._document.get("$values", {})
        if not isinstance(values, dict):
            raise DataError('"$values" takes an object of values by variable.')
        return [
            f"VALUES ?{name.lstrip('?')} {{ {' '.join(map(_term, _texts(given, '$values')))} }}"
            for name, given in values.items()
        ]


def _check_modifiers(key: str, modifiers: list[str]) -> None:
    for modifier in modifiers:
        name = modifier.partition(":")[0]
        if name not in (*_FLAGS, "var", "lang", *_OF_SHAPE):
            raise DataError(
                f'"${modifier}" of "{key}" is not supported: it is no modifier or not plain SPARQL. '
                "Write the query as a .rq file."
            )


def _term(value: str) -> str:
    if value.startswith("http"):
        return f"<{value}>"
    if (tagged := _TAGGED.fullmatch(value)) is not None:
        return str(Literal(tagged[1], language=tagged[2].replace("_", "-")))
    return value if ":" in value else str(Literal(value))
