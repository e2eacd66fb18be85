"""The log: one line for each HTTP request, and those of the server itself.

``docs/operations.md`` explains the log line. Names are stable: operators write rules on them.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

log = logging.getLogger("endpoint")


@dataclass(slots=True)
class Exchange:
    """An HTTP request and its outcome, written as one log line when it ends.

    ``duration`` and the parts of ``timing`` are in seconds; ``sent`` counts body bytes.
    """

    identifier: str
    method: str
    path: str
    client: str
    status: int = 0
    sent: int = 0
    duration: float = 0.0
    code: str = ""
    aborted: bool = False
    queue: float = 0.0
    generation: int = 0
    media_type: str = ""

    def line(self) -> str:
        """Return the exchange as ``key=value`` pairs."""
        parts = [
            f"request={self.identifier}",
            f"client={self.client}",
            f"method={self.method}",
            f"path={_plain(self.path)}",
            f"status={self.status}",
            f"ms={self.duration * 1000:.1f}",
            f"bytes={self.sent}",
        ]
        if self.generation:
            parts.append(f"generation={self.generation} queue_ms={self.queue * 1000:.1f}")
        if self.media_type:
            parts.append(f"type={self.media_type}")
        if self.code:
            parts.append(f"code={self.code}")
        if self.aborted:
            parts.append("aborted=yes")
        return " ".join(parts)


def observe(exchange: Exchange) -> None:
    """Write the log line of a finished exchange."""
    if log.isEnabledFor(logging.INFO):
        log.info("%s", exchange.line())


def set_up_logging(level: str) -> None:
    """Send the server's and uvicorn's log lines to standard error, one line each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    for name, least in (("endpoint", level.upper()), ("uvicorn.error", "ERROR"), ("asyncio", "ERROR")):
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


def _plain(path: str) -> str:
    return "".join(
        character if character.isprintable() and character not in ' "' else f"%{ord(character):02X}"
        for character in path[:200]
    )
