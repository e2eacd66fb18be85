"""Character encodings of text files, detected from their bytes.

In this order: a byte order mark; UTF-16 without one, by its zero bytes; strict UTF-8; then a guess by what
the text would look like (:mod:`endpoint.ingest.sources.guessed_encoding`). The whole file is read, since a
table may be ASCII for a million rows before its first name in Korean. What is UTF-8 but for some bytes, and
what looks as meant in no encoding or in several, is refused: a wrong letter in a title is worse than a
question to the owner.
"""

from __future__ import annotations

import codecs
import io
import re
import tempfile
from pathlib import Path
from typing import BinaryIO, cast

from endpoint.errors import DataError
from endpoint.ingest.sources.guessed_encoding import Guess, guesses

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
# Difference of weights from which on the better one of two guesses is made.
_CLEARLY = 0.15
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_SPOOLED = 16 << 20
# Bytes that are shown before the first one beyond ASCII.
_BEFORE = 64
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 without a byte order mark",
    "utf-16-be": "UTF-16 without a byte order mark",
    "utf-32": "UTF-32",
}
_SUPERSETS = {
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso8859-1": "cp1252",
    "iso8859-15": "cp1252",
}
_ADVICE = "save the file as UTF-8, or name its encoding with --encoding or in the mapping file"


def open_text(
    stream: BinaryIO, name: str, notices: list[str], encoding: str | None = None
) -> io.TextIOWrapper:
    """Open ``stream`` as text from its beginning, with its line ends and without its byte order mark.

    ``encoding`` is the name of one; without it the encoding is detected, and added to ``notices`` where it is
    not UTF-8. So is what speaks against the one that is named. A stream that cannot be rewound is copied to a
    temporary file first.

    :raises DataError: no known encoding fits, or ``encoding`` does not; with line and byte offset.
    """
    stream = rewindable(stream)
    if encoding is not None:
        codec, notice = _named(stream, name, encoding)
    else:
        codec, notice = detect_encoding(stream, name)
    if notice:
        notices.append(f"{name}: {notice}")
    stream.seek(0)
    return io.TextIOWrapper(cast(io.BufferedReader, stream), encoding=codec, newline="")


def _named(stream: BinaryIO, name: str, encoding: str) -> tuple[str, str]:
    """Return the codec of a text whose encoding is named, and what speaks against that one, or nothing."""
    codec = _marked(stream)
    if codec is not None:
        _check(stream, name, codec)
        return codec, ""
    sample = _beyond_ascii(stream)
    if sample and not _is_unicode(encoding) and _first_undecodable(stream, "utf-8") is None:
        return "utf-8", f"read as UTF-8, which it is, and not as {encoding}, which is named."
    _check(stream, name, encoding)
    others = [] if _is_unicode(encoding) or not sample else guesses(sample)
    if not others or any(
        codecs.lookup(guess.codec) == codecs.lookup(_superset(encoding)) for guess in others
    ):
        return encoding, ""
    likely = " or ".join(map(str, others))
    return encoding, f"read as {encoding}, which is named, although it looks like {likely}."


def _is_unicode(encoding: str) -> bool:
    return codecs.lookup(encoding).name.startswith("utf")


def _superset(encoding: str) -> str:
    """Return the encoding among those that are guessed that has all of this one."""
    return _SUPERSETS.get(codecs.lookup(encoding).name, encoding)


def is_encoding(name: str) -> bool:
    """Return whether a text can be read in the encoding of that name."""
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def rewindable(stream: BinaryIO) -> BinaryIO:
    """Return ``stream``, or a copy of it in a temporary file where it cannot go back to its beginning."""
    if stream.seekable():
        return stream
    copy = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - lives as long as the reader of it
    while piece := stream.read(_CHUNK):
        copy.write(piece)
    copy.seek(0)
    return cast(BinaryIO, copy)


def detect_encoding(stream: BinaryIO, name: str) -> tuple[str, str]:
    """Return the Python codec that decodes all of ``stream``, and a notice where it is not UTF-8.

    The stream is left anywhere.

    :raises DataError: none of the known encodings does, or it cannot be told which.
    """
    marked = _marked(stream)
    if marked is not None:
        _check(stream, name, marked)
        return marked, f"read as {_NAMES[marked]}." if marked in _NAMES else ""
    stream.seek(0)
    sample = stream.read(_SAMPLE)
    if b"\0" in sample:
        codec = _without_mark(stream, sample, name)
        return codec, f"read as {_NAMES[codec]}."
    wrong = _first_undecodable(stream, "utf-8")
    return ("utf-8", "") if wrong is None else _guessed(stream, name, *wrong)


def _guessed(stream: BinaryIO, name: str, line: int, byte: int) -> tuple[str, str]:
    """Return the one encoding in which a text looks as meant that is no UTF-8 at ``line`` and ``byte``."""
    sample = _beyond_ascii(stream)
    shown = sample.decode("utf-8", "replace")
    broken = shown.count("\ufffd")
    if sum(not character.isascii() for character in shown) >= 2 * max(broken, 1):
        raise DataError(
            f"The text is UTF-8, but damaged at byte {byte}; mend it there, or load a copy that is whole.",
            Path(name),
            line,
        )
    found = [guess for guess in guesses(sample) if fits(stream, guess.codec)]
    if len(found) == 1 or (found and _is_clear(found[0], found[1])):
        return found[0].codec, f"read as {found[0].name}, which is a guess: {found[0].reason}."
    known = "the encodings that are known here" if not found else " and ".join(map(str, found))
    several = "may be" if found else "looks as meant in none of"
    raise DataError(
        f"The text is not UTF-8 (first at byte {byte}), and {several} {known}; {_ADVICE}.", Path(name), line
    )


def _is_clear(best: Guess, other: Guess) -> bool:
    """Return whether one guess is better by so much that few letters do not make the difference."""
    return best.weight - other.weight >= _CLEARLY + 1 / max(best.letters, 1)


def fits(stream: BinaryIO, encoding: str) -> bool:
    """Return whether all of ``stream`` can be decoded; leave the stream at its end."""
    return _first_undecodable(stream, encoding) is None


def _marked(stream: BinaryIO) -> str | None:
    stream.seek(0)
    start = stream.read(4)
    return next((codec for mark, codec in _BYTE_ORDER_MARKS if start.startswith(mark)), None)


def _check(stream: BinaryIO, name: str, encoding: str) -> None:
    wrong = _first_undecodable(stream, encoding)
    if wrong is not None:
        line, byte = wrong
        shown = _NAMES.get(encoding, encoding.upper().removesuffix("-SIG"))
        raise DataError(f"The text is not {shown} from byte {byte} on; {_ADVICE}.", Path(name), line)


def _first_undecodable(stream: BinaryIO, encoding: str) -> tuple[int, int] | None:
    """Return line (from 1) and byte offset (from 0) of the first bytes that ``encoding`` cannot decode."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    lines, read = 1, 0
    while True:
        piece = stream.read(_CHUNK)
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            line = lines + error.object.count(b"\n", 0, error.start)
            return line, read - pending + error.start
        lines += text.count("\n")
        read += len(piece)
        if not piece:
            return None


def _without_mark(stream: BinaryIO, sample: bytes, name: str) -> str:
    """Detect the byte order of UTF-16 by the zero bytes of its spaces, commas and line ends."""
    encoding = "utf-16-be" if sample[::2].count(0) > sample[1::2].count(0) else "utf-16-le"
    text = sample[: len(sample) // 2 * 2].decode(encoding, "replace")
    readable = sum(character.isprintable() or character in "\t\r\n" for character in text)
    if readable < 0.95 * len(text) or _first_undecodable(stream, encoding) is not None:
        raise DataError("The file holds zero bytes; it is not a text file.", Path(name))
    return encoding


def _beyond_ascii(stream: BinaryIO) -> bytes:
    """Return the first part of the file that has bytes beyond ASCII; nothing where there are none."""
    stream.seek(0)
    while piece := stream.read(_CHUNK):
        if not piece.isascii():
            first = _NOT_ASCII.search(piece)
            begin = first.start() - _BEFORE if first else 0
            return piece[max(0, begin) :] + stream.read(_SAMPLE)
    return b""
