"""Every regular expression of the package takes time linear in the length of any text.

The texts repeat what an expression itself looks for, and end in something else: that is what makes a
backtracking engine try again from each character, or in each way to split a run.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from re import _constants, _parser
from typing import Any, Final

import pytest

import endpoint
from tests.linear import MOST, seconds

USES: Final = ("match", "fullmatch", "search", "finditer", "findall", "sub", "split")
LENGTHS: Final = (20, 200, 2_000, 20_000)
# Seconds on 2,000 characters that say nothing yet: quadratic work takes ten times as long.
QUICK: Final = 0.001


def modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(endpoint.__path__, "endpoint."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def expressions() -> Iterator[tuple[str, re.Pattern[Any], tuple[str, ...]]]:
    """Every expression at the top of a module, with the ways in which the module uses it."""
    seen: set[int] = set()
    for module in modules():
        source = Path(module.__file__).read_text()
        for name, value in vars(module).items():
            for pattern in value if isinstance(value, tuple | list) else [value]:
                if isinstance(pattern, re.Pattern) and id(pattern) not in seen:
                    seen.add(id(pattern))
                    used = set(re.findall(rf"\b{name}\.({'|'.join(USES)})\(", source))
                    yield f"{module.__name__}.{name}", pattern, tuple(sorted(used)) or ("search",)


EXPRESSIONS = list(expressions())


def samples(pattern: re.Pattern[Any]) -> list[str]:
    """Characters that the expression mentions: literals, and the first of each range."""
    found = list(dict.fromkeys(_mentioned(_parser.parse(pattern.pattern, pattern.flags))))
    return list(dict.fromkeys([*found[:5], "a", " "]))


def _mentioned(part: Any) -> Iterator[str]:
    for code, argument in part:
        if code in (_constants.LITERAL, _constants.NOT_LITERAL):
            yield chr(argument)
        elif code is _constants.RANGE:
            yield chr(argument[0])
        elif code is _constants.IN:
            yield from _mentioned(argument)
        elif code is _constants.BRANCH:
            for branch in argument[1]:
                yield from _mentioned(branch)
        elif isinstance(argument, tuple | list | _parser.SubPattern):
            for inner in (argument, *argument):
                if isinstance(inner, _parser.SubPattern):
                    yield from _mentioned(inner)


def parts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Short texts to repeat: single characters and pairs of what the expression mentions."""
    letters = samples(pattern)
    yield from letters
    yield from map("".join, product(letters, letters))


def uses(pattern: re.Pattern[Any], ways: tuple[str, ...]) -> list[Callable[[Any], object]]:
    empty = b"" if isinstance(pattern.pattern, bytes) else ""
    made: dict[str, Callable[[Any], object]] = {
        "finditer": lambda text: list(pattern.finditer(text)),
        "sub": lambda text: pattern.sub(empty, text),
    }
    return [made.get(way, getattr(pattern, way)) for way in ways]


def assert_linear(use: Callable[[Any], object], part: str, end: str, encoded: bool) -> None:
    """Assert that ten times the text never takes much more than ten times as long."""
    before = 0.0
    for length in LENGTHS:
        text: Any = part * (length // len(part)) + end
        text = text.encode() if encoded else text
        if (taken := seconds(use, text, 1)) > QUICK:
            taken = seconds(use, text)
            assert taken < max(QUICK, MOST * before), (part, end, length)
        elif length == 2_000:
            return
        before = taken


@pytest.mark.parametrize(
    ("pattern", "ways"), [row[1:] for row in EXPRESSIONS], ids=[row[0] for row in EXPRESSIONS]
)
def test_an_expression_is_linear(pattern: re.Pattern[Any], ways: tuple[str, ...]) -> None:
    for use in uses(pattern, ways):
        for part in parts(pattern):
            for end in ("", "\x00"):
                assert_linear(use, part, end, isinstance(pattern.pattern, bytes))


def test_expressions_are_found() -> None:
    names = {row[0] for row in EXPRESSIONS}
    assert {"endpoint.sparql.lexer._TOKEN", "endpoint.search.analysis.WORD"} <= names
    assert len(names) > 120
