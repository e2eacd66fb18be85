"""Snippets: the passage of a text that best shows its matches, as HTML with the matches marked.

Matches are located by patterns over the normal form of the text, and their positions are mapped to the
original text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from endpoint.search.analysis import ABBREVIATION, SYLLABIC, is_syllabic, normalise, stem

WIDTH = 200
_LEAD = 60
_MOST_MARKS = 400
_GAP = r"[\s·‐-―-]?"
_LATIN = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SPACE = re.compile(r"\s+")
# Units of normalisation: abbreviations, and characters with their combining marks.
_CLUSTER = re.compile(
    rf"{ABBREVIATION.pattern}|.[\u0300-\u036f\u1160-\u11ff\u3099\u309a\u200b-\u200d]*",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """Words in a row to mark, in ``field`` or, where that is empty, anywhere.

    A single syllable is marked where it stands alone or ``before`` one of these.
    """

    words: tuple[str, ...]
    field: str = ""
    prefix: bool = False
    before: str = ""

    @property
    def pattern(self) -> str:
        """Return a regular expression that matches them in a normalised text."""
        if self.before:
            (word,) = self.words
            return f"{word}(?=[{self.before}])|(?<![{SYLLABIC}]){word}(?![{SYLLABIC}])"
        return r"\W{0,3}".join(_pattern(word, self.prefix) for word in self.words)


def _pattern(word: str, prefix: bool) -> str:
    if is_syllabic(word):
        if len(word) != 2:
            return _GAP.join(word)
        # Across a space or a dot only where both syllables stand alone.
        return f"(?:{word}|(?<![{SYLLABIC}]){word[0]}(?:[·‐-―-]{word[1]}|\\s{word[1]}(?![{SYLLABIC}])))"
    if word[0].isdecimal():
        return rf"(?<!\d){word}" + ("" if prefix else r"(?!\d)")
    if not _LATIN.fullmatch(word):
        return rf"\b{re.escape(word)}" + ("" if prefix else r"\b")
    # A stem may end in another letter than the word: policies and policy are polici.
    root = word if prefix else stem(word)[: max(2, len(stem(word)) - 1)]
    return rf"(?<![a-z]){root}[a-z']*"


@dataclass(frozen=True, slots=True)
class _Place:
    start: int
    end: int
    text: str


class Marker:
    """A writer of the snippets for one query."""

    def __init__(self, marks: Iterable[Mark], fields: Sequence[str], first: str) -> None:
        """``fields`` are the names of all fields; ``first`` is the preferred field of a snippet."""
        self._order = sorted(fields, key=lambda name: name != first)
        marks = list(marks)
        self._patterns = {name: _compiled(marks, name) for name in self._order}
        single = [mark for mark in marks if len(mark.words) == 1]
        self._stems = {stem(mark.words[0]) for mark in single}
        self._prefixes = tuple(mark.words[0] for mark in single if mark.prefix)

    def snippet(self, fields: Mapping[str, Sequence[str]]) -> str:
        """Return HTML of about :data:`WIDTH` characters, from the first of the fields with a match."""
        for name in self._order:
            for text in fields.get(name, ()):
                if places := self._places(text, name):
                    return _window(text, places)
        start = next((texts[0] for name in self._order if (texts := fields.get(name))), "")
        return _window(start, [])

    def _places(self, text: str, field: str) -> list[_Place]:
        pattern = self._patterns[field]
        if pattern is None:
            return []
        places: list[_Place] = []
        start = 0
        for line in text.splitlines(keepends=True):
            normal = normalise(line)
            matches = [match for match in pattern.finditer(normal) if self._is_meant(match[0])]
            for match, first, last in _written(line, normal, matches):
                places.append(_Place(start + first, start + last, match[0]))
            start += len(line)
            if len(places) > _MOST_MARKS:
                break
        return places

    def _is_meant(self, text: str) -> bool:
        if not _LATIN.fullmatch(text):
            return True
        return stem(text) in self._stems or bool(self._prefixes and text.startswith(self._prefixes))


def _compiled(marks: Iterable[Mark], field: str) -> re.Pattern[str] | None:
    patterns = {mark.pattern for mark in marks if mark.field in ("", field)}
    # The longest first: of two with the same beginning it is the one to mark.
    return re.compile("|".join(sorted(patterns, key=lambda text: (-len(text), text)))) if patterns else None


def _written(
    line: str, normal: str, matches: Sequence[re.Match[str]]
) -> Iterator[tuple[re.Match[str], int, int]]:
    """Yield each match in ``normal`` with its place in ``line``, as far as that is known."""
    if len(line) == len(normal):
        yield from ((match, match.start(), match.end()) for match in matches)
    elif matches:
        ends: list[tuple[int, int]] = []
        for cluster in _CLUSTER.finditer(line):
            ends.extend([cluster.span()] * len(normalise(cluster[0])))
        if len(ends) == len(normal):
            yield from ((match, ends[match.start()][0], ends[match.end() - 1][1]) for match in matches)


def _window(text: str, places: Sequence[_Place]) -> str:
    start, end = _best(text, places) if places else (0, min(len(text), WIDTH))
    start, end = _whole_words(text, start, end)
    parts = ["…" if text[:start].strip() else ""]
    at = start
    for place in places:
        if place.start < at or place.end > end:
            continue
        parts.append(_escaped(text[at : place.start]))
        parts.append(f"<mark>{_escaped(text[place.start : place.end])}</mark>")
        at = place.end
    parts.append(_escaped(text[at:end]))
    parts.append("…" if text[end:].strip() else "")
    # Marks that touch are one.
    return "".join(parts).replace("</mark><mark>", "").strip()


def _escaped(text: str) -> str:
    return html.escape(_SPACE.sub(" ", text))


def _best(text: str, places: Sequence[_Place]) -> tuple[int, int]:
    """Return the window with the most different words, and among those with the most matches."""

    def shown(first: int) -> tuple[int, int]:
        limit = places[first].start + WIDTH - _LEAD
        inside = [place.text for place in islice(places, first, first + 50) if place.end <= limit]
        return len(set(inside)), len(inside)

    best = max(range(len(places)), key=lambda first: (shown(first), -first))
    start = max(0, places[best].start - _LEAD)
    end = min(len(text), max(start + WIDTH, places[best].end))
    return max(0, min(start, end - WIDTH)), end


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    """Move both ends outwards to the next space where one is near."""
    before = max(text.rfind(space, max(0, start - 20), start) for space in (" ", "\n", "\u00a0"))
    after = [text.find(space, end, end + 20) for space in (" ", "\n", "\u00a0")]
    near = [place for place in after if place >= 0]
    return (
        before + 1 if before >= 0 and start else start,
        min(near) if near else (len(text) if len(text) - end < 20 else end),
    )
