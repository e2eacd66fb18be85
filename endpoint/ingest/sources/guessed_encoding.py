"""Guesses of the encoding of a text that is no Unicode, by what the text would look like in each.

A guess comes with its reason. Statistics of bytes need much text: ``python -m benchmarks.encodings`` compares
charset-normalizer, which takes one Korean name among English titles for Big5. Of few characters more can be
said, because the encodings disagree about what they are: kana of half width, letters of the Korean alphabet
by themselves, ideographs that nobody writes, capitals within words.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Characters that are looked at.
_LONGEST: Final = 1 << 16
_EXCERPT: Final = 24
# Letters of which at least one has to be a frequent one.
_FEW: Final = 8

# The most frequent syllables of running Korean; about half of any text, a twentieth of random syllables.
_SYLLABLES = frozenset(
    "이다의는에을가고한은로하지기사정대인리자도를시제부과일어수전국서스해주적상여라장보원그구나공성아위경비방문학회연화관"
    "외교안조선중미북동남평군세계"
)
# Those of names, foreign ones too, of which a table may have only a few.
_OF_NAMES = frozenset(
    "김이박최정강조윤장임한오서신권황송류전홍고문양손배백허유심노곽차민진엄채천현변길석선영희준연우호철숙순옥은혜란향태재승용광"
    "종병훈번목발행분류내용요약름소날짜언명카타르트키니바브프파포토루마모말레네드코콩쿠베벨블즈츠테탄터페필칼캐케콜"
)
# The same for ideographs of simplified Chinese: a third of any text, a twenty-fifth of random ones.
_IDEOGRAPHS = frozenset(
    "的一是在不了有和人这中大为上个国我以要时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法"
    "所民得经三之进着等部度家力如化高自理起小物现实加量都体制机当使点从业本性好应开合还因由其些前外天政日社义事平形相全"
    "表间样与关各重新内数正心反明看原利比或但质第向道变条没结解问意建月公无系情者最立代通并提题党程展文总书研究报告史"
)
# The letters beyond ASCII of languages that are written in CP1252. Names in other languages of Latin letters,
# such as Czech, come out as letters of several of these.
_LETTERS: Final = tuple(
    map(
        frozenset,
        ("äöüß", "àâæçèêëîïôœùûüÿ", "áíñóúü", "áâãàçêíóôõú", "àèìòù", "æøå", "åäöšž", "áðíóúýþæö", "ëïöüèê"),
    )
)
# What Western programs put around and between words.
_PUNCTUATION = frozenset("‘’“”‚„‹›«»–—…\xa0")
_WORD = re.compile(r"[^\W\d_]+")


# A reason, a weight and a number of letters, see :class:`Guess`.
Looks = tuple[str, float, int]


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding in which a text looks as meant: its Python ``codec``, name, a reason, and an excerpt.

    ``weight`` is the share of characters, of ``letters``, that are frequent in its languages.
    """

    codec: str
    name: str
    reason: str
    weight: float
    letters: int
    excerpt: str

    def __str__(self) -> str:
        return f"{self.name}: “{self.excerpt}”"


def guesses(sample: bytes) -> list[Guess]:
    """Return the encodings in which a text that has ``sample`` in it looks as meant, best first.

    The sample may end within a character. An encoding that cannot decode it is left out.
    """
    found = []
    for codec, name, look in _CANDIDATES:
        try:
            text = codecs.getincrementaldecoder(codec)().decode(sample)
        except UnicodeDecodeError:
            continue
        begin = next((place for place, char in enumerate(text) if not char.isascii()), None)
        if begin is None:
            continue
        part = text[max(0, begin - _EXCERPT) : begin + _LONGEST]
        if looks := look(part):
            found.append(Guess(codec, name, *looks, _excerpt(text, begin)))
    return sorted(found, key=lambda guess: -guess.weight)


def _excerpt(text: str, begin: int) -> str:
    """Return the words around the first character beyond ASCII."""
    start = max(text.rfind("\n", 0, begin) + 1, begin - _EXCERPT // 2)
    shown = text[start : start + _EXCERPT].partition("\n")[0]
    return "".join(char if char.isprintable() else " " for char in shown).strip()


def _korean(text: str) -> Looks | None:
    """Return the reason why a text that was decoded from CP949 was meant so, and its weight.

    Three kinds of text pass strict decoding by accident: English with the curly quotes of Windows-1252
    (gives rare syllables beyond EUC-KR), Japanese in EUC-JP (gives single letters of the Korean
    alphabet for its kana), Chinese in GB 2312 (gives random syllables among many ideographs).
    """
    letters = Counter(_script(character) for character in text if not character.isascii())
    syllables = letters["common"] + letters["rare"]
    ideographs, jamo, foreign = letters["ideograph"], letters["jamo"], letters["foreign"]
    every = syllables + ideographs + jamo + foreign
    if letters["rare"] > 0.3 * syllables or jamo + foreign > 0.1 * every:
        return None
    frequent = sum(character in _SYLLABLES for character in text)
    if syllables and ideographs > 0.1 * every and frequent < 0.3 * syllables:
        return None
    if not every:
        return "symbols that Korean programs write", 0.0, 0
    reason = f"{syllables + ideographs} of {every} letters beyond ASCII are Korean syllables and ideographs"
    familiar = sum(character in _SYLLABLES or character in _OF_NAMES for character in text)
    return None if not familiar and ideographs and every < _FEW else (reason, familiar / every, every)


def _script(character: str) -> str:
    if "가" <= character <= "힣":
        return "common" if len(character.encode("euc-kr", "ignore")) == 2 else "rare"
    if "\u4e00" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff":
        return "ideograph"
    if "\u3130" <= character <= "\u318f":
        return "jamo"
    return "foreign" if character.isalpha() else "symbol"


def _japanese(text: str) -> Looks | None:
    """Return the reason why a text that was decoded from Shift-JIS was meant so, and its weight."""
    letters = [character for character in text if not character.isascii() and character.isalpha()]
    kana = sum("\u3041" <= character <= "\u30fe" for character in letters)
    # Korean and Chinese in two bytes each, and any Western letter, come out as kana of half width.
    half = sum("\uff66" <= character <= "\uff9f" for character in letters)
    if not letters or kana < 0.15 * len(letters) or half > 0.1 * len(letters):
        return None
    return f"{kana} of {len(letters)} letters beyond ASCII are kana", 1.0, len(letters)


def _chinese(text: str) -> Looks | None:
    """Return the reason why a text that was decoded from GB18030 was meant so, and its weight."""
    letters = [character for character in text if not character.isascii() and character.isalpha()]
    common = sum(_is_common(character) for character in letters)
    frequent = sum(character in _IDEOGRAPHS for character in letters)
    if common < 0.9 * len(letters) or (not frequent and len(letters) < _FEW):
        return None
    reason = f"{common} of {len(letters)} letters beyond ASCII are common ideographs"
    return reason, frequent / len(letters), len(letters)


def _is_common(ideograph: str) -> bool:
    """Return whether it is one of the 3,755 of the first level of GB 2312, of which nearly all Chinese is."""
    code = ideograph.encode("gb2312", "ignore")
    return len(code) == 2 and 0xB0 <= code[0] <= 0xD7


def _western(text: str) -> Looks | None:
    """Return the reason why a text that was decoded from CP1252 was meant so, and its weight.

    Its letters beyond ASCII stand among those of ASCII, one or two to a word, and no capital follows a small
    letter. What is no letter stands apart from them.
    """
    beyond = [place for place, character in enumerate(text) if not character.isascii()]
    odd = sum(_is_odd(text, place) for place in beyond)
    words = [word for word in _WORD.findall(text) if any(map(_is_letter, word))]
    letters = sum(_is_letter(character) for word in words for character in word)
    if not beyond or odd > 0.03 * len(beyond) or letters > 0.5 * sum(map(len, words)):
        return None
    if not any(map(_fits(words), _LETTERS)):
        return None
    if not letters:
        return "quotation marks and dashes among English words", 1.0, 0
    reason = f"{letters} letters beyond ASCII stand singly in words, such as “{words[0][:_EXCERPT]}”"
    return reason, 1.0, letters


def _fits(words: list[str]) -> Callable[[frozenset[str]], bool]:
    """Return whether (nearly) all letters beyond ASCII are those of one language."""
    found = Counter(character.lower() for word in words for character in word if _is_letter(character))
    # Turkish in its own encoding has letters of Icelandic, but none that Icelandic cannot do without.
    turkish = not found.keys().isdisjoint("ðýþ") and found.keys().isdisjoint("áíóúæ")
    return lambda letters: (
        not turkish and sum(found[letter] for letter in letters | {"é"}) >= 0.8 * found.total()
    )


def _is_letter(character: str) -> bool:
    """Return whether it is a letter beyond ASCII, and no sign of a number or a unit."""
    return not character.isascii() and character.isalpha() and character not in "ªºµƒ"


def _is_odd(text: str, place: int) -> bool:
    """Return whether no Western text has this character at this place."""
    character, before, after = text[place], text[max(0, place - 1) : place], text[place + 1 : place + 2]
    if character in _PUNCTUATION:
        return False
    if _is_letter(character):
        return character.isupper() and before.islower()
    near = {before, after} - _PUNCTUATION
    return any(not other.isascii() for other in near) or (after.islower() and character not in "¿¡°·•§")


_CANDIDATES: Final[tuple[tuple[str, str, Callable[[str], Looks | None]], ...]] = (
    ("cp949", "CP949 (Korean Windows)", _korean),
    ("cp932", "Shift-JIS (Japanese Windows)", _japanese),
    ("gb18030", "GB18030 (Chinese)", _chinese),
    ("cp1252", "CP1252 (Western Windows, Latin-1)", _western),
)
