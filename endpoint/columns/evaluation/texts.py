"""Conditions on what a term is and on the text of IRIs, decided for very many terms at once.

IRIs are numbered in the order of their texts, so those before a text, or with its beginning, are a range.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, Variable

from endpoint.columns.evaluation.tables import Table
from endpoint.columns.evaluation.terms import BLANK_NODE, IRI, NONE, NUMBER, OTHER, STRING, Terms
from endpoint.columns.reader import Dictionary
from endpoint.columns.sets import Indices
from endpoint.columns.terms import TermClass, read_content
from endpoint.sparql.algebra import Call
from endpoint.vocabulary import XSD

_STRING: Final = f"{XSD}string"
_Decided = NDArray[np.bool_]

_KINDS: Final = {
    "ISIRI": range(IRI, IRI + 1),
    "ISBLANK": range(BLANK_NODE, BLANK_NODE + 1),
    "ISLITERAL": range(STRING, OTHER + 1),
}
# After every text that begins with another one; no text of UTF-8 has this byte.
_LAST: Final = b"\xff"


def decided(table: Table, condition: Call, terms: Terms) -> _Decided | None:
    """Return for each solution whether a condition holds; None where it is none of these or may fail."""
    function, arguments = condition.function, condition.arguments
    if function in _KINDS and isinstance(arguments[0], Variable):
        groups = terms.groups(table.column(arguments[0]))
        kinds = _KINDS[function]
        return None if (groups == NONE).any() else (groups >= kinds.start) & (groups < kinds.stop)
    if function == "ISNUMERIC" and isinstance(arguments[0], Variable):
        groups = terms.groups(table.column(arguments[0]))
        # Numbers of rare kinds are in no class.
        return None if ((groups == NONE) | (groups == OTHER)).any() else groups == NUMBER
    if function not in _DECIDERS or len(arguments) != 2:
        return None
    named, text = arguments
    if not (isinstance(named, Call) and named.function == "STR" and isinstance(named.arguments[0], Variable)):
        return None
    column = table.column(named.arguments[0])
    if not (isinstance(text, Literal) and text.datatype.value == _STRING):
        return None
    if not (terms.known(column) and (terms.groups(column) == IRI).all()):
        return None
    return _DECIDERS[function](terms.dictionary, column, text.value.encode())


def _place(dictionary: Dictionary, text: bytes) -> int:
    """Return the number of the first IRI that is not before a text."""
    numbers = dictionary.classes[TermClass.IRI]
    most = len(text) + 1
    place = bisect_left(numbers, text, key=lambda number: read_content(dictionary.term(number), most))
    return numbers.start + place


def _before(dictionary: Dictionary, column: Indices, text: bytes) -> _Decided:
    return column < _place(dictionary, text)


def _up_to(dictionary: Dictionary, column: Indices, text: bytes) -> _Decided:
    # No text is between this one and that with one more zero.
    return column < _place(dictionary, text + b"\0")


def _starting(dictionary: Dictionary, column: Indices, text: bytes) -> _Decided:
    return (column >= _place(dictionary, text)) & (column < _place(dictionary, text + _LAST))


def _containing(dictionary: Dictionary, column: Indices, text: bytes) -> _Decided | None:
    if not text or b"<" in text or b">" in text or not len(column):
        return None
    first, last = int(column.min()), int(column.max())
    found = np.zeros(last - first + 1, bool)
    found[dictionary.among(range(first, last + 1), re.escape(text)) - first] = True
    return found[column - first]


def _not(decide: Callable[[Dictionary, Indices, bytes], _Decided]) -> _Decider:
    return lambda dictionary, column, text: ~decide(dictionary, column, text)


_Decider = Callable[[Dictionary, Indices, bytes], _Decided | None]
_DECIDERS: Final[dict[str, _Decider]] = {
    "<": _before,
    ">=": _not(_before),
    "<=": _up_to,
    ">": _not(_up_to),
    "STRSTARTS": _starting,
    "CONTAINS": _containing,
}
