from __future__ import annotations

import pytest

from endpoint.catalog.patterns import check_pattern, matches
from tests.linear import assert_linear


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("b", "abc", True),
        ("^b$", "abc", False),
        ("^[가-힣]{2,4}$", "외교부", True),
        (r"^\p{L}+$", "외교부é", True),
        (r"^\w+$", "외교부", False),
        ("(?i)^vnm$", "VNM", True),
        ("^a$", "a\n", False),
        ("(?:a|b)+", "", False),
    ],
)
def test_a_pattern_matches_somewhere(pattern: str, text: str, expected: bool) -> None:
    check_pattern(pattern)
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["(", "[a", "a(?=b)", r"(a)\1", "a{2000}", "*"])
def test_what_is_no_pattern_is_refused_with_the_reason(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w{4}"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", ["^([A-Za-z]+ ?)+$", "(a|a)*b", "(a*)*b", "a*a*a*a*b", "^(a|aa)+$"])
def test_no_value_takes_more_than_linear_time(pattern: str) -> None:
    assert_linear(lambda text: matches(pattern, text), lambda length: "a" * length + "!", 500_000)
