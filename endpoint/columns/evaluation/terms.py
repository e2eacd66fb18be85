"""The terms of one evaluation: those of the dictionary, and others that a query names or computes.

A number below zero is no term: the variable is unbound. Numbers from the size of the dictionary on are terms
that no triple has. Each term has one number, so the same number is the same term (sameTerm).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode, QuerySolutions

from endpoint.columns.reader import Dictionary
from endpoint.columns.sets import Indices
from endpoint.columns.terms import TIMES, Term, TermClass, read_term, unescaped
from endpoint.sparql.syntax.parser import Unsupported
from endpoint.vocabulary import XSD

UNBOUND: Final = -1

# Groups of terms that the engine compares alike: the classes, where TEXT is told apart by its kinds.
BLANK_NODE: Final = 0
IRI: Final = 1
STRING: Final = 2
TAGGED: Final = 3
OPAQUE: Final = 4
BOOLEAN: Final = 5
NUMBER: Final = 6
FIRST_TIME: Final = 7
OTHER: Final = 15
TRIPLE: Final = 16
NONE: Final = 17

# Bytes of texts that are read here as soon as by the engine.
_LONG: Final = 2**22
# New blank nodes of a query, which take some hundred bytes each.
_MOST_BLANK: Final = 200_000
_INTEGER: Final = b'"%d"^^<' + XSD.encode() + b"integer>"
# Terms that are in no triple have places between two of the dictionary.
_ROOM: Final = 20


class Scratch(Protocol):
    """The engine over a few statements, for what only it knows of terms."""

    def __call__(self, statements: bytes, query: str) -> QuerySolutions:
        """Return the solutions of a query over statements in N-Triples; blank nodes keep their names."""


class Terms:
    """The terms of one evaluation over ``dictionary``."""

    def __init__(self, dictionary: Dictionary, scratch: Scratch) -> None:
        self.dictionary = dictionary
        self.scratch = scratch
        self._added: list[bytes] = []
        self._read: list[Term] = []
        self._numbers: dict[bytes, int] = {}
        self._places: dict[int, int] = {}
        text = dictionary.classes[TermClass.TEXT]
        self._texts = range(text.start, text.stop)
        stops = [dictionary.classes[of].stop for of in TermClass]
        self._stops = np.array(stops, np.int64)
        self._kinds = np.array([_text_group(kind) for kind in dictionary.kind_names] or [STRING], np.int8)

    def constant(self, term: NamedNode | Literal) -> int:
        """Return the number of a term of a query."""
        if isinstance(term, Literal) and term.datatype.value.startswith(XSD):
            # The engine keeps a literal by its value, where it has one.
            ((term,),) = self.scratch(f"<x:> <x:> {term} .\n".encode(), "SELECT ?o { ?s ?p ?o }")
        return self.number(str(term).encode())

    def integers(self, values: Indices) -> Indices:
        """Return the numbers of terms of ``xsd:integer``; the values differ and are small."""
        return self.numerals(values.astype(np.float64), [_INTEGER % value for value in values.tolist()])

    def numerals(self, values: NDArray[np.float64], texts: Sequence[bytes]) -> Indices:
        """Return the numbers of numeric terms, which differ, by their ``texts`` in N-Triples.

        Few of them are in the dictionary, which has only those of its values: the others are not looked for.
        """
        known = self.dictionary.numbers
        begins, ends = np.searchsorted(known, values), np.searchsorted(known, values, side="right")
        found = []
        for text, present in zip(texts, (begins < ends).tolist(), strict=True):
            if present or text in self._numbers:
                found.append(self.number(text))
            else:
                term = read_term(text)
                found.append(self.number(text) if term.of is TermClass.OTHER else self._add(text, term))
        return np.array(found, np.int64)

    def number(self, text: bytes) -> int:
        """Return the number of a term as N-Triples writes it."""
        number = self._numbers.get(text)
        if number is None:
            found = self.dictionary.find(text)
            number = self._add(text, read_term(text)) if found is None else found
            self._numbers[text] = number
        return number

    def blank_nodes(self, number: int) -> Indices:
        """Return the numbers of so many new blank nodes, whose labels nothing else has."""
        if len(self._added) + number > _MOST_BLANK:
            raise Unsupported("a query makes many blank nodes")
        prefix = b"b" + token_hex(12).encode()
        labels = (b"%s%x" % (prefix, place) for place in range(number))
        found = [self._add(b"_:" + label, Term(TermClass.BLANK_NODE, label)) for label in labels]
        return np.array(found, np.int64)

    def _add(self, text: bytes, term: Term) -> int:
        number = self._numbers[text] = len(self.dictionary) + len(self._added)
        self._added.append(text)
        self._read.append(term)
        self._places.clear()
        return number

    def text(self, number: int) -> bytes:
        """Return a term as N-Triples writes it."""
        size = len(self.dictionary)
        return self.dictionary.term(number) if number < size else self._added[number - size]

    def lengths(self, numbers: Indices) -> Indices:
        """Return how many bytes each term has as N-Triples writes it, 0 where there is none."""
        size = len(self.dictionary)
        found = np.zeros(len(numbers), np.int64)
        inside = (numbers >= 0) & (numbers < size)
        found[inside] = self.dictionary.lengths(numbers[inside])
        if self._added:
            added = np.array([len(text) for text in self._added], np.int64)
            beyond = numbers >= size
            found[beyond] = added[numbers[beyond] - size]
        return found

    def directed(self, literals: Indices) -> bool:
        """Return whether some of these literals have a direction."""
        names = list(self._kind_names())
        return any(b"--" in names[kind] for kind in np.unique(self.kinds(literals)).tolist())

    def known(self, numbers: Indices) -> bool:
        """Return whether all of these terms are in the dictionary, or none."""
        return not len(numbers) or int(numbers.max()) < len(self.dictionary)

    def groups(self, numbers: Indices) -> NDArray[np.int8]:
        """Return the group of each term, NONE where there is none."""
        size = len(self.dictionary)
        if not len(numbers):
            return np.zeros(0, np.int8)
        low, high = int(numbers.min()), int(numbers.max())
        if low >= 0 and high < size:
            only = int(np.searchsorted(self._stops, low, side="right"))
            if only != TermClass.TEXT and high < self._stops[only]:
                return np.full(len(numbers), only if only <= TermClass.IRI else only + 2, np.int8)
        classes = np.searchsorted(self._stops, numbers, side="right").astype(np.int8)
        groups = classes + np.int8(2)
        groups[classes <= TermClass.IRI] -= 2
        text = classes == TermClass.TEXT
        if text.any():
            groups[text] = self._kinds[self.dictionary.kinds[numbers[text]]]
        if low < 0:
            groups[numbers < 0] = NONE
        if high >= size:
            added = np.array([_group(term) for term in self._read], np.int8)
            beyond = numbers >= size
            groups[beyond] = added[numbers[beyond] - size]
        return groups

    def values(self, numbers: Indices, group: int) -> NDArray[Any]:
        """Return the values of terms that are all in this group, NUMBER or one of the time line."""
        dictionary, size = self.dictionary, len(self.dictionary)
        of, known = (
            (TermClass.NUMBER, dictionary.numbers)
            if group == NUMBER
            else (TermClass(TIMES[0]), dictionary.times)
        )
        places = numbers - dictionary.classes[of].start
        if not len(numbers) or int(numbers.max()) < size:
            return known[places]
        beyond = numbers >= size
        found = np.empty(len(numbers), known.dtype)
        found[~beyond] = known[places[~beyond]]
        added = np.array([term.value if _group(term) == group else 0 for term in self._read], known.dtype)
        found[beyond] = added[numbers[beyond] - size]
        return found

    def ranks(self, numbers: Indices) -> Indices:
        """Return numbers that compare as the terms do, which are blank nodes, IRIs, texts or none."""
        size = len(self.dictionary)
        if not len(numbers) or int(numbers.max()) < size:
            return numbers << _ROOM
        beyond = numbers >= size
        places = self._places_of({int(number) for number in np.unique(numbers[beyond])})
        ranks = numbers << _ROOM
        ranks[beyond] = [places[number] for number in numbers[beyond].tolist()]
        return ranks

    def languages(self, numbers: Indices) -> Indices | None:
        """Return the language of each literal as a term (LANG); None where a literal has a direction."""
        groups = self.groups(numbers)
        if b"--" in b"".join(self.dictionary.kind_names) and (groups == OTHER).any():
            return None
        found = np.full(len(numbers), UNBOUND, np.int64)
        found[(groups >= STRING) & (groups <= OTHER)] = self.number(b'""')
        tagged = groups == TAGGED
        if tagged.any():
            kinds, places = np.unique(self.kinds(numbers[tagged]), return_inverse=True)
            names = list(self._kind_names())
            tags = [self.number(b'"' + names[kind][1:] + b'"') for kind in kinds.tolist()]
            found[tagged] = np.array(tags, np.int64)[places]
        return found

    def string_lengths(self, numbers: Indices) -> Indices | None:
        """Return how many characters each has as a term (STRLEN); None where some are no strings, or long."""
        groups = self.groups(numbers)
        if not ((groups == STRING) | (groups == TAGGED)).all():
            return None
        different, places = np.unique(numbers, return_inverse=True)
        if int(self.lengths(different).sum()) > _LONG:
            return None
        # A text has no quotation mark behind its own.
        texts = map(self.text, different.tolist())
        lengths = [len(unescaped(text[1 : text.rindex(b'"')]).decode()) for text in texts]
        values, which = np.unique(np.array(lengths, np.int64), return_inverse=True)
        return self.integers(values)[which][places]

    def _kind_names(self) -> dict[bytes, int]:
        names = {kind: place for place, kind in enumerate(self.dictionary.kind_names)}
        for term in self._read:
            names.setdefault(term.kind, len(names))
        return names

    def kinds(self, numbers: Indices) -> Indices:
        """Return for each literal a number of what follows its quotes."""
        names = self._kind_names()
        size = len(self.dictionary)
        beyond = numbers >= size
        found = np.empty(len(numbers), np.int64)
        found[~beyond] = self.dictionary.kinds[numbers[~beyond]]
        if beyond.any():
            added = [names[term.kind] for term in self._read]
            found[beyond] = np.array(added, np.int64)[numbers[beyond] - size]
        return found

    def kinds_among(self, numbers: Indices, kinds: Sequence[bytes]) -> Indices:
        """Return for each literal the place of its kind in ``kinds``, of which it has one."""
        places = {kind: place for place, kind in enumerate(kinds)}
        names = np.array([places.get(kind, UNBOUND) for kind in self._kind_names()] or [UNBOUND], np.int64)
        found: Indices = names[self.kinds(numbers)]
        return found

    def _places_of(self, wanted: set[int]) -> dict[int, int]:
        """Return the ranks of all terms that no triple has, once all of them that are ``wanted`` have one."""
        if not self._places:
            if len(self._added) >= 1 << (_ROOM - 1):
                raise Unsupported("a query makes many terms")
            size = len(self.dictionary)
            inside = sorted(
                (self._place(term), term.rank(), size + number)
                for number, term in enumerate(self._read)
                if _group(term) <= OPAQUE
            )
            for order, (place, _, number) in enumerate(inside, 1):
                self._places[number] = ((place - 1) << _ROOM) + order
        if not wanted <= self._places.keys():
            raise Unsupported("terms of several classes are sorted")
        return self._places

    def _place(self, term: Term) -> int:
        numbers, rank = self.dictionary.classes[term.of], term.rank()
        place = bisect_left(numbers, rank, key=lambda number: read_term(self.dictionary.term(number)).rank())
        return numbers.start + place


def _text_group(kind: bytes) -> int:
    if not kind:
        return STRING
    return TAGGED if kind.startswith(b"@") else OPAQUE


def _group(term: Term) -> int:
    if term.of <= TermClass.IRI:
        return int(term.of)
    return _text_group(term.kind) if term.of is TermClass.TEXT else term.of + 2
