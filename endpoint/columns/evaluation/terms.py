"""The terms of one evaluation: those of the dictionary, and others that a query names or computes.

A number below zero is no term: the variable is unbound. Numbers from the size of the dictionary on are terms
that a query has made. Each term has one number, so the same number is the same term (sameTerm); but a text
that was computed may have another one in the dictionary, until :meth:`Terms.settled` has looked for it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from secrets import token_hex
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, NamedNode

from endpoint.columns.evaluation.json_terms import json_term
from endpoint.columns.evaluation.known import INTEGER, Known, read_integer
from endpoint.columns.reader import Dictionary
from endpoint.columns.sets import Indices, greatest, present
from endpoint.columns.terms import TIMES, Term, TermClass, content_of, read_term
from endpoint.sparql.syntax.parser import Unsupported

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
# The group of each class, the first one of several.
_GROUPS: Final = [of if of <= TermClass.TEXT else of + 2 for of in map(int, TermClass)]

# New blank nodes of a query, which take some hundred bytes each.
_MOST_BLANK: Final = 200_000
# Values that are found one by one, each of which was mostly asked for before.
_FEW: Final = 100
# What a language tag begins with.
_TAG: Final = ord("@")
# Bytes of texts that are read at once: they stay in a cache of the processor.
_CHUNK: Final = 2**18
# Terms that are read in the time in which one is looked for.
_FINDS: Final = 30
# Terms that are in no triple have places between two of the dictionary.
_ROOM: Final = 20


class Terms:
    """The terms of one evaluation and those ``known``; ``base`` is what the function IRI resolves against."""

    def __init__(self, known: Known, base: NamedNode | None = None) -> None:
        self.dictionary, self.scratch, self.base = known.dictionary, known.scratch, base
        self.kept_texts, self.results, self.exhaustive = known.texts, known.results, known.exhaustive
        self._known, self._size = known, len(known.dictionary)
        # Results of functions: for each the numbers of its arguments, in order, and those of its values.
        self.kept: dict[tuple[str, ...], tuple[Indices, NDArray[np.int64]]] = {}
        # Terms that were added: as N-Triples writes them, read, and their groups and lengths.
        self._added, self._read = list[bytes](), list[Term]()
        self._groups, self._lengths = array("b"), array("q")
        self._numbers: dict[bytes, int] = {}
        # Texts that the dictionary may have, too, and the numbers of those that it has.
        self._unsettled: set[int] = set()
        self._aliases: dict[int, int] = {}

    def constant(self, term: NamedNode | Literal) -> int:
        """Return the number of a term of a query."""
        text, number = self._known.find(term)
        if text in self._numbers:
            return self.number(text)
        if number is None:
            return self._add(text, read_term(text))
        self._numbers[text] = number
        return number

    def integers(self, values: Indices) -> Indices:
        """Return the numbers of terms of ``xsd:integer``; the values differ and are small."""
        if len(values) <= _FEW:
            return np.array([self._integer(value) for value in values.tolist()], np.int64)
        texts = [INTEGER % value for value in values.tolist()]
        return self.numerals(values.astype(np.float64), texts, read_integer)

    def _integer(self, value: int) -> int:
        text, number = self._known.integer(value)
        if number is None and (number := self._numbers.get(text)) is None:
            number = self._add(text, read_integer(text))
        return number

    def numerals(
        self, values: NDArray[np.float64], texts: Sequence[bytes], read: Callable[[bytes], Term] = read_term
    ) -> Indices:
        """Return the numbers of numeric terms, which differ, by their ``texts`` in N-Triples."""
        # Few of them are in the dictionary, which has only those of its values; others are not looked for.
        known, found = self.dictionary.numbers, []
        begins, ends = np.searchsorted(known, values), np.searchsorted(known, values, side="right")
        for text, present_ in zip(texts, (begins < ends).tolist(), strict=True):
            term = read(text)
            if present_ or text in self._numbers or term.of is TermClass.OTHER:
                found.append(self.number(text))
            else:
                found.append(self._add(text, term))
        return np.array(found, np.int64)

    def number(self, text: bytes) -> int:
        """Return the number of a term as N-Triples writes it."""
        number = self._numbers.get(text)
        if number is None:
            found = self.dictionary.find(text)
            number = self._add(text, read_term(text)) if found is None else found
            self._numbers[text] = number
        elif number in self._unsettled:
            self._unsettled.discard(number)
            found = self.dictionary.find(text)
            if found is not None:
                self._alias(number, found)
                return found
        return number

    def computed(self, text: bytes) -> int:
        """Return the number of a term that was computed; of a text one that is not :meth:`settled`."""
        number = self._numbers.get(text)
        if number is not None:
            return number
        end = text.rfind(b'"')
        if not text.startswith(b'"') or (text[end + 1 :] and text[end + 1] != _TAG) or b"--" in text[end:]:
            return self.number(text)
        number = self._add(text, Term(TermClass.TEXT, text[1:end], text[end + 1 :]))
        self._unsettled.add(number)
        return number

    def computed_all(self, texts: Sequence[bytes]) -> Indices:
        """Return the numbers of terms that were computed, sooner than one after another."""
        first, known = self._size + len(self._added), self._numbers
        strings = [text for text in dict.fromkeys(texts) if text[-1:] == b'"' and text not in known]
        new = range(first, first + len(strings))
        self._numbers.update(zip(strings, new, strict=True))
        self._unsettled.update(new)
        self._added += strings
        self._read += [Term(TermClass.TEXT, text[1:-1]) for text in strings]
        self._groups.extend([STRING] * len(strings))
        self._lengths.extend(map(len, strings))
        return np.array([*map(self.computed, texts)], np.int64)

    def settled(self, *columns: Indices) -> tuple[Indices, ...]:
        """Return columns in which each term has one number, so that these can be compared."""
        size = self._size
        if not (self._unsettled or self._aliases) or max(map(greatest, columns)) < size:
            return columns
        texts = self.dictionary.classes[TermClass.TEXT]
        added = present(columns, size, size + len(self._added))
        known = present(columns, texts.start, texts.stop)
        if not len(known):
            return columns
        waiting = self._unsettled.intersection(added.tolist())
        if len(known) < len(waiting) * _FINDS:
            self._settle_by(known)
        else:
            for number in sorted(waiting):
                self.number(self._added[number - size])
        if self._aliases.keys().isdisjoint(added.tolist()):
            return columns
        numbers = np.arange(size + len(self._added))
        numbers[[*self._aliases]] = [*self._aliases.values()]
        return tuple(np.where(column < 0, column, numbers[column]) for column in columns)

    def found(self, column: Indices) -> Indices:
        """Return a column with the numbers of the dictionary, where it has the terms."""
        size = self._size
        if not len(column) or int(column.max()) < size or not (self._unsettled or self._aliases):
            return column
        numbers, places = np.unique(column, return_inverse=True)
        added = [self.number(self._added[number - size]) for number in numbers[numbers >= size].tolist()]
        return np.concatenate([numbers[numbers < size], np.array(added, np.int64)])[places]

    def _settle_by(self, known: Indices) -> None:
        """Find those of the ``known`` texts of the dictionary that were computed, too."""
        for number in known.tolist():
            computed = self._numbers.get(self.dictionary.term(number))
            if computed in self._unsettled:
                self._unsettled.discard(computed)
                self._alias(computed, number)

    def _alias(self, number: int, found: int) -> None:
        self._aliases[number] = found
        self._numbers[self._added[number - self._size]] = found

    def blank_nodes(self, number: int) -> Indices:
        """Return the numbers of so many new blank nodes, whose labels nothing else has."""
        if len(self._added) + number > _MOST_BLANK:
            raise Unsupported("a query makes many blank nodes")
        prefix = b"b" + token_hex(12).encode()
        labels = (b"%s%x" % (prefix, place) for place in range(number))
        found = [self._add(b"_:" + label, Term(TermClass.BLANK_NODE, label)) for label in labels]
        return np.array(found, np.int64)

    def _add(self, text: bytes, term: Term) -> int:
        number = self._numbers[text] = self._size + len(self._added)
        self._added.append(text)
        self._read.append(term)
        self._groups.append(_group(term))
        self._lengths.append(len(text))
        return number

    def text(self, number: int) -> bytes:
        """Return a term as N-Triples writes it."""
        size = self._size
        return self.dictionary.term(number) if number < size else self._added[number - size]

    def json(self, number: int) -> bytes:
        """Return a term in SPARQL 1.1 Query Results JSON."""
        size = self._size
        return json_term(self.dictionary.term(number) if number < size else self._added[number - size])

    def plain(self, numbers: Indices) -> bool:
        """Return whether all terms are of the dictionary and of classes before OTHER."""
        return not len(numbers) or int(numbers.max()) < self._known.before_other

    def contents(self, numbers: Indices) -> Iterator[list[bytes]]:
        """Yield the texts of IRIs and literals, with escapes, some at a time."""
        inside = numbers < self._size
        size = max(1, len(numbers) * _CHUNK // (1 + int(self.lengths(numbers).sum())))
        for begin in range(0, len(numbers), size):
            chunk, known = numbers[begin : begin + size], inside[begin : begin + size]
            if known.all():
                yield self.dictionary.contents(chunk)
            else:
                yield [content_of(self.text(number)) for number in chunk.tolist()]

    def lengths(self, numbers: Indices) -> Indices:
        """Return how many bytes each term has as N-Triples writes it, 0 where there is none."""
        size = self._size
        found = np.zeros(len(numbers), np.int64)
        inside = (numbers >= 0) & (numbers < size)
        found[inside] = self.dictionary.lengths(numbers[inside])
        if self._added:
            added = np.array(self._lengths, np.int64)
            beyond = numbers >= size
            found[beyond] = added[numbers[beyond] - size]
        return found

    def directed(self, literals: Indices) -> bool:
        """Return whether some of these literals have a direction."""
        names = list(self.kind_names())
        return any(b"--" in names[kind] for kind in np.unique(self.kinds(literals)).tolist())

    def known(self, numbers: Indices) -> bool:
        """Return whether all of these terms are in the dictionary, or none."""
        return not len(numbers) or int(numbers.max()) < self._size

    def group(self, numbers: Indices) -> int | None:
        """Return a group that all these terms are in, STRING for all texts; None where there is none."""
        if not len(numbers) or (low := int(numbers.min())) < 0 or (high := int(numbers.max())) >= self._size:
            return None
        of = bisect_right(self._known.ends, low)
        return _GROUPS[of] if high < self._known.ends[of] else None

    def groups(self, numbers: Indices) -> NDArray[np.int8]:
        """Return the group of each term, NONE where there is none."""
        size = self._size
        if not len(numbers):
            return np.zeros(0, np.int8)
        only = self.group(numbers)
        if only is not None and only != STRING:
            return np.full(len(numbers), only, np.int8)
        classes = np.searchsorted(self._known.stops, numbers, side="right").astype(np.int8)
        groups = classes + np.int8(2)
        groups[classes <= TermClass.IRI] -= 2
        text = classes == TermClass.TEXT
        if text.any():
            groups[text] = self._known.kinds[self.dictionary.kinds[numbers[text]]]
        groups[numbers < 0] = NONE
        beyond = numbers >= size
        if beyond.any():
            added = np.array(self._groups, np.int8)
            groups[beyond] = added[numbers[beyond] - size]
        return groups

    def values(self, numbers: Indices, group: int) -> NDArray[Any]:
        """Return the values of terms that are all in this group, NUMBER or one of the time line."""
        dictionary, size = self.dictionary, self._size
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
        read = zip(self._read, self._groups, strict=True)
        added = np.array([term.value if of == group else 0 for term, of in read], known.dtype)
        found[beyond] = added[numbers[beyond] - size]
        return found

    def ranks(self, numbers: Indices) -> Indices:
        """Return numbers that compare as the terms do, which are blank nodes, IRIs, texts or none."""
        size = self._size
        if not len(numbers) or int(numbers.max()) < size:
            return numbers << _ROOM
        (numbers,) = self.settled(numbers)
        beyond = numbers >= size
        added, places = np.unique(numbers[beyond], return_inverse=True)
        ranks = numbers << _ROOM
        texts = self.dictionary.classes[TermClass.TEXT]
        alone = not ((numbers >= texts.start) & (numbers < size)).any()
        ranks[beyond] = self._ranks_of_added(added - size, alone)[places]
        return ranks

    def _ranks_of_added(self, added: Indices, alone: bool) -> Indices:
        """Return the ranks of terms that were added; texts ``alone`` need no place in the dictionary."""
        if len(added) >= 1 << (_ROOM - 1):
            raise Unsupported("a query makes many terms")
        if max(self._groups[each] for each in added.tolist()) > OPAQUE:
            raise Unsupported("terms of several classes are sorted")
        terms = [self._read[each] for each in added.tolist()]
        if alone and min(term.of for term in terms) is TermClass.TEXT:
            places = [self.dictionary.classes[TermClass.TEXT].stop] * len(terms)
        else:
            places = [self._place(term) for term in terms]
        plain = not any(term.kind for term in terms)
        ranks = [term.content() if plain else term.rank() for term in terms]
        order = sorted(range(len(terms)), key=[*zip(places, ranks, strict=True)].__getitem__)
        found = np.empty(len(added), np.int64)
        found[order] = ((np.array(places, np.int64)[order] - 1) << _ROOM) + np.arange(1, len(added) + 1)
        return found

    def kind_names(self) -> dict[bytes, int]:
        """Return what may follow the quotes of a literal, numbered as for :meth:`kinds`."""
        names = {kind: place for place, kind in enumerate(self.dictionary.kind_names)}
        for term in self._read:
            names.setdefault(term.kind, len(names))
        return names

    def kinds(self, numbers: Indices) -> Indices:
        """Return for each literal a number of what follows its quotes."""
        names = self.kind_names()
        size = self._size
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
        names = np.array([places.get(kind, UNBOUND) for kind in self.kind_names()] or [UNBOUND], np.int64)
        found: Indices = names[self.kinds(numbers)]
        return found

    def _place(self, term: Term) -> int:
        numbers, rank = self.dictionary.classes[term.of], term.rank()
        place = bisect_left(numbers, rank, key=lambda number: read_term(self.dictionary.term(number)).rank())
        return numbers.start + place


def groups_of_kinds(dictionary: Dictionary) -> NDArray[np.int8]:
    """Return the group of each kind of literals in a dictionary."""
    return np.array([_text_group(kind) for kind in dictionary.kind_names] or [STRING], np.int8)


def _text_group(kind: bytes) -> int:
    if not kind:
        return STRING
    return TAGGED if kind.startswith(b"@") else OPAQUE


def _group(term: Term) -> int:
    if term.of <= TermClass.IRI:
        return int(term.of)
    return _text_group(term.kind) if term.of is TermClass.TEXT else term.of + 2
