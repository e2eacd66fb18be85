"""Two recordings side by side: what is in one of them only, and the lines that differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that differs, as the lines of a unified diff; ``expected`` is the reason why it may."""

    name: str
    lines: tuple[str, ...]
    expected: str = ""


def read(folder: Path) -> dict[str, str]:
    """The exchanges of a recording by name. Raises :class:`FileNotFoundError` where it has none."""
    found = {
        str(file.relative_to(folder).with_suffix("")): file.read_text()
        for file in sorted(folder.rglob("*.txt"))
    }
    if not found:
        raise FileNotFoundError(f"{folder} holds no recording.")
    return found


def compare(
    before: dict[str, str], after: dict[str, str], expected: dict[str, str], ignored: Sequence[str] = ()
) -> Iterator[Difference]:
    """The exchanges that differ, by name. ``expected`` has reasons by name, ``ignored`` patterns of lines."""
    for name in sorted(before.keys() | after.keys()):
        old, new = (_lines(side.get(name, ""), ignored) for side in (before, after))
        if old != new:
            lines = unified_diff(old, new, f"before/{name}", f"after/{name}", n=3, lineterm="")
            yield Difference(name, tuple(lines), expected.get(name, ""))


def _lines(text: str, ignored: Sequence[str]) -> list[str]:
    lines = text.splitlines()
    return [line for line in lines if not any(re.search(pattern, line) for pattern in ignored)]
