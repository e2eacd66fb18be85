"""JSON-LD frames of saved queries, in the header or in a file beside the query (JSON-LD 1.1 Framing).

A frame is checked when it is read: a context that would have to be fetched, an unknown keyword, a wrong value
of a framing keyword and a frame that is too long are errors. Other mistakes in a context appear when a
result is framed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Final

from endpoint.catalog.readers import Entry
from endpoint.errors import DataError
from endpoint.formats import Plain, QueryForm
from endpoint.vocabulary import SCHEMA
from endpoint.wording import did_you_mean, shown

# Bytes of a frame or a prototype as JSON: it is sent to a worker with every query.
LONGEST_SHAPE: Final = 64 * 2**10
_MOST_LEVELS: Final = 100

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


def read_frame(entry: Entry, file: Path, form: QueryForm) -> Mapping[str, Plain]:
    """Read the frame of the query in ``file``, or of the file that the entry names. Raises DataError."""
    if form not in (QueryForm.CONSTRUCT, QueryForm.DESCRIBE):
        raise entry.error(f"A frame shapes statements; this query is {form}.")
    if isinstance(entry.content, Mapping):
        frame = {key: member.plain() for key, member in entry.content.items()}
        return _checked_frame(entry, frame, "The frame: ")
    name = PurePath(entry.text().strip())
    if name.is_absolute() or ".." in name.parts:
        raise entry.error(f'The frame "{name}" must lie beside the query or in a folder there.')
    try:
        frame = json.loads((file.parent / name).read_text(encoding="utf-8"))
    except OSError as error:
        raise entry.error(f'The frame "{name}" cannot be read: {error.strerror}.') from None
    except ValueError as error:
        raise entry.error(f'The frame "{name}" is not JSON: {error}.') from None
    except RecursionError:
        raise entry.error(f'The frame "{name}" is nested too deeply.') from None
    if not isinstance(frame, dict):
        raise entry.error(f'The frame "{name}" is no JSON object.')
    return _checked_frame(entry, frame, f'The frame "{name}": ')


def _checked_frame(entry: Entry, frame: Mapping[str, Plain], named: str) -> Mapping[str, Plain]:
    try:
        check_frame(frame)
    except DataError as error:
        raise entry.error(named + error.detail) from None
    except RecursionError:
        raise entry.error(f"{named}it is nested too deeply.") from None
    return frame


def check_frame(frame: Mapping[str, object]) -> None:
    """Raise :class:`~endpoint.errors.DataError`, without a place, for the first thing that is wrong."""
    check_length(frame, "frame")
    _check(frame)


def check_length(shape: Mapping[str, object], kind: str) -> None:
    """Raise :class:`~endpoint.errors.DataError` where ``shape`` is too long or deep, or no text at all."""
    _check_levels(shape, kind)
    try:
        length = len(json.dumps(shape, ensure_ascii=False).encode())
    except UnicodeEncodeError:
        raise DataError(f"The {kind} holds half of a surrogate pair, which is no character.") from None
    if length > LONGEST_SHAPE:
        raise DataError(
            f"The {kind} has {length:,} bytes; {LONGEST_SHAPE:,} are the most, because it goes with every "
            "question."
        )


def _check_levels(shape: Mapping[str, object], kind: str) -> None:
    level: list[object] = [shape]
    for _ in range(_MOST_LEVELS):
        below = [_members(part) for part in level]
        level = [inner for members in below for inner in members if isinstance(inner, Mapping | list)]
    if level:
        raise DataError(f"The {kind} is nested too deeply: {_MOST_LEVELS} levels are the most.")


def _members(part: object) -> Iterable[object]:
    if isinstance(part, Mapping):
        return part.values()
    return part if isinstance(part, list) else ()


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
    """Refuse a context that ``@context`` or ``@import`` names by its address."""
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
