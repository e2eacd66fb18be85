"""Reads the vocabulary and the patterns of the generated catalogue, the text files beside this one."""

from __future__ import annotations

from pathlib import Path


def read_sections(name: str) -> dict[str, tuple[str, ...]]:
    """The lines below each ``[section]`` of the file."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append(line)
    return {section: tuple(found) for section, found in sections.items()}


def read_words() -> dict[str, tuple[str, ...]]:
    """The words of each section of the vocabulary, in order."""
    return {
        section: tuple(word.replace("~", " ") for line in lines for word in line.split())
        for section, lines in read_sections("catalogue_words.txt").items()
    }


def in_languages(entry: str) -> tuple[str, str]:
    """The Korean and the English form of an entry."""
    korean, english, *_ = entry.split("/")
    return korean, english
