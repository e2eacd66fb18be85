"""Tokens of SPARQL 1.1 and 1.2 (SPARQL 1.1 Query Language, section 19.8, rules in capitals).

Lexing never fails and takes time linear in the length of the text: whatever is no token comes
out as ``Kind.INVALID``, and a string without its closing quote as ``Kind.UNCLOSED``.

The grammar's tokenizer takes the longest match, so ``?a<?b&&?c>?d`` would contain an IRI; engines
that parse without a separate tokenizer read a comparison there. :class:`Context` therefore
distinguishes an expression from data, and ``<`` after an operand of an expression is the operator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

# A character of a class, or a range of them.
_SPAN = re.compile("(.)(?:-(.))?")


def _one_of(members: str) -> str:
    """Return the class of the characters ``members``, written as that of all others.

    The compiler of patterns visits every character that a class names, and here the others are a fifth.
    """
    gaps, after = [], 0
    for span in sorted(_SPAN.findall(members)):
        first, last = ord(span[0]), ord(span[-1] or span[0])
        if first > after:
            gaps.append(rf"\U{after:08x}-\U{first - 1:08x}")
        after = last + 1
    return rf"[^{''.join(gaps)}\U{after:08x}-\U0010ffff]"


_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_WORD = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_NAME = "-" + _WORD
_IN_NAME, _IN_LOCAL_NAME = _one_of(_NAME), _one_of(_NAME + ":")
_HEX = "[0-9A-Fa-f]"
_CODEPOINT = rf"\\u(?![Dd][89A-Fa-f]){_HEX}{{4}}|\\U(?!0000[Dd][89A-Fa-f])00(?:0{_HEX}|10){_HEX}{{4}}"
_ESCAPE = rf"\\[tbnrf\"'\\]|{_CODEPOINT}"
_LOCAL_ESCAPE = rf"%{_HEX}{{2}}|\\[_~.\-!$&'()*+,;=/?#@%]"
_DOTS = rf"\.++(?={_IN_NAME})"

SKIP = r"(?:[ \t\r\n]++|#[^\r\n]*+)*+"
IRIREF = rf"<(?:[^<>\"{{}}|^`\\\x00-\x20]++|{_CODEPOINT})*+>"
PREFIX_NAME = rf"{_one_of(_BASE)}(?:{_IN_NAME}++|{_DOTS})*+"
_LOCAL_NAME = (
    rf"(?:{_one_of(_WORD + ':')}|{_LOCAL_ESCAPE})"
    rf"(?:{_IN_LOCAL_NAME}++|{_LOCAL_ESCAPE}|\.++(?={_IN_LOCAL_NAME}|{_LOCAL_ESCAPE}))*+"
)
_LONG_1 = rf"'''(?:(?:''?)?(?:[^'\\]++|{_ESCAPE}))*+'''"
_LONG_2 = rf'"""(?:(?:""?)?(?:[^"\\]++|{_ESCAPE}))*+"""'
_SHORT_1 = rf"'(?:[^'\\\r\n]++|{_ESCAPE})*+"
_SHORT_2 = rf'"(?:[^"\\\r\n]++|{_ESCAPE})*+'
STRING = rf"""{_LONG_1}|{_LONG_2}|(?!'''|\"\"\")(?:{_SHORT_1}'|{_SHORT_2}")"""


class Kind(IntEnum):
    """A kind of token. The values are the numbers of the groups in the token pattern."""

    IRIREF = 1
    VAR = 2
    PNAME = 3
    WORD = 4
    PUNCTUATION = 5
    STRING = 6
    NUMBER = 7
    LANGTAG = 8
    BLANK = 9
    UNCLOSED = 10
    INVALID = 11


VAR = rf"[?$]{_one_of(_WORD)}++"
PNAME = rf"(?:{PREFIX_NAME})?+:(?:{_LOCAL_NAME})?+"
# Signs but those that begin with "<", which an IRI may begin with too.
SIGN = r"(?!\.[0-9])(?:\^\^|\|\||&&|!=|>=|>>|\{\||\|\}|[(){}\[\].,;=>!*/+\-^|?~])"
LESS = "<=|<<|<"
NUMBER = r"(?:[0-9]++\.[0-9]*+|\.?[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++"
LANGTAG = r"@[A-Za-z]++(?:-[A-Za-z0-9]++)*+(?:--[A-Za-z]++)?"
BLANK = rf"_:{_one_of(_WORD)}(?:{_IN_NAME}++|{_DOTS})*+"

_TOKEN = re.compile(
    rf"{SKIP}(?:"
    rf"({IRIREF})"
    rf"|({VAR})"
    rf"|({PNAME})"
    rf"|({PREFIX_NAME})"
    rf"|({SIGN}|{LESS})"
    rf"|({STRING})"
    rf"|({NUMBER})"
    rf"|({LANGTAG})"
    rf"|({BLANK})"
    rf"|('''(?s:.*+)|\"\"\"(?s:.*+)|{_SHORT_1}|{_SHORT_2})"
    r"|((?s:.))"
    # White space at the end: a search that goes on from there would find a word in the last comment.
    r"|\Z)"
)
_KINDS = (Kind.INVALID, *Kind)
# Reading a member of an Enum takes longer than the rest of a comparison; these are read per token.
_PUNCTUATION, _KEYWORD, _UNCLOSED = Kind.PUNCTUATION, Kind.WORD, Kind.UNCLOSED
_BRACKETS = frozenset("()[]{}")
# The constructor of a named tuple takes twice as long as that of the tuple.
_make = tuple.__new__
_PIECE = re.compile(r"\.|[^.]+")
# An absolute IRI with an authority cannot be read as an expression: no operand starts with "/".
_WITH_AUTHORITY = re.compile(r"<[A-Za-z][A-Za-z0-9+.\-]*://")
_OTHERWISE_READ = re.compile(r"['#()\[\]]")
_OPERANDS = frozenset({Kind.IRIREF, Kind.VAR, Kind.PNAME, Kind.STRING, Kind.NUMBER, Kind.LANGTAG, Kind.BLANK})
_NO_CALL = frozenset({"TRUE", "FALSE", "A", "VALUES"})
_CLAUSES = frozenset({"SELECT", "GROUP", "HAVING", "ORDER", "VALUES"})
_CLAUSE_ENDS = frozenset({"WHERE", "FROM", "LIMIT", "OFFSET"})

# Whoever reads a query goes through its tokens several times; when a saved one is loaded, seven times.
# So many texts are remembered with their tokens, none of more characters than that.
_REMEMBERED = 8
_LONGEST = 10_000


class Token(NamedTuple):
    """One token: its kind, its text as written, and the offset of its first character."""

    kind: Kind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after the last character."""
        return self.start + len(self.text)

    @property
    def upper(self) -> str:
        """The text in upper case: keywords are case-insensitive (section 19.8, note 1)."""
        return self.text.upper()


# An open bracket, whether an expression stands in it, and the clause around it.
_Open = tuple[str, bool, str]


class Context:
    """The context of the next token in a query. Feed every token, comments apart, to :meth:`advance`.

    ``tokens`` are those read so far. ``clause`` is SELECT, GROUP, HAVING, ORDER or VALUES while
    directly in that clause, otherwise empty; inside any bracket it is empty again.
    """

    __slots__ = ("_stack", "clause", "tokens")

    def __init__(self) -> None:
        self.tokens: list[Token] = []
        self.clause = ""
        self._stack: list[_Open] = []

    def advance(self, token: Token) -> None:
        """Read ``token``."""
        if token.kind is _KEYWORD:
            self._read_word(token.text)
        elif token.kind is _PUNCTUATION and token.text in _BRACKETS:
            self.read_bracket(token.text)
        self.tokens.append(token)

    def read_bracket(self, bracket: str) -> None:
        """Read a bracket, which is no member of ``tokens`` yet."""
        if bracket in "([{":
            self._stack.append((bracket, bracket == "(" and self._opens_expression(), self.clause))
            self.clause = ""
        elif self._stack:
            self.clause = self._stack.pop()[2]
            if bracket == "}" and self.clause in ("SELECT", "VALUES"):
                self.clause = ""

    def _read_word(self, word: str) -> None:
        word = word.upper()
        if word in _CLAUSES:
            self.clause = word
        elif word in _CLAUSE_ENDS:
            self.clause = ""
        elif word.startswith("SELECT"):
            self.clause = "SELECT"

    @property
    def in_parenthesis(self) -> bool:
        """Return whether the innermost open bracket is a parenthesis."""
        return bool(self._stack) and self._stack[-1][0] == "("

    @property
    def in_values_head(self) -> bool:
        """Return whether the next token belongs to the variables of a VALUES block."""
        return self.clause == "VALUES" or (self.in_parenthesis and self._stack[-1][2] == "VALUES")

    @property
    def after_operand(self) -> bool:
        """Return whether an operand of an expression has just ended, so that an operator must follow."""
        if not self._stack or not self._stack[-1][1]:
            return False
        last = self.tokens[-1]
        if last.kind is Kind.PUNCTUATION:
            return last.text in (")", "}", ">>")
        if last.kind is Kind.WORD:
            return last.text.lower().endswith(("true", "false"))
        return last.kind in _OPERANDS

    def _opens_expression(self) -> bool:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last.text == "<<":
            return False
        if self._stack and self._stack[-1][0] != "{":
            return self._stack[-1][1]
        if self.clause not in ("", "VALUES"):
            return True
        if last is not None and last.kind in (Kind.IRIREF, Kind.PNAME) and len(self.tokens) > 1:
            last = self.tokens[-2]
        return last is not None and last.kind is Kind.WORD and last.upper not in _NO_CALL


class Lexed(NamedTuple):
    """The tokens of a text.

    ``doubtful``: some ``<`` or some quote could be read in another way that would change the rest of the
    text, so the absence of a token proves nothing.
    """

    tokens: Sequence[Token]
    doubtful: bool


def lex(text: str) -> Lexed:
    """Split ``text`` into tokens, white space and comments left out. Never raises."""
    return _lex_again(text) if len(text) <= _LONGEST else _lex(text)


def _lex(text: str) -> Lexed:
    context = Context()
    add = context.tokens.append
    doubtful = False
    position: int | None = 0
    while position is not None:
        matches, position = _TOKEN.finditer(text, position), None
        for match in matches:
            group = match.lastindex
            if group is None:
                break
            kind, piece = _KINDS[group], match[group]
            token = _make(Token, (kind, piece, match.start(group)))
            if kind is _KEYWORD:
                _advance(token, context)
                continue
            if piece in _BRACKETS:
                context.read_bracket(piece)
            elif piece[0] == "<" and context.in_parenthesis:
                doubtful = doubtful or _is_doubtful(token)
                if context.after_operand and token.text not in ("<", "<="):
                    token = Token(_PUNCTUATION, "<=" if piece[1] == "=" else "<", token.start)
                    position = token.end
            elif kind is _UNCLOSED:
                doubtful = True
            add(token)
            if position is not None:
                break
    return Lexed(context.tokens, doubtful)


_lex_again = lru_cache(_REMEMBERED)(_lex)


def scan(text: str, position: int) -> Iterator[Token]:
    """Yield the tokens from ``position`` on, as if one began there, every IRI taken as such."""
    for match in _TOKEN.finditer(text, position):
        group = match.lastindex
        if group is None:
            break
        yield Token(_KINDS[group], match[group], match.start(group))


def position_of(text: str, offset: int) -> tuple[int, int]:
    """Return line and column of ``offset``, both from 1, in characters; lines end with LF, CR LF or CR."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _is_doubtful(token: Token) -> bool:
    if token.kind is not Kind.IRIREF:
        return token.text == "<<"
    return _OTHERWISE_READ.search(token.text) is not None and not _WITH_AUTHORITY.match(token.text)


def _advance(token: Token, context: Context) -> None:
    """Read a word, or several with dots between them."""
    if "." not in token.text:
        context.advance(token)
        return
    # Names with dots are scanned as one run, or a text like "a.a.a…" would be scanned once per dot.
    for piece in _PIECE.finditer(token.text):
        kind = Kind.PUNCTUATION if piece[0] == "." else Kind.WORD
        context.advance(Token(kind, piece[0], token.start + piece.start()))
