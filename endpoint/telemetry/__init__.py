"""The log: one line for each HTTP request, and those of the server itself.

``docs/operations.md`` explains the log line. Names are stable: operators write rules on them.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol, TextIO

log = logging.getLogger("endpoint")

# Characters of a value that are logged; those that stand in a field as they are.
_LONGEST: Final = 200
_PLAIN: Final = re.compile(r"[!#$&'()*+,\-./0-9:;<>?@A-Z\[\]^_`a-z{|}~]+")
_SEPARATORS: Final = frozenset(' "%=\\')


class Payer(Protocol):
    """The payer for the time that a request takes: :class:`endpoint.engine.clients.Client`."""

    def charge(self, seconds: float) -> None: ...


@dataclass(slots=True)
class Exchange:
    """An HTTP request and its outcome, written as one log line when it ends.

    ``route`` is the template of its path, empty where no route answered, ``trace`` the identifier of its
    trace, where it is kept, ``payer`` its client, once that is known. ``cache`` is what the cache did for it,
    and ``cache_status`` the same in the words of RFC 9211. ``duration`` and ``queue`` are in seconds;
    ``sent`` counts body bytes.
    """

    identifier: str
    method: str
    path: str
    client: str
    route: str = ""
    status: int = 0
    sent: int = 0
    duration: float = 0.0
    code: str = ""
    aborted: bool = False
    queue: float = 0.0
    generation: int = 0
    media_type: str = ""
    cache: str = ""
    cache_status: str = ""
    trace: str = ""
    payer: Payer | None = None

    def line(self) -> str:
        """Return the exchange as ``key=value`` pairs."""
        parts = [
            _field("request", self.identifier),
            log_field("client", self.client),
            log_field("method", self.method),
            log_field("path", self.path),
            f"status={self.status} ms={self.duration * 1000:.1f} bytes={self.sent}",
        ]
        if self.generation:
            parts.append(f"generation={self.generation} queue_ms={self.queue * 1000:.1f}")
        if self.cache:
            parts.append(f"cache={self.cache}")
        if self.media_type:
            parts.append(log_field("type", self.media_type))
        if self.code:
            parts.append(log_field("code", self.code))
        if self.aborted:
            parts.append("aborted=yes")
        if self.trace:
            parts.append(log_field("trace", self.trace))
        return " ".join(parts)


def log_field(name: str, value: str) -> str:
    """Return ``name=value`` as every log line has it: one field, whatever a client put into the value.

    A space, a quotation mark, ``=``, ``%``, a backslash and all that cannot be printed (control characters,
    line separators, marks of writing direction) are percent-encoded UTF-8 (RFC 3986 section 2.1); an empty
    value is ``-``; a long one is cut and ends in ``…``.
    """
    return _known_field(name, value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…")


def _field(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    return f"{name}={''.join(map(_encoded, value)) or '-'}"


# Paths, clients and media types come again and again.
_known_field = lru_cache(maxsize=1024)(_field)


def _encoded(character: str) -> str:
    if character.isprintable() and character not in _SEPARATORS:
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def observe(exchange: Exchange) -> None:
    """Write the log line of a finished exchange."""
    if not log.isEnabledFor(logging.INFO):
        return
    first = log.handlers[0] if log.handlers else None
    if isinstance(first, _Lines):
        first.write(exchange.line())
    else:
        log.info("%s", exchange.line())


def set_up_logging(level: str) -> None:
    """Send the server's and uvicorn's log lines to standard error, one line each."""
    # What no line shows costs a third of it to find out ("Optimization" in the logging HOWTO of Python).
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    handler = _Lines(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, least in (
        ("endpoint", level.upper()),
        ("uvicorn.error", "ERROR"),
        ("asyncio", "ERROR"),
        ("opentelemetry", "ERROR"),
    ):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(least)
        logger.propagate = False
    logging.getLogger("uvicorn.error").addFilter(_not_said_elsewhere)


def _not_said_elsewhere(record: logging.LogRecord) -> bool:
    # An answer that fails after its first byte is cut on purpose, and its own line says aborted=yes; a
    # start that fails logs the reason in a line of its own.
    message = record.getMessage()
    return not any(words in message for words in ("without completing response", "lifespan", "Traceback"))


class _Lines(logging.StreamHandler[TextIO]):
    """The handler of all records, and of the lines of requests: a record takes three times as long."""

    def write(self, line: str) -> None:
        """Write a printable line of the level INFO."""
        now = time.time()
        with self.lock or nullcontext():
            try:
                self.stream.write(f"{_second(int(now))},{int(now % 1 * 1000):03d} INFO {line}\n")
                self.flush()
            except Exception:
                # As of a record: a log that cannot be written fails no request.
                self.handleError(logging.makeLogRecord({"msg": line}))


class _Formatter(logging.Formatter):
    """A formatter of records of which only the first line begins like a record.

    Messages and tracebacks repeat what clients and files contain.
    """

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return f"{_second(int(record.created))},{int(record.msecs):03d}"

    def format(self, record: logging.LogRecord) -> str:
        first, *others = super().format(record).split("\n")
        return "\n".join([_printable(first), *(f"  {_printable(line)}" for line in others)])


@lru_cache(maxsize=1)
def _second(seconds: int) -> str:
    """Return a time, in seconds since the epoch, as local date and time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else f"\\u{ord(char):04X}" for char in text)
