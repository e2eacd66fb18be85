"""Korean writing: readings of Chinese characters, particles after nouns, letters of syllables, the keyboard.

KS X 1001 orders its 4,888 Chinese characters by their Korean reading, and Python has its codec; the
readings in that order, each with the number of its characters, are the whole table (韓國 is 한국).

A particle is removed where the noun is known without it. The form of a particle depends on the sound before
it (``이`` after a consonant, ``가`` after a vowel), which excludes most words that only end alike; the index
excludes the rest: ``정상회의`` stays whole where the index has no ``정상회``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

_FIRST_SYLLABLE = 0xAC00

_READINGS = (
    "가29각11간24갈10감20갑6강24개20객2갱4갹1거17건12걸4검7겁3게3격7견11결6겸6경45계24고39곡7곤10골3"
    "공17과13곽3관17괄4광13괘3괴9굉4교25구54국6군6굴4궁6권10궐5궤7귀5규15균7귤1극7근16금14급7긍4기64긴1"
    "길5끽1나15낙8난9날2남9납5낭7내6냉1녀1년3념5녕1노18녹6논1농7뇌6뇨1누8눈1눌1뉴2늑2늠1능6니2닉2다2단20달5"
    "담17답5당11대17덕2도40독10돈10돌2동17두11둔6득1등9라9락10란8랄2람10랍3랑8래4랭1략2량13려18력7련12"
    "렬6렴5렵1령18례5로18록7론1롱7뢰8료12룡1루13류14륙3륜6률4륭1륵2름1릉6리26린9림5립4마8막6만19말7망12"
    "매14맥5맹6멱2면11멸2명15몌1모24목7몰2몽3묘12무22묵2문12물3미19민13밀3박19반25발11방28배20백8번10"
    "벌4범9법2벽12변6별4병17보16복17본1볼1봉17부42북1분19불5붕6비43빈14빙4사60삭4산12살5삼8삽4상31새5색3"
    "생5서30석15선32설13섬8섭4성18세9소37속9손6솔1송8쇄5쇠2수61숙12순27술4숭3슬3습5승10시28식15신24실4"
    "심10십3쌍1씨1아18악14안10알4암8압4앙7애11액7앵4야11약9양31어10억5언6얼2엄6업2엔1여24역13연43열10"
    "염15엽4영40예24오30옥5온6올1옹9와8완18왈1왕5왜4외5요38욕6용24우32욱9운13울3웅2원27월3위25유56육7"
    "윤13율5융5은7을1음6읍3응4의19이38익8인24일9임11입5잉4자26작13잔5잠6잡1장37재17쟁4저28적25전41절8점9"
    "접3정55제23조46족4존2졸3종17좌5죄1주40죽2준19줄1중4즉1즐1즙3증11지34직5진35질15짐3집6징3차15착7찬15"
    "찰5참10창22채12책4처4척15천19철10첨10첩10청9체9초27촉6촌4총10촬1최3추23축12춘3출3충6췌4취14측5층1"
    "치24칙3친1칠3침9칩1칭2쾌1타14탁16탄10탈2탐4탑3탕5태14택3탱1터1토4통7퇴6투6특2틈1파16판9팔3패11팽4퍅1"
    "편10폄1평5폐10포28폭6표14품2풍5피7필10핍2하14학5한14할2함12합7항17해18핵2행5향9허4헌4헐1험2혁4현21"
    "혈4혐1협12형20혜9호41혹3혼6홀3홍10화14확6환17활5황24회20획2횡3효13후13훈10훙1훤4훼3휘8휴5휼3흉5흑1"
    "흔4흘4흠3흡4흥1희20힐1"
)
# Characters with another reading than the first one in the standard, which repeats some of them.
_OTHERWISE = dict(zip("串廓寧宅不嗇坍泌金率", "관곽녕택불색담비금률", strict=True))
_CHINESE = re.compile("[\u4e00-\u9fff]+")
_N, _L, _SILENT = 2, 5, 11
# Vowels before which an initial ㄴ or ㄹ falls silent: ㅑ ㅒ ㅕ ㅖ ㅛ ㅠ ㅣ.
_IOTATED = frozenset((2, 3, 6, 7, 12, 17, 20))
_ENDING_LAW = {"렬": "열", "률": "율"}


@cache
def _readings() -> dict[str, str]:
    codes = (bytes((row, cell)) for row in range(0xCA, 0xFE) for cell in range(0xA1, 0xFF))
    runs = re.findall(r"(\D)(\d+)", _READINGS)
    syllables = "".join(syllable * int(count) for syllable, count in runs)
    table: dict[str, str] = {}
    for code, syllable in zip(codes, syllables, strict=True):
        table.setdefault(code.decode("euc_kr"), syllable)
    return table | _OTHERWISE


def to_hangul(text: str) -> str:
    """Replace each Chinese character in ``text`` that has a Korean reading by it, one for one.

    The first sound of a word follows the initial sound law: 歷史 is 역사, 經歷 is 경력.
    """
    return _CHINESE.sub(_read, text)


def _read(match: re.Match[str]) -> str:
    table = _readings()
    run = match[0]
    before = match.string[match.start() - 1] if match.start() else ""
    syllables = [table.get(character, character) for character in run]
    for position, syllable in enumerate(syllables):
        if not "가" <= syllable <= "힣":
            continue
        if position == 0 and not "가" <= before <= "힣":
            syllables[0] = _at_beginning(syllable)
        elif syllable in _ENDING_LAW and _open_or_n(syllables[position - 1] if position else before):
            syllables[position] = _ENDING_LAW[syllable]
    return "".join(syllables)


def _at_beginning(syllable: str) -> str:
    """Return a reading at the beginning of a word (standard orthography, articles 10 to 12)."""
    code = ord(syllable) - _FIRST_SYLLABLE
    first, vowel = code // 588, code // 28 % 21
    if first == _L:
        first = _SILENT if vowel in _IOTATED else _N
    elif first == _N and vowel in _IOTATED:
        first = _SILENT
    return chr(_FIRST_SYLLABLE + first * 588 + code % 588)


def _open_or_n(syllable: str) -> bool:
    return "가" <= syllable <= "힣" and (ord(syllable) - _FIRST_SYLLABLE) % 28 in (0, 4)


_AFTER_ANY = """
에서부터 에서의 에서는 에서도 에게서 에게는 에서 에게 에의 에는 에도 까지의 까지는 까지
부터의 부터는 부터 처럼 만큼 보다 마다 조차 마저 하고 에 의 도 만 들
"""
_AFTER_CONSONANT = """
으로부터 으로서의 으로서 으로써 으로의 으로는 으로도 으로 이라는 이란 이나 이며 과의 과는
은 이 을 과
"""
_AFTER_VOWEL = "로부터 로서의 로서 로써 로의 로는 로도 로 라는 란 나 며 와의 와는 는 가 를 와"
_ANY, _CONSONANT, _VOWEL = (tuple(forms.split()) for forms in (_AFTER_ANY, _AFTER_CONSONANT, _AFTER_VOWEL))
#: The pronunciation of ABC is not known, so any form may follow it; 3도 and 2과 are no particles.
AFTER_LETTERS = frozenset((*_ANY, *_CONSONANT, *_VOWEL))
AFTER_NUMBER = AFTER_LETTERS.difference("도만들이가과나며란라")
_LONGEST = 4
_DEEPEST = 3
_FINAL_RIEUL = 8


def bare(word: str, is_word: Callable[[str, str], bool]) -> str:
    """Return a Hangul word without its particles.

    ``is_word(noun, particle)`` returns whether ``noun`` occurs without that ``particle``; it is called only
    with nouns of two syllables and more.
    """
    for _ in range(_DEEPEST):
        shorter = next((noun for noun, particle in _splits(word) if is_word(noun, particle)), None)
        if shorter is None:
            return word
        word = shorter
    return word


@cache
def _after(final: int) -> tuple[str, ...]:
    own = _CONSONANT if final else _VOWEL
    # After ㄹ it is 로, as after a vowel.
    extra = [particle for particle in _VOWEL if particle[0] == "로"] if final == _FINAL_RIEUL else []
    return tuple(sorted((*_ANY, *own, *extra), key=len, reverse=True))


def after(noun: str) -> tuple[str, ...]:
    """Return the particles that may follow ``noun``, longest first."""
    return _after((ord(noun[-1]) - _FIRST_SYLLABLE) % 28)


def without_particle(word: str) -> str:
    """Remove the longest ending of ``word`` that looks like a particle; at least one syllable stays."""
    return next((noun for noun, _ in _splits(word, 1)), word)


def _splits(word: str, shortest: int = 2) -> list[tuple[str, str]]:
    longest = min(_LONGEST, len(word) - shortest)
    pairs = ((word[:-length], word[-length:]) for length in range(longest, 0, -1))
    return [(noun, particle) for noun, particle in pairs if particle in after(noun)]


# The two-set keyboard of South Korea (KS X 5002). Keys that give the same letter with shift are not repeated.
_KEYBOARD = dict(
    zip(
        "rRseEfaqQtTdwWczxvgkoiOjpuPhynbml",
        "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅛㅜㅠㅡㅣ",
        strict=True,
    )
)
_KEYS = {letter: key for key, letter in _KEYBOARD.items()}
_FIRST = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_LAST = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_COMPOUNDS = "ㅘㅙㅚㅝㅞㅟㅢㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ"
_TYPED = "ㅗㅏㅗㅐㅗㅣㅜㅓㅜㅔㅜㅣㅡㅣㄱㅅㄴㅈㄴㅎㄹㄱㄹㅁㄹㅂㄹㅅㄹㅌㄹㅍㄹㅎㅂㅅ"
_PARTS = {letter: _TYPED[2 * at : 2 * at + 2] for at, letter in enumerate(_COMPOUNDS)}
_WHOLE = {parts: letter for letter, parts in _PARTS.items()}
_VOWEL_PAIRS = "|".join(parts for parts, letter in _WHOLE.items() if letter in _VOWELS)
_LAST_PAIRS = "|".join(parts for parts, letter in _WHOLE.items() if letter in _LAST)
# A consonant is final only where no vowel follows, whose initial it would be.
_SYLLABLE = re.compile(
    rf"([{_FIRST}])({_VOWEL_PAIRS}|[{_VOWELS}])((?:{_LAST_PAIRS}|[{_LAST[1:]}])(?![{_VOWELS}]))?"
)
_TYPED_WORD = re.compile(rf"(?:{_SYLLABLE.pattern})+")


def letters(word: str) -> str:
    """Split each Hangul syllable of ``word`` into its two or three letters: 한국 is ㅎㅏㄴㄱㅜㄱ."""
    return "".join(map(_apart, word))


def _apart(character: str) -> str:
    if not "가" <= character <= "힣":
        return character
    code = ord(character) - _FIRST_SYLLABLE
    return (_FIRST[code // 588] + _VOWELS[code // 28 % 21] + _LAST[code % 28]).rstrip()


def hangul_of_keys(typed: str) -> str | None:
    """Return what the keys of an English text type in Korean mode: ``gksrnr`` is 한국.

    None where they type anything else than Hangul syllables.
    """
    # With caps lock on, shift means nothing.
    typed = typed.lower() if typed.isupper() else typed
    jamo = "".join(_KEYBOARD.get(key) or _KEYBOARD.get(key.lower(), key) for key in typed)
    if not _TYPED_WORD.fullmatch(jamo):
        return None
    return _SYLLABLE.sub(_together, jamo)


def keys_of_hangul(typed: str) -> str:
    """Return the keys that type a Korean text: ``ㅏㅐㄱㄷㅁ`` is ``korea``."""
    parts = "".join(_PARTS.get(letter, letter) for letter in letters(typed))
    return "".join(_KEYS.get(letter, letter) for letter in parts)


def _together(match: re.Match[str]) -> str:
    first, vowel, last = match[1], match[2], match[3] or " "
    at_vowel, at_last = _VOWELS.index(_WHOLE.get(vowel, vowel)), _LAST.index(_WHOLE.get(last, last))
    return chr(_FIRST_SYLLABLE + _FIRST.index(first) * 588 + at_vowel * 28 + at_last)
