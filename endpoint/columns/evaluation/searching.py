"""Searches for constant texts in very many terms: CONTAINS, STRSTARTS, STRENDS and REGEX, without the engine.

Terms are searched as N-Triples writes them, whose escapes are undone only where one may have been taken for
a match.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyoxigraph import Literal, Variable

from endpoint.columns.evaluation.joined_texts import LARGEST
from endpoint.columns.evaluation.patterns import literals_of, required_of
from endpoint.columns.evaluation.tables import ERROR, FALSE, TRUE, Table, Truth
from endpoint.columns.evaluation.terms import BLANK_NODE, NONE, OTHER, STRING, TAGGED, TRIPLE, Terms
from endpoint.columns.signatures import RUN, runs_of
from endpoint.columns.terms import unescaped
from endpoint.sparql.algebra import Call, Expression
from endpoint.vocabulary import XSD

_STRING: Final = f"{XSD}string"
_FUNCTIONS: Final = frozenset({"CONTAINS", "STRSTARTS", "STRENDS"})
_CASES: Final = frozenset({"LCASE", "UCASE"})
# Letters whose lower or upper case, and what has them as such, is the same in each version of Unicode since
# the first: of Latin-1, Latin Extended-A and Cyrillic. U+0130 and U+0131 are among them.
_KEPT: Final = ((0xC0, 0x17F), (0x400, 0x481), (0x48A, 0x52F))
# Scripts and signs without case.
_CASELESS: Final = (
    *((0x80, 0xA9), (0xAB, 0xB4), (0xB6, 0xB9), (0xBB, 0xBF), (0xD7, 0xD7), (0xF7, 0xF7)),
    *((0x1100, 0x11FF), (0x2000, 0x2070), (0x3000, 0x9FFF), (0xAC00, 0xD7FF), (0x1F300, 0x1FAFF)),
)
_KELVIN: Final = ("\u212a".encode(), b"k")
_DOTTED: Final = ("\u0130".encode(), "i\u0307".encode())
# An escape that does not end before a place, found in so many bytes before it.
_OPEN: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:[uU][0-9A-Fa-f]{0,7})?\Z")
_NEAR: Final = 64
_LONG_S: Final = ("\u017f".encode(), b"s")


class Search(NamedTuple):
    """The truth of a condition for each solution, and those for which only the engine knows it, if any."""

    truth: Truth
    open: NDArray[np.bool_] | None = None


class _Subject(NamedTuple):
    """The terms of a ``column``, with the text of ``any_kind`` (STR) or strings only, in the case of LCASE or
    UCASE, or in their own (an empty ``case``)."""

    column: NDArray[np.int64]
    any_kind: bool
    case: str


def searched(table: Table, condition: Call, terms: Terms) -> Search | None:
    """Return what a search finds; None for what is none, or is not searched here."""
    if condition.function != "REGEX" and condition.function not in _FUNCTIONS:
        return None
    wanted = [_plain(table, argument, terms) for argument in condition.arguments[1:]]
    subject = _subject(table, condition.arguments[0])
    if subject is None or not all(isinstance(text, str) for text in wanted):
        return None
    texts = [text for text in wanted if text is not None]
    if condition.function == "REGEX":
        return _matching(subject, texts, terms)
    return _search(subject, condition.function, texts[:1], _fold(subject.case, texts[0]), terms)


def _plain(table: Table, expression: Expression, terms: Terms) -> str | None:
    """Return the text of a string without a language that is the same in all solutions."""
    if isinstance(expression, Literal) and expression.datatype.value == _STRING:
        return expression.value
    if not isinstance(expression, Variable) or not table.size:
        return None
    column = table.column(expression)
    if terms.groups(column[:1])[0] != STRING or (column != column[0]).any():
        return None
    ((text,),) = terms.contents(column[:1])
    return unescaped(text).decode()


def _subject(table: Table, expression: Expression) -> _Subject | None:
    case = ""
    if isinstance(expression, Call) and expression.function in _CASES:
        case, expression = expression.function, expression.arguments[0]
    any_kind = isinstance(expression, Call) and expression.function == "STR"
    if isinstance(expression, Call) and any_kind:
        expression = expression.arguments[0]
    return _Subject(table.column(expression), any_kind, case) if isinstance(expression, Variable) else None


def _matching(subject: _Subject, texts: Sequence[str], terms: Terms) -> Search | None:
    """Return where a regular expression matches, as far as texts that it needs tell."""
    pattern, flags = texts[0], "".join(texts[1:])
    if flags not in ("", "i") or not _valid(pattern, terms):
        return None
    literals = literals_of(pattern)
    whole = literals is not None
    wanted = sorted(literals or (required_of(pattern),))
    if "" in wanted or (flags and subject.case):
        return None
    fold = _fold_of_flags("".join(wanted)) if flags else _fold(subject.case, "".join(wanted))
    if flags:
        wanted = [text.lower() for text in wanted]
    found = _search(subject, "CONTAINS", wanted, fold, terms)
    if whole or found is None:
        return found
    return Search(found.truth, found.truth == TRUE)


def _valid(pattern: str, terms: Terms) -> bool:
    """Return whether the engine can read a regular expression."""
    ((found,),) = terms.scratch(b"", f'SELECT (REGEX("", {Literal(pattern)}) AS ?found) {{}}')
    return found is not None


# Upper and lower case.


class _Fold(NamedTuple):
    """A change of texts before they are searched: to small letters of ASCII, and to these from ``others``; or
    else, of all letters and without escapes, by ``whole``."""

    small: bool = False
    others: tuple[tuple[bytes, bytes], ...] = ()
    whole: Callable[[str], str] | None = None

    def changed(self, texts: Sequence[bytes]) -> Sequence[bytes]:
        """Return texts so changed."""
        if self.whole is not None:
            return [self.whole(unescaped(text).decode()).encode() for text in texts]
        if self.small:
            texts = [text.lower() for text in texts]
        for letter, small in self.others:
            texts = [text.replace(letter, small) for text in texts]
        return texts

    def runs(self, wanted: str) -> NDArray[np.uint16]:
        """Return the runs of bytes that a text has in which a ``wanted`` one is once it is changed."""
        if self.whole is not None:
            return runs_of(b"")
        text = escaped(wanted).lower()
        replaced = set(b"".join(small for _, small in self.others))
        runs = runs_of(text)
        kept = [replaced.isdisjoint(text[place : place + RUN]) for place in range(len(runs))]
        certain: NDArray[np.uint16] = runs[np.array(kept, bool)]
        return certain


def _fold(case: str, wanted: str) -> _Fold | None:
    """Return what LCASE or UCASE does to texts, as far as it decides whether a ``wanted`` one is in them.

    None where this may differ from one version of Unicode to another.
    """
    if not case:
        return _Fold()
    kept = any(_within(letter, _KEPT) for letter in wanted)
    if not all(letter.isascii() or _within(letter, (*_CASELESS, *_KEPT)) for letter in wanted):
        return None
    if case == "UCASE":
        return _Fold(whole=str.upper)
    # The letters of escapes are small, but for the digits of some.
    if kept or "\\u" in escaped(wanted).decode():
        return _Fold(whole=str.lower)
    return _Fold(True, tuple(pair for pair in (_KELVIN, _DOTTED) if pair[1][:1].decode() in wanted))


def _fold_of_flags(wanted: str) -> _Fold | None:
    """Return what the flag "i" does to texts (simple case folding); None where this is not certain."""
    if "\\u" in escaped(wanted).decode():
        return None
    if not all(letter.isascii() or _within(letter, _CASELESS) for letter in wanted):
        return None
    return _Fold(True, tuple(pair for pair in (_KELVIN, _LONG_S) if pair[1].decode() in wanted.lower()))


def _within(letter: str, ranges: Sequence[tuple[int, int]]) -> bool:
    return any(first <= ord(letter) <= last for first, last in ranges)


def escaped(text: str) -> bytes:
    """Return a text as N-Triples writes it between quotation marks."""
    return str(Literal(text)).encode()[1:-1]


# Searching.


def _search(
    subject: _Subject, function: str, wanted: Sequence[str], fold: _Fold | None, terms: Terms
) -> Search | None:
    """Return where one of the ``wanted`` texts is."""
    if fold is None:
        return None
    groups = terms.groups(subject.column)
    if (groups == (TRIPLE if subject.any_kind else OTHER)).any():
        # Some literals may have a direction.
        return None
    if subject.any_kind:
        with_text = (groups != BLANK_NODE) & (groups != NONE)
    else:
        with_text = (groups == STRING) | (groups == TAGGED)
    column = subject.column[with_text]
    found = _hits(function, column, wanted, fold, terms)
    truth = np.full(len(groups), ERROR, np.int8)
    truth[with_text] = np.where(found, TRUE, FALSE)
    return Search(truth)


def _hits(
    function: str, column: NDArray[np.int64], wanted: Sequence[str], fold: _Fold, terms: Terms
) -> NDArray[np.bool_]:
    """Return which of the terms have one of the ``wanted`` in their texts, as N-Triples writes them."""
    if "" in wanted:
        return np.ones(len(column), bool)
    if fold.whole is None and terms.known(column) and int(terms.lengths(column).sum()) <= LARGEST:
        return _joined_hits(function, column, wanted, fold, terms)
    every, rows = np.unique(column, return_inverse=True)
    possible = _possible(every, wanted, fold, terms)
    numbers = every[possible]
    sought = [text.encode() if fold.whole is not None else escaped(text) for text in wanted]
    found = list[bool]()
    for texts in terms.contents(numbers):
        changed = fold.changed(texts)
        hits = _tested(function, changed, sought)
        for place, text in enumerate(changed if fold.whole is None else ()):
            if hits[place] and not _apart(function, text, sought):
                hits[place] = _certain(function, int(numbers[len(found) + place]), wanted, fold, terms)
        found += hits
    possible[possible] = found
    return possible[rows]


def _possible(
    numbers: NDArray[np.int64], wanted: Sequence[str], fold: _Fold, terms: Terms
) -> NDArray[np.bool_]:
    """Return for each term whether one of the ``wanted`` may be in it, as far as signatures tell."""
    found = numbers >= len(terms.dictionary)
    known = np.flatnonzero(~found)
    for text in wanted:
        found[known] |= terms.dictionary.possible(numbers[known], fold.runs(text))
    return found


def _joined_hits(
    function: str, column: NDArray[np.int64], wanted: Sequence[str], fold: _Fold, terms: Terms
) -> NDArray[np.bool_]:
    """Return the same of terms of the dictionary, whose texts are kept joined."""
    searchable = terms.kept_texts.of(
        column, (fold.small, fold.others), lambda numbers: map(fold.changed, terms.contents(numbers))
    )
    found = np.zeros(len(searchable.numbers), bool)
    sought, begin = [*map(escaped, wanted)], 0
    for piece in searchable.texts:
        for text in sought:
            places = piece.places(function, text)
            if not piece.escapes:
                found[begin + places] = True
                continue
            for place in places.tolist():
                found[begin + place] |= _apart(function, piece.text(place), [text]) or _certain(
                    function, int(searchable.numbers[begin + place]), wanted, fold, terms
                )
        begin += len(piece.begins) - 1
    return found[searchable.rows]


def _apart(function: str, text: bytes, sought: Sequence[bytes]) -> bool:
    """Return whether a text has one of the ``sought`` apart from escapes, whose letters are none of it."""
    if b"\\" not in text or function == "STRSTARTS":
        return True
    for each in sought:
        at = text.find(each) if function == "CONTAINS" else len(text) - len(each)
        before = text[max(0, at - _NEAR) : max(0, at)]
        if at >= 0 and text.startswith(each, at) and before[:1] != b"\\" and not _OPEN.search(before):
            return True
    return False


def _certain(function: str, number: int, wanted: Sequence[str], fold: _Fold, terms: Terms) -> bool:
    """Return whether a text without escapes has one of the ``wanted`` in it."""
    ((text,),) = terms.contents(np.array([number]))
    return _tested(function, fold.changed([unescaped(text)]), [text.encode() for text in wanted])[0]


def _tested(function: str, texts: Sequence[bytes], wanted: Sequence[bytes]) -> list[bool]:
    if function == "STRSTARTS":
        return [text.startswith(tuple(wanted)) for text in texts]
    if function == "STRENDS":
        return [text.endswith(tuple(wanted)) for text in texts]
    first, *others = wanted
    found = [first in text for text in texts]
    for further in others:
        found = [hit or further in text for hit, text in zip(found, texts, strict=True)]
    return found
