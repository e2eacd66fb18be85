"""White space in texts: what reference managers read is one line, or paragraphs."""

from __future__ import annotations

import re
from typing import Final

# White space of any kind, and the control characters, which neither BibTeX nor RIS knows.
_BLANK: Final = r"\s\x00-\x1f\x7f-\x9f\u200b\ufeff"
_BLANKS: Final = re.compile(f"[{_BLANK}]+")
_VISIBLE: Final = re.compile(f"[^{_BLANK}]")
_ENDS: Final = re.compile(r"[\n\r\x0b\x0c\x85\u2028\u2029]+")


def single_line(text: str) -> str:
    """The text with every run of white space and control characters as one blank."""
    return _BLANKS.sub(" ", text).strip()


def paragraphs(text: str) -> list[str]:
    """The lines that hold something, each as a single line."""
    return [line for part in _ENDS.split(text) if (line := single_line(part))]


def is_blank(text: str) -> bool:
    """Whether nothing would be left of the text in a single line; does not read a long text to its end."""
    return _VISIBLE.search(text) is None
