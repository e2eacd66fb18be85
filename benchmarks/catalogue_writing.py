"""Titles and abstracts of one language, in the forms that the institute's real ones have."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from benchmarks import catalogue_english as english
from benchmarks.catalogue_entities import Entities
from benchmarks.catalogue_korean import join
from benchmarks.catalogue_text import BITS, Pattern, Subject, Table, Tables, pick
from benchmarks.catalogue_words import in_languages, read_sections

LONGEST: Final = 40_000
_SIZE: Final = 2**BITS
# Three characters are written for one dot; the first is the usual one.
DOTS: Final = ("·", "·", "·", "·", "·", "·", "·", "․", "․", "・")
_NUMERALS: Final = (
    ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ"),
    ("I", "II", "Ⅲ", "IV", "V", "VI"),
    ("1", "2", "3", "4", "5", "6"),
)
_BULLETS: Final = ("□ ", " ○ ", "● ", "• ", "  - ", "ㅇ ")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_ARTICLE: Final = re.compile(r"\b([Aa]) (?=[aeiouAEIOU])")
_NO_BREAK: Final = "\u00a0"


class Language:
    """The common part of Korean and English: patterns filled into an outline, paragraphs and points."""

    def __init__(self, name: str, tables: Tables) -> None:
        sections = read_sections("catalogue_patterns.txt")
        self._titles, self._headings, self._sentences, self._points = (
            tables.compile(sections[f"{name} {part}"])
            for part in ("titles", "headings", "sentences", "points")
        )
        self._moments: dict[int, Table] = {}

    def title(self, rng: random.Random, subject: Subject) -> str:
        """A title; now and then with a double space in it, as typed."""
        text = self._finish(_one_of(rng, self._titles).say(rng.getrandbits, subject), heading=True)
        if rng.random() < 0.04:
            text = text.replace(" ", "  ", 1)
        return text[:200].strip()

    def abstract(self, rng: random.Random, subject: Subject, length: int) -> str:
        """About ``length`` characters: one paragraph, or an outline and its sections."""
        if length < 500:
            return self._paragraph(rng, subject, length)
        headings = self._outline(rng, subject)
        count = len(headings)
        trailing = _NO_BREAK if rng.random() < 0.4 else ""
        lines = ["<요약>"] if rng.random() < 0.03 else []
        lines += [heading + trailing for heading in headings] if rng.random() < 0.7 else []
        size = sum(map(len, lines))
        for number, heading in enumerate(headings, 1):
            section = [trailing, heading, trailing]
            share = length * number // count
            while size < share:
                piece = self._piece(rng, subject)
                size += len(piece)
                section.append(piece)
            lines += section
        text = "\n".join(lines).strip("\n")
        if rng.random() < 0.1:
            text = text.replace(",", " ")
        # The data cut what was too long for a field, within a word.
        return text[: min(length + 200, LONGEST)]

    def _outline(self, rng: random.Random, subject: Subject) -> list[str]:
        """Numbered headings, in the order in which an argument has them."""
        numerals = _NUMERALS[int(rng.random() * 3)]
        chosen = {int(rng.random() * len(self._headings)) for _ in range(3 + int(rng.random() * 4))}
        said = (self._headings[index].say(rng.getrandbits, subject) for index in sorted(chosen))
        return [
            f"{numeral}. {self._finish(text, heading=True)}"
            for numeral, text in zip(numerals, said, strict=False)
        ]

    def _piece(self, rng: random.Random, subject: Subject) -> str:
        """A paragraph or a few points."""
        draw = rng.random()
        if draw < 0.7:
            return self._paragraph(rng, subject, 150 + int(draw * 600))
        bullet = pick(rng, _BULLETS)
        bits = rng.getrandbits
        return "\n".join(
            bullet + self._finish(_one_of(rng, self._points).say(bits, subject))
            for _ in range(2 + int(rng.random() * 4))
        )

    def _paragraph(self, rng: random.Random, subject: Subject, length: int) -> str:
        said: list[str] = []
        size = 0
        bits = rng.getrandbits
        while size < length:
            sentence = self._finish(_one_of(rng, self._sentences).say(bits, subject))
            said.append(sentence)
            size += len(sentence) + 1
        return " ".join(said)

    def _finish(self, text: str, heading: bool = False) -> str:
        return text


class Korean(Language):
    """Particles are joined by the last sound of the word."""

    def __init__(self, entities: Entities, rng: random.Random) -> None:
        self._entities = entities
        super().__init__("korean", Tables(_korean_words(entities, rng), join))

    def subject(self, rng: random.Random, about: Mapping[str, str], year: int) -> Subject:
        """``about`` names the countries, the organisation, the city and the event in Korean."""
        words = self._entities.words
        nouns = words["korean nouns"]
        topics = {f"topic{n}": nouns[int(rng.random() * rng.random() * len(nouns))] for n in (1, 2, 3)}
        if year not in self._moments:
            self._moments[year] = _korean_moments(year)
        return Subject({**about, **topics, "when": self._moments[year], "dot": pick(rng, DOTS)}, join)


class English(Language):
    """Sentences begin with a capital; headings have them throughout."""

    def __init__(self, entities: Entities, rng: random.Random) -> None:
        self._entities = entities
        super().__init__("english", Tables(_english_words(entities, rng), _english_form))

    def subject(self, rng: random.Random, about: Mapping[str, str], year: int) -> Subject:
        """``about`` names the countries, the organisation, the city and the event in English."""
        topics = {f"topic{n}": self._topic(rng) for n in (1, 2, 3)}
        if year not in self._moments:
            self._moments[year] = _english_moments(year)
        return Subject({**about, **topics, "when": self._moments[year]}, _english_form)

    def _topic(self, rng: random.Random) -> str:
        nouns = self._entities.words["english nouns"]
        noun = nouns[int(rng.random() * rng.random() * len(nouns))]
        draw = rng.random()
        if draw < 0.2:
            return noun
        return f"{pick(rng, self._entities.words['english adjectives'] if draw < 0.7 else nouns)} {noun}"

    def _finish(self, text: str, heading: bool = False) -> str:
        text = _ARTICLE.sub(r"\1n ", text)
        return english.title_case(text) if heading else text[:1].upper() + text[1:]


def _one_of(rng: random.Random, patterns: Sequence[Pattern]) -> Pattern:
    return patterns[int(rng.random() * len(patterns))]


def _filled(make: Callable[[], str]) -> tuple[str, ...]:
    return tuple(make() for _ in range(_SIZE))


def _korean_words(entities: Entities, rng: random.Random) -> dict[str, Sequence[str]]:
    words = entities.words
    nouns, actions, events = words["korean nouns"], words["korean actions"], words["korean events"]
    abroad = [entity.korean for entity in entities.organisations[:20]]
    countries = [country.korean for country in entities.countries]
    titles = [entity.korean for entity in entities.positions]
    units = ("억 원", "만 달러", "억 달러", "건", "명")

    def noun() -> str:
        return nouns[int(rng.random() * rng.random() * len(nouns))]

    def combined(stems: str, endings: str) -> tuple[str, ...]:
        return _filled(lambda: pick(rng, words[stems]) + pick(rng, words[endings]))

    return {
        "noun": nouns,
        "compound": _filled(lambda: noun() + noun() + (noun() if rng.random() < 0.2 else "")),
        "modifier": words["korean modifiers"],
        "actor": [*countries[:4], "한국", "국제사회", *abroad, *countries[5:]],
        "act": combined("korean actions", "korean action endings"),
        "join": combined("korean actions", "korean action joints"),
        "event": combined("korean events", "korean event endings"),
        "turn": combined("korean events", "korean event joints"),
        "bare": [*actions, *(stem for stem in events if stem not in actions)],
        "name": _filled(
            lambda: (
                f"{entities.one_of(rng, entities.persons).korean} {titles[int(rng.random() * len(titles))]}"
            )
        ),
        "percent": _filled(lambda: f"{rng.random() * 100:.1f}%"),
        "amount": _filled(lambda: f"{1 + int(rng.random() * 9000):,}{pick(rng, units)}"),
    }


def _korean_moments(year: int) -> Table:
    rng = random.Random(year)
    whens = (
        "최근",
        "지난해",
        "올해 들어",
        f"{year}년",
        f"{year - 1}년",
        f"{year}년 상반기",
        f"{year - 1}년 하반기",
        f"’{year % 100:02d}년",
    )
    return _filled(
        lambda: pick(rng, whens)
        if rng.random() < 0.4
        else f"{year - int(rng.random() * 3)}년 {1 + int(rng.random() * 12)}월"
    )  # fmt: skip


def _english_words(entities: Entities, rng: random.Random) -> dict[str, Sequence[str]]:
    words = entities.words
    nouns, verbs = words["english nouns"], words["english verbs"]
    countries = [with_article(country.english) for country in entities.countries]
    bodies = [body.short for body in entities.organisations[:20]]
    titles = [in_languages(entry)[1] for entry in words["positions"]]
    persons = entities.persons

    def noun() -> str:
        return nouns[int(rng.random() * rng.random() * len(nouns))]

    return {
        "noun": nouns,
        "compound": _filled(
            lambda: f"{noun()} {noun()}"
        ),
        "adj": words["english adjectives"],
        "adverb": words["english adverbs"],
        "verb": verbs,
        "verb.s": [english.third_person(verb) for verb in verbs],
        "verb.ing": [english.participle(verb) for verb in verbs],
        "verb.ed": [english.past(verb) for verb in verbs],
        "actor": [*countries[:5], "Seoul", "the international community", *bodies, *countries[5:]],
        "name": _filled(
            lambda: f"{titles[int(rng.random() * len(titles))]} {entities.one_of(rng, persons).english}"
        ),
        "percent": _filled(lambda: f"{rng.random() * 100:.1f} percent"),
        "amount": _filled(lambda: f"${rng.random() * 90:.2f} {pick(rng, ('million', 'billion'))}"),
    }  # fmt: skip


def _english_moments(year: int) -> Table:
    rng = random.Random(year)
    months = _MONTHS
    return _filled(
        lambda: (
            f"{year - int(rng.random() * 3)}"
            if rng.random() < 0.4
            else f"{pick(rng, months)} {year - int(rng.random() * 3)}"
        )
    )


def _english_form(word: str, form: str) -> str:
    """``form`` is ``s`` for the plural."""
    return english.plural(word) if form == "s" else word


def with_article(name: str) -> str:
    """``the Philippines``, ``Vietnam``."""
    takes = (
        "United ",
        "Philippines",
        "Netherlands",
        "Republic",
        "Maldives",
        "Marshall",
        "Solomon",
        "Democratic",
    )
    wanted = name.startswith(takes) or name.endswith("Republic")
    return f"the {name}" if wanted else name
