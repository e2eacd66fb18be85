"""Checks the JSON-LD frame of a saved query when it is loaded (JSON-LD 1.1 Framing).

What is told here: a context that would have to be fetched, a keyword that is none, a wrong value of a
framing keyword, a frame that is too long. What remains wrong with a context is told when it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from endpoint.errors import DataError
from endpoint.vocabulary import SCHEMA
from endpoint.wording import did_you_mean, shown

# A frame or a prototype goes with every question to a worker: so many bytes as JSON.
LONGEST_SHAPE: Final = 64 * 2**10

_EMBEDS: Final = ("@once", "@always", "@never", "@last")
_FLAGS: Final = ("@explicit", "@omitDefault", "@requireAll")
# JSON-LD 1.1 section 1.7 and JSON-LD 1.1 Framing section 3.
_KEYWORDS: Final = (
    "@base", "@container", "@context", "@default", "@direction", "@embed", "@explicit", "@graph", "@id",
    "@import", "@included", "@index", "@json", "@language", "@list", "@nest", "@none", "@null",
    "@omitDefault", "@prefix", "@propagate", "@protected", "@requireAll", "@reverse", "@set", "@type",
    "@value", "@version", "@vocab",
)  # fmt: skip
_KEYWORD: Final = re.compile(r"@[A-Za-z]+")


def check_frame(frame: Mapping[str, object]) -> None:
    """Raises :class:`~endpoint.errors.DataError`, without a place, for the first thing that is wrong."""
    check_length(frame, "frame")
    _check(frame)


def check_length(shape: Mapping[str, object], kind: str) -> None:
    """Raises :class:`~endpoint.errors.DataError` where ``shape`` is too long, or no text at all."""
    try:
        length = len(json.dumps(shape, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise DataError(f"The {kind} holds half of a surrogate pair, which is no character.") from None
    if length > LONGEST_SHAPE:
        raise DataError(
            f"The {kind} has {length:,} bytes; {LONGEST_SHAPE:,} are the most, because it goes with every "
            "question."
        )


def _check(part: object) -> None:
    if isinstance(part, list):
        for item in part:
            _check(item)
    elif isinstance(part, Mapping):
        for key, value in part.items():
            if _KEYWORD.fullmatch(key) and key not in _KEYWORDS:
                raise DataError(f'"{shown(key)}" is no keyword of JSON-LD{did_you_mean(key, _KEYWORDS)}')
            if key in ("@context", "@import"):
                _check_context(value)
            elif key == "@embed":
                _check_flag(key, value, (True, False, *_EMBEDS))
            elif key in _FLAGS:
                _check_flag(key, value, (True, False))
            _check(value)


def _check_context(context: object) -> None:
    """What ``@context`` or ``@import`` names is not here; maps and null are."""
    for part in context if isinstance(context, list) else [context]:
        if isinstance(part, str):
            raise DataError(
                f'Its context is at "{shown(part)}", and this server fetches nothing. Write the context '
                f'itself into the frame, as "@context": {{"@vocab": "{SCHEMA}"}}.'
            )


def _check_flag(key: str, value: object, known: tuple[object, ...]) -> None:
    single = value[0] if isinstance(value, list) and len(value) == 1 else value
    single = single.get("@value") if isinstance(single, Mapping) else single
    # Python takes 1 for true.
    if not isinstance(single, bool | str) or single not in known:
        words = ", ".join(word if isinstance(word, str) else str(word).lower() for word in known)
        raise DataError(f'"{key}" is one of {words}.')
