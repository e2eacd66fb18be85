"""Headers: YAML, JSON, and what is neither."""

from __future__ import annotations

import pytest

from endpoint.catalog.readers import Entry, entry_of
from endpoint.catalog.readers.grlc import Header, read_header, read_mapping
from endpoint.errors import DataError
from endpoint.formats import Plain


def plain(header: Header) -> dict[str, Plain]:
    return {key: entry.plain() for key, entry in header.entries.items()}


READ: list[tuple[str, dict[str, Plain]]] = [
    ("#+ summary: x\nASK {}\n#+ tags: [a]\n", {"summary": "x", "tags": ["a"]}),
    ("#+summary: x\n#+tags:\n#+ - a\n", {"summary": "x", "tags": ["a"]}),
    ("##summary: x\n#+++ tags: a\n", {"tags": "a"}),
    (" #+ summary: x\n# + tags: a\n", {}),
    (
        '#+ {"summary": "x", "pagination": 5, "tags": ["a"]}\n',
        {"summary": "x", "pagination": 5, "tags": ["a"]},
    ),
    (
        '#+ {\n#+\t"summary": "x",\n#+\t"a": [true, null, 1.5]\n#+ }\n',
        {"summary": "x", "a": [True, None, 1.5]},
    ),
    ("#+ summary: >\n#+   two\n#+   lines\n", {"summary": "two lines"}),
    ("#+\n#+ # a comment\n", {}),
    ("ASK {}", {}),
]


@pytest.mark.parametrize(("source", "expected"), READ)
def test_a_header_is_read(source: str, expected: dict[str, Plain]) -> None:
    header = read_header(source)
    assert plain(header) == expected
    assert header.notices == ()


TOLERATED: list[tuple[str, dict[str, Plain], list[tuple[int, int | None]]]] = [
    ("#+ summary: Foo: bar\n#+ tags: [a, b]\n", {"summary": "Foo: bar", "tags": ["a", "b"]}, [(1, 16)]),
    (
        "#+ tags:\n#+   - a\n#+summary: *star*\n#+ params:\n#+   x: {type: iri}\n#+     : }\n",
        {"tags": ["a"], "summary": "*star*", "params": "x: {type: iri} : }"},
        [(3, 17), (6, 8)],
    ),
    (
        "#+ summary: `quoted`\n#+   and more\n#+ method: GET",
        {"summary": "`quoted` and more", "method": "GET"},
        [(1, 13)],
    ),
    ("#+ summary: [a\n#+ b\n", {"summary": "[a b"}, [(2, 5)]),
    ("#+ summary: \x07bell\n", {"summary": "bell"}, [(1, None)]),
    ("#+ Just a sentence.\n", {}, [(1, 4)]),
    ("#+ A sentence\n#+ summary: x: y\n", {"summary": "x: y"}, [(2, 11), (2, 14)]),
    ("#+ a: 1\n#+ a: 2\n", {"a": 2}, [(2, 4)]),
    ("#+ a: {b: 1, b: 2}\n", {"a": {"b": 2}}, [(1, 14)]),
]


@pytest.mark.parametrize(("source", "expected", "places"), TOLERATED)
def test_what_is_not_yaml_is_read_as_far_as_can_be(
    source: str, expected: dict[str, Plain], places: list[tuple[int, int | None]]
) -> None:
    header = read_header(source)
    assert plain(header) == expected
    assert [(notice.line, notice.column) for notice in header.notices] == places


@pytest.mark.parametrize(
    ("source", "line", "sentence"),
    [
        ("ASK {}\n#+ - a\n", 2, "takes keys with values"),
        ("#+ a: 1\n#+ params: {b: 1, b: 2}\n", 2, "stands twice"),
        ("#+ " + "[" * 5000, 1, "nested too deeply"),
        ("#+ params: {[a]: 1}\n", 1, "is no text"),
    ],
)
def test_a_header_that_cannot_be_told_is_an_error(source: str, line: int, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        read_header(source)
    assert caught.value.line == line


def test_an_entry_says_what_it_takes() -> None:
    entry = Entry("cache", "many", 3, 4)
    with pytest.raises(DataError, match='"cache" takes a whole number from 1') as caught:
        entry.number(1)
    assert (caught.value.line, caught.value.column) == (3, 4)
    with pytest.raises(DataError, match="true or false"):
        entry.flag()
    assert Entry("a", "12", 1, 1).number() == 12
    assert Entry("a", "True", 1, 1).flag()


def test_json_becomes_entries_as_yaml_does() -> None:
    value = {"a": [1, True, None, {"b": "x"}]}
    assert entry_of("root", value) == Entry(
        "root",
        {
            "a": Entry(
                "a",
                (
                    Entry("a", "1", 1, 1),
                    Entry("a", "true", 1, 1),
                    Entry("a", "", 1, 1),
                    Entry("a", {"b": Entry("b", "x", 1, 1)}, 1, 1),
                ),
                1,
                1,
            )
        },
        1,
        1,
    )


def test_a_yaml_file_is_read_alike() -> None:
    entries, notices = read_mapping("title: A: B\nlicence: x\n")
    assert {key: entry.plain() for key, entry in entries.items()} == {"title": "A: B", "licence": "x"}
    assert [(notice.line, notice.column) for notice in notices] == [(1, 9)]


def test_aliases_are_not_followed() -> None:
    levels = [f"#+ k0: &k0 [{', '.join(['lol'] * 9)}]"]
    levels += [f"#+ k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 40)]
    header = read_header("\n".join(levels))
    assert header.entries["k0"].plain() == ["lol"] * 9
    assert header.entries["k39"].plain() == f"&k39 [{', '.join(['*k38'] * 9)}]"
    assert len(header.notices) == 39
    assert "an alias (*) stands for a value that is written elsewhere" in header.notices[0].detail
