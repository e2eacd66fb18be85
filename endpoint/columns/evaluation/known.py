"""A dictionary with what all evaluations over it share: its classes, and the constants of queries."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QuerySolutions

from endpoint.columns.reader import Dictionary
from endpoint.columns.terms import TermClass
from endpoint.vocabulary import XSD

# Constants that are kept with their numbers, each of at most so many characters.
_KEPT: Final = 2048
_SHORT: Final = 300
# Strings, and numbers and truths that are written as the engine writes their values.
_CANONICAL: Final = re.compile(
    rb'"(?:0|-?[1-9][0-9]{0,14})"\^\^<%(xsd)binteger>|"(?:true|false)"\^\^<%(xsd)bboolean>|".*"'
    % {b"xsd": re.escape(XSD.encode())},
    re.DOTALL,
)


class Scratch(Protocol):
    """The engine over a few statements, for what only it knows of terms."""

    def __call__(self, statements: bytes, query: str) -> QuerySolutions:
        """Return the solutions of a query over statements in N-Triples; blank nodes keep their names."""


class Known:
    """A ``dictionary`` with the constants that queries name, of which most are named again and again.

    To find one takes as long as to read a short text. ``stops`` are the ends of its classes, ``kinds`` the
    groups of its kinds of literals.
    """

    def __init__(self, dictionary: Dictionary, scratch: Scratch, kinds: NDArray[np.int8]) -> None:
        self.dictionary = dictionary
        self.scratch = scratch
        self.stops = np.array([dictionary.classes[of].stop for of in TermClass], np.int64)
        self.kinds = kinds
        self._kept = lru_cache(_KEPT)(self._found)

    def find(self, term: NamedNode | Literal) -> tuple[bytes, int | None]:
        """Return a term as N-Triples writes it, as the engine keeps it, and its number, if it has one."""
        return (self._kept if len(term.value) <= _SHORT else self._found)(term)

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
