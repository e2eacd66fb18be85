"""Generated queries over generated catalogues: answered both ways, counted, made small where they differ."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from tests.columns.differential.answers import Answer, Engine, Evaluator, Failure, Graph, Rows, Truth
from tests.columns.differential.author import compose
from tests.columns.differential.comparing import Undetermined, determined, difference, solutions
from tests.columns.differential.data import Data, generate
from tests.columns.differential.shrinking import smallest_data, smallest_query
from tests.columns.differential.tree import Query

# Queries over one catalogue, which are many times as quick to make as it is.
QUERIES = 100
# Stores in other orders that tell whether the engine's answer depends on it.
_ORDERS = 6

Make = Callable[[Data], Evaluator]


@dataclass
class Difference:
    """A query that is answered in two ways over some data."""

    seed: tuple[int, int]
    query: Query
    data: Data
    said: str

    def shown(self, evaluator: Evaluator) -> str:
        """Write it as a case: the query, the statements as comments, and both answers."""
        quads = sorted(
            {f"{quad} ." if not str(quad).endswith(".") else str(quad) for quad in self.data.quads}
        )
        engine = Engine(self.data)
        lines = [f"# catalogue {self.seed[0]}, query {self.seed[1]}: {self.said}", self.query.text()]
        lines += [f"# data: {quad}" for quad in quads]
        lines += [f"# engine: {line}" for line in _lines(_of_engine(self.query, engine))]
        lines += [f"# other: {line}" for line in _lines(evaluator.answer(self.query))]
        return "\n".join(lines) + "\n"


def _of_engine(query: Query, engine: Engine) -> Answer:
    if query.form != "SELECT":
        return engine.answer(query.whole())
    found = solutions(query, engine)
    if isinstance(found, Failure):
        return found
    begin, end = found.bounds(query)
    return Rows(found.variables, [row for run in found.runs for row in run][begin:end])


def _lines(answer: Answer | None) -> Iterator[str]:
    match answer:
        case Rows(variables, rows):
            yield " ".join(f"?{name}" for name in variables)
            yield from (" | ".join(str(term or "-") for term in row) for row in rows[:20])
            if len(rows) > 20:
                yield f"... {len(rows)} rows"
        case Graph(triples):
            yield from (" ".join(triple) for triple in sorted(triples)[:20])
        case Truth(value):
            yield str(value).lower()
        case Failure(words):
            yield " ".join(words.split())[:300]
        case None:
            yield "none"


@dataclass
class Tally:
    """What became of queries, by the shapes that they have."""

    asked: Counter[str] = field(default_factory=Counter)
    answered: Counter[str] = field(default_factory=Counter)
    undetermined: int = 0
    failed: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def queries(self) -> int:
        """How many were asked."""
        return self.asked[""]

    def report(self) -> str:
        """Write a table of the shapes, the most common first."""
        rows = [f"{'shape':24}{'queries':>10}{'answered':>10}{'share':>8}"]
        for shape, number in self.asked.most_common():
            answered = self.answered[shape]
            rows.append(f"{shape or 'all':24}{number:10,}{answered:10,}{answered / number:8.0%}")
        rows.append(f"{self.undetermined:,} with more than one right answer, {self.failed:,} wrong for both")
        rows.append(f"{len(self.differences):,} differences")
        return "\n".join(rows)


class Catalogue:
    """One catalogue with both evaluators."""

    def __init__(self, data: Data, make: Make) -> None:
        self.data = data
        self.engine = Engine(data)
        self.evaluator = make(data)
        self._others: list[Engine] = []

    def said(self, query: Query) -> str | None:
        """Say how the answers differ; None where they do not.

        :raises Undetermined: that is not known.
        """
        answer = self.evaluator.answer(query)
        return None if answer is None else self._compared(query, answer)

    def _compared(self, query: Query, answer: Answer) -> str | None:
        said = difference(query, answer, self.engine)
        if said is None:
            return None
        if "SAMPLE" in query.shapes:
            # Tests of its own show that it is one of the group.
            raise Undetermined("SAMPLE is any of a group")
        if not self._others:
            self._others = [Engine(self.data, order) for order in range(_ORDERS)]
        if not determined(query, self._others, self.engine):
            raise Undetermined("the engine's answer depends on the order in which it was loaded")
        return said

    def differs(self, query: Query) -> bool:
        """Return whether the answers differ surely."""
        try:
            return self.said(query) is not None
        except Undetermined:
            return False

    def check(self, query: Query, seed: int, tally: Tally) -> None:
        """Answer a query both ways, and count it."""
        shapes = ("", *query.shapes)
        tally.asked.update(shapes)
        answer = self.evaluator.answer(query)
        if answer is None:
            return
        tally.answered.update(shapes)
        tally.failed += isinstance(answer, Failure)
        try:
            said = self._compared(query, answer)
        except Undetermined:
            tally.undetermined += 1
            return
        if said is not None:
            tally.differences.append(Difference((self.data.seed, seed), query, self.data, said))


def run(make: Make, seeds: Iterator[int] | range, until: float, tally: Tally, most: int = 1) -> None:
    """Ask queries over the catalogues of these seeds to the monotonic time ``until``, or ``most`` differ."""
    for seed in seeds:
        # Small ones find the same in less time; now and then a larger one.
        catalogue = Catalogue(generate(seed, 4 if seed % 5 else 16), make)
        for number in range(QUERIES):
            catalogue.check(compose(catalogue.data, number), number, tally)
            if time.monotonic() > until or len(tally.differences) >= most:
                return


def _differ(query: Query, make: Make, data: Data) -> bool:
    return Catalogue(data, make).differs(query)


def shrunk(found: Difference, make: Make) -> Difference:
    """Return the smallest query over the smallest data of it that still differs."""
    query, data = found.query, found.data
    for _ in range(2):
        query = smallest_query(query, Catalogue(data, make).differs)
        data = smallest_data(data, partial(_differ, query, make))
    said = Catalogue(data, make).said(query)
    return replace(found, query=query, data=data, said=said or found.said)
