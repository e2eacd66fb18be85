"""The columns of a generation, opened: those of the files, with the delta of a small change merged into them.

A merge keeps the numbers of terms dense and in order, so that whoever reads columns need not know of it: they
are equal to those that would be built anew. It takes what copying the arrays in memory takes, some 30 bytes
for each triple and of the order of 40 ms of a processor for each million, besides 50 µs for each statement of
the delta. The texts of terms, most of the bytes, stay mapped.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from endpoint.columns.delta import Delta
from endpoint.columns.files import Folder
from endpoint.columns.merged_terms import Located, MergedDictionary
from endpoint.columns.reader import Arrays, Columns, Pairs
from endpoint.columns.sets import Indices, Numbers, spliced

# Subject, predicate and object, by their numbers or as N-Triples writes them.
_Row = tuple[int, int, int]
_Triple = tuple[bytes, bytes, bytes]
_NONE: Final = np.empty(0, np.int64)
# After the number of each term.
_LAST: Final = np.uint32(2**32 - 1)


def open_columns(path: Path) -> Columns:
    """Open the columns in the folder ``path``.

    :raises StoreError: they are damaged, or of another version of the program.
    """
    folder = Folder(path)
    members = folder.description()
    columns = Columns.of_files(folder, members)
    delta = Delta.read(folder, members)
    if delta is None:
        return columns
    try:
        return merge(columns, delta)
    except (ValueError, KeyError) as error:
        raise folder.damaged(f"the delta does not fit: {error}") from error


def merge(columns: Columns, delta: Delta) -> Columns:
    """Return ``columns`` with the statements of ``delta`` added and removed.

    :raises ValueError: they have a statement that is added, or have not one that is removed.
    """
    statements = chain(delta.added, delta.removed)
    every = set(chain.from_iterable(statement[1:] for statement in statements))
    located = {text: Located.of(text, columns.terms) for text in every}
    change = _Change.of(columns, delta, located)
    new = {text: located[text] for text in set(chain(*change.come)) if not located[text].known}
    terms = MergedDictionary(columns.terms, change.unused(columns, located), new)
    arrays = _Merger(columns, change, terms, located).arrays(
        columns.quads + len(delta.added) - len(delta.removed)
    )
    return Columns(terms, arrays, columns.ensure_intact)


class _Change(NamedTuple):
    """A delta by triples: the places of those that go, those that come, and of the others the places whose
    graphs change; with sets of graphs where these are new. ``graphs`` are the names of all graphs."""

    graphs: list[bytes]
    gone: dict[_Row, int]
    come: dict[_Triple, frozenset[int]]
    regrouped: dict[int, frozenset[int]]

    @classmethod
    def of(cls, columns: Columns, delta: Delta, located: Mapping[bytes, Located]) -> _Change:
        names = dict.fromkeys((*columns.graphs, *sorted({statement.graph for statement in delta.added})))
        places = {name: place for place, name in enumerate(names)}
        change = cls([*names], {}, {}, {})
        for triple, (added, removed) in _by_triple(delta).items():
            row = _numbered(located, triple)
            place = None if row is None else _place_of(columns, row)
            before = frozenset() if place is None else frozenset(columns.sets[columns.graph_sets[place]])
            coming = frozenset(places[graph] for graph in added)
            going = frozenset(places[graph] for graph in removed)
            if coming & before or not going <= before:
                raise ValueError(b" ".join(triple)[:200].decode("utf-8", "replace"))
            after = before - going | coming
            if place is None or row is None:
                change.come[triple] = after
            elif after:
                change.regrouped[place] = after
            else:
                change.gone[row] = place
        return change

    def unused(self, columns: Columns, located: Mapping[bytes, Located]) -> list[int]:
        """Return the numbers of terms that no triple has any more."""
        going = Counter(chain(*self.gone))
        coming = (located[text] for text in chain(*self.come))
        stays = {at.number for at in coming if at.known}
        terms = np.array(sorted(going.keys() - stays), np.uint32)
        uses = _range_sizes(columns.triples[0], terms)
        for predicate in columns.predicates.tolist():
            uses += _range_sizes(columns.by_object(predicate).first, terms)
        return [
            term
            for term, used in zip(terms.tolist(), uses.tolist(), strict=True)
            if used + _size(columns.rows(term)) == going[term]
        ]


def _by_triple(delta: Delta) -> dict[_Triple, tuple[list[bytes], list[bytes]]]:
    """Return for each triple the graphs that it comes into, and that it goes from."""
    triples: defaultdict[_Triple, tuple[list[bytes], list[bytes]]] = defaultdict(lambda: ([], []))
    for which, statements in enumerate((delta.added, delta.removed)):
        for graph, *triple in statements:
            subject, predicate, value = triple
            triples[subject, predicate, value][which].append(graph)
    return triples


def _numbered(located: Mapping[bytes, Located], triple: _Triple) -> _Row | None:
    """Return a triple by its numbers; None where the columns have not all of its terms."""
    subject, predicate, value = (located[text] for text in triple)
    if subject.known and predicate.known and value.known:
        return subject.number, predicate.number, value.number
    return None


def _place_of(columns: Columns, row: _Row) -> int | None:
    """Return the place of a triple among ``columns.pairs``; None where they have it not."""
    subject, predicate, value = row
    rows = columns.rows(predicate)
    begin, end = _narrowed(columns.pairs, rows.start, rows.stop, (subject, value))
    return begin if begin < end else None


def _narrowed(sorted_by: Iterable[Numbers], begin: int, end: int, key: Iterable[int]) -> tuple[int, int]:
    """Return the range of rows between two places that have the ``key``; it begins where it would stand."""
    for column, number in zip(sorted_by, key, strict=True):
        # Keys of another type would have the whole array converted.
        bounds = np.searchsorted(column[begin:end], np.array([number, number + 1], column.dtype))
        begin, end = begin + int(bounds[0]), begin + int(bounds[1])
    return begin, end


def _range_sizes(column: Numbers, terms: Numbers) -> NDArray[np.int64]:
    """Return how often each of ``terms`` is in a sorted column."""
    sizes: NDArray[np.int64] = np.searchsorted(column, terms, "right") - np.searchsorted(column, terms)
    return sizes


def _size(rows: slice) -> int:
    return int(rows.stop - rows.start)


class _Merger:
    """The arrays of columns after a change, in the numbers of the merged ``terms``."""

    def __init__(
        self,
        columns: Columns,
        change: _Change,
        terms: MergedDictionary,
        located: Mapping[bytes, Located],
    ) -> None:
        self._columns = columns
        self._change = change
        self._numbers = terms.renumbered if terms.moved else None

        def number_of(text: bytes) -> int:
            number = terms.new.get(text)
            return int(terms.renumbered[located[text].number]) if number is None else number

        rows = [[number_of(text) for text in triple] for triple in change.come]
        self._come = np.array(rows, np.uint32).reshape(-1, 3)
        self._gone = np.array(list(change.gone), np.uint32).reshape(-1, 3)
        # The predicates that have rows which stay, and where those of each begin among these.
        before = columns.predicates
        going = np.bincount(np.searchsorted(before, self._gone[:, 1]), minlength=len(before))
        staying = np.diff(columns.starts) - going
        self._predicates = self._renumbered(before[staying > 0])
        self._starts = np.concatenate([[0], np.cumsum(staying[staying > 0])])

    def arrays(self, quads: int) -> Arrays:
        """Return the arrays of ``quads`` statements."""
        columns, change = self._columns, self._change
        gone = np.array(sorted(change.gone.values()), np.int64)
        pairs, order, places = self._pairs(columns.pairs, gone, (1, 0, 2))
        inverse_gone = np.array(sorted(map(self._inverse_place, change.gone)), np.int64)
        inverse, _, _ = self._pairs(columns.inverse, inverse_gone, (1, 2, 0))
        codes, sets = self._sets(gone, order, places)
        predicates, coming = np.unique(self._come[:, 1], return_counts=True)
        all_of_them = np.union1d(self._predicates, predicates)
        sizes = np.zeros(len(all_of_them), np.int64)
        sizes[np.searchsorted(all_of_them, self._predicates)] += np.diff(self._starts)
        sizes[np.searchsorted(all_of_them, predicates)] += coming
        starts = np.concatenate([[0], np.cumsum(sizes)])
        return Arrays(change.graphs, sets, quads, all_of_them, starts, pairs, inverse, codes, self._triples())

    def _renumbered(self, column: Numbers) -> Numbers:
        return column if self._numbers is None else self._numbers[column]

    def _kept(self, column: Numbers, gone: Indices) -> Numbers:
        """Return a column without the rows that go, in the new numbers."""
        return self._renumbered(spliced(column, gone, _NONE, _NONE))

    def _sorted(self, by: tuple[int, ...]) -> Indices:
        """Return the order of the triples that come by these of their terms."""
        return np.lexsort([self._come[:, place] for place in reversed(by)])

    def _pairs(self, pairs: Pairs, gone: Indices, by: tuple[int, int, int]) -> tuple[Pairs, Indices, Indices]:
        """Return the pairs of all predicates, the order of triples that come, and their places among those
        that stay."""
        kept = [self._kept(column, gone) for column in pairs]
        order = self._sorted(by)
        come = self._come[order][:, by]
        which = np.searchsorted(self._predicates, come[:, 0])
        known = np.append(self._predicates, _LAST)[which] == come[:, 0]
        begins, ends = self._starts[which], self._starts[which + known]
        places = [
            _narrowed(kept, begin, end, key)[0]
            for begin, end, key in zip(begins.tolist(), ends.tolist(), come[:, 1:].tolist(), strict=True)
        ]
        at = np.array(places, np.int64)
        first, second = (spliced(column, _NONE, at, come[:, place]) for place, column in enumerate(kept, 1))
        return Pairs(first, second), order, at

    def _inverse_place(self, row: _Row) -> int:
        subject, predicate, value = row
        rows = self._columns.rows(predicate)
        return _narrowed(self._columns.inverse, rows.start, rows.stop, (value, subject))[0]

    def _sets(
        self, gone: Indices, order: Indices, places: Indices
    ) -> tuple[NDArray[np.unsignedinteger], list[list[int]]]:
        """Return the set of graphs of each triple, and all sets that there are."""
        sets = [frozenset(members) for members in self._columns.sets]
        wanted = [*self._change.regrouped.values(), *self._change.come.values()]
        sets += sorted(set(wanted).difference(sets), key=sorted)
        known = {members: place for place, members in enumerate(sets)}
        codes = self._columns.graph_sets.astype(np.min_scalar_type(len(sets)))
        for place, members in self._change.regrouped.items():
            codes[place] = known[members]
        come = np.array([known[members] for members in self._change.come.values()], codes.dtype)
        codes = spliced(spliced(codes, gone, _NONE, _NONE), _NONE, places, come[order])
        used = np.bincount(codes, minlength=len(sets)) > 0
        if not used.all():
            codes = (np.cumsum(used) - 1).astype(codes.dtype)[codes]
        return codes, [sorted(members) for members, is_used in zip(sets, used, strict=True) if is_used]

    def _triples(self) -> Numbers:
        """Return the triples by subject."""
        before = self._columns.triples
        gone = sorted(_narrowed(before, 0, before.shape[1], row)[0] for row in self._change.gone)
        kept = [self._kept(column, np.array(gone, np.int64)) for column in before]
        come = self._come[self._sorted((0, 1, 2))]
        places = np.array([_narrowed(kept, 0, len(kept[0]), key)[0] for key in come.tolist()], np.int64)
        merged = [spliced(column, _NONE, places, come[:, place]) for place, column in enumerate(kept)]
        return np.stack(merged)
