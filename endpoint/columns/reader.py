"""Columns, open for reading: terms by numbers and back, pairs by predicates, triples by subjects."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.files import DESCRIPTION, SIGNATURES, TEXT, Folder
from endpoint.columns.sets import Indices, Numbers
from endpoint.columns.signatures import Signatures
from endpoint.columns.terms import TIMES, Term, TermClass, Unreadable, kind_order, read_content, read_term

_NO_ROWS: Final = slice(0, 0)


class Dictionary:
    """The terms and their numbers.

    ``classes`` are the ranges of numbers of each class; ``kinds`` has for each number a place in
    ``kind_names``, which are what follows the quotes of a literal; ``numbers`` and ``times`` are the values
    of the terms in the class NUMBER, and in the classes of TIMES; ``characters`` are how many the terms of
    the class TEXT have.
    """

    def __init__(
        self, folder: Folder, classes: Mapping[TermClass, range], kind_names: Sequence[bytes]
    ) -> None:
        self._text = folder.mapped(TEXT)
        self._signed = folder.mapped(SIGNATURES)
        # Where the term of each number begins in the text of all, and at last the end of it. For a single
        # number twice as fast as an array.
        self._ends = folder.array("ends").data
        self.classes = classes
        self.kind_names = kind_names
        self._kind_lengths = np.array([len(kind) for kind in kind_names] or [0], np.int64)
        self.kinds: NDArray[np.unsignedinteger] = folder.array("kinds")
        self.numbers: NDArray[np.float64] = folder.array("numbers")
        self.times: NDArray[np.int64] = folder.array("times")
        self.characters: NDArray[np.uint32] = folder.array("characters")

    def __len__(self) -> int:
        return len(self._ends) - 1

    def term(self, number: int) -> bytes:
        """Return a term as N-Triples writes it."""
        return self._text[self._ends[number] : self._ends[number + 1]]

    def texts(self, begin: int, end: int) -> bytes:
        """Return the terms from one number to before another, as N-Triples writes them, without a space."""
        return self._text[self._ends[begin] : self._ends[end]]

    def length(self, number: int) -> int:
        """Return how many bytes a term has as N-Triples writes it."""
        return self._ends[number + 1] - self._ends[number]

    def lengths(self, numbers: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return how many bytes each term has as N-Triples writes it."""
        ends = np.asarray(self._ends)
        found: NDArray[np.int64] = ends[numbers + 1] - ends[numbers]
        return found

    def contents(self, numbers: NDArray[np.integer]) -> list[bytes]:
        """Return the texts of IRIs and literals, with escapes."""
        ends = np.asarray(self._ends)
        # The kind of a literal follows its quotes; an IRI has brackets.
        iris = self.classes[TermClass.IRI]
        kinds = np.where(numbers < iris.stop, 0, self._kind_lengths[self.kinds[numbers]])
        begins, stops = ends[numbers] + 1, ends[numbers + 1] - 1 - kinds
        text = self._text
        return [text[begin:end] for begin, end in zip(begins.tolist(), stops.tolist(), strict=True)]

    def among(self, numbers: range, pattern: bytes) -> NDArray[np.int64]:
        """Return those of ``numbers`` whose terms have a match of the regular expression, as N-Triples writes
        them; a match is within one term."""
        begin, end = self._ends[numbers.start], self._ends[numbers.stop]
        places = [match.start() for match in re.compile(pattern).finditer(self._text, begin, end)]
        ends = np.asarray(self._ends)[numbers.start + 1 : numbers.stop + 1]
        return numbers.start + np.unique(np.searchsorted(ends, np.array(places, ends.dtype), side="right"))

    @cached_property
    def _signatures(self) -> Signatures:
        texts = self.classes[TermClass.TEXT]
        numbers = np.arange(texts.start, texts.stop)
        return Signatures(np.frombuffer(self._signed, np.uint8), numbers, self.lengths(numbers))

    def signature(self, number: int) -> bytes:
        """Return the signature of a term, empty where it has none."""
        return self._signatures.of(number)

    def possible(self, numbers: Indices, runs: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Return for each term whether it may have all of these runs of bytes
        (:func:`~endpoint.columns.signatures.runs_of`)."""
        return self._signatures.possible(numbers, runs)

    def value(self, number: int) -> float | int | None:
        """Return the value of a term in the class NUMBER or one of TIMES; None for any other."""
        for values, of, last in (
            (self.numbers, TermClass.NUMBER, TermClass.NUMBER),
            (self.times, TermClass(TIMES[0]), TermClass(TIMES[-1])),
        ):
            begin, end = self.classes[of].start, self.classes[last].stop
            if begin <= number < end:
                found: float | int = values[number - begin].item()
                return found
        return None

    def find(self, term: bytes) -> int | None:
        """Return the number of a term as N-Triples writes it; None where no triple has it."""
        try:
            number = self.place_of(read_term(term))
        except Unreadable:
            return None
        return number if number < len(self) and self.term(number) == term else None

    def place_of(self, wanted: Term) -> int:
        """Return the number of a term, or the one that it would have, moving those from there on."""
        numbers = self.classes[wanted.of]
        if wanted.valued:
            numbers = self._of_value(wanted)
            place = bisect_left(
                numbers, wanted.rank(), key=lambda number: read_term(self.term(number)).rank()
            )
        else:
            place = self._place_of_text(numbers, wanted)
        return numbers.start + place

    def _of_value(self, wanted: Term) -> range:
        """Return the numbers of the terms of the same class and value, of BOOLEAN of all."""
        numbers = self.classes[wanted.of]
        if wanted.of is TermClass.BOOLEAN:
            return numbers
        values, first = (
            (self.numbers, TermClass.NUMBER)
            if wanted.of is TermClass.NUMBER
            else (self.times, TermClass(TIMES[0]))
        )
        begin = self.classes[first].start
        of_class = values[numbers.start - begin : numbers.stop - begin]
        low, high = (int(np.searchsorted(of_class, wanted.value, side)) for side in ("left", "right"))
        return numbers[low:high]

    def _place_of_text(self, numbers: range, wanted: Term) -> int:
        """Return the place among ``numbers``, of one class without values, where the term is or would be.

        Texts are compared without reading the kinds, several times as fast.
        """
        content = wanted.content()
        most = len(content) + 1
        place = bisect_left(numbers, content, key=lambda number: read_content(self.term(number), most))
        # Literals of the same text differ in kind, and are few.
        order = kind_order(wanted.kind)
        while place < len(numbers):
            term = read_term(self.term(numbers[place]))
            if term.content() != content or kind_order(term.kind) >= order:
                break
            place += 1
        return place


class Pairs(NamedTuple):
    """The subjects and objects of one predicate, or the predicates and objects of one subject.

    ``first`` is sorted; where it is the same, ``second`` is. Each pair occurs once.
    """

    first: Numbers
    second: Numbers


class Arrays(NamedTuple):
    """All of :class:`Columns` but the terms, by the same names."""

    graphs: list[bytes]
    sets: list[list[int]]
    quads: int
    predicates: Numbers
    starts: NDArray[np.int64]
    pairs: Pairs
    inverse: Pairs
    graph_sets: NDArray[np.unsignedinteger]
    triples: Numbers


class Columns:
    """The columns of one generation; :func:`~endpoint.columns.opening.open_columns` opens them.

    ``graphs`` are the names of graphs as N-Triples writes them, empty for the default graph; ``sets`` are
    sets of places in it. ``pairs`` are those of all ``predicates``, one after another, by subject; the pairs
    of one predicate are its :meth:`rows`, up to the next of ``starts``. ``graph_sets`` has for each of them
    the set of the graphs that hold the triple, a place in ``sets``. ``triples`` are subjects, predicates and
    objects, sorted. ``ensure_intact`` reads all files and compares their checksums; it raises
    :class:`~endpoint.errors.StoreError`.
    """

    def __init__(self, terms: Dictionary, arrays: Arrays, ensure_intact: Callable[[], None]) -> None:
        self.terms = terms
        self.ensure_intact = ensure_intact
        self.graphs, self.sets, self.quads = arrays.graphs, arrays.sets, arrays.quads
        self.predicates, self.starts = arrays.predicates, arrays.starts
        self.pairs, self.inverse = arrays.pairs, arrays.inverse
        self.graph_sets, self.triples = arrays.graph_sets, arrays.triples
        starts = self.starts.tolist()
        self._rows: dict[int, slice] = dict(
            zip(self.predicates.tolist(), map(slice, starts, starts[1:]), strict=True)
        )

    @classmethod
    def of_files(cls, folder: Folder, members: Mapping[str, Any]) -> Columns:
        """Map the files of ``folder`` into memory; ``members`` are its description. A delta is left out.

        :raises StoreError: they are damaged.
        """
        try:
            classes = {TermClass[name]: range(*ends) for name, ends in members["classes"].items()}
            terms = Dictionary(folder, classes, [kind.encode() for kind in members["kinds"]])
            arrays = Arrays(
                [graph.encode() for graph in members["graphs"]],
                members["sets"],
                members["quads"],
                folder.array("predicates"),
                folder.array("starts"),
                Pairs(*folder.array("by_subject")),
                Pairs(*folder.array("by_object")),
                folder.array("sets"),
                folder.array("triples"),
            )
            return cls(terms, arrays, partial(folder.ensure_intact, dict(members["sums"])))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise folder.damaged(f"{DESCRIPTION}: {error}") from error

    def __len__(self) -> int:
        """Return the number of triples of the union of all graphs."""
        return len(self.pairs.first)

    @cached_property
    def set_sizes(self) -> NDArray[np.int64]:
        """The number of triples that are in exactly the graphs of each of ``sets``."""
        return np.bincount(self.graph_sets, minlength=len(self.sets))

    @property
    def overlap(self) -> bool:
        """True where a triple is in more than one graph."""
        sizes = self.set_sizes.tolist()
        return any(size and len(members) > 1 for size, members in zip(sizes, self.sets, strict=True))

    def by_subject(self, predicate: int) -> Pairs:
        """Return the subjects and objects of a predicate, sorted by subject."""
        rows = self.rows(predicate)
        return Pairs(self.pairs.first[rows], self.pairs.second[rows])

    def by_object(self, predicate: int) -> Pairs:
        """Return the objects and subjects of a predicate, sorted by object."""
        rows = self.rows(predicate)
        return Pairs(self.inverse.first[rows], self.inverse.second[rows])

    def about(self, subject: int) -> Pairs:
        """Return the predicates and objects of a subject."""
        # Keys of another type would have the whole array converted.
        begin, end = np.searchsorted(self.triples[0], np.array([subject, subject + 1], np.uint32))
        return Pairs(self.triples[1, begin:end], self.triples[2, begin:end])

    def rows(self, predicate: int) -> slice:
        """Return where the pairs of a predicate stand."""
        return self._rows.get(predicate, _NO_ROWS)
