"""Two recordings side by side: what is in one of them only, and the lines that differ."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Final

# Begins a recorded exchange that may differ between two versions; the reason follows.
MAY_DIFFER: Final = "May differ: "
# Lines of one diff that are shown.
LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One file that differs, as the lines of a unified diff; ``expected`` is the reason why it may."""

    name: str
    lines: tuple[str, ...]
    expected: str = ""

    @property
    def changed(self) -> tuple[str, ...]:
        """The lines that were taken away and added, without those around them."""
        return tuple(line for line in self.lines[2:] if line.startswith(("-", "+")))


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
    before: dict[str, str], after: dict[str, str], ignored: Sequence[str] = ()
) -> Iterator[Difference]:
    """The exchanges that differ, by name; ``ignored`` has patterns of lines that do not count."""
    for name in sorted(before.keys() | after.keys()):
        old, new = (_lines(side.get(name, ""), ignored) for side in (before, after))
        if old != new:
            lines = unified_diff(old, new, f"before/{name}", f"after/{name}", n=3, lineterm="")
            first = (new or old)[0]
            expected = first.removeprefix(MAY_DIFFER) if first.startswith(MAY_DIFFER) else ""
            yield Difference(name, tuple(lines), expected)


def report(differences: Iterable[Difference]) -> Iterator[str]:
    """The differences as lines: one diff for all exchanges with the same change, expected ones last."""
    groups: dict[tuple[str, tuple[str, ...]], list[Difference]] = {}
    for one in differences:
        groups.setdefault((one.expected, one.changed), []).append(one)
    for (expected, _), (first, *others) in sorted(groups.items(), key=lambda group: group[0][0]):
        if expected:
            yield f"{MAY_DIFFER}{expected}"
        yield from first.lines[:LONGEST]
        if len(first.lines) > LONGEST:
            yield f"{len(first.lines) - LONGEST} more lines differ."
        if others:
            yield f"The same lines differ in {len(others)} more: {' '.join(one.name for one in others)}"
        yield ""


def _lines(text: str, ignored: Sequence[str]) -> list[str]:
    lines = text.splitlines()
    return [line for line in lines if not any(re.search(pattern, line) for pattern in ignored)]
