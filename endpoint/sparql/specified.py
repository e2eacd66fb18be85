"""Queries written anew where the engine does not answer as SPARQL 1.1 specifies, into others that it does.

- A path that may have no steps, between a term of the query and a variable: the engine finds the term itself
  only where the graph has it (section 18.4 has it always).
- ``GRAPH ?g`` around a pattern that needs no triple, or in which ``?g`` has a part of its own: the engine
  evaluates it with the variable bound, or once in place of once for each graph (section 18.6 joins the
  solutions of each graph with its name). ``?g`` in a FILTER or BIND beside triples stays bound, as in most
  servers.
- GROUP_CONCAT of a variable is a simple literal of what STR makes of each value (section 18.5.1.7), as in
  other servers; the engine joins strings only, keeps their language, and has no result for IRIs and numbers.

Everything else, and what cannot be written in another way, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from endpoint.sparql.algebra.skeletons import shape_of
from endpoint.sparql.lexer import Kind, Token
from endpoint.sparql.remembered import Remembered
from endpoint.sparql.syntax import tree
from endpoint.sparql.syntax.parser import Unsupported, parse

# What only texts that may have to be written anew contain: a path of any length, GRAPH with a variable, or
# GROUP_CONCAT. A pattern that begins with few characters skips all others, and a word is found sooner alone.
_REPEATED: Final = re.compile(r"[*?](?<=[\w>)].)")
_WORDS: Final = ("graph", "group_concat")
_WORD: Final = re.compile(r"\bgraph\s*[?$]|\bgroup_concat\b", re.IGNORECASE)
# Characters of a text, and graphs that a pattern is repeated for, at most.
MOST_TEXT: Final = 50_000
MOST_GRAPHS: Final = 100
# The shapes of texts that stay as they are whatever their constants, in characters of texts.
_PLAIN: Final[Remembered[Hashable, bool]] = Remembered(2**18)


class _Edit(NamedTuple):
    start: int
    end: int
    text: str


class Graphs(Protocol):
    """The dataset of a query, asked only where it matters."""

    def names(self) -> Sequence[str]:
        """Return the IRIs of the named graphs."""
        ...

    def has_ends(self) -> bool:
        """Return whether the default graph surely has the terms at which the paths of the query end."""
        ...


def as_specified(text: str, graphs: Graphs) -> str:
    """Return a query that the engine answers as ``text`` is specified; ``text`` where that is so already."""
    if len(text) > MOST_TEXT or not _is_concerned(text):
        return text
    shape = shape_of(text)
    if _PLAIN.get(shape):
        return text
    try:
        unit = parse(text)
        edits, paths = list(_concatenations(unit)), list(_paths(unit))
        if not edits and not paths and not _repeated(unit):
            _PLAIN.put(shape, True, len(text))
            return text
        if paths and (_has_graph(unit) or not graphs.has_ends()):
            edits += paths
        written = _applied(text, edits)
        unit = parse(written) if edits else unit
        while (edit := _graph(written, unit, graphs)) is not None:
            written = _applied(written, [edit])
            if len(written) > MOST_TEXT:
                return text
            unit = parse(written)
    except Unsupported:
        return text
    return written


def _is_concerned(text: str) -> bool:
    if _REPEATED.search(text) is not None:
        return True
    lowered = text.lower()
    return any(word in lowered for word in _WORDS) and _WORD.search(text) is not None


def _has_graph(unit: tree.QueryUnit) -> bool:
    return any(isinstance(node, tree.GraphGraphPattern) for node in tree.nodes(unit.query))


def _applied(text: str, edits: list[_Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = f"{text[: edit.start]}{edit.text}{text[edit.end :]}"
    return text


def _concatenations(unit: tree.QueryUnit) -> Iterator[_Edit]:
    """Yield the variables that GROUP_CONCAT joins, as strings."""
    for node in tree.nodes(unit.query):
        if isinstance(node, tree.Aggregate) and node.token.upper == "GROUP_CONCAT":
            joined = node.expression
            if isinstance(joined, Token) and joined.text[0] in "?$":
                yield _Edit(joined.start, joined.end, f"STR({joined.text})")


def _paths(unit: tree.QueryUnit) -> Iterator[_Edit]:
    """Yield the statements that have a path of no steps at a term of the query, with what finds it."""
    if any(token.kind is Kind.BLANK or token.text == "[" for token in unit.tokens):
        return  # a blank node has one scope, which what is written would part
    for node in tree.nodes(unit.query):
        if isinstance(node, tree.TriplesSameSubject) and any(map(_may_stay, node.triples)):
            written = [_written(triple) for triple in node.triples]
            if None not in written:
                end = max(each.end for each in tree.nodes(node) if isinstance(each, Token))
                yield _Edit(node.token.start, end, " ".join(filter(None, written)))


def _may_stay(triple: tree.Triple) -> bool:
    """Return whether a path may end where it begins, at a term of the query."""
    return _is_nullable(triple.verb) and (_is_constant(triple.subject) or _is_constant(triple.object))


def _is_nullable(path: tree.Path) -> bool:
    match path:
        case tree.PathAlternative(left, right):
            return _is_nullable(left) or _is_nullable(right)
        case tree.PathSequence(left, right):
            return _is_nullable(left) and _is_nullable(right)
        case tree.PathInverse(inner):
            return _is_nullable(inner)
        case tree.PathRepeated(inner, modifier):
            return modifier in ("*", "?") or _is_nullable(inner)
    return False


def _is_constant(term: tree.Term) -> bool:
    return isinstance(term, Token) and term.text[:1] not in ("?", "$", "_")


def _written(triple: tree.Triple) -> str | None:
    """Return a triple as a text of its own; None for a term that is none."""
    subject, verb, object_ = _term(triple.subject), _path(triple.verb), _term(triple.object)
    if subject is None or object_ is None:
        return None
    plain = f"{subject} {verb} {object_}"
    if not _may_stay(triple):
        return f"{plain} ."
    constant, other = (subject, object_) if _is_constant(triple.subject) else (object_, subject)
    absent = f"FILTER NOT EXISTS {{ {constant} {verb} {constant} }}"
    if other[:1] in ("?", "$"):
        absent = f"VALUES {other} {{ {constant} }} {absent}"
    elif other != constant:
        return f"{plain} ."
    return f"{{ {{ {plain} }} UNION {{ {absent} }} }}"


def _term(term: tree.Term) -> str | None:
    if isinstance(term, Token):
        return None if term.text.startswith(tree.UNLABELLED) else term.text
    if isinstance(term, tree.RDFLiteral):
        datatype = "" if term.datatype is None else f"^^{term.datatype.text}"
        return f"{term.string.text}{'' if term.language is None else term.language.text}{datatype}"
    return None


def _path(path: tree.Path) -> str:
    match path:
        case Token():
            return path.text
        case tree.PathAlternative(left, right):
            return f"({_path(left)}|{_path(right)})"
        case tree.PathSequence(left, right):
            return f"({_path(left)}/{_path(right)})"
        case tree.PathInverse(inner):
            return f"(^{_path(inner)})"
        case tree.PathRepeated(inner, modifier):
            return f"({_path(inner)}){modifier}"
    return f"!({'|'.join(_path(each)[:] for each in path.properties)})"


def _repeated(unit: tree.QueryUnit) -> list[tree.GraphGraphPattern]:
    """Return each GRAPH ?g that is to be written for each graph."""
    return [
        node
        for node in tree.nodes(unit.query)
        if isinstance(node, tree.GraphGraphPattern)
        and node.name.text[0] in "?$"
        and not _is_plain(node.group, node.name.text[1:])
    ]


def _graph(text: str, unit: tree.QueryUnit, graphs: Graphs) -> _Edit | None:
    """Return the first GRAPH ?g that is to be written for each graph, with what it becomes."""
    for node in sorted(_repeated(unit), key=lambda each: each.token.start):
        end = _closing(unit.tokens, node.group.token)
        group = text[node.group.token.start : end]
        names = graphs.names()
        if len(names) > MOST_GRAPHS or "_:" in group:
            return None
        each = [f"{{ GRAPH <{name}> {group} VALUES {node.name.text} {{ <{name}> }} }}" for name in names]
        return _Edit(node.token.start, end, f"{{ {' UNION '.join(each) or 'FILTER(false)'} }}")
    return None


def _closing(tokens: Sequence[Token], opening: Token) -> int:
    """Return the offset behind the brace that closes an opening one."""
    depth = 0
    for token in tokens:
        if token.start >= opening.start and token.text in ("{", "}"):
            depth += 1 if token.text == "{" else -1
            if depth == 0:
                return token.end
    raise Unsupported("a brace is not closed")


def _is_plain(group: tree.GroupGraphPattern, name: str) -> bool:
    """Return whether the engine evaluates GRAPH around a group right, with the variable of this name.

    It does where some triple is needed and each other element is one of those that leave the graphs apart.
    """
    elements = [each for each in group.elements if not isinstance(each, tree.Filter | tree.Bind)]
    return any(_needs_triples(each) for each in elements) and all(_is_apart(each, name) for each in elements)


def _needs_triples(element: tree.Element) -> bool:
    if isinstance(element, tree.TriplesSameSubject):
        return any(not _is_nullable(triple.verb) for triple in element.triples)
    return isinstance(element, tree.GroupGraphPattern | tree.UnionGraphPattern)


def _is_apart(element: tree.Element, name: str) -> bool:
    match element:
        case tree.TriplesSameSubject():
            return True
        case tree.InlineData():
            return not _names(element.variables, name)
        case tree.GroupGraphPattern():
            return _is_plain(element, name)
        case tree.UnionGraphPattern():
            return all(_is_plain(each, name) for each in element.groups)
        case tree.OptionalGraphPattern():
            optional = element.token.upper == "OPTIONAL"
            return optional and not _names(element, name) and _is_plain(element.group, name)
    return False


def _names(node: object, name: str) -> bool:
    """Return whether a part of a query names a variable."""
    return any(
        isinstance(each, Token) and each.text[:1] in ("?", "$") and each.text[1:] == name
        for each in tree.nodes(node)
    )
