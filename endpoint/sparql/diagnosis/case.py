"""What the parts of a diagnosis hand to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from endpoint.sparql.diagnosis.grammar import END
from endpoint.sparql.lexer import Kind, Token

_READABLE = {
    "IRIREF": "an IRI in angle brackets",
    "NAMESPACE": "a prefix with a colon",
    "NAME": "a prefixed name",
    "VARIABLE": "a variable",
    "STRING": "a string",
    "INTEGER": "a number",
    "NUMBER": "a number",
    "LANGUAGE": "a language tag",
    "BLANK": "a blank node",
    END: "the end",
}
TERMS = frozenset({Kind.IRIREF, Kind.PNAME, Kind.VAR, Kind.STRING, Kind.NUMBER, Kind.BLANK})


class Mistake(NamedTuple):
    """One thing that is wrong: where it is, what it is, and what to do, which may be empty."""

    offset: int
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A text that stops being SPARQL at token ``at``, and what could have stood there."""

    text: str
    tokens: list[Token]
    at: int
    expected: frozenset[str]
    wanted: tuple[str, ...]

    @property
    def found(self) -> Token | None:
        """The token that does not fit; None at the end of the text."""
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    @property
    def offset(self) -> int:
        """Where that token begins; at the end of the text, after the last token."""
        if self.found is not None:
            return self.found.start
        return self.tokens[-1].end if self.tokens else 0

    @property
    def must(self) -> str:
        """The symbol of the grammar that had to begin or go on here, without its number."""
        return self.wanted[-1].partition("#")[0]

    def before(self, back: int = 1) -> str:
        """The token ``back`` places before, in upper case; empty before the first."""
        return self.tokens[self.at - back].upper if self.at >= back else ""


def quoted(text: str) -> str:
    """A token as a sentence shows it."""
    line = text.split("\n")[0]
    return f'"{line}"' if len(line) <= 60 else f'"{line[:59]}…"'


def readable(terminals: frozenset[str], most: int) -> str:
    """What could have stood there as "a, b or c"; empty where there are more than ``most``."""
    if not 0 < len(terminals) <= most:
        return ""
    names = sorted({_READABLE.get(terminal, f'"{terminal}"') for terminal in terminals})
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
