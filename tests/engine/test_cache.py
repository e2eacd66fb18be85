"""The memory of the cache: its bound in bytes, and what goes first."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.engine.cache import ALWAYS, OVERHEAD, ByteCache

KB = 1024


def made(most: int) -> ByteCache:
    """A cache in which version 1 is the latest."""
    cache = ByteCache(most)
    cache.begin("1")
    return cache


def kept(cache: ByteCache, version: str = "1") -> set[object]:
    """The keys that are kept; to look counts as a use, so it is done at the end only."""
    return {key for key in range(200) if cache.find(version, key) is not None}


def test_what_was_put_is_found_for_its_version_only() -> None:
    cache = ByteCache(64 * KB)
    entry = cache.put("1", "key", "value", 100, 0.001)
    assert entry is not None
    assert cache.find("1", "key") is entry
    assert (entry.value, entry.uses) == ("value", 2)
    assert cache.find("2", "key") is None
    assert cache.find("1", "other") is None
    assert (len(cache), cache.size) == (1, 100 + OVERHEAD)


def test_the_same_key_is_kept_once() -> None:
    cache = ByteCache(64 * KB)
    for size in (100, 300, 200):
        cache.put("1", "key", size, size, 0.001)
    assert (len(cache), cache.size) == (1, 200 + OVERHEAD)
    found = cache.find("1", "key")
    assert found is not None
    assert found.value == 200


@pytest.mark.parametrize("most", [0, 8 * (OVERHEAD + 100) - 1])
def test_a_value_of_more_than_an_eighth_is_not_kept(most: int) -> None:
    cache = ByteCache(most)
    assert cache.put("1", "key", "value", 100, 9.0) is None
    assert (len(cache), cache.size, cache.evictions) == (0, 0, 0)
    assert ByteCache(8 * (OVERHEAD + 100)).put("1", "key", "value", 100, 9.0) is not None


def test_what_is_cheap_and_large_goes_first() -> None:
    cache = made(40 * KB)
    cache.put("1", 1, "dear", 4 * KB, 1.0)
    cache.put("1", 2, "cheap", 4 * KB, 0.001)
    cache.put("1", 3, "small", 100, 0.001)
    for key in range(10, 30):
        cache.put("1", key, "filler", 4 * KB, 0.002)
    assert cache.evictions > 0
    assert {1, 3} <= kept(cache)
    assert cache.find("1", 2) is None


def test_what_is_asked_for_again_stays() -> None:
    cache = made(40 * KB)
    for key in range(100):
        cache.put("1", key, "value", 4 * KB, 0.001)
        assert key < 1 or cache.find("1", 0) is not None
    assert cache.find("1", 50) is None


def test_what_nobody_asks_for_any_more_goes_in_the_end() -> None:
    cache = made(40 * KB)
    cache.put("1", 0, "once popular", 4 * KB, 0.001)
    for _ in range(50):
        cache.find("1", 0)
    for key in range(1, 20):
        cache.put("1", key, "value", 4 * KB, 0.001)
    assert cache.find("1", 0) is not None
    for round_ in range(100):
        for key in range(1, 8):
            cache.put("1", (round_, key), "value", 4 * KB, 0.001)
            cache.find("1", (round_, key))
    assert cache.find("1", 0) is None


def test_older_versions_make_room_before_all_others() -> None:
    cache = made(40 * KB)
    for key in range(8):
        cache.put("1", key, "dear", 4 * KB, 100.0)
    cache.begin("2")
    for key in range(7):
        cache.put("2", key, "cheap", 4 * KB, 0.001)
    assert kept(cache, "2") == set(range(7))
    assert len(kept(cache, "1")) == 1
    # A kept generation that is asked again does not drive out the current one.
    cache.put("1", 100, "dear", 4 * KB, 100.0)
    cache.put("2", 100, "cheap", 4 * KB, 0.001)
    assert cache.find("2", 100) is not None


def test_what_does_not_depend_on_the_data_is_no_older_than_any_other() -> None:
    cache = made(40 * KB)
    cache.put(ALWAYS, "file", "encoded", 4 * KB, 1.0)
    cache.begin("2")
    for key in range(20):
        cache.put("2", key, "value", 4 * KB, 0.001)
    assert cache.find(ALWAYS, "file") is not None


def test_more_bytes_of_a_value_count() -> None:
    cache = made(40 * KB)
    entry = cache.put("1", 0, "value", KB, 0.001)
    assert entry is not None
    assert cache.grow(entry, KB, 0.002)
    assert cache.size == 2 * KB + OVERHEAD
    assert not cache.grow(entry, 4 * KB, 0.002), "it would be larger than one value may be"
    assert cache.size == 2 * KB + OVERHEAD
    cache.resize(0)
    assert (len(cache), cache.size) == (0, 0)
    assert not cache.grow(entry, 1, 0.001)


def test_the_most_used_are_those_asked_for_more_than_once() -> None:
    cache = ByteCache(2**20)
    for key in range(10):
        for value in ("value", key):
            cache.put("1", (key, value), value, 10, 0.001)
            for _ in range(key):
                cache.find("1", (key, value))
    assert [entry.value for entry in cache.most_used("1", int, 3)] == [9, 8, 7]
    assert [entry.value for entry in cache.most_used("1", int, 100)] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert cache.most_used("2", int, 3) == []


@given(
    st.integers(0, 100_000),
    st.lists(st.tuples(st.sampled_from("pfgbr"), st.integers(0, 30), st.integers(0, 9000)), max_size=200),
)
def test_whatever_happens_the_bytes_stay_within_the_bound(
    most: int, traffic: list[tuple[str, int, int]]
) -> None:
    cache, entries, version = made(most), [], "1"
    for action, key, size in traffic:
        if action == "p" and (entry := cache.put(version, key, "x", size, size / 1e6)) is not None:
            entries.append(entry)
        elif action == "f":
            cache.find(version, key)
        elif action == "g" and entries:
            cache.grow(entries[key % len(entries)], size, 0.001)
        elif action == "b":
            version = str(key % 3)
            cache.begin(version)
        elif action == "r" and key == 0:
            cache.resize(size)
        assert cache.size <= cache.most
        alive = {id(entry): entry for entry in entries if entry.kept}
        assert cache.size == sum(entry.size for entry in alive.values())
        assert len(cache) == len(alive)


def test_the_heap_does_not_grow_without_end() -> None:
    cache, chance = made(100 * KB), random.Random(1)
    for _ in range(20_000):
        key = chance.randrange(500)
        if cache.find("1", key) is None:
            cache.put("1", key, "value", chance.randrange(8 * KB), chance.random())
    assert len(cache._heap) <= 2 * len(cache) + 100
    assert cache.size <= 100 * KB
