"""The compiler of queries to expressions for the index, and to marks for snippets.

An expression joins phrases of tokens by AND, OR and NOT. A compound may be written with spaces that the
query does not have, or the reverse, so a Hangul word becomes the phrases of the ways to space it, as far as
the index has their tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from endpoint.search.analysis import WORD, analyse, is_syllabic, joined, normalise, pairs, stem, words
from endpoint.search.korean import AFTER_LETTERS, AFTER_NUMBER, after, bare, without_particle
from endpoint.search.query import MAX_WORDS, Any, Node, Term, terms
from endpoint.search.snippets import Mark

# Longer words are looked up in pieces: the number of ways to space them grows with the square.
_PIECE = 6
_BOUNDARIES = 2
_LONGEST = 60
# Particles in which no noun of two syllables and more ends.
_NO_ENDINGS = frozenset(("는", "를"))
_MAX_PHRASE = 40
_MIN_PREFIX = 2
_NUMBER_JOINTS = ("-", ".", ",", "/")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Tokens that follow each other in ``field``, in any where that is empty; with ``prefix`` the last one is
    the beginning of a token."""

    tokens: tuple[str, ...]
    prefix: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class Both:
    """All of ``parts``."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of ``parts``."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Without:
    """``part`` where ``excluded`` is not."""

    part: Expression
    excluded: Expression


Expression = Phrase | Both | Either | Without


@dataclass(frozen=True, slots=True)
class Words:
    """Look-ups of words in the index."""

    occurs: Callable[[Sequence[str]], bool]
    is_word: Callable[[str], bool]
    continuations: Callable[[str], Iterable[str]]


class NoWords(Exception):
    """A query, or a part of it, has no word to search for."""


class Compiler:
    """A writer of the expression of one query; ``marks`` collects the words to highlight in a match."""

    def __init__(self, known: Words) -> None:
        self._known = known
        self.marks: list[Mark] = []

    def node(self, node: Node) -> Expression:
        """Return the expression for ``node``; exclusions apply where something is left to exclude from.

        :raises NoWords: there is no word to look up.
        """
        if isinstance(node, Term):
            return self.term(node)
        if isinstance(node, Any):
            return _either(self._parts(node.nodes))
        positive = _both([part for row in _rows(node.nodes) for part in self._row(row)])
        try:
            negative = _either(Compiler(self._known)._parts(node.excluded))
        except NoWords:
            return positive
        return Without(positive, negative)

    def _row(self, row: Sequence[Node]) -> list[Expression]:
        """Return parts that all have to match; single syllables with words next to them also as one word."""
        parts = self._parts(row)
        if len(row) == 1:
            return parts
        together = "".join(term.text for term in row if isinstance(term, Term))
        return [_either([_both(parts), self.term(Term(together, phrase=True))])]

    def in_title(self, node: Node, title: str) -> Expression:
        """Return the expression for any of the words of ``node`` in the field ``title``.

        :raises NoWords: there is none that may stand there.
        """
        wanted = [term for term in terms(node) if term.field in ("", title)]
        return _either(self._parts([replace(term, field=title) for term in wanted]))

    def _parts(self, nodes: Sequence[Node]) -> list[Expression]:
        parts = []
        for node in nodes:
            try:
                parts.append(self.node(node))
            except NoWords:
                continue
        return parts

    def term(self, term: Term) -> Expression:
        """Return the expression for words as they were written."""
        if term.phrase:
            phrase = words(normalise(term.text))[:_MAX_PHRASE]
            parts = [_either(_phrases(phrase, term.field))] if phrase else []
            self._mark(phrase, term)
        else:
            chunks = _chunks(term.text)[:MAX_WORDS]
            parts = [self._chunk(chunk, term, term.prefix and last) for chunk, last in chunks]
        return _both(parts)

    def _mark(self, marked: Sequence[str], term: Term, prefix: bool = False) -> None:
        if marked:
            self.marks.append(Mark(tuple(marked), term.field, prefix))

    def _chunk(self, chunk: Sequence[str], term: Term, prefix: bool) -> Expression:
        """Return the expression for one word, or for numbers with the letters next to them."""
        if len(chunk) > 1:
            *others, last = chunk
            noun = without_particle(last)
            self._mark([*others, noun], term)
            tokens = [token for word in (*others, noun) for token in _tokens(word)]
            return Phrase(tuple(tokens), prefix or (is_syllabic(noun) and len(noun) == 1), term.field)
        (word,) = chunk
        if is_syllabic(word):
            return self._syllabic(word[:_LONGEST], term)
        self._mark(chunk, term, prefix and len(word) >= _MIN_PREFIX)
        token = stem(word) if word[0].isascii() and word[0].isalpha() else word
        if prefix and len(word) >= _MIN_PREFIX:
            return _either([Phrase((word,), True, term.field), Phrase((token,), field=term.field)])
        return Phrase((token,), field=term.field)

    def _syllabic(self, word: str, term: Term) -> Expression:
        if len(word) == 1:
            return self._syllable(word, term)
        noun = bare(word, self._occurs_without) if "가" <= word[-1] <= "힣" else word
        self._mark([noun], term)
        return _both([_either(self._spacings(noun, term.field, *piece)) for piece in _pieces(noun)])

    def _syllable(self, word: str, term: Term) -> Expression:
        """Match one syllable: alone, before a particle, or before another word of the index."""
        rests = self._known.continuations(word)
        known = (rest[0] for rest in rests if any(map(self._known.is_word, (rest, without_particle(rest)))))
        compounds = sorted(set(known))
        endings = {particle[0] for particle in after(word)} if "가" <= word <= "힣" else set()
        self.marks.append(Mark((word,), term.field, before="".join(sorted(endings.union(compounds)))))
        tokens = (word, *(word + other for other in compounds))
        return _either([Phrase((token,), field=term.field) for token in tokens])

    def _occurs_without(self, noun: str, particle: str) -> bool:
        if self._known.is_word(noun):
            return True
        if not self._known.occurs(pairs(noun + particle)):
            return self._known.occurs(pairs(noun))
        endings = {noun[-1] + other[0] for other in after(noun) if other[0] != particle[0]}
        if any(self._known.occurs([*pairs(noun), ending]) for ending in sorted(endings)):
            return True
        # 나래는 beside 나래대학교: no noun ends so, and another word goes on otherwise.
        rests = self._known.continuations(noun) if particle in _NO_ENDINGS else ()
        return any(not rest.startswith(particle) for rest in rests)

    def _spacings(self, word: str, field: str, start: int, end: int) -> list[Phrase]:
        """Return the phrases for the ways to write a piece of ``word`` with up to two spaces in it."""
        places = range(start + 1, end)
        ways = [spaces for number in range(_BOUNDARIES + 1) for spaces in combinations(places, number)]
        phrases = []
        for spaces in ways:
            ends = zip((start, *spaces), (*spaces, end), strict=True)
            # A syllable cut off at the end of a piece is no word of one syllable.
            whole = [
                (first, last)
                for first, last in ends
                if last - first > 1 or not (0 < first == start or len(word) > last == end)
            ]
            tokens = [token for first, last in whole for token in pairs(word[first:last])]
            if not spaces or self._known.occurs(tokens):
                phrases.append(Phrase(tuple(tokens), field=field))
        return phrases


def _phrases(written: Sequence[str], field: str) -> list[Phrase]:
    """Return the phrases for words in a row: spaced as written, and with no space between Hangul words."""
    runs: list[str] = []
    for word in written:
        if runs and is_syllabic(word) and is_syllabic(runs[-1]):
            runs[-1] += word
        else:
            runs.append(word)
    as_written = [token for word in written for token in _tokens(word)]
    closed = [token for word in runs for token in _tokens(word)]
    return [Phrase(tuple(as_written), field=field), Phrase(tuple(closed), field=field)]


def _rows(nodes: Sequence[Node]) -> list[list[Node]]:
    """Return nodes one by one, but Hangul words in a row together where one of them is a single syllable."""
    rows: list[list[Node]] = []
    for node in nodes:
        if rows and _is_plain(node) and _is_plain(rows[-1][-1]):
            rows[-1].append(node)
        else:
            rows.append([node])
    return [part for row in rows for part in ([row] if _has_syllable(row) else [[node] for node in row])]


def _is_plain(node: Node) -> bool:
    if not isinstance(node, Term) or node.field or node.phrase or node.prefix:
        return False
    return is_syllabic(normalise(node.text))


def _has_syllable(row: Sequence[Node]) -> bool:
    return any(len(normalise(node.text)) == 1 for node in row if isinstance(node, Term))


def _chunks(text: str) -> list[tuple[list[str], bool]]:
    """Return the words of ``text``, numbers with adjacent letters, each with whether it is the last."""
    normal = joined(normalise(text))
    chunks: list[list[str]] = []
    end = -1
    for match in WORD.finditer(normal):
        between, word = normal[max(end, 0) : match.start()], match[0]
        if chunks and between == "" and _is_particle(chunks[-1][-1], word):
            end = match.end()
            continue
        numeric = chunks and (word.isdecimal() or chunks[-1][-1].isdecimal())
        if numeric and (between == "" or (between in _NUMBER_JOINTS and not is_syllabic(word))):
            chunks[-1].append(word)
        else:
            chunks.append([word])
        end = match.end()
    return [(chunk, at == len(chunks)) for at, chunk in enumerate(chunks, 1)]


def _is_particle(before: str, word: str) -> bool:
    """Return whether ``word`` follows letters or digits as a particle, as in ``IPEF의`` and ``2023에``."""
    if is_syllabic(before):
        return False
    return word in (AFTER_NUMBER if before.isdecimal() else AFTER_LETTERS)


def _tokens(word: str) -> list[str]:
    return analyse(word).split(" ")


def _pieces(word: str) -> list[tuple[int, int]]:
    """Cut a long word into pieces of nearly the same length that overlap by one syllable."""
    if len(word) <= _PIECE:
        return [(0, len(word))]
    number = -(-(len(word) - 1) // (_PIECE - 1))
    size = -(-(len(word) - 1) // number)
    return [(at, min(at + size + 1, len(word))) for at in range(0, len(word) - 1, size)]


def _both(parts: Sequence[Expression]) -> Expression:
    distinct = _distinct(parts)
    return distinct[0] if len(distinct) == 1 else Both(distinct)


def _either(parts: Sequence[Expression]) -> Expression:
    distinct = _distinct(parts)
    return distinct[0] if len(distinct) == 1 else Either(distinct)


def _distinct(parts: Sequence[Expression]) -> tuple[Expression, ...]:
    """Return the parts without repetitions. Raises :class:`NoWords` without any."""
    if not parts:
        raise NoWords
    return tuple(dict.fromkeys(parts))
