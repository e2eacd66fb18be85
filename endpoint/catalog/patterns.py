"""Patterns of parameters: regular expressions of a publisher, for texts of any client.

RE2 matches them in time linear in the text. An engine that backtracks takes seconds for ``^([A-Za-z]+ ?)+$``
and 26 letters.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]


def check_pattern(pattern: str) -> None:
    """Raise ValueError, with the reason, for a text that is no pattern."""
    try:
        _compiled(pattern)
    except re2.error as error:
        raise ValueError(_reason(error)) from None


def matches(pattern: str, text: str) -> bool:
    """Return whether a checked pattern matches somewhere in ``text``, as in JSON Schema."""
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else str(error)
    return reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
