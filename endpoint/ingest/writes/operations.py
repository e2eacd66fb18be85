"""The operations of a SPARQL Update request, split by their tokens (SPARQL 1.1 Update section 3).

What is split here is also what is evaluated: each pattern is a query, and each template is data, both read by
the engine's own parser. So a text that it would read in another way than these tokens cannot pass a check
that was made of another reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from endpoint.sparql.diagnosis import explain, malformed
from endpoint.sparql.lexer import Kind, Token, lex
from endpoint.sparql.syntax.grammar import recognize

_DECLARATIONS: Final = {"BASE": 2, "VERSION": 2, "PREFIX": 3}


class Verb(Enum):
    """The operations on whole graphs (sections 3.1.4 and 3.2)."""

    LOAD = "LOAD"
    CLEAR = "CLEAR"
    DROP = "DROP"
    CREATE = "CREATE"
    ADD = "ADD"
    MOVE = "MOVE"
    COPY = "COPY"


class Scope(Enum):
    """A graph or several, other than by an IRI."""

    DEFAULT = "DEFAULT"
    NAMED = "NAMED"
    ALL = "ALL"


# An IRI as it is written, or a word for it.
Target = str | Scope


@dataclass(frozen=True, slots=True)
class Data:
    """INSERT DATA, or with ``delete`` DELETE DATA (sections 3.1.1 and 3.1.2); ``quads`` is a block."""

    prologue: str
    quads: str
    delete: bool


@dataclass(frozen=True, slots=True)
class Modify:
    """DELETE and INSERT by a pattern (section 3.1.3); blocks have their braces.

    ``graph`` is that of WITH. ``using`` has the IRIs of USING, and ``using_named`` those of USING NAMED.
    """

    prologue: str
    graph: str | None
    deleted: Sequence[Token]
    inserted: Sequence[Token]
    using: tuple[str, ...]
    using_named: tuple[str, ...]
    pattern: str


@dataclass(frozen=True, slots=True)
class Manage:
    """An operation on whole graphs: LOAD ``source``, or ADD, MOVE and COPY of it, into ``target``."""

    prologue: str
    verb: Verb
    silent: bool
    target: Target
    source: Target | None = None


Operation = Data | Modify | Manage


def split(text: str) -> list[Operation]:
    """Split a request. Raises :class:`~endpoint.errors.MalformedQuery` with the place of a mistake."""
    tokens = lex(text).tokens
    if not _declares_only(tokens) and recognize(text) is not None:
        raise explain(text, "")
    operations: list[Operation] = []
    prologue: list[str] = []
    labels: dict[str, int] = {}
    position = 0
    while position < len(tokens):
        first = tokens[position]
        if first.text == ";":
            position += 1
        elif (length := _DECLARATIONS.get(first.upper)) is not None:
            prologue.append(_text(text, tokens[position : position + length]))
            position += length
        else:
            end = _end(tokens, position)
            operations.append(_Reader(text, " ".join(prologue), tokens[position:end]).operation())
            if isinstance(operations[-1], Data):
                _check_labels(text, tokens[position:end], len(operations), labels)
            position = end
    return operations


def _check_labels(text: str, tokens: Sequence[Token], number: int, labels: dict[str, int]) -> None:
    """Raise MalformedQuery for a blank node in the data of two operations (SPARQL 1.1 Query section 19.6)."""
    for token in tokens:
        if token.kind is Kind.BLANK and labels.setdefault(token.text, number) != number:
            sentence = f"{token.text} is in another operation too, where it would be another blank node."
            raise malformed(text, token.start, sentence, "Give it another name here.")


def _declares_only(tokens: Sequence[Token]) -> bool:
    """Return whether there is no operation: nothing is to be done, which is allowed (rule Update)."""
    position = 0
    while position < len(tokens) and (length := _DECLARATIONS.get(tokens[position].upper)) is not None:
        position += length
    return position == len(tokens)


def _end(tokens: Sequence[Token], position: int) -> int:
    """Return the place of the semicolon after an operation, or the end."""
    depth = 0
    for place in range(position, len(tokens)):
        depth += _depth(tokens[place])
        if depth == 0 and tokens[place].text == ";":
            return place
    return len(tokens)


def _depth(token: Token) -> int:
    if token.kind is not Kind.PUNCTUATION:
        return 0
    return (token.text == "{") - (token.text == "}")


def _text(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end]


class _Reader:
    """A reader of one operation, which the grammar has accepted."""

    def __init__(self, text: str, prologue: str, tokens: Sequence[Token]) -> None:
        self._text = text
        self._prologue = prologue
        self._tokens = tokens
        self._at = 0

    def operation(self) -> Operation:
        """Read it."""
        word = self._next().upper
        match word:
            case "INSERT" | "DELETE" if self._takes("DATA"):
                return Data(self._prologue, self._written(self._block()), word == "DELETE")
            case "DELETE" if self._takes("WHERE"):
                block = self._block()
                return Modify(self._prologue, None, block, (), (), (), self._written(block))
            case "WITH":
                graph = self._next().text
                return self._modify(graph, self._next().upper)
            case "INSERT" | "DELETE":
                return self._modify(None, word)
            case _ if word in Verb.__members__:
                return self._manage(Verb(word))
        sentence = "This is a query: send it as the parameter query, or as application/sparql-query."
        raise malformed(self._text, self._tokens[0].start, sentence)

    def _modify(self, graph: str | None, word: str) -> Modify:
        deleted: Sequence[Token] = ()
        inserted: Sequence[Token] = ()
        if word == "DELETE":
            deleted = self._block()
        if word == "INSERT" or self._takes("INSERT"):
            inserted = self._block()
        using: list[str] = []
        named: list[str] = []
        while self._takes("USING"):
            (named if self._takes("NAMED") else using).append(self._next().text)
        self._takes("WHERE")
        pattern = self._written(self._block())
        return Modify(self._prologue, graph, deleted, inserted, tuple(using), tuple(named), pattern)

    def _manage(self, verb: Verb) -> Manage:
        silent = self._takes("SILENT")
        if verb is Verb.LOAD:
            source = self._next().text
            target: Target = Scope.DEFAULT
            if self._takes("INTO"):
                target = self._graph()
            return Manage(self._prologue, verb, silent, target, source)
        if verb in (Verb.CLEAR, Verb.DROP, Verb.CREATE):
            return Manage(self._prologue, verb, silent, self._graph())
        first = self._graph()
        self._takes("TO")
        return Manage(self._prologue, verb, silent, self._graph(), first)

    def _graph(self) -> Target:
        """Read GRAPH with an IRI, an IRI, or a word for one graph or several."""
        self._takes("GRAPH")
        token = self._next()
        if token.kind is Kind.WORD:
            return Scope(token.upper)
        return token.text

    def _block(self) -> Sequence[Token]:
        """Read a block in braces."""
        start, depth = self._at, 0
        while True:
            depth += _depth(self._next())
            if depth == 0:
                return self._tokens[start : self._at]

    def _written(self, tokens: Sequence[Token]) -> str:
        return _text(self._text, tokens)

    def _takes(self, word: str) -> bool:
        """Read a word where it comes next, and return whether it does."""
        if self._at < len(self._tokens) and self._tokens[self._at].upper == word:
            self._at += 1
            return True
        return False

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            last = self._tokens[-1]
            raise malformed(self._text, last.end, "The operation ends too early.")
        self._at += 1
        return self._tokens[self._at - 1]
