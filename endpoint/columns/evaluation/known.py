"""A dictionary with what all evaluations over it share: its classes, and the constants of queries."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QuerySolutions

from endpoint.columns.evaluation.joined_texts import KeptTexts
from endpoint.columns.reader import Dictionary
from endpoint.columns.terms import Term, TermClass
from endpoint.sparql.remembered import Remembered
from endpoint.vocabulary import XSD

# Constants that are kept with their numbers; each of at most so many characters.
_KEPT: Final = 2048
_SHORT: Final = 300
# Bytes of results of functions that are kept, and what a text takes beside its own.
_RESULTS: Final = 2**23
_OBJECT: Final = 50
# The datatype of integers as it follows their quotes, and an integer.
INTEGERS: Final = b"^^<" + XSD.encode() + b"integer>"
INTEGER: Final = b'"%d"' + INTEGERS
# Strings, and numbers and truths that are written as the engine writes their values.
_CANONICAL: Final = re.compile(
    rb'"(?:0|-?[1-9][0-9]{0,14})"\^\^<%(xsd)binteger>|"(?:true|false)"\^\^<%(xsd)bboolean>|".*"'
    % {b"xsd": re.escape(XSD.encode())},
    re.DOTALL,
)


def read_integer(text: bytes) -> Term:
    """Return an :data:`INTEGER` of few digits, read."""
    digits = text[1 : -len(INTEGERS) - 1]
    return Term(TermClass.NUMBER, digits, INTEGERS, int(digits))


class Results(NamedTuple):
    """Values that the engine computed of terms: different ``texts`` in N-Triples, and for each value and each
    term a place among them, -1 where there is none."""

    texts: list[bytes]
    places: NDArray[np.int64]

    def size(self) -> int:
        """Return about how many bytes these take."""
        return sum(map(len, self.texts)) + len(self.texts) * _OBJECT + self.places.nbytes


class Scratch(Protocol):
    """The engine over a few statements, for what only it knows of terms."""

    def __call__(self, statements: bytes, query: str) -> QuerySolutions:
        """Return the solutions of a query over statements in N-Triples; blank nodes keep their names."""


class Known:
    """A ``dictionary`` with the constants that queries name, of which most are named again and again.

    To find one takes as long as to read a short text. ``stops`` are the ends of its classes, which ``ends``
    are as a list, ``before_other`` is where OTHER begins, and ``kinds`` are the groups of its kinds of
    literals. ``exhaustive``: functions are computed of however many terms.
    """

    def __init__(
        self, dictionary: Dictionary, scratch: Scratch, kinds: NDArray[np.int8], exhaustive: bool = False
    ) -> None:
        self.exhaustive = exhaustive
        self.dictionary = dictionary
        self.scratch = scratch
        self.ends = [dictionary.classes[of].stop for of in TermClass]
        self.stops = np.array(self.ends, np.int64)
        self.kinds = kinds
        self.before_other = dictionary.classes[TermClass.OTHER].start
        self._kept = lru_cache(_KEPT)(self._found)
        self.integer = lru_cache(_KEPT)(self._find_integer)
        self.texts = KeptTexts()
        self.results: Remembered[Hashable, Results] = Remembered(_RESULTS)

    def find(self, term: NamedNode | Literal) -> tuple[bytes, int | None]:
        """Return a term as N-Triples writes it, as the engine keeps it, and its number, if it has one."""
        return (self._kept if len(term.value) <= _SHORT else self._found)(term)

    def _find_integer(self, value: int) -> tuple[bytes, int | None]:
        """Return an ``xsd:integer`` as N-Triples writes it, and its number, if it has one."""
        text = INTEGER % value
        return text, self.dictionary.find(text)

    def _found(self, term: NamedNode | Literal) -> tuple[bytes, int | None]:
        text = str(term).encode()
        if (
            isinstance(term, Literal)
            and term.datatype.value.startswith(XSD)
            and not _CANONICAL.fullmatch(text)
        ):
            # The engine keeps a literal by its value, where it has one.
            ((term,),) = self.scratch(b"<x:> <x:> %s .\n" % text, "SELECT ?o { ?s ?p ?o }")
            text = str(term).encode()
        return text, self.dictionary.find(text)
