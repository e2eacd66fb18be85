"""An exchange as text in which nothing stands that differs from one run of a server to the next.

What is replaced: moments and days of the run itself, request ids, durations, entity tags (their form
stays), digests in addresses of assets and in cursors of pages, labels of blank nodes, UUIDs and the
server's port. Long lines are broken at fixed places, so that a difference shows as few lines.
"""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from typing import Final

from tests.recording.exchange import Answer, Request

# Bodies of more bytes than this are recorded by their digest: files of others, megabytes of minified script.
LONGEST: Final = 900_000
# An answer of more bytes has its length or comes in chunks, as the server's processes happened to be timed.
WHOLE: Final = 32_000
# Begins a line that goes on the one before it.
CONTINUED: Final = "↳"

_DATES: Final = frozenset({"date", "last-modified", "expires"})
_MOMENT: Final = r"T\d\d(?::|%3A)\d\d(?::|%3A)\d\d(?:\.\d+)?(?:Z|(?:\+|%2B)00(?::|%3A)00)?"
_PATTERNS: Final = (
    (re.compile(r"(?<=[?&;]v=)[0-9a-f]{12}\b"), "<digest>"),
    (re.compile(r"(?<=\d\.)[0-9a-f]{12}(?=[\"&>\s]|$)"), "<digest>"),
    (re.compile(r'(?<="version": ")[0-9a-f]{16}(?=")'), "<digest>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"(?:/[\w.-]+){1,9}/recording-\w+(?=/)"), "<folder>"),
    (re.compile(r"\b127\.0\.0\.1:\d+"), "127.0.0.1:<port>"),
    (re.compile(r"\bthe number [0-9a-f]{6}-[0-9a-f]+\b"), "the number <request>"),
)
# 128 random bits without leading zeros.
_BLANK: Final = re.compile(r"\b[0-9a-f]{27,32}\b")
_BREAKS: Final = re.compile(r'(?<=[,;])(?= ?["<{\[])|(?<=>)(?=<)|(?<=\.)(?= [A-Z])')
_WIDE: Final = 160  # characters of a line that is left whole


def text_of(request: Request, answer: Answer) -> str:
    """The exchange as the text of one file of a recording."""
    parts = [
        _steady(request.head(), request),
        *([_steady(_decoded(request.body), request)] if request.body else []),
        "\n".join((f"HTTP {answer.status} {answer.reason}", *_headers(request, answer))),
        *_body(request, answer),
        *(["<the connection was cut>"] if answer.cut else []),
    ]
    return "\n\n".join(parts) + "\n"


def _headers(request: Request, answer: Answer) -> list[str]:
    found = []
    for name, value in answer.headers:
        name = name.lower()
        if name in _DATES:
            value = "<date>"
        elif name == "x-request-id":
            value = "<request>"
        elif name == "etag":
            value = tag(value)
        elif name in ("content-length", "transfer-encoding"):
            name, value = _framing(name, value, request, answer)
        elif name in ("server-timing", "cache-status"):
            # Which parts there are depends on whether the answer was kept.
            value = "<timing>" if name == "server-timing" else "<use>"
        found.append("\n".join(folded(f"{name}: {value}")))
    return sorted(steady(line) for line in found)


def _framing(name: str, value: str, request: Request, answer: Answer) -> tuple[str, str]:
    """Normalise the framing of the body; where there is a body, its length is redundant."""
    if len(answer.body) > WHOLE and request.version == "1.1":
        return "length", "<told or in chunks>"
    varying = answer.header("cache-control") == "no-store"
    return name, "<length>" if name == "content-length" and (answer.body or varying) else value


def tag(value: str) -> str:
    """The form of an entity tag or a list of them: weak, strong, or neither."""
    return re.sub(r'"[^"]*"', '"<tag>"', value)


def _steady(text: str, request: Request) -> str:
    if request.revalidate:
        text = re.sub(r"(?m)^(If-None-Match|If-Match): .*$", lambda line: tag(line[0]), text)
        text = re.sub(r"(?m)^If-Modified-Since: .*$", "If-Modified-Since: <date>", text)
    return steady(text)


def steady(text: str, now: datetime | None = None) -> str:
    """The text without what differs between two runs; ``now`` is the time of this one."""
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    now = now or datetime.now(UTC)
    for day in (now - timedelta(days=1), now, now + timedelta(days=1)):
        text = re.sub(f"{day:%Y-%m-%d}{_MOMENT}", "<moment>", text)
        text = re.sub(rf"{day:%Y-%m-%d}( \d\d:\d\d:\d\d,\d+)?", "<today>", text)
    numbers: dict[str, int] = {}
    return _BLANK.sub(lambda label: f"<blank {numbers.setdefault(label[0], len(numbers) + 1)}>", text)


def folded(line: str) -> Iterator[str]:
    """A line that is too long to be read, broken after each of its members."""
    if len(line) <= _WIDE:
        yield line
        return
    first, *rest = _BREAKS.split(line)
    yield first
    yield from (f"{CONTINUED} {piece}" for piece in rest)


def _digest(body: bytes) -> str:
    return f"<{len(body)} bytes, SHA-256 {sha256(body).hexdigest()}>"


def _decoded(body: bytes) -> str:
    if len(body) > LONGEST:
        return _digest(body)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"{_digest(body)}\n{body[:200]!r}"
    # Other ends of lines, and control characters, are shown: an editor would not.
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]", lambda found: f"\\x{ord(found[0]):02x}", text)


def _body(request: Request, answer: Answer) -> Sequence[str]:
    if not answer.body:
        return []
    body = answer.body
    encoding = answer.header("content-encoding")
    if encoding == "gzip":
        body = gzip.decompress(body)
    elif encoding:
        return [f"<content encoded as {encoding}>"]
    if body.startswith(b"PK\x03\x04"):
        return ["\n".join(members(body))]
    lines = steady(_decoded(body)).split("\n")
    pieces = [piece for line in lines for piece in folded(line)]
    if request.unordered:
        pieces = sorted(filter(None, map(_unlabelled, pieces)))
    return ["\n".join(pieces)]


def _unlabelled(piece: str) -> str:
    """A line without labels of blank nodes, and without what joins it to the lines beside it."""
    text = re.sub(r"<blank \d+>", "<blank>", piece)
    return re.sub(r'^(_:<blank> |\t|↳ *\{"@id":"_:<blank>")', "", text).rstrip(" .;,]}")


def members(archive: bytes) -> Iterator[str]:
    """The members of a ZIP file, as a workbook is one, each with its content."""
    with zipfile.ZipFile(BytesIO(archive)) as opened:
        for name in sorted(opened.namelist()):
            yield f"<member {name}>"
            content = steady(_decoded(opened.read(name)))
            yield from (piece for line in content.split("\n") for piece in folded(line))
