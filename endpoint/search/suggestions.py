"""Spelling suggestions: other queries for one that has no hits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from endpoint.search.analysis import is_syllabic, normalise, words
from endpoint.search.known_words import KnownWords
from endpoint.search.korean import hangul_of_keys, keys_of_hangul, letters, without_particle

_CANDIDATES = 60
_TRIED = 3
_MOST_WORDS = 6
_LONGEST = 40


def suggest(
    text: str, written: Sequence[str], known: KnownWords, has_matches: Callable[[str], bool]
) -> Iterator[str]:
    """Yield queries that have matches and differ from ``text`` in words typed or spelled otherwise.

    ``written`` are the words of the query; ``known`` are the words of the index.
    """
    seen = {text}
    for query in _queries(text, written[:_MOST_WORDS], known, has_matches):
        if query not in seen and has_matches(query):
            yield query
        seen.add(query)


def trigrams(word: str) -> str:
    """Return the overlapping groups of three letters of a word and its ends, separated by spaces."""
    marked = f"«{letters(word)}»"
    return " ".join(marked[at : at + 3] for at in range(len(marked) - 2))


def distance(one: str, other: str) -> int:
    """Count the letters to insert, delete, replace or swap with the next to turn ``one`` into ``other``."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, previous, row = row, before, [at]
        for to, wanted in enumerate(other, 1):
            cost = min(before[to] + 1, row[to - 1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                cost = min(cost, previous[to - 2] + 1)
            row.append(cost)
    return row[-1]


def _queries(
    text: str, written: Sequence[str], known: KnownWords, has_matches: Callable[[str], bool]
) -> Iterator[str]:
    unknown = [word for word in written if not has_matches(word)]
    switched = {word: other for word in unknown if (other := _in_other_mode(word)) and has_matches(other)}
    spelled = {
        word: close
        for whole in unknown
        for word in words(normalise(whole))
        if (close := _close(word, known) or _close(without_particle(word), known))
    }
    yield _replaced(text, switched)
    best = {word: close[0] for word, close in spelled.items() if word not in switched}
    yield _replaced(text, switched | best)
    for word, close in spelled.items():
        for other in close[1:]:
            yield _replaced(text, switched | best | {word: other})


def _in_other_mode(word: str) -> str | None:
    """Return the word typed with the keyboard in Korean instead of English mode, or the reverse."""
    if word.isascii():
        return hangul_of_keys(word)
    keys = keys_of_hangul(word)
    return keys if keys.isascii() and keys.isalpha() else None


def _close(word: str, known: KnownWords) -> list[str]:
    """Return words of the index that differ in a letter or two, closest and then most frequent first."""
    own = letters(word)
    if len(own) < 3 or len(word) > _LONGEST:
        return []
    most = 1 if len(own) < 6 else 2
    near = [
        (apart, -documents, text)
        for text, documents in known.similar(trigrams(word).split(" "), _CANDIDATES).items()
        if is_syllabic(text) == is_syllabic(word) and 0 < (apart := distance(own, letters(text))) <= most
    ]
    return [text for _, _, text in sorted(near)[:_TRIED]]


def _replaced(text: str, words_: dict[str, str]) -> str:
    for word, other in words_.items():
        text = re.sub(re.escape(word), lambda _, new=other: new, text, count=1, flags=re.IGNORECASE)  # type: ignore[misc]
    return text
