"""The bars of the years."""

from __future__ import annotations

from endpoint.web.pages.histogram import HEIGHT, WIDTH, histogram


def test_bars_stand_in_time_and_reach_as_high_as_their_number() -> None:
    bars = histogram([(2023, 10, "/b", True), (2020, 5, "/a", False)])
    assert [(bar.year, bar.url, bar.selected) for bar in bars] == [(2020, "/a", False), (2023, "/b", True)]
    assert [bar.height for bar in bars] == [HEIGHT / 2, HEIGHT]
    assert all(bar.y + bar.height == HEIGHT for bar in bars)
    assert 0 <= bars[0].x < WIDTH / 4
    assert bars[1].x + bars[1].width <= WIDTH


def test_one_among_many_is_still_seen() -> None:
    small = histogram([(2000, 1, "", False), (2001, 100_000, "", False)])[0]
    assert small.height > 1


def test_a_span_of_centuries_has_no_bars() -> None:
    assert histogram([(1000, 1, "", False), (2023, 1, "", False)]) == ()
