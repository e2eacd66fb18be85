"""An examination of the system for ``endpoint doctor``: what the server needs, and what to do where it lacks.

A check is a generator of findings; each finding is of one thing. Nothing is changed, but for a file of a few
bytes in the data folder while a request is sent through the proxy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from endpoint.settings import Settings

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding about one thing, as a sentence, and what to do about it where that is not ``ok``."""

    check: str
    level: Level
    said: str
    advice: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def size(amount: float) -> str:
    """Return an amount of bytes as a person would write it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit in ("bytes", "kB") else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"
