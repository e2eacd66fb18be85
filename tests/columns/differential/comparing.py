"""Whether an answer is one that the engine may give: as a sequence where ORDER BY decides, as a bag else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from endpoint.columns.terms import TermClass, Unreadable, read_term
from tests.columns.differential.answers import Answer, Engine, Failure, Graph, Row, Rows
from tests.columns.differential.tree import Query


class Undetermined(Exception):
    """More than one answer is right, or what is right is not known here."""


@dataclass(frozen=True)
class Solutions:
    """All solutions of SELECT, without LIMIT and OFFSET: ``runs`` of those that tie, in their order.

    ``decided`` is whether the keys have one order in each column, as far as they are compared.
    """

    variables: tuple[str, ...]
    runs: list[list[Row]]
    decided: bool

    def bounds(self, query: Query) -> tuple[int, int]:
        """Return where the shown solutions begin and end."""
        total = sum(map(len, self.runs))
        begin = min(query.offset or 0, total)
        return begin, total if query.limit is None else min(total, begin + query.limit)


def solutions(query: Query, engine: Engine) -> Solutions | Failure:
    """Return the solutions of SELECT by the engine, sorted here.

    The engine does not sort, since a column of several kinds can end the process. The order within a class
    is compared with the engine in ``tests/columns/test_columns.py``.

    :raises Undetermined: the keys cannot be asked for, or do not follow from what is shown and distinct.
    """
    keyed = query.keyed()
    if keyed is None:
        raise Undetermined("keys beside an asterisk")
    answer = engine.answer(keyed)
    if isinstance(answer, Failure):
        if isinstance(engine.answer(query.whole()), Failure):
            return answer
        raise Undetermined("the keys cannot be columns")
    assert isinstance(answer, Rows)
    width = len(answer.variables) if query.head is None else len(query.head)
    place_of = {name: place for place, name in enumerate(answer.variables)}
    names = (
        f"key{place}" if f"key{place}" in place_of else each.variable
        for place, each in enumerate(query.order)
    )
    places = [place_of.get(name) if name else None for name in names]
    keys = [tuple(None if at is None else row[at] for at in places) for row in answer.rows]
    rows = [row[:width] for row in answer.rows]
    variables = answer.variables[:width]
    if query.modifier == "DISTINCT" and len(set(rows)) < len(rows):
        raise Undetermined("ordered by what is not shown, and distinct")
    runs, decided = _runs(rows, keys, [each.descending for each in query.order])
    return Solutions(variables, runs, decided)


def _runs(rows: list[Row], keys: list[Row], descending: Sequence[bool]) -> tuple[list[list[Row]], bool]:
    columns = [_ranks([key[place] for key in keys]) for place in range(len(descending))]
    # What follows a key that decides nothing decides nothing either.
    known = columns.index(None) if None in columns else len(columns)
    places = list(range(len(rows)))
    for ranks, reverse in reversed(list(zip(columns[:known], descending, strict=False))):
        assert ranks is not None
        places.sort(key=ranks.__getitem__, reverse=reverse)
    used = [ranks for ranks in columns[:known] if ranks is not None]
    runs = groupby(places, lambda place: [ranks[place] for ranks in used])
    return [[rows[place] for place in run] for _, run in runs], known == len(columns)


def _ranks(values: Sequence[str | None]) -> list[tuple[int, object]] | None:
    """Return what ORDER BY compares each value by; None where that is no order."""
    known = {value: _rank(value) for value in set(values)}
    classes = {of for of, _, _ in known.values() if of is not None and of >= TermClass.TEXT}
    if len(classes) > 1:
        return None
    if classes & {TermClass.OTHER, TermClass.TRIPLE} and len(known) > 1:
        return None
    return [known[value][1:] for value in values]


def _rank(value: str | None) -> tuple[TermClass | None, int, object]:
    if value is None:
        return None, 0, None
    try:
        term = read_term(value.encode())
    except Unreadable:
        return TermClass.OTHER, 3, value
    if term.valued:
        return term.of, 3, term.value
    return term.of, min(term.of + 1, 3), term.rank()


def difference(query: Query, answer: Answer, engine: Engine) -> str | None:
    """Say how an answer differs from what the engine answers; None where it does not.

    :raises Undetermined: that is not known.
    """
    if query.form == "SELECT":
        found = solutions(query, engine)
        if isinstance(found, Solutions):
            return _of_rows(query, answer, found)
        expected: Answer = found
    else:
        expected = engine.answer(query.whole())
    if isinstance(expected, Failure) or isinstance(answer, Failure):
        same = type(expected) is type(answer)
        return None if same else f"{_shown(answer)} instead of {_shown(expected)}"
    if isinstance(expected, Graph) and isinstance(answer, Graph):
        given, wanted = answer.coloured(engine.labels), expected.coloured(engine.labels)
        if query.sliced():
            return _unlike("triples", given - wanted, Counter())
        return _unlike("triples", given - wanted, wanted - given)
    return None if answer == expected else f"{_shown(answer)} instead of {_shown(expected)}"


def _of_rows(query: Query, answer: Answer, found: Solutions) -> str | None:
    if not isinstance(answer, Rows):
        return f"{_shown(answer)} instead of rows"
    if answer.variables != found.variables:
        return f"the variables {answer.variables} instead of {found.variables}"
    if query.modifier == "REDUCED":
        return _reduced(query, answer, found)
    begin, end = found.bounds(query)
    if len(answer.rows) != end - begin:
        given, wanted = Counter(answer.rows), Counter(row for run in found.runs for row in run)
        lost = Counter() if query.sliced() else wanted - given
        which = _unlike("", given - wanted, lost) or ""
        return f"{len(answer.rows)} rows instead of {end - begin} {which}"
    at = 0
    for run in found.runs:
        # Of the rows that tie, any are right.
        given = Counter(answer.rows[max(0, at - begin) : max(0, at + len(run) - begin)])
        at += len(run)
        wrong = given - Counter(run)
        if wrong:
            return _unlike(f"rows at {at - len(run)} to {at}", wrong, Counter(run) - given)
    return None


def _reduced(query: Query, answer: Rows, found: Solutions) -> str | None:
    """REDUCED leaves open how often equal rows are shown."""
    every = Counter(row for run in found.runs for row in run)
    given = Counter(answer.rows)
    missing = Counter() if query.sliced() else Counter(every.keys() - given.keys())
    if query.limit is not None and len(answer.rows) > query.limit:
        return f"{len(answer.rows)} rows, more than LIMIT"
    return _unlike("rows", Counter(given.keys() - every.keys()), missing)


def _unlike(what: str, more: Counter[Row] | Counter[tuple[str, str, str]], less: Iterable[Row]) -> str | None:
    extra, lacking = list(more), list(less)
    if not extra and not lacking:
        return None
    return f"{what}: there are {_some(extra)}, and there are not {_some(lacking)}"


def _some(rows: Sequence[Row]) -> str:
    shown = "; ".join(" ".join(str(term)[:150] for term in row) for row in rows[:3])
    return f"{len(rows)} ({shown})" if rows else "none"


def _shown(answer: Answer) -> str:
    if isinstance(answer, Rows):
        return f"{len(answer.rows)} rows"
    if isinstance(answer, Graph):
        return f"{len(answer.triples)} triples"
    return str(answer)


def determined(query: Query, engines: Iterable[Engine], engine: Engine) -> bool:
    """Return whether the engine answers the same over stores that were loaded in other orders."""
    whole = query.keyed() if query.form == "SELECT" else query.whole()
    if whole is None:
        return False
    whole = replace(whole, modifier="" if whole.modifier == "REDUCED" else whole.modifier)
    return all(difference(whole, other.answer(whole), engine) is None for other in engines)
