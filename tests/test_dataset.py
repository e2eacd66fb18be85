"""The manifest, mistakes in it, and the paths of resources."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from endpoint.dataset import MANIFEST, Dataset, Pages, SourceGraph, default_root, read_dataset, resource_path
from endpoint.errors import DataError

GOOD = """base = "http://example.org/"
title.en = "Books"
description.en = "Some books."
[prefixes]
ex = "http://example.org/ns/"
[[graph]]
iri = "http://example.org/books"
name = "books"
title.en = "Books"
files = ["seed/*.ttl", "seed/b.ttl"]
[[graph]]
iri = "http://example.org/empty"
title = { en = "Nothing" }
files = []
"""
GRAPHS = GOOD[GOOD.index("[[graph]]") :]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A dataset of two files, beside which an editor and a person have left others."""
    (tmp_path / "seed" / "old.ttl").mkdir(parents=True)
    for name in ("b.ttl", "a.ttl", ".#a.ttl", "notes.txt"):
        (tmp_path / "seed" / name).write_text(f"# {name}\n", encoding="utf-8")
    (tmp_path / MANIFEST).write_text(GOOD, encoding="utf-8")
    return tmp_path


def test_a_manifest_is_read(root: Path) -> None:
    assert read_dataset(root) == Dataset(
        root=root,
        base="http://example.org/",
        identifier="http://example.org/",
        title={"en": "Books"},
        description={"en": "Some books."},
        prefixes={"ex": "http://example.org/ns/"},
        graphs=(
            SourceGraph(
                "http://example.org/books",
                "books",
                {"en": "Books"},
                (root / "seed" / "a.ttl", root / "seed" / "b.ttl"),
            ),
            SourceGraph("http://example.org/empty", None, {"en": "Nothing"}, ()),
        ),
    )
    assert read_dataset(root).queries == root / "queries"


def test_a_manifest_may_name_a_licence_and_the_empty_prefix(root: Path) -> None:
    licence = "https://creativecommons.org/publicdomain/zero/1.0/"
    text = f'licence = "{licence}"\n' + GOOD.replace("ex =", '"" =')
    (root / MANIFEST).write_text(text, encoding="utf-8")
    dataset = read_dataset(root)
    assert dataset.licence == licence
    assert dataset.prefixes == {"": "http://example.org/ns/"}


def test_a_dataset_is_known_by_its_base_or_by_an_identifier(root: Path) -> None:
    assert read_dataset(root).identifier == "http://example.org/"
    (root / MANIFEST).write_text('identifier = "urn:books"\n' + GOOD, encoding="utf-8")
    assert read_dataset(root).identifier == "urn:books"


def test_a_manifest_may_name_the_query_of_the_feed(root: Path) -> None:
    assert read_dataset(root).pages.feed is None
    (root / MANIFEST).write_text(GOOD.replace("[[graph]]", '[pages]\nfeed = "latest"\n[[graph]]', 1))
    assert read_dataset(root).pages.feed == "latest"


def test_a_manifest_may_say_what_pages_of_resources_show(root: Path) -> None:
    assert read_dataset(root).pages == Pages()
    told = """[pages]
related = "related"
footer.ko = "바닥글"
parameters.book = "ex:Book"
parameters.shelf = "http://example.org/Shelf"
[[graph]]"""
    (root / MANIFEST).write_text(GOOD.replace("[[graph]]", told, 1))
    pages = read_dataset(root).pages
    assert (pages.related, pages.footer) == ("related", {"ko": "바닥글"})
    namespace = read_dataset(root).prefixes["ex"]
    assert pages.parameters == {"book": f"{namespace}Book", "shelf": "http://example.org/Shelf"}


# What to replace in GOOD, by what, the sentence that must be told, and the line it must name.
BAD: dict[str, tuple[str, str, str, int | None]] = {
    "no base": ('base = "http://example.org/"', "", "base is missing", 1),
    "base without a slash": ('example.org/"', 'example.org"', "IRI that ends with a slash", 1),
    "base of another scheme": ("http://example.org/", "urn:x:", "must be an http or https IRI", 1),
    "base not a string": ('"http://example.org/"', "5", "base must be a string, but is an integer", 1),
    "base a date": ('"http://example.org/"', "2023-05-22", "but is a date or time", 1),
    "key misspelt": (
        "base",
        "licens = 1\nbase",
        "licens is not a key of this table; did you mean 'licence'?",
        1,
    ),
    "key unlike any": ("base", "zzz = 1\nbase", "known are base, identifier, title", 1),
    "graph key misspelt": (
        "name =",
        "nmae =",
        "[[graph]] 1: nmae is not a key of this table; did you mean 'name'?",
        8,
    ),
    "identifier no IRI": ("base", 'identifier = "books"\nbase', "identifier must be an absolute IRI", 1),
    "licence no IRI": (
        "base",
        'licence = "CC0"\nbase',
        "licence must be an absolute IRI, but is 'CC0'",
        1,
    ),
    "title without language": (
        'title.en = "Books"\ndesc',
        'title = "Books"\ndesc',
        "title must be a table, but is a string",
        2,
    ),
    "title empty": ('{ en = "Nothing" }', "{}", "[[graph]] 2: title needs a text", 13),
    "title blank": ('"Nothing"', '" "', "[[graph]] 2: title.en must not be empty", 13),
    "language tag": ("title.en", "title.e_n", "title.e_n is not a language tag", 2),
    "no description": ('description.en = "Some books."', "", "description is missing", 1),
    "prefix no IRI": ("http://example.org/ns/", "ns/", "prefixes.ex must be an absolute IRI", 5),
    "prefix name": ("ex =", '"1 x" =', "prefixes.1 x is not a prefix that SPARQL allows", 5),
    "prefixes a string": (
        '[prefixes]\nex = "http://example.org/ns/"',
        'prefixes = ""',
        "prefixes must be a table",
        4,
    ),
    "pages misspelt": ("[prefixes]", '[pages]\nfed = "x"\n[prefixes]', "did you mean 'feed'?", 5),
    "feed no text": ("[prefixes]", "[pages]\nfeed = 5\n[prefixes]", "pages.feed must be a string", 5),
    "class no IRI": (
        "[prefixes]",
        '[pages]\nparameters.book = "Book"\n[prefixes]',
        "pages.parameters.book must be an absolute IRI",
        5,
    ),
    "no graph": (GRAPHS, "", "graph is missing", 1),
    "graph a table": (GRAPHS, "[graph]", "graph must be written as [[graph]] tables", 6),
    "graph IRI relative": (
        "http://example.org/books",
        "books",
        "[[graph]] 1: iri must be an absolute IRI",
        7,
    ),
    "graph IRI with a space": ("org/books", "org/a book", "[[graph]] 1: iri must be an absolute IRI", 7),
    "graph IRI repeated": (
        "org/empty",
        "org/books",
        "[[graph]] 2: iri repeats 'http://example.org/books' of [[graph]] 1",
        12,
    ),
    "graph name repeated": (
        "files = []",
        'name = "books"\nfiles = []',
        "[[graph]] 2: name repeats 'books' of [[graph]] 1",
        14,
    ),
    "graph name of two segments": ('"books"', '"books/new"', "must be one path segment", 8),
    "no files": ("files = []", "", "[[graph]] 2: files is missing", 11),
    "rules beside files": (
        "files = []",
        'rules = ["seed/b.ttl"]\nfiles = []',
        '[[graph]] 2: rules stands beside "files"; a graph has one or the other',
        14,
    ),
    "rules twice": (
        GRAPHS,
        GRAPHS.replace("files", "rules").replace("[]", '["seed/a.ttl"]'),
        "[[graph]] 2: rules repeats that of [[graph]] 1; one graph is derived",
        14,
    ),
    "files a string": ("files = []", 'files = "x.ttl"', "must be an array of file patterns", 14),
    "files of numbers": ("files = []", "files = [1]", "must be an array of file patterns", 14),
    "pattern without a match": ("seed/*.ttl", "seed/*.nt", "'seed/*.nt', which matches no file", 10),
    "pattern of a folder": ("seed/*.ttl", "seed/old.ttl", "'seed/old.ttl', which matches no file", 10),
    "pattern outside": ("seed/*.ttl", "../*.ttl", "must stay within the dataset's folder", 10),
    "pattern absolute": ("seed/*.ttl", "/seed/*.ttl", "must stay within the dataset's folder", 10),
    "pattern empty": ("seed/*.ttl", "", "has '', which is no file pattern", 10),
    "not TOML": ("title.en", "title.en title.ko", "not TOML: ", 2),
    "cut short": ("files = []", "files = [", "at the end of the file", 15),
}


@pytest.mark.parametrize(("old", "new", "message", "line"), BAD.values(), ids=BAD)
def test_a_wrong_manifest_is_refused(root: Path, old: str, new: str, message: str, line: int | None) -> None:
    assert old in GOOD
    (root / MANIFEST).write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_dataset(root)
    assert message in caught.value.detail
    assert (caught.value.file, caught.value.line) == (root / MANIFEST, line)


# Every key with a value of its own on a line of its own.
WHOLE = """base = "http://example.org/"
identifier = "urn:books"
licence = "urn:licence"
title.en = "Books"
description.en = "Some books."
publisher.name.en = "A library"
publisher.iri = "urn:library"
publisher.homepage = "urn:home"
prefixes.ex = "http://example.org/ns/"
pages.feed = "latest"
pages.footer.en = "A footer."
pages.related = "related"
pages.parameters.book = "ex:Book"
pages.overview = ["authors"]
pages.network = "together"
pages.network_facet = "author"
tags.books.en = "Books"
[[graph]]
iri = "urn:derived"
title.en = "Derived"
rules = ["seed/a.ttl"]
[[graph]]
iri = "http://example.org/books"
name = "books"
title.en = "Books"
files = ["seed/*.ttl"]
"""
ANY_VALUE = (
    *(
        "5",
        "1.5",
        "nan",
        "true",
        "1979-05-27",
        "[]",
        "[1]",
        "[[]]",
        '[""]',
        "{}",
        "{ en = 5 }",
        "{ '' = '' }",
    ),
    *('""', '" "', '"a b"', '"["', '"]["', '"**"', '"a**b"', '"\\u0000"', '"~"', '"/"', '".."', '"\\ud7ff"'),
    *(
        '"http://["',
        '"http://[/"',
        '"http://a:b/"',
        '"http://a:99999/"',
        '"http:///"',
        '"urn:%"',
        '"x:"',
        '":"',
    ),
    f'"{"a" * 300}"',
    *(
        f"[{value}]"
        for value in ('"["', '"**"', '"a**b"', '"\\u0000"', '"~"', f'"{"a" * 300}"', f'"{"a/" * 3000}"')
    ),
)
LINES = [line for line in WHOLE.splitlines() if "=" in line]


@pytest.mark.parametrize("line", LINES)
def test_whatever_a_key_has_is_read_or_refused_with_a_line(root: Path, line: str) -> None:
    key = line.partition(" = ")[0]
    before, _, after = WHOLE.partition(line)
    for value in ANY_VALUE:
        (root / MANIFEST).write_text(f"{before}{key} = {value}{after}", encoding="utf-8")
        try:
            dataset = read_dataset(root)
        except DataError as error:
            assert (error.file, error.line is not None) == (root / MANIFEST, True), value
        else:
            dataset.digest(), dataset.file_digests()
            resource_path("http://example.org/a", dataset.base)


def test_a_graph_may_be_filled_by_rules(root: Path) -> None:
    text = GOOD.replace("files = []", 'rules = ["seed/b.ttl", "seed/a.ttl"]')
    (root / MANIFEST).write_text(text, encoding="utf-8")
    dataset = read_dataset(root)
    assert dataset.derived is dataset.graphs[1]
    assert dataset.derived.files == ()
    assert dataset.derived.rules == (root / "seed" / "a.ttl", root / "seed" / "b.ttl")


def test_files_of_known_names_need_no_mention(root: Path) -> None:
    bare = read_dataset(root)
    assert (bare.derived, bare.shapes, bare.search, bare.tables) == (None, None, None, ())
    places = [root / name for name in ("ontology/shapes.ttl", "seed/search.toml", "seed/tables/books.toml")]
    for place in places:
        place.parent.mkdir(exist_ok=True)
        place.touch()
    shapes, search, table = places
    found = read_dataset(root)
    assert (found.shapes, found.search, found.tables) == (shapes, search, (table,))


def test_the_digest_depends_on_what_is_indexed_and_derived(root: Path) -> None:
    before = read_dataset(root).digest()
    (root / "seed" / "search.toml").write_text("# fields", encoding="utf-8")
    indexed = read_dataset(root).digest()
    (root / "rule.rq").write_text("CONSTRUCT", encoding="utf-8")
    (root / MANIFEST).write_text(GOOD.replace("files = []", 'rules = ["rule.rq"]'), encoding="utf-8")
    derived = read_dataset(root).digest()
    (root / "rule.rq").write_text("construct", encoding="utf-8")
    assert len({before, indexed, derived, read_dataset(root).digest()}) == 4


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no manifest here") as caught:
        read_dataset(tmp_path)
    assert caught.value.file == tmp_path / MANIFEST


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir(parents=True)
    with pytest.raises(DataError, match="The file cannot be read: "):
        read_dataset(tmp_path)


def test_a_manifest_in_another_encoding_is_refused_with_its_line(root: Path) -> None:
    (root / MANIFEST).write_bytes(GOOD.replace("Some books", "외교부 도서").encode("cp949"))
    with pytest.raises(DataError, match="must be UTF-8") as caught:
        read_dataset(root)
    assert caught.value.line == 3


def test_the_digest_depends_on_content_and_not_on_place(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = read_dataset(root).digest()
    copy = tmp_path_factory.mktemp("elsewhere") / "dataset"
    shutil.copytree(root, copy)
    (copy / "seed" / "notes.txt").write_text("no file of a graph", encoding="utf-8")
    assert read_dataset(copy).digest() == before


@pytest.mark.parametrize("change", ["content", "name", "manifest", "new file"])
def test_the_digest_changes_with_the_dataset(root: Path, change: str) -> None:
    before = read_dataset(root).digest()
    seed = root / "seed"
    match change:
        case "content":
            (seed / "a.ttl").write_text("# A.ttl\n", encoding="utf-8")
        case "name":
            (seed / "a.ttl").rename(seed / "c.ttl")
        case "manifest":
            (root / MANIFEST).write_text(GOOD.replace("Nothing", "None"), encoding="utf-8")
        case _:
            (seed / "c.ttl").touch()
    assert read_dataset(root).digest() != before


def test_the_digest_of_a_file_depends_on_its_content_and_its_graphs(root: Path) -> None:
    before = read_dataset(root).file_digests()
    assert before.keys() == {"seed/a.ttl", "seed/b.ttl"}
    (root / "seed" / "a.ttl").write_text("# A.ttl\n", encoding="utf-8")
    (root / MANIFEST).write_text(GOOD.replace("files = []", 'files = ["seed/b.ttl"]'), encoding="utf-8")
    after = read_dataset(root).file_digests()
    assert [name for name in before if before[name] == after[name]] == []
    (root / MANIFEST).write_text(GOOD.replace("Some books", "Books"), encoding="utf-8")
    assert read_dataset(root).file_digests() == {**before, "seed/a.ttl": after["seed/a.ttl"]}


def test_the_digest_of_a_dataset_whose_file_has_gone_is_refused(root: Path) -> None:
    dataset = read_dataset(root)
    (root / "seed" / "a.ttl").unlink()
    with pytest.raises(DataError, match="cannot be read: ") as caught:
        dataset.digest()
    assert caught.value.file == root / "seed" / "a.ttl"


def test_the_default_dataset_is_packaged_or_beside_the_package(tmp_path: Path) -> None:
    package = tmp_path / "endpoint"
    package.mkdir()
    assert default_root(package) == tmp_path
    (package / "dataset").mkdir()
    assert default_root(package) == package / "dataset"


def test_the_manifest_that_comes_with_the_server() -> None:
    dataset = read_dataset(default_root())
    assert dataset.base == "http://opendata.mofa.go.kr/"
    assert {graph.name: graph.iri for graph in dataset.graphs if graph.name} == {
        name: f"http://opendata.mofa.go.kr/{name}"
        for name in ("mofapub", "mofadocu", "mofabrief", "mofapress", "mofadaily")
    }
    texts = [dataset.title, dataset.description, *(graph.title for graph in dataset.graphs)]
    assert all(set(text) == {"ko", "en"} for text in texts)
    assert dataset.prefixes["mofa"] == "http://opendata.mofa.go.kr/core/"
    assert [graph.iri for graph in dataset.graphs if not graph.files and not graph.rules] == [
        "http://opendata.mofa.go.kr/mofadaily"
    ]


def test_every_file_of_the_seed_is_in_a_graph() -> None:
    root = default_root()
    loaded = [file for graph in read_dataset(root).graphs for file in graph.files]
    assert sorted(loaded) == sorted(set(loaded))
    assert set((root / "seed").rglob("*.ttl")) <= set(loaded)


ANY = "/lod/view.do?uri="


@pytest.mark.parametrize(
    ("iri", "path"),
    [
        ("http://example.org/mofapub/resource/Publication/14209", "/mofapub/resource/Publication/14209"),
        ("http://example.org/ns/", "/ns/"),
        ("http://example.org/Series/IFANS%20Focus", "/Series/IFANS%20Focus"),
        (
            "http://example.org/Series/정책연구(시리즈)",
            "/Series/%EC%A0%95%EC%B1%85%EC%97%B0%EA%B5%AC(%EC%8B%9C%EB%A6%AC%EC%A6%88)",
        ),
        ("http://example.org/100%", "/100%25"),
        ("http://example.org/a&b=c;d,e", "/a&b=c;d,e"),
        ("http://example.org/a?b=1&c", ANY + "http%3A%2F%2Fexample.org%2Fa%3Fb%3D1%26c"),
        ("http://example.org/a#b", ANY + "http%3A%2F%2Fexample.org%2Fa%23b"),
        ("http://example.org/a/../b", ANY + "http%3A%2F%2Fexample.org%2Fa%2F..%2Fb"),
        ("http://example.org/", ANY + "http%3A%2F%2Fexample.org%2F"),
        ("http://example.org//other.example/a", ANY + "http%3A%2F%2Fexample.org%2F%2Fother.example%2Fa"),
        ("http://other.example/한", ANY + "http%3A%2F%2Fother.example%2F%ED%95%9C"),
    ],
)
def test_the_address_of_a_resource(iri: str, path: str) -> None:
    assert resource_path(iri, "http://example.org/") == path
