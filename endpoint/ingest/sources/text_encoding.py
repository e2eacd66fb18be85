"""Character encodings of text files, detected from their bytes.

In this order: a byte order mark; UTF-16 without one, by its zero bytes; strict UTF-8; strict CP949 (the
Korean Windows code page, a superset of EUC-KR) where the decoded text also looks Korean. The whole file is
read, since a table may be ASCII for a million rows before its first Korean name. Any other encoding is
refused: a wrong letter in a title is worse than a question to the owner.

No detection library: by statistics, charset-normalizer 3.5 took short Korean tables for Big5 (one name among
English titles is the common case), while strict CP949 refuses Western, Cyrillic, Shift-JIS and Big5 text by
itself. :func:`_looks_korean` refuses the rest.
"""

from __future__ import annotations

import codecs
import io
import tempfile
from collections import Counter
from pathlib import Path
from typing import BinaryIO, cast

from endpoint.errors import DataError

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_SPOOLED = 16 << 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NAMES = {
    "cp949": "CP949 (Korean Windows)",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 without a byte order mark",
    "utf-16-be": "UTF-16 without a byte order mark",
    "utf-32": "UTF-32",
}
# The most frequent syllables of running Korean; about half of any text, a twentieth of random syllables.
_FREQUENT = frozenset(
    "이다의는에을가고한은로하지기사정대인리자도를시제부과일어수전국서스해주적상여라장보원그구나공성아위경비방문학회연화관"
    "외교안조선중미북동남평군세계"
)
_ADVICE = "save the file as UTF-8, or name its encoding in the mapping file"


def open_text(
    stream: BinaryIO, name: str, notices: list[str], encoding: str | None = None
) -> io.TextIOWrapper:
    """Open ``stream`` as text from its beginning, with its line ends and without its byte order mark.

    ``encoding`` is a Python codec; without it the encoding is detected, and added to ``notices`` where it is
    not UTF-8. A stream that cannot be rewound is copied to a temporary file first.

    :raises DataError: no known encoding fits, or ``encoding`` does not; with line and byte offset.
    """
    stream = rewindable(stream)
    if encoding is not None:
        codec = _marked(stream) or encoding
        _check(stream, name, codec)
    else:
        codec = detect_encoding(stream, name)
        if codec in _NAMES:
            notices.append(f"{name}: read as {_NAMES[codec]}.")
    stream.seek(0)
    return io.TextIOWrapper(cast(io.BufferedReader, stream), encoding=codec, newline="")


def rewindable(stream: BinaryIO) -> BinaryIO:
    """Return ``stream``, or a copy of it in a temporary file where it cannot go back to its beginning."""
    if stream.seekable():
        return stream
    copy = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - lives as long as the reader of it
    while piece := stream.read(_CHUNK):
        copy.write(piece)
    copy.seek(0)
    return cast(BinaryIO, copy)


def detect_encoding(stream: BinaryIO, name: str) -> str:
    """Return the Python codec that decodes all of ``stream``; leave the stream at its end.

    :raises DataError: none of the known encodings does.
    """
    marked = _marked(stream)
    if marked is not None:
        _check(stream, name, marked)
        return marked
    stream.seek(0)
    sample = stream.read(_SAMPLE)
    if b"\0" in sample:
        return _without_mark(stream, sample, name)
    wrong = _first_undecodable(stream, "utf-8")
    if wrong is None:
        return "utf-8"
    if _first_undecodable(stream, "cp949") is None and _looks_korean(_decoded_sample(stream)):
        return "cp949"
    line, byte = wrong
    raise DataError(
        f"The text is neither UTF-8 nor Korean in CP949 (first at byte {byte}); {_ADVICE}.", Path(name), line
    )


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


def _decoded_sample(stream: BinaryIO) -> str:
    """Decode the first part of the file that has any characters beyond ASCII as CP949."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("cp949")()
    text = ""
    while text.isascii() and (piece := stream.read(_CHUNK)):
        text = decoder.decode(piece)
    return text


def _looks_korean(text: str) -> bool:
    """Return whether text decoded from CP949 was meant as Korean.

    Three kinds of text pass strict decoding by accident: English with the curly quotes of Windows-1252
    (gives rare syllables beyond EUC-KR), Japanese in EUC-JP (gives single letters of the Korean
    alphabet for its kana), Chinese in GB 2312 (gives random syllables among many ideographs).
    """
    letters = Counter(_script(character) for character in text if not character.isascii())
    syllables = letters["common"] + letters["rare"]
    ideographs, jamo, foreign = letters["ideograph"], letters["jamo"], letters["foreign"]
    every = syllables + ideographs + jamo + foreign
    if letters["rare"] > 0.3 * syllables or jamo + foreign > 0.1 * every:
        return False
    if syllables and ideographs > 0.1 * every:
        return sum(character in _FREQUENT for character in text) >= 0.3 * syllables
    return True


def _script(character: str) -> str:
    if "가" <= character <= "힣":
        return "common" if len(character.encode("euc-kr", "ignore")) == 2 else "rare"
    if "\u4e00" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff":
        return "ideograph"
    if "\u3130" <= character <= "\u318f":
        return "jamo"
    return "foreign" if character.isalpha() else "symbol"
