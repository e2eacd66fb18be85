"""The query language of searches. No text is an error: anything that is not valid syntax is read as words.

Words are joined by AND; ``OR`` (or ``|``) between two, ``-word`` or ``NOT word``, ``"a phrase"``,
``prefix*``, ``field:word`` and parentheses have the usual meaning of library catalogues.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

#: Characters and words of a query that are read, which bounds the work.
MAX_CHARACTERS = 2_000
MAX_WORDS = 30
_MAX_DEPTH = 20

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_QUOTES = dict.fromkeys(map(ord, "“”„‟«»「」『』〝〞"), '"')
_WORD = re.compile(r"\w+")
_SYMBOL = re.compile(
    r"""(?<!\s)\s*+(?:(?P<mark>[()|])
        |(?P<minus>[-−](?=[^\s)|-]))?(?:(?P<field>[^\W\d_]\w*):(?=[^\s:)/]))?
         (?:"(?P<phrase>[^"]*)(?:"|$)|(?P<group>\()|(?P<word>[^\s"()|]+)))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """Words as they were written, to be matched in ``field`` (anywhere where that is empty)."""

    text: str
    field: str = ""
    phrase: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every one of ``nodes`` and none of ``excluded``."""

    nodes: tuple[Node, ...]
    excluded: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of ``nodes``."""

    nodes: tuple[Node, ...]


Node = Term | All | Any


def parse(text: str, fields: Mapping[str, str] | None = None) -> Node:
    """Parse a query. ``fields`` maps the names and labels before a colon, in lower case, to names of fields.

    An empty query is ``All(())``; one of signs and operators only is a term without a word.
    """
    written = text[:MAX_CHARACTERS].translate(_FULL_WIDTH).translate(_QUOTES)
    query = _Parser(_symbols(written), fields or {}).group("", 0)
    return Term(written) if query == All(()) and written.strip() else query


def terms(node: Node) -> Iterator[Term]:
    """Yield the terms that may be in a match, in the order in which they were written."""
    if isinstance(node, Term):
        yield node
    else:
        for part in node.nodes:
            yield from terms(part)


@dataclass(frozen=True, slots=True)
class _Symbol:
    kind: str
    text: str = ""
    field: str = ""
    excluded: bool = False


def _symbols(text: str) -> Iterator[_Symbol]:
    words = 0
    for match in _SYMBOL.finditer(text):
        field, excluded = (match["field"] or "").casefold(), match["minus"] is not None
        if match["mark"]:
            yield _Symbol("or" if match["mark"] == "|" else match["mark"])
            continue
        if match["group"]:
            yield _Symbol("(", field=field, excluded=excluded)
            continue
        if not field and not excluded and match["word"] in ("OR", "AND", "NOT"):
            yield _Symbol(match["word"].lower())
            continue
        if words >= MAX_WORDS:
            return
        kind = "word" if match["word"] is not None else "phrase"
        text = match["word"] or match["phrase"] or ""
        words += max(1, len(_WORD.findall(text)))
        yield _Symbol(kind, text, field, excluded)


class _Parser:
    """A recursive-descent parser; every method takes the symbols that fit and leaves the rest."""

    def __init__(self, symbols: Iterator[_Symbol], fields: Mapping[str, str]) -> None:
        self._symbols = symbols
        self._fields = fields

    def group(self, field: str, depth: int) -> Node:
        """Parse up to the closing parenthesis or the end."""
        # Of one conjunction at a time: its parts, those that it excludes, and the last disjunction in it.
        nodes: list[list[Node]] = []
        excluded: list[Node] = []
        alternative = negative = False
        for symbol in self._symbols:
            if symbol.kind == ")":
                if depth:
                    break
                continue
            if symbol.kind in ("or", "and", "not"):
                alternative = symbol.kind == "or" or (alternative and symbol.kind == "not")
                negative = symbol.kind == "not"
                continue
            node = self._operand(symbol, field, depth)
            if symbol.excluded or negative:
                excluded.append(node)
            elif isinstance(node, All) and not node.nodes and not alternative:
                # (-word) in parentheses excludes as -word does.
                excluded.extend(node.excluded)
            elif alternative and nodes:
                nodes[-1].append(node)
            else:
                nodes.append([node])
            alternative = negative = False
        return _all([_any(alternatives) for alternatives in nodes], excluded)

    def _operand(self, symbol: _Symbol, field: str, depth: int) -> Node:
        known = symbol.field in self._fields
        inner = self._fields[symbol.field] if known else field
        if symbol.kind == "(":
            group = self.group(inner, depth + 1) if depth < _MAX_DEPTH else All(())
            return group if known or not symbol.field else _all([Term(symbol.field, field), group], [])
        if symbol.kind == "phrase":
            phrase = Term(symbol.text, inner, phrase=True)
            return phrase if known or not symbol.field else _all([Term(symbol.field, field), phrase], [])
        text = symbol.text if known or not symbol.field else f"{symbol.field}:{symbol.text}"
        return Term(text.rstrip("*"), inner, prefix=text.endswith("*"))


def _all(nodes: list[Node], excluded: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 and not excluded else All(tuple(nodes), tuple(excluded))


def _any(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Any(tuple(nodes))
