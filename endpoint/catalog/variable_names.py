"""Parameters declared by the names of variables: the conventions of grlc and BASIL.

``?_`` or, for an optional parameter, ``?__``, then the public name, then after another ``_`` the type:
``iri``, ``number``, ``literal``, the name of an XML Schema type, ``<prefix>_<type>`` or a language.
``multi`` before the type: several values at once, as nanopublication queries write it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import NamedTuple

from endpoint.catalog.datatypes import ALIASES, TYPES
from endpoint.catalog.parameters import RESERVED, Parameter
from endpoint.errors import DataError
from endpoint.vocabulary import XSD
from endpoint.wording import did_you_mean

# The types that a name can express: the others need more than a name.
NAMED_TYPES = tuple(name for name in TYPES if name not in ("langString", "typed"))

Place = tuple[int, int]

_NAME = re.compile(r"(_{1,2})([^\W_]+)(?:_(\w*))?")
_SUBTAG = re.compile(r"[A-Za-z]{2}|[A-Za-z]{4}|[0-9]{3}|[A-Za-z0-9]{5,8}")
# Languages that have no code of two letters, and some whose longer code people write all the same
# (ISO 639-3). Any two letters are a language, any other three are none.
_LANGUAGES = re.compile(
    "akk|ar[cz]|ast|ceb|chr|cmn|cop|ckb|deu|dsb|egy|eng|fil|fra|fr[ory]|gez|got|grc|gsw|hak|haw|hsb|"
    "ita|jam|jpn|kab|khm|kok|kor|lad|lzh|mai|mul|na[hnp]|nds|non|oci|ota|por|rus|sah|scn|sco|sgs|spa|"
    "sux|syr|tet|tlh|und|vec|war|wuu|yue|zho|zxx|[A-Za-z]{2}"
)
# The languages of two letters (ISO 639-1). Before a second part other two letters are a prefix, where
# there is one.
_SHORT_LANGUAGES = re.compile(
    "aa|ab|ae|af|ak|am|an|ar|as|av|ay|az|ba|be|bg|bi|bm|bn|bo|br|bs|ca|ce|ch|co|cr|cs|cu|cv|cy|da|de|"
    "dv|dz|ee|el|en|eo|es|et|eu|fa|ff|fi|fj|fo|fr|fy|ga|gd|gl|gn|gu|gv|ha|he|hi|ho|hr|ht|hu|hy|hz|ia|"
    "id|ie|ig|ii|ik|io|is|it|iu|ja|jv|ka|kg|ki|kj|kk|kl|km|kn|ko|kr|ks|ku|kv|kw|ky|la|lb|lg|li|ln|lo|"
    "lt|lu|lv|mg|mh|mi|mk|ml|mn|mr|ms|mt|my|na|nb|nd|ne|ng|nl|nn|no|nr|nv|ny|oc|oj|om|or|os|pa|pi|pl|"
    "ps|pt|qu|rm|rn|ro|ru|rw|sa|sc|sd|se|sg|sh|si|sk|sl|sm|sn|so|sq|sr|ss|st|su|sv|sw|ta|te|tg|th|ti|"
    "tk|tl|tn|to|tr|ts|tt|tw|ty|ug|uk|ur|uz|ve|vi|vo|wa|wo|xh|yi|yo|za|zh|zu"
)
_NEAR = 0.85
# Common other names of types.
_MEANT = {
    "text": "string", "str": "string", "bool": "boolean", "uri": "iri", "url": "iri", "year": "gYear",
    "yearMonth": "gYearMonth", "datetime": "dateTime", "numeric": "number", "real": "decimal",
}  # fmt: skip


class VariableName(NamedTuple):
    """The parameter that a variable declares, None for one that is none, and a notice about its name."""

    parameter: Parameter | None
    notice: DataError | None = None


class _Type(NamedTuple):
    type: str
    language: str | None = None
    datatype: str | None = None
    unread: str = ""


def read_variable(
    variable: str, place: Place, declared: Mapping[str, str], known: Mapping[str, str]
) -> VariableName:
    """Return the parameter that a variable beginning with ``_`` declares.

    ``declared`` are the prefixes that the query declares, ``known`` those it may use besides. Raises
    :class:`DataError` for a name that the protocol keeps and a type that is misspelt.
    """
    match = _NAME.fullmatch(variable)
    if match is None:
        sentence = (
            f"?{variable} begins like a parameter and is not named like one: write ?_name or ?_name_type. "
            "It stays a variable."
        )
        return VariableName(None, DataError(sentence, None, *place))
    signs, name, suffix = match.groups()
    if name in RESERVED:
        raise DataError(
            f'No parameter can have the name "{name}": the protocol uses it. Choose another.', None, *place
        )
    parts = [part for part in (suffix or "").split("_") if part]
    multiple = "multi" in parts[:2]
    if multiple:
        parts.remove("multi")
    kind = _type_of(parts, declared, known)
    if isinstance(kind, DataError):
        raise DataError(f"?{variable} has {kind.detail}", None, *place)
    parameter = Parameter(name, variable, kind.type, kind.language, required=len(signs) == 1)
    parameter = replace(parameter, datatype=kind.datatype, multiple=multiple)
    if not kind.unread:
        return VariableName(parameter)
    sentence = f'?{variable} is the parameter "{name}" of type {kind.type}; {kind.unread}'
    return VariableName(parameter, DataError(sentence, None, *place))


def unknown_type(name: str) -> str:
    """Return the end of a sentence about a type that does not exist."""
    meant = _MEANT.get(name)
    near = did_you_mean(name, NAMED_TYPES) if meant is None else f'; did you mean "{meant}"?'
    return f'the unknown type "{name}"{near} docs/saved-queries.md lists the types.'


def _type_of(parts: list[str], declared: Mapping[str, str], known: Mapping[str, str]) -> _Type | DataError:
    if not parts:
        return _Type("string")
    first, rest = parts[0], parts[1:]
    if first == "xsd" and rest:
        first, rest = rest[0], rest[1:]
        declared = {**declared, first: ""}
    if first in NAMED_TYPES or first in ALIASES:
        return _Type(ALIASES.get(first, first), unread=_unread(rest))
    if get_close_matches(first, NAMED_TYPES, 1, _NEAR):
        return DataError(unknown_type(first))
    if rest and first in declared:
        return _datatype(declared[first], rest)
    if rest and len(first) == 2 and first in known and not _SHORT_LANGUAGES.fullmatch(first):
        return _datatype(known[first], rest)
    if _LANGUAGES.fullmatch(first):
        tagged = all(_SUBTAG.fullmatch(part) for part in rest)
        tag = "-".join([first, *rest]) if tagged else first
        return _Type("langString", tag, unread="" if tagged else _unread(rest))
    if rest and first in known:
        return _datatype(known[first], rest)
    return _Type("string", unread=_unread(parts))


def _datatype(namespace: str, rest: list[str]) -> _Type:
    unread = _unread(rest[1:])
    if namespace == XSD and rest[0] in NAMED_TYPES:
        return _Type(rest[0], unread=unread)
    return _Type("typed", None, f"{namespace}{rest[0]}", unread)


def _unread(parts: list[str]) -> str:
    return f'"{"_".join(parts)}" in its name is no type and no language, and says nothing.' if parts else ""
