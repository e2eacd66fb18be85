"""Triple patterns and property paths of a syntax tree as patterns of the algebra (section 18.2.2)."""

from __future__ import annotations

from typing import Final

from pyoxigraph import NamedNode, Variable

from endpoint.sparql import algebra
from endpoint.sparql.algebra import BGP, UNIT, Join, Path, PathPattern, Pattern, Term, TriplePattern
from endpoint.sparql.algebra.terms import IRI_KINDS, Terms
from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported

# Levels of nesting above which a query is left to the engine: what reads a pattern may use recursion.
DEEPEST: Final = 100
# Reading a member of an Enum takes longer than the rest of a comparison; this is read per term.
_VAR: Final = Kind.VAR


class Triples:
    """The triples of one query.

    ``scope`` takes the variables of what is read. While ``unlabelled`` is not zero no blank node may have a
    label: the engine may read an expression several times, and then refuses the label in the EXISTS of it.
    """

    def __init__(self, terms: Terms) -> None:
        self.unlabelled = 0
        self._terms = terms
        self._used: set[str] = set()
        self._current: set[str] = set()

    def new_scope(self) -> None:
        """Begin or end a group: a label of a blank node stands in one of them (section 4.1.4)."""
        self._used |= self._current
        self._current.clear()

    def end_template(self) -> None:
        """End a template, whose labels are those of other blank nodes."""
        self._current.clear()

    def pattern(self, triples: list[tree.Triple], scope: set[Variable]) -> Pattern:
        """Return the pattern of adjacent triples."""
        pattern: Pattern = UNIT
        block: list[TriplePattern] = []
        for subject, verb, end in triples:
            first, last = self.term(subject, scope), self.term(end, scope)
            if verb.__class__ is Token:
                block.append(self._triple(first, verb, last, scope))
                continue
            for part in self._parts(first, verb, last, scope, 0):
                if isinstance(part, TriplePattern):
                    block.append(part)
                    continue
                if block:
                    pattern = join(pattern, BGP(tuple(block)))
                    block = []
                pattern = join(pattern, part)
        return join(pattern, BGP(tuple(block))) if block else pattern

    def template(self, triples: list[tree.Triple]) -> tuple[TriplePattern, ...]:
        """Return the triples of a template."""
        pattern = self.pattern(triples, set())
        if not isinstance(pattern, BGP) or not all(isinstance(triple.verb, Token) for triple in triples):
            raise Unsupported("a path stands in a template")
        return pattern.triples

    def term(self, leaf: tree.Term, scope: set[Variable]) -> Term:
        """Return a term of a triple."""
        if not isinstance(leaf, Token):
            return self._terms.literal(leaf)
        kind = leaf.kind
        if kind is _VAR:
            variable = self._terms.variable(leaf)
            scope.add(variable)
            return variable
        if kind in IRI_KINDS:
            return self._terms.iri(leaf)
        if kind is Kind.BLANK:
            if leaf.text in self._used:
                raise Unsupported(f"the blank node {leaf.text} stands in two groups")
            if self.unlabelled and not leaf.text.startswith(tree.UNLABELLED):
                raise Unsupported(f"the blank node {leaf.text} stands in an argument")
            self._current.add(leaf.text)
            return self._terms.blank(leaf)
        return self._terms.literal(leaf)

    def _triple(self, subject: Term, verb: Token, end: Term, scope: set[Variable]) -> TriplePattern:
        if verb.kind is not _VAR:
            return TriplePattern(subject, self._terms.iri(verb), end)
        variable = self._terms.variable(verb)
        scope.add(variable)
        return TriplePattern(subject, variable, end)

    def _parts(
        self, subject: Term, verb: tree.Verb, end: Term, scope: set[Variable], depth: int
    ) -> list[TriplePattern | PathPattern]:
        """Translate a property path where patterns without one say the same (section 18.2.2.4)."""
        if isinstance(verb, Token):
            return [self._triple(subject, verb, end, scope)]
        if depth > DEEPEST:
            raise Unsupported("a path is long")
        if isinstance(verb, tree.PathInverse):
            return self._parts(end, verb.path, subject, scope, depth + 1)
        if isinstance(verb, tree.PathSequence):
            middle = self._terms.fresh_blank()
            left = self._parts(subject, verb.left, middle, scope, depth + 1)
            return left + self._parts(middle, verb.right, end, scope, depth + 1)
        path = self._path(verb, depth)
        if isinstance(path, algebra.Inverse):
            return [PathPattern(end, path.path, subject)]
        return [PathPattern(subject, path, end)]

    def _path(self, path: tree.Path, depth: int) -> Path:
        if depth > DEEPEST:
            raise Unsupported("a path is long")
        match path:
            case Token():
                return self._terms.iri(path)
            case tree.PathInverse(inner):
                return algebra.Inverse(self._path(inner, depth + 1))
            case tree.PathSequence(left, right):
                return algebra.Sequence(self._path(left, depth + 1), self._path(right, depth + 1))
            case tree.PathAlternative(left, right):
                return algebra.Alternative(self._path(left, depth + 1), self._path(right, depth + 1))
            case tree.PathRepeated(inner, modifier):
                return _repeated(self._path(inner, depth + 1), modifier)
        return self._negated(path.properties)

    def _negated(self, properties: tuple[Token | tree.PathInverse, ...]) -> Path:
        """Return a negated property set: one of properties, one of inverse ones, or either."""
        iris: tuple[list[NamedNode], list[NamedNode]] = ([], [])
        for row in properties:
            inverse = isinstance(row, tree.PathInverse)
            token = row.path if isinstance(row, tree.PathInverse) else row
            if isinstance(token, Token):
                iris[inverse].append(self._terms.iri(token))
        sets = [algebra.NegatedPropertySet(tuple(row)) for row in iris]
        if not iris[1] and iris[0]:
            return sets[0]
        if not iris[1]:
            raise Unsupported("a negated property set is empty")
        backward = algebra.Inverse(sets[1])
        return algebra.Alternative(sets[0], backward) if iris[0] else backward


def _repeated(path: Path, modifier: str) -> Path:
    if modifier == "?":
        return algebra.ZeroOrOne(path)
    return algebra.ZeroOrMore(path) if modifier == "*" else algebra.OneOrMore(path)


def join(left: Pattern, right: Pattern) -> Pattern:
    """Return the join of two patterns; two basic graph patterns are one."""
    if isinstance(left, BGP):
        if not left.triples:
            return right
        if isinstance(right, BGP):
            return BGP(left.triples + right.triples)
    return left if right == UNIT else Join(left, right)
