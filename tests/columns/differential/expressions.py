"""Expressions of generated queries: mostly of fitting types, sometimes not."""

from __future__ import annotations

from typing import Final, TypeAlias

from tests.columns.differential.tree import Node
from tests.columns.differential.writing import Writer, leaf, piece

# The kinds of the variables in scope; see data.PROPERTIES.
Scope: TypeAlias = dict[str, str]

NUMERIC: Final = ("integer", "number", "doubtful")
ZONED: Final = ("date", "dateZ", "dateTime", "dateTimeZ", "year", "month")
RESOURCES: Final = ("work", "person", "category", "class")
_REGEXES: Final = (
    *(
        "^a",
        "a$",
        "^$",
        "[a-z]+",
        "외교",
        "^외",
        "[가-힣]",
        ".",
        "a.b",
        "a|b",
        "seoul",
        "\\\\.",
        "(o)\\\\w",
        "\\\\d+",
    ),
    *("ö", "^.{2}$", "\\\\p{L}", "\\\\bb", "x{3,}", "끝$", "["),
    *(
        "(se|외)o?",
        "a|외교|k",
        "(Seoul|한국)",
        "line",
        "n",
        "t",
        "k",
        "S",
        "ss|ſ",
        "o?ul",
        "말로.*글",
        "(외교|한국)사?",
    ),
    *(
        "quot",
        "\\\\\\\\n",
        "u000",
        "(a|b) ?c",
        "b(re)?ak",
        "(?i)SEOUL",
        "\\\\p{Lu}oul",
        "[sS]eo(u|i)l",
        "한|(국",
    ),
)
# What is searched for: letters of escapes, letters whose case is uncommon, scripts.
_WANTED: Final = (
    *(
        "a",
        "",
        "외",
        "교",
        "😀",
        "b",
        "o",
        " ",
        "외교",
        "se",
        "Se",
        "SE",
        "1",
        "A",
        "k",
        "K",
        "i",
        "i̇",
        "s",
        "ss",
        "SS",
    ),
    *(
        "n",
        "t",
        "\n",
        "\t",
        "\\",
        '"',
        "u0001",
        "\x01",
        "\\n",
        "ö",
        "Ö",
        "ös",
        "σ",
        "ς",
        "fi",
        "FI",
        "é",
        "글 같은",
        "ы",
    ),
)
_COMPARISONS: Final = ("=", "!=", "!=", "<", "<=", ">", ">=")


class Expressions(Writer):
    """Expressions over the variables of a scope."""

    def condition(self, scope: Scope, depth: int = 2) -> Node:
        """Return an expression for FILTER: mostly a boolean one."""
        if depth and self.chance(0.25):
            return self._logic(scope, depth)
        return self.weighted(
            (4, lambda: self._comparison(scope)),
            (2, lambda: self._membership(scope)),
            (1, lambda: self._bound(scope)),
            (3, lambda: self._string_test(scope)),
            (1.5, lambda: self._regex(scope)),
            (1.5, lambda: self._language(scope)),
            (1, lambda: self._datatype(scope)),
            (1, lambda: self._type_test(scope)),
            (1.5, lambda: self._two_numbers(scope, depth)),
            (0.4, lambda: self.value(scope, depth)),
        )

    def value(self, scope: Scope, depth: int = 2) -> Node:
        """Return an expression of any type."""
        return self.weighted(
            (3, lambda: self.number(scope, depth)),
            (3, lambda: self.text(scope, depth)),
            (1, lambda: self.variable(scope)),
            (1, lambda: self.condition(scope, max(depth - 1, 0))),
            (0.5, lambda: self._chosen(scope, depth)),
            (0.3, lambda: leaf(self.constant(self.one("text", "integer", "work", "number", "any")))),
        )

    def number(self, scope: Scope, depth: int = 2) -> Node:
        """Return an expression of a number."""
        if not depth:
            return self.variable(scope, *NUMERIC) if self.chance(0.6) else leaf(self.constant("integer"))
        self.shapes.add("arithmetic")
        inner = depth - 1
        return self.weighted(
            (3, lambda: self.number(scope, 0)),
            (2, lambda: self._arithmetic(scope, inner)),
            (
                1,
                lambda: self._call(
                    self.one("ABS", "ROUND", "CEIL", "FLOOR", "-", "+"), self.number(scope, inner)
                ),
            ),
            (1.5, lambda: self._call("STRLEN", self.text(scope, inner))),
            (0.5, lambda: self._call("STRLEN", self.variable(scope, "text"))),
            (1.5, lambda: self._call(self.one("YEAR", "YEAR", "MONTH", "DAY"), self.variable(scope, *ZONED))),
            (0.3, lambda: self._call(self.one("HOURS", "MINUTES", "SECONDS"), self.variable(scope, *ZONED))),
        )

    def text(self, scope: Scope, depth: int = 2) -> Node:
        """Return an expression of a string."""
        if not depth:
            return self.variable(scope, "text") if self.chance(0.8) else leaf(self.constant("text"))
        inner = depth - 1
        return self.weighted(
            (3, lambda: self._call("STR", self.variable(scope))),
            (2, lambda: self.text(scope, 0)),
            (2, lambda: self._call(self.one("LCASE", "UCASE"), self.text(scope, inner))),
            (1, lambda: self._call("LANG", self.variable(scope, "text"))),
            (1, lambda: self._call("CONCAT", self.text(scope, inner), self.text(scope, inner))),
            (1, lambda: self._call("SUBSTR", self.text(scope, inner), leaf(self.one("1", "2", "3")))),
            (
                0.5,
                lambda: self._call(
                    "SUBSTR", self.text(scope, inner), leaf("1"), leaf(self.one("0", "1", "3"))
                ),
            ),
            (0.7, lambda: self._call(self.one("STRBEFORE", "STRAFTER"), *self._two_texts(scope, inner))),
            (0.7, lambda: self._call("REPLACE", self.text(scope, inner), leaf('"a"'), leaf('"b"'))),
            (0.3, lambda: self._call("ENCODE_FOR_URI", self.text(scope, inner))),
            (0.3, lambda: self._call("IRI", self.text(scope, inner))),
        )

    def variable(self, scope: Scope, *kinds: str) -> Node:
        """Return a variable, mostly of one of the kinds; sometimes one that is never bound."""
        fitting = [name for name, kind in scope.items() if kind in kinds] if self.chance(0.95) else []
        names = fitting or list(scope)
        return leaf(f"?{self.pick(names)}" if names and self.chance(0.98) else "?unbound")

    def _call(self, function: str, *arguments: Node) -> Node:
        self.shapes.add(function)
        parts: list[str | Node] = [f"{function}("]
        for place, argument in enumerate(arguments):
            parts += [", ", argument] if place else [argument]
        return piece("expression", *parts, ")")

    def _binary(self, left: Node, sign: str, right: Node) -> Node:
        self.shapes.add("comparison" if sign in _COMPARISONS else sign)
        return piece("expression", "(", left, f" {sign} ", right, ")")

    def _logic(self, scope: Scope, depth: int) -> Node:
        left = self.condition(scope, depth - 1)
        if self.chance(0.3):
            return self._call("!", left)
        return self._binary(left, self.one("&&", "||"), self.condition(scope, depth - 1))

    def _arithmetic(self, scope: Scope, depth: int) -> Node:
        return self._binary(self.number(scope, depth), self.one(*"+-*/"), self.number(scope, depth))

    def _comparison(self, scope: Scope) -> Node:
        left = self.variable(scope)
        kind = scope.get(str(left)[1:], "any")
        alike = [name for name, of in scope.items() if of == kind and f"?{name}" != str(left)]
        right = f"?{self.pick(alike)}" if alike and self.chance(0.35) else self._alike(kind)
        pair = (left, leaf(right)) if self.chance(0.8) else (leaf(right), left)
        if self.chance(0.08):
            return self._call("sameTerm", *pair)
        if self.chance(0.08):
            pair = (self._call("STR", pair[0]), self._call("STR", pair[1]))
        return self._binary(pair[0], self.one(*_COMPARISONS), pair[1])

    def _alike(self, kind: str) -> str:
        """Write a constant to compare a variable of the kind with: sometimes one of another type."""
        near = {
            "integer": "number",
            "number": "integer",
            "date": "dateTime",
            "dateZ": "date",
            "work": "person",
        }
        kind = near.get(kind, "any") if self.chance(0.12) else kind
        return self.constant(kind)

    def _two_numbers(self, scope: Scope, depth: int) -> Node:
        return self._binary(self.number(scope, depth), self.one(*_COMPARISONS), self.number(scope, 0))

    def _membership(self, scope: Scope) -> Node:
        left = self.variable(scope)
        kind = scope.get(str(left)[1:], "any")
        self.shapes.add("IN")
        parts: list[str | Node] = [left, f" {self.one('IN', 'NOT IN')} ("]
        for place in range(self.rng.randint(0, 4)):
            item = leaf(self._alike(kind) if self.chance(0.9) else str(self.variable(scope)))
            parts.append(piece("item", ", " if place else "", item, optional=True))
        return piece("expression", "(", *parts, "))")

    def _bound(self, scope: Scope) -> Node:
        call = self._call("BOUND", self.variable(scope))
        return self._call("!", call) if self.chance(0.4) else call

    def _string_test(self, scope: Scope) -> Node:
        first, second = self._two_texts(scope, 1)
        return self._call(self.one("CONTAINS", "STRSTARTS", "STRENDS"), first, second)

    def _two_texts(self, scope: Scope, depth: int) -> tuple[Node, Node]:
        wanted = leaf(self.string(self.pick(_WANTED)))
        if self.chance(0.5):
            return self._searched(scope), wanted
        if self.chance(0.4):
            return self.text(scope, depth), wanted
        return self._call("STR", self.text(scope, depth)), wanted

    def _searched(self, scope: Scope) -> Node:
        """Return a variable, its text, or either in one case."""
        found = self.variable(scope, "text")
        if self.chance(0.4):
            found = self._call("STR", found if self.chance(0.6) else self.variable(scope))
        return self._call(self.one("LCASE", "LCASE", "UCASE"), found) if self.chance(0.6) else found

    def _regex(self, scope: Scope) -> Node:
        flags = [leaf(self.one('"i"', '"i"', '"s"', '"m"', '"x"', '"q"', '""'))] if self.chance(0.5) else []
        pattern = leaf(f'"{self.pick(_REGEXES)}"')
        text = self._searched(scope) if self.chance(0.5) else self.text(scope, 1)
        return self._call("REGEX", text, pattern, *flags)

    def _language(self, scope: Scope) -> Node:
        language = self._call("LANG", self.variable(scope, "text"))
        if self.chance(0.5):
            wanted = self.one('"*"', '"ko"', '"en"', '"EN"', '"en-gb"', '""')
            return self._call("LANGMATCHES", language, leaf(wanted))
        return self._binary(
            language, self.one("=", "!="), leaf(self.one('"ko"', '"en"', '""', '"en-gb"', '"KO"'))
        )

    def _datatype(self, scope: Scope) -> Node:
        names = ("string", "integer", "decimal", "double", "date", "dateTime", "boolean", "gYear")
        datatype = self.iri(f"http://www.w3.org/2001/XMLSchema#{self.pick(names)}")
        if self.chance(0.1):
            datatype = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>"
        return self._binary(self._call("DATATYPE", self.variable(scope)), self.one("=", "!="), leaf(datatype))

    def _type_test(self, scope: Scope) -> Node:
        function = self.one("isIRI", "isURI", "isBLANK", "isLITERAL", "isNUMERIC")
        return self._call(function, self.variable(scope))

    def _chosen(self, scope: Scope, depth: int) -> Node:
        first, second = self.variable(scope), self.value(scope, max(depth - 1, 0))
        if self.chance(0.5):
            return self._call("COALESCE", first, second)
        return self._call("IF", self.condition(scope, 0), first, second)
