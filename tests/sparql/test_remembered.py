"""What is remembered: the values that were asked for last, within a bounded size."""

from __future__ import annotations

from endpoint.sparql.remembered import Remembered


def test_the_values_that_were_asked_for_last_stay() -> None:
    kept: Remembered[str, int] = Remembered(10)
    for number, key in enumerate("abc"):
        kept.put(key, number, 3)
    assert kept.get("a") == 0
    kept.put("d", 3, 3)
    assert [kept.get(key) for key in "abcd"] == [0, None, 2, 3]
    assert (len(kept), kept.size) == (3, 9)


def test_a_value_takes_the_place_of_that_before() -> None:
    kept: Remembered[str, int] = Remembered(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 4)
    kept.put("a", 3, 6)
    assert (kept.get("a"), kept.get("b"), kept.size) == (3, 2, 10)
    kept.put("b", 4, 5)
    assert (kept.get("a"), kept.get("b"), kept.size) == (None, 4, 5)


def test_what_is_too_large_is_not_kept() -> None:
    kept: Remembered[str, int] = Remembered(10)
    kept.put("a", 1, 4)
    kept.put("b", 2, 11)
    assert (len(kept), kept.size, kept.get("b")) == (0, 0, None)
