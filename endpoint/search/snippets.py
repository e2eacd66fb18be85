"""Snippets: the passage of a text that best shows its matches, as HTML with the matches marked.

Matches are located by patterns over the normal form of the text, and their positions are mapped to the
original text.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from endpoint.search.analysis import ABBREVIATION, SYLLABIC, is_syllabic, normalise, plain, stem

WIDTH = 200
_LEAD = 60
# Matches after which no more of a text is read, and after which none is where all words were among them.
_MOST_MARKS = 400
_ENOUGH_MARKS = 20
_GAP = r"[\s·‐-―-]?"
_LATIN = re.compile(r"[a-z]+(?:'[a-z]+)*")
_SPACE = re.compile(r"\s+")
# The ends of lines among the characters of plain texts.
_LINE_END = re.compile("[\n\r\v\f\x1c-\x1e]")
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
        return rf"(?<![^\W_]){re.escape(word)}" + ("" if prefix else r"(?![^\W_])")
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
        self._marks = marks
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
        normal, lines = _normal_lines(text)
        starts = [line.normal_start for line in lines]
        places: list[_Place] = []
        read = 0
        for match in pattern.finditer(normal):
            if not self._is_meant(match[0]):
                continue
            line = lines[bisect_right(starts, match.start()) - 1]
            if line.start != read and self._are_enough(places, field):
                break
            read = line.start
            if (found := line.written(match)) is not None:
                places.append(_Place(*found, match[0]))
        return places

    def _are_enough(self, places: Sequence[_Place], field: str) -> bool:
        """Return whether places are very many, or many with each of the words that may be in ``field``."""
        if len(places) <= _ENOUGH_MARKS:
            return False
        texts = {place.text for place in places}
        wanted = [mark for mark in self._marks if mark.field in ("", field)]
        return len(places) > _MOST_MARKS or all(
            any(re.match(mark.pattern, text) for text in texts) for mark in wanted
        )

    def _is_meant(self, text: str) -> bool:
        if not _LATIN.fullmatch(text):
            return True
        return stem(text) in self._stems or bool(self._prefixes and text.startswith(self._prefixes))


def _compiled(marks: Iterable[Mark], field: str) -> re.Pattern[str] | None:
    patterns = {mark.pattern for mark in marks if mark.field in ("", field)}
    # The longest first: of two with the same beginning it is the one to mark.
    return re.compile("|".join(sorted(patterns, key=lambda text: (-len(text), text)))) if patterns else None


class _Line:
    """A line that begins at ``start`` of a text and at ``normal_start`` of its normal form.

    ``unusual`` is the line where its characters are not one for one those of its normal form.
    """

    __slots__ = ("_ends", "normal_start", "start", "unusual")

    def __init__(self, start: int, normal_start: int, unusual: str | None = None) -> None:
        self.start, self.normal_start, self.unusual = start, normal_start, unusual
        self._ends: list[tuple[int, int]] | None = None

    def written(self, match: re.Match[str]) -> tuple[int, int] | None:
        """Return the place of a match in the text, as far as that is known."""
        first, last = match.start() - self.normal_start, match.end() - self.normal_start
        if self.unusual is None:
            return self.start + first, self.start + last
        if self._ends is None:
            self._ends = _ends(self.unusual)
        if not self._ends:
            return None
        return self.start + self._ends[first][0], self.start + self._ends[last - 1][1]


def _ends(line: str) -> list[tuple[int, int]]:
    """Return for each character of the normal form of a line what it was made of; nothing where that is not
    known."""
    ends: list[tuple[int, int]] = []
    length = len(normalise(line))
    for cluster in _CLUSTER.finditer(line):
        # Most are single characters of their own.
        single = cluster[0].isascii() and len(cluster[0]) == 1
        ends.extend([cluster.span()] * (1 if single else len(normalise(cluster[0]))))
    return ends if len(ends) == length else []


def _normal_lines(text: str) -> tuple[str, list[_Line]]:
    """Return the normal form of a text and its lines; between two lines there is a sign that no gap between
    words matches."""
    if (whole := plain(text)) is not None:
        # One for one, so that it can be read as one line.
        return _LINE_END.sub("_", whole), [_Line(0, 0)]
    pieces: list[str] = []
    lines: list[_Line] = []
    start = length = 0
    for line in text.splitlines(keepends=True):
        normal = plain(line) or normalise(line)
        lines.append(_Line(start, length, None if len(normal) == len(line) else line))
        pieces.append(f"{normal}_")
        start, length = start + len(line), length + len(normal) + 1
    return "".join(pieces), lines


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

    shown: list[tuple[int, int, int]] = []
    inside: Counter[str] = Counter()
    last = 0
    for first, place in enumerate(places):
        while last < len(places) and places[last].end <= place.start + WIDTH - _LEAD:
            inside[places[last].text] += 1
            last += 1
        shown.append((len(inside), last - first, -first))
        if last == first:
            # Longer than the window.
            last += 1
            continue
        inside[place.text] -= 1
        if not inside[place.text]:
            del inside[place.text]
    best = -max(shown)[2]
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
