"""Query texts composed at random of what SPARQL 1.1 has, and a small dataset that they find something in.

A text follows the grammar. Whether its variables are in scope, and its labels in one group, is left to
chance.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from pyoxigraph import RdfFormat, Store

BASE = "http://example.org/base/"
DATA = """
@prefix ex: <http://example.org/> .
ex:a ex:p 1 , 2 , "1" , "x"@en , ex:b ; ex:q ex:b , ex:c ; a ex:C .
ex:b ex:p 2 , 2.0 , "y"@en , "z" ; ex:q ex:c ; ex:r ex:a ; a ex:C , ex:D .
ex:c ex:p 1.5e0 , true ; ex:q ex:a , _:n ; ex:r ( 1 ) .
_:n ex:p 3 , "x" ; ex:r ex:c .
ex:g { ex:a ex:p 1 , 7 ; ex:q ex:c . ex:b ex:r ex:b . }
ex:h { ex:c ex:p "x" ; ex:q ex:a . }
"""
PROLOGUES = (
    "PREFIX ex: <http://example.org/> ",
    "BASE <http://example.org/> prefix ex: <> ",
    "PREFIX ex: <../> # the folder above\n",
    "PREFIX x: <http://none.example/> Base <http://example.org/x/y> PREFIX ex: </> ",
)
VARIABLES = ("?a", "?b", "?c", "$d")
LITERALS = (
    "1",
    "2.0",
    "1.5e0",
    "'x'",
    '"""y"""@EN',
    "'1'^^<http://www.w3.org/2001/XMLSchema#integer>",
    "true",
)
NUMBERS = ("1", "2", "0.5", "3e0")
COMPARISONS = ("=", "!=", "<", ">", "<=", ">=")


def store() -> Store:
    """Return a store of the dataset."""
    filled = Store()
    filled.load(DATA, RdfFormat.TRIG)
    return filled


class Author:
    """The author of one text, whose choices come from ``random``."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._labels = 0

    def query(self) -> str:
        """Write a query."""
        head = self._one(*PROLOGUES)
        form = self._random.random()
        dataset = self._maybe(0.1, lambda: self._one("FROM ex:g ", "FROM ex:g FROM NAMED ex:h "))
        if form < 0.8:
            return f"{head}{self._select(2, dataset)}"
        where = f"{dataset}WHERE {{ {self._group(2)} }}{self._slice()}"
        if form < 0.87:
            return f"{head}ASK {where}"
        if form < 0.96:
            return f"{head}CONSTRUCT {{ {self._template()} }} {where}"
        if form < 0.98:
            return f"{head}DESCRIBE {self._one('*', '?a ex:b', '$d')} {where}"
        return f"{head}CONSTRUCT WHERE {{ {self._template()} }}"

    def _one(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _maybe(self, probability: float, write: Callable[[], str]) -> str:
        return write() if self._random.random() < probability else ""

    def _several(self, most: int, write: Callable[[], str], between: str = " ") -> str:
        return between.join(write() for _ in range(self._random.randint(1, most)))

    def _variable(self) -> str:
        return self._one(*VARIABLES)

    # Queries.

    def _select(self, depth: int, dataset: str = "") -> str:
        grouped = self._random.random() < 0.25
        head = "SELECT " + self._one("", "", "DISTINCT ", "reduced ")
        body = f"{dataset}WHERE {{ {self._group(depth)} }}"
        if grouped:
            keys = self._several(2, self._key)
            head += self._several(2, lambda: f"({self._aggregate()} AS ?n{self._label()})")
            head += self._maybe(0.5, lambda: " ?a") + " "
            body += self._maybe(0.8, lambda: f" GROUP BY {keys}")
            body += self._maybe(0.3, lambda: f" HAVING ({self._aggregate()} > {self._one(*NUMBERS)})")
            body += self._maybe(0.2, lambda: f" ORDER BY {self._aggregate()}")
        else:
            head += "* " if self._random.random() < 0.4 else self._several(3, self._column) + " "
            body += self._maybe(0.3, lambda: f" ORDER BY {self._several(2, self._order)}")
        data = self._maybe(0.1, lambda: f" {self._values()}")
        return f"{head}{body}{self._slice() if dataset or depth == 2 else ''}{data}"

    def _slice(self) -> str:
        limit, offset = (f" {word} {self._random.randint(0, 5)}" for word in ("LIMIT", "OFFSET"))
        return self._maybe(0.2, lambda: self._one(limit, offset, limit + offset, offset + limit))

    def _column(self) -> str:
        if self._random.random() < 0.7:
            return self._variable()
        return f"({self._expression(2)} AS {self._one(self._variable(), '?e', '?f')})"

    def _key(self) -> str:
        named = f"({self._expression(1)} AS ?k{self._label()})"
        return self._one(self._variable(), self._variable(), f"STR({self._variable()})", named)

    def _order(self) -> str:
        return self._one(self._variable(), f"DESC({self._variable()})", f"asc({self._expression(1)})")

    def _aggregate(self) -> str:
        distinct = self._one("", "DISTINCT ")
        inner = self._one(self._variable(), self._expression(1))
        return self._one(f"COUNT({distinct}*)", f"{self._one('COUNT', 'SUM', 'AVG')}({distinct}{inner})")

    # Groups.

    def _group(self, depth: int) -> str:
        if depth and self._random.random() < 0.08:
            return self._select(depth - 1)
        parts = [self._several(2, self._triples, " . ")]
        for _ in range(self._random.randint(0, 2)):
            parts.insert(self._random.randint(0, len(parts)), self._part(depth))
        return "".join(f"{part}{self._one(' ', ' . ', '. # end' + chr(10))}" for part in parts)

    def _part(self, depth: int) -> str:
        filtered = f"FILTER({self._expression(2)})"
        bound = f"BIND({self._expression(2)} AS {self._one(self._variable(), '?x', '?y', '?z')})"
        if not depth:
            return self._one(filtered, bound, self._values())
        inner = [f"{{ {self._group(depth - 1)} }}" for _ in range(2)]
        exists = f"{self._one('', 'NOT ')}EXISTS {inner[0]}"
        return self._one(
            *(filtered, filtered, bound, self._values(), inner[0], f"FILTER {exists}"),
            *(f"FILTER({exists} {self._one('&&', '||')} {self._expression(1)})", f"MINUS {inner[0]}"),
            *(f"OPTIONAL {inner[0]}", f"optional {inner[0]}", " UNION ".join(inner), f"{{ {inner[0]} }}"),
            f"GRAPH {self._one('?g', 'ex:g', '<http://example.org/h>')} {inner[0]}",
        )

    def _values(self) -> str:
        def datum() -> str:
            return self._one(*LITERALS, "UNDEF", "ex:a", "-1", "+2.0")

        if self._random.random() < 0.5:
            return f"VALUES {self._variable()} {{ {self._several(3, datum)} }}"
        width = self._random.randint(0, 2)
        names = " ".join(self._variable() for _ in range(width))
        row = f"({' '.join(datum() for _ in range(width))})"
        return f"VALUES ({names}) {{ {row} {self._maybe(0.1, lambda: '(UNDEF)')} }}"

    def _label(self) -> int:
        self._labels += 1
        return self._labels

    def _triples(self) -> str:
        tail = self._maybe(0.3, lambda: f" ; {self._verb()} {self._object()}")
        tail += self._maybe(0.2, lambda: f" , {self._object()}") + self._maybe(0.1, lambda: " ;")
        subject = self._one(*VARIABLES, "ex:a", "<http://example.org/b>", "_:l", f"_:l{self._label()}", "[]")
        if self._random.random() < 0.1:
            return f"[ {self._verb()} {self._object()} ]{self._one('', f' {self._verb()} {self._object()}')}"
        return f"{subject} {self._verb()} {self._object()}{tail}"

    def _object(self) -> str:
        simple = self._one(*VARIABLES, *VARIABLES, *LITERALS, "ex:b", f"_:l{self._label()}", "[ ]")
        if self._random.random() < 0.9:
            return simple
        return self._one(f"[ {self._verb()} {simple} ; a ?t ]", f"( 1 {simple} )")

    def _verb(self) -> str:
        simple = self._one("ex:p", "ex:q", "ex:r", "a", "ex:%70", "ex:\\p")
        plain = self._one(simple.replace("%70", "q").replace("\\p", "p"), self._variable())
        return self._path(self._random.choice((1, 1, 2))) if self._random.random() < 0.15 else plain

    def _path(self, depth: int) -> str:
        if not depth:
            return self._one("ex:p", "ex:q", "ex:r", "a", "!ex:q", "!(ex:p|^ex:q)", "!^a", "!(a|ex:r)")
        left, right = self._path(depth - 1), self._path(depth - 1)
        repeated = self._one(*(f"({left}){sign}" for sign in "*+?"))
        return self._one(f"{left}/{right}", f"({left}|{right})", f"^({left})", repeated, left)

    def _template(self) -> str:
        subject, verb = self._one("?a", "?b", "_:t", "ex:z"), self._one("ex:p", "a", "?c", "ex:q")
        more = self._maybe(0.3, lambda: f" ; ex:r {self._one('?d', '[ ex:p ?a ]', '(?b 1)', '_:t')}")
        return f"{subject} {verb} {self._one('?b', '?d', '1', '_:t')}{more} {self._one('', '.')}"

    # Expressions.

    def _expression(self, depth: int) -> str:
        if not depth or self._random.random() < 0.2:
            return self._one(*VARIABLES, *VARIABLES, *LITERALS, "ex:a", "<urn:x#(>")
        left, right, number = (self._expression(depth - 1), self._expression(depth - 1), self._one(*NUMBERS))
        return self._one(
            *(f"{left}{self._one(*COMPARISONS)}{self._variable()}", f"({left} || {right})"),
            *(
                f"({left} && {right})",
                f"!({left})",
                f"({left} + {number} - {number})",
                f"(- {number} * 2 / 4)",
            ),
            *(
                f"{self._variable()} {self._one('IN', 'NOT IN')} ({left}, {right})",
                f"bound({self._variable()})",
            ),
            *(
                f"STR({left})",
                f"IF({left}, {right}, {number})",
                f"COALESCE({left}, {right})",
                f"lang({left})",
            ),
            *(f"CONTAINS(STR({left}), 'x')", f"Regex(STR({left}), '^[xy]$', \"i\")", f"isURI({left})"),
            *("EXISTS { ?a ex:q [] }", f"COALESCE(NOT EXISTS {{ ?a ex:q ?b }}, {right})"),
            *(f"DATATYPE({left})", f"CONCAT('a', STR({right}))", f"sameTerm({left}, {right})"),
            *(f"<http://www.w3.org/2001/XMLSchema#string>({left})", f"STRLEN({left}) * {number} - 1"),
        )
