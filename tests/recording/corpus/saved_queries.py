"""The saved queries of a folder, as far as requests need to know them: names, forms, examples, paths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

_HEADER: Final = re.compile(r"^#\+ ?(.*)$", re.MULTILINE)
_FORM: Final = re.compile(r"^\s*(SELECT|ASK|CONSTRUCT|DESCRIBE)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """One file: its example call, what has no value of its own, and the address with values in it."""

    name: str
    form: str
    example: dict[str, object]
    required: tuple[str, ...]
    path: str


def read(folder: Path) -> Iterator[SavedQuery]:
    """The queries of a folder by name; their headers are YAML."""
    for file in sorted(folder.glob("*.rq")):
        text = file.read_text()
        header = yaml.safe_load("\n".join(_HEADER.findall(text))) or {}
        form = _FORM.search(text)
        if form is None:
            raise ValueError(f"{file} has no query form.")
        parameters = header.get("params", {})
        yield SavedQuery(
            file.stem,
            form[1],
            {name: facts["example"] for name, facts in parameters.items() if "example" in facts},
            tuple(name for name, facts in parameters.items() if "default" not in facts),
            header.get("path", ""),
        )
