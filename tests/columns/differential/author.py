"""Whole queries, composed at random over the vocabulary and the terms of a catalogue."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Final

from tests.columns.differential.data import Data
from tests.columns.differential.expressions import Scope
from tests.columns.differential.patterns import Patterns
from tests.columns.differential.tree import Dataset, Node, Order, Query
from tests.columns.differential.writing import leaf, piece
from tests.columns.every_kind import NS

# Of one kind, in one order.
ORDERABLE: Final = (
    *("text", "integer", "number", "boolean", "date", "dateZ", "dateTime", "dateTimeZ", "year", "month"),
    *("work", "person", "category", "class", "property"),
)
_AGGREGATES: Final = ("COUNT", "COUNT", "COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT")


class Author(Patterns):
    """The author of one query."""

    def query(self) -> Query:
        """Compose a query."""
        scope: Scope = {}
        where = self.group(scope)
        dataset = self._dataset() if self.chance(0.1) else None
        form = self.rng.choices(("SELECT", "ASK", "CONSTRUCT", "DESCRIBE"), (82, 6, 8, 4))[0]
        self.shapes.add(form)
        values = self.values(dict(scope)) if self.chance(0.04) else None
        common = Query(form, where, dataset=dataset, values=values, prefixes=self.prefixes)
        match form:
            case "SELECT":
                made = self._select(common, scope)
            case "CONSTRUCT":
                made = self._sliced(replace(common, head=self._template(scope)), 0.1)
            case "DESCRIBE":
                made = replace(common, head=self._described(scope))
            case _:
                made = common
        return replace(made, shapes=frozenset(self.shapes))

    def _dataset(self) -> Dataset:
        graphs = self.data.graphs()
        self.shapes.add("FROM")
        default = tuple(self.rng.sample(graphs, min(len(graphs), self.one(0, 1, 1, 2))))
        named = tuple(self.rng.sample(graphs, min(len(graphs), 1))) if self.chance(0.3) or not default else ()
        return Dataset(default, named)

    def _select(self, query: Query, scope: Scope) -> Query:
        if scope and self.chance(0.25):
            return self._grouped(query, scope)
        texts = [name for name, kind in scope.items() if kind in ("text", "class", "work")]
        if texts and self.chance(0.05):
            return self._in_order(query, scope, self.pick(texts))
        names = list(scope)
        modifier = self.rng.choices(("", "DISTINCT", "REDUCED"), (70, 26, 4))[0]
        if modifier:
            self.shapes.add(modifier)
        head: tuple[Node, ...] | None = None
        if names and self.chance(0.85):
            shown = self.rng.sample(names, self.rng.randint(1, min(len(names), 4)))
            head = tuple(leaf(f"?{name}") for name in shown)
            if self.chance(0.2):
                self.shapes.add("SELECT expression")
                kind, expression = self.typed(scope)
                head += (piece("column", "(", expression, f" AS {self.new(scope, kind)})"),)
            if modifier:
                # Only what is shown can order what is distinct.
                names = shown
        order: tuple[Order, ...] = ()
        if names and self.chance(0.4):
            order = self._order({name: scope[name] for name in names}, head is not None)
        return self._sliced(replace(query, head=head, modifier=modifier, order=order), 0.5 if order else 0.1)

    def _order(self, scope: Scope, expressions: bool) -> tuple[Order, ...]:
        self.shapes.add("ORDER BY")
        found: list[Order] = []
        for _ in range(self.one(1, 1, 1, 2, 2, 3)):
            names = [name for name, kind in scope.items() if kind in ORDERABLE] or list(scope)
            key = leaf(f"?{self.pick(names)}")
            if expressions and self.chance(0.15):
                self.shapes.add("ORDER BY expression")
                key = self.one(self.number, self.text)(scope, 2)
            found.append(Order(key, self.chance(0.4)))
        return tuple(found)

    def _sliced(self, query: Query, probability: float) -> Query:
        limit = self.one(0, 1, 1, 2, 3, 5, 10, 20, 100) if self.chance(probability) else None
        offset = self.one(0, 1, 2, 5, 10, 50) if self.chance(probability / 2) else None
        self.shapes |= {"LIMIT"} if limit is not None else set()
        self.shapes |= {"OFFSET"} if offset is not None else set()
        return replace(query, limit=limit, offset=offset)

    def _grouped(self, query: Query, scope: Scope) -> Query:
        group, keys = self._keys(scope)
        head = [leaf(f"?{name}") for name in keys if self.chance(0.9)]
        numbers: Scope = {}
        functions = ("COUNT",) if self.chance(0.4) else _AGGREGATES
        for _ in range(self.one(1, 1, 1, 2, 3) if group else self.one(1, 2)):
            aggregate = self.aggregate(scope, *functions)
            if self.chance(0.1):
                aggregate = piece("aggregate", "(", aggregate, f" {self.one('*', '/', '+')} 2)")
            kind = "integer" if str(aggregate).startswith("COUNT") else "any"
            head.append(piece("column", "(", aggregate, f" AS {self.new(numbers, kind)})"))
        order: tuple[Order, ...] = ()
        orderable = {name: kind for name, kind in {**keys, **numbers}.items() if kind in ORDERABLE}
        if orderable and self.chance(0.5):
            order = self._order(orderable, False)
        if self.chance(0.05):
            self.shapes.add("ORDER BY aggregate")
            order = (*order, Order(self.aggregate(scope, "COUNT"), self.chance(0.5)))
        modifier = "DISTINCT" if self.chance(0.05) and not order else ""
        made = replace(query, head=tuple(head), modifier=modifier, group=group, order=order)
        if self.chance(0.2):
            made = replace(made, having=(self._having(scope, *functions),))
        return self._sliced(made, 0.4 if order else 0.08)

    def _in_order(self, query: Query, scope: Scope, name: str) -> Query:
        """Return groups of texts that are joined in the order of a sub-SELECT."""
        self.shapes |= {"GROUP_CONCAT", "texts in order"}
        keys = [other for other in scope if other != name] or [name]
        others = [f" ?{self.pick(keys)}"] if self.chance(0.4) else []
        by = "".join(self.rng.sample([f" {self.one('', 'DESC')}(?{name})", *others], 1 + len(others)))
        where = piece("group", "{ { SELECT * WHERE ", query.where, f" ORDER BY{by} }} }}")
        key = self.pick(keys)
        item = f"STR(?{name})" if self.chance(0.6) else f"?{name}"
        end = self.one("", ' ; SEPARATOR="; "', " ; SEPARATOR='\\n\"'", ' ; SEPARATOR=""')
        texts = leaf(f"(GROUP_CONCAT({self.one('', 'DISTINCT ')}{item}{end}) AS ?texts)")
        group = (piece("key", f"?{key}", optional=True),)
        return replace(query, where=where, head=(leaf(f"?{key}"), texts), group=group)

    def _keys(self, scope: Scope) -> tuple[tuple[Node, ...], Scope]:
        """Return the conditions of GROUP BY, and the variables that they are known by."""
        group: list[Node] = []
        keys: Scope = {}
        for name in self.rng.sample(list(scope), min(len(scope), self.one(0, 1, 1, 1, 1, 2, 2, 3))):
            kind, expression = self.typed(scope)
            # The engine takes no variable under another name here.
            if self.chance(0.15) and not str(expression).startswith("?"):
                variable = self.new(keys, kind)
                group.append(piece("key", "(", expression, f" AS {variable})", optional=True))
            else:
                keys[name] = scope[name]
                group.append(piece("key", f"?{name}", optional=True))
        self.shapes.add("GROUP BY" if group else "aggregates of all")
        return tuple(group), keys

    def _having(self, scope: Scope, *functions: str) -> Node:
        self.shapes.add("HAVING")
        tested = self.aggregate(scope, *functions)
        sign = self.one(">", ">=", "=", "<")
        return piece("having", "(", tested, f" {sign} ", leaf(self.one("1", "2", "3")), ")")

    def _template(self, scope: Scope) -> tuple[Node, ...]:
        triples: list[Node] = []
        for _ in range(self.one(1, 1, 2, 3)):
            subject = self.one(
                str(self.variable(scope)), str(self.variable(scope)), self.constant("work"), "_:new"
            )
            verb = self.one(self.iri(NS + "made"), "a", str(self.variable(scope)), self.iri(NS + "of"))
            item = self.one(
                str(self.variable(scope)), str(self.variable(scope)), self.constant("any"), "[]", "_:new"
            )
            triples.append(piece("triple", f"{subject} {verb} {item} .", optional=True))
        return tuple(triples)

    def _described(self, scope: Scope) -> tuple[Node, ...]:
        resources = [name for name, kind in scope.items() if kind in ("work", "person", "category", "class")]
        if not resources or self.chance(0.3):
            return (leaf(self.constant("work")), *(leaf(f"?{name}") for name in resources[:1]))
        return tuple(leaf(f"?{name}") for name in resources[: self.one(1, 1, 2)])


def compose(data: Data, seed: int) -> Query:
    """Return the query of this seed over the catalogue."""
    return Author(data, Random(data.seed * 1_000_003 + seed)).query()
